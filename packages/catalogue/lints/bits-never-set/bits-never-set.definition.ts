/** A bit or number that is asked for and set by no rule. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/bits-never-set',
  summary: 'a rule waits for a bit that no enabled rule sets',
  grade: 'cannot-work',
  explanation:
    'A rule with `flowbits:isset,NAME` is true only behind a rule that sets NAME. Where no enabled rule does, because the setter is disabled, mistyped or in another file, it never fires. Of `isset,a|b` one is enough.',
  whenNot: 'Where only a part of the ruleset is given: `--part` leaves lints over the whole set out.',
  incorrect: [
    { why: 'nobody sets it', rules: ['alert tcp any any -> any any (msg:"a"; flowbits:isset,EX.seen; content:"abc"; sid:1;)'] },
    {
      why: 'the setter is disabled',
      rules: [
        '#alert tcp any any -> any any (msg:"a"; content:"x1"; flowbits:set,EX.seen; flowbits:noalert; sid:1;)',
        'alert tcp any any -> any any (msg:"b"; flowbits:isset,EX.seen; content:"abc"; sid:2;)',
      ],
    },
  ],
  correct: [
    {
      why: 'set by another rule',
      rules: [
        'alert tcp any any -> any any (msg:"a"; content:"x1"; flowbits:set,EX.seen; flowbits:noalert; sid:1;)',
        'alert tcp any any -> any any (msg:"b"; flowbits:isset,EX.seen; content:"abc"; sid:2;)',
      ],
    },
    {
      why: 'one of two is set',
      rules: [
        'alert tcp any any -> any any (msg:"a"; content:"x1"; flowbits:set,EX.one; flowbits:noalert; sid:1;)',
        'alert tcp any any -> any any (msg:"b"; flowbits:isset,EX.one|EX.two; content:"abc"; sid:2;)',
      ],
    },
    { why: 'not set is true from the beginning', rules: ['alert tcp any any -> any any (msg:"b"; flowbits:isnotset,EX.seen; content:"abc"; sid:2;)'] },
  ],
  checkAll(subjects) {
    const set = new Map<string, { enabled: boolean; sid: number }>();
    for (const { rule, states } of subjects) {
      for (const { operation, option } of states) {
        if (operation.kind !== 'bit' || (operation.operation !== 'set' && operation.operation !== 'toggle')) continue;
        for (const name of operation.names) {
          const key = `${option.name} ${name}`;
          if (rule.enabled || !set.has(key)) set.set(key, { enabled: rule.enabled, sid: rule.sid });
        }
      }
    }
    return subjects.flatMap((subject) =>
      subject.states.flatMap(({ operation, option }) => {
        if (operation.kind !== 'bit' || operation.operation !== 'isset') return [];
        const setters = operation.names.map((name) => set.get(`${option.name} ${name}`));
        if (setters.some((one) => one?.enabled)) return [];
        const disabled = setters.find((one) => one !== undefined);
        const names = operation.names.map((name) => `\`${name}\``).join(' or ');
        const title = disabled === undefined ? `no rule that was read sets ${names}` : `only a disabled rule sets ${names}: ${disabled.sid}`;
        const help = disabled === undefined ? 'is the name mistyped, or the rule that sets it missing?' : `enable ${disabled.sid}, or disable this rule too`;
        return [{ subject, finding: finding(title, option.span, help) }];
      }),
    );
  },
};
