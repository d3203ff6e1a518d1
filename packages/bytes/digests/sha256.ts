/** SHA-256, FIPS 180-4 section 6.2. */
import { BlockHash, bigWord } from './block-hash.ts';

/** First 32 bits of the fractional parts of roots of the first primes (sections 4.2.2 and 5.3.3). */
function fractions(count: number, root: (value: number) => number): Int32Array {
  const values: number[] = [];
  for (let candidate = 2; values.length < count; candidate++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false;
    if (!prime) continue;
    const value = root(candidate);
    values.push(((value - Math.floor(value)) * 4_294_967_296) | 0);
  }
  return Int32Array.from(values);
}

const CONSTANTS = fractions(64, Math.cbrt);
const START = fractions(8, Math.sqrt);

const words = new Int32Array(64);

export class Sha256 extends BlockHash {
  constructor() {
    super(START, false);
  }

  protected mix(bytes: Uint8Array, at: number): void {
    for (let word = 0; word < 16; word++) words[word] = bigWord(bytes, at + word * 4);
    for (let word = 16; word < 64; word++) {
      const one = words[word - 15];
      const two = words[word - 2];
      const first = ((one >>> 7) | (one << 25)) ^ ((one >>> 18) | (one << 14)) ^ (one >>> 3);
      const second = ((two >>> 17) | (two << 15)) ^ ((two >>> 19) | (two << 13)) ^ (two >>> 10);
      words[word] = (words[word - 16] + first + words[word - 7] + second) | 0;
    }
    const { state } = this;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let round = 0; round < 64; round++) {
      const turnedE = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + turnedE + ((e & f) ^ (~e & g)) + CONSTANTS[round] + words[round]) | 0;
      const turnedA = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (turnedA + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}
