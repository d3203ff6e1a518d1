/**
 * One needle in bytes[start, end). Bounded, unlike `Uint8Array.indexOf`, which runs to the end of the whole array. All
 * searches here share one conformance table (find.test.ts); `findNaive` is the oracle.
 */

/** First position of `needle`, or -1. An empty needle is found at `start`. */
export function find(bytes: Uint8Array, start: number, end: number, needle: Uint8Array): number {
  const length = needle.length;
  if (length === 0) return start <= end ? start : -1;
  const first = needle[0];
  const last = end - length;
  if (length === 1) {
    for (let at = start; at <= last; at++) if (bytes[at] === first) return at;
    return -1;
  }
  // The last byte of the needle is compared first: two loads reject most places, and texts share beginnings more than ends.
  const tailAt = length - 1;
  const tail = needle[tailAt];
  for (let at = start; at <= last; at++) {
    if (bytes[at + tailAt] !== tail || bytes[at] !== first) continue;
    let equal = 1;
    while (equal < tailAt && bytes[at + equal] === needle[equal]) equal++;
    if (equal >= tailAt) return at;
  }
  return -1;
}

/** As `find`, letters A–Z and a–z being the same. `lowered`: the needle in lower case. */
export function findNocase(bytes: Uint8Array, start: number, end: number, lowered: Uint8Array): number {
  const length = lowered.length;
  if (length === 0) return start <= end ? start : -1;
  // One byte of the needle is looked for alone, best one without case: setting bit 5 maps nothing but letters to letters.
  let anchorAt = length - 1;
  while (anchorAt > 0 && isLetter(lowered[anchorAt])) anchorAt--;
  if (isLetter(lowered[anchorAt])) anchorAt = length - 1;
  const anchor = lowered[anchorAt];
  const bit = isLetter(anchor) ? 0x20 : 0;
  const last = end - length;
  for (let at = start; at <= last; at++) {
    if ((bytes[at + anchorAt] | bit) !== anchor) continue;
    let equal = 0;
    while (equal < length && fold(bytes[at + equal]) === lowered[equal]) equal++;
    if (equal === length) return at;
  }
  return -1;
}

function isLetter(lowered: number): boolean {
  return lowered >= 0x61 && lowered <= 0x7a;
}

function fold(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

/** A copy with A–Z in lower case. */
export function lowerCase(bytes: Uint8Array): Uint8Array {
  const lowered = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) lowered[at] = fold(bytes[at]);
  return lowered;
}

/** The obvious way, kept as oracle. */
export function findNaive(bytes: Uint8Array, start: number, end: number, needle: Uint8Array, nocase = false): number {
  for (let at = start; at + needle.length <= end; at++) {
    let equal = true;
    for (let index = 0; index < needle.length; index++) {
      const one = bytes[at + index];
      if ((nocase ? fold(one) : one) !== (nocase ? fold(needle[index]) : needle[index])) equal = false;
    }
    if (equal) return at;
  }
  return -1;
}

export function equalBytes(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false;
  for (let at = 0; at < other.length; at++) if (bytes[start + at] !== other[at]) return false;
  return true;
}
