/** Other rules that can change what a rule does. */
import type { Action, Rule } from '@sigwright/contracts';
import { stateNames } from './state-options.ts';

const DECIDING: ReadonlySet<Action> = new Set(['pass', 'drop', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth']);

/** Other enabled rules that can change what this one does: those that share its bits, over any number of steps, and those that pass or drop. */
export function relevantRules(wanted: Rule, rules: readonly Rule[]): Rule[] {
  const enabled = rules.filter((rule) => rule.enabled && rule.sid !== wanted.sid);
  const found = new Set(enabled.filter((rule) => DECIDING.has(rule.action)));
  const names = stateNames(wanted);
  for (let grown = true; grown; ) {
    grown = false;
    for (const rule of enabled) {
      if (found.has(rule) && !DECIDING.has(rule.action)) continue;
      const own = stateNames(rule);
      if (![...own].some((name) => names.has(name))) continue;
      if (!found.has(rule)) {
        found.add(rule);
        grown = true;
      }
      for (const name of own) names.add(name);
    }
  }
  return enabled.filter((rule) => found.has(rule));
}
