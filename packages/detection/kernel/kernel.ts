/**
 * The compiled loops with their memory: a place to copy bytes to, a place for answers, and behind them the tables. A table is kept once for
 * all engines of its plan, and its place is used again when the plan is gone: an engine a capture must not make the memory grow. One for
 * each thread. Where WebAssembly or its SIMD is missing there is none, and the loops in plain TypeScript serve.
 */
import { type CompiledMemory, compiledModule, copyBytes } from '@sigwright/bytes';
import { SCAN_RELAXED_WASM, SCAN_WASM } from './scan.wasm.ts';

/** Bytes looked at in one call. They stay in the first-level cache with the answers of most traffic; positions fit 16 bits. */
export const PIECE = 16_384;
/** Below this the call costs more than the loop it saves. */
export const WORTH_A_CALL = 96;

const PAGE = 65_536;
const INPUT = 1024;
/** Bytes of one buffer that stay loaded while it is held: longer ones are loaded again. */
const HELD = 131_072;
/** a block's last load reaches behind the piece */
const SLACK = 64;
const ANSWERS = INPUT + HELD + SLACK;
/** Tables begin where a line of the cache does. */
const LINE = 64;
const TABLES = Math.ceil((ANSWERS + (PIECE + SLACK) * 2) / LINE) * LINE;

/** As in scan.as.ts. */
const HAS_BEGINNING = 1;
const HAS_END = 2;
/** Behind every bound that a literal can have; positions within a piece are added to it. */
export const FAR = 0xf000_0000;
/** As in scan.as.ts, said of a position. */
export const PERHAPS = 0x8000_0000;
/** Most tables have fewer literals. */
const LEAST_LITERALS = 4096;

interface Exports {
  readonly memory: CompiledMemory;
  few(start: number, length: number, masks: number, out: number): number;
  search(start: number, reach: number, length: number, table: number, before: number, ends: number, mark: number, answers: number, out: number): number;
  shorts(start: number, length: number, table: number, left: number): number;
  pair(start: number, from: number, length: number, one: number, oneFold: number, two: number, twoFold: number, gap: number): number;
}

/** Two bytes in a fixed distance; `fold`: the bit that is set in what is compared, 0x20 for a letter whose case does not count. */
export interface BytePair {
  readonly one: number;
  readonly oneFold: number;
  readonly two: number;
  readonly twoFold: number;
  readonly gap: number;
}

export class ScanKernel {
  readonly #exports: Exports;
  #bytes: Uint8Array = new Uint8Array(0);
  /** positions found by the last call of `classes`, relative to what was loaded */
  answers: Uint16Array = new Uint16Array(0);
  /** what the last call of `search` found: numbers of literals; positions, with PERHAPS, of which only the whole text tells */
  found: Uint32Array = new Uint32Array(0);
  #mostLiterals = 0;
  #foundAt = 0;
  #mark = 0;
  #used = TABLES;
  /** while buffers are held: bytes of one of them, of which [#loadedFrom, #loadedTo) lie from INPUT on */
  #holds = false;
  #loaded: Uint8Array | undefined = undefined;
  #loadedFrom = 0;
  #loadedTo = 0;
  /** where what is searched begins */
  #input = INPUT;
  #length = 0;
  #before = 0;
  #ends = 0;
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
    this.makeRoom(LEAST_LITERALS);
  }

  /** So many literals, those of one table, can be found in a piece. */
  makeRoom(literals: number): void {
    if (literals <= this.#mostLiterals) return;
    // The room before stays unused: twice as much each time, all of them together are no more than the last.
    const most = Math.max(literals, this.#mostLiterals * 2);
    this.#foundAt = this.#take((most + PIECE) * 4);
    this.#mostLiterals = most;
    this.#view();
  }

  #take(size: number): number {
    const at = this.#used;
    this.#used += Math.ceil(size / LINE) * LINE;
    this.#reach(this.#used);
    return at;
  }

  /** Where the table of `owner` lies, which `make` makes at first. It stays as long as the owner is in use. */
  keep(owner: object, make: () => Uint8Array): number {
    const known = this.#kept.get(owner);
    if (known !== undefined) return known;
    const table = make();
    const size = Math.ceil(table.length / LINE) * LINE;
    const at = this.#free.get(size)?.pop() ?? this.#take(size);
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
    this.#view();
  }

  #view(): void {
    const { buffer } = this.#exports.memory;
    this.#bytes = new Uint8Array(buffer);
    this.answers = new Uint16Array(buffer, ANSWERS, PIECE + SLACK);
    this.found = new Uint32Array(buffer, this.#foundAt, this.#mostLiterals + PIECE);
  }

  /** From here to `letGo` nobody writes to what is searched: what was loaded of it need not be loaded again. */
  hold(): void {
    this.#holds = true;
  }

  letGo(): void {
    this.#holds = false;
    this.#loaded = undefined;
  }

  /**
   * What the searches look at from now on: bytes[from, to), at most PIECE of them, of a text bytes[start, end). `offset`: how many
   * bytes of the stream or body came before `start`.
   */
  load(bytes: Uint8Array, start: number, end: number, from: number, to: number, offset: number): void {
    if (bytes !== this.#loaded || from < this.#loadedFrom || from > this.#loadedTo || to - this.#loadedFrom > HELD) {
      if (this.#holds) this.#loaded = bytes;
      this.#loadedFrom = this.#loadedTo = from;
    }
    this.#input = INPUT + from - this.#loadedFrom;
    if (to > this.#loadedTo) {
      copyBytes(bytes, this.#loadedTo, to, this.#bytes, INPUT + this.#loadedTo - this.#loadedFrom);
      this.#loadedTo = to;
    }
    this.#length = to - from;
    const before = offset + from - start;
    this.#before = before < FAR ? before : FAR;
    this.#ends = (from === start ? HAS_BEGINNING : 0) | (to === end ? HAS_END : 0);
  }

  /** A search in one text begins: each literal is found once until the next. */
  begin(): void {
    this.#mark++;
  }

  /** Looks for the literals of a table in the first `reach` bytes of what was loaded; returns how many numbers lie in `found`. */
  search(table: number, reach: number): number {
    const length = this.#length;
    return this.#exports.search(this.#input, reach < length ? reach : length, length, table, this.#before, this.#ends, this.#mark, ANSWERS, this.#foundAt);
  }

  /** Positions at which four bytes stand that one of eight classes has there, as `masks` say; returns how many lie in `answers`. */
  classes(masks: number): number {
    return this.#exports.few(this.#input, this.#length, masks, ANSWERS);
  }

  /** Looks for short needles, at most sixteen, whose table is kept as scan.as.ts wants it: of the bits of `left`, those that do not occur. */
  shorts(table: number, left: number): number {
    return this.#exports.shorts(this.#input, this.#length, table, left);
  }

  /** The first place of a pair in what was loaded, from `from` on, or -1. */
  pair({ one, oneFold, two, twoFold, gap }: BytePair, from: number): number {
    return this.#exports.pair(this.#input, from, this.#length, one, oneFold, two, twoFold, gap);
  }
}

let made: ScanKernel | undefined;
let tried = false;

/** The kernel of this thread, made at the first call. */
export function scanKernel(): ScanKernel | undefined {
  if (!tried) {
    tried = true;
    const exports = compiledModule<Exports>(SCAN_RELAXED_WASM) ?? compiledModule<Exports>(SCAN_WASM);
    if (exports !== undefined) made = new ScanKernel(exports);
  }
  return made;
}
