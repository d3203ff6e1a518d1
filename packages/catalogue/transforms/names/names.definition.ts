/** Transforms for names and headers. Suricata user guide, "Transformations". */
import { concatBytes, latin1, lowerCase } from '@sigwright/bytes';
import type { PublicSuffixes, TransformDefinition } from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';

const DOT = Uint8Array.of(0x2e);

/** Host names end here (RFC 1035, 2.3.4); longer buffers are none. */
const LONGEST_HOST = 255;

type PartOfName = (list: PublicSuffixes, host: string) => string | undefined;

/** What is no host name, and what lacks the part, stays as it is. */
function partOfName(name: string, summary: string, example: string, part: PartOfName): TransformDefinition<never> {
  return {
    name,
    since: '8.0',
    summary,
    argument: none() as never,
    examples: [`dns.query; ${name}; content:"${example}"; bsize:${example.length};`],
    broken: [{ options: `dns.query; ${name}:1; content:"${example}";`, code: `${name}/argument` }],
    prepare: (_none, { publicSuffixes }) =>
      publicSuffixes === undefined ? { problem: 'the public suffix list is not at hand here' } : { value: (host: string) => part(publicSuffixes, host) },
    transform(input, argument) {
      if (input.length > LONGEST_HOST) return input;
      const found = (argument as unknown as (host: string) => string | undefined)(latin1(lowerCase(input)));
      // Its letters as they were written: the part is the end of the name.
      return found === undefined || found.length > input.length ? input : input.subarray(input.length - found.length);
    },
  };
}

export const transforms: readonly TransformDefinition<never>[] = [
  {
    name: 'dotprefix',
    since: '5.0',
    summary: 'a dot put before the buffer: `.example.com` matches the domain and all below',
    argument: none() as never,
    examples: ['dns.query; dotprefix; content:".example.com"; endswith;'],
    transform: (input) => concatBytes(DOT, input),
  },
  partOfName('domain', 'the registered domain by the public suffix list: `example.co.uk` of `www.example.co.uk`', 'example.co.uk', (list, host) =>
    list.domain(host),
  ),
  {
    name: 'header_lowercase',
    since: '7.0.3',
    summary: 'header names in lower case, values as they are',
    argument: none() as never,
    examples: ['http.header; header_lowercase; content:"host|3a 20|";'],
    transform(input) {
      const output = input.slice();
      let inName = true;
      for (let at = 0; at < output.length; at++) {
        const byte = output[at];
        if (byte === 0x0a) inName = true;
        else if (byte === 0x3a) inName = false;
        else if (inName && byte >= 0x41 && byte <= 0x5a) output[at] = byte + 32;
      }
      return output;
    },
  },
  {
    name: 'strip_pseudo_headers',
    since: '7.0.3',
    summary: 'without the HTTP/2 headers that begin with a colon',
    argument: none() as never,
    examples: ['http.request_header; strip_pseudo_headers; content:"host";'],
    transform(input) {
      const output = new Uint8Array(input.length);
      let length = 0;
      for (let at = 0; at < input.length; ) {
        let end = input.indexOf(0x0a, at);
        end = end === -1 ? input.length : end + 1;
        if (input[at] !== 0x3a) {
          output.set(input.subarray(at, end), length);
          length += end - at;
        }
        at = end;
      }
      return output.subarray(0, length);
    },
  },
  partOfName('tld', 'the public suffix of a host name: `co.uk` of `www.example.co.uk`', 'co.uk', (list, host) => list.suffix(host)),
  {
    name: 'to_lowercase',
    since: '7.0.3',
    summary: 'letters A to Z in lower case',
    argument: none() as never,
    examples: ['http.uri; to_lowercase; content:"/abc";'],
    broken: [{ options: 'http.uri; to_lowercase; content:"/Abc";', code: 'to_lowercase/excluded' }],
    excludes: (content, nocase) => (!nocase && content.some((byte) => byte >= 0x41 && byte <= 0x5a) ? 'it has letters in upper case' : undefined),
    transform: (input) => lowerCase(input),
  },
];
