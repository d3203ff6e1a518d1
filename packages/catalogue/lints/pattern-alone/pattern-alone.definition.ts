/** A regular expression with no literal beside it. */
import type { LintDefinition } from '@sigwright/contracts';
import { finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/pattern-alone',
  summary: 'a regular expression without any content runs on all traffic',
  grade: 'reading',
  explanation:
    'A prefilter looks for literals. Where a rule has none, its regular expression is tried on every buffer of its kind. Most patterns hold a literal that can stand before them as `content`.',
  whenNot: 'Where the buffer is short and rare.',
  incorrect: [{ why: 'tried on every URI', rules: ['alert http any any -> any any (msg:"a"; http.uri; pcre:"/\\/gate\\d+\\.php$/"; sid:1;)'] }],
  correct: [
    {
      why: 'the literal first',
      rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/gate"; content:".php"; endswith; pcre:"/\\/gate\\d+\\.php$/"; sid:1;)'],
    },
  ],
  check({ buffers }) {
    const conditions = buffers.flatMap((buffer) => buffer.conditions);
    const pattern = conditions.find(({ condition }) => condition.kind === 'pattern' && !condition.negated);
    if (pattern === undefined || conditions.some(({ condition }) => condition.kind === 'content' && !condition.negated)) return [];
    return [finding('no content stands beside the regular expression', pattern.option.span, 'write the literal part as `content` before it')];
  },
};
