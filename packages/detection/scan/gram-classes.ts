/**
 * Grams in eight classes, for the kernel's loop for few grams: of a class it knows which halves of bytes its grams have at each of four
 * places, so that other grams pass, too, the more the less alike those of a class are. A gram is put where fewest more are let through.
 */
import { surprise } from '../compile/rarity.ts';

/** Bytes of the masks by which classes are told. */
export const MASKS = 128;
const CLASSES = 8;
const PLACES = 4;
const HALVES = 16;

/** How often a folded byte is met, by its upper half, then its lower. */
const SHARES = new Float64Array(HALVES * HALVES);
for (let byte = 0; byte < SHARES.length; byte++) SHARES[byte | ((byte & 0x40) >>> 1)] += 2 ** -surprise(byte);
const ALL_SHARES = SHARES.reduce((sum, share) => sum + share, 0);

class GramClass {
  readonly #grams: number[] = [];
  /** bits of the lower and upper halves that its grams have at each place, and how often a byte has such ones */
  #lower = new Uint16Array(PLACES);
  #upper = new Uint16Array(PLACES);
  readonly #shares = new Float64Array(PLACES);

  /** How much more often something passes with the gram in it. */
  cost(gram: number): number {
    let before = 1;
    let after = 1;
    for (let at = 0; at < PLACES; at++) {
      const byte = (gram >>> (8 * at)) & 255;
      const lower = this.#lower[at] | (1 << (byte & 15));
      const upper = this.#upper[at] | (1 << (byte >>> 4));
      before *= this.#shares[at];
      after *= lower === this.#lower[at] && upper === this.#upper[at] ? this.#shares[at] : shareOf(lower, upper);
    }
    return after - before;
  }

  add(gram: number): void {
    this.#grams.push(gram);
    for (let at = 0; at < PLACES; at++) {
      const byte = (gram >>> (8 * at)) & 255;
      this.#lower[at] |= 1 << (byte & 15);
      this.#upper[at] |= 1 << (byte >>> 4);
      this.#shares[at] = shareOf(this.#lower[at], this.#upper[at]);
    }
  }

  /** Everything in it. */
  take(): readonly number[] {
    this.#lower.fill(0);
    this.#upper.fill(0);
    this.#shares.fill(0);
    return this.#grams.splice(0);
  }

  /** `few` of scan.as.ts has the format. */
  write(masks: Uint8Array, member: number): void {
    for (let at = 0; at < PLACES; at++) {
      for (let half = 0; half < HALVES; half++) {
        if ((this.#lower[at] & (1 << half)) !== 0) masks[at * 2 * HALVES + half] |= member;
        if ((this.#upper[at] & (1 << half)) !== 0) masks[at * 2 * HALVES + HALVES + half] |= member;
      }
    }
  }
}

function shareOf(lower: number, upper: number): number {
  let share = 0;
  for (let high = 0; high < HALVES; high++) if ((upper & (1 << high)) !== 0) share += shareOfRow(high * HALVES, lower);
  return share / ALL_SHARES;
}

function shareOfRow(row: number, lower: number): number {
  let share = 0;
  for (let low = 0; low < HALVES; low++) if ((lower & (1 << low)) !== 0) share += SHARES[row + low];
  return share;
}

function place(gram: number, classes: readonly GramClass[]): void {
  let [best] = classes;
  let least = best.cost(gram);
  for (let at = 1; at < classes.length; at++) {
    const cost = classes[at].cost(gram);
    if (cost >= least) continue;
    best = classes[at];
    least = cost;
  }
  best.add(gram);
}

/** Masks for these folded grams. */
export function masksOf(grams: Int32Array): Uint8Array {
  const classes = Array.from({ length: CLASSES }, () => new GramClass());
  // What is met often first: it has a class to itself. Those that came early are placed again, beside what came later.
  const commonest = Array.from(new Set(grams), (gram) => ({ gram, share: new GramClass().cost(gram) })).sort((a, b) => b.share - a.share || a.gram - b.gram);
  for (const { gram } of commonest) place(gram, classes);
  for (const one of classes) for (const gram of one.take()) place(gram, classes);
  const masks = new Uint8Array(MASKS);
  for (const [number, one] of classes.entries()) one.write(masks, 1 << number);
  return masks;
}
