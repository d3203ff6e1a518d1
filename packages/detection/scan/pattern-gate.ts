/**
 * Rules on payload that have a pattern and no literal. Of each the bytes are known that can stand at the first places of a match. The
 * compiled kernel looks for four places in a row, for eight rules at once; only a rule whose places all fit somewhere is asked. A gate
 * that is open says nothing, one that is closed that the rule can not hold.
 */
import type { BytesCondition } from '@sigwright/contracts';
import { surprise } from '../compile/rarity.ts';
import { PIECE, type ScanKernel, scanKernel, WORTH_A_CALL } from '../kernel/kernel.ts';
import type { ValueSink } from './gram-table.ts';

/** Places that the kernel compares, and rules that it tells apart. */
const WINDOW = 4;
const TOGETHER = 8;
/** Bytes of the masks of four places. */
const MASKS = 128;
/** A window that is found more often than this does not pay. */
const MOST_FREQUENT = 1 / 256;

export interface GatedRule {
  readonly rule: number;
  /** 256 flags for each of the first places of a match */
  readonly places: readonly Uint8Array[];
  /** the first of the four places that are looked for */
  readonly window: number;
}

const SHARES = Float64Array.from({ length: 256 }, (_, byte) => 2 ** -surprise(byte));
const ALL_SHARES = SHARES.reduce((sum, share) => sum + share, 0);

/** The pattern among these conditions whose beginning is rarest. Undefined: none is rare enough. */
export function gatedRule(rule: number, conditions: readonly BytesCondition[]): GatedRule | undefined {
  let best: GatedRule | undefined;
  let least = MOST_FREQUENT;
  for (const condition of conditions) {
    if (condition.kind !== 'pattern' || condition.negated) continue;
    const places = condition.pattern.beginning?.() ?? [];
    const shares = places.map((set) => set.reduce((sum, flag, byte) => (flag === 1 ? sum + SHARES[byte] : sum), 0) / ALL_SHARES);
    for (let window = 0; window + WINDOW <= places.length; window++) {
      const often = shares.slice(window, window + WINDOW).reduce((product, share) => product * share, 1);
      if (often >= least) continue;
      least = often;
      best = { rule, places, window };
    }
  }
  return best;
}

export class PatternGate {
  readonly #kernel: ScanKernel | undefined;
  readonly #groups: readonly { readonly rules: readonly GatedRule[]; readonly masks: number }[];

  /** Where there is no kernel, all are open. */
  constructor(rules: readonly GatedRule[], given: ScanKernel | 'plain' = scanKernel() ?? 'plain') {
    const kernel = given === 'plain' ? undefined : given;
    this.#kernel = kernel;
    this.#groups = Array.from({ length: Math.ceil(rules.length / TOGETHER) }, (_, at) => {
      const some = rules.slice(at * TOGETHER, (at + 1) * TOGETHER);
      return { rules: some, masks: kernel?.keep(some, () => masksOf(some)) ?? 0 };
    });
  }

  /** Reports rules that may match in bytes[start, end). */
  open(bytes: Uint8Array, start: number, end: number, sink: ValueSink): void {
    const kernel = this.#kernel;
    if (kernel === undefined || end - start < WORTH_A_CALL) {
      for (const { rules } of this.#groups) for (const { rule } of rules) sink.add(rule);
      return;
    }
    // What lies across two pieces is seen in the second.
    for (let from = start; ; from += PIECE - WINDOW) {
      const to = Math.min(end, from + PIECE);
      kernel.load(bytes, start, end, from, to, 0);
      for (const { rules, masks } of this.#groups) {
        const count = kernel.classes(masks);
        for (let answer = 0; answer < count; answer++) {
          const place = from + kernel.answers[answer];
          for (let at = 0; at < rules.length; at++) if (fits(rules[at], bytes, place, start, end)) sink.add(rules[at].rule);
        }
      }
      if (to === end) return;
    }
  }
}

/** Can a match begin where `place` is the first of the places looked for? */
function fits({ places, window }: GatedRule, bytes: Uint8Array, place: number, start: number, end: number): boolean {
  const first = place - window;
  if (first < start || first + places.length > end) return false;
  for (let at = 0; at < WINDOW; at++) if (places[window + at][bytes[place + at]] === 0) return false;
  for (let at = 0; at < places.length; at++) if (places[at][bytes[first + at]] === 0) return false;
  return true;
}

/** As `few` of scan.as.ts wants them, for folded bytes. */
function masksOf(rules: readonly GatedRule[]): Uint8Array {
  const masks = new Uint8Array(MASKS);
  for (const [number, { places, window }] of rules.entries()) {
    for (let at = 0; at < WINDOW; at++) {
      for (let byte = 0; byte < 256; byte++) {
        if (places[window + at][byte] === 0) continue;
        const folded = byte | ((byte & 0x40) >>> 1);
        masks[at * 32 + (folded & 15)] |= 1 << number;
        masks[at * 32 + 16 + (folded >>> 4)] |= 1 << number;
      }
    }
  }
  return masks;
}
