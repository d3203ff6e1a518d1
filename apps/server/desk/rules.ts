/** Rules of the repository: what they cost, which are due for review, decisions about them, new ones. */
import { join } from 'node:path';
import { failure, type Result, type Rule, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import {
  addRules,
  type Decided,
  type DecisionRequest,
  decide,
  type Principal,
  type Repository,
  type ReviewItem,
  reviewQueue,
  sightingsOf,
} from '@sigwright/workbench';
import { type KnownCost, RuleCosts } from '../rule-costs.ts';
import type { DeskBase } from './base.ts';

/** Rules that somebody wrote: at least one, and none of them broken. */
export function rulesIn(text: string): Result<readonly Rule[]> {
  const { rules, diagnostics } = parseRules(text);
  const broken = diagnostics.find((one) => one.severity === 'error');
  return rules.length === 0 || broken !== undefined ? failure('rule/broken', broken?.title ?? 'there is no rule in it') : success(rules);
}

export class RuleDesk {
  readonly #base: DeskBase;
  readonly #costs: RuleCosts | undefined;
  #queue: { readonly repository: Repository; readonly key: string; readonly items: readonly ReviewItem[] } | undefined = undefined;

  constructor(base: DeskBase) {
    this.#base = base;
    const { grader } = base.options;
    if (grader !== undefined)
      this.#costs = new RuleCosts((repository) => grader({ folder: join(repository.folder, 'rules'), networks: repository.settings.networks }));
  }

  /** What the repository's rules cost, by their text, as far as it is known by now; undefined: nobody can tell. */
  costs(repository: Repository): ReadonlyMap<string, KnownCost> | undefined {
    return this.#costs?.of(repository);
  }

  /** Which rules are due and why; when sensors last saw them is what the store knows. */
  async reviewQueue(repository: Repository): Promise<readonly ReviewItem[]> {
    const today = this.#base.today();
    const sightings = sightingsOf(await this.#base.store.signatures());
    const key = `${today} ${[...sightings].join(' ')}`;
    // Of thousands of rules it takes a while, and hardly anything that it is made of changes between two pages.
    if (this.#queue?.repository !== repository || this.#queue.key !== key) this.#queue = { repository, key, items: reviewQueue(repository, today, sightings) };
    return this.#queue.items;
  }

  /** `seen`: the text that the person decided about; where the rule is another one by now, nothing is done. */
  async decide(who: Principal, request: Omit<DecisionRequest, 'by' | 'today'> & { readonly seen?: string }): Promise<Result<Decided>> {
    const { seen, ...rest } = request;
    const message = `${request.decision} ${request.sid}${request.reason === '' ? '' : `: ${request.reason}`}`;
    const decided = await this.#base.change(who, message, (repository) => {
      const now = repository.rules.find(({ rule }) => rule.sid === request.sid)?.rule.text;
      if (seen !== undefined && now !== undefined && seen.trim() !== now.trim())
        return failure('rule/conflict', `sid ${request.sid} was changed meanwhile; it reads now: ${now}`);
      return decide(repository, { ...rest, by: who.name, today: this.#base.today() });
    });
    if (!decided.ok) return decided;
    await this.#base.store.people.note(who.name, `rule ${request.decision}`, String(request.sid), {
      reason: request.reason,
      note: request.note ?? '',
      state: decided.value,
    });
    return decided;
  }

  /** Adds drafts to a file of the repository; what is no rule, or has a number that is taken, is refused and changes nothing. */
  async add(who: Principal, category: string, text: string): Promise<Result<number>> {
    if (!/^[a-z][a-z0-9_-]{0,40}$/.test(category)) return failure('rule/category', `\`${category}\` is no name of a category`);
    const read = rulesIn(text);
    if (!read.ok) return read;
    const rules = read.value;
    const message = `${rules.length} new ${rules.length === 1 ? 'rule' : 'rules'} in ${category}`;
    const added = await this.#base.change(who, message, (repository) => addRules(repository, category, rules) ?? success(undefined));
    if (!added.ok) return added;
    await this.#base.store.people.note(who.name, 'rules added', category, { sids: rules.map((rule) => rule.sid) });
    return success(rules.length);
  }
}
