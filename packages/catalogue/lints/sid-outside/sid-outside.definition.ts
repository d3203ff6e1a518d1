/** Numbers outside the ranges that the ruleset says are its own. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding, optionOf } from '../../formats/lint-kit/lint-kit.ts';

const OURS = [{ from: 1_240_300, to: 1_240_399 }];

export const lint: LintDefinition = {
  code: 'lint/sid-outside',
  summary: "the number is in none of the ruleset's ranges",
  grade: 'misleads',
  explanation:
    "A ruleset repository says in ruleset.yaml (`sid-ranges`) which numbers are its own. A rule with another number may clash with somebody else's rule on a sensor, and whoever looks the number up finds the wrong author. Take a free number of the ranges, or add a range.",
  whenNot: 'For rules that belong to no ruleset repository: there this lint is silent by itself.',
  incorrect: [{ why: 'a number of somebody else', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:2051111;)'], sidRanges: OURS }],
  correct: [
    { why: 'the last number of the range', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1240399;)'], sidRanges: OURS },
    { why: 'no ruleset says what is its own', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:2051111;)'] },
  ],
  check(subject, { sidRanges }) {
    const { sid } = subject.rule;
    const at = optionOf(subject, 'sid');
    if (sidRanges === undefined || at === undefined || sidRanges.some(({ from, to }) => sid >= from && sid <= to)) return [];
    const own = sidRanges.map(({ from, to }) => `${from} to ${to}`).join(', ');
    return [finding(`sid ${sid} lies in none of the ruleset's ranges`, at.span, `its numbers are ${own} (\`sid-ranges\` in ruleset.yaml)`)];
  },
};
