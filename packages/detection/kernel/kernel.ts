/**
 * The compiled loops with their memory: a place to copy bytes to, a place for answers, and behind them the tables. A table is kept once for
 * all engines of its plan, and its place is used again when the plan is gone: an engine a capture must not make the memory grow. One for
 * each thread. Where WebAssembly or its SIMD is missing there is none, and the loops in plain TypeScript serve.
 */
import { SCAN_WASM } from './scan.wasm.ts';

/** Bytes looked at in one call. They stay in the first-level cache with the answers of most traffic; positions fit 16 bits. */
export const PIECE = 16_384;
/** Below this the call costs more than the loop it saves. */
export const WORTH_A_CALL = 96;

const PAGE = 65_536;
const INPUT = 1024;
/** a block's last load reaches behind the piece */
const SLACK = 64;
const ANSWERS = INPUT + PIECE + SLACK;
const NEEDLES = ANSWERS + (PIECE + SLACK) * 2;
/** Two- and three-byte needles looked for in one call, four bytes each. */
const MOST_NEEDLES = 1024;
/** Tables begin where a line of the cache does. */
const LINE = 64;
const TABLES = Math.ceil((NEEDLES + MOST_NEEDLES * 4) / LINE) * LINE;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  grams(start: number, length: number, filter: number, shift: number, out: number): number;
  everyFourth(start: number, length: number, filter: number, shift: number, out: number): number;
  few(start: number, length: number, masks: number, out: number): number;
  narrow(start: number, length: number, buckets: number, shift: number, entries: number, answers: number, count: number): number;
  shorts(start: number, length: number, needles: number, count: number): void;
}

/** A table of grams as the kernel keeps it. */
export interface KernelGrams {
  /** where the bit table begins, or the masks of a table of few grams */
  readonly filter: number;
  /** 32 less the bits of the bit table's size */
  readonly shift: number;
  readonly buckets: number;
  /** 32 less the bits of the number of buckets */
  readonly bucketShift: number;
  readonly entries: number;
}

export class ScanKernel {
  readonly #exports: Exports;
  #bytes: Uint8Array = new Uint8Array(0);
  /** positions found by the last call of `grams`, `everyFourth` or `few`, relative to what it looked at */
  answers: Uint16Array = new Uint16Array(0);
  #used = TABLES;
  readonly #kept = new WeakMap<object, number>();
  /** places whose owners are gone, by their size: tables have few sizes */
  readonly #free = new Map<number, number[]>();
  readonly #gone = new FinalizationRegistry<{ readonly at: number; readonly size: number }>(({ at, size }) => {
    const places = this.#free.get(size);
    if (places === undefined) this.#free.set(size, [at]);
    else places.push(at);
  });

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#reach(TABLES);
  }

  /** Where the table of `owner` lies, which `make` makes at first. It stays as long as the owner is in use. */
  keep(owner: object, make: () => Uint8Array): number {
    const known = this.#kept.get(owner);
    if (known !== undefined) return known;
    const table = make();
    const size = Math.ceil(table.length / LINE) * LINE;
    let at = this.#free.get(size)?.pop();
    if (at === undefined) {
      at = this.#used;
      this.#used += size;
      this.#reach(this.#used);
    }
    this.#bytes.set(table, at);
    this.#kept.set(owner, at);
    this.#gone.register(owner, { at, size });
    return at;
  }

  /** Bytes of memory, for tests. */
  get size(): number {
    return this.#bytes.length;
  }

  #reach(size: number): void {
    const missing = size - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE));
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.answers = new Uint16Array(this.#exports.memory.buffer, ANSWERS, PIECE + SLACK);
  }

  /** Looks at bytes[start, end), at most PIECE of them, for grams of `table`; returns how many positions lie in `answers`. */
  grams(bytes: Uint8Array, start: number, end: number, table: KernelGrams): number {
    this.#bytes.set(bytes.subarray(start, end), INPUT);
    return this.#narrow(end - start, table, this.#exports.grams(INPUT, end - start, table.filter, table.shift, ANSWERS));
  }

  /** As `grams`, for tables of which every fourth position is enough. */
  everyFourth(bytes: Uint8Array, start: number, end: number, table: KernelGrams): number {
    this.#bytes.set(bytes.subarray(start, end), INPUT);
    return this.#narrow(end - start, table, this.#exports.everyFourth(INPUT, end - start, table.filter, table.shift, ANSWERS));
  }

  /** As `grams`, for few grams: the table has masks instead of bits. */
  few(bytes: Uint8Array, start: number, end: number, table: KernelGrams): number {
    this.#bytes.set(bytes.subarray(start, end), INPUT);
    return this.#narrow(end - start, table, this.#exports.few(INPUT, end - start, table.filter, ANSWERS));
  }

  #narrow(length: number, { buckets, bucketShift, entries }: KernelGrams, count: number): number {
    return count === 0 ? 0 : this.#exports.narrow(INPUT, length, buckets, bucketShift, entries, ANSWERS, count);
  }

  /** `needles` as scan.as.ts wants them; what occurs in bytes[start, end) has its fourth byte set to 0. */
  shorts(bytes: Uint8Array, start: number, end: number, needles: Uint8Array): void {
    for (let from = 0; from < needles.length; from += MOST_NEEDLES * 4) {
      const some = needles.subarray(from, from + MOST_NEEDLES * 4);
      this.#bytes.set(some, NEEDLES);
      for (let at = start; ; at += PIECE - 2) {
        const until = Math.min(end, at + PIECE);
        this.#bytes.set(bytes.subarray(at, until), INPUT);
        this.#exports.shorts(INPUT, until - at, NEEDLES, some.length >>> 2);
        if (until === end) break;
      }
      some.set(this.#bytes.subarray(NEEDLES, NEEDLES + some.length));
    }
  }
}

/** What the language library of this project's TypeScript does not declare. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: { readonly Module: new (bytes: Uint8Array) => object; readonly Instance: new (module: object) => { readonly exports: unknown } };
};

let made: ScanKernel | undefined;
let tried = false;

/** The kernel of this thread, made at the first call. */
export function scanKernel(): ScanKernel | undefined {
  if (!tried) {
    tried = true;
    const exports = compiled();
    if (exports !== undefined) made = new ScanKernel(exports);
  }
  return made;
}

function compiled(): Exports | undefined {
  try {
    return new wasm.Instance(new wasm.Module(Uint8Array.from(atob(SCAN_WASM), (letter) => letter.charCodeAt(0)))).exports as Exports;
  } catch {
    // No WebAssembly here, or none with SIMD.
    return undefined;
  }
}
