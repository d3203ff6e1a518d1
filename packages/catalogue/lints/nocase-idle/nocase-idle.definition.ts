/** `nocase` where there is no letter. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { contentsOf, finding, removal } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/nocase-idle',
  summary: '`nocase` on a content without letters',
  grade: 'reading',
  explanation: 'It changes nothing and makes the reader look for the letters. The fix takes it out.',
  whenNot: 'Never.',
  incorrect: [{ why: 'digits and signs', rules: ['alert tcp any any -> any any (msg:"a"; content:"|00 01|123"; nocase; sid:1;)'] }],
  correct: [{ why: 'one letter', rules: ['alert tcp any any -> any any (msg:"a"; content:"|00 01|x"; nocase; sid:1;)'] }],
  check({ rule, buffers }) {
    const found: LintFinding[] = [];
    for (const buffer of buffers) {
      for (const { content, option } of contentsOf(buffer)) {
        if (!content.nocase || content.bytes.some((byte) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)) continue;
        const from = rule.options.indexOf(option) + 1;
        const until = rule.options.findIndex((other, at) => at >= from && other.name === 'content');
        const nocase = rule.options.slice(from, until === -1 ? undefined : until).find((other) => other.name === 'nocase');
        if (nocase !== undefined)
          found.push(finding('the content has no letters', nocase.span, 'leave `nocase` out', removal(rule, nocase, 'leave `nocase` out')));
      }
    }
    return found;
  },
};
