/** The Huffman code of header texts (RFC 7541 §5.2, Appendix B). The code is canonical: its lengths say it all. */

/** Bits of the code of each byte. */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11,
  10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
  8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
  23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26,
  27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
  27, 27, 26,
];
const LONGEST = 30;
const SHORTEST = 5;
/** Unused bits of the last byte are the beginning of the longest code, all ones. */
const MOST_PADDING = 7;

/** By length: its first code, how many there are, and where their bytes begin in `ORDERED`. */
const FIRST = new Uint32Array(LONGEST + 1);
const COUNT = new Uint32Array(LONGEST + 1);
const PLACE = new Uint32Array(LONGEST + 1);
const ORDERED = Uint8Array.from([...LENGTHS.keys()].sort((a, b) => LENGTHS[a] - LENGTHS[b] || a - b));
for (const length of LENGTHS) COUNT[length]++;
for (let length = 1, code = 0, place = 0; length <= LONGEST; length++) {
  code *= 2;
  FIRST[length] = code;
  PLACE[length] = place;
  code += COUNT[length];
  place += COUNT[length];
}

/** Undefined where bytes[start, end) is no such text. */
export function huffmanDecoded(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const output = new Uint8Array(Math.floor(((end - start) * 8) / SHORTEST));
  let written = 0;
  let code = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >>> bit) & 1);
      length++;
      if (length > LONGEST) return undefined;
      const among = code - FIRST[length];
      if (among >= 0 && among < COUNT[length]) {
        output[written++] = ORDERED[PLACE[length] + among];
        code = 0;
        length = 0;
      }
    }
  }
  if (length > MOST_PADDING || code !== 2 ** length - 1) return undefined;
  return output.subarray(0, written);
}
