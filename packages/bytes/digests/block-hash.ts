/**
 * What MD5, SHA-1 and SHA-256 share: bytes come in pieces of any size, blocks of 64 bytes are mixed into a state, the end is
 * padded with a bit and the length (RFC 1321 section 3, FIPS 180-4 section 5.1). Fingerprints, not secrets: no constant time.
 */
import { newBytes } from '../work.ts';

const BLOCK = 64;
/** Bytes of the length at the end of the last block. */
const LENGTH_FIELD = 8;
const TWO_32 = 4_294_967_296;

export abstract class BlockHash {
  readonly #pending = newBytes(BLOCK);
  #used = 0;
  #length = 0;
  readonly #little: boolean;
  protected readonly state: Int32Array;

  /** `little`: byte order of words and of the length */
  constructor(start: Int32Array, little: boolean) {
    this.state = start.slice();
    this.#little = little;
  }

  /** Mix bytes[at, at + 64) into the state. */
  protected abstract mix(bytes: Uint8Array, at: number): void;

  update(bytes: Uint8Array, start = 0, end = bytes.length): this {
    this.#length += end - start;
    let at = start;
    if (this.#used > 0) {
      const taken = Math.min(BLOCK - this.#used, end - at);
      this.#pending.set(bytes.subarray(at, at + taken), this.#used);
      this.#used += taken;
      at += taken;
      if (this.#used < BLOCK) return this;
      this.mix(this.#pending, 0);
      this.#used = 0;
    }
    for (; at + BLOCK <= end; at += BLOCK) this.mix(bytes, at);
    if (at < end) {
      this.#pending.set(bytes.subarray(at, end));
      this.#used = end - at;
    }
    return this;
  }

  /** The digest of everything so far. Nothing may be added afterwards. */
  digest(): Uint8Array {
    const pending = this.#pending;
    pending[this.#used++] = 0x80;
    if (this.#used > BLOCK - LENGTH_FIELD) {
      pending.fill(0, this.#used);
      this.mix(pending, 0);
      this.#used = 0;
    }
    pending.fill(0, this.#used);
    const low = (this.#length * 8) % TWO_32;
    const high = Math.floor(this.#length / (TWO_32 / 8));
    const view = new DataView(pending.buffer, pending.byteOffset);
    view.setUint32(BLOCK - LENGTH_FIELD, this.#little ? low : high, this.#little);
    view.setUint32(BLOCK - LENGTH_FIELD / 2, this.#little ? high : low, this.#little);
    this.mix(pending, 0);
    const digest = newBytes(this.state.length * 4);
    const out = new DataView(digest.buffer, digest.byteOffset);
    for (let word = 0; word < this.state.length; word++) out.setInt32(word * 4, this.state[word], this.#little);
    return digest;
  }
}

export function bigWord(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

export function littleWord(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
