/**
 * Short values looked up as a whole: a domain, a hash, a method. One probe for the whole value, and for tables with suffix
 * entries one for every label. Letters are folded in the hash and compared by the rule itself. Typed arrays: saved as it is.
 */
import type { ValueSink } from './gram-table.ts';

export interface NameEntry {
  readonly bytes: Uint8Array;
  readonly shape: 'whole' | 'suffix';
  readonly value: number;
}

export interface NameTableData {
  readonly bits: number;
  /** per slot: hash of the name (0 is never one) */
  readonly hashes: Uint32Array;
  /** per slot: start and end of its values */
  readonly valueStarts: Uint32Array;
  readonly valueEnds: Uint32Array;
  readonly values: Uint32Array;
  readonly hasSuffixes: boolean;
  /** by length, the last for all that are longer: 1 where a name of that length is looked for as a whole */
  readonly lengths: Uint8Array;
}

const DOT = 0x2e;
/** Lengths that are told apart. */
const LENGTHS = 256;
const WHOLE_SEED = 0x811c9dc5;
const SUFFIX_SEED = 0x2f0b4c47;

export function buildNameTable(entries: readonly NameEntry[]): NameTableData {
  const lists = new Map<number, number[]>();
  const lengths = new Uint8Array(LENGTHS);
  let hasSuffixes = false;
  for (const entry of entries) {
    const suffix = entry.shape === 'suffix';
    hasSuffixes ||= suffix;
    if (!suffix) lengths[Math.min(entry.bytes.length, LENGTHS - 1)] = 1;
    const hash = hashBackwards(entry.bytes, 0, entry.bytes.length, suffix ? SUFFIX_SEED : WHOLE_SEED);
    const known = lists.get(hash);
    if (known === undefined) lists.set(hash, [entry.value]);
    else known.push(entry.value);
  }
  const bits = Math.max(4, Math.ceil(Math.log2(Math.max(1, lists.size))) + 1);
  const size = 1 << bits;
  const data = {
    bits,
    hashes: new Uint32Array(size),
    valueStarts: new Uint32Array(size),
    valueEnds: new Uint32Array(size),
    values: new Uint32Array(entries.length),
    hasSuffixes,
    lengths,
  };
  let at = 0;
  for (const [hash, values] of lists) {
    let slot = hash & (size - 1);
    while (data.hashes[slot] !== 0) slot = (slot + 1) & (size - 1);
    data.hashes[slot] = hash;
    data.valueStarts[slot] = at;
    for (const value of values) data.values[at++] = value;
    data.valueEnds[slot] = at;
  }
  return data;
}

export class NameTable {
  readonly data: NameTableData;

  constructor(data: NameTableData) {
    this.data = data;
  }

  /** Values of every entry that bytes[start, end) equals, or ends in at a label. */
  find(bytes: Uint8Array, start: number, end: number, sink: ValueSink): void {
    const { hasSuffixes, lengths } = this.data;
    if (lengths[Math.min(end - start, LENGTHS - 1)] === 1) this.#probe(hashBackwards(bytes, start, end, WHOLE_SEED), sink);
    if (!hasSuffixes) return;
    let hash = SUFFIX_SEED;
    for (let at = end - 1; at >= start; at--) {
      const byte = bytes[at];
      hash = Math.imul(hash ^ (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte), 0x01000193);
      if (at === start || bytes[at - 1] === DOT) this.#probe(finished(hash), sink);
    }
  }

  #probe(hash: number, sink: ValueSink): void {
    const { hashes, valueStarts, valueEnds, values } = this.data;
    const mask = hashes.length - 1;
    for (let slot = hash & mask; hashes[slot] !== 0; slot = (slot + 1) & mask) {
      if (hashes[slot] !== hash) continue;
      for (let at = valueStarts[slot]; at < valueEnds[slot]; at++) sink.add(values[at]);
      return;
    }
  }
}

/** From the last byte to the first, so that every suffix's hash comes on the way. */
function hashBackwards(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let at = end - 1; at >= start; at--) {
    const byte = bytes[at];
    hash = Math.imul(hash ^ (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte), 0x01000193);
  }
  return finished(hash);
}

function finished(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return (mixed ^ (mixed >>> 13)) >>> 0 || 1;
}
