/** Base64: RFC 4648 section 4, with the leniency of RFC 2045 section 6.8 where asked for. Linear, output of at most 3/4 of the input. */

import { newBytes } from '@sigwright/bytes';

const VALUES = new Int8Array(256).fill(-1);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('').forEach((letter, value) => {
  VALUES[letter.charCodeAt(0)] = value;
});

const PADDING = 0x3d;

/**
 * rfc4648: the first character that is no base64 ends it, what came before is kept · rfc2045: such characters are passed over ·
 * strict: one such character, and nothing is decoded
 */
export type Base64Mode = 'rfc4648' | 'rfc2045' | 'strict';

export function decodeBase64(bytes: Uint8Array, start: number, end: number, mode: Base64Mode): Uint8Array {
  // Of most texts it is a word at the beginning.
  let stop = end;
  if (mode === 'rfc4648') for (stop = start; stop < end && VALUES[bytes[stop]] >= 0; ) stop++;
  const output = newBytes(Math.ceil(((stop - start) * 3) / 4));
  let length = 0;
  let group = 0;
  let count = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    const value = VALUES[byte];
    if (value < 0) {
      if (byte === PADDING) break;
      if (mode === 'rfc2045') continue;
      if (mode === 'strict') return output.subarray(0, 0);
      break;
    }
    group = (group << 6) | value;
    if (++count === 4) {
      output[length++] = group >>> 16;
      output[length++] = (group >>> 8) & 255;
      output[length++] = group & 255;
      group = 0;
      count = 0;
    }
  }
  // Two or three characters more hold one or two bytes more, padded or not.
  if (count === 2) output[length++] = group >>> 4;
  else if (count === 3) {
    output[length++] = group >>> 10;
    output[length++] = (group >>> 2) & 255;
  }
  return output.subarray(0, length);
}
