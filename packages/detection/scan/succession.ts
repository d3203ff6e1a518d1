/** Rules of one plan as they are found in another one that takes its place: by gid and sid, and whether their text is still the same. */
import { LARGEST_PAIRED_GID, type PlanData, type PlanUse } from '../compile/plan.ts';

const GONE = -1;

export class Succession {
  readonly from: PlanUse;
  readonly to: PlanUse;
  /** made when first asked for: by number there, the number here, or GONE */
  #successors: Int32Array | undefined = undefined;
  #predecessors: Int32Array | undefined = undefined;

  constructor(from: PlanUse, to: PlanUse) {
    this.from = from;
    this.to = to;
  }

  /** The new number of a rule, whatever became of its text; -1: it is gone. */
  successor(number: number): number {
    this.#successors ??= numbersIn(this.from.data, this.to.data);
    return this.#successors[number];
  }

  /** The new number of a rule whose text is the same; else -1. */
  unchanged(number: number): number {
    const next = this.successor(number);
    return next !== GONE && isSame(this.from.data, number, this.to.data, next) ? next : GONE;
  }

  /** Was a rule of the new plan not there, or had it another text? */
  isNew(number: number): boolean {
    this.#predecessors ??= numbersIn(this.to.data, this.from.data);
    const before = this.#predecessors[number];
    return before === GONE || !isSame(this.from.data, before, this.to.data, number);
  }
}

function numbersIn(one: PlanData, other: PlanData): Int32Array {
  const known = new Map<number | string, number>();
  for (let number = 0; number < other.ruleCount; number++) known.set(idOf(other, number), number);
  const numbers = new Int32Array(one.ruleCount);
  for (let number = 0; number < numbers.length; number++) numbers[number] = known.get(idOf(one, number)) ?? GONE;
  return numbers;
}

/** gid and sid as one. */
export function idOf({ gids, sids }: PlanData, number: number): number | string {
  return gids[number] < LARGEST_PAIRED_GID ? gids[number] * 4294967296 + sids[number] : `${gids[number]}:${sids[number]}`;
}

export function textOf({ texts, textStarts }: PlanData, number: number): Uint8Array {
  return texts.read(textStarts[number], textStarts[number + 1]);
}

export function isSameText(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function isSame(one: PlanData, number: number, other: PlanData, its: number): boolean {
  return one.revs[number] === other.revs[its] && isSameText(textOf(one, number), textOf(other, its));
}
