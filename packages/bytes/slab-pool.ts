/**
 * Byte arrays for buffers that grow, given back when a buffer is done with. Most streams and bodies are read as fast as they
 * come, so that a few slabs serve thousands of flows, and the same memory stays warm in the processor's caches.
 */
import { newBytes } from './work.ts';

const SMALLEST_POWER = 11;
const LARGEST_POWER = 18;
/** Bytes kept of all sizes, mostly of the small ones; what is more is left to the garbage collector. */
const MOST_KEPT = 8 * 1024 * 1024;

interface Loan {
  readonly size: number;
  isLent: boolean;
}

export class SlabPool {
  readonly #free: Uint8Array[][] = Array.from({ length: LARGEST_POWER + 1 }, () => []);
  #kept = 0;
  /** bytes of slabs that were taken and not given back, and what else their users hold */
  lent = 0;
  /** of them, what users would give back at once, and keep only because there is room */
  spare = 0;
  /** so much is lent, beside what they can spare, before users are to make do with what they have: they ask, it is not refused */
  readonly limit: number;
  /** of each slab made */
  readonly #loans: WeakMap<Uint8Array, Loan> | undefined;
  readonly #forgotten: FinalizationRegistry<Loan> | undefined;

  /** `outlivesUsers`: engines come and go, also without an end; who forgets a slab no longer holds it. */
  constructor(limit = Number.POSITIVE_INFINITY, outlivesUsers = false) {
    this.limit = limit;
    if (!outlivesUsers) return;
    this.#loans = new WeakMap();
    this.#forgotten = new FinalizationRegistry(({ size, isLent }) => {
      if (isLent) this.lent -= size;
    });
  }

  get isExhausted(): boolean {
    return this.lent - this.spare >= this.limit;
  }

  /** At least `size` bytes, with whatever content. */
  take(size: number): Uint8Array {
    const power = size <= 1 << SMALLEST_POWER ? SMALLEST_POWER : 32 - Math.clz32(size - 1);
    const slab = this.#any(power);
    this.lent += slab.length;
    const loan = this.#loans?.get(slab);
    if (loan !== undefined) loan.isLent = true;
    return slab;
  }

  #any(power: number): Uint8Array {
    const slab = power > LARGEST_POWER ? undefined : this.#free[power].pop();
    if (slab === undefined) return this.#new(2 ** power);
    this.#kept -= slab.length;
    return slab;
  }

  #new(size: number): Uint8Array {
    const slab = newBytes(size);
    if (this.#forgotten === undefined) return slab;
    const loan = { size, isLent: true };
    this.#loans!.set(slab, loan);
    this.#forgotten.register(slab, loan);
    return slab;
  }

  give(slab: Uint8Array): void {
    this.lent -= slab.length;
    const loan = this.#loans?.get(slab);
    if (loan !== undefined) loan.isLent = false;
    const power = 31 - Math.clz32(slab.length);
    if (power < SMALLEST_POWER || power > LARGEST_POWER || slab.length !== 1 << power) return;
    if (this.#kept + slab.length > MOST_KEPT) return;
    this.#kept += slab.length;
    this.#free[power].push(slab);
  }
}
