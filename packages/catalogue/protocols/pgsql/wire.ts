/** Messages of PostgreSQL's protocol 3 (PostgreSQL documentation, "Frontend/Backend Protocol", "Message Formats"). */
import { Cursor, hex, latin1, uint32, utf8 } from '@sigwright/bytes';
import { LENGTH_UNKNOWN, NO_MESSAGE } from '../../formats/messages/framed-session.ts';

/** Kind and length of a regular message; a first message has a length and a code instead. */
export const HEAD = 5;
const FIRST_HEAD = 8;
/** the length counts itself */
const LENGTH_FIELD = 4;
/** First messages are short; PostgreSQL itself refuses longer ones. */
const LONGEST_FIRST = 10_000;

const SSL_REQUEST = 80_877_103;
const ENCRYPTION_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
const MAJOR_VERSION = 3;
/** Parameters kept of a session's beginning. */
const MOST_PARAMETERS = 128;

type Pairs = readonly (readonly [name: string, value: string])[];

export type Request =
  | { readonly kind: 'ssl' | 'gss' | 'terminate' | 'copy-done' | 'copy-data' | 'other' }
  | { readonly kind: 'cancel'; readonly process: number; readonly secret: number }
  | { readonly kind: 'startup'; readonly version: string; readonly parameters: Pairs }
  | { readonly kind: 'password'; readonly text: string }
  | { readonly kind: 'sasl-initial'; readonly mechanism: string; readonly data: string }
  | { readonly kind: 'sasl'; readonly data: string }
  | { readonly kind: 'copy-fail'; readonly reason: string }
  | { readonly kind: 'query'; readonly text: string };

/** What a password message answers. */
export type Authentication = 'none' | 'password' | 'sasl' | 'sasl-continued';

const TYPES_TO_SERVER = 'BCDEFHPQSXcdfp';
const TYPES_TO_CLIENT = '123ACDEGHIKNRSTVWZcdnstv';

export function isFirstMessage(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0;
}

/** Length of a whole message; LENGTH_UNKNOWN where too little is there, NO_MESSAGE where none begins so. */
export function messageLength(bytes: Uint8Array, at: number, end: number, toServer: boolean): number {
  if (toServer && isFirstMessage(bytes, at)) {
    if (end - at < FIRST_HEAD) return LENGTH_UNKNOWN;
    const length = uint32(bytes, at);
    return length >= FIRST_HEAD && length <= LONGEST_FIRST && isKnownCode(uint32(bytes, at + 4)) ? length : NO_MESSAGE;
  }
  if (!(toServer ? TYPES_TO_SERVER : TYPES_TO_CLIENT).includes(String.fromCharCode(bytes[at]))) return NO_MESSAGE;
  if (end - at < HEAD) return LENGTH_UNKNOWN;
  const length = uint32(bytes, at + 1);
  return length >= LENGTH_FIELD ? length + 1 : NO_MESSAGE;
}

function isKnownCode(code: number): boolean {
  return code === SSL_REQUEST || code === CANCEL_REQUEST || code === ENCRYPTION_REQUEST || code >>> 16 === MAJOR_VERSION;
}

/** A text up to a zero byte. */
function textOf(cursor: Cursor): string {
  const { bytes, at, end } = cursor;
  const zero = bytes.indexOf(0, at);
  const stop = zero < 0 || zero >= end ? end : zero;
  cursor.at = Math.min(end, stop + 1);
  return utf8(bytes, at, stop);
}

/** `length`: of the whole message, of which bytes[start, end) may be the beginning. Undefined where it can not be read. */
export function readRequest(bytes: Uint8Array, start: number, end: number, authentication: Authentication): Request | undefined {
  if (isFirstMessage(bytes, start)) return readFirst(bytes, start, end);
  const cursor = new Cursor(bytes, start + HEAD, end);
  switch (String.fromCharCode(bytes[start])) {
    case 'Q':
      return { kind: 'query', text: textOf(cursor) };
    case 'X':
      return { kind: 'terminate' };
    case 'd':
      return { kind: 'copy-data' };
    case 'c':
      return { kind: 'copy-done' };
    case 'f':
      return { kind: 'copy-fail', reason: textOf(cursor) };
    case 'p':
      return readPassword(cursor, authentication);
    default:
      return { kind: 'other' };
  }
}

function readFirst(bytes: Uint8Array, start: number, end: number): Request | undefined {
  const code = uint32(bytes, start + 4);
  if (code === SSL_REQUEST) return { kind: 'ssl' };
  if (code === ENCRYPTION_REQUEST) return { kind: 'gss' };
  const cursor = new Cursor(bytes, start + FIRST_HEAD, end);
  if (code === CANCEL_REQUEST) return { kind: 'cancel', process: cursor.uint32(), secret: cursor.uint32() };
  const parameters: (readonly [string, string])[] = [];
  while (cursor.left > 1 && parameters.length < MOST_PARAMETERS) {
    const name = textOf(cursor);
    if (name === '') break;
    parameters.push([name, textOf(cursor)]);
  }
  return { kind: 'startup', version: `${code >>> 16}.${code & 0xffff}`, parameters };
}

function readPassword(cursor: Cursor, authentication: Authentication): Request | undefined {
  if (authentication === 'sasl') {
    const mechanism = textOf(cursor);
    cursor.skip(4);
    const data = cursor.latin1(cursor.left);
    return cursor.short ? undefined : { kind: 'sasl-initial', mechanism, data };
  }
  if (authentication === 'sasl-continued') return { kind: 'sasl', data: cursor.latin1(cursor.left) };
  return { kind: 'password', text: textOf(cursor) };
}

export type Response =
  | { readonly kind: 'encryption'; readonly accepted: boolean }
  | { readonly kind: 'authentication'; readonly method: number; readonly data: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly value: string }
  | { readonly kind: 'key'; readonly process: number; readonly secret: number }
  | { readonly kind: 'fault' | 'notice'; readonly fields: Pairs }
  | { readonly kind: 'notification'; readonly process: number; readonly channel: string; readonly payload: string }
  | { readonly kind: 'fields' | 'copy-in' | 'copy-out' | 'copy-both'; readonly count: number }
  | { readonly kind: 'row' | 'copy-data'; readonly size: number }
  | { readonly kind: 'complete'; readonly command: string }
  | { readonly kind: 'ready' | 'empty' | 'other' };

const AUTHENTICATION_OK = 0;
const AUTHENTICATION_SASL = 10;
const AUTHENTICATION_SASL_CONTINUED = 11;
const AUTHENTICATION_SASL_FINAL = 12;
export const METHODS = {
  ok: AUTHENTICATION_OK,
  kerberos: 2,
  cleartext: 3,
  md5: 5,
  gss: 7,
  gssContinued: 8,
  sspi: 9,
  sasl: AUTHENTICATION_SASL,
  saslContinued: AUTHENTICATION_SASL_CONTINUED,
  saslFinal: AUTHENTICATION_SASL_FINAL,
} as const;

/** "Error and Notice Message Fields", by their letter. */
const FAULT_FIELDS: Readonly<Record<string, string>> = {
  S: 'severity_localizable',
  V: 'severity_non_localizable',
  C: 'code',
  M: 'message',
  D: 'detail',
  H: 'hint',
  P: 'position',
  p: 'internal_position',
  q: 'internal_query',
  W: 'where',
  s: 'schema_name',
  t: 'table_name',
  c: 'column_name',
  d: 'data_type_name',
  n: 'constraint_name',
  F: 'file',
  L: 'line',
  R: 'routine',
};

const ROW_HEAD = 2;
const VALUE_HEAD = 4;

/** `length`: of the whole message, of which bytes[start, end) may be the beginning. Undefined where it can not be read. */
export function readResponse(bytes: Uint8Array, start: number, end: number, length: number): Response | undefined {
  const cursor = new Cursor(bytes, start + HEAD, end);
  const response = body(String.fromCharCode(bytes[start]), cursor, length - HEAD);
  return cursor.short ? undefined : response;
}

function body(type: string, cursor: Cursor, size: number): Response {
  switch (type) {
    case 'R': {
      const method = cursor.uint32();
      const data = cursor.take(cursor.left) ?? new Uint8Array(0);
      return { kind: 'authentication', method, data: method === METHODS.md5 ? printableSalt(data) : latin1(data) };
    }
    case 'S':
      return { kind: 'parameter', name: textOf(cursor), value: textOf(cursor) };
    case 'K':
      return { kind: 'key', process: cursor.uint32(), secret: cursor.uint32() };
    case 'E':
    case 'N':
      return { kind: type === 'E' ? 'fault' : 'notice', fields: faultFields(cursor) };
    case 'A':
      return { kind: 'notification', process: cursor.uint32(), channel: textOf(cursor), payload: textOf(cursor) };
    case 'T':
      return { kind: 'fields', count: cursor.uint16() };
    case 'G':
    case 'H':
    case 'W':
      cursor.skip(1); // text or binary
      return { kind: type === 'G' ? 'copy-in' : type === 'H' ? 'copy-out' : 'copy-both', count: cursor.uint16() };
    case 'D':
      // Each value has a length before it; what is left of the message are the values.
      return { kind: 'row', size: Math.max(0, size - ROW_HEAD - VALUE_HEAD * cursor.uint16()) };
    case 'd':
      return { kind: 'copy-data', size };
    case 'C':
      return { kind: 'complete', command: textOf(cursor) };
    case 'Z':
      return { kind: 'ready' };
    case 'I':
      return { kind: 'empty' };
    default:
      return { kind: 'other' };
  }
}

function faultFields(cursor: Cursor): Pairs {
  const found: (readonly [string, string])[] = [];
  while (cursor.left > 1 && found.length < MOST_PARAMETERS) {
    const name = FAULT_FIELDS[String.fromCharCode(cursor.uint8())];
    const value = textOf(cursor);
    if (name !== undefined) found.push([name, value]);
  }
  return found;
}

/** Letters and digits as they are, other bytes as `\xNN`. */
function printableSalt(bytes: Uint8Array): string {
  let shown = '';
  for (const byte of bytes) shown += byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : `\\x${hex(Uint8Array.of(byte))}`;
  return shown;
}
