/** Both ends are held, and the length says something else. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { contentsOf, exactLengthOf, finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/size-exact',
  summary: 'a content that is the whole buffer has another length than `bsize`',
  grade: 'cannot-work',
  explanation: '`startswith` and `endswith` on one content mean that the buffer is that content. Where `bsize` names another length, both can not be true.',
  whenNot: 'Never: such a rule does not fire.',
  incorrect: [
    { why: 'one byte too many', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"example.com"; startswith; endswith; bsize:12; sid:1;)'] },
  ],
  correct: [
    { why: 'equal', rules: ['alert dns any any -> any any (msg:"a"; dns.query; content:"example.com"; startswith; endswith; bsize:11; sid:1;)'] },
    { why: 'only one end is held', rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/abc"; startswith; bsize:12; sid:1;)'] },
    {
      why: 'the content begins and ends a longer buffer, in two contents',
      rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/a"; startswith; content:"/a"; endswith; bsize:9; sid:1;)'],
    },
  ],
  check(subject) {
    const found: LintFinding[] = [];
    for (const buffer of subject.buffers) {
      const length = exactLengthOf(buffer);
      if (length === undefined) continue;
      for (const { content, option } of contentsOf(buffer)) {
        if (content.negated || !content.startsWith || !content.endsWith || content.bytes.length >= length) continue;
        found.push(
          finding(
            `the content is the whole buffer and has ${content.bytes.length} bytes, not ${length}`,
            option.span,
            `write \`bsize:${content.bytes.length}\` or leave it out`,
          ),
        );
      }
    }
    return found;
  },
};
