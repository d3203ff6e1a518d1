/**
 * Byte arrays for buffers that grow, given back when a buffer is done with. Most streams and bodies are read as fast as they
 * come, so that a few slabs serve thousands of flows, and the same memory stays warm in the processor's caches.
 */
const SMALLEST_POWER = 11;
const LARGEST_POWER = 18;
/** Slabs kept for each size: at most 16 × 512 KiB in all; what is more is left to the garbage collector. */
const MOST_KEPT = 16;

export class SlabPool {
  readonly #free: Uint8Array[][] = Array.from({ length: LARGEST_POWER + 1 }, () => []);

  /** At least `size` bytes, with whatever content. */
  take(size: number): Uint8Array {
    const power = Math.max(SMALLEST_POWER, 32 - Math.clz32(size - 1));
    if (power > LARGEST_POWER) return new Uint8Array(2 ** power);
    return this.#free[power].pop() ?? new Uint8Array(1 << power);
  }

  give(slab: Uint8Array): void {
    const power = 31 - Math.clz32(slab.length);
    if (power < SMALLEST_POWER || power > LARGEST_POWER || slab.length !== 1 << power) return;
    const list = this.#free[power];
    if (list.length < MOST_KEPT) list.push(slab);
  }
}
