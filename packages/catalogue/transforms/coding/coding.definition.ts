/** Decodings of the buffer. Suricata user guide, "Transformations". */
import { fromHex, hexDigit } from '@sigwright/bytes';
import type { TransformDefinition } from '@sigwright/contracts';
import { custom, none, numberIn, optional, withoutQuotes } from '../../arguments/index.ts';
import { type Base64Mode, decodeBase64 } from '../../formats/base64.ts';
import { compilePattern, NO_FLAGS } from '../../formats/pattern/pattern.ts';

interface Base64Options {
  readonly bytes: number;
  readonly offset: number;
  readonly mode: Base64Mode;
}

const PATTERN_STEPS = 100_000;

export const transforms: readonly TransformDefinition<never>[] = [
  {
    name: 'url_decode',
    since: '6.0',
    summary: 'percent escapes and plus signs undone',
    argument: none() as never,
    examples: ['http.request_body; url_decode; content:"<script";'],
    transform(input) {
      const output = new Uint8Array(input.length);
      let length = 0;
      for (let at = 0; at < input.length; at++) {
        const byte = input[at];
        const high = byte === 0x25 && at + 2 < input.length ? hexDigit(input[at + 1]) : -1;
        const low = high >= 0 ? hexDigit(input[at + 2]) : -1;
        if (low >= 0) {
          output[length++] = high * 16 + low;
          at += 2;
        } else output[length++] = byte === 0x2b ? 0x20 : byte;
      }
      return output.subarray(0, length);
    },
  },
  {
    name: 'xor',
    since: '6.0',
    summary: 'every byte combined with a repeated key',
    argument: custom('"<hex key>"', ['"0d0ac8ff"'], (written) => {
      const key = fromHex(withoutQuotes(written));
      return key === undefined || key.length === 0 ? { problem: `\`${written}\` is not a key in hex` } : { value: key };
    }) as never,
    examples: ['http.uri; xor:"0d0ac8ff"; content:"abc";'],
    broken: [{ options: 'http.uri; xor:"0g"; content:"abc";', code: 'xor/argument' }],
    transform(input, key: Uint8Array) {
      const output = new Uint8Array(input.length);
      for (let at = 0; at < input.length; at++) output[at] = input[at] ^ key[at % key.length];
      return output;
    },
  },
  {
    name: 'from_base64',
    since: '8.0',
    summary: 'base64 decoded',
    argument: optional(
      custom('[bytes <n>][, offset <n>][, mode <rfc4648|rfc2045|strict>]', ['bytes 32, offset 2, mode rfc4648'], (written) => {
        const options: { bytes: number; offset: number; mode: Base64Mode } = { bytes: 0, offset: 0, mode: 'rfc4648' };
        for (const part of written.split(',')) {
          const [word, value] = part.trim().split(/\s+/);
          if (word === 'mode') {
            if (value !== 'rfc4648' && value !== 'rfc2045' && value !== 'strict') return { problem: `mode \`${value}\` is not known` };
            options.mode = value;
          } else if (word === 'bytes' || word === 'offset') {
            const number = numberIn(value ?? '');
            if (number === undefined || number < 0 || number > 65535) return { problem: `\`${word}\` is no number from 0 to 65535` };
            options[word] = number;
          } else return { problem: `\`${word}\` is not known` };
        }
        return { value: options };
      }),
    ) as never,
    examples: ['http.uri; from_base64:offset 1; content:"abc";', 'http.uri; content:"a"; from_base64; content:"abc";'],
    broken: [{ options: 'http.uri; from_base64:mode none; content:"abc";', code: 'from_base64/argument' }],
    transform(input, options: Base64Options | undefined) {
      const start = Math.min(input.length, options?.offset ?? 0);
      const end = options === undefined || options.bytes === 0 ? input.length : Math.min(input.length, start + options.bytes);
      const decoded = decodeBase64(input, start, end, options?.mode ?? 'rfc4648');
      return decoded.length === 0 ? input : decoded;
    },
  },
  {
    name: 'pcrexform',
    since: '6.0',
    summary: 'what the first group of a regular expression matched',
    argument: custom('"<pattern with a group>"', ['"[a-z]+ (.*)"'], (written) => {
      const compiled = compilePattern(withoutQuotes(written), NO_FLAGS, PATTERN_STEPS, { keepGroups: true });
      if ('problem' in compiled) return { problem: compiled.problem };
      return compiled.groups === 0 ? { problem: 'the pattern has no group', help: 'put parentheses around what is wanted' } : { value: compiled.pattern };
    }) as never,
    examples: ['http.request_line; pcrexform:"[a-zA-Z]+\\s+(.*)\\s+HTTP"; content:"/abc";'],
    broken: [{ options: 'http.uri; pcrexform:"abc"; content:"abc";', code: 'pcrexform/argument' }],
    transform(input, pattern: { match(bytes: Uint8Array, start: number, end: number, from: number): { groups: Int32Array | undefined } | undefined }) {
      const groups = pattern.match(input, 0, input.length, 0)?.groups;
      return groups === undefined || groups[2] < 0 ? input : input.subarray(groups[2], groups[3]);
    },
  },
] as readonly TransformDefinition<never>[];
