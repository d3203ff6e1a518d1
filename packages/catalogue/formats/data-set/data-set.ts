/**
 * Sets of values that rules look up and change: strings, digests, addresses; with a reputation or a JSON object for each value
 * where a file gives one. Suricata user guide, "Datasets". Sets belong to the settings that rules are compiled with, so that
 * all rules, however often they are compiled, see the same ones.
 */
import { addressBytes, formatAddressLong, fromHex, fromLatin1, hex, latin1, parseAddress } from '@sigwright/bytes';
import type { DataSet, DataSetType, EngineSettings } from '@sigwright/contracts';

/** Values in one set; beyond it nothing is added (rules that set must not eat the memory). */
const MOST_VALUES = 1_000_000;
/** A value longer than this is no name and no digest. */
const LONGEST_VALUE = 65_536;

export class MemoryDataSet implements DataSet {
  readonly name: string;
  readonly type: DataSetType;
  readonly savePath: string | undefined;
  /** of the table that Suricata would make for it */
  rows = 0;
  /** its file says all that is in it, and nothing is saved */
  isOfFile = false;
  /** what stands beside a value: reputation, or JSON object */
  readonly #values = new Map<string, unknown>();

  constructor(name: string, type: DataSetType, savePath: string | undefined) {
    this.name = name;
    this.type = type;
    this.savePath = savePath;
  }

  /** The key of a value in a buffer; undefined where such a value can not be in the set. */
  #key(bytes: Uint8Array): string | undefined {
    if (bytes.length > LONGEST_VALUE) return undefined;
    if (this.type === 'md5' && bytes.length !== 16) return undefined;
    if (this.type === 'sha256' && bytes.length !== 32) return undefined;
    if (this.type === 'ipv4' && bytes.length !== 4) return undefined;
    if (this.type === 'ip' && bytes.length === 4) return MAPPED + latin1(bytes);
    return latin1(bytes);
  }

  has(bytes: Uint8Array): boolean {
    const key = this.#key(bytes);
    return key !== undefined && this.#values.has(key);
  }

  hasParent(bytes: Uint8Array): boolean {
    if (this.has(bytes)) return true;
    for (let at = bytes.indexOf(DOT); at !== -1; at = bytes.indexOf(DOT, at + 1)) if (this.has(bytes.subarray(at))) return true;
    return false;
  }

  beside(bytes: Uint8Array, parents: boolean): unknown {
    const key = this.#key(bytes);
    if (key !== undefined && this.#values.has(key)) return this.#values.get(key);
    if (parents) {
      for (let at = bytes.indexOf(DOT); at !== -1; at = bytes.indexOf(DOT, at + 1)) {
        const parent = this.#values.get(latin1(bytes.subarray(at)));
        if (parent !== undefined) return parent;
      }
    }
    return undefined;
  }

  get size(): number {
    return this.#values.size;
  }

  /** of all values together */
  get bytes(): number {
    let sum = 0;
    for (const key of this.#values.keys()) sum += key.length;
    return sum;
  }

  /** False: it was there before. A later value does not change what stands beside an earlier one. */
  add(bytes: Uint8Array, beside: unknown = undefined): boolean {
    const key = this.#key(bytes);
    if (key === undefined || this.#values.has(key) || this.#values.size >= MOST_VALUES) return false;
    this.#values.set(key, beside);
    return true;
  }

  remove(bytes: Uint8Array): boolean {
    const key = this.#key(bytes);
    return key !== undefined && this.#values.delete(key);
  }

  /** As in a file, one line a value. */
  lines(): string[] {
    return [...this.#values.keys()].map((key) => writeValue(fromLatin1(key), this.type));
  }
}

const DOT = 0x2e;
/** An IPv4 address among IPv6 ones (RFC 4291 section 2.5.5.2). */
const MAPPED = `${'\0'.repeat(10)}\xff\xff`;

function writeValue(bytes: Uint8Array, type: DataSetType): string {
  switch (type) {
    case 'string':
      return btoa(latin1(bytes));
    case 'md5':
    case 'sha256':
      return hex(bytes);
    case 'ip':
    case 'ipv4': {
      const mapped = bytes.length === 16 && latin1(bytes).startsWith(MAPPED);
      const at = mapped ? 12 : 0;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const words = Uint32Array.from({ length: 4 }, (_, word) => (at + word * 4 + 4 <= bytes.length ? view.getUint32(at + word * 4) : 0));
      return formatAddressLong(words, bytes.length - at === 4 ? 4 : 6);
    }
  }
}

/** A value as files write it; undefined where it is none of this type. */
export function readValue(text: string, type: DataSetType, encoded: boolean): Uint8Array | undefined {
  switch (type) {
    case 'string':
      if (!encoded) return new TextEncoder().encode(text);
      return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? fromLatin1(atob(text)) : undefined;
    case 'md5':
    case 'sha256': {
      const length = type === 'md5' ? 16 : 32;
      return text.length === length * 2 ? fromHex(text) : undefined;
    }
    case 'ip':
    case 'ipv4': {
      const address = parseAddress(text);
      if (address === undefined || (type === 'ipv4' && address.version !== 4)) return undefined;
      return addressBytes(address.words, address.version);
    }
  }
}

const setsOfSettings = new WeakMap<EngineSettings, Map<string, MemoryDataSet>>();

export function setsOf(settings: EngineSettings): Map<string, MemoryDataSet> {
  let sets = setsOfSettings.get(settings);
  if (sets === undefined) {
    sets = new Map();
    setsOfSettings.set(settings, sets);
  }
  return sets;
}

/**
 * Rules are read again: what they gathered in sets is there for those with the settings `to`, too. A set that stands in a file and is not
 * saved is read from it anew (Suricata user guide, "Rule Reloads").
 */
export function keepDataSets(from: EngineSettings, to: EngineSettings): void {
  const kept = setsOf(to);
  for (const [name, set] of setsOf(from)) if (!set.isOfFile) kept.set(name, set);
}

/** Sets that rules want kept, with the path they gave. */
export function dataSetsToSave(settings: EngineSettings): readonly { readonly path: string; readonly lines: readonly string[] }[] {
  return [...setsOf(settings).values()].flatMap((set) => (set.savePath === undefined ? [] : [{ path: set.savePath, lines: set.lines() }]));
}
