/** Sets of addresses and of ports, for rule headers and variables: made once, asked millions of times. */
import { type AddressRange, compareWords } from './address.ts';

export interface AddressSetInput {
  readonly include: readonly AddressRange[];
  readonly exclude: readonly AddressRange[];
  /** everything, less `exclude` */
  readonly all: boolean;
}

const MOST_SAMPLES = 32;
const PORTS = 65_536;

export class AddressSet {
  readonly #all: boolean;
  /** sorted, merged, flattened: from, to, from, to … */
  readonly #include4: Uint32Array;
  readonly #exclude4: Uint32Array;
  /** the same for IPv6, eight words a range */
  readonly #include6: Uint32Array;
  readonly #exclude6: Uint32Array;

  constructor(input: AddressSetInput) {
    this.#all = input.all;
    this.#include4 = flatten(input.include);
    this.#exclude4 = flatten(input.exclude);
    this.#include6 = flatten6(input.include);
    this.#exclude6 = flatten6(input.exclude);
  }

  /** First halves of all IPv4 addresses inside, where they are single addresses and small networks, all IPv4; undefined otherwise. For indexes. */
  prefixes(): readonly number[] | undefined {
    if (this.#all || this.#include6.length > 0) return undefined;
    const list: number[] = [];
    for (let at = 0; at < this.#include4.length; at += 2) {
      const prefix = this.#include4[at] >>> 16;
      if (this.#include4[at + 1] >>> 16 !== prefix || list.length >= MOST_PREFIXES) return undefined;
      if (list[list.length - 1] !== prefix) list.push(prefix);
    }
    return list;
  }

  /** A few IPv4 addresses of the ranges that are named, as hosts have them: neither the first nor the last of a network. */
  samples(): readonly number[] {
    const list: number[] = [];
    for (let at = 0; at < this.#include4.length && list.length < MOST_SAMPLES; at += 2) {
      const from = this.#include4[at];
      const to = this.#include4[at + 1];
      for (const host of [from + 17, from + 80, from + 1, from]) if (host <= to && !list.includes(host)) list.push(host);
    }
    return list;
  }

  /** IPv4 addresses at which membership changes, or may. */
  boundaries(): readonly number[] {
    return [this.#include4, this.#exclude4].flatMap((flat) => Array.from(flat, (address, at) => address + (at & 1)));
  }

  /** Is all that is named taken away again? */
  isEmpty(): boolean {
    if (this.#all) return false;
    const last = this.#exclude4.length - 2;
    for (let at = 0, other = 0; at < this.#include4.length; at += 2) {
      while (other < last && this.#exclude4[other + 1] < this.#include4[at]) other += 2;
      if (last < 0 || this.#exclude4[other] > this.#include4[at] || this.#exclude4[other + 1] < this.#include4[at + 1]) return false;
    }
    const last6 = this.#exclude6.length - 8;
    for (let at = 0, other = 0; at < this.#include6.length; at += 8) {
      const [from, to] = [this.#include6.subarray(at, at + 4), this.#include6.subarray(at + 4, at + 8)];
      while (other < last6 && order6(from, this.#exclude6, other + 4) > 0) other += 8;
      if (last6 < 0 || order6(from, this.#exclude6, other) < 0 || order6(to, this.#exclude6, other + 4) > 0) return false;
    }
    return true;
  }

  contains(words: Uint32Array, version: number): boolean {
    if (version === 4) {
      const word = words[0];
      return (this.#all || inside(this.#include4, word)) && !inside(this.#exclude4, word);
    }
    return (this.#all || inside6(this.#include6, words)) && !inside6(this.#exclude6, words);
  }
}

/** A set that covers more is no use in an index. */
const MOST_PREFIXES = 1024;

function flatten(ranges: readonly AddressRange[]): Uint32Array {
  const list = ranges.filter((range) => range.version === 4).map((range) => [range.from[0], range.to[0]]);
  list.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [from, to] of list) {
    if (merged.length > 0 && from <= merged[merged.length - 1] + 1) merged[merged.length - 1] = Math.max(merged[merged.length - 1], to);
    else merged.push(from, to);
  }
  return Uint32Array.from(merged);
}

function inside(flat: Uint32Array, word: number): boolean {
  const { length } = flat;
  if (length <= 8) {
    for (let at = 0; at < length; at += 2) if (word >= flat[at] && word <= flat[at + 1]) return true;
    return false;
  }
  let low = 0;
  let high = length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (word < flat[middle * 2]) high = middle - 1;
    else if (word > flat[middle * 2 + 1]) low = middle + 1;
    else return true;
  }
  return false;
}

function flatten6(ranges: readonly AddressRange[]): Uint32Array {
  const list = ranges.filter((range) => range.version === 6).sort((a, b) => compareWords(a.from, b.from));
  const merged: { from: Uint32Array; to: Uint32Array }[] = [];
  for (const { from, to } of list) {
    const last = merged[merged.length - 1];
    // Ranges that only touch stay apart: it costs a step of the search, not a wrong answer.
    if (last !== undefined && compareWords(from, last.to) <= 0) {
      if (compareWords(to, last.to) > 0) last.to = to;
    } else merged.push({ from, to });
  }
  const flat = new Uint32Array(merged.length * 8);
  for (let at = 0; at < merged.length; at++) {
    flat.set(merged[at].from, at * 8);
    flat.set(merged[at].to, at * 8 + 4);
  }
  return flat;
}

function inside6(flat: Uint32Array, words: Uint32Array): boolean {
  let low = 0;
  let high = flat.length / 8 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (order6(words, flat, middle * 8) < 0) high = middle - 1;
    else if (order6(words, flat, middle * 8 + 4) > 0) low = middle + 1;
    else return true;
  }
  return false;
}

function order6(words: Uint32Array, flat: Uint32Array, at: number): number {
  for (let word = 0; word < 4; word++) if (words[word] !== flat[at + word]) return words[word] < flat[at + word] ? -1 : 1;
  return 0;
}

/** Ports, put together from ranges and other sets. Empty at first. */
export class PortSet {
  /** one bit a port */
  readonly #bits = new Uint32Array(PORTS / 32);

  /** Takes in the ports `from` to `to`, both included. */
  add(from: number, to: number): this {
    const first = from >>> 5;
    const last = to >>> 5;
    const head = -1 << (from & 31);
    const tail = -1 >>> (31 - (to & 31));
    if (first === last) this.#bits[first] |= head & tail;
    else {
      this.#bits[first] |= head;
      this.#bits.fill(0xffff_ffff, first + 1, last);
      this.#bits[last] |= tail;
    }
    return this;
  }

  addAll(other: PortSet): void {
    for (let word = 0; word < this.#bits.length; word++) this.#bits[word] |= other.#bits[word];
  }

  removeAll(other: PortSet): void {
    for (let word = 0; word < this.#bits.length; word++) this.#bits[word] &= ~other.#bits[word];
  }

  contains(port: number): boolean {
    return ((this.#bits[port >>> 5] >>> (port & 31)) & 1) === 1;
  }

  containsAll(): boolean {
    for (let word = 0; word < this.#bits.length; word++) if (this.#bits[word] !== 0xffff_ffff) return false;
    return true;
  }

  isEmpty(): boolean {
    return this.#bits.every((word) => word === 0);
  }

  /** Ports at which membership changes, ascending. */
  boundaries(): readonly number[] {
    const list: number[] = [];
    let before = this.#bits[0] & 1;
    for (let word = 0; word < this.#bits.length; word++) {
      const bits = this.#bits[word];
      for (let changes = bits ^ ((bits << 1) | before); changes !== 0; changes &= changes - 1) list.push(word * 32 + 31 - Math.clz32(changes & -changes));
      before = bits >>> 31;
    }
    return list;
  }
}
