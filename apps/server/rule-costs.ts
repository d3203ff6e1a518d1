/**
 * The grade of what each rule of a repository costs: worked out a few at a time, so that nobody waits for it, and kept by the text of
 * the rule, so that a rule that did not change is not asked again.
 */
import type { Rule } from '@sigwright/contracts';
import type { CostGrade } from '@sigwright/detection';
import type { Repository } from '@sigwright/workbench';

/** Undefined: the engine does not load that rule. */
export type Grader = (rules: readonly Rule[]) => readonly (CostGrade | undefined)[];

export interface GraderWanted {
  /** where lists and scripts of rules are: `rules` of the repository */
  readonly folder: string;
  readonly networks: Readonly<Record<string, string>>;
}

/** `none`: the engine does not load the rule. */
export type KnownCost = CostGrade | 'none';

/** Rules at once: they take few milliseconds, in which no page is answered. */
const AT_ONCE = 50;
/** Milliseconds that a page waits for grades; a small ruleset has them all by then. */
const PATIENCE = 30;

export class RuleCosts {
  readonly #graderOf: (repository: Repository) => Grader;
  readonly #patience: number;
  #known = new Map<string, KnownCost>();
  #repository: Repository | undefined = undefined;
  #left: Rule[] = [];
  #grader: Grader = () => [];
  #isRunning = false;

  constructor(graderOf: (repository: Repository) => Grader, patience = PATIENCE) {
    this.#graderOf = graderOf;
    this.#patience = patience;
  }

  /** By text of the rule, as far as they are known by now. */
  of(repository: Repository): ReadonlyMap<string, KnownCost> {
    if (repository !== this.#repository) this.#begin(repository);
    const until = performance.now() + this.#patience;
    while (this.#left.length > 0 && performance.now() < until) this.#some();
    this.#goOn();
    return this.#known;
  }

  /** What is known of the same text stays; what is no rule of the repository any more goes. */
  #begin(repository: Repository): void {
    const isSame = JSON.stringify(this.#repository?.settings.networks) === JSON.stringify(repository.settings.networks);
    const kept = new Map<string, KnownCost>();
    const left: Rule[] = [];
    for (const { rule } of repository.rules) {
      const known = isSame ? this.#known.get(rule.text) : undefined;
      if (known === undefined) left.push(rule);
      else kept.set(rule.text, known);
    }
    this.#repository = repository;
    this.#known = kept;
    this.#left = left.reverse();
    if (left.length > 0) this.#grader = this.#graderOf(repository);
  }

  #some(): void {
    const rules = this.#left.splice(-AT_ONCE).reverse();
    let grades: readonly (CostGrade | undefined)[] = [];
    try {
      grades = this.#grader(rules);
    } catch {
      // A rule on which the engine breaks has a page that says more.
    }
    rules.forEach((rule, at) => {
      this.#known.set(rule.text, grades[at] ?? 'none');
    });
  }

  #goOn(): void {
    if (this.#isRunning || this.#left.length === 0) return;
    this.#isRunning = true;
    setTimeout(() => {
      this.#isRunning = false;
      this.#some();
      this.#goOn();
    }, 1).unref();
  }
}
