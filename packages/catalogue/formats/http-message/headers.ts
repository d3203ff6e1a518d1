/**
 * The headers of a message. Of HTTP/1 (RFC 9112 §5) they are read leniently: lone LF and CR, folded lines, missing colons, NUL
 * inside names. Keeps the bytes once; names and values are places in them, but for folded lines, which are joined.
 */
import { concatBytes, fromLatin1, joinBytes, newBytes } from '@sigwright/bytes';
import { type Direction, TO_CLIENT } from '@sigwright/contracts';
import { isFolding, isSpace, Line, readLine } from './lines.ts';
import { asWritten, NAMES } from './words.ts';

/** Folded pieces of one header. */
const MOST_FOLDS = 256;
const COLON = 0x3a;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

export interface Header {
  /** lower case, for look-ups */
  readonly key: string;
  readonly name: Uint8Array;
  readonly nameLength: number;
  /** Writes the name to to[at, at + nameLength). */
  writeName(to: Uint8Array, at: number): void;
  readonly value: Uint8Array;
  /** bytes of name and value */
  readonly size: number;
  /** lets go of what can be made again */
  forget?(): void;
}

/** bytes[nameStart, nameEnd) and bytes[from, to) of a header line; few of them are ever looked at. */
class HeaderLine implements Header {
  readonly key: string;
  readonly nameStart: number;
  readonly to: number;
  /** `Name: value\r\n`, to the byte: there is nothing to normalize */
  readonly isPlain: boolean;
  readonly #bytes: Uint8Array;
  readonly #nameEnd: number;
  readonly #from: number;
  #value: Uint8Array | undefined = undefined;

  constructor(key: string, bytes: Uint8Array, nameStart: number, nameEnd: number, from: number, to: number, isPlain: boolean) {
    this.key = key;
    this.#bytes = bytes;
    this.nameStart = nameStart;
    this.#nameEnd = nameEnd;
    this.#from = from;
    this.to = to;
    this.isPlain = isPlain;
  }

  get nameLength(): number {
    return this.#nameEnd - this.nameStart;
  }

  writeName(to: Uint8Array, at: number): void {
    const bytes = this.#bytes;
    for (let from = this.nameStart, place = at; from < this.#nameEnd; from++, place++) to[place] = bytes[from];
  }

  /** Made each time: hardly anything asks twice. */
  get name(): Uint8Array {
    return this.#bytes.subarray(this.nameStart, this.#nameEnd);
  }

  get value(): Uint8Array {
    this.#value ??= this.#bytes.subarray(this.#from, this.to);
    return this.#value;
  }

  forget(): void {
    this.#value = undefined;
  }

  get size(): number {
    return this.#nameEnd - this.nameStart + this.to - this.#from;
  }
}

/**
 * Where the block that begins at `start` ends, searched from `from`: an empty line, or one blank and LF before anything but LF
 * (servers that strip blanks take it for one). Negative: more bytes are needed; search again from ~result.
 */
export function headerBlockEnd(line: Line, bytes: Uint8Array, start: number, from: number, end: number, direction: Direction, atEnd: boolean): number {
  for (let at = from; ; at = line.next) {
    const afterFeed = at === start || bytes[at - 1] === LF;
    if (!readLine(line, bytes, at, end, direction === TO_CLIENT, afterFeed, atEnd)) return ~at;
    if (bytes[line.next - 1] !== LF) {
      if (line.next >= end && atEnd) return ~at;
      continue;
    }
    if (line.empty) {
      if (line.start === at) return line.next;
      // LF CR CR LF ends the block, with the CR LF that may follow; CR LF CR CR LF does not.
      if (at - 2 >= start && bytes[at - 2] === CR) continue;
      if (bytes[line.next] === CR && line.next < end) {
        if (line.next + 1 >= end && !atEnd) return ~at;
        return line.next + 1 < end && bytes[line.next + 1] === LF ? line.next + 2 : line.next;
      }
      return line.next >= end && !atEnd ? ~at : line.next;
    }
    if (line.stop === line.start + 1 && line.next === line.stop + 1 && (bytes[line.start] === SPACE || bytes[line.start] === TAB)) {
      if (line.next >= end && !atEnd) return ~at;
      if (line.next < end && bytes[line.next] !== LF) return line.next;
    }
  }
}

export class HeaderBlock {
  readonly raw: Uint8Array;
  readonly list: Header[];
  readonly faults: string[] = [];

  /** `raw`: the headers as lines, each with its end */
  constructor(raw: Uint8Array, list: Header[] = []) {
    this.raw = raw;
    this.list = list;
  }

  /**
   * Of HTTP/1. `raw`: from the first header line to the end of the empty line. `foldedFields`: a folded line with a colon of its
   * own is a header, as clients read it. `most`: headers that are read.
   */
  static read(raw: Uint8Array, direction: Direction, foldedFields: boolean, most: number): HeaderBlock {
    const block = new HeaderBlock(raw);
    const { list, faults } = block;
    const line = new Line();
    /** the header being read: raw[start, stop), and what was folded onto it */
    let start = -1;
    let stop = -1;
    let folds: Uint8Array[] | undefined;
    /** known once a line is folded onto it */
    let coloned: boolean | undefined;
    for (let at = 0; at < raw.length && list.length < most; at = line.next) {
      if (!readLine(line, raw, at, raw.length, direction === TO_CLIENT, at === 0 || raw[at - 1] === LF, true)) break;
      if (line.empty) continue;
      if (start !== -1 && isFolding(raw[line.start])) {
        const from = afterFolding(raw, line.start, line.stop);
        const colon = hasColon(raw, line.start, line.stop);
        coloned ??= hasColon(raw, start, stop);
        if (!(colon && coloned && foldedFields)) {
          folds ??= [];
          if (from < line.stop && folds.length < MOST_FOLDS) folds.push(ONE_SPACE, raw.subarray(from, line.stop));
          coloned ||= colon;
          continue;
        }
        faults.push('folded_field');
        line.start = from;
      }
      block.#add(start, stop, folds);
      start = line.start;
      stop = line.stop;
      folds = undefined;
      coloned = undefined;
    }
    block.#add(start, stop, folds);
    if (list.length >= most) faults.push('too_many_headers');
    return block;
  }

  #add(start: number, stop: number, folds: readonly Uint8Array[] | undefined): void {
    if (start < 0) return;
    let bytes = this.raw;
    if (folds !== undefined && folds.length > 0) {
      bytes = joinBytes([bytes.subarray(start, stop), ...folds]);
      start = 0;
      stop = bytes.length;
    }
    let colon = start;
    while (colon < stop && bytes[colon] !== COLON) colon++;
    if (colon === stop) {
      this.faults.push('missing_colon');
      this.list.push(new HeaderLine('', bytes, start, start, start, stop, false));
      return;
    }
    let nameStart = start;
    while (nameStart < colon && isFolding(bytes[nameStart])) nameStart++;
    let nameEnd = colon;
    while (nameEnd > nameStart && isSpace(bytes[nameEnd - 1])) nameEnd--;
    let from = colon + 1;
    while (from < stop && isSpace(bytes[from])) from++;
    let to = stop;
    while (to > from && isSpace(bytes[to - 1])) to--;
    if (!isName(bytes, nameStart, nameEnd)) this.faults.push('invalid_name');
    let key = NAMES.of(bytes, nameStart, nameEnd);
    // Browsers drop NUL, and attackers write it.
    if (key.includes('\0')) key = key.replaceAll('\0', '').trim();
    const isPlain =
      bytes === this.raw &&
      nameStart === start &&
      nameEnd === colon &&
      nameEnd > nameStart &&
      from === colon + 2 &&
      bytes[colon + 1] === SPACE &&
      to === stop &&
      bytes[stop] === CR &&
      bytes[stop + 1] === LF;
    this.list.push(new HeaderLine(key, bytes, nameStart, nameEnd, from, to, isPlain));
  }

  /** What can be made again goes. */
  settle(): void {
    const { list } = this;
    for (let at = 0; at < list.length; at++) list[at].forget?.();
  }

  /** Value of a header, repeated ones joined by `, `; undefined where there is none. */
  get(key: string): Uint8Array | undefined {
    const { list } = this;
    let found: Uint8Array | undefined;
    for (let at = 0; at < list.length; at++) {
      const header = list[at];
      if (header.key !== key) continue;
      found = found === undefined ? header.value : concatBytes(found, COMMA, header.value);
    }
    return found;
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : asWritten(value);
  }

  count(key: string): number {
    const { list } = this;
    let count = 0;
    for (let at = 0; at < list.length; at++) if (list[at].key === key) count++;
    return count;
  }

  /** `Name: value\r\n` for every header but `without`, repeated ones joined in the place of the first. */
  normalized(without: string): Uint8Array {
    const plain = this.#plainLines(without);
    if (plain !== undefined) return plain;
    const parts: Uint8Array[] = [];
    const seen = new Set<string>();
    for (const header of this.list) {
      if (header.key === without || (header.key !== '' && seen.has(header.key))) continue;
      seen.add(header.key);
      const value = header.key === '' ? header.value : this.get(header.key)!;
      parts.push(header.name, SEPARATOR, value, LINE_END);
    }
    return joinBytes(parts);
  }

  /** The lines as they came, where nothing is to be normalized: no header comes twice, and each is written as it will be. */
  #plainLines(without: string): Uint8Array | undefined {
    const { list, raw } = this;
    const runs: Uint8Array[] = [];
    let start = 0;
    let end = 0;
    for (let number = 0; number < list.length; number++) {
      const header = list[number];
      if (header.key === without) continue;
      if (!(header instanceof HeaderLine && header.isPlain)) return undefined;
      for (let before = 0; before < number; before++) if (list[before].key === header.key) return undefined;
      if (header.nameStart !== end) {
        if (end > start) runs.push(raw.subarray(start, end));
        start = header.nameStart;
      }
      end = header.to + LINE_END.length;
    }
    if (end > start) runs.push(raw.subarray(start, end));
    return runs.length === 1 ? runs[0] : joinBytes(runs);
  }

  /** `\r\nHost\r\nAccept\r\n\r\n` */
  names(): Uint8Array {
    let length = 2 * (this.list.length + 2);
    const { list } = this;
    for (let number = 0; number < list.length; number++) length += list[number].nameLength;
    const names = newBytes(length);
    names[0] = CR;
    names[1] = LF;
    let at = 2;
    for (let number = 0; number < list.length; number++) {
      const header = list[number];
      header.writeName(names, at);
      at += header.nameLength;
      names[at++] = CR;
      names[at++] = LF;
    }
    names[at] = CR;
    names[at + 1] = LF;
    return names;
  }
}

/** Bytes that names are made of (RFC 9110 §5.1), by value. */
const NAME_BYTES = new Uint8Array(256);
for (let byte = 0x21; byte < 0x7f; byte++) NAME_BYTES[byte] = '"(),/:;<=>?@[\\]{}'.includes(String.fromCharCode(byte)) ? 0 : 1;

function isName(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (NAME_BYTES[bytes[at]] === 0) return false;
  return end > start;
}

const COMMA = fromLatin1(', ');
const SEPARATOR = fromLatin1(': ');
const LINE_END = fromLatin1('\r\n');
const ONE_SPACE = fromLatin1(' ');

function hasColon(bytes: Uint8Array, start: number, end: number): boolean {
  const found = bytes.indexOf(COLON, start);
  return found !== -1 && found < end;
}

function afterFolding(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isFolding(bytes[at])) at++;
  return at;
}
