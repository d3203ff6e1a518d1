/** Bytes ⇄ text, one byte a character (ISO 8859-1), and numbers out of bytes. */
import { copyBytes, newBytes } from './work.ts';

const CHUNK = 4096;
/** Node keeps longer texts outside V8's heap, where each `charCodeAt` is a call; one joined of shorter ones lies within. */
const LARGE = 524_288;
const NEWLINE = 10;
/** A byte order mark is a letter as others are. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** One at the beginning is none. */
const fileDecoder = new TextDecoder();
const encoder = new TextEncoder();

/** Node's own way, four times as fast on a line of text; browsers have none. */
const slice = (globalThis as { readonly Buffer?: { readonly prototype: { readonly latin1Slice?: (this: Uint8Array, start: number, end: number) => string } } })
  .Buffer?.prototype.latin1Slice;

/** One character a byte; of a range that reaches beyond the bytes, what is there. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const from = start < 0 ? 0 : start;
  const to = end > bytes.length ? bytes.length : end;
  if (from >= to) return '';
  return slice === undefined ? latin1ByCharacters(bytes, from, to) : slice.call(bytes, from, to);
}

/** The same in plain TypeScript, of a range within the bytes. */
export function latin1ByCharacters(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + CHUNK)));
  return text;
}

/** Characters above 255 keep their low byte only. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = newBytes(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** UTF-8; what is not valid becomes U+FFFD. */
export function utf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  for (let at = start; at < end; at++) if (bytes[at] > 127) return decoder.decode(bytes.subarray(start, end));
  return latin1(bytes, start, end);
}

/** A file of lines in UTF-8, without its byte order mark; what is not valid becomes U+FFFD. */
export function fileText(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, at + LARGE);
    const end = newline < 0 ? bytes.length : newline + 1;
    pieces.push((at === 0 ? fileDecoder : decoder).decode(bytes.subarray(at, end)));
    at = end;
  }
  return pieces.join('');
}

/** stands for bytes that are no UTF-8, and may have been written itself */
const NO_CHARACTER = '\ufffd';

export function isUtf8(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  return isEncoded(utf8(bytes, start, end), bytes, start, end);
}

/** Are these bytes the text in UTF-8? */
function isEncoded(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (!text.includes(NO_CHARACTER)) return true;
  const encoded = encoder.encode(text);
  return encoded.length === end - start && encoded.every((byte, at) => byte === bytes[start + at]);
}

/** What a peer wrote, as records show it: valid UTF-8 as it is; of anything else one character a byte, odd ones as `\xNN`. */
export function shownText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const text = utf8(bytes, start, end);
  if (isEncoded(text, bytes, start, end)) return text;
  let shown = '';
  for (let at = start; at < end; at++) shown += bytes[at] < 0x80 ? String.fromCharCode(bytes[at]) : `\\x${bytes[at].toString(16)}`;
  return shown;
}

const BEYOND_ASCII = /[\x80-\xff]/;
const BEYOND_SEVEN_BITS = /[^\0-\x7f]/;
const BEYOND_BYTES = /[^\0-\xff]/;

/** The same of a text that has one character a byte; one that has more than bytes stays. */
export function shownLatin1(text: string): string {
  return BEYOND_ASCII.test(text) && !BEYOND_BYTES.test(text) ? shownText(fromLatin1(text)) : text;
}

/** The same of every text in a record's body. */
export function shownTexts<Body>(body: Body): Body {
  if (typeof body === 'string') return shownLatin1(body) as Body;
  if (Array.isArray(body)) return body.map(shownTexts) as Body;
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [shownLatin1(key), shownTexts(value)])) as Body;
}

/** Up to so many letters of ASCII are written here. */
const SHORT_TEXT = 64;

export function fromUtf8(text: string): Uint8Array {
  if (text.length > SHORT_TEXT || BEYOND_SEVEN_BITS.test(text)) return encoder.encode(text);
  return fromLatin1(text);
}

/** The bytes of a text in UTF-8, one character each. */
export function utf8Letters(text: string): string {
  return BEYOND_SEVEN_BITS.test(text) ? latin1(encoder.encode(text)) : text;
}

/** `rule` for one, `rules` for any other count; `things` where an s does not do. */
export function plural(count: number, thing: string, things = `${thing}s`): string {
  return count === 1 ? thing : things;
}

/** `1 rule`, `12 rules`. */
export function counted(count: number, thing: string, things?: string): string {
  return `${count} ${plural(count, thing, things)}`;
}

/** Printable ASCII as it is, everything else as `\xNN`: for one-line fields that a peer filled. */
export function printable(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** -1: no hexadecimal digit. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

export function hex(bytes: Uint8Array, start = 0, end = bytes.length, separator = ''): string {
  let text = '';
  for (let at = start; at < end; at++) text += (at > start ? separator : '') + HEX[bytes[at]];
  return text;
}

/** Pairs of hex digits, blanks between them allowed; undefined where it is something else. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return joinBytes(parts);
}

/** The same of a list, which traffic may make longer than a call has arguments. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (let index = 0; index < parts.length; index++) length += parts[index].length;
  const whole = newBytes(length);
  let at = 0;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    copyBytes(part, 0, part.length, whole, at);
    at += part.length;
  }
  return whole;
}

export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

export function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
}

export function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

export function uint16Little(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

export function uint32Little(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Line ends stay, everything else that is not printable ASCII becomes a dot: how records show payload. */
export function dotted(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte === 10 || byte === 13 || (byte >= 32 && byte < 127) ? String.fromCharCode(byte) : '.';
  return text;
}
