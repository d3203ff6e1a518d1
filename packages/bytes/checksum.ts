/** The Internet checksum (RFC 1071). */

/** Ones' complement sum of bytes[start, end) as 16-bit words, not folded, added to `initial`. */
export function checksumAdd(bytes: Uint8Array, start: number, end: number, initial: number): number {
  let sum = initial;
  let at = start;
  for (const stop = end - 1; at < stop; at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
  if (at < end) sum += bytes[at] << 8;
  return sum;
}

/** Fold and complement: the value that stands in a header. */
export function checksumFinish(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** Zero where bytes[start, end), its own checksum field included, is right. */
export function checksum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  return checksumFinish(checksumAdd(bytes, start, end, initial));
}
