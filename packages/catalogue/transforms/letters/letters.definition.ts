/** Transforms of white space and case. Suricata user guide, "Transformations". */
import type { TransformDefinition } from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

function filtered(input: Uint8Array, keep: (at: number) => boolean): Uint8Array {
  const output = new Uint8Array(input.length);
  let length = 0;
  for (let at = 0; at < input.length; at++) if (keep(at)) output[length++] = input[at];
  return output.subarray(0, length);
}

export const transforms: readonly TransformDefinition<never>[] = [
  {
    name: 'strip_whitespace',
    since: '5.0',
    summary: 'without any white space',
    argument: none() as never,
    examples: ['http.uri; strip_whitespace; content:"abc";'],
    broken: [{ options: 'http.uri; strip_whitespace; content:"a b";', code: 'strip_whitespace/excluded' }],
    excludes: (content) => (content.some(isSpace) ? 'it has white space' : undefined),
    transform: (input) => filtered(input, (at) => !isSpace(input[at])),
  },
  {
    name: 'compress_whitespace',
    since: '5.0',
    summary: 'runs of white space become their first character',
    argument: none() as never,
    examples: ['http.uri; compress_whitespace; content:"a b";'],
    broken: [{ options: 'http.uri; compress_whitespace; content:"a  b";', code: 'compress_whitespace/excluded' }],
    excludes: (content) => (content.some((byte, at) => at > 0 && isSpace(byte) && isSpace(content[at - 1])) ? 'it has white space twice in a row' : undefined),
    transform: (input) => filtered(input, (at) => !isSpace(input[at]) || at === 0 || !isSpace(input[at - 1])),
  },
  {
    name: 'to_uppercase',
    since: '7.0.3',
    summary: 'letters a to z in upper case',
    argument: none() as never,
    examples: ['http.uri; to_uppercase; content:"/ABC";'],
    broken: [{ options: 'http.uri; to_uppercase; content:"/Abc";', code: 'to_uppercase/excluded' }],
    excludes: (content, nocase) => (!nocase && content.some((byte) => byte >= 97 && byte <= 122) ? 'it has letters in lower case' : undefined),
    transform(input) {
      const output = new Uint8Array(input.length);
      for (let at = 0; at < input.length; at++) output[at] = input[at] >= 97 && input[at] <= 122 ? input[at] - 32 : input[at];
      return output;
    },
  },
];
