/** Thresholds that keep silent a rule whose conditions held: its own, and those of the configuration. */
import type { EngineSettings, GlobalThreshold, Rule } from '@sigwright/contracts';
import { withoutOptions } from './edited-rule.ts';
import type { TrialSetup } from './rule-trials.ts';

/** Options that keep alerts back. */
export const THRESHOLDS: ReadonlySet<string> = new Set(['threshold', 'detection_filter']);

/** Its own threshold, where it would have alerted without; else that of the configuration, or the limit of alerts per packet. */
export function silencedBy(rule: Rule, gid: number, held: number, settings: EngineSettings): string {
  const places = held === 1 ? 'once' : `${held} times`;
  const told = (by: string): string => `it did not become an alert: its conditions held ${places}, and ${by} kept it silent`;
  const own = rule.options.find(({ name }) => THRESHOLDS.has(name));
  if (own !== undefined) return told(`its \`${own.name}${own.value === undefined ? '' : `:${own.value.trim()}`}\``);
  const line = settings.globalThresholds.find((one) => isAbout(one, rule, gid));
  if (line === undefined) return told('the limit of alerts per packet');
  return told(line.suppress === undefined ? 'a threshold of the configuration' : 'a `suppress` of the configuration');
}

/** The same settings where no line of the configuration is about the rule. */
export function unsuppressed(rule: Rule, gid: number, settings: EngineSettings): EngineSettings {
  const left = settings.globalThresholds.filter((line) => !isAbout(line, rule, gid));
  return left.length === settings.globalThresholds.length ? settings : { ...settings, globalThresholds: left };
}

/** It alerts whenever its conditions hold. */
export function withoutThresholds({ rule, others, settings }: TrialSetup): TrialSetup {
  return { rule: withoutOptions(rule, THRESHOLDS), others, settings: { ...settings, globalThresholds: [] } };
}

function isAbout(line: GlobalThreshold, { sid }: Rule, gid: number): boolean {
  return (line.gid === 0 || line.gid === gid) && (line.sid === 0 || line.sid === sid);
}
