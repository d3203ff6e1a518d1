/**
 * Literals at a fixed place (`|18 03|; depth:2`), which are looked at in that place alone, and those too short for grams: of two or
 * three bytes anywhere, searched by the compiled kernel, one by one where there is none. Letters are folded: what is reported
 * may be there in another case, which the rule itself decides. Typed arrays: saved as they are.
 */
import type { ScanKernel } from '../kernel/kernel.ts';
import type { ValueSink } from './gram-table.ts';

export interface PlacedLiteral {
  readonly bytes: Uint8Array;
  /** distance from the beginning of the buffer */
  readonly offset: number;
  readonly value: number;
}

export interface PlaceTableData {
  /** so many bytes of a literal tell where it is in the table: no literal is shorter */
  readonly keyLength: KeyLength;
  /** the places, each once */
  readonly offsets: Uint16Array;
  /** 257 numbers a place: by key, where its literals begin */
  readonly heads: Uint32Array;
  /** per literal: start in `pool` (one more than literals), start of its values */
  readonly starts: Uint32Array;
  readonly valueStarts: Uint32Array;
  readonly values: Uint32Array;
  /** folded literals */
  readonly pool: Uint8Array;
}

export type KeyLength = 1 | 4;

const KEYS = 256;

function foldByte(byte: number): number {
  return byte | ((byte & 0x40) >>> 1);
}

/** Of what begins at bytes[at], the folded first byte, or four of them made one. */
function keyOf(bytes: Uint8Array, at: number, length: KeyLength): number {
  const first = foldByte(bytes[at]);
  if (length === 1) return first;
  return (first + foldByte(bytes[at + 1]) * 5 + foldByte(bytes[at + 2]) * 23 + foldByte(bytes[at + 3]) * 101) & (KEYS - 1);
}

/** Literals with the same place and folded bytes become one, with all their values. */
function gather(literals: readonly PlacedLiteral[], keyLength: KeyLength): { offset: number; bytes: Uint8Array; values: number[] }[] {
  const unique = new Map<string, { offset: number; bytes: Uint8Array; values: number[] }>();
  for (const { bytes, offset, value } of literals) {
    const folded = bytes.map(foldByte);
    const key = `${offset}:${folded.join()}`;
    const known = unique.get(key);
    if (known === undefined) unique.set(key, { offset, bytes: folded, values: [value] });
    else known.values.push(value);
  }
  return [...unique.values()].sort((a, b) => a.offset - b.offset || keyOf(a.bytes, 0, keyLength) - keyOf(b.bytes, 0, keyLength));
}

export function buildPlaceTable(literals: readonly PlacedLiteral[], keyLength: KeyLength): PlaceTableData {
  const list = gather(literals, keyLength);
  const offsets = [...new Set(list.map((one) => one.offset))];
  const heads = new Uint32Array(offsets.length * (KEYS + 1));
  const starts = new Uint32Array(list.length + 1);
  const valueStarts = new Uint32Array(list.length + 1);
  for (let number = 0; number < list.length; number++) {
    starts[number + 1] = starts[number] + list[number].bytes.length;
    valueStarts[number + 1] = valueStarts[number] + list[number].values.length;
  }
  let number = 0;
  for (let place = 0; place < offsets.length; place++) {
    for (let key = 0; key <= KEYS; key++) {
      while (number < list.length && list[number].offset === offsets[place] && keyOf(list[number].bytes, 0, keyLength) < key) number++;
      heads[place * (KEYS + 1) + key] = number;
    }
  }
  return {
    keyLength,
    offsets: Uint16Array.from(offsets),
    heads,
    starts,
    valueStarts,
    values: Uint32Array.from(list.flatMap((one) => one.values)),
    pool: Uint8Array.from(list.flatMap((one) => [...one.bytes])),
  };
}

/** The same table for a part of its values; undefined where none is left. */
export function narrowPlaceTable(data: PlaceTableData, keep: (value: number) => boolean): PlaceTableData | undefined {
  const left: PlacedLiteral[] = [];
  for (let place = 0; place < data.offsets.length; place++) {
    const head = place * (KEYS + 1);
    for (let number = data.heads[head]; number < data.heads[head + KEYS]; number++) {
      const bytes = data.pool.subarray(data.starts[number], data.starts[number + 1]);
      for (const value of data.values.subarray(data.valueStarts[number], data.valueStarts[number + 1]))
        if (keep(value)) left.push({ bytes, offset: data.offsets[place], value });
    }
  }
  return left.length === 0 ? undefined : buildPlaceTable(left, data.keyLength);
}

export class PlaceTable {
  readonly #data: PlaceTableData;
  readonly #keyLength: KeyLength;
  readonly #offsets: Uint16Array;
  readonly #heads: Uint32Array;
  readonly #places: number;
  readonly #last: number;

  constructor(data: PlaceTableData) {
    const { keyLength, offsets, heads } = data;
    this.#data = data;
    this.#keyLength = keyLength;
    this.#offsets = offsets;
    this.#heads = heads;
    this.#places = offsets.length;
    this.#last = offsets[offsets.length - 1];
  }

  /** bytes[start, end) begin `offset` bytes behind the beginning of the buffer or stream. */
  scan(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    if (offset > this.#last) return;
    const keyLength = this.#keyLength;
    const offsets = this.#offsets;
    const heads = this.#heads;
    const places = this.#places;
    for (let place = 0; place < places; place++) {
      const at = start + offsets[place] - offset;
      if (at < start || at + keyLength > end) continue;
      const head = place * (KEYS + 1) + keyOf(bytes, at, keyLength);
      const first = heads[head];
      const until = heads[head + 1];
      if (first < until) this.#compare(bytes, at, end, first, until, sink);
    }
  }

  /** Reports those of the literals [first, until) that stand at bytes[at]. */
  #compare(bytes: Uint8Array, at: number, end: number, first: number, until: number, sink: ValueSink): void {
    const { starts, valueStarts, values, pool } = this.#data;
    for (let number = first; number < until; number++) {
      const poolStart = starts[number];
      const length = starts[number + 1] - poolStart;
      if (at + length > end) continue;
      let equal = 0;
      while (equal < length && foldByte(bytes[at + equal]) === pool[poolStart + equal]) equal++;
      if (equal < length) continue;
      for (let one = valueStarts[number], stop = valueStarts[number + 1]; one < stop; one++) sink.add(values[one]);
    }
  }
}

export interface ShortTableData {
  /** four bytes a literal: two or three folded ones, and how many they are */
  readonly needles: Uint8Array;
  readonly valueStarts: Uint32Array;
  readonly values: Uint32Array;
}

export function buildShortTable(literals: readonly { readonly bytes: Uint8Array; readonly value: number }[]): ShortTableData {
  const sorted = gather(
    literals.map((one) => ({ ...one, offset: 0 })),
    1,
  );
  const list = Array.from({ length: Math.ceil(sorted.length / TOGETHER) }, (_, at) => paired(sorted.slice(at * TOGETHER, (at + 1) * TOGETHER))).flat();
  const needles = new Uint8Array(list.length * 4);
  const valueStarts = new Uint32Array(list.length + 1);
  for (let number = 0; number < list.length; number++) {
    needles.set(list[number].bytes, number * 4);
    needles[number * 4 + 3] = list[number].bytes.length;
    valueStarts[number + 1] = valueStarts[number] + list[number].values.length;
  }
  return { needles, valueStarts, values: Uint32Array.from(list.flatMap((one) => one.values)) };
}

/** Of sixteen at most: the more alike two are, the less passes the class that they share, the nth with the one eight places on. */
export function paired<One>(sorted: readonly One[]): One[] {
  const pairs = Math.max(0, sorted.length - CLASSES);
  const firsts = sorted.filter((_, at) => at >= 2 * pairs || at % 2 === 0);
  return [...firsts, ...sorted.filter((_, at) => at < 2 * pairs && at % 2 === 1)];
}

/** The same table for a part of its values; undefined where none is left. */
export function narrowShortTable(data: ShortTableData, keep: (value: number) => boolean): ShortTableData | undefined {
  const left: { readonly bytes: Uint8Array; readonly value: number }[] = [];
  for (let number = 0; number * 4 < data.needles.length; number++) {
    const bytes = data.needles.subarray(number * 4, number * 4 + data.needles[number * 4 + 3]);
    for (const value of data.values.subarray(data.valueStarts[number], data.valueStarts[number + 1])) if (keep(value)) left.push({ bytes, value });
  }
  return left.length === 0 ? undefined : buildShortTable(left);
}

/** Needles that the kernel looks for at once, in eight classes. */
const TOGETHER = 16;
const CLASSES = 8;
/** Bytes of the masks of three bytes, of what the kernel writes for itself, and of a table of so many needles, in the kernel's memory. */
const MASKS = 96;
const NOTES = 16;
const TABLE = MASKS + TOGETHER * 4 + NOTES;

export class ShortTable {
  readonly data: ShortTableData;
  readonly #whole: Uint16Array;
  /** bits of the needles, by sixteen of them, that one search did not find yet */
  readonly #left: Uint16Array;
  /** where the kernel keeps the tables, once it was asked to */
  #kept = -1;

  constructor(data: ShortTableData) {
    this.data = data;
    const count = data.needles.length / 4;
    this.#whole = Uint16Array.from({ length: Math.ceil(count / TOGETHER) }, (_, at) => (1 << Math.min(TOGETHER, count - at * TOGETHER)) - 1);
    this.#left = new Uint16Array(this.#whole.length);
  }

  /** A search begins. */
  begin(): void {
    const left = this.#left;
    for (let at = 0; at < left.length; at++) left[at] = this.#whole[at];
  }

  /** Looks at what the kernel has loaded. */
  piece(kernel: ScanKernel): void {
    if (this.#kept < 0) this.#kept = kernel.keep(this.data, () => kernelBytes(this.data.needles));
    const left = this.#left;
    for (let at = 0; at < left.length; at++) if (left[at] !== 0) left[at] = kernel.shorts(this.#kept + at * TABLE, left[at]);
  }

  /** The same in plain TypeScript. */
  plain(bytes: Uint8Array, start: number, end: number): void {
    const { needles } = this.data;
    for (let needle = 0; needle < needles.length; needle += 4)
      if (occurs(bytes, start, end, needles, needle)) this.#left[needle >>> 6] &= ~(1 << ((needle >>> 2) & (TOGETHER - 1)));
  }

  /** The search is over. */
  report(sink: ValueSink): void {
    const { valueStarts, values } = this.data;
    for (let at = 0; at < this.#left.length; at++) {
      for (let found = this.#whole[at] & ~this.#left[at]; found !== 0; found &= found - 1) {
        const number = at * TOGETHER + 31 - Math.clz32(found & -found);
        for (let one = valueStarts[number], stop = valueStarts[number + 1]; one < stop; one++) sink.add(values[one]);
      }
    }
  }
}

/** Tables of sixteen needles each as the kernel reads them; `shorts` of scan.as.ts has the format. */
function kernelBytes(needles: Uint8Array): Uint8Array {
  const count = needles.length / 4;
  const bytes = new Uint8Array(Math.ceil(count / TOGETHER) * TABLE);
  for (let number = 0; number < count; number++) {
    const needle = needles.subarray(number * 4, number * 4 + 4);
    const table = Math.floor(number / TOGETHER) * TABLE;
    const member = 1 << (number % CLASSES);
    for (let at = 0; at < 3; at++) {
      const masks = table + at * 32;
      if (at < needle[3]) {
        bytes[masks + (needle[at] & 15)] |= member;
        bytes[masks + 16 + (needle[at] >>> 4)] |= member;
      } else for (let half = 0; half < 32; half++) bytes[masks + half] |= member;
    }
    bytes.set(needle, table + MASKS + (number % TOGETHER) * 4);
  }
  return bytes;
}

/** Is the needle at needles[needle] in bytes[start, end)? */
function occurs(bytes: Uint8Array, start: number, end: number, needles: Uint8Array, needle: number): boolean {
  const size = needles[needle + 3];
  const first = needles[needle];
  const second = needles[needle + 1];
  for (let at = start; at + size <= end; at++) {
    if (foldByte(bytes[at]) !== first || foldByte(bytes[at + 1]) !== second) continue;
    if (size === 2 || foldByte(bytes[at + 2]) === needles[needle + 2]) return true;
  }
  return false;
}
