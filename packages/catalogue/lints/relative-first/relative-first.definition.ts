/** A content that is relative to nothing. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { contentsOf, finding } from '../../formats/lint-kit/lint-kit.ts';

export const lint: LintDefinition = {
  code: 'lint/relative-first',
  summary: 'the first content of a buffer is relative to nothing',
  grade: 'reading',
  explanation:
    '`distance` and `within` count from the match before them in the same buffer. On the first content they count from the beginning of the buffer, as `offset` and `depth` do. The content before it probably stood in this buffer once.',
  whenNot: 'Never: `offset` and `depth` say the same in plain words.',
  incorrect: [
    {
      why: 'the match before it is in another buffer',
      rules: ['alert http any any -> any any (msg:"a"; http.method; content:"GET"; http.uri; content:"/abc"; distance:0; sid:1;)'],
    },
  ],
  correct: [
    {
      why: 'a match before it in the same buffer',
      rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"/abc"; content:".php"; distance:0; sid:1;)'],
    },
    { why: 'a pattern before it', rules: ['alert http any any -> any any (msg:"a"; http.uri; pcre:"/^.a/"; content:".php"; distance:0; sid:1;)'] },
  ],
  check({ buffers }) {
    const found: LintFinding[] = [];
    for (const buffer of buffers) {
      const [first] = buffer.conditions;
      const [content] = contentsOf(buffer);
      if (first === undefined || content?.option !== first.option || (content.content.distance === undefined && content.content.within === undefined)) continue;
      found.push(finding(`nothing stands before it in \`${buffer.name}\``, content.option.span, 'write `offset` and `depth`, or leave the position out'));
    }
    return found;
  },
};
