/** Numbers out of every range that was given to somebody. Ranges by sidallocation.org. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding, optionOf } from '../../formats/lint-kit/lint-kit.ts';

const RANGES: readonly (readonly [from: number, to: number])[] = [
  [1_000_000, 1_999_999],
  [2_000_000, 2_103_999],
  [2_200_000, 2_299_999],
  [2_400_000, 2_629_999],
  [2_700_000, 2_899_999],
  [3_000_000, 3_499_999],
  [4_000_000, 4_999_999],
  [5_000_000, 6_999_999],
  [10_000_000, 11_999_999],
  [902_200_000, 902_299_999],
];

export const lint: LintDefinition = {
  code: 'lint/sid-range',
  summary: 'the number is in no range that was given to anybody',
  grade: 'reading',
  explanation:
    'Numbers are given in ranges (sidallocation.org): 1,000,000 to 1,999,999 are for rules of your own, 2,000,000 and up for Emerging Threats and others. Numbers below a million belong to the rules of Snort. A number outside all ranges may be given to somebody tomorrow.',
  whenNot: 'For rules of another generator (`gid`), which this lint leaves alone.',
  incorrect: [
    { why: 'a number of Snort', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1234;)'] },
    { why: 'given to nobody', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:99000000;)'] },
  ],
  correct: [
    { why: 'your own', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; sid:1000001;)'] },
    { why: 'another generator', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; gid:3; sid:1234;)'] },
  ],
  check(subject) {
    const { sid, gid } = subject.rule;
    const at = optionOf(subject, 'sid');
    if (gid !== 1 || at === undefined || RANGES.some(([from, to]) => sid >= from && sid <= to)) return [];
    return [finding(`sid ${sid} is in no range that was given to anybody`, at.span, 'rules of your own are numbered from 1000000 to 1999999')];
  },
};
