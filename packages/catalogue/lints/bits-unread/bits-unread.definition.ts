/** A rule that only sets a bit, for nobody. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/bits-unread',
  summary: 'a silent rule sets a bit that no enabled rule reads',
  grade: 'reading',
  explanation: 'A rule with `noalert` is there to set a bit for others. Where no enabled rule reads it, it costs time and does nothing.',
  whenNot: 'Where the readers are in another set: `--part` leaves lints over the whole set out.',
  incorrect: [
    { why: 'nobody reads it', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; flowbits:set,EX.seen; flowbits:noalert; sid:1;)'] },
    {
      why: 'its only reader is disabled',
      rules: [
        '#alert tcp any any -> any any (msg:"b"; flowbits:isset,EX.seen; content:"def"; sid:2;)',
        'alert tcp any any -> any any (msg:"a"; content:"abc"; flowbits:set,EX.seen; noalert; sid:1;)',
      ],
    },
  ],
  correct: [
    {
      why: 'it is read',
      rules: [
        'alert tcp any any -> any any (msg:"b"; flowbits:isset,EX.seen; content:"def"; sid:2;)',
        'alert tcp any any -> any any (msg:"a"; content:"abc"; flowbits:set,EX.seen; flowbits:noalert; sid:1;)',
      ],
    },
    { why: 'it alerts as well', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; flowbits:set,EX.seen; sid:1;)'] },
  ],
  checkAll(subjects) {
    const read = new Set<string>();
    for (const { rule, states } of subjects) {
      if (!rule.enabled) continue;
      for (const { operation, option } of states) {
        if (operation.kind === 'bit' && (operation.operation === 'isset' || operation.operation === 'isnotset'))
          for (const name of operation.names) read.add(`${option.name} ${name}`);
      }
    }
    return subjects.flatMap((subject) => {
      if (!subject.noAlert) return [];
      const sets = subject.states.filter(({ operation }) => operation.kind === 'bit' && operation.operation === 'set');
      const names = sets.flatMap(({ operation, option }) => (operation.kind === 'bit' ? operation.names.map((name) => `${option.name} ${name}`) : []));
      if (names.length === 0 || sets.length !== subject.states.length || names.some((name) => read.has(name))) return [];
      return [
        {
          subject,
          finding: finding(
            `no enabled rule reads ${names.map((name) => `\`${name.split(' ')[1]}\``).join(', ')}`,
            sets[0].option.span,
            'disable it, or enable the rule that reads it',
          ),
        },
      ];
    });
  },
};
