/**
 * Payload conditions of rules that are decided on transactions: looked for as packets come, remembered for the flow. Many rules ask for the
 * same (`GET ` at the beginning): with one packet it is looked for once for all of them.
 */
import { PAYLOAD } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { PlanData, PlanUse } from '../compile/plan.ts';
import type { Succession } from './succession.ts';

/** Rules that all shared sets hold together at most; a flow that finds others has a set of its own. */
const MOST_SHARED = 100_000;

/** Rules whose payload part was found in one direction of a flow. Flows that found the same share it: it never changes. */
export class PayloadFound {
  /** flows share it */
  readonly isShared: boolean;
  readonly #rules: Set<number>;
  /** of them, those that the payload leads to: nothing in a transaction does */
  readonly #leading: number[];
  /** all of them, from the lowest on; made when first asked for */
  #sorted: Uint32Array | undefined = undefined;
  /** by the rule that is found next */
  readonly #next = new Map<number, PayloadFound>();
  readonly #all: { rules: number };

  private constructor(isShared: boolean, rules: Set<number>, leading: number[], all: { rules: number }) {
    this.isShared = isShared;
    this.#rules = rules;
    this.#leading = leading;
    this.#all = all;
  }

  /** Nothing was found yet. */
  static nothing(): PayloadFound {
    return new PayloadFound(true, new Set(), [], { rules: 0 });
  }

  get count(): number {
    return this.#rules.size;
  }

  get leading(): readonly number[] {
    return this.#leading;
  }

  has(rule: number): boolean {
    return this.#rules.has(rule);
  }

  /** From the lowest on. */
  get sorted(): Uint32Array {
    this.#sorted ??= Uint32Array.from(this.#rules).sort();
    return this.#sorted;
  }

  /** This, and that rule. */
  with(rule: CompiledRule): PayloadFound {
    const known = this.#next.get(rule.index);
    if (known !== undefined) return known;
    if (this.#rules.has(rule.index)) return this;
    const found = this.isShared ? this.#copy() : this;
    found.#rules.add(rule.index);
    found.#sorted = undefined;
    if (rule.prefilter?.where === PAYLOAD) found.#leading.push(rule.index);
    if (found.isShared) this.#next.set(rule.index, found);
    return found;
  }

  /** What of it counts where other rules took over: of those that are as they were. `nothing`: where flows begin under them. */
  under(succession: Succession, nothing: PayloadFound): PayloadFound | undefined {
    let found = nothing;
    for (const rule of this.#rules) {
      const next = succession.unchanged(rule);
      if (next >= 0) found = found.with(succession.to.rule(next));
    }
    return found === nothing ? undefined : found;
  }

  #copy(): PayloadFound {
    const isShared = this.#all.rules + this.#rules.size < MOST_SHARED;
    if (isShared) this.#all.rules += this.#rules.size + 1;
    return new PayloadFound(isShared, new Set(this.#rules), [...this.#leading], this.#all);
  }
}

const UNKNOWN = 0;
/** Its answer may depend on more than the packet. */
const ALONE = -1;

/** Answers about payload parts for the packet that is looked at. */
export class PayloadAnswers {
  static readonly #ofPlan = new WeakMap<PlanUse, PayloadAnswers>();

  /** The plan's own: which rules ask for the same is found once for all engines that use the plan. */
  static of(plan: PlanUse): PayloadAnswers {
    let known = PayloadAnswers.#ofPlan.get(plan);
    if (known === undefined) {
      known = new PayloadAnswers(plan.data);
      PayloadAnswers.#ofPlan.set(plan, known);
    }
    return known;
  }

  /** where every flow begins */
  readonly nothingFound = PayloadFound.nothing();
  /** by rule: which part it has, from 1 on */
  readonly #parts: Int32Array;
  readonly #numbers = new Map<string, number>();
  /** by part: with which packet it was looked for, and whether it was there */
  readonly #lookedFor: number[] = [0];
  readonly #found: boolean[] = [false];
  #packet = 0;

  /** The naive plan looks for each part anew. */
  constructor({ ruleCount, naive }: PlanData) {
    this.#parts = new Int32Array(ruleCount).fill(naive ? ALONE : UNKNOWN);
  }

  /** The next packet. */
  begin(): void {
    this.#packet++;
  }

  /** Undefined: it has to be looked for. */
  known(rule: CompiledRule): boolean | undefined {
    const part = this.#parts[rule.index];
    return part > 0 && this.#lookedFor[part] === this.#packet ? this.#found[part] : undefined;
  }

  keep(rule: CompiledRule, found: boolean): void {
    let part = this.#parts[rule.index];
    if (part === UNKNOWN) {
      part = this.#partOf(rule);
      this.#parts[rule.index] = part;
    }
    if (part === ALONE) return;
    this.#lookedFor[part] = this.#packet;
    this.#found[part] = found;
  }

  #partOf({ header, flow, protocols, payload, inPacket, inStream, onlyInStream }: CompiledRule): number {
    const isPlain = payload.every(
      (one) => one.kind === 'content' && [one.offset, one.depth, one.distance, one.within].every((place) => typeof place !== 'object'),
    );
    if (!isPlain) return ALONE;
    const key = JSON.stringify([header.fields, flow, protocols, inPacket, inStream, onlyInStream, payload]);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#found.length;
      this.#numbers.set(key, number);
      this.#lookedFor.push(0);
      this.#found.push(false);
    }
    return number;
  }
}
