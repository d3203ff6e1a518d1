/**
 * Rules that are asked once a flow (those on addresses alone, those on the protocol alone), remembered by their text when others take
 * their place: of a flow that they were asked about, they are not asked again.
 */
import { type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { PlanUse } from '../compile/plan.ts';
import type { RuleListData } from './rule-list.ts';
import { idOf, isSameText, textOf } from './succession.ts';

const UNKNOWN = 0;
const ASKED = 1;
const NEW = 2;

export class AskedRules {
  /** by gid and sid */
  readonly #texts = new Map<number | string, Uint8Array>();
  /** about rules of the plan that is in use */
  #plan: PlanUse | undefined = undefined;
  #answers = new Uint8Array(0);

  /** Keeps nothing of the plan itself. */
  constructor({ data }: PlanUse) {
    for (const list of [data.addressesOnly, data.protocolOnly]) for (const rule of rulesIn(list)) this.#texts.set(idOf(data, rule), textOf(data, rule).slice());
  }

  /** Was this rule of another plan one of them? */
  has(plan: PlanUse, rule: number): boolean {
    if (this.#plan !== plan) {
      this.#plan = plan;
      this.#answers = new Uint8Array(plan.data.ruleCount);
    }
    if (this.#answers[rule] === UNKNOWN) {
      const text = this.#texts.get(idOf(plan.data, rule));
      this.#answers[rule] = text !== undefined && isSameText(text, textOf(plan.data, rule)) ? ASKED : NEW;
    }
    return this.#answers[rule] === ASKED;
  }
}

function* rulesIn({ general, bySource, byDestination }: RuleListData): Iterable<number> {
  yield* general;
  yield* bySource.rules;
  yield* byDestination.rules;
}

/** Which rules a flow was asked about before others took over, by direction, as long as those were not asked. */
export class AskedBefore {
  readonly addresses: [AskedRules | undefined, AskedRules | undefined] = [undefined, undefined];
  readonly protocol: [AskedRules | undefined, AskedRules | undefined] = [undefined, undefined];

  /** `addresses` and `protocol`: directions as bits, in which they were asked. */
  add(asked: AskedRules, addresses: number, protocol: number): void {
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      if ((addresses & (1 << direction)) !== 0) this.addresses[direction] = asked;
      if ((protocol & (1 << direction)) !== 0) this.protocol[direction] = asked;
    }
  }

  takeAddresses(direction: Direction): AskedRules | undefined {
    const asked = this.addresses[direction];
    this.addresses[direction] = undefined;
    return asked;
  }

  takeProtocol(direction: Direction): AskedRules | undefined {
    const asked = this.protocol[direction];
    this.protocol[direction] = undefined;
    return asked;
  }

  /** Client and server changed places. */
  turn(): void {
    this.addresses.reverse();
    this.protocol.reverse();
  }
}
