/**
 * AES-128 (FIPS 197), one block forward, and AES-128-GCM (NIST SP 800-38D) with a nonce of 96 bits. For messages whose
 * keys everybody can work out; it hides nothing, so no constant time.
 */
import { concatBytes } from '../text.ts';

export const AES_BLOCK = 16;
const ROUNDS = 10;
const WORDS_OF_KEY = 4;

function times2(value: number): number {
  return ((value << 1) ^ ((value & 0x80) !== 0 ? 0x1b : 0)) & 255;
}

/** The substitution: the inverse in the field of 256 elements, then an affine map (section 5.1.1). */
function substitution(): Uint8Array {
  const box = new Uint8Array(256);
  let value = 1;
  let inverse = 1;
  do {
    value ^= times2(value); // times 3, which generates the field
    inverse ^= inverse << 1; // divided by 3
    inverse ^= inverse << 2;
    inverse ^= inverse << 4;
    inverse &= 255;
    if ((inverse & 0x80) !== 0) inverse ^= 0x09;
    const turned = inverse | (inverse << 8);
    box[value] = (inverse ^ (turned >> 7) ^ (turned >> 6) ^ (turned >> 5) ^ (turned >> 4) ^ 0x63) & 255;
  } while (value !== 1);
  box[0] = 0x63;
  return box;
}

const BOX = substitution();

/** A column of the mixed state, by the byte of its first row; the other rows are this one turned. */
const MIXED = Uint32Array.from({ length: 256 }, (_, byte) => {
  const out = BOX[byte];
  const twice = times2(out);
  return ((twice << 24) | (out << 16) | (out << 8) | (twice ^ out)) >>> 0;
});

export class Aes128 {
  readonly #keys = new Uint32Array(WORDS_OF_KEY * (ROUNDS + 1));

  constructor(key: Uint8Array) {
    const words = this.#keys;
    for (let word = 0; word < WORDS_OF_KEY; word++) words[word] = wordAt(key, word * 4);
    let constant = 1;
    for (let word = WORDS_OF_KEY; word < words.length; word++) {
      let last = words[word - 1];
      if (word % WORDS_OF_KEY === 0) {
        last = substituted(((last << 8) | (last >>> 24)) >>> 0) ^ (constant << 24);
        constant = times2(constant);
      }
      words[word] = words[word - WORDS_OF_KEY] ^ last;
    }
  }

  /** Encrypts the block at input[at] into output[to]. */
  encrypt(input: Uint8Array, at: number, output: Uint8Array, to: number): void {
    const keys = this.#keys;
    let a = wordAt(input, at) ^ keys[0];
    let b = wordAt(input, at + 4) ^ keys[1];
    let c = wordAt(input, at + 8) ^ keys[2];
    let d = wordAt(input, at + 12) ^ keys[3];
    for (let round = 1; round < ROUNDS; round++) {
      const key = round * WORDS_OF_KEY;
      const nextA = column(a, b, c, d) ^ keys[key];
      const nextB = column(b, c, d, a) ^ keys[key + 1];
      const nextC = column(c, d, a, b) ^ keys[key + 2];
      d = column(d, a, b, c) ^ keys[key + 3];
      a = nextA;
      b = nextB;
      c = nextC;
    }
    const last = ROUNDS * WORDS_OF_KEY;
    setWord(output, to, shifted(a, b, c, d) ^ keys[last]);
    setWord(output, to + 4, shifted(b, c, d, a) ^ keys[last + 1]);
    setWord(output, to + 8, shifted(c, d, a, b) ^ keys[last + 2]);
    setWord(output, to + 12, shifted(d, a, b, c) ^ keys[last + 3]);
  }
}

function column(a: number, b: number, c: number, d: number): number {
  const second = MIXED[(b >>> 16) & 255];
  const third = MIXED[(c >>> 8) & 255];
  const fourth = MIXED[d & 255];
  return MIXED[a >>> 24] ^ ((second >>> 8) | (second << 24)) ^ ((third >>> 16) | (third << 16)) ^ ((fourth >>> 24) | (fourth << 8));
}

function shifted(a: number, b: number, c: number, d: number): number {
  return (BOX[a >>> 24] << 24) | (BOX[(b >>> 16) & 255] << 16) | (BOX[(c >>> 8) & 255] << 8) | BOX[d & 255];
}

function substituted(word: number): number {
  return shifted(word, word, word, word);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function setWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

export const GCM_TAG = 16;
const GCM_NONCE = 12;
/** x^128 + x^7 + x^2 + x + 1, bits reflected. */
const REDUCTION = 0xe1000000;

/** The digest of GCM over blocks that are filled up with zeros. */
class Ghash {
  readonly #key: readonly [number, number, number, number];
  readonly state = new Uint8Array(AES_BLOCK);

  constructor(key: Uint8Array) {
    this.#key = [wordAt(key, 0), wordAt(key, 4), wordAt(key, 8), wordAt(key, 12)];
  }

  update(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += AES_BLOCK) {
      const length = Math.min(AES_BLOCK, end - at);
      for (let index = 0; index < length; index++) this.state[index] ^= bytes[at + index];
      this.#multiply();
    }
  }

  #multiply(): void {
    let [a, b, c, d] = this.#key;
    let outA = 0;
    let outB = 0;
    let outC = 0;
    let outD = 0;
    for (let bit = 0; bit < 128; bit++) {
      if ((this.state[bit >> 3] & (0x80 >> (bit & 7))) !== 0) {
        outA ^= a;
        outB ^= b;
        outC ^= c;
        outD ^= d;
      }
      const carry = d & 1;
      d = (d >>> 1) | (c << 31);
      c = (c >>> 1) | (b << 31);
      b = (b >>> 1) | (a << 31);
      a = (a >>> 1) ^ (carry !== 0 ? REDUCTION : 0);
    }
    setWord(this.state, 0, outA);
    setWord(this.state, 4, outB);
    setWord(this.state, 8, outC);
    setWord(this.state, 12, outD);
  }
}

/** The counter mode of GCM, which is the same forth and back, and the digest under its mask. */
class Gcm {
  readonly #cipher: Aes128;
  readonly #nonce: Uint8Array;
  readonly #counter = new Uint8Array(AES_BLOCK);
  readonly #stream = new Uint8Array(AES_BLOCK);

  constructor(cipher: Aes128, nonce: Uint8Array) {
    this.#cipher = cipher;
    this.#nonce = nonce;
  }

  #turn(count: number): void {
    this.#counter.set(this.#nonce.subarray(0, GCM_NONCE));
    setWord(this.#counter, GCM_NONCE, count);
    this.#cipher.encrypt(this.#counter, 0, this.#stream, 0);
  }

  /** Of the sealed bytes[start, end). */
  tag(associated: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array {
    const key = new Uint8Array(AES_BLOCK);
    this.#cipher.encrypt(key, 0, key, 0);
    const digest = new Ghash(key);
    digest.update(associated, 0, associated.length);
    digest.update(bytes, start, end);
    const lengths = new Uint8Array(AES_BLOCK);
    setWord(lengths, 4, associated.length * 8);
    setWord(lengths, 12, (end - start) * 8);
    digest.update(lengths, 0, AES_BLOCK);
    this.#turn(1);
    for (let at = 0; at < GCM_TAG; at++) digest.state[at] ^= this.#stream[at];
    return digest.state;
  }

  apply(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const result = new Uint8Array(end - start);
    for (let at = 0, count = 2; at < result.length; at += AES_BLOCK, count++) {
      this.#turn(count);
      const length = Math.min(AES_BLOCK, result.length - at);
      for (let index = 0; index < length; index++) result[at + index] = bytes[start + at + index] ^ this.#stream[index];
    }
    return result;
  }
}

/** The text of bytes[start, end), which ends with the tag; undefined where the tag does not fit. */
export function openAes128Gcm(
  cipher: Aes128,
  nonce: Uint8Array,
  associated: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array | undefined {
  const stop = end - GCM_TAG;
  if (stop < start) return undefined;
  const gcm = new Gcm(cipher, nonce);
  const tag = gcm.tag(associated, bytes, start, stop);
  for (let at = 0; at < GCM_TAG; at++) if (tag[at] !== bytes[stop + at]) return undefined;
  return gcm.apply(bytes, start, stop);
}

/** The sealed text with the tag behind it: for traffic that is composed. */
export function sealAes128Gcm(cipher: Aes128, nonce: Uint8Array, associated: Uint8Array, text: Uint8Array): Uint8Array {
  const gcm = new Gcm(cipher, nonce);
  const sealed = gcm.apply(text, 0, text.length);
  return concatBytes(sealed, gcm.tag(associated, sealed, 0, sealed.length));
}
