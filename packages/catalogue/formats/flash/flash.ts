/**
 * Flash films (SWF File Format Specification, version 19, chapter 2) that are compressed: `CWS` by zlib, `ZWS` by LZMA. What comes out is
 * the same film as `FWS`: signature, version and length, then the body in the clear.
 */
import { concatBytes } from '@sigwright/bytes';
import { CONTENT_WAITS, type HttpSettings, type Unpack } from '@sigwright/contracts';
import { inflateBytes } from '../deflate/deflate.ts';
import { expandLzma } from '../lzma/lzma.ts';

/** Signature, version, length of the whole film. */
const HEADER = 8;
/** Behind it, of LZMA: length of what is compressed, properties. */
const LZMA_PROPERTIES = 12;
const LZMA_CONTENT = 17;
/** The length that headers of .lzma files give where it is not known. */
const UNKNOWN_LENGTH = new Uint8Array(8).fill(0xff);
const LETTER_F = 0x46;
const LETTER_W = 0x57;
const LETTER_S = 0x53;
const BY_ZLIB = 0x43;
const BY_LZMA = 0x5a;

export function flashUnpacker({ deflate, lzma, mostPacked, mostUnpacked }: NonNullable<HttpSettings['flash']>): Unpack {
  return (content, complete) => {
    const [kind, second = LETTER_W, third = LETTER_S] = content;
    if (content.length > 0 && !((kind === BY_ZLIB && deflate) || (kind === BY_LZMA && lzma))) return undefined;
    if (second !== LETTER_W || third !== LETTER_S) return undefined;
    if (!complete) return CONTENT_WAITS;
    if (content.length < HEADER) return undefined;
    const packed = content.subarray(0, mostPacked);
    const body =
      kind === BY_ZLIB
        ? inflateBytes(packed.subarray(HEADER), mostUnpacked)
        : expandLzma(concatBytes(packed.subarray(LZMA_PROPERTIES, LZMA_CONTENT), UNKNOWN_LENGTH, packed.subarray(LZMA_CONTENT)), mostUnpacked);
    if (body === undefined) return undefined;
    const film = concatBytes(content.subarray(0, HEADER), body);
    film[0] = LETTER_F;
    return film;
  };
}
