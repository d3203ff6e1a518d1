/** Bytes that a buffer never holds, because it is normalised or holds only a part of what was sent. */
import type { ContentCondition, LintDefinition, LintedBuffer, LintFinding } from '@sigwright/contracts';
import { contentsOf, finding, insideQuotes, textOf } from '../../formats/lint-kit/lint-kit.ts';

interface Law {
  readonly buffers: readonly string[];
  /** what is wrong with the text, and what to do; undefined where nothing is */
  fault(text: string): readonly [title: string, help: string] | undefined;
}

/** What stands on a line of its own; the buffer is the line, or a part of it, without its end. `http.uri` may hold one: `%0d%0a` is decoded. */
const ONE_LINE = [
  'http.method',
  'http.uri.raw',
  'http.user_agent',
  'http.host',
  'http.host.raw',
  'http.referer',
  'http.content_type',
  'http.content_len',
  'http.stat_code',
  'http.stat_msg',
  'http.cookie',
  'http.accept',
  'http.accept_lang',
  'http.accept_enc',
  'http.connection',
  'http.location',
  'http.server',
];

const LAWS: readonly Law[] = [
  {
    buffers: ['http.host'],
    fault: (text) => (/^[a-z0-9.-]*:\d+$/.test(text) ? ['`http.host` holds no port', 'use `http.host.raw`, or the ports of the header'] : undefined),
  },
  {
    buffers: ONE_LINE,
    fault: (text) => (/\n/.test(text) ? ['this buffer is a value of one line and holds no line end', 'use `http.header` for several lines'] : undefined),
  },
  {
    buffers: ['http.stat_code'],
    fault: (text) => (/\S\s|\s\S/.test(text) ? ['this buffer holds the code alone, up to the blank', 'use `http.stat_msg` for what follows it'] : undefined),
  },
  { buffers: ['http.method'], fault: (text) => (/.\s./.test(text) ? ['a method holds no blank', 'use `http.request_line` for the whole line'] : undefined) },
];

function faultOf(buffer: LintedBuffer, content: ContentCondition): readonly [string, string] | undefined {
  const text = textOf(content);
  // What transforms leave out is refused when the rule is compiled.
  if (buffer.transforms.length > 0) return undefined;
  for (const law of LAWS) {
    const fault = law.buffers.includes(buffer.name) ? law.fault(text) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export const lint: LintDefinition = {
  code: 'lint/buffer-never-holds',
  summary: 'a content that the normalised buffer never holds',
  grade: 'cannot-work',
  explanation:
    'Sticky buffers are parts of the traffic, made ready: `http.host` is without port, and a value of one line has no line end. A content that was copied from the raw traffic does not match there.',
  whenNot: 'Never: such a content is not found.',
  incorrect: [
    { why: 'the port', rules: ['alert http any any -> any any (msg:"a"; http.host; content:"evil.com:8080"; endswith; sid:1;)'] },
    { why: 'the words behind the code', rules: ['alert http any any -> any any (msg:"a"; http.stat_code; content:"404 Not"; sid:1;)'] },
    { why: 'a line end in a value', rules: ['alert http any any -> any any (msg:"a"; http.user_agent; content:"curl|0d 0a|"; sid:1;)'] },
  ],
  correct: [
    { why: 'a carriage return alone ends no line', rules: ['alert http any any -> any any (msg:"a"; http.user_agent; content:"a|0d|b"; sid:1;)'] },
    { why: 'a length that is no number', rules: ['alert http any any -> any any (msg:"a"; http.content_len; content:"-1"; sid:1;)'] },
    { why: 'the value', rules: ['alert http any any -> any any (msg:"a"; http.user_agent; content:"curl/"; startswith; sid:1;)'] },
    { why: 'the host as it came', rules: ['alert http any any -> any any (msg:"a"; http.host.raw; content:"evil.com:8080"; endswith; sid:1;)'] },
    { why: 'a line end that was coded in the URI', rules: ['alert http any any -> any any (msg:"a"; http.uri; content:"|0d 0a|Location"; sid:1;)'] },
    { why: 'line ends belong to all headers', rules: ['alert http any any -> any any (msg:"a"; http.header; content:"X-A|3a 20|1|0d 0a|"; sid:1;)'] },
  ],
  check(subject) {
    const found: LintFinding[] = [];
    for (const buffer of subject.buffers) {
      for (const { content, option } of contentsOf(buffer)) {
        // A negated one is always true: it hurts nobody.
        const fault = content.negated ? undefined : faultOf(buffer, content);
        if (fault !== undefined) found.push(finding(fault[0], insideQuotes(option), fault[1]));
      }
    }
    return found;
  },
};
