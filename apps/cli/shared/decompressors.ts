/** Whole-input decompression with zlib of Node: what a truncated input gives is kept, output is bounded. */
import { brotliDecompressSync, constants, inflateRawSync } from 'node:zlib';
import type { Decompressors } from '@sigwright/contracts';

type Decompress = (input: Uint8Array, options: { maxOutputLength: number; finishFlush: number }) => Uint8Array;

/** Output beyond the limit is an error to zlib; the beginning is wanted all the same, so the input is halved until it fits. */
const MOST_TRIES = 12;

function bounded(decompress: Decompress, flush: number): (input: Uint8Array, limit: number) => Uint8Array | undefined {
  return (input, limit) => {
    let length = input.length;
    for (let tries = 0; tries < MOST_TRIES && length > 0; tries++) {
      try {
        return decompress(input.subarray(0, length), { maxOutputLength: limit, finishFlush: flush });
      } catch (problem) {
        if ((problem as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') return undefined;
        length >>= 1;
      }
    }
    return undefined;
  };
}

export const decompressors: Decompressors = {
  inflate: bounded(inflateRawSync as Decompress, constants.Z_SYNC_FLUSH),
  br: bounded(brotliDecompressSync as unknown as Decompress, constants.BROTLI_OPERATION_FLUSH),
};
