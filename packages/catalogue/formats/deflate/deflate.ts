/**
 * DEFLATE (RFC 1951), and the frames of gzip (RFC 1952) and zlib (RFC 1950) around it. What a damaged or
 * truncated input gives before its fault is kept; output is bounded by the caller; checksums are not compared, since attackers
 * get them wrong on purpose and receivers do not care.
 */
import { compiledInflate } from './compiled-inflate.ts';

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

/** Codes of so many bits and fewer are read by one look; the rarer ones above go on bit by bit. */
const QUICK_BITS = 10;

/** A canonical code (section 3.2.2). */
interface Code {
  /** by the next QUICK_BITS bits of the input: symbol << 4 | length of its code; 0: longer, or none */
  readonly quick: Uint16Array;
  /** how many codes of each length, and their symbols in order */
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
  return { quick: quickOf(counts, symbols), counts, symbols };
}

function quickOf(counts: Uint16Array, symbols: Uint16Array): Uint16Array {
  const quick = new Uint16Array(1 << QUICK_BITS);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= QUICK_BITS; length++) {
    for (let one = 0; one < counts[length]; one++) {
      // Codes come highest bit first, the input lowest first.
      let reversed = 0;
      for (let bit = 0; bit < length; bit++) reversed |= ((code >>> bit) & 1) << (length - 1 - bit);
      const entry = (symbols[index++] << 4) | length;
      for (let at = reversed; at < quick.length; at += 1 << length) quick[at] = entry;
      code++;
    }
    code <<= 1;
  }
  return quick;
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

/** Longer matches that do not overlap themselves are copied at once. */
const WORTH_A_COPY = 24;
const LONGEST_MATCH = 258;
/** The longest code and the bits that may follow a length; with a byte more they are still a small integer. */
const ENOUGH_BITS = 21;

class Inflater {
  readonly #input: Uint8Array;
  #at: number;
  /** bits taken from the input and not used yet, the next one lowest */
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

  /** Up to 16 bits; -1 where the input ends. */
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

  /** Room for so many bytes, as far as the limit lets it: how many bytes the output may have then. */
  #room(wanted: number): number {
    const needed = Math.min(this.#limit, this.#length + wanted);
    if (needed > this.#output.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(needed, this.#output.length * 2)));
      larger.set(this.#output.subarray(0, this.#length));
      this.#output = larger;
    }
    return this.#output.length;
  }

  #stored(): boolean {
    // Bytes begin at the next whole one; up to three may wait among the bits.
    this.#take(this.#bitCount & 7);
    const length = this.#take(16);
    const complement = this.#take(16);
    if (length < 0 || complement < 0 || (length ^ complement) !== 0xffff) return false;
    this.#at -= this.#bitCount >>> 3;
    this.#bits = 0;
    this.#bitCount = 0;
    const there = Math.min(length, this.#input.length - this.#at);
    const taken = Math.min(there, this.#room(there) - this.#length);
    this.#output.set(this.#input.subarray(this.#at, this.#at + taken), this.#length);
    this.#length += taken;
    this.#at += taken;
    return taken === length;
  }

  /** The next symbol, -1 where the input ends or no code is this one. */
  #symbol(code: Code): number {
    while (this.#bitCount < LONGEST_CODE && this.#at < this.#input.length) {
      this.#bits |= this.#input[this.#at++] << this.#bitCount;
      this.#bitCount += 8;
    }
    const entry = code.quick[this.#bits & ((1 << QUICK_BITS) - 1)];
    const found = entry !== 0 ? entry : longSymbol(code, this.#bits);
    const length = found & 15;
    if (found < 0 || length > this.#bitCount) return -1;
    this.#bits >>>= length;
    this.#bitCount -= length;
    return found >> 4;
  }

  #coded(lengths: Code, distances: Code): boolean {
    const input = this.#input;
    const end = input.length;
    const mask = (1 << QUICK_BITS) - 1;
    const { quick } = lengths;
    const { quick: far } = distances;
    let at = this.#at;
    let bits = this.#bits;
    let bitCount = this.#bitCount;
    let room = this.#room(LONGEST_MATCH);
    let output = this.#output;
    let length = this.#length;
    let well = false;
    for (;;) {
      while (bitCount < ENOUGH_BITS && at < end) {
        bits |= input[at++] << bitCount;
        bitCount += 8;
      }
      let entry: number = quick[bits & mask];
      if (entry === 0) entry = longSymbol(lengths, bits);
      let used = entry & 15;
      if (entry < 0 || used > bitCount) break;
      bits >>>= used;
      bitCount -= used;
      const symbol = entry >> 4;
      if (symbol < END_OF_BLOCK) {
        if (length === room) {
          this.#length = length;
          room = this.#room(LONGEST_MATCH);
          output = this.#output;
          if (length === room) break;
        }
        output[length++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) {
        well = true;
        break;
      }
      const kind = symbol - FIRST_LENGTH;
      if (kind >= LENGTH_BASES.length) break;
      used = LENGTH_BITS[kind];
      if (used > bitCount) break;
      const count = LENGTH_BASES[kind] + (bits & ((1 << used) - 1));
      bits >>>= used;
      bitCount -= used;
      while (bitCount < ENOUGH_BITS && at < end) {
        bits |= input[at++] << bitCount;
        bitCount += 8;
      }
      entry = far[bits & mask];
      if (entry === 0) entry = longSymbol(distances, bits);
      used = entry & 15;
      if (entry < 0 || used > bitCount) break;
      bits >>>= used;
      bitCount -= used;
      const reach = entry >> 4;
      if (reach >= DISTANCE_BASES.length) break;
      used = DISTANCE_BITS[reach];
      // After the longest code fewer bits than follow a distance may be left.
      while (bitCount < used && at < end) {
        bits |= input[at++] << bitCount;
        bitCount += 8;
      }
      if (used > bitCount) break;
      const distance = DISTANCE_BASES[reach] + (bits & ((1 << used) - 1));
      bits >>>= used;
      bitCount -= used;
      if (distance > length) break;
      if (length + count > room) {
        this.#length = length;
        room = this.#room(count);
        output = this.#output;
      }
      const until = Math.min(room, length + count);
      if (count >= WORTH_A_COPY && distance >= count) {
        output.copyWithin(length, length - distance, until - distance);
        length = until;
      } else while (length < until) output[length] = output[length++ - distance];
      if (length === this.#limit) break;
    }
    this.#at = at;
    this.#bits = bits;
    this.#bitCount = bitCount;
    this.#length = length;
    return well;
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

/** symbol << 4 | length of its code, for a code of any length that the bits begin with; -1: none. */
function longSymbol(code: Code, bits: number): number {
  let value = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    value |= (bits >>> (length - 1)) & 1;
    const count = code.counts[length];
    if (value - first < count) return (code.symbols[index + value - first] << 4) | length;
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return -1;
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

/** Raw DEFLATE behind `at`, in plain TypeScript. */
export function plainInflate(input: Uint8Array, at: number, limit: number): Uint8Array {
  return new Inflater(input, at, limit).all();
}

/**
 * gzip, zlib or raw DEFLATE, whatever it is. At most `limit` bytes, which are valid until the next call; undefined where it is none of
 * them.
 */
export function inflateBytes(input: Uint8Array, limit: number): Uint8Array | undefined {
  const raw = (at: number): Uint8Array | undefined => {
    if (at >= input.length) return undefined;
    const bytes = compiledInflate(input, at, limit) ?? plainInflate(input, at, limit);
    return bytes.length > 0 ? bytes : undefined;
  };
  const body = gzipBody(input);
  if (body > 0) return raw(body);
  return (isZlib(input) ? raw(ZLIB_HEADER) : undefined) ?? raw(0);
}
