/** What each rule costs in a run: how often it was checked behind the prefilter, how often it held, how long the checks took. */
export interface RuleChecks {
  readonly sid: number;
  readonly gid: number;
  checks: number;
  matches: number;
  /** in units of the clock given */
  time: number;
}

export class RuleProfile {
  readonly #clock: () => number;
  readonly #costs = new Map<number, RuleChecks>();
  #began = 0;

  /** `clock`: any steady one; detection has none of its own. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  begin(): void {
    this.#began = this.#clock();
  }

  end(rule: { readonly index: number; readonly sid: number; readonly gid: number }, matched: boolean): void {
    const took = this.#clock() - this.#began;
    let cost = this.#costs.get(rule.index);
    if (cost === undefined) {
      cost = { sid: rule.sid, gid: rule.gid, checks: 0, matches: 0, time: 0 };
      this.#costs.set(rule.index, cost);
    }
    cost.checks++;
    if (matched) cost.matches++;
    cost.time += took;
  }

  /** Costliest first. */
  costs(): RuleChecks[] {
    return [...this.#costs.values()].sort((a, b) => b.time - a.time || b.checks - a.checks);
  }
}
