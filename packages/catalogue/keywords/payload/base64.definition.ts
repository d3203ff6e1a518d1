/** base64_decode and base64_data. Suricata user guide, "Base64 keywords". */
import { asKeywords, type BytesDecode, keyword } from '@sigwright/contracts';
import { custom, none, numberIn, optional } from '../../arguments/index.ts';
import { decodeBase64 } from '../../formats/base64.ts';

/** Bytes decoded at most, and how far they may begin. */
const MOST_BYTES = 65_535;

export const keywords = asKeywords(
  keyword({
    name: 'base64_decode',
    family: 'payload',
    since: '1.0',
    summary: 'decode base64 for base64_data',
    kind: 'condition',
    argument: optional(
      custom('[bytes <n>][, offset <n>][, relative]', ['bytes 16, offset 2, relative', 'relative'], (written) => {
        const result = { bytes: 0, offset: 0, relative: false };
        for (const part of written.split(',')) {
          const [word, value] = part.trim().split(/\s+/);
          if (word === 'relative') result.relative = true;
          else if (word === 'bytes' || word === 'offset') {
            const number = numberIn(value ?? '');
            if (number === undefined || number < (word === 'bytes' ? 1 : 0) || number > MOST_BYTES)
              return { problem: `\`${word}\` is no number up to ${MOST_BYTES}` };
            result[word] = number;
          } else return { problem: `\`${word}\` is not known` };
        }
        return { value: result };
      }),
    ),
    examples: ['base64_decode:bytes 16, offset 0, relative; base64_data; content:"abc";', 'base64_decode; base64_data; content:"abc";'],
    broken: [
      { options: 'base64_decode:bytes x;', code: 'base64_decode/argument' },
      { options: 'base64_decode:offset 70000;', code: 'base64_decode/argument' },
    ],
    apply(options, builder) {
      const { bytes, offset, relative } = options ?? { bytes: 0, offset: 0, relative: false };
      const decode: BytesDecode = {
        kind: 'decode',
        keyword: 'base64_decode',
        describes: `base64 from ${offset}${relative ? ' behind the match' : ''}`,
        conditions: [],
        decode(inspection) {
          const from = (relative ? inspection.cursor : inspection.start) + offset;
          if (from < inspection.start || from >= inspection.end) return undefined;
          const to = Math.min(inspection.end, from + (bytes === 0 ? MOST_BYTES : bytes));
          // RFC 4648: what stands behind the first foreign character is no base64 any more.
          const decoded = decodeBase64(inspection.bytes, from, to, 'rfc4648');
          return decoded.length === 0 ? undefined : decoded;
        },
      };
      builder.openDecode(decode);
    },
  }),
  keyword({
    name: 'base64_data',
    family: 'payload',
    since: '1.0',
    summary: 'following contents look at what base64_decode made',
    kind: 'sticky-buffer',
    argument: none(),
    examples: ['base64_decode:relative; base64_data; content:"abc";'],
    broken: [{ options: 'base64_data; content:"abc";', code: 'base64_data/without-decode' }],
    apply(_none, builder) {
      builder.selectDecoded();
    },
  }),
);
