/** Rules that would set the bit or number that a rule waits for, and what they did on the capture. */
import type { Rule } from '@sigwright/contracts';
import type { ExplainedAttempt, ExplainedStep, Explanation } from './explanation.ts';
import type { RuleExplanation } from './rule-explanation.ts';
import type { RuleTrials, TrialSetup } from './rule-trials.ts';
import { type StateOption, sets, stateOf } from './state-options.ts';

const MOST_SETTERS = 5;

/** `rules`: the whole set; `step`: the state that was asked for, in the attempt `asked`. */
export function settersOf(
  step: ExplainedStep,
  asked: ExplainedAttempt,
  wanted: TrialSetup,
  rules: readonly Rule[],
  trials: RuleTrials,
): RuleExplanation['setters'] {
  const { rule: own, others, settings } = wanted;
  const asking = own.options.find(({ span }) => step.option !== undefined && span.start - own.span.start === step.option.start);
  const state = asking === undefined ? undefined : stateOf(asking);
  if (state === undefined) return [];
  const setters = rules.filter((rule) => rule.sid !== own.sid && rule.options.some((one) => sets(stateOf(one), state)));
  const nearby = setters.sort((a, b) => Number(b.enabled) - Number(a.enabled)).slice(0, MOST_SETTERS);
  return nearby.map((rule) => {
    const refused = trials.refusedBecause(rule);
    const set = rule.options.map(stateOf).find((one) => sets(one, state))!;
    const verdict =
      refused === undefined
        ? setterVerdict(rule, trials.explain({ rule, others: others.filter((other) => other.sid !== rule.sid), settings }), set, state, asked)
        : `it is refused: ${refused[0].title}`;
    return { sid: rule.sid, message: rule.message, enabled: rule.enabled, verdict };
  });
}

/** What became of a rule that sets what another one asks for. */
function setterVerdict(rule: Rule, found: Explanation, state: StateOption, wanted: StateOption, asked: ExplainedAttempt): string {
  const { fired } = found;
  if (fired === undefined) return found.verdict;
  if (!rule.enabled) return 'its conditions hold here, but it is disabled';
  const place = fired.packet === 0 ? 'at the end of the flow' : `at packet ${fired.packet}`;
  if (state.keyword !== 'flowbits' && state.keyword !== 'flowint') {
    if (state.track !== wanted.track) return `its conditions held ${place}, but it sets it for \`${state.track}\`, and this rule asks for \`${wanted.track}\``;
    const seconds = (asked.time - fired.time) / 1e6;
    if (seconds >= 0 && state.expire !== undefined && seconds > state.expire)
      return `its conditions held ${place}, ${seconds.toFixed(0)} s before this rule asked: it had expired (after ${state.expire} s)`;
    return seconds < 0 ? `its conditions held later, ${place}` : `its conditions held ${place}, but for another address, or it was unset since`;
  }
  if (fired.flow !== asked.flow) return `its conditions held ${place}, but on another flow: ${fired.flow}`;
  if (state.keyword === 'flowint') return `its conditions held ${found.held === 1 ? 'once' : `${found.held} times`}, first ${place} of this flow`;
  const later = fired.packet === 0 || (asked.packet !== 0 && fired.packet > asked.packet);
  if (later) return `its conditions held only later, ${place}; this rule asked at packet ${asked.packet}`;
  return `its conditions held ${place} of this flow: ${wanted.verb === 'isnotset' ? 'so it was set' : 'it was unset or changed since'}`;
}
