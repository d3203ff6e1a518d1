/**
 * DEFLATE (RFC 1951), and the frames of gzip (RFC 1952) and zlib (RFC 1950) around it, for short buffers. What a damaged or
 * truncated input gives before its fault is kept; output is bounded by the caller; checksums are not compared, since attackers
 * get them wrong on purpose and receivers do not care.
 */

const LONGEST_CODE = 15;
/** Order in which the lengths of the code for code lengths are sent (section 3.2.7). */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END_OF_BLOCK = 256;
const FIRST_LENGTH = 257;
/** Length and distance codes: base values, and bits that follow (section 3.2.5). */
const LENGTH_BASES = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

/** A canonical code: how many codes of each length, and their symbols in order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** Undefined: more codes than fit. */
function codeOf(lengths: Uint8Array): Code | undefined {
  const counts = new Uint16Array(LONGEST_CODE + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  let left = 1;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    left = left * 2 - counts[length];
    if (left < 0) return undefined;
  }
  const offsets = new Uint16Array(LONGEST_CODE + 2);
  for (let length = 1; length <= LONGEST_CODE; length++) offsets[length + 1] = offsets[length] + counts[length];
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] !== 0) symbols[offsets[lengths[symbol]]++] = symbol;
  return { counts, symbols };
}

let fixedCodes: { lengths: Code; distances: Code } | undefined;

/** Section 3.2.6. */
function fixed(): { lengths: Code; distances: Code } {
  if (fixedCodes === undefined) {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
    fixedCodes = { lengths: codeOf(lengths)!, distances: codeOf(new Uint8Array(30).fill(5))! };
  }
  return fixedCodes;
}

class Inflater {
  readonly #input: Uint8Array;
  #at: number;
  #bits = 0;
  #bitCount = 0;
  readonly #limit: number;
  #output: Uint8Array;
  #length = 0;

  /** `history`: output that came before, which may be referred to; it counts against the limit. */
  constructor(input: Uint8Array, at: number, limit: number, history?: Uint8Array) {
    this.#input = input;
    this.#at = at;
    this.#limit = limit;
    this.#output = new Uint8Array(Math.min(limit, Math.max(256, input.length * 4) + (history?.length ?? 0)));
    if (history === undefined) return;
    this.#output.set(history);
    this.#length = history.length;
  }

  /** Everything up to the end, the limit or the first fault. */
  all(): Uint8Array {
    for (;;) {
      const header = this.#take(3);
      if (header < 0) break;
      const kind = header >> 1;
      const well = kind === 0 ? this.#stored() : kind === 1 ? this.#coded(fixed().lengths, fixed().distances) : kind === 2 && this.#dynamic();
      if (!well || (header & 1) === 1 || this.#length >= this.#limit) break;
    }
    return this.#output.subarray(0, this.#length);
  }

  /** -1 where the input ends. */
  #take(count: number): number {
    while (this.#bitCount < count) {
      if (this.#at >= this.#input.length) return -1;
      this.#bits |= this.#input[this.#at++] << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #put(byte: number): boolean {
    if (this.#length >= this.#limit) return false;
    if (this.#length === this.#output.length) {
      const larger = new Uint8Array(Math.min(this.#limit, this.#output.length * 2));
      larger.set(this.#output);
      this.#output = larger;
    }
    this.#output[this.#length++] = byte;
    return true;
  }

  #stored(): boolean {
    // Bytes begin at the next whole one; up to three may wait among the bits.
    this.#take(this.#bitCount & 7);
    const length = this.#take(16);
    const complement = this.#take(16);
    if (length < 0 || complement < 0 || (length ^ complement) !== 0xffff) return false;
    for (let left = length; left > 0; left--) {
      const byte = this.#take(8);
      if (byte < 0 || !this.#put(byte)) return false;
    }
    return true;
  }

  #symbol(code: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= LONGEST_CODE; length++) {
      const bit = this.#take(1);
      if (bit < 0) return -1;
      value |= bit;
      const count = code.counts[length];
      if (value - first < count) return code.symbols[index + value - first];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    return -1;
  }

  #coded(lengths: Code, distances: Code): boolean {
    for (;;) {
      const symbol = this.#symbol(lengths);
      if (symbol < 0) return false;
      if (symbol === END_OF_BLOCK) return true;
      if (symbol < END_OF_BLOCK) {
        if (!this.#put(symbol)) return false;
        continue;
      }
      const kind = symbol - FIRST_LENGTH;
      const extra = kind < LENGTH_BASES.length ? this.#take(LENGTH_BITS[kind]) : -1;
      const far = this.#symbol(distances);
      const farExtra = far >= 0 && far < DISTANCE_BASES.length ? this.#take(DISTANCE_BITS[far]) : -1;
      if (extra < 0 || farExtra < 0) return false;
      const distance = DISTANCE_BASES[far] + farExtra;
      if (distance > this.#length) return false;
      for (let left = LENGTH_BASES[kind] + extra; left > 0; left--) if (!this.#put(this.#output[this.#length - distance])) return false;
    }
  }

  #dynamic(): boolean {
    const lengthCount = this.#take(5) + 257;
    const distanceCount = this.#take(5) + 1;
    const orderCount = this.#take(4) + 4;
    if (lengthCount < 257 || distanceCount < 1 || orderCount < 4 || lengthCount > 286) return false;
    const order = new Uint8Array(LENGTHS_ORDER.length);
    for (let index = 0; index < orderCount; index++) {
      const length = this.#take(3);
      if (length < 0) return false;
      order[LENGTHS_ORDER[index]] = length;
    }
    const orderCode = codeOf(order);
    if (orderCode === undefined) return false;
    const lengths = new Uint8Array(lengthCount + distanceCount);
    for (let index = 0; index < lengths.length; ) {
      const symbol = this.#symbol(orderCode);
      if (symbol < 0) return false;
      if (symbol < 16) {
        lengths[index++] = symbol;
        continue;
      }
      // 16 repeats the length before, 17 and 18 are runs of zeros.
      const repeated = symbol === 16 ? (index === 0 ? -1 : lengths[index - 1]) : 0;
      const more = this.#take(symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
      const times = more + (symbol === 18 ? 11 : 3);
      if (repeated < 0 || more < 0 || index + times > lengths.length) return false;
      lengths.fill(repeated, index, index + times);
      index += times;
    }
    const lengthCode = codeOf(lengths.subarray(0, lengthCount));
    const distanceCode = codeOf(lengths.subarray(lengthCount));
    return lengthCode !== undefined && distanceCode !== undefined && this.#coded(lengthCode, distanceCode);
  }
}

/** At most `limit` bytes; undefined where it does not begin as zlib. */
export function inflateZlib(input: Uint8Array, limit: number): Uint8Array | undefined {
  return isZlib(input) ? new Inflater(input, ZLIB_HEADER, limit).all() : undefined;
}

const ZLIB_HEADER = 2;
/** With a preset dictionary nothing can be read. */
const HAS_DICTIONARY = 0x20;

function isZlib(input: Uint8Array): boolean {
  return input.length >= ZLIB_HEADER && (input[0] & 15) === 8 && ((input[0] << 8) | input[1]) % 31 === 0 && (input[1] & HAS_DICTIONARY) === 0;
}

const GZIP_HEADER = 10;
const HAS_HEADER_CHECKSUM = 2;
const HAS_EXTRA = 4;
const HAS_NAME = 8;
const HAS_COMMENT = 16;

/** Where the first member's DEFLATE data begins; 0 where it does not begin as gzip. Unknown flags and checksums are passed over. */
function gzipBody(input: Uint8Array): number {
  if (input.length < GZIP_HEADER || input[0] !== 0x1f || input[1] !== 0x8b || input[2] !== 8) return 0;
  const flags = input[3];
  let at = GZIP_HEADER;
  if ((flags & HAS_EXTRA) !== 0) at += 2 + ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8));
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & flag) === 0) continue;
    const zero = input.indexOf(0, at);
    if (zero === -1) return 0;
    at = zero + 1;
  }
  if ((flags & HAS_HEADER_CHECKSUM) !== 0) at += 2;
  return at;
}

/** At most `limit` bytes of the first member; undefined where it does not begin as gzip. */
export function inflateGzip(input: Uint8Array, limit: number): Uint8Array | undefined {
  const at = gzipBody(input);
  return at === 0 ? undefined : new Inflater(input, at, limit).all();
}

/** Raw DEFLATE that goes on where `history` ended; at most `limit` bytes of new output. */
export function inflateOn(input: Uint8Array, limit: number, history: Uint8Array): Uint8Array {
  return new Inflater(input, 0, limit + history.length, history).all().subarray(history.length);
}

/** A faster one for raw DEFLATE, undefined where it finds a fault. */
export type Inflate = (input: Uint8Array, limit: number) => Uint8Array | undefined;

/** gzip, zlib or raw DEFLATE, whatever it is. At most `limit` bytes; undefined where it is none of them. */
export function inflateBytes(input: Uint8Array, limit: number, inflate: Inflate | undefined): Uint8Array | undefined {
  const raw = (at: number): Uint8Array | undefined => {
    if (at >= input.length) return undefined;
    const fast = inflate?.(input.subarray(at), limit);
    const bytes = fast !== undefined && fast.length > 0 ? fast : new Inflater(input, at, limit).all();
    return bytes.length > 0 ? bytes : undefined;
  };
  const body = gzipBody(input);
  if (body > 0) return raw(body);
  return (isZlib(input) ? raw(ZLIB_HEADER) : undefined) ?? raw(0);
}
