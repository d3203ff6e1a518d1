/**
 * The header block of an HTTP/1 message (RFC 9112 §5), read leniently: lone LF, folded lines, missing colons. Keeps the bytes
 * once; names and values are offsets into them.
 */
import { concatBytes, fromLatin1, latin1 } from '@sigwright/bytes';

/** Headers of one message; servers stop at 100 to 1,000. */
const MOST_HEADERS = 1024;
const COLON = 0x3a;
const LF = 0x0a;
const CR = 0x0d;

export interface Header {
  /** lower case, for look-ups */
  readonly key: string;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly value: Uint8Array;
}

export class HeaderBlock {
  readonly raw: Uint8Array;
  readonly list: Header[] = [];
  readonly faults: string[] = [];

  /** `raw`: from the first header line to the end of the empty line. */
  constructor(raw: Uint8Array) {
    this.raw = raw;
    for (let at = 0; at < raw.length && this.list.length < MOST_HEADERS; ) {
      let end = raw.indexOf(LF, at);
      if (end === -1) end = raw.length;
      const lineEnd = end > at && raw[end - 1] === CR ? end - 1 : end;
      if (lineEnd > at) this.#line(at, lineEnd);
      at = end + 1;
    }
    if (this.list.length >= MOST_HEADERS) this.faults.push('too_many_headers');
  }

  #line(start: number, end: number): void {
    const { raw, list } = this;
    if ((raw[start] === 0x20 || raw[start] === 0x09) && list.length > 0) {
      // A folded line goes on with the value before it (RFC 9112 §5.2).
      const last = list[list.length - 1];
      const more = trim(raw, start, end);
      list[list.length - 1] = { ...last, value: concatBytes(last.value, fromLatin1(' '), raw.subarray(more[0], more[1])) };
      return;
    }
    let colon = start;
    while (colon < end && raw[colon] !== COLON) colon++;
    if (colon === end) {
      this.faults.push('missing_colon');
      list.push({ key: '', nameStart: start, nameEnd: start, value: raw.subarray(start, end) });
      return;
    }
    let nameEnd = colon;
    while (nameEnd > start && (raw[nameEnd - 1] === 0x20 || raw[nameEnd - 1] === 0x09)) nameEnd--;
    const [from, to] = trim(raw, colon + 1, end);
    list.push({ key: latin1(raw, start, nameEnd).toLowerCase(), nameStart: start, nameEnd, value: raw.subarray(from, to) });
  }

  /** Value of a header, repeated ones joined by `, `; undefined where there is none. */
  get(key: string): Uint8Array | undefined {
    let found: Uint8Array | undefined;
    for (const header of this.list) {
      if (header.key !== key) continue;
      found = found === undefined ? header.value : concatBytes(found, COMMA, header.value);
    }
    return found;
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : latin1(value);
  }

  count(key: string): number {
    let count = 0;
    for (const header of this.list) if (header.key === key) count++;
    return count;
  }

  /** `Name: value\r\n` for every header but `without`, repeated ones joined in the place of the first. */
  normalized(without: string): Uint8Array {
    const parts: Uint8Array[] = [];
    const seen = new Set<string>();
    for (const header of this.list) {
      if (header.key === without || (header.key !== '' && seen.has(header.key))) continue;
      seen.add(header.key);
      const value = header.key === '' ? header.value : this.get(header.key)!;
      parts.push(this.raw.subarray(header.nameStart, header.nameEnd), SEPARATOR, value, LINE_END);
    }
    return concatBytes(...parts);
  }

  /** `\r\nHost\r\nAccept\r\n\r\n` */
  names(): Uint8Array {
    const parts: Uint8Array[] = [LINE_END];
    for (const header of this.list) parts.push(this.raw.subarray(header.nameStart, header.nameEnd), LINE_END);
    parts.push(LINE_END);
    return concatBytes(...parts);
  }
}

const COMMA = fromLatin1(', ');
const SEPARATOR = fromLatin1(': ');
const LINE_END = fromLatin1('\r\n');

function trim(bytes: Uint8Array, start: number, end: number): [number, number] {
  let from = start;
  let to = end;
  while (from < to && (bytes[from] === 0x20 || bytes[from] === 0x09)) from++;
  while (to > from && (bytes[to - 1] === 0x20 || bytes[to - 1] === 0x09 || bytes[to - 1] === CR)) to--;
  return [from, to];
}
