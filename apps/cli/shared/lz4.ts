/**
 * LZ4 frames (LZ4 Frame Format 1.6, LZ4 Block Format) as a stream of blocks that stand for themselves, with xxHash32 (its specification,
 * 0.1) over header and content. Matches are looked for greedily, by the last place of each four bytes.
 */

const MAGIC = 0x184d2204;
/** Version 1, blocks independent of each other; with a checksum of the content. */
const FLAGS = 0b0110_0000;
const CONTENT_CHECKSUM = 0b0000_0100;
/** Blocks of at most 256 KiB. */
const BLOCK_SIZE_CODE = 5 << 4;
const BLOCK = 262_144;
const NOT_COMPRESSED = 0x8000_0000;
const SHORTEST_MATCH = 4;
/** The last match begins that far before the end of a block, and its last bytes are literals. */
const MATCH_LIMIT = 12;
const LAST_LITERALS = 5;
const FARTHEST = 65_535;
const HASH_BITS = 14;

export class Lz4Frame {
  readonly #table = new Int32Array(1 << HASH_BITS);
  readonly #content: XxHash32 | undefined;

  constructor(withChecksum: boolean) {
    this.#content = withChecksum ? new XxHash32() : undefined;
  }

  /** The frame begins. */
  header(): Uint8Array {
    const header = new Uint8Array(7);
    new DataView(header.buffer).setUint32(0, MAGIC, true);
    header[4] = this.#content === undefined ? FLAGS : FLAGS | CONTENT_CHECKSUM;
    header[5] = BLOCK_SIZE_CODE;
    header[6] = (new XxHash32().update(header.subarray(4, 6)).digest() >>> 8) & 0xff;
    return header;
  }

  /** Blocks that hold the bytes. */
  blocks(bytes: Uint8Array): readonly Uint8Array[] {
    this.#content?.update(bytes);
    const blocks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += BLOCK) blocks.push(this.#block(bytes.subarray(at, at + BLOCK)));
    return blocks;
  }

  /** The frame ends. */
  end(): Uint8Array {
    const end = new Uint8Array(this.#content === undefined ? 4 : 8);
    if (this.#content !== undefined) new DataView(end.buffer).setUint32(4, this.#content.digest(), true);
    return end;
  }

  #block(bytes: Uint8Array): Uint8Array {
    const packed = this.#compress(bytes);
    const content = packed.length < bytes.length ? packed : bytes;
    const block = new Uint8Array(4 + content.length);
    new DataView(block.buffer).setUint32(0, (content.length | (content === bytes ? NOT_COMPRESSED : 0)) >>> 0, true);
    block.set(content, 4);
    return block;
  }

  #compress(bytes: Uint8Array): Uint8Array {
    // Literals of incompressible bytes need a length byte for each 255 of them.
    const output = new Uint8Array(bytes.length + Math.ceil(bytes.length / 255) + 16);
    const table = this.#table.fill(-1);
    let length = 0;
    let literals = 0;
    const counted = (rest: number): void => {
      let left = rest;
      for (; left >= 255; left -= 255) output[length++] = 255;
      output[length++] = left;
    };
    const sequence = (to: number, distance: number, match: number): void => {
      const run = to - literals;
      const more = match - SHORTEST_MATCH;
      output[length++] = (Math.min(run, 15) << 4) | (distance === 0 ? 0 : Math.min(more, 15));
      if (run >= 15) counted(run - 15);
      output.set(bytes.subarray(literals, to), length);
      length += run;
      if (distance === 0) return;
      output[length++] = distance & 0xff;
      output[length++] = distance >>> 8;
      if (more >= 15) counted(more - 15);
    };
    for (let at = 0; at + MATCH_LIMIT <= bytes.length; ) {
      const four = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
      const slot = Math.imul(four, PRIME_1) >>> (32 - HASH_BITS);
      const before = table[slot];
      table[slot] = at;
      let match = 0;
      if (before >= 0 && at - before <= FARTHEST) while (at + match < bytes.length - LAST_LITERALS && bytes[before + match] === bytes[at + match]) match++;
      if (match < SHORTEST_MATCH) {
        at++;
        continue;
      }
      sequence(at, at - before, match);
      at += match;
      literals = at;
    }
    sequence(bytes.length, 0, SHORTEST_MATCH);
    return output.subarray(0, length);
  }
}

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;
const STRIPE = 16;

/** With the seed 0. */
export class XxHash32 {
  readonly #lanes = Int32Array.of((PRIME_1 + PRIME_2) | 0, PRIME_2 | 0, 0, -PRIME_1 | 0);
  readonly #rest = new Uint8Array(STRIPE);
  #restLength = 0;
  #total = 0;

  update(bytes: Uint8Array): this {
    this.#total += bytes.length;
    let at = 0;
    if (this.#restLength > 0) {
      at = Math.min(STRIPE - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < STRIPE) return this;
      this.#stripe(this.#rest, 0);
      this.#restLength = 0;
    }
    for (; at + STRIPE <= bytes.length; at += STRIPE) this.#stripe(bytes, at);
    this.#rest.set(bytes.subarray(at));
    this.#restLength = bytes.length - at;
    return this;
  }

  digest(): number {
    const [one, two, three, four] = this.#lanes;
    let hash = this.#total >= STRIPE ? rotate(one, 1) + rotate(two, 7) + rotate(three, 12) + rotate(four, 18) : PRIME_5;
    hash = (hash + this.#total) | 0;
    let at = 0;
    for (; at + 4 <= this.#restLength; at += 4) hash = Math.imul(rotate((hash + Math.imul(word(this.#rest, at), PRIME_3)) | 0, 17), PRIME_4);
    for (; at < this.#restLength; at++) hash = Math.imul(rotate((hash + Math.imul(this.#rest[at], PRIME_5)) | 0, 11), PRIME_1);
    hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
    hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #stripe(bytes: Uint8Array, at: number): void {
    for (let lane = 0; lane < 4; lane++)
      this.#lanes[lane] = Math.imul(rotate((this.#lanes[lane] + Math.imul(word(bytes, at + lane * 4), PRIME_2)) | 0, 13), PRIME_1);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
