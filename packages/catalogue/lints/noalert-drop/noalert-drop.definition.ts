/** A helper that never alerts and drops all the same. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

const BLOCKING: ReadonlySet<string> = new Set(['drop', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth']);

export const lint: LintDefinition = {
  code: 'lint/noalert-drop',
  summary: 'a silent rule drops traffic and tells nobody',
  grade: 'misleads',
  explanation:
    'Rules with `noalert` mark flows for other rules and match ordinary traffic. Turned from `alert` to `drop`, by a policy for a whole category for example, they stop that traffic without a word in any log. The fix makes it `alert` again.',
  whenNot: 'Where traffic is meant to vanish without a trace.',
  incorrect: [
    {
      why: 'every download of a program would vanish',
      rules: ['drop http any any -> any any (msg:"a"; http.uri; content:".exe"; endswith; flowbits:set,EX.exe; flowbits:noalert; sid:1;)'],
    },
  ],
  correct: [
    {
      why: 'it only marks',
      rules: ['alert http any any -> any any (msg:"a"; http.uri; content:".exe"; endswith; flowbits:set,EX.exe; flowbits:noalert; sid:1;)'],
    },
    { why: 'it drops and says so', rules: ['drop http any any -> any any (msg:"a"; http.uri; content:".exe"; endswith; sid:1;)'] },
  ],
  check({ rule, noAlert }) {
    if (!noAlert || !BLOCKING.has(rule.action)) return [];
    const at = { start: rule.span.start, end: rule.span.start + rule.action.length };
    return [
      finding(`\`${rule.action}\` with \`noalert\` stops traffic and tells nobody`, at, 'write `alert`', {
        title: 'write `alert`',
        safe: true,
        edits: [{ span: at, text: 'alert' }],
      }),
    ];
  },
};
