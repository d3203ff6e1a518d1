/**
 * What two sets of rules alert on, on the same traffic: which rules alert now that did not, which fell silent, which alert more or
 * less often. Only rules that differ are run, together with those that they may depend on, so that a body of captures is quick.
 */
import type { Rule } from '@sigwright/contracts';
import { APART, STATE } from './both-versions.ts';
import type { ReleaseDifference, ReleaseRule } from './compare.ts';

export interface AlertChange {
  readonly sid: number;
  readonly message: string;
  readonly capture: string;
  readonly before: number;
  readonly after: number;
  /** why the rule is among those that can differ */
  readonly because: string;
}

export interface TrafficDifference {
  readonly captures: number;
  /** alerts now and did not */
  readonly gained: readonly AlertChange[];
  /** alerted and does not any more */
  readonly lost: readonly AlertChange[];
  /** alerts more or less often */
  readonly counts: readonly AlertChange[];
  /** captures that could not be read to their end */
  readonly problems: readonly string[];
}

export interface TrafficRun {
  /** SID → alerts */
  readonly alerts: ReadonlyMap<number, number>;
  readonly problem?: string | undefined;
}

/**
 * The two sets cut down to rules that differ, and to those that keep state, pass or drop, or read files that may differ: for two
 * engines, where `bothVersions` finds no way to make one of them.
 */
export function rulesThatMatter(difference: ReleaseDifference, rules: readonly ReleaseRule[]): readonly Rule[] {
  const differing = becauses(difference);
  return rules.map((one) => one.rule).filter((rule) => rule.enabled && (differing.has(rule.sid) || keepsState(rule)));
}

const STATE_OPTIONS = new Set([...STATE, ...APART]);

function keepsState(rule: Rule): boolean {
  return rule.action !== 'alert' || rule.options.some((option) => STATE_OPTIONS.has(option.name));
}

function becauses(difference: ReleaseDifference): Map<number, string> {
  const words: readonly (readonly [keyof ReleaseDifference, string])[] = [
    ['added', 'new'],
    ['removed', 'removed'],
    ['enabled', 'enabled'],
    ['disabled', 'disabled'],
    ['modifiedActive', 'modified'],
    ['modifiedInactive', 'modified'],
    ['enabledAndModified', 'enabled and modified'],
    ['disabledAndModified', 'disabled and modified'],
  ];
  const result = new Map<number, string>();
  for (const [key, word] of words) for (const { rule } of difference[key]) result.set(rule.sid, word);
  return result;
}

export function trafficDifference(
  difference: ReleaseDifference,
  messages: ReadonlyMap<number, string>,
  runs: Iterable<{ readonly capture: string; readonly before: TrafficRun; readonly after: TrafficRun }>,
): TrafficDifference {
  const why = becauses(difference);
  const gained: AlertChange[] = [];
  const lost: AlertChange[] = [];
  const counts: AlertChange[] = [];
  const problems: string[] = [];
  let captures = 0;
  for (const { capture, before, after } of runs) {
    captures++;
    const problem = after.problem ?? before.problem;
    if (problem !== undefined) problems.push(`${capture}: ${problem}`);
    for (const sid of [...new Set([...before.alerts.keys(), ...after.alerts.keys()])].sort((a, b) => a - b)) {
      const was = before.alerts.get(sid) ?? 0;
      const is = after.alerts.get(sid) ?? 0;
      if (was === is) continue;
      const change = { sid, message: messages.get(sid) ?? '', capture, before: was, after: is, because: why.get(sid) ?? 'a rule it depends on differs' };
      (was === 0 ? gained : is === 0 ? lost : counts).push(change);
    }
  }
  return { captures, gained, lost, counts, problems };
}
