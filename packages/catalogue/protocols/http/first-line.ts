/** What begins a message: words of request and status lines, and how they are told from bodies. RFC 9112 §3 and §4. */
import { copyOf, latin1 } from '@sigwright/bytes';
import { isBlank, isSpace } from '../../formats/http-message/lines.ts';
import { asWritten } from '../../formats/http-message/words.ts';

const LF = 0x0a;
/** `HTTP/1.1 200`: version, blank and three digits. */
export const STATUS_LINE_START = 12;

export function isStatusLine(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < VERSION_START.length; index++) if (bytes[at + index] !== VERSION_START[index]) return false;
  if (!isDigit(bytes[at + 7]) || bytes[at + 8] !== 0x20) return false;
  return isDigit(bytes[at + 9]) && isDigit(bytes[at + 10]) && isDigit(bytes[at + 11]);
}

/** `HTTP/1.` */
const VERSION_START = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** The methods of RFC 9110, RFC 5789, RFC 4918 and RFC 3253: nothing else is taken for a request behind another one. */
const METHODS: ReadonlySet<string> = new Set(
  (
    'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL CHECKOUT UNCHECKOUT ' +
    'CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE'
  ).split(' '),
);
const LONGEST_METHOD = 16;
const KNOWN_PROTOCOL = 'HTTP/1.1'.length;

export function isKnownMethod(word: string): boolean {
  return METHODS.has(word);
}

/** Is the first word of bytes[start, stop) a method? */
export function isMethod(bytes: Uint8Array, start: number, stop: number): boolean {
  let end = start;
  while (end < stop && end - start <= LONGEST_METHOD && !isSpace(bytes[end])) end++;
  return METHODS.has(latin1(bytes, start, end));
}

export function isKnownProtocol(word: Uint8Array): boolean {
  return word.length === KNOWN_PROTOCOL && /^HTTP\/(?:0\.9|1\.[01])$/.test(asWritten(word));
}

/** `HTTP/1.1`, or another protocol that looks like it: `RTSP/1.0`. */
export function isProtocol(word: Uint8Array): boolean {
  return /^(?:HTTP\/|[a-z]+\/\d)/i.test(asWritten(word, 0, Math.min(LONGEST_METHOD, word.length)));
}

/** One past the LF, or -1. */
export function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === LF) return at + 1;
  return -1;
}

/** The word at `from` and where the next one begins. Copied: short arrays have no buffer of their own until something looks into it. */
export function word(line: Uint8Array, from: number): [Uint8Array, number] {
  let start = from;
  while (start < line.length && isBlank(line[start])) start++;
  let end = start;
  while (end < line.length && !isBlank(line[end])) end++;
  let next = end;
  while (next < line.length && isBlank(line[next])) next++;
  return [copyOf(line, start, end), next];
}
