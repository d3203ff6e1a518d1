/** Two enabled rules that look for the same. */
import type { LintDefinition, LintSubject } from '@sigwright/contracts';
import { detectionKey, finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/duplicate',
  summary: 'two rules detect exactly the same',
  grade: 'misleads',
  explanation:
    'Header and conditions are equal, only what names and documents the rules differs. One event is told twice, under two numbers, and a correction of one is forgotten in the other. Disable one and keep its references in the other.',
  whenNot: 'While one rule takes over from the other and both numbers must go on for a time.',
  incorrect: [
    {
      why: 'other message, other references',
      rules: [
        'alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; bsize:8; reference:url,example.com/1; sid:1;)',
        'alert dns any any -> any any (msg:"b"; dns.query; content:"evil.com"; bsize:8; reference:url,example.com/2; sid:2;)',
      ],
    },
  ],
  correct: [
    {
      why: 'one of them is disabled',
      rules: [
        '#alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; bsize:8; sid:1;)',
        'alert dns any any -> any any (msg:"b"; dns.query; content:"evil.com"; bsize:8; sid:2;)',
      ],
    },
    {
      why: 'other letters',
      rules: [
        'alert dns any any -> any any (msg:"a"; dns.query; content:"evil.com"; bsize:8; sid:1;)',
        'alert dns any any -> any any (msg:"b"; dns.query; content:"evil.com"; nocase; bsize:8; sid:2;)',
      ],
    },
  ],
  checkAll(subjects) {
    const seen = new Map<string, LintSubject>();
    return subjects.flatMap((subject) => {
      if (!subject.rule.enabled) return [];
      const key = detectionKey(subject.rule);
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, subject);
        return [];
      }
      if (first.rule.sid === subject.rule.sid && first.rule.gid === subject.rule.gid) return [];
      const at = { start: subject.rule.span.start, end: subject.rule.span.start + subject.rule.action.length };
      return [{ subject, finding: finding(`it detects exactly what ${first.rule.sid} detects`, at, 'disable one of them') }];
    });
  },
};
