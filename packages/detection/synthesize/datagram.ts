/**
 * What stands around the bytes that rules ask for in a datagram, so that it is a whole message of its protocol: the head and the
 * missing records of DNS (RFC 1035 section 4), the packet that an ICMP error quotes (RFC 792), the words of NTP (RFC 5905), the names of TFTP
 * (RFC 1350), the first line of SSDP and SIP.
 */
import { checksum, concatBytes, fromLatin1, latin1 } from '@sigwright/bytes';
import type { BytesCondition } from '@sigwright/contracts';

/** How a payload is laid out. */
export interface DatagramFrame {
  /** what free places hold */
  readonly template: Uint8Array;
  /** no free content begins before it */
  readonly from: number;
  readonly least?: number;
  /** makes a whole message of it; the conditions are asked again afterwards */
  finish?(payload: Uint8Array): Uint8Array;
}

const HEAD_LENGTH = 12;
const LONGEST_LABEL = 63;
const POINTER = 0xc0;
const MOST_RECORDS = 16;
const MOST_LABELS = 40;

export function dnsQuestion(name: Uint8Array = fromLatin1('www.example.net')): Uint8Array {
  const labels = latin1(name)
    .split('.')
    .filter((label) => label !== '')
    .map((label) => fromLatin1(label));
  const encoded = labels.flatMap((label) => [Uint8Array.of(label.length), label]);
  return concatBytes(Uint8Array.of(0x3c, 0x1a, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0), ...encoded, Uint8Array.of(0, 0, 1, 0, 1));
}

const DNS_QUERY_HEAD = dnsQuestion().subarray(0, HEAD_LENGTH);
const DNS_ANSWER_HEAD = DNS_QUERY_HEAD.map((byte, at) => (at === 2 ? 0x81 : at === 3 ? 0x80 : byte));
/** mode 3 (client), version 4; and an answer of stratum 2 */
const NTP_REQUEST = new Uint8Array(48).fill(0x23, 0, 1);
const NTP_ANSWER = new Uint8Array(48).fill(0x24, 0, 1).fill(2, 1, 2);

/** read request; then file and mode, each ended by a zero */
const TFTP_READ = Uint8Array.of(0, 1);
const FIRST_LINES: ReadonlyMap<number, Uint8Array> = new Map([
  [1900, fromLatin1('M-SEARCH * HTTP/1.1\r\n')],
  [5060, fromLatin1('OPTIONS sip:100@example.net SIP/2.0\r\n')],
]);

/** A request of TFTP gets its file and its mode where they are missing. */
function wholeTransfer(payload: Uint8Array): Uint8Array {
  if (payload[0] !== 0 || (payload[1] !== 1 && payload[1] !== 2)) return payload;
  const texts = latin1(payload, 2).split('\0');
  const isWhole = texts.length > 2 && texts[0] !== '' && texts[1] !== '';
  return isWhole ? payload : concatBytes(payload.subarray(0, 2), fromLatin1(`${texts[0] || 'file.bin'}\0${texts[1] || 'octet'}\0`));
}

/** Undefined where the port says nothing about what is spoken. */
export function udpFrame(serverPort: number, fromServer: boolean, conditions: readonly BytesCondition[]): DatagramFrame | undefined {
  if (serverPort === 123) return { template: fromServer ? NTP_ANSWER : NTP_REQUEST, from: 0, least: NTP_REQUEST.length };
  if (serverPort === 69) return { template: TFTP_READ, from: 2, finish: wholeTransfer };
  const line = FIRST_LINES.get(serverPort);
  const isAnchored = conditions.some((one) => one.kind !== 'content' || one.startsWith || one.depth !== undefined || one.bytes.length === 0);
  if (line !== undefined && !fromServer && !isAnchored) return { template: line, from: line.length };
  if (serverPort !== 53) return undefined;
  return dnsFrame(fromServer, conditions);
}

/** What both sides say before the message that a rule is about. */
export function smallTalk(serverPort: number): readonly [client: Uint8Array, server: Uint8Array] {
  if (serverPort === 53) return [dnsQuestion(), wholeMessage(dnsQuestion().map((byte, at) => (at === 2 ? 0x81 : at === 3 ? 0x80 : at === 7 ? 1 : byte)))];
  if (serverPort === 123) return [NTP_REQUEST, NTP_ANSWER];
  return [fromLatin1('hello'), fromLatin1('hello')];
}

/** A content that begins within a label leaves a byte free before it, which becomes the label's length. */
export function dnsFrame(fromServer: boolean, conditions: readonly BytesCondition[]): DatagramFrame {
  const free = conditions.find((one) => one.kind === 'content' && !one.negated && one.depth === undefined && !one.startsWith && one.bytes[0] !== 0);
  const inLabel = free?.kind === 'content' && isNameByte(free.bytes[0]);
  const head = fromServer ? DNS_ANSWER_HEAD : DNS_QUERY_HEAD;
  if (!inLabel) return { template: head, from: HEAD_LENGTH, finish: (payload) => wholeMessage(payload) };
  return {
    template: concatBytes(head, Uint8Array.of(0x61)),
    from: HEAD_LENGTH + 1,
    finish(payload) {
      let end = HEAD_LENGTH + 1;
      while (end < payload.length && end - HEAD_LENGTH <= LONGEST_LABEL && isNameByte(payload[end])) end++;
      return wholeMessage(payload.map((byte, at) => (at === HEAD_LENGTH ? end - HEAD_LENGTH - 1 : byte)));
    },
  };
}

function isNameByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x5f;
}

/** What the head promises and the message lacks is put behind it. */
export function wholeMessage(payload: Uint8Array): Uint8Array {
  const bytes = [...payload];
  const byte = (at: number, where: number): number => {
    bytes[at] ??= where;
    return bytes[at];
  };
  const pair = (at: number, where: number): number => (byte(at, where >>> 8) << 8) | byte(at + 1, where & 0xff);
  for (let at = 0; at < HEAD_LENGTH; at++) byte(at, DNS_QUERY_HEAD[at]);
  let at = HEAD_LENGTH;
  const name = (): boolean => {
    for (let labels = 0; labels < MOST_LABELS; labels++) {
      const length = byte(at, labels === 0 ? POINTER : 0);
      if (length >= POINTER) {
        byte(at + 1, HEAD_LENGTH);
        at += 2;
        return true;
      }
      at++;
      if (length === 0) return true;
      if (length > LONGEST_LABEL) return false;
      for (let one = 0; one < length; one++) byte(at + one, 0x61);
      at += length;
    }
    return false;
  };
  const questions = pair(4, 1);
  const records = pair(6, 0) + pair(8, 0) + pair(10, 0);
  if (questions + records > MOST_RECORDS) return payload;
  for (let one = 0; one < questions; one++) {
    if (at === bytes.length && one === 0) bytes.push(3, 0x77, 0x77, 0x77);
    if (!name()) return payload;
    pair(at, 1);
    pair(at + 2, 1);
    at += 4;
  }
  for (let one = 0; one < records; one++) {
    if (!name()) return payload;
    const type = pair(at, 1);
    pair(at + 2, 1);
    pair(at + 4, 0);
    pair(at + 6, 300);
    const isWholeName = type === 2 || type === 5;
    const length = pair(at + 8, type === 28 ? 16 : isWholeName ? 2 : 4);
    at += 10;
    for (let inside = 0; inside < length; inside++) byte(at + inside, isWholeName && length === 2 ? [POINTER, HEAD_LENGTH][inside] : 10);
    at += length;
  }
  return Uint8Array.from(bytes);
}

/** IPv4 header and first eight bytes of the datagram that an error is about: UDP from port 49731 to 33434. */
const QUOTED_PACKET = Uint8Array.of(
  ...[0x45, 0, 0, 60, 0x1a, 0x2b, 0, 0, 58, 17, 0, 0, 192, 168, 40, 17, 203, 0, 113, 77],
  ...[0xc2, 0x43, 0x82, 0x9a, 0, 40, 0, 0],
);
const QUOTED_HEADER_LENGTH = 20;
const QUOTED_CHECKSUM = checksum(QUOTED_PACKET, 0, QUOTED_HEADER_LENGTH);
QUOTED_PACKET.set([QUOTED_CHECKSUM >>> 8, QUOTED_CHECKSUM & 0xff], 10);
/** destination unreachable, source quench, redirect, time exceeded, parameter problem */
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
/** Bytes behind the first eight of the messages that have such: timestamps, the address mask. */
const ICMP_LENGTHS: ReadonlyMap<number, number> = new Map([
  [13, 12],
  [14, 12],
  [17, 4],
  [18, 4],
]);

export function icmpFrame(type: number): DatagramFrame | undefined {
  if (ICMP_ERRORS.has(type)) return { template: QUOTED_PACKET, from: QUOTED_PACKET.length, least: QUOTED_PACKET.length };
  const length = ICMP_LENGTHS.get(type);
  return length === undefined ? undefined : { template: new Uint8Array(length), from: 0, least: length };
}
