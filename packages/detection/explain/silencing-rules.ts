/** Other rules that keep a rule silent: those that pass the traffic, and one that changes the state it asks for before its turn comes. */
import type { Rule } from '@sigwright/contracts';
import type { RuleTrials, TrialSetup } from './rule-trials.ts';
import { withoutThresholds } from './silencing-thresholds.ts';
import { stateNames } from './state-options.ts';

const MOST_PASS_RULES = 50;

/** The pass rules without which it would fire, thresholds aside; none where there are none. */
export function passingRules(trials: RuleTrials, wanted: TrialSetup): readonly number[] {
  const passing = wanted.others.filter((rule) => rule.action === 'pass').slice(0, MOST_PASS_RULES);
  const loud = withoutThresholds(wanted);
  const fires = (out: readonly Rule[]): boolean => trials.run({ ...loud, others: loud.others.filter((rule) => !out.includes(rule)) }).alerts > 0;
  if (passing.length === 0 || fires([]) || !fires(passing)) return [];
  // Those that it holds with stay.
  let out: readonly Rule[] = passing;
  for (const rule of passing) {
    const fewer = out.filter((one) => one !== rule);
    if (fewer.length > 0 && fires(fewer)) out = fewer;
  }
  return out.map(({ sid }) => sid);
}

export function passedWords(passing: readonly number[]): string {
  const rules = passing.length === 1 ? `rule ${passing[0]} passes` : `rules ${passing.join(' and ')} pass`;
  return `it did not fire: ${rules} the traffic, so nothing behind is looked at`;
}

/** Its conditions held, but another rule of the same packet changes the state it asks for before its turn comes. */
export function changedBy(trials: RuleTrials, wanted: TrialSetup): string | undefined {
  const { compiled } = trials.compiled(wanted.rule)!;
  if (compiled.checks.length === 0) return undefined;
  const loud = withoutThresholds(wanted);
  if (trials.run(loud).alerts > 0) return undefined;
  const own = stateNames(wanted.rule);
  const culprit = wanted.others.find(
    (rule) => [...stateNames(rule)].some((name) => own.has(name)) && trials.run({ ...loud, others: loud.others.filter((one) => one !== rule) }).alerts > 0,
  );
  return culprit === undefined
    ? undefined
    : `it did not fire: its conditions hold, but rule ${culprit.sid} changes the state that it asks for on the same packet, and has its turn before`;
}
