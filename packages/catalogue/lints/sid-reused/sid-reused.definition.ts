/** One number for two rules. */
import type { LintDefinition, LintSubject } from '@sigwright/contracts';
import { finding, optionOf } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/sid-reused',
  summary: 'two rules have the same number',
  grade: 'cannot-work',
  explanation:
    'Engines load one rule for a `gid` and `sid` and drop the other, or the rule with the lower `rev`. A number means one rule for ever, also where that rule is disabled.',
  whenNot: 'Never within one ruleset.',
  incorrect: [
    {
      why: 'copied, and the number forgotten',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"one"; sid:1; rev:1;)', 'alert tcp any any -> any any (msg:"b"; content:"two"; sid:1; rev:1;)'],
    },
    {
      why: 'the number of a disabled rule',
      rules: ['#alert tcp any any -> any any (msg:"a"; content:"one"; sid:1; rev:4;)', 'alert tcp any any -> any any (msg:"b"; content:"two"; sid:1; rev:1;)'],
    },
  ],
  correct: [
    {
      why: 'another generator',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"one"; sid:1;)', 'alert tcp any any -> any any (msg:"b"; content:"two"; gid:3; sid:1;)'],
    },
  ],
  checkAll(subjects) {
    const seen = new Map<string, LintSubject>();
    return subjects.flatMap((subject) => {
      const key = `${subject.rule.gid}:${subject.rule.sid}`;
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, subject);
        return [];
      }
      const at = (optionOf(subject, 'sid') ?? subject.rule.options[0]).span;
      return [{ subject, finding: finding(`sid ${subject.rule.sid} is taken by \`${first.rule.message}\``, at, 'give it a number that was never used') }];
    });
  },
};
