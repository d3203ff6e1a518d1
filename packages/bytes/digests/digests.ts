/** MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4) of whole byte strings: fingerprints, not secrets. */

function padded(input: Uint8Array, little: boolean): Uint8Array {
  const length = Math.ceil((input.length + 9) / 64) * 64;
  const bytes = new Uint8Array(length);
  bytes.set(input);
  bytes[input.length] = 0x80;
  const view = new DataView(bytes.buffer);
  const bits = input.length * 8;
  view.setUint32(length - (little ? 8 : 4), bits >>> 0, little);
  view.setUint32(length - (little ? 4 : 8), Math.floor(bits / 4294967296), little);
  return bytes;
}

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const MD5_CONSTANTS = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 4294967296) | 0);

function rotate(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}

export function md5(input: Uint8Array): Uint8Array {
  const bytes = padded(input, true);
  const view = new DataView(bytes.buffer);
  let a0 = 0x67452301;
  let b0 = 0xefcdab89 | 0;
  let c0 = 0x98badcfe | 0;
  let d0 = 0x10325476;
  for (let block = 0; block < bytes.length; block += 64) {
    let a = a0;
    let b = b0;
    let c = c0;
    let d = d0;
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
      const sum = (a + mixed + MD5_CONSTANTS[round] + view.getInt32(block + word * 4, true)) | 0;
      a = d;
      d = c;
      c = b;
      b = (b + rotate(sum, MD5_SHIFTS[quarter * 4 + (round & 3)])) | 0;
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  return fromWords([a0, b0, c0, d0], true);
}

export function sha1(input: Uint8Array): Uint8Array {
  const bytes = padded(input, false);
  const view = new DataView(bytes.buffer);
  const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  const words = new Int32Array(80);
  for (let block = 0; block < bytes.length; block += 64) {
    for (let at = 0; at < 16; at++) words[at] = view.getInt32(block + at * 4);
    for (let at = 16; at < 80; at++) words[at] = rotate(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1);
    let [a, b, c, d, e] = state;
    for (let at = 0; at < 80; at++) {
      const mixed =
        at < 20
          ? ((b & c) | (~b & d)) + 0x5a827999
          : at < 40
            ? (b ^ c ^ d) + 0x6ed9eba1
            : at < 60
              ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
              : (b ^ c ^ d) + 0xca62c1d6;
      const sum = (rotate(a, 5) + mixed + e + words[at]) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = sum;
    }
    state[0] = (state[0] + a) | 0;
    state[1] = (state[1] + b) | 0;
    state[2] = (state[2] + c) | 0;
    state[3] = (state[3] + d) | 0;
    state[4] = (state[4] + e) | 0;
  }
  return fromWords(state, false);
}

/** First 32 bits of the fractional parts of roots of the first primes (FIPS 180-4 §4.2.2, §5.3.3). */
function fractions(count: number, root: number): Int32Array {
  const values: number[] = [];
  for (let candidate = 2; values.length < count; candidate++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false;
    if (!prime) continue;
    const value = root === 2 ? Math.sqrt(candidate) : Math.cbrt(candidate);
    values.push(((value - Math.floor(value)) * 4294967296) | 0);
  }
  return Int32Array.from(values);
}

const SHA256_CONSTANTS = fractions(64, 3);
const SHA256_START = fractions(8, 2);

export function sha256(input: Uint8Array): Uint8Array {
  const bytes = padded(input, false);
  const view = new DataView(bytes.buffer);
  const state = SHA256_START.slice();
  const words = new Int32Array(64);
  const right = (value: number, count: number): number => (value >>> count) | (value << (32 - count));
  for (let block = 0; block < bytes.length; block += 64) {
    for (let at = 0; at < 16; at++) words[at] = view.getInt32(block + at * 4);
    for (let at = 16; at < 64; at++) {
      const one = words[at - 15];
      const two = words[at - 2];
      words[at] = (words[at - 16] + (right(one, 7) ^ right(one, 18) ^ (one >>> 3)) + words[at - 7] + (right(two, 17) ^ right(two, 19) ^ (two >>> 10))) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let at = 0; at < 64; at++) {
      const first = (h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + SHA256_CONSTANTS[at] + words[at]) | 0;
      const second = ((right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => {
      state[at] = (state[at] + value) | 0;
    });
  }
  return fromWords([...state], false);
}

function fromWords(words: readonly number[], little: boolean): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, at) => {
    view.setInt32(at * 4, word, little);
  });
  return bytes;
}
