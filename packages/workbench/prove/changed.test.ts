/** What a change can affect, by what changed. */
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';
import { affectedByChange } from './changed.ts';
import { RuleRelations, rulesBehind } from './related.ts';

const SET = 'alert tcp any any -> any any (content:"one"; flowbits:set,EX.a; flowbits:noalert; sid:1;)';
const MIDDLE = 'alert tcp any any -> any any (flowbits:isset,EX.a; content:"two"; flowbits:set,EX.b; sid:2;)';
const LAST = 'alert tcp any any -> any any (flowbits:isset,EX.b; content:"three"; sid:3;)';
const APART = 'alert tcp any any -> any any (content:"four"; sid:4;)';
const BEFORE = [SET, MIDDLE, LAST, APART];

const CASES: readonly (readonly [why: string, after: readonly string[], paths: readonly string[], wanted: readonly number[] | undefined])[] = [
  ['nothing', BEFORE, [], []],
  ['a rule alone', [SET, MIDDLE, LAST, APART.replace('four', 'five')], ['rules/a.rules'], [4]],
  ['the head of a chain of bits', [SET.replace('one', 'ten'), MIDDLE, LAST, APART], ['rules/a.rules'], [1, 2, 3]],
  ['a setter that is gone', [MIDDLE, LAST, APART], ['rules/a.rules'], [2, 3]],
  ['a setter that sets something else now', [SET.replace('EX.a', 'EX.x'), MIDDLE, LAST, APART], ['rules/a.rules'], [1, 2, 3]],
  ['a rule that was disabled', [SET, MIDDLE, `#${LAST}`, APART], ['rules/a.rules'], [3]],
  ['evidence', BEFORE, ['evidence/4/fires.pcap', 'reports/a/report.yaml'], [4]],
  ['a script that a rule names', [SET, MIDDLE, LAST, APART.replace('content', 'lua:gate.lua; content')], ['rules/gate.lua', 'rules/other.lua'], [4]],
  ['a pass rule', [...BEFORE, 'pass tcp any any -> any any (content:"six"; sid:5;)'], ['rules/a.rules'], undefined],
  ['settings', BEFORE, ['ruleset.yaml'], undefined],
];

for (const [why, after, paths, wanted] of CASES)
  test(why, () => {
    const found = affectedByChange(parseRules(BEFORE.join('\n')).rules, parseRules(after.join('\n')).rules, paths);
    expect(found === undefined ? undefined : [...found].sort()).toEqual(wanted);
  });

test('who relates to whom, kept from change to change, is as found anew at each', () => {
  let before = parseRules(BEFORE.join('\n')).rules;
  const relations = new RuleRelations(before);
  for (const [why, lines, paths] of [...CASES, ...CASES.toReversed()]) {
    const after = parseRules(lines.join('\n')).rules;
    const kept = affectedByChange(before, after, paths, relations);
    expect(kept, why).toEqual(affectedByChange(before, after, paths));
    for (const { sid } of after) expect(relations.behind(new Set([sid]))).toEqual(rulesBehind(after, new Set([sid])));
    before = after;
  }
});
