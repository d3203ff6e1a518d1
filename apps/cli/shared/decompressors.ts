/** Whole-input decompression with what Node has: what a truncated input gives is kept, output is bounded. */
import { brotliDecompressSync, constants } from 'node:zlib';
import type { Decompressors } from '@sigwright/contracts';

/** Output beyond the limit is an error to Node; the beginning is wanted all the same, so the input is halved until it fits. */
const MOST_TRIES = 12;

function brotli(input: Uint8Array, limit: number): Uint8Array | undefined {
  let length = input.length;
  for (let tries = 0; tries < MOST_TRIES && length > 0; tries++) {
    try {
      return brotliDecompressSync(input.subarray(0, length), { maxOutputLength: limit, finishFlush: constants.BROTLI_OPERATION_FLUSH });
    } catch (problem) {
      if ((problem as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') return undefined;
      length >>= 1;
    }
  }
  return undefined;
}

export const decompressors: Decompressors = { br: brotli };
