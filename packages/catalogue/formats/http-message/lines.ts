/**
 * Lines of a message head (RFC 9112 §2.2), ended as peers really end them: CR LF, LF, and in responses, where browsers take it,
 * a lone CR or LF CR. Says the same however the bytes are split: what depends on a byte that has not come is `need`.
 */

import { find } from '@sigwright/bytes';

const LF = 0x0a;
const CR = 0x0d;
const RETURN = Uint8Array.of(CR);

/** A line found: bytes[start, stop) and where the next one begins. Reused from line to line. */
export class Line {
  start = 0;
  stop = 0;
  next = 0;

  get empty(): boolean {
    return this.stop === this.start;
  }
}

/**
 * The line at `at`; false: more bytes are needed. `loneReturns`: a CR alone ends a line. `atEnd`: nothing more will come, what is
 * left is a line. `afterFeed`: what comes before `at` ends in LF (a CR alone that follows belongs to it).
 */
export function readLine(line: Line, bytes: Uint8Array, at: number, end: number, loneReturns: boolean, afterFeed: boolean, atEnd: boolean): boolean {
  line.start = at;
  let feed = at;
  let firstReturn = -1;
  for (; feed < end; feed++) {
    const byte = bytes[feed];
    if (byte === LF) break;
    if (byte === CR && firstReturn === -1) firstReturn = feed;
  }
  const limit = feed;
  if (feed === end) feed = -1;
  if (loneReturns) {
    let back = firstReturn;
    if (back === at && afterFeed && back + 1 < limit && (feed === -1 || back + 1 !== feed)) {
      line.start = at + 1;
      back = find(bytes, at + 1, limit, RETURN);
    }
    if (back !== -1 && back + 1 !== feed) {
      // The last byte there is: it may be the first half of CR LF.
      if (back + 1 >= end && !atEnd) return false;
      line.stop = back;
      line.next = back + 1;
      return true;
    }
  }
  if (feed === -1) {
    if (!atEnd || at >= end) return false;
    line.stop = end;
    line.next = end;
    return true;
  }
  line.stop = feed;
  while (line.stop > line.start && bytes[line.stop - 1] === CR) line.stop--;
  line.next = feed + 1;
  return true;
}

export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** White space of C, which servers trim by. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** A line that begins so goes on with the one before it (RFC 9112 §5.2); some peers take NUL for a blank. */
export function isFolding(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0;
}
