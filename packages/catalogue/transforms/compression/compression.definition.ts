/** Decompression of the buffer. Suricata user guide, "Transformations". */
import { entryOf } from '@sigwright/bytes';
import type { TransformDefinition } from '@sigwright/contracts';
import { custom, numberIn, optional } from '../../arguments/index.ts';
import { inflateGzip, inflateZlib } from '../../formats/deflate/deflate.ts';

const DEFAULT_SIZE = 1024;
/** A rule can not make every buffer cost more than this. */
const LARGEST_SIZE = 16 * 1_048_576;
const UNITS: Readonly<Record<string, number>> = { kb: 1024, kib: 1024, mb: 1_048_576, mib: 1_048_576 };

const size = optional(
  custom('max-size <bytes>', ['max-size 8192', 'max-size 8kb'], (written) => {
    const found = /^max-size\s+(\d+)\s*([a-z]*)$/i.exec(written);
    const unit = found === null || found[2] === '' ? 1 : entryOf(UNITS, found[2].toLowerCase());
    const value = found === null || unit === undefined ? undefined : (numberIn(found[1]) ?? 0) * unit;
    if (value === undefined) return { problem: `\`${written}\` is not a size` };
    return value < 1 || value > LARGEST_SIZE ? { problem: `the size is not between 1 and ${LARGEST_SIZE}` } : { value };
  }),
);

function decompression(
  name: string,
  summary: string,
  decompress: (input: Uint8Array, limit: number) => Uint8Array | undefined,
): TransformDefinition<number | undefined> {
  return {
    name,
    since: '8.0.4',
    summary,
    argument: size,
    examples: [`http.request_body; ${name}; content:"abc";`, `http.request_body; ${name}:max-size 4096; content:"abc";`],
    broken: [
      { options: `http.uri; ${name}:max-size 0; content:"abc";`, code: `${name}/argument` },
      { options: `http.uri; ${name}:64; content:"abc";`, code: `${name}/argument` },
    ],
    transform: (input, limit) => decompress(input, limit ?? DEFAULT_SIZE) ?? input,
  };
}

export const transforms = [
  decompression('gunzip', 'gzip undone, up to 1,024 bytes unless said otherwise', inflateGzip),
  decompression('zlib_deflate', 'zlib undone, up to 1,024 bytes unless said otherwise', inflateZlib),
] as unknown as readonly TransformDefinition<never>[];
