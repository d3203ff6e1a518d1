/** Rules that tell nothing when they match, but set bits for others: `noalert`, or `flowbits:noalert` as it was written before. */
import type { Rule, RuleOption } from '@sigwright/contracts';

function silences({ name, value }: RuleOption): boolean {
  return name === 'noalert' || (name === 'flowbits' && value?.trim() === 'noalert');
}

export function neverAlerts(rule: Rule): boolean {
  return rule.options.some(silences);
}

/** Its options but for those that keep it from alerting. */
export function alertingOptions(rule: Rule): readonly RuleOption[] {
  return rule.options.filter((option) => !silences(option));
}
