/** MD5, RFC 1321. For comparing with fingerprints that others published; it protects nothing. */
import { BlockHash, littleWord } from './block-hash.ts';

const START = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const CONSTANTS = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 4_294_967_296) | 0);

const words = new Int32Array(16);

export class Md5 extends BlockHash {
  constructor() {
    super(START, true);
  }

  protected mix(bytes: Uint8Array, at: number): void {
    for (let word = 0; word < 16; word++) words[word] = littleWord(bytes, at + word * 4);
    const { state } = this;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    for (let round = 0; round < 64; round++) {
      const quarter = round >> 4;
      let mixed: number;
      let word: number;
      if (quarter === 0) {
        mixed = (b & c) | (~b & d);
        word = round;
      } else if (quarter === 1) {
        mixed = (d & b) | (~d & c);
        word = (5 * round + 1) & 15;
      } else if (quarter === 2) {
        mixed = b ^ c ^ d;
        word = (3 * round + 5) & 15;
      } else {
        mixed = c ^ (b | ~d);
        word = (7 * round) & 15;
      }
      const sum = (a + mixed + CONSTANTS[round] + words[word]) | 0;
      const shift = SHIFTS[quarter * 4 + (round & 3)];
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
  }
}
