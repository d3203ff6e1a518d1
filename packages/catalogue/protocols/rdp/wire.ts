/**
 * The beginning of RDP connections (MS-RDPBCGR §1.3.1.1): TPKT (RFC 1006 §6) around X.224 connection requests and confirms, and MCS
 * connect PDUs (T.125) with the client's settings in a GCC conference request (T.124).
 */
import { Cursor, latin1, uint16 } from '@sigwright/bytes';
import { Asn1Walker, type Element, OCTET_STRING } from '../../formats/asn1/asn1.ts';

export const TPKT_VERSION = 3;
export const TPKT_HEADER = 4;
/** X.224 length indicator and code behind the header of TPKT */
const LEAST_TPKT = TPKT_HEADER + 3;
const CONNECTION_REQUEST = 0xe0;
const CONNECTION_CONFIRM = 0xd0;
const DATA = 0xf0;
/** what a length indicator of a request or confirm counts at least: code, two references, class */
const FIXED_PART = 6;
/** bytes of a data PDU's header: length indicator, code, end mark */
const DATA_HEADER = 3;

const COOKIE = /^Cookie: mstshash=([^\r\n]*)/;
const NEGOTIATION_BYTES = 8;
const NEGOTIATION_REQUEST = 1;
const NEGOTIATION_RESPONSE = 2;
const NEGOTIATION_FAILURE = 3;

const CONNECT_INITIAL = 0x65;
const CONNECT_RESPONSE = 0x66;
const APPLICATION_TAG = 0x7f;

const CLIENT_CORE = 0xc001;
const CLIENT_NETWORK = 0xc003;
const BLOCK_HEADER = 4;
const CHANNEL_NAME = 8;
/** MS-RDPBCGR §2.2.1.3.4 */
const MOST_CHANNELS = 31;

export interface ClientCore {
  readonly version: number;
  readonly desktopWidth: number;
  readonly desktopHeight: number;
  readonly colorDepth: number;
  readonly keyboardLayout: number;
  readonly build: number;
  readonly name: string;
  readonly keyboardType: number;
  readonly keyboardSubtype: number;
  readonly functionKeys: number;
  readonly inputMethod: string;
  /** what follows is optional, from here on each only with all before it */
  readonly laterColorDepth: number | undefined;
  readonly productId: number | undefined;
  readonly serialNumber: number | undefined;
  readonly highColorDepth: number | undefined;
  readonly supportedColorDepths: number | undefined;
  readonly capabilities: number | undefined;
  readonly digitalProductId: string | undefined;
  readonly connectionType: number | undefined;
  readonly selectedProtocol: number | undefined;
  readonly physicalWidth: number | undefined;
  readonly physicalHeight: number | undefined;
  readonly orientation: number | undefined;
  readonly desktopScale: number | undefined;
  readonly deviceScale: number | undefined;
}

export type RdpMessage =
  | { readonly kind: 'initial-request'; readonly cookie: string | undefined; readonly flags: number; readonly protocols: number }
  | { readonly kind: 'initial-response'; readonly protocol: number | undefined; readonly flags: number }
  | { readonly kind: 'initial-failure'; readonly code: number }
  | { readonly kind: 'connect-request'; readonly client: ClientCore | undefined; readonly channels: readonly string[] }
  | { readonly kind: 'connect-response' }
  | { readonly kind: 'tls'; readonly serials: readonly string[] }
  | { readonly kind: 'other' };

/** Length of the TPKT packet that begins at `at`, from its first four bytes; 0 where none does. */
export function tpktLength(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== TPKT_VERSION || bytes[at + 1] !== 0) return 0;
  const length = uint16(bytes, at + 2);
  return length >= LEAST_TPKT ? length : 0;
}

/** Does bytes[start, end) begin with a connection request or confirm? Wants seven bytes. */
export function isFirstPacket(bytes: Uint8Array, start: number, toServer: boolean): boolean {
  const length = tpktLength(bytes, start);
  const indicator = bytes[start + TPKT_HEADER];
  return (
    length > 0 &&
    indicator >= FIXED_PART &&
    indicator < length - TPKT_HEADER &&
    (bytes[start + TPKT_HEADER + 1] & 0xf0) === (toServer ? CONNECTION_REQUEST : CONNECTION_CONFIRM)
  );
}

/** bytes[start, end) is one TPKT packet. Undefined where it can not be read. */
export function readPacket(bytes: Uint8Array, start: number, end: number): RdpMessage | undefined {
  const cursor = new Cursor(bytes, start + TPKT_HEADER, end);
  const indicator = cursor.uint8();
  const code = cursor.uint8();
  switch (code & 0xf0) {
    case CONNECTION_REQUEST:
    case CONNECTION_CONFIRM: {
      const stop = start + TPKT_HEADER + 1 + indicator;
      const from = start + TPKT_HEADER + 1 + FIXED_PART;
      if (stop > end || from > stop) return undefined;
      return (code & 0xf0) === CONNECTION_REQUEST ? initialRequest(bytes, from, stop) : initialResponse(bytes, from, stop);
    }
    case DATA:
      return readConnect(bytes.subarray(start + TPKT_HEADER + DATA_HEADER, end));
    default:
      return { kind: 'other' };
  }
}

interface Negotiation {
  readonly type: number;
  readonly flags: number;
  /** protocols, or the code of a failure */
  readonly value: number;
}

function negotiation(bytes: Uint8Array, at: number, end: number): Negotiation | undefined {
  const cursor = new Cursor(bytes, at, end);
  const type = cursor.uint8();
  const flags = cursor.uint8();
  const length = cursor.uint16Little();
  const value = cursor.uint32Little();
  return cursor.short || length !== NEGOTIATION_BYTES ? undefined : { type, flags, value };
}

function initialRequest(bytes: Uint8Array, at: number, end: number): RdpMessage {
  const text = latin1(bytes, at, end);
  const [, cookie] = COOKIE.exec(text) ?? [];
  // A cookie or a routing token ends as a line does.
  const lineEnd = text.startsWith('Cookie:') ? text.indexOf('\r\n') : -2;
  const asked = lineEnd === -1 ? undefined : negotiation(bytes, at + lineEnd + 2, end);
  const sound = asked?.type === NEGOTIATION_REQUEST;
  return { kind: 'initial-request', cookie, flags: sound ? asked.flags : 0, protocols: sound ? asked.value : 0 };
}

function initialResponse(bytes: Uint8Array, at: number, end: number): RdpMessage {
  const answer = negotiation(bytes, at, end);
  if (answer?.type === NEGOTIATION_FAILURE) return { kind: 'initial-failure', code: answer.value };
  if (answer?.type === NEGOTIATION_RESPONSE) return { kind: 'initial-response', protocol: answer.value, flags: answer.flags };
  return { kind: 'initial-response', protocol: undefined, flags: 0 };
}

function readConnect(bytes: Uint8Array): RdpMessage {
  if (bytes[0] !== APPLICATION_TAG) return { kind: 'other' };
  if (bytes[1] === CONNECT_RESPONSE) return { kind: 'connect-response' };
  if (bytes[1] !== CONNECT_INITIAL) return { kind: 'other' };
  const walker = new Asn1Walker(bytes);
  // The tag has two bytes; from the second one on it reads like any element.
  const whole = walker.element(1, bytes.length);
  const fields = whole === undefined ? [] : walker.children(whole);
  const data = fields.length > 2 ? fields[fields.length - 1] : undefined;
  return data?.tag === OCTET_STRING ? conference(bytes, data) : { kind: 'connect-request', client: undefined, channels: [] };
}

/** Length in packed encoding: one byte, or two of which the first bit is set. */
function packedLength(cursor: Cursor): number {
  const first = cursor.uint8();
  return first < 0x80 ? first : ((first & 0x7f) << 8) | cursor.uint8();
}

/** T.124's object key, and what stands before the key `Duca` in every request of RDP (MS-RDPBCGR §4.1.3). */
const OBJECT_KEY_BYTES = 7;
const CREATE_REQUEST_BYTES = 12;

function conference(bytes: Uint8Array, { start, end }: Element): RdpMessage {
  const cursor = new Cursor(bytes, start, end);
  cursor.skip(OBJECT_KEY_BYTES);
  packedLength(cursor);
  cursor.skip(CREATE_REQUEST_BYTES);
  packedLength(cursor);
  let client: ClientCore | undefined;
  let channels: readonly string[] = [];
  while (!cursor.short && cursor.left >= BLOCK_HEADER) {
    const type = cursor.uint16Little();
    const length = cursor.uint16Little();
    if (length < BLOCK_HEADER || length - BLOCK_HEADER > cursor.left) break;
    const block = new Cursor(bytes, cursor.at, cursor.at + length - BLOCK_HEADER);
    cursor.skip(length - BLOCK_HEADER);
    if (type === CLIENT_CORE) client = clientCore(block);
    else if (type === CLIENT_NETWORK) channels = channelNames(block);
  }
  return { kind: 'connect-request', client, channels };
}

/** UTF-16, lowest byte first, up to a zero. */
function wideText(cursor: Cursor, length: number): string {
  const bytes = cursor.take(length);
  let text = '';
  for (let at = 0; bytes !== undefined && at + 1 < bytes.length; at += 2) {
    const letter = bytes[at] | (bytes[at + 1] << 8);
    if (letter === 0) break;
    text += String.fromCharCode(letter);
  }
  return text;
}

/** MS-RDPBCGR §2.2.1.3.2 */
function clientCore(cursor: Cursor): ClientCore | undefined {
  // Asked after the reading that its argument does.
  const later = <Value>(value: Value): Value | undefined => (cursor.short ? undefined : value);
  const version = cursor.uint32Little();
  const desktopWidth = cursor.uint16Little();
  const desktopHeight = cursor.uint16Little();
  const colorDepth = cursor.uint16Little();
  cursor.skip(2);
  const keyboardLayout = cursor.uint32Little();
  const build = cursor.uint32Little();
  const name = wideText(cursor, 32);
  const keyboardType = cursor.uint32Little();
  const keyboardSubtype = cursor.uint32Little();
  const functionKeys = cursor.uint32Little();
  const inputMethod = wideText(cursor, 64);
  if (cursor.short) return undefined;
  return {
    version,
    desktopWidth,
    desktopHeight,
    colorDepth,
    keyboardLayout,
    build,
    name,
    keyboardType,
    keyboardSubtype,
    functionKeys,
    inputMethod,
    laterColorDepth: later(cursor.uint16Little()),
    productId: later(cursor.uint16Little()),
    serialNumber: later(cursor.uint32Little()),
    highColorDepth: later(cursor.uint16Little()),
    supportedColorDepths: later(cursor.uint16Little()),
    capabilities: later(cursor.uint16Little()),
    digitalProductId: later(wideText(cursor, 64)),
    connectionType: later(cursor.uint16Little() & 0xff),
    selectedProtocol: later(cursor.uint32Little()),
    physicalWidth: later(cursor.uint32Little()),
    physicalHeight: later(cursor.uint32Little()),
    orientation: later(cursor.uint16Little()),
    desktopScale: later(cursor.uint32Little()),
    deviceScale: later(cursor.uint32Little()),
  };
}

function channelNames(cursor: Cursor): string[] {
  const count = Math.min(cursor.uint32Little(), MOST_CHANNELS);
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    const name = cursor.latin1(CHANNEL_NAME);
    cursor.skip(4);
    if (cursor.short) break;
    const zero = name.indexOf('\0');
    names.push(zero === -1 ? name : name.slice(0, zero));
  }
  return names;
}
