/**
 * Many literals in one pass. For each literal one four-byte gram, its rarest, goes into a bit table; a text position whose
 * gram is in the table is looked up in buckets and the literal compared there. Letters are folded, so one table serves both
 * cases; the exact compare comes last. Everything is typed arrays: a table is saved and loaded as it is.
 *
 * Every literal has at least four bytes. Oracle: `naiveMatches` below.
 */
import { foldedGram, hashGram, rarestGram } from '../compile/rarity.ts';

export interface GramLiteral {
  readonly bytes: Uint8Array;
  readonly nocase: boolean;
  /** what is reported where it occurs */
  readonly value: number;
  /** must end within the first `within` bytes of the buffer; 0: anywhere */
  readonly within: number;
}

/** As saved. */
export interface GramTableData {
  readonly bits: number;
  /** one byte a hash: twice as fast to ask as one bit, and still small enough for the second-level cache */
  readonly filter: Uint8Array;
  /** start of each hash's entries in `entries`; 1 << bits + 1 numbers */
  readonly buckets: Uint32Array;
  /** literal numbers, by bucket */
  readonly entries: Uint32Array;
  /** per literal: gram, gram offset, start and length in `pool`, nocase, value list start and end, within */
  readonly grams: Int32Array;
  readonly gramOffsets: Uint16Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint16Array;
  readonly nocase: Uint8Array;
  readonly withins: Uint32Array;
  readonly valueStarts: Uint32Array;
  readonly values: Uint32Array;
  /** literals, letters of nocase ones in lower case */
  readonly pool: Uint8Array;
}

/** Longest part of a literal that is compared; the rest is checked by the rule itself. */
const LONGEST = 65_535;

export function buildGramTable(literals: readonly GramLiteral[]): GramTableData {
  const unique = new Map<string, { literal: GramLiteral; values: number[]; within: number }>();
  for (const literal of literals) {
    const key = `${literal.nocase ? 'i' : 'c'}${latin1Key(literal)}`;
    const known = unique.get(key);
    if (known === undefined) unique.set(key, { literal, values: [literal.value], within: literal.within });
    else {
      known.values.push(literal.value);
      known.within = known.within === 0 || literal.within === 0 ? 0 : Math.max(known.within, literal.within);
    }
  }
  const list = [...unique.values()];
  const count = list.length;
  // About one slot in sixteen or more is taken: sparse enough to seldom say "maybe", small enough for the cache.
  const bits = Math.min(17, Math.max(12, Math.ceil(Math.log2(Math.max(1, count))) + 5));
  const poolLength = list.reduce((sum, one) => sum + Math.min(LONGEST, one.literal.bytes.length), 0);
  const data = {
    bits,
    filter: new Uint8Array(1 << bits),
    buckets: new Uint32Array((1 << bits) + 1),
    entries: new Uint32Array(count),
    grams: new Int32Array(count),
    gramOffsets: new Uint16Array(count),
    starts: new Uint32Array(count),
    lengths: new Uint16Array(count),
    nocase: new Uint8Array(count),
    withins: new Uint32Array(count),
    valueStarts: new Uint32Array(count + 1),
    values: new Uint32Array(list.reduce((sum, one) => sum + one.values.length, 0)),
    pool: new Uint8Array(poolLength),
  };
  const hashes = new Uint32Array(count);
  let poolAt = 0;
  let valueAt = 0;
  for (let number = 0; number < count; number++) {
    const { literal, values, within } = list[number];
    const length = Math.min(LONGEST, literal.bytes.length);
    data.starts[number] = poolAt;
    data.lengths[number] = length;
    for (let at = 0; at < length; at++) {
      const byte = literal.bytes[at];
      data.pool[poolAt + at] = literal.nocase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
    }
    const gramAt = rarestGram(literal.bytes.subarray(0, length));
    data.gramOffsets[number] = gramAt;
    data.grams[number] = foldedGram(literal.bytes, gramAt);
    data.nocase[number] = literal.nocase ? 1 : 0;
    data.withins[number] = within;
    data.valueStarts[number] = valueAt;
    for (const value of values) data.values[valueAt++] = value;
    poolAt += length;
    const hash = hashGram(data.grams[number], bits);
    hashes[number] = hash;
    data.filter[hash] = 1;
    data.buckets[hash + 1]++;
  }
  data.valueStarts[count] = valueAt;
  for (let hash = 0; hash < 1 << bits; hash++) data.buckets[hash + 1] += data.buckets[hash];
  const fill = data.buckets.slice(0, 1 << bits);
  for (let number = 0; number < count; number++) data.entries[fill[hashes[number]]++] = number;
  return data;
}

function latin1Key(literal: GramLiteral): string {
  let text = '';
  for (const byte of literal.bytes) text += String.fromCharCode(literal.nocase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);
  return text;
}

/** Collects reported values. */
export interface ValueSink {
  add(value: number): void;
}

export class GramTable {
  readonly data: GramTableData;
  /** candidates that passed the bit table, and those that were confirmed: for cost figures */
  maybes = 0;
  hits = 0;
  readonly #filter: Uint8Array;
  readonly #shift: number;
  /** each literal is reported once per scan: the number of the scan that reported it last */
  readonly #reported: Uint32Array;
  #scan = 0;

  constructor(data: GramTableData) {
    this.data = data;
    this.#filter = data.filter;
    this.#shift = 32 - data.bits;
    this.#reported = new Uint32Array(data.grams.length);
  }

  get size(): number {
    return this.data.grams.length;
  }

  /**
   * Report the values of every literal that occurs in bytes[start, end), once each. `offset`: how many bytes of the stream
   * or body came before `start`, for literals bound to its beginning.
   */
  scan(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    const filter = this.#filter;
    const shift = this.#shift;
    const last = end - 4;
    if (last < start) return;
    this.#scan++;
    let value = (bytes[start] << 8) | (bytes[start + 1] << 16) | (bytes[start + 2] << 24);
    for (let at = start; at <= last; at++) {
      value = (value >>> 8) | (bytes[at + 3] << 24);
      const hash = Math.imul(value | ((value & 0x40404040) >>> 1), 0x9e3779b1) >>> shift;
      if (filter[hash] !== 0) this.#confirm(bytes, start, end, at, hash, value | ((value & 0x40404040) >>> 1), offset, sink);
    }
  }

  #confirm(bytes: Uint8Array, start: number, end: number, at: number, hash: number, gram: number, offset: number, sink: ValueSink): void {
    const data = this.data;
    this.maybes++;
    for (let entry = data.buckets[hash], until = data.buckets[hash + 1]; entry < until; entry++) {
      const number = data.entries[entry];
      if (data.grams[number] !== gram || this.#reported[number] === this.#scan) continue;
      const from = at - data.gramOffsets[number];
      const length = data.lengths[number];
      if (from < start || from + length > end) continue;
      const within = data.withins[number];
      if (within !== 0 && offset + from - start + length > within) continue;
      const pool = data.pool;
      const poolStart = data.starts[number];
      let equal = 0;
      if (data.nocase[number] === 1) {
        while (equal < length) {
          const byte = bytes[from + equal];
          if ((byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte) !== pool[poolStart + equal]) break;
          equal++;
        }
      } else while (equal < length && bytes[from + equal] === pool[poolStart + equal]) equal++;
      if (equal < length) continue;
      this.hits++;
      this.#reported[number] = this.#scan;
      for (let one = data.valueStarts[number], stop = data.valueStarts[number + 1]; one < stop; one++) sink.add(data.values[one]);
    }
  }
}

/** The obvious way, kept as oracle. */
export function naiveMatches(literals: readonly GramLiteral[], bytes: Uint8Array, start: number, end: number, offset: number): Set<number> {
  const found = new Set<number>();
  const fold = (byte: number, nocase: boolean): number => (nocase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);
  for (const literal of literals) {
    for (let at = start; at + literal.bytes.length <= end; at++) {
      if (literal.within !== 0 && offset + at - start + literal.bytes.length > literal.within) break;
      if (literal.bytes.every((byte, index) => fold(byte, literal.nocase) === fold(bytes[at + index], literal.nocase))) {
        found.add(literal.value);
        break;
      }
    }
  }
  return found;
}
