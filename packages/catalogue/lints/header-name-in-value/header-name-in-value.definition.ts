/** The name of a header in the buffer that holds its value. */
import type { LintDefinition } from '@sigwright/contracts';
import { contentsOf, finding, insideQuotes, textOf } from '../../formats/lint-kit/lint-kit.ts';

const NAMES: ReadonlyMap<string, string> = new Map([
  ['http.user_agent', 'User-Agent'],
  ['http.host', 'Host'],
  ['http.referer', 'Referer'],
  ['http.content_type', 'Content-Type'],
  ['http.content_len', 'Content-Length'],
  ['http.cookie', 'Cookie'],
  ['http.accept', 'Accept'],
  ['http.connection', 'Connection'],
]);

export const lint: LintDefinition = {
  code: 'lint/header-name-in-value',
  summary: 'the name of a header where only its value is',
  grade: 'misleads',
  explanation:
    '`http.user_agent` and its like hold the value of the header, without `User-Agent:` before it. A content that was copied with the name is found only where somebody sent the name twice (`User-Agent: User-Agent: …`), which some malware does and browsers do not.',
  whenNot: 'Where traffic that names the header twice is what the rule is about.',
  incorrect: [{ why: 'the name of the header', rules: ['alert http any any -> any any (msg:"a"; http.user_agent; content:"User-Agent|3a 20|curl"; sid:1;)'] }],
  correct: [
    { why: 'the value', rules: ['alert http any any -> any any (msg:"a"; http.user_agent; content:"curl/"; startswith; sid:1;)'] },
    { why: 'all headers, with their names', rules: ['alert http any any -> any any (msg:"a"; http.header; content:"User-Agent|3a 20|curl"; sid:1;)'] },
    {
      why: 'what is excluded hurts nobody',
      rules: ['alert http any any -> any any (msg:"a"; http.user_agent; content:!"User-Agent|3a 20|"; content:"curl"; sid:1;)'],
    },
  ],
  check(subject) {
    return subject.buffers.flatMap((buffer) => {
      const name = NAMES.get(buffer.name);
      if (name === undefined || buffer.transforms.length > 0) return [];
      const isNamed = new RegExp(`^(?:\\r\\n)?${name}: ?`, 'i');
      return contentsOf(buffer)
        .filter(({ content }) => !content.negated && isNamed.test(textOf(content)))
        .map(({ option }) =>
          finding(
            `\`${buffer.name}\` holds the value: \`${name}:\` is in it only where it was sent twice`,
            insideQuotes(option),
            `leave \`${name}:\` out, unless traffic that names it twice is meant`,
          ),
        );
    });
  },
};
