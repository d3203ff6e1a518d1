/**
 * Grams in eight classes, for the kernel's loop for few grams: of a class it knows which halves of bytes its grams have at each of four
 * places, so that other grams pass, too, the more the less alike those of a class are. A gram is put where fewest more are let through.
 */
import { surprise } from '../compile/rarity.ts';

/** Bytes of the masks by which classes are told. */
const MASKS = 128;
const CLASSES = 8;
const PLACES = 4;
const HALVES = 16;

/** How often a folded byte has one of these lower halves, and one of these upper ones; what halves have to do with each other is left out. */
interface Shares {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

let shares: Shares | undefined;

function sharesOf(): Shares {
  if (shares !== undefined) return shares;
  const lower = new Float64Array(HALVES);
  const upper = new Float64Array(HALVES);
  let all = 0;
  for (let byte = 0; byte < HALVES * HALVES; byte++) {
    const often = 2 ** -surprise(byte);
    const folded = byte | ((byte & 0x40) >>> 1);
    all += often;
    lower[folded & 15] += often;
    upper[folded >>> 4] += often;
  }
  shares = { lower: ofSets(lower, all), upper: ofSets(upper, all) };
  return shares;
}

/** By set of halves, as bits. */
function ofSets(single: Float64Array, all: number): Float32Array {
  const sums = new Float32Array(1 << HALVES);
  for (let set = 1; set < sums.length; set++) sums[set] = sums[set & (set - 1)] + single[31 - Math.clz32(set & -set)] / all;
  return sums;
}

class GramClass {
  readonly #grams: number[] = [];
  /** bits of the lower and upper halves that its grams have at each place, and how often a byte has such ones */
  readonly #lower = new Uint16Array(PLACES);
  readonly #upper = new Uint16Array(PLACES);
  readonly #shares: Shares;
  #often = 0;

  constructor(shares: Shares) {
    this.#shares = shares;
  }

  /** How much more often something passes with the gram in it. */
  cost(gram: number): number {
    const { lower, upper } = this.#shares;
    let often = 1;
    for (let at = 0; at < PLACES; at++) {
      const byte = (gram >>> (8 * at)) & 255;
      often *= lower[this.#lower[at] | (1 << (byte & 15))] * upper[this.#upper[at] | (1 << (byte >>> 4))];
    }
    return often - this.#often;
  }

  add(gram: number): void {
    this.#often += this.cost(gram);
    this.#grams.push(gram);
    for (let at = 0; at < PLACES; at++) {
      const byte = (gram >>> (8 * at)) & 255;
      this.#lower[at] |= 1 << (byte & 15);
      this.#upper[at] |= 1 << (byte >>> 4);
    }
  }

  /** Everything in it. */
  take(): readonly number[] {
    this.#lower.fill(0);
    this.#upper.fill(0);
    this.#often = 0;
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
  const known = sharesOf();
  const classes = Array.from({ length: CLASSES }, () => new GramClass(known));
  // What is met often first: it has a class to itself. Those that came early are placed again, beside what came later.
  const commonest = Array.from(new Set(grams), (gram) => ({ gram, often: new GramClass(known).cost(gram) })).sort(
    (a, b) => b.often - a.often || a.gram - b.gram,
  );
  for (const { gram } of commonest) place(gram, classes);
  for (const one of classes) for (const gram of one.take()) place(gram, classes);
  const masks = new Uint8Array(MASKS);
  for (const [number, one] of classes.entries()) one.write(masks, 1 << number);
  return masks;
}
