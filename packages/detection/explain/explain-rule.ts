/**
 * One rule on one capture, whole: whether it fired and why, what stood in the way in one word, who would set the bit it waits for,
 * which pass rule let the traffic through, and the smallest change that makes it fire. A change is tried before it is told, with what
 * else it would catch.
 */
import type { Catalogue, EngineSettings, Rule } from '@sigwright/contracts';
import { settersOf } from './bit-setters.ts';
import type { ExplainedStep, Explanation } from './explanation.ts';
import { relevantRules } from './relevant-rules.ts';
import type { ExplainRequest, NotFiredReason, RuleExplanation } from './rule-explanation.ts';
import { RuleTrials, type TrialSetup } from './rule-trials.ts';
import { changedBy, passedWords, passingRules } from './silencing-rules.ts';
import { silencedBy } from './silencing-thresholds.ts';
import { ChangeSearch } from './smallest-change.ts';

/** Undefined: there is no rule with that sid. */
export function explainRule(request: ExplainRequest, catalogue: Catalogue, settings: EngineSettings): RuleExplanation | undefined {
  const wanted = request.rules.find((rule) => rule.sid === request.sid);
  return wanted === undefined ? undefined : new RuleExplainer(request, wanted, catalogue, settings).explain();
}

class RuleExplainer {
  readonly #request: ExplainRequest;
  readonly #wanted: TrialSetup;
  readonly #trials: RuleTrials;
  readonly #changes: ChangeSearch;

  constructor(request: ExplainRequest, rule: Rule, catalogue: Catalogue, settings: EngineSettings) {
    this.#request = request;
    this.#wanted = { rule, others: relevantRules(rule, request.rules), settings };
    this.#trials = new RuleTrials(request.capture, catalogue, settings);
    this.#changes = new ChangeSearch(request, this.#wanted, this.#trials, catalogue);
  }

  explain(): RuleExplanation {
    const { rule, settings } = this.#wanted;
    const { text, enabled } = rule;
    const shared = { text, enabled, setters: [], passedBy: undefined, change: undefined, tried: 0, marks: [], diagnostics: [] };
    const refused = this.#trials.refusedBecause(rule);
    if (refused !== undefined) {
      const [first] = refused;
      const verdict = `it did not fire: the rule is refused, so it is never looked at: ${first.title}`;
      const empty = { sid: rule.sid, message: rule.message, alerts: 0, fired: undefined, held: 0, nearest: undefined, attempts: 0 };
      const marks = refused.map(({ at }) => ({ span: at, verdict: 'fails' as const }));
      return { ...empty, ...shared, verdict, marks, diagnostics: refused, reason: 'refused', ...this.#changed(undefined) };
    }
    const found = this.#trials.explain(this.#wanted);
    const attempt = found.fired ?? found.nearest;
    const first = attempt?.steps.find((step) => step.verdict === 'fails');
    const marks = (attempt?.steps ?? []).flatMap(({ option, verdict }) => (option === undefined ? [] : [{ span: option, verdict }]));
    if (found.alerts > 0 && enabled) return { ...found, ...shared, marks, reason: undefined };
    if (found.alerts > 0)
      return {
        ...found,
        ...shared,
        marks,
        verdict: 'it did not fire: the rule is disabled in its file; enabled, it fires',
        reason: 'disabled',
        ...this.#changed(first),
      };
    const passing = passingRules(this.#trials, this.#wanted);
    const [passedBy] = passing;
    if (passedBy !== undefined)
      return { ...found, ...shared, reason: 'passed', passedBy, verdict: passedWords(passing), ...this.#changed(undefined, [], passing) };
    const unchecked = this.#withoutChecksums(found);
    if (unchecked?.fires !== undefined) return { ...found, ...shared, marks, ...unchecked.fires };
    const elsewhere = found.fired === undefined ? undefined : changedBy(this.#trials, this.#wanted);
    if (elsewhere !== undefined) return { ...found, ...shared, marks, reason: 'bit', verdict: elsewhere, ...this.#changed(undefined) };
    const compiled = found.fired === undefined ? undefined : this.#trials.compiled(rule)?.compiled;
    const reason: NotFiredReason = found.fired === undefined ? (first?.reason ?? 'nothing') : compiled?.noAlert === true ? 'no-alert' : 'threshold';
    const setters = reason === 'bit' ? settersOf(first!, found.nearest!, this.#wanted, this.#request.rules, this.#trials) : [];
    const told = reason === 'threshold' ? silencedBy(rule, compiled?.gid ?? 1, found.held, settings) : verdictOf(found, reason, first, setters);
    const more = unchecked?.verdict;
    const verdict = more === undefined ? told : `${told}; packets with wrong checksums were not looked at, and with them (\`-k none\`) ${more}`;
    return { ...found, ...shared, marks, reason, setters, verdict, ...this.#changed(first, setters) };
  }

  #changed(
    first: ExplainedStep | undefined,
    setters: RuleExplanation['setters'] = [],
    passing: readonly number[] = [],
  ): Pick<RuleExplanation, 'change' | 'tried'> {
    this.#trials.count = 0;
    const change = this.#request.withoutChange === true ? undefined : this.#changes.smallest(first, setters, passing);
    return { change, tried: this.#trials.count };
  }

  /**
   * What it does where packets with wrong checksums are looked at, as captures taken at the sender have them: `fires`, or another verdict than
   * before. Undefined where that makes no difference.
   */
  #withoutChecksums(
    found: Explanation,
  ): { readonly verdict?: string; readonly fires?: Pick<RuleExplanation, 'reason' | 'verdict' | 'change' | 'tried'> } | undefined {
    if (!this.#wanted.settings.verifyChecksums || found.fired !== undefined) return undefined;
    const setup: TrialSetup = { ...this.#wanted, settings: { ...this.#wanted.settings, verifyChecksums: false } };
    const held = this.#trials.explain(setup);
    if (held.alerts === 0) return held.verdict === found.verdict ? undefined : { verdict: held.verdict };
    const trial = this.#trials.run(setup);
    const steps = [...this.#changes.enabling(), 'look at packets with wrong checksums: `-k none` (`stream.checksum-validation: no`)'];
    return {
      fires: {
        reason: 'checksums',
        verdict: 'it did not fire: its packets have wrong checksums, and such packets are not looked at; with `-k none` they are, and it fires',
        change: this.#request.withoutChange === true ? undefined : this.#changes.tried(steps, setup, trial),
        tried: this.#trials.count,
      },
    };
  }
}

function verdictOf(found: Explanation, reason: NotFiredReason, first: ExplainedStep | undefined, setters: RuleExplanation['setters']): string {
  switch (reason) {
    case 'no-alert':
      return 'it tells nothing: its conditions held, and it only changes state for other rules (`noalert`)';
    case 'bit': {
      const named = setters.map((one) => `${one.sid}${one.enabled ? '' : ' (disabled)'}`).join(', ');
      if (/^is ?notset|is not set$/.test(first?.condition ?? '')) return `${found.verdict}${named === '' ? '' : `: ${named}`}`;
      return `${found.verdict}; ${named === '' ? 'no rule of the set would set it' : `it would be set by ${named}`}`;
    }
    case 'nothing':
      return 'it did not fire: the capture holds nothing that could be held against it';
    default:
      return found.verdict;
  }
}
