/**
 * Many literals in one pass. For each literal one four-byte gram, its rarest, sets two bits of a table; a text position whose
 * gram's bits are set is looked up in buckets and the literal compared there. Letters are folded, so one table serves both
 * cases; the exact compare comes last. Everything is typed arrays: a table is saved and loaded as it is.
 *
 * Every literal has at least four bytes. Longer texts are read by the compiled kernel, others by the same loop here.
 * Oracle: `naiveMatches` below.
 */
import { lowerCase } from '@sigwright/bytes';
import { foldedGram, hashGram, otherHash, rarestGram } from '../compile/rarity.ts';
import { PIECE, type ScanKernel, scanKernel, WORTH_A_CALL } from '../kernel/kernel.ts';

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
  /** the filter has 1 << bits bits */
  readonly bits: number;
  readonly filter: Uint8Array;
  /** by the first `bucketBits` bits of the hash: first literal of the bucket; 1 << bucketBits + 1 numbers */
  readonly bucketBits: number;
  readonly buckets: Uint32Array;
  /** per literal, in order of buckets: gram, gram offset, start and length in `pool`, nocase, within, start of its values */
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

/** Of 64 bits one or two are set: the second look leaves one chance hit in thousands, and the table stays in the first caches. */
const SPARSE_BITS = 6;
const LEAST_BITS = 12;
const MOST_BITS = 20;

/** Longest part of a literal that is compared; the rest is checked by the rule itself. */
const LONGEST = 65_535;

/** A literal on its way into a table: its bytes as they lie in the pool, and its gram. */
interface Placed {
  readonly bytes: Uint8Array;
  readonly nocase: number;
  readonly within: number;
  readonly gramAt: number;
  readonly gram: number;
  readonly values: readonly number[];
}

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
  return lay(
    [...unique.values()].map(({ literal, values, within }) => {
      const written = literal.bytes.subarray(0, LONGEST);
      const gramAt = rarestGram(written);
      const bytes = literal.nocase ? lowerCase(written) : written;
      return { bytes, nocase: literal.nocase ? 1 : 0, within, gramAt, gram: foldedGram(written, gramAt), values };
    }),
  );
}

/** The same table for a part of its values; undefined where none is left. */
export function narrowGramTable(data: GramTableData, keep: (value: number) => boolean): GramTableData | undefined {
  const left: Placed[] = [];
  for (let number = 0; number < data.grams.length; number++) {
    const values = [...data.values.subarray(data.valueStarts[number], data.valueStarts[number + 1])].filter(keep);
    if (values.length === 0) continue;
    const start = data.starts[number];
    left.push({
      bytes: data.pool.subarray(start, start + data.lengths[number]),
      nocase: data.nocase[number],
      within: data.withins[number],
      gramAt: data.gramOffsets[number],
      gram: data.grams[number],
      values,
    });
  }
  return left.length === 0 ? undefined : lay(left);
}

function lay(literals: readonly Placed[]): GramTableData {
  const count = literals.length;
  const bits = Math.min(MOST_BITS, Math.max(LEAST_BITS, Math.ceil(Math.log2(Math.max(1, count))) + SPARSE_BITS));
  const bucketBits = Math.min(bits, Math.max(4, Math.ceil(Math.log2(Math.max(1, count))) + 1));
  const list = literals.map((literal) => ({ ...literal, hash: hashGram(literal.gram, bits) })).sort((a, b) => a.hash - b.hash);
  const data = {
    bits,
    filter: new Uint8Array(1 << (bits - 3)),
    bucketBits,
    buckets: new Uint32Array((1 << bucketBits) + 1),
    grams: new Int32Array(count),
    gramOffsets: new Uint16Array(count),
    starts: new Uint32Array(count),
    lengths: new Uint16Array(count),
    nocase: new Uint8Array(count),
    withins: new Uint32Array(count),
    valueStarts: new Uint32Array(count + 1),
    values: new Uint32Array(list.reduce((sum, one) => sum + one.values.length, 0)),
    pool: new Uint8Array(list.reduce((sum, one) => sum + one.bytes.length, 0)),
  };
  let poolAt = 0;
  let valueAt = 0;
  for (let number = 0; number < count; number++) {
    const { bytes, nocase, values, within, gramAt, gram, hash } = list[number];
    data.starts[number] = poolAt;
    data.lengths[number] = bytes.length;
    data.pool.set(bytes, poolAt);
    poolAt += bytes.length;
    data.gramOffsets[number] = gramAt;
    data.grams[number] = gram;
    data.nocase[number] = nocase;
    data.withins[number] = within;
    data.valueStarts[number] = valueAt;
    for (const value of values) data.values[valueAt++] = value;
    data.filter[hash >>> 3] |= 1 << (hash & 7);
    const other = otherHash(gram, bits);
    data.filter[other >>> 3] |= 1 << (other & 7);
    data.buckets[(hash >>> (bits - bucketBits)) + 1]++;
  }
  data.valueStarts[count] = valueAt;
  for (let bucket = 0; bucket < 1 << bucketBits; bucket++) data.buckets[bucket + 1] += data.buckets[bucket];
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
  readonly #bucketShift: number;
  /** each literal is reported once per scan: the number of the scan that reported it last */
  readonly #reported: Uint32Array;
  #scan = 0;
  readonly #kernel: ScanKernel | undefined;
  /** where the kernel keeps the filter; -1: not yet */
  #kept = -1;

  /** `kernel` undefined: plain TypeScript only. */
  constructor(data: GramTableData, kernel: ScanKernel | undefined = scanKernel()) {
    this.data = data;
    this.#filter = data.filter;
    this.#shift = 32 - data.bits;
    this.#bucketShift = 32 - data.bucketBits;
    this.#reported = new Uint32Array(data.grams.length);
    this.#kernel = kernel;
  }

  get size(): number {
    return this.data.grams.length;
  }

  /**
   * Report the values of every literal that occurs in bytes[start, end), once each. `offset`: how many bytes of the stream
   * or body came before `start`, for literals bound to its beginning.
   */
  scan(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    if (end - start < 4) return;
    this.#scan++;
    if (this.#kernel !== undefined && end - start >= WORTH_A_CALL) this.#compiled(this.#kernel, bytes, start, end, offset, sink);
    else this.#plain(bytes, start, end, offset, sink);
  }

  #compiled(kernel: ScanKernel, bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    if (this.#kept < 0) this.#kept = kernel.keep(this.#filter);
    for (let from = start; ; from += PIECE - 3) {
      const to = Math.min(end, from + PIECE);
      const count = kernel.grams(bytes, from, to, this.#kept, this.#shift);
      const { answers } = kernel;
      for (let answer = 0; answer < count; answer++) {
        const at = from + answers[answer];
        this.#confirm(bytes, start, end, at, foldedGram(bytes, at), offset, sink);
      }
      if (to === end) return;
    }
  }

  #plain(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    const filter = this.#filter;
    const shift = this.#shift;
    const last = end - 4;
    let value = (bytes[start] << 8) | (bytes[start + 1] << 16) | (bytes[start + 2] << 24);
    for (let at = start; at <= last; at++) {
      value = (value >>> 8) | (bytes[at + 3] << 24);
      const gram = value | ((value & 0x40404040) >>> 1);
      const hash = Math.imul(gram, 0x9e3779b1) >>> shift;
      if ((filter[hash >>> 3] & (1 << (hash & 7))) === 0) continue;
      const other = Math.imul(gram, 0x85ebca6b) >>> shift;
      if ((filter[other >>> 3] & (1 << (other & 7))) !== 0) this.#confirm(bytes, start, end, at, gram, offset, sink);
    }
  }

  #confirm(bytes: Uint8Array, start: number, end: number, at: number, gram: number, offset: number, sink: ValueSink): void {
    const data = this.data;
    const { grams, buckets } = data;
    this.maybes++;
    const bucket = Math.imul(gram, 0x9e3779b1) >>> this.#bucketShift;
    for (let number = buckets[bucket], until = buckets[bucket + 1]; number < until; number++) {
      if (grams[number] !== gram || this.#reported[number] === this.#scan) continue;
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
