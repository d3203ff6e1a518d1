/**
 * Countries of addresses from a MaxMind DB (file format 2.0, published by MaxMind as a specification): a binary tree over the bits of
 * an address, whose leaves point to a value. Nothing is unpacked before it is asked for. Limits: a path of 128 bits, values 16 deep.
 */
import { fromLatin1, latin1, uint16, utf8 } from '@sigwright/bytes';
import type { Countries } from '@sigwright/contracts';

const MARKER = fromLatin1('\xab\xcd\xefMaxMind.com');
/** Sixteen zero bytes lie between the tree and the values. */
const SEPARATOR = 16;
/** IPv4 addresses lie below 96 zero bits of a tree for IPv6. */
const BITS_BEFORE_IPV4 = 96;
const DEEPEST = 16;
const MOST_ENTRIES = 4096;

const POINTER = 1;
const STRING = 2;
const DOUBLE = 3;
const BYTES = 4;
const UNSIGNED_16 = 5;
const UNSIGNED_32 = 6;
const MAP = 7;
const SIGNED_32 = 8;
const UNSIGNED_64 = 9;
const UNSIGNED_128 = 10;
const ARRAY = 11;
const BOOLEAN = 14;
const FLOAT = 15;

type Value = string | number | boolean | undefined | readonly Value[] | ReadonlyMap<string, Value>;

/** Undefined: it is no such database, or it ends too early. */
export function openCountries(bytes: Uint8Array): Countries | undefined {
  const start = lastIndexOf(bytes, MARKER);
  if (start < 0) return undefined;
  const [metadata] = new Values(bytes, start + MARKER.length).read(start + MARKER.length, 0);
  const nodeCount = numberIn(metadata, 'node_count');
  const recordSize = numberIn(metadata, 'record_size');
  const version = numberIn(metadata, 'ip_version');
  if (nodeCount === undefined || version === undefined || (recordSize !== 24 && recordSize !== 28 && recordSize !== 32)) return undefined;
  const treeSize = (nodeCount * recordSize) / 4;
  if (treeSize + SEPARATOR > start) return undefined;
  const values = new Values(bytes.subarray(0, start), treeSize + SEPARATOR);
  const step = (node: number, bit: number): number => record(bytes, (node * recordSize) / 4, recordSize, bit);
  const known = new Map<number, string | undefined>();
  return {
    country(words, ipVersion) {
      if (ipVersion === 6 && version !== 6) return undefined;
      let node = 0;
      if (ipVersion === 4 && version === 6) for (let bit = 0; bit < BITS_BEFORE_IPV4 && node < nodeCount; bit++) node = step(node, 0);
      const bits = ipVersion === 4 ? 32 : 128;
      for (let bit = 0; bit < bits && node < nodeCount; bit++) node = step(node, (words[bit >> 5] >>> (31 - (bit & 31))) & 1);
      if (node <= nodeCount) return undefined;
      if (!known.has(node)) {
        const [value] = values.read(node - nodeCount + treeSize, 0);
        const country = value instanceof Map ? (value as ReadonlyMap<string, Value>).get('country') : undefined;
        const code = country instanceof Map ? (country as ReadonlyMap<string, Value>).get('iso_code') : undefined;
        if (known.size < MOST_ENTRIES) known.set(node, typeof code === 'string' ? code : undefined);
        return typeof code === 'string' ? code : undefined;
      }
      return known.get(node);
    },
  };
}

/** The left or right half of a node. */
function record(bytes: Uint8Array, at: number, size: number, bit: number): number {
  if (size === 24) return (bytes[at + 3 * bit] << 16) | uint16(bytes, at + 3 * bit + 1);
  if (size === 32) return uint16(bytes, at + 4 * bit) * 65_536 + uint16(bytes, at + 4 * bit + 2);
  const high = bit === 0 ? bytes[at + 3] >> 4 : bytes[at + 3] & 15;
  const low = at + (bit === 0 ? 0 : 4);
  return (high << 24) | (bytes[low] << 16) | uint16(bytes, low + 1);
}

class Values {
  readonly #bytes: Uint8Array;
  /** what pointers count from */
  readonly #base: number;

  constructor(bytes: Uint8Array, base: number) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** The value at `at`, and where the next one begins. What is cut off or too deep is undefined. */
  read(at: number, depth: number): readonly [value: Value, next: number] {
    const bytes = this.#bytes;
    if (at >= bytes.length || depth > DEEPEST) return [undefined, bytes.length];
    const control = bytes[at];
    let next = at + 1;
    let type = control >> 5;
    if (type === POINTER) return this.#pointer(control, next, depth);
    if (type === 0) type = 7 + (bytes[next++] ?? 0);
    let size = control & 31;
    if (size >= 29) {
      const extra = size - 28;
      size = [29, 285, 65_821][extra - 1] + number(bytes, next, extra);
      next += extra;
    }
    if (type === MAP) return this.#map(size, next, depth);
    if (type === ARRAY) return this.#array(size, next, depth);
    if (type === BOOLEAN) return [size === 1, next];
    const end = next + size;
    if (end > bytes.length) return [undefined, bytes.length];
    switch (type) {
      case STRING:
        return [utf8(bytes.subarray(next, end)), end];
      case UNSIGNED_16:
      case UNSIGNED_32:
      case SIGNED_32:
      case UNSIGNED_64:
      case UNSIGNED_128:
        return [number(bytes, next, size), end];
      case BYTES:
        return [latin1(bytes, next, end), end];
      case DOUBLE:
      case FLOAT:
        return [undefined, end];
      default:
        return [undefined, bytes.length];
    }
  }

  #pointer(control: number, at: number, depth: number): readonly [value: Value, next: number] {
    const size = (control >> 3) & 3;
    const high = size === 3 ? 0 : (control & 7) * 256 ** (size + 1);
    const target = high + number(this.#bytes, at, size + 1) + [0, 2048, 526_336, 0][size];
    return [this.read(this.#base + target, depth + 1)[0], at + size + 1];
  }

  #map(size: number, at: number, depth: number): readonly [value: Value, next: number] {
    const entries = new Map<string, Value>();
    let next = at;
    for (let count = 0; count < Math.min(size, MOST_ENTRIES) && next < this.#bytes.length; count++) {
      const [key, behind] = this.read(next, depth + 1);
      const [value, end] = this.read(behind, depth + 1);
      if (typeof key === 'string') entries.set(key, value);
      next = end;
    }
    return [entries, next];
  }

  #array(size: number, at: number, depth: number): readonly [value: Value, next: number] {
    const items: Value[] = [];
    let next = at;
    for (let count = 0; count < Math.min(size, MOST_ENTRIES) && next < this.#bytes.length; count++) {
      const [value, end] = this.read(next, depth + 1);
      items.push(value);
      next = end;
    }
    return [items, next];
  }
}

function number(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = at; index < Math.min(bytes.length, at + size); index++) value = value * 256 + bytes[index];
  return value;
}

function numberIn(value: Value, name: string): number | undefined {
  const found = value instanceof Map ? (value as ReadonlyMap<string, Value>).get(name) : undefined;
  return typeof found === 'number' ? found : undefined;
}

function lastIndexOf(bytes: Uint8Array, what: Uint8Array): number {
  for (let at = bytes.length - what.length; at >= 0; at--) if (what.every((byte, index) => bytes[at + index] === byte)) return at;
  return -1;
}
