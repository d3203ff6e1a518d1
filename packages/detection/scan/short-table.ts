/**
 * Literals too short for grams. Those at a fixed place (`|18 03|; depth:2`) are looked at in that place alone; those of two or
 * three bytes anywhere are searched one by one, in longer texts by the compiled kernel. Letters are folded: what is reported
 * may be there in another case, which the rule itself decides. Typed arrays: saved as they are.
 */
import { type ScanKernel, scanKernel, WORTH_A_CALL } from '../kernel/kernel.ts';
import type { ValueSink } from './gram-table.ts';

export interface PlacedLiteral {
  readonly bytes: Uint8Array;
  /** distance from the beginning of the buffer */
  readonly offset: number;
  readonly value: number;
}

export interface PlaceTableData {
  /** the places, each once */
  readonly offsets: Uint16Array;
  /** 257 numbers a place: by folded first byte, where its literals begin */
  readonly heads: Uint32Array;
  /** per literal: start in `pool` (one more than literals), start of its values */
  readonly starts: Uint32Array;
  readonly valueStarts: Uint32Array;
  readonly values: Uint32Array;
  /** folded literals */
  readonly pool: Uint8Array;
}

const FIRST_BYTES = 256;

function foldByte(byte: number): number {
  return byte | ((byte & 0x40) >>> 1);
}

/** Literals with the same place and folded bytes become one, with all their values. */
function gather(literals: readonly PlacedLiteral[]): { offset: number; bytes: Uint8Array; values: number[] }[] {
  const unique = new Map<string, { offset: number; bytes: Uint8Array; values: number[] }>();
  for (const { bytes, offset, value } of literals) {
    const folded = bytes.map(foldByte);
    const key = `${offset}:${folded.join()}`;
    const known = unique.get(key);
    if (known === undefined) unique.set(key, { offset, bytes: folded, values: [value] });
    else known.values.push(value);
  }
  return [...unique.values()].sort((a, b) => a.offset - b.offset || a.bytes[0] - b.bytes[0]);
}

export function buildPlaceTable(literals: readonly PlacedLiteral[]): PlaceTableData {
  const list = gather(literals);
  const offsets = [...new Set(list.map((one) => one.offset))];
  const heads = new Uint32Array(offsets.length * (FIRST_BYTES + 1));
  const starts = new Uint32Array(list.length + 1);
  const valueStarts = new Uint32Array(list.length + 1);
  for (let number = 0; number < list.length; number++) {
    starts[number + 1] = starts[number] + list[number].bytes.length;
    valueStarts[number + 1] = valueStarts[number] + list[number].values.length;
  }
  let number = 0;
  for (let place = 0; place < offsets.length; place++) {
    for (let byte = 0; byte <= FIRST_BYTES; byte++) {
      while (number < list.length && list[number].offset === offsets[place] && list[number].bytes[0] < byte) number++;
      heads[place * (FIRST_BYTES + 1) + byte] = number;
    }
  }
  return {
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
    const head = place * (FIRST_BYTES + 1);
    for (let number = data.heads[head]; number < data.heads[head + FIRST_BYTES]; number++) {
      const bytes = data.pool.subarray(data.starts[number], data.starts[number + 1]);
      for (const value of data.values.subarray(data.valueStarts[number], data.valueStarts[number + 1]))
        if (keep(value)) left.push({ bytes, offset: data.offsets[place], value });
    }
  }
  return left.length === 0 ? undefined : buildPlaceTable(left);
}

export class PlaceTable {
  readonly data: PlaceTableData;

  constructor(data: PlaceTableData) {
    this.data = data;
  }

  /** bytes[start, end) begin `offset` bytes behind the beginning of the buffer or stream. */
  scan(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    const { offsets, heads, starts, valueStarts, values, pool } = this.data;
    for (let place = 0; place < offsets.length; place++) {
      const at = start + offsets[place] - offset;
      if (at < start || at >= end) continue;
      const head = place * (FIRST_BYTES + 1) + foldByte(bytes[at]);
      for (let number = heads[head], until = heads[head + 1]; number < until; number++) {
        const poolStart = starts[number];
        const length = starts[number + 1] - poolStart;
        if (at + length > end) continue;
        let equal = 1;
        while (equal < length && foldByte(bytes[at + equal]) === pool[poolStart + equal]) equal++;
        if (equal < length) continue;
        for (let one = valueStarts[number], stop = valueStarts[number + 1]; one < stop; one++) sink.add(values[one]);
      }
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
  const list = gather(literals.map((one) => ({ ...one, offset: 0 })));
  const needles = new Uint8Array(list.length * 4);
  const valueStarts = new Uint32Array(list.length + 1);
  for (let number = 0; number < list.length; number++) {
    needles.set(list[number].bytes, number * 4);
    needles[number * 4 + 3] = list[number].bytes.length;
    valueStarts[number + 1] = valueStarts[number] + list[number].values.length;
  }
  return { needles, valueStarts, values: Uint32Array.from(list.flatMap((one) => one.values)) };
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

export class ShortTable {
  readonly data: ShortTableData;
  readonly #kernel: ScanKernel | undefined;
  /** needles of one search: the fourth byte becomes 0 where one was found */
  readonly #left: Uint8Array;

  constructor(data: ShortTableData, kernel: ScanKernel | undefined = scanKernel()) {
    this.data = data;
    this.#kernel = kernel;
    this.#left = new Uint8Array(data.needles.length);
  }

  scan(bytes: Uint8Array, start: number, end: number, sink: ValueSink): void {
    const left = this.#left;
    left.set(this.data.needles);
    if (this.#kernel !== undefined && end - start >= WORTH_A_CALL) this.#kernel.shorts(bytes, start, end, left);
    else shorts(bytes, start, end, left);
    const { valueStarts, values } = this.data;
    for (let number = 0; number * 4 < left.length; number++) {
      if (left[number * 4 + 3] !== 0) continue;
      for (let one = valueStarts[number], stop = valueStarts[number + 1]; one < stop; one++) sink.add(values[one]);
    }
  }
}

/** The kernel's loop in plain TypeScript. */
function shorts(bytes: Uint8Array, start: number, end: number, needles: Uint8Array): void {
  for (let needle = 0; needle < needles.length; needle += 4) {
    const size = needles[needle + 3];
    const first = needles[needle];
    const second = needles[needle + 1];
    for (let at = start; at + size <= end; at++) {
      if (foldByte(bytes[at]) !== first || foldByte(bytes[at + 1]) !== second) continue;
      if (size === 3 && foldByte(bytes[at + 2]) !== needles[needle + 2]) continue;
      needles[needle + 3] = 0;
      break;
    }
  }
}
