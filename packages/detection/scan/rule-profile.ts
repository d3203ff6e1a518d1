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
  /** by gid and sid: other rules may take over */
  readonly #costs = new Map<string, RuleChecks>();
  #began = 0;

  /** `clock`: any steady one; detection has none of its own. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** What another engine's rules cost. */
  add(costs: readonly RuleChecks[]): void {
    for (const { sid, gid, checks, matches, time } of costs) {
      const known = this.#cost(sid, gid);
      known.checks += checks;
      known.matches += matches;
      known.time += time;
    }
  }

  begin(): void {
    this.#began = this.#clock();
  }

  end(rule: { readonly sid: number; readonly gid: number }, matched: boolean): void {
    const took = this.#clock() - this.#began;
    const cost = this.#cost(rule.sid, rule.gid);
    cost.checks++;
    if (matched) cost.matches++;
    cost.time += took;
  }

  #cost(sid: number, gid: number): RuleChecks {
    const id = `${gid}:${sid}`;
    let cost = this.#costs.get(id);
    if (cost === undefined) {
      cost = { sid, gid, checks: 0, matches: 0, time: 0 };
      this.#costs.set(id, cost);
    }
    return cost;
  }

  /** Costliest first. */
  costs(): RuleChecks[] {
    return [...this.#costs.values()].sort((a, b) => b.time - a.time || b.checks - a.checks);
  }
}
