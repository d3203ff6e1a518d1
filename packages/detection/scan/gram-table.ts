/**
 * Many literals in one pass. Of each literal four-byte grams, its rarest, set two bits each of a table; a text position whose
 * gram's bits are set is looked up in buckets and the literal compared there. Letters are folded, so one table serves both
 * cases; the exact compare comes last. Everything is typed arrays: a table is saved and loaded as it is.
 *
 * Literals of seven bytes and more are found at every fourth position: however one lies beneath them, one of its grams is met
 * whole, and the table has the rarest for each of the four ways. Shorter ones (of at least four bytes) are looked for at every
 * position, and so are the literals of a small set, whose grams the compiled kernel compares sixteen positions at a time.
 *
 * The compiled kernel does all of it; where there is none, the same loops here do. Oracle: `naiveMatches` below.
 */
import { lowerCase } from '@sigwright/bytes';
import { foldedGram, hashGram, otherHash, rarestGram } from '../compile/rarity.ts';
import { FAR, PERHAPS, type ScanKernel } from '../kernel/kernel.ts';
import { masksOf } from './gram-classes.ts';

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
  /** looked at are the first position and every `step`th from there */
  readonly step: 1 | 4;
  /** the filter has 1 << bits bits */
  readonly bits: number;
  readonly filter: Uint8Array;
  /** by the first `bucketBits` bits of the hash: first gram of the bucket; 1 << bucketBits + 1 numbers */
  readonly bucketBits: number;
  readonly buckets: Uint32Array;
  /** per gram, in order of buckets: the gram, its offset in its literal, which literal */
  readonly grams: Int32Array;
  readonly gramOffsets: Uint16Array;
  readonly literals: Uint32Array;
  /** per literal: start and length in `pool`, nocase, within, start of its values (one more than literals) */
  readonly starts: Uint32Array;
  readonly lengths: Uint16Array;
  readonly nocase: Uint8Array;
  readonly withins: Uint32Array;
  readonly valueStarts: Uint32Array;
  readonly values: Uint32Array;
  /** literals, letters of nocase ones in lower case */
  readonly pool: Uint8Array;
}

/** Of so many bits two are set for a gram: the second look leaves few chance hits, and the table stays in the first caches. */
const SPARSE_BITS = { 1: 6, 4: 5 } as const;
const LEAST_BITS = 12;
const MOST_BITS = 21;

/** Longest part of a literal that is compared; the rest is checked by the rule itself. Distances within it fit 16 bits with a sign. */
const LONGEST = 32_767;

/** Grams of a literal so long begin at four places in a row. */
const LONG = 7;
/** So many literals are told apart well enough by the eight classes of the kernel's loop for few grams. */
export const FEW = 96;

/** In the kernel's memory: bytes of a table's first words, of an entry, of a literal's row; bits that an entry has of the hash of its second part. */
const HEADER = 32;
const ENTRY = 20;
const ROW = 16;
const SECOND_BITS = 16;
const ANYWHERE = 0xffff_ffff;

/** A literal on its way into a table: its bytes as they lie in the pool, and where its grams begin. */
interface Placed {
  readonly bytes: Uint8Array;
  readonly nocase: number;
  readonly within: number;
  readonly gramsAt: readonly number[];
  readonly values: readonly number[];
}

/** The tables of these literals: one, or one for the long and one for the short. */
export function buildGramTables(literals: readonly GramLiteral[]): GramTableData[] {
  const unique = new Map<string, { literal: GramLiteral; values: number[]; within: number }>();
  for (const literal of literals) {
    // Longer than where it may lie: it never does.
    if (literal.within !== 0 && literal.within < literal.bytes.length) continue;
    const key = `${literal.nocase ? 'i' : 'c'}${latin1Key(literal)}`;
    const known = unique.get(key);
    if (known === undefined) unique.set(key, { literal, values: [literal.value], within: literal.within });
    else {
      known.values.push(literal.value);
      known.within = known.within === 0 || literal.within === 0 ? 0 : Math.max(known.within, literal.within);
    }
  }
  const isSmall = unique.size <= FEW;
  return tablesOf(
    Array.from(unique.values(), ({ literal, values, within }) => {
      const written = literal.bytes.subarray(0, LONGEST);
      const bytes = literal.nocase ? lowerCase(written) : written;
      return { bytes, nocase: literal.nocase ? 1 : 0, within, gramsAt: gramsOf(written, isSmall), values };
    }),
  );
}

/** Where the grams begin by which a literal is found: one for each way it may lie beneath every fourth position, or its rarest. */
function gramsOf(bytes: Uint8Array, everyPosition: boolean): readonly number[] {
  if (everyPosition || bytes.length < LONG) return [rarestGram(bytes)];
  return [rarestGram(bytes, 0, 4), rarestGram(bytes, 1, 4), rarestGram(bytes, 2, 4), rarestGram(bytes, 3, 4)];
}

function tablesOf(literals: readonly Placed[]): GramTableData[] {
  const long = literals.filter((literal) => literal.gramsAt.length > 1);
  const short = literals.filter((literal) => literal.gramsAt.length === 1);
  return [...(long.length > 0 ? [lay(long, 4)] : []), ...(short.length > 0 ? [lay(short, 1)] : [])];
}

/** The same tables for a part of their values; none where none is left. */
export function narrowGramTables(tables: readonly GramTableData[], keep: (value: number) => boolean): GramTableData[] {
  const left = tables.map((data) => keptLiterals(data, keep));
  const counts = left.map((numbers) => numbers.reduce((count, number) => Math.max(count, number), 0));
  const count = counts.reduce((sum, one) => sum + one, 0);
  if (count > FEW) return tables.flatMap((data, at) => (counts[at] === 0 ? [] : [narrowed(data, left[at], counts[at], keep)]));
  return tablesOf(tables.flatMap((data, at) => placedOf(data, left[at], keep)));
}

/** One table for the literals of both, looked for at every position; undefined where they are too many for that. */
export function joinedGramTable(one: GramTableData, other: GramTableData): GramTableData | undefined {
  if (one.starts.length + other.starts.length > FEW) return undefined;
  const all = (): boolean => true;
  return lay(
    [one, other].flatMap((data) => placedOf(data, keptLiterals(data, all), all)),
    1,
  );
}

/** By literal: its number in the narrowed table, from 1 on; 0: none of its values is kept. */
function keptLiterals({ starts, valueStarts, values }: GramTableData, keep: (value: number) => boolean): Uint32Array {
  const numbers = new Uint32Array(starts.length);
  let count = 0;
  for (let literal = 0; literal < starts.length; literal++) {
    for (let at = valueStarts[literal]; at < valueStarts[literal + 1]; at++) {
      if (!keep(values[at])) continue;
      numbers[literal] = ++count;
      break;
    }
  }
  return numbers;
}

/** What is left of few literals, which are looked for at every position. */
function placedOf(data: GramTableData, numbers: Uint32Array, keep: (value: number) => boolean): Placed[] {
  const left: Placed[] = [];
  for (let literal = 0; literal < numbers.length; literal++) {
    if (numbers[literal] === 0) continue;
    const bytes = data.pool.subarray(data.starts[literal], data.starts[literal] + data.lengths[literal]);
    const values = Array.from(data.values.subarray(data.valueStarts[literal], data.valueStarts[literal + 1])).filter(keep);
    left.push({ bytes, nocase: data.nocase[literal], within: data.withins[literal], gramsAt: gramsOf(bytes, true), values });
  }
  return left;
}

/** As `lay`, without what is not kept. Grams of a bucket stay together where there are fewer buckets, and literals stay where they lie. */
function narrowed(data: GramTableData, numbers: Uint32Array, literalCount: number, keep: (value: number) => boolean): GramTableData {
  const { step, grams, gramOffsets, literals, pool } = data;
  let count = 0;
  for (let gram = 0; gram < grams.length; gram++) if (numbers[literals[gram]] > 0) count++;
  const made = emptyTable(step, count, literalCount, data.values.filter(keep).length, pool);
  let place = 0;
  for (let gram = 0; gram < grams.length; gram++) {
    const number = numbers[literals[gram]];
    if (number === 0) continue;
    made.grams[place] = grams[gram];
    made.gramOffsets[place] = gramOffsets[gram];
    made.literals[place++] = number - 1;
  }
  let valueAt = 0;
  for (let literal = 0; literal < numbers.length; literal++) {
    const number = numbers[literal] - 1;
    if (number < 0) continue;
    made.starts[number] = data.starts[literal];
    made.lengths[number] = data.lengths[literal];
    made.nocase[number] = data.nocase[literal];
    made.withins[number] = data.withins[literal];
    for (let at = data.valueStarts[literal]; at < data.valueStarts[literal + 1]; at++) if (keep(data.values[at])) made.values[valueAt++] = data.values[at];
    made.valueStarts[number + 1] = valueAt;
  }
  for (let at = 0; at < count; at++) enter(made, made.grams[at]);
  sumUp(made.buckets);
  return made;
}

/** Sets the bits of a gram and counts it in its bucket. */
function enter({ bits, bucketBits, filter, buckets }: GramTableData, gram: number): void {
  const hash = hashGram(gram, bits);
  const other = otherHash(gram, bits);
  filter[hash >>> 3] |= 1 << (hash & 7);
  filter[other >>> 3] |= 1 << (other & 7);
  buckets[(hash >>> (bits - bucketBits)) + 1]++;
}

/** Counts become beginnings. */
function sumUp(buckets: Uint32Array): void {
  for (let bucket = 1; bucket < buckets.length; bucket++) buckets[bucket] += buckets[bucket - 1];
}

function emptyTable(step: 1 | 4, count: number, literals: number, values: number, pool: Uint8Array): GramTableData {
  const width = Math.ceil(Math.log2(count));
  const bits = Math.min(MOST_BITS, Math.max(LEAST_BITS, width + SPARSE_BITS[step]));
  const bucketBits = Math.min(bits, Math.max(4, width + 1));
  return {
    step,
    bits,
    filter: new Uint8Array(1 << (bits - 3)),
    bucketBits,
    buckets: new Uint32Array((1 << bucketBits) + 1),
    grams: new Int32Array(count),
    gramOffsets: new Uint16Array(count),
    literals: new Uint32Array(count),
    starts: new Uint32Array(literals),
    lengths: new Uint16Array(literals),
    nocase: new Uint8Array(literals),
    withins: new Uint32Array(literals),
    valueStarts: new Uint32Array(literals + 1),
    values: new Uint32Array(values),
    pool,
  };
}

function lay(literals: readonly Placed[], step: 1 | 4): GramTableData {
  const count = literals.reduce((sum, literal) => sum + literal.gramsAt.length, 0);
  const valueCount = literals.reduce((sum, one) => sum + one.values.length, 0);
  const pool = new Uint8Array(literals.reduce((sum, one) => sum + one.bytes.length, 0));
  const data = emptyTable(step, count, literals.length, valueCount, pool);
  let poolAt = 0;
  let valueAt = 0;
  for (let number = 0; number < literals.length; number++) {
    const { bytes, nocase, values, within, gramsAt } = literals[number];
    data.starts[number] = poolAt;
    data.lengths[number] = bytes.length;
    pool.set(bytes, poolAt);
    poolAt += bytes.length;
    data.nocase[number] = nocase;
    data.withins[number] = within;
    for (const value of values) data.values[valueAt++] = value;
    data.valueStarts[number + 1] = valueAt;
    for (const at of gramsAt) enter(data, foldedGram(bytes, at));
  }
  sumUp(data.buckets);
  const next = data.buckets.slice();
  for (let number = 0; number < literals.length; number++) {
    const { bytes, gramsAt } = literals[number];
    for (const at of gramsAt) {
      const gram = foldedGram(bytes, at);
      const place = next[hashGram(gram, data.bucketBits)]++;
      data.grams[place] = gram;
      data.gramOffsets[place] = at;
      data.literals[place] = number;
    }
  }
  return data;
}

function latin1Key(literal: GramLiteral): string {
  let text = '';
  for (const byte of literal.bytes) text += String.fromCharCode(literal.nocase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);
  return text;
}

/** The second part of a literal by which the kernel tells it from others with the same gram: its first or last four bytes, what is farther off. */
function secondGramAt(length: number, gramAt: number): number {
  return gramAt >= length - 4 - gramAt ? 0 : length - 4;
}

const NO_MASKS = new Uint8Array(0);

/** A table as the kernel reads it, which has no marks yet; `search` of scan.as.ts has the format. */
function kernelTable(data: GramTableData, isSmall: boolean): Uint8Array {
  const { grams, lengths, pool } = data;
  const masks = isSmall ? masksOf(grams) : NO_MASKS;
  const filterAt = HEADER + masks.length;
  const bucketsAt = filterAt + data.filter.length;
  const entriesAt = bucketsAt + data.buckets.length * 4;
  const rowsAt = Math.ceil((entriesAt + grams.length * ENTRY) / 8) * 8;
  const poolAt = rowsAt + lengths.length * ROW;
  const poolLength = lengths.reduce((sum, length) => sum + length, 0);
  // Tables for parts of its literals share a pool: most of it is taken as it is, of less what is theirs.
  const isWhole = poolLength * 2 > pool.length;
  const bytes = new Uint8Array(Math.ceil((poolAt + (isWhole ? pool.length : poolLength)) / 4) * 4);
  const words = new Int32Array(bytes.buffer);
  words.set([isSmall ? 0 : data.step, 32 - data.bits, 32 - data.bucketBits, HEADER, bucketsAt, entriesAt, rowsAt, poolAt]);
  bytes.set(masks, HEADER);
  bytes.set(data.filter, filterAt);
  words.set(data.buckets, bucketsAt / 4);
  writeEntries(words, entriesAt / 4, data);
  writeRows(words, rowsAt / 4, data, isWhole);
  if (isWhole) bytes.set(pool, poolAt);
  else packLiterals(bytes, poolAt, data);
  return bytes;
}

function writeEntries(words: Int32Array, at: number, data: GramTableData): void {
  const { grams, gramOffsets, literals, lengths, starts, withins, pool } = data;
  let word = at;
  for (let place = 0; place < grams.length; place++) {
    const number = literals[place];
    const length = lengths[number];
    const offset = gramOffsets[place];
    const second = secondGramAt(length, offset);
    const within = withins[number];
    words[word] = grams[place];
    words[word + 1] = otherHash(foldedGram(pool, starts[number] + second), SECOND_BITS) | ((second - offset) << 16);
    // Where the gram stands when the literal ends with the last byte that it may.
    words[word + 2] = within === 0 || within >= FAR ? ANYWHERE : within - length + offset;
    words[word + 3] = number;
    words[word + 4] = offset;
    word += ENTRY / 4;
  }
}

/** `isWhole`: literals stay where they lie in the pool; else they follow each other. */
function writeRows(words: Int32Array, at: number, { lengths, starts, nocase }: GramTableData, isWhole: boolean): void {
  let word = at;
  let packedAt = 0;
  for (let number = 0; number < lengths.length; number++) {
    words[word + 2] = isWhole ? starts[number] : packedAt;
    words[word + 3] = lengths[number] | (nocase[number] << 16);
    packedAt += lengths[number];
    word += ROW / 4;
  }
}

function packLiterals(bytes: Uint8Array, at: number, { lengths, starts, pool }: GramTableData): void {
  let to = at;
  for (let number = 0; number < lengths.length; number++) {
    for (let byte = starts[number], end = byte + lengths[number]; byte < end; byte++) bytes[to++] = pool[byte];
  }
}

/** Collects reported values. */
export interface ValueSink {
  add(value: number): void;
}

export class GramTable {
  readonly data: GramTableData;
  readonly #filter: Uint8Array;
  readonly #shift: number;
  readonly #bucketShift: number;
  /** each literal is reported once per scan: the number of the scan that reported it last */
  readonly #reported: Uint32Array;
  #scan = 0;
  readonly #isSmall: boolean;
  /** where the kernel keeps the table, once it was asked to */
  #kept = -1;

  constructor(data: GramTableData) {
    this.data = data;
    this.#filter = data.filter;
    this.#shift = 32 - data.bits;
    this.#bucketShift = 32 - data.bucketBits;
    this.#reported = new Uint32Array(data.starts.length);
    this.#isSmall = data.step === 1 && data.grams.length <= FEW;
  }

  /** How many literals. */
  get size(): number {
    return this.data.starts.length;
  }

  /** A search begins: each literal that occurs is reported once until the next. */
  begin(): void {
    this.#scan++;
  }

  /**
   * Reports the values of every literal that occurs in bytes[start, end), of which the kernel has loaded what begins at `from`; what
   * begins at `to` and behind it is not looked for. `offset`: how many bytes of the stream or body came before `start`, for literals bound to its beginning.
   */
  piece(kernel: ScanKernel, bytes: Uint8Array, start: number, end: number, from: number, to: number, offset: number, sink: ValueSink): void {
    if (this.#kept < 0) this.#kept = this.#keep(kernel);
    const count = kernel.search(this.#kept, to - from);
    const { found } = kernel;
    for (let at = 0; at < count; at++) {
      const number = found[at];
      if (number < PERHAPS) this.#report(number, sink);
      else {
        const position = from + number - PERHAPS;
        this.#confirm(bytes, start, end, position, foldedGram(bytes, position), offset, sink);
      }
    }
  }

  /** The same for the whole of it, in plain TypeScript. */
  plain(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    if (end - start < 4) return;
    if (this.data.step === 4) this.#everyFourth(bytes, start, end, offset, sink);
    else this.#everyOne(bytes, start, end, offset, sink);
  }

  #keep(kernel: ScanKernel): number {
    kernel.makeRoom(this.size);
    return kernel.keep(this.data, () => kernelTable(this.data, this.#isSmall));
  }

  #everyFourth(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    const last = end - 4;
    for (let at = start; at <= last; at += 4) {
      const gram = foldedGram(bytes, at);
      if (this.#mayBe(gram)) this.#confirm(bytes, start, end, at, gram, offset, sink);
    }
  }

  #everyOne(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    const last = end - 4;
    let value = (bytes[start] << 8) | (bytes[start + 1] << 16) | (bytes[start + 2] << 24);
    for (let at = start; at <= last; at++) {
      value = (value >>> 8) | (bytes[at + 3] << 24);
      const gram = value | ((value & 0x40404040) >>> 1);
      if (this.#mayBe(gram)) this.#confirm(bytes, start, end, at, gram, offset, sink);
    }
  }

  #mayBe(gram: number): boolean {
    const filter = this.#filter;
    const hash = Math.imul(gram, 0x9e3779b1) >>> this.#shift;
    if ((filter[hash >>> 3] & (1 << (hash & 7))) === 0) return false;
    const other = Math.imul(gram, 0x85ebca6b) >>> this.#shift;
    return (filter[other >>> 3] & (1 << (other & 7))) !== 0;
  }

  #confirm(bytes: Uint8Array, start: number, end: number, at: number, gram: number, offset: number, sink: ValueSink): void {
    const data = this.data;
    const { grams, buckets } = data;
    const bucket = Math.imul(gram, 0x9e3779b1) >>> this.#bucketShift;
    for (let place = buckets[bucket], until = buckets[bucket + 1]; place < until; place++) {
      if (grams[place] !== gram) continue;
      const number = data.literals[place];
      if (this.#reported[number] === this.#scan) continue;
      const from = at - data.gramOffsets[place];
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
      this.#report(number, sink);
    }
  }

  #report(number: number, sink: ValueSink): void {
    const { valueStarts, values } = this.data;
    this.#reported[number] = this.#scan;
    for (let at = valueStarts[number], stop = valueStarts[number + 1]; at < stop; at++) sink.add(values[at]);
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
