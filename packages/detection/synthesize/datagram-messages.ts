/**
 * Whole datagrams of other protocols around what a rule asks for: NTP (RFC 5905, control messages RFC 9327), TFTP (RFC 1350), SIP
 * (RFC 3261), SSDP, DHCP (RFC 2131), ISAKMP (RFC 2408), CLDAP (RFC 1798), Teredo (RFC 4380) and the DHT of BitTorrent (BEP 5).
 */
import { concatBytes, fromLatin1, latin1 } from '@sigwright/bytes';
import type { BytesCondition } from '@sigwright/contracts';
import type { DatagramFrame } from './datagram-frame.ts';

type MakeFrame = (isAnswer: boolean, conditions: readonly BytesCondition[]) => DatagramFrame | undefined;

/** mode 3 (client), version 4; and an answer of stratum 2 */
export const NTP_REQUEST: Uint8Array = new Uint8Array(48).fill(0x23, 0, 1);
export const NTP_ANSWER: Uint8Array = new Uint8Array(48).fill(0x24, 0, 1).fill(2, 1, 2);
const NTP_CONTROL = 6;
const NTP_PRIVATE = 7;
const CONTROL_LENGTH = 12;
const PRIVATE_LENGTH = 8;
const MODE = 7;

/** Control and private messages are shorter, and say how much follows: here, nothing. */
function ntpFrame(isAnswer: boolean): DatagramFrame {
  return {
    name: 'NTP',
    template: isAnswer ? NTP_ANSWER : NTP_REQUEST,
    from: 0,
    least: NTP_REQUEST.length,
    finish(payload) {
      const mode = payload[0] & MODE;
      if (mode === NTP_CONTROL) return [payload.map((byte, at) => (at >= 10 && at < CONTROL_LENGTH ? 0 : byte)).subarray(0, CONTROL_LENGTH)];
      if (mode === NTP_PRIVATE) return [payload.map((byte, at) => (at >= 4 && at < PRIVATE_LENGTH ? 0 : byte)).subarray(0, PRIVATE_LENGTH)];
      return [payload];
    },
  };
}

/** read request; then file and mode, each ended by a zero */
const TFTP_READ = Uint8Array.of(0, 1);

/** A request gets its file and its mode where they are missing; data and acknowledgements a block, an error its words. */
function wholeTransfer(payload: Uint8Array): Uint8Array[] {
  const [high, operation] = payload;
  const atLeast = (rest: Uint8Array): Uint8Array[] => [concatBytes(payload, rest.subarray(Math.min(rest.length, payload.length - 2)))];
  if (high !== 0 || operation < 1 || operation > 5) return [];
  if (operation === 3) return atLeast(concatBytes(Uint8Array.of(0, 1), fromLatin1('data')));
  if (operation === 4) return atLeast(Uint8Array.of(0, 1));
  if (operation === 5) return atLeast(concatBytes(Uint8Array.of(0, 1), fromLatin1('file not found\0')));
  const texts = latin1(payload, 2).split('\0');
  const isWhole = texts.length > 2 && texts[0] !== '' && texts[1] !== '';
  return isWhole ? [payload] : [concatBytes(payload.subarray(0, 2), fromLatin1(`${texts[0] || 'file.bin'}\0${texts[1] || 'octet'}\0`))];
}

function firstContent(conditions: readonly BytesCondition[]): string {
  const content = conditions.find((one) => one.kind === 'content' && !one.negated);
  return content?.kind === 'content' ? latin1(content.bytes) : '';
}

function isFree(conditions: readonly BytesCondition[]): boolean {
  return conditions.every((one) => one.kind !== 'content' || (!one.startsWith && one.depth === undefined && one.bytes.length > 0));
}

const SIP_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['Via', 'SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK776asdhds'],
  ['Max-Forwards', '70'],
  ['To', '<sip:100@example.net>'],
  ['From', '<sip:200@example.net>;tag=1928301774'],
  ['Call-ID', 'a84b4c76e66710@example.net'],
  ['CSeq', '314159 OPTIONS'],
];

/** What a rule asks for is a header of its own, or the subject. */
function sipFrame(isAnswer: boolean, conditions: readonly BytesCondition[]): DatagramFrame | undefined {
  if (isAnswer || !isFree(conditions)) return undefined;
  const asked = firstContent(conditions);
  const named = /^(?:\r\n)?([A-Za-z-]+)\s*:/.exec(asked)?.[1].toLowerCase();
  const isHeader = named !== undefined && named !== 'sip' && named !== 'sips';
  const before = SIP_HEADERS.filter(([name]) => name.toLowerCase() !== named).map(([name, value]) => `${name}: ${value}`);
  const head = `OPTIONS sip:100@example.net SIP/2.0\r\n${before.join('\r\n')}`;
  const template = fromLatin1(`${head}${asked.startsWith('\r\n') ? '' : '\r\n'}${isHeader || asked.startsWith('\r\n') ? '' : 'Subject: '}`);
  return {
    name: 'SIP',
    template,
    from: template.length,
    finish(payload) {
      const text = latin1(payload);
      const last = text.slice(text.lastIndexOf('\n') + 1);
      const quotes = last.split('"').length % 2 === 0 ? '"' : '';
      const address = /^(?:From|To|Contact)\s*:/i.test(last) && !last.includes('<') ? `${quotes} <sip:200@example.net>;tag=1928301774` : quotes;
      return [fromLatin1(`${text}${address}\r\nContent-Length: 0\r\n\r\n`)];
    },
  };
}

function ssdpFrame(isAnswer: boolean, conditions: readonly BytesCondition[]): DatagramFrame | undefined {
  if (isAnswer || !isFree(conditions)) return undefined;
  const asked = firstContent(conditions);
  const template = fromLatin1(`M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900${asked.startsWith('\r\n') ? '' : '\r\n'}`);
  return {
    name: 'SSDP',
    template,
    from: template.length,
    finish(payload) {
      const text = latin1(payload);
      return [fromLatin1(`${text}${text.endsWith('\r\n\r\n') ? '' : text.endsWith('\r\n') ? '\r\n' : '\r\n\r\n'}`)];
    },
  };
}

const DHCP_FIXED_LENGTH = 236;
const DHCP_COOKIE = Uint8Array.of(0x63, 0x82, 0x53, 0x63);
const DHCP_END = 0xff;
/** An option of free text: the address of a portal (RFC 8910). */
const DHCP_TEXT = 114;

function dhcpFrame(isAnswer: boolean, conditions: readonly BytesCondition[]): DatagramFrame {
  const fixed = new Uint8Array(DHCP_FIXED_LENGTH);
  fixed.set([isAnswer ? 2 : 1, 1, 6, 0, 0x3c, 0x1a, 0x2b, 0x4d]);
  fixed.set([2, 0, 0x5e, 0x10, 0, 1], 28);
  const bringsCookie = conditions.some((one) => one.kind === 'content' && !one.negated && latin1(one.bytes).startsWith(latin1(DHCP_COOKIE)));
  const options = bringsCookie ? new Uint8Array(0) : concatBytes(DHCP_COOKIE, Uint8Array.of(53, 1, isAnswer ? 5 : 1, DHCP_TEXT, 0));
  const template = concatBytes(fixed, options);
  return {
    name: 'DHCP',
    template,
    from: template.length,
    least: template.length,
    finish(payload) {
      const length = payload.length - template.length;
      if (length > 255) return [];
      const bytes = bringsCookie ? payload : payload.map((byte, at) => (at === template.length - 1 ? length : byte));
      return [concatBytes(bytes, Uint8Array.of(DHCP_END))];
    },
  };
}

const ISAKMP_HEAD_LENGTH = 28;
const ISAKMP_FRAGMENT = 132;

/** Cookies, no further payload, version 1.0, informational; the length is that of the message. */
function isakmpFrame(): DatagramFrame {
  const template = new Uint8Array(ISAKMP_HEAD_LENGTH);
  template.set([0x3c, 0x1a, 0x2b, 0x4d, 0x5e, 0x6f, 0x70, 0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 5]);
  return {
    name: 'ISAKMP',
    template,
    from: 0,
    least: ISAKMP_HEAD_LENGTH,
    finish(payload) {
      const isFragment = payload[16] === ISAKMP_FRAGMENT;
      // Its length (8), which fragment of which message, and whether it is the last.
      const bytes = isFragment ? concatBytes(payload.subarray(0, ISAKMP_HEAD_LENGTH), Uint8Array.of(0, 0, 0, 8, 0, 1, 1, 1)) : Uint8Array.from(payload);
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(24, bytes.length);
      const next = bytes[16];
      return next === 0 || isFragment ? [bytes] : [];
    },
  };
}

/** A search for everything at the root, as tools that measure amplification send it. */
const CLDAP_SEARCH = concatBytes(
  Uint8Array.of(0x30, 0x84, 0, 0, 0, 0x2d, 2, 1, 1, 0x63, 0x84, 0, 0, 0, 0x24, 4, 0, 10, 1, 0, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0, 0x87, 11),
  fromLatin1('objectclass'),
  Uint8Array.of(0x30, 0x84, 0, 0, 0, 0, 0),
);

function wholeSearch(payload: Uint8Array): Uint8Array[] {
  return CLDAP_SEARCH.every((byte, at) => byte === payload[at]) ? [payload] : [];
}

/** Authentication, an IPv6 header, a router solicitation. */
const TEREDO = concatBytes(
  Uint8Array.of(0, 1, 0, 0, 0x3c, 0x1a, 0x2b, 0x4d, 0x5e, 0x6f, 0x70, 0x81, 0),
  Uint8Array.of(0x60, 0, 0, 0, 0, 8, 58, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 133, 0, 0x7d, 0x38, 0, 0, 0, 0),
);

const NODE = 'abcdefghij0123456789';
const DHT_ARGUMENTS = 'd1:ad2:id20:';
const DHT_ANSWER = 'd1:rd2:id20:';

/** Told by what the rule itself begins with; undefined where that is something else. */
export function dhtFrame(conditions: readonly BytesCondition[]): DatagramFrame | undefined {
  const asked = firstContent(conditions).toLowerCase();
  if (asked !== DHT_ARGUMENTS && asked !== DHT_ANSWER) return undefined;
  return {
    name: 'BitTorrent DHT',
    template: fromLatin1(`${asked}${NODE}${asked === DHT_ANSWER ? '' : '4:porti6881e5:token13:aaaaaaaaaaaaa'}`),
    from: 0,
    finish(payload) {
      const text = latin1(payload);
      const whole = (rest: string): Uint8Array[] => [fromLatin1(`${text}${rest}`)];
      if (text.endsWith('id20:')) return whole(asked === DHT_ANSWER ? `${NODE}e1:t2:aa1:y1:re` : `${NODE}e1:q4:ping1:t2:aa1:y1:qe`);
      if (text.endsWith('5:nodes')) return whole(`26:${NODE}abcdefe1:t2:aa1:y1:re`);
      return /e1:q\d+:[a-z_]+1:$/i.test(text) && text.split('e1:q').length === 2 ? whole('t2:aa1:y1:qe') : [];
    },
  };
}

/** Server's port → what is spoken there. */
export const MESSAGES: ReadonlyMap<number, MakeFrame> = new Map<number, MakeFrame>([
  [123, ntpFrame],
  [69, () => ({ name: 'TFTP', template: TFTP_READ, from: 2, finish: wholeTransfer })],
  [5060, sipFrame],
  [1900, ssdpFrame],
  [67, dhcpFrame],
  [500, isakmpFrame],
  [389, () => ({ name: 'CLDAP', template: CLDAP_SEARCH, from: 0, least: CLDAP_SEARCH.length, finish: wholeSearch })],
  [3544, () => ({ name: 'Teredo', template: TEREDO, from: TEREDO.length, least: TEREDO.length })],
]);

const TNS_HEAD_LENGTH = 10;

/** Oracle's TNS over TCP: one packet of data, whose length is its own. */
export function tnsFrame(): DatagramFrame {
  const template = Uint8Array.of(0, 0, 0, 0, 6, 0, 0, 0, 0, 0);
  return {
    name: 'TNS',
    template,
    from: TNS_HEAD_LENGTH,
    finish(payload) {
      if (payload.length > 0xffff) return [];
      const bytes = Uint8Array.from(payload);
      new DataView(bytes.buffer).setUint16(0, bytes.length);
      return [bytes];
    },
  };
}

/** What a side says over TCP that has nothing to say: a line, or the shortest message of its protocol. */
export function idleWord(serverPort: number): Uint8Array {
  if (serverPort === 1521) return Uint8Array.of(0, TNS_HEAD_LENGTH, 0, 0, 6, 0, 0, 0, 0, 0);
  return fromLatin1(serverPort === 22 ? 'SSH-2.0-OpenSSH_9.6\r\n' : '\r\n');
}

/** Ports of protocols of whose messages only what a rule asks for is made. */
export const NOT_COMPOSED: ReadonlyMap<number, string> = new Map([
  [22, 'SSH'],
  [138, 'NetBIOS datagrams'],
  [427, 'SLP'],
  [1194, 'OpenVPN'],
  [3333, 'ENTTEC DMX'],
  [8009, 'AJP13'],
  [41_170, 'Manolito'],
]);
