/** Base64 (RFC 4648, with the leniency of RFC 2045): stops at the first thing that can not be decoded. */

const VALUES = new Int8Array(256).fill(-1);
'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('').forEach((letter, value) => {
  VALUES[letter.charCodeAt(0)] = value;
});

/** `lenient`: blanks and line ends are passed over. */
export function decodeBase64(bytes: Uint8Array, start: number, end: number, lenient: boolean): Uint8Array {
  const output = new Uint8Array(Math.ceil(((end - start) * 3) / 4));
  let length = 0;
  let group = 0;
  let count = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (lenient && (byte === 32 || byte === 13 || byte === 10 || byte === 9)) continue;
    const value = VALUES[byte];
    if (value < 0) break;
    group = (group << 6) | value;
    if (++count === 4) {
      output[length++] = group >>> 16;
      output[length++] = (group >>> 8) & 255;
      output[length++] = group & 255;
      group = count = 0;
    }
  }
  if (count === 2) output[length++] = group >>> 4;
  else if (count === 3) {
    output[length++] = group >>> 10;
    output[length++] = (group >>> 2) & 255;
  }
  return output.subarray(0, length);
}
