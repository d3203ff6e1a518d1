/**
 * LZMA with the 13-byte header of `.lzma` files (LZMA specification, 7-zip), for short buffers: properties, dictionary size,
 * length, then one stream of range-coded bits. What comes before a fault or the end of the input is kept; output is bounded by
 * the caller; the dictionary is the output itself, so a large one that is announced costs nothing.
 */

const HEADER = 13;
const MOST_PROPERTIES = 9 * 5 * 5;
const PROBABILITY_BITS = 11;
const EVEN = 1 << (PROBABILITY_BITS - 1);
const MOVE_BITS = 5;
const TOP = 1 << 24;
const STATES = 12;
const POSITION_STATES = 16;
const LITERAL_SIZE = 0x300;
const SHORTEST_MATCH = 2;
const LENGTH_STATES = 4;
/** Distance slots from here on have bits that are not modelled; from 14 on, most of them are sent as they are. */
const FIRST_MODELLED_SLOT = 4;
const FIRST_DIRECT_SLOT = 14;
const ALIGN_BITS = 4;
const SLOT_BITS = 6;

class LengthCode {
  readonly choice = even(2);
  readonly low = even(POSITION_STATES << 3);
  readonly middle = even(POSITION_STATES << 3);
  readonly high = even(256);
}

function even(count: number): Uint16Array {
  return new Uint16Array(count).fill(EVEN);
}

class Expander {
  readonly #input: Uint8Array;
  #at = HEADER;
  #range = 0xffffffff;
  #code = 0;
  /** the input is used up, or contradicts itself */
  over = false;
  readonly #limit: number;
  #output: Uint8Array;
  #length = 0;
  readonly #literals: Uint16Array;
  readonly #isMatch = even(STATES * POSITION_STATES);
  readonly #isRepeat = even(STATES);
  readonly #isRepeat0 = even(STATES);
  readonly #isRepeat1 = even(STATES);
  readonly #isRepeat2 = even(STATES);
  readonly #isLongRepeat0 = even(STATES * POSITION_STATES);
  readonly #slots = even(LENGTH_STATES << SLOT_BITS);
  readonly #modelled = even(128);
  readonly #align = even(1 << ALIGN_BITS);
  readonly #lengths = new LengthCode();
  readonly #repeatLengths = new LengthCode();
  readonly #literalContext: number;
  readonly #literalPosition: number;
  readonly #positionMask: number;

  constructor(input: Uint8Array, properties: number, limit: number) {
    this.#input = input;
    this.#limit = limit;
    this.#output = new Uint8Array(Math.min(limit, Math.max(256, input.length * 4)));
    this.#literalContext = properties % 9;
    this.#literalPosition = Math.floor(properties / 9) % 5;
    this.#positionMask = (1 << Math.floor(properties / 45)) - 1;
    this.#literals = even(LITERAL_SIZE << (this.#literalContext + this.#literalPosition));
  }

  all(): Uint8Array {
    // The first byte of the stream is 0; four of code follow.
    if (this.#next() !== 0) return this.#output.subarray(0, 0);
    for (let count = 0; count < 4; count++) this.#code = ((this.#code << 8) | this.#next()) >>> 0;
    let state = 0;
    const last = [0, 0, 0, 0];
    while (!this.over && this.#length < this.#limit) {
      const position = this.#length & this.#positionMask;
      if (this.#bit(this.#isMatch, state * POSITION_STATES + position) === 0) {
        this.#literal(state, last[0]);
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      let length: number;
      if (this.#bit(this.#isRepeat, state) === 0) {
        length = this.#matchLength(this.#lengths, position);
        state = state < 7 ? 7 : 10;
        last.unshift(this.#distance(length));
        last.pop();
        // The end marker.
        if (last[0] === 0xffffffff) break;
      } else {
        const which = this.#whichRepeat(state);
        if (which === 0 && this.#bit(this.#isLongRepeat0, state * POSITION_STATES + position) === 0) {
          state = state < 7 ? 9 : 11;
          length = 1;
        } else {
          last.unshift(last.splice(which, 1)[0]);
          length = this.#matchLength(this.#repeatLengths, position);
          state = state < 7 ? 8 : 11;
        }
      }
      if (this.over || last[0] >= this.#length) break;
      for (let left = length; left > 0; left--) this.#put(this.#output[this.#length - last[0] - 1]);
    }
    return this.#output.subarray(0, this.#length);
  }

  #next(): number {
    if (this.#at >= this.#input.length) {
      this.over = true;
      return 0;
    }
    return this.#input[this.#at++];
  }

  #normalize(): void {
    if (this.#range >= TOP) return;
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#next()) >>> 0;
  }

  /** One bit by the probability at `index`, which learns from it. */
  #bit(probabilities: Uint16Array, index: number): number {
    const probability = probabilities[index];
    const bound = (this.#range >>> PROBABILITY_BITS) * probability;
    let bit: number;
    if (this.#code < bound) {
      probabilities[index] = probability + (((1 << PROBABILITY_BITS) - probability) >> MOVE_BITS);
      this.#range = bound;
      bit = 0;
    } else {
      probabilities[index] = probability - (probability >> MOVE_BITS);
      this.#code -= bound;
      this.#range -= bound;
      bit = 1;
    }
    this.#normalize();
    return bit;
  }

  #directBits(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left--) {
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      this.#normalize();
      value = value * 2 + bit;
    }
    return value;
  }

  /** `count` bits, the highest first. */
  #tree(probabilities: Uint16Array, base: number, count: number): number {
    let node = 1;
    for (let left = count; left > 0; left--) node = (node << 1) | this.#bit(probabilities, base + node);
    return node - (1 << count);
  }

  /** `count` bits, the lowest first. */
  #reverseTree(probabilities: Uint16Array, base: number, count: number): number {
    let node = 1;
    let value = 0;
    for (let place = 0; place < count; place++) {
      const bit = this.#bit(probabilities, base + node);
      node = (node << 1) | bit;
      value |= bit << place;
    }
    return value;
  }

  #literal(state: number, distance: number): void {
    const before = this.#length > 0 ? this.#output[this.#length - 1] : 0;
    const place = this.#length & ((1 << this.#literalPosition) - 1);
    const base = LITERAL_SIZE * ((place << this.#literalContext) + (before >> (8 - this.#literalContext)));
    let symbol = 1;
    if (state >= 7) {
      // After a match the byte that would have gone on with it is a good guess.
      if (distance >= this.#length) {
        this.over = true;
        return;
      }
      let guess = this.#output[this.#length - distance - 1];
      while (symbol < 0x100) {
        const guessed = (guess >> 7) & 1;
        guess <<= 1;
        const bit = this.#bit(this.#literals, base + ((1 + guessed) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== guessed) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(this.#literals, base + symbol);
    if (!this.over) this.#put(symbol & 0xff);
  }

  #whichRepeat(state: number): number {
    if (this.#bit(this.#isRepeat0, state) === 0) return 0;
    if (this.#bit(this.#isRepeat1, state) === 0) return 1;
    return this.#bit(this.#isRepeat2, state) === 0 ? 2 : 3;
  }

  #matchLength(code: LengthCode, position: number): number {
    if (this.#bit(code.choice, 0) === 0) return SHORTEST_MATCH + this.#tree(code.low, position << 3, 3);
    if (this.#bit(code.choice, 1) === 0) return SHORTEST_MATCH + 8 + this.#tree(code.middle, position << 3, 3);
    return SHORTEST_MATCH + 16 + this.#tree(code.high, 0, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(this.#slots, Math.min(length - SHORTEST_MATCH, LENGTH_STATES - 1) << SLOT_BITS, SLOT_BITS);
    if (slot < FIRST_MODELLED_SLOT) return slot;
    const count = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << count) >>> 0;
    if (slot < FIRST_DIRECT_SLOT) return base + this.#reverseTree(this.#modelled, base - slot, count);
    return base + this.#directBits(count - ALIGN_BITS) * (1 << ALIGN_BITS) + this.#reverseTree(this.#align, 0, ALIGN_BITS);
  }

  #put(byte: number): void {
    if (this.#length >= this.#limit) return;
    if (this.#length === this.#output.length) {
      const larger = new Uint8Array(Math.min(this.#limit, this.#output.length * 2));
      larger.set(this.#output);
      this.#output = larger;
    }
    this.#output[this.#length++] = byte;
  }
}

/** At most `limit` bytes; undefined where it does not begin as LZMA. */
export function expandLzma(input: Uint8Array, limit: number): Uint8Array | undefined {
  if (input.length < HEADER || input[0] >= MOST_PROPERTIES) return undefined;
  const bytes = new Expander(input, input[0], limit).all();
  return bytes.length === 0 ? undefined : bytes;
}
