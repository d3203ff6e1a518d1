/** SHA-1, FIPS 180-4 section 6.1. For comparing with fingerprints that others published; it protects nothing. */
import { BlockHash, bigWord } from './block-hash.ts';

const START = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);

const words = new Int32Array(80);

export class Sha1 extends BlockHash {
  constructor() {
    super(START, false);
  }

  protected mix(bytes: Uint8Array, at: number): void {
    for (let word = 0; word < 16; word++) words[word] = bigWord(bytes, at + word * 4);
    for (let word = 16; word < 80; word++) {
      const value = words[word - 3] ^ words[word - 8] ^ words[word - 14] ^ words[word - 16];
      words[word] = (value << 1) | (value >>> 31);
    }
    const { state } = this;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    for (let round = 0; round < 80; round++) {
      let mixed: number;
      if (round < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (round < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
      else if (round < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else mixed = (b ^ c ^ d) + 0xca62c1d6;
      const sum = (((a << 5) | (a >>> 27)) + mixed + e + words[round]) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = sum;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
  }
}
