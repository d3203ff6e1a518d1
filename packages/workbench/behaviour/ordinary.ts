/** Ordinary traffic, asked how often a condition holds in it: that is how rare a part of a rule is. */
import type { Condition } from './condition.ts';
import type { Observation } from './observe.ts';

export interface Measured {
  readonly seen: number;
  readonly of: number;
}

export class Ordinary {
  readonly #kinds = new Map<string, Observation[]>();
  readonly #known = new Map<string, Measured>();

  constructor(observations: readonly Observation[]) {
    for (const one of observations) {
      const list = this.#kinds.get(one.kind);
      if (list === undefined) this.#kinds.set(one.kind, [one]);
      else list.push(one);
    }
  }

  of(kind: string): readonly Observation[] {
    return this.#kinds.get(kind) ?? [];
  }

  measure(kind: string, condition: Condition): Measured {
    const key = `${kind}\n${condition.buffer}\n${condition.pieces.map(({ text }) => text).join(' ')}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const list = this.of(kind);
    let seen = 0;
    for (const one of list) if (condition.holds(one)) seen++;
    const measured = { seen, of: list.length };
    this.#known.set(key, measured);
    return measured;
  }

  /** Observations in which all of them hold. */
  together(kind: string, conditions: readonly Condition[]): readonly Observation[] {
    return this.of(kind).filter((one) => conditions.every((condition) => condition.holds(one)));
  }
}

/** A body of this size is believed as much as what is estimated. */
const TRUSTED = 50;

/** Bits of surprise: what was measured, and as far as that can not tell (never seen, or few are known) what is estimated. */
export function bitsOf(condition: Condition, { seen, of }: Measured): number {
  const measured = -Math.log2((seen + 0.5) / (of + 1));
  // A small body that lacks it does not make a common thing rare.
  if (seen === 0) return Math.min(Math.max(measured, condition.prior), condition.prior * 1.5 + 1);
  const trust = of / (of + TRUSTED);
  return Math.max(0, trust * measured + (1 - trust) * condition.prior);
}
