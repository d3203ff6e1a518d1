/** References that lead nowhere as written. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/reference-form',
  summary: 'a reference in a form that tools do not expect',
  grade: 'reading',
  explanation:
    'Readers put `http://` before a `url` reference and `CVE-` before a `cve` one, as reference.config says. Written a second time, the link is broken. The fix takes it off.',
  whenNot: 'Never.',
  incorrect: [
    { why: 'the scheme', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; reference:url,https://example.com/report; sid:1;)'] },
    { why: 'the name of the list', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; reference:cve,CVE-2024-1709; sid:1;)'] },
    { why: 'no digest', rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; reference:md5,1234; sid:1;)'] },
  ],
  correct: [
    {
      why: 'as the style guide has it',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; reference:url,example.com/report; reference:cve,2024-1709; sid:1;)'],
    },
    {
      why: 'a link inside a link',
      rules: ['alert tcp any any -> any any (msg:"a"; content:"abc"; reference:url,web.archive.org/web/2024/https://example.com/; sid:1;)'],
    },
  ],
  check({ rule }) {
    const found: LintFinding[] = [];
    for (const option of rule.options) {
      if (option.name !== 'reference' || option.value === undefined) continue;
      const [, type, value] = /^\s*(\w+)\s*,\s*(.*)$/s.exec(option.value) ?? [];
      const extra = type === 'url' ? /^https?:\/\//i.exec(value) : type === 'cve' ? /^(?:CVE[-,_]?)/i.exec(value) : null;
      if (extra !== null) {
        const start = option.valueSpan.start + option.value.length - value.length;
        const span = { start, end: start + extra[0].length };
        const whole = option.value.length === option.valueSpan.end - option.valueSpan.start;
        found.push(
          finding(
            `\`${extra[0]}\` is put before it by readers`,
            span,
            'leave it out',
            whole ? { title: 'leave it out', safe: true, edits: [{ span, text: '' }] } : undefined,
          ),
        );
      } else if (type === 'md5' && !/^[0-9a-f]{32}$/i.test(value)) found.push(finding(`\`${value}\` is no MD5`, option.valueSpan));
      else if (type === 'cve' && !/^\d{4}-\d{4,}$/.test(value))
        found.push(finding(`\`${value}\` is no CVE number`, option.valueSpan, 'write for example `cve,2024-1709`'));
    }
    return found;
  },
};
