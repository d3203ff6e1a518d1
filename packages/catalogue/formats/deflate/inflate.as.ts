/**
 * DEFLATE (RFC 1951) for AssemblyScript, compiled to WebAssembly by tools/build-kernel.ts. `deflate.ts` does the same in plain
 * TypeScript, which is the oracle, byte for byte also in what a damaged or cut input gives, and serves where WebAssembly does not.
 */

const LONGEST_CODE: u32 = 15;
const MOST_SYMBOLS: u32 = 288;
const LITERALS: u32 = 256;
/** Codes of so many bits and fewer are read by one look. */
const LITERAL_BITS: u32 = 11;
const DISTANCE_BITS: u32 = 9;
const ORDER_BITS: u32 = 7;

/** Order in which the lengths of the code for code lengths are sent (section 3.2.7). */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
const ORDER_LENGTH: u32 = 19;
/** Section 3.2.5: base values, and how many bits follow. */
const LENGTH_BASES = memory.data<u16>([3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]);
const LENGTH_MORE = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]);
const LENGTH_KINDS: u32 = 29;
const DISTANCE_BASES = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
]);
const DISTANCE_MORE = memory.data<u8>([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13]);
const DISTANCE_KINDS: u32 = 30;
const LONGEST_MATCH: usize = 258;

/**
 * An entry says all of a symbol: its value, above 16 bits; in bits 8 to 13 how long its code is, in bits 0 to 5 how long with the bits
 * that follow it, which are added to the value. 0: no code so short. Of the code for literals and lengths, the highest bits tell what is no length.
 */
const LITERAL: u32 = 0x8000_0000;
const END_OF_BLOCK: u32 = 0x4000_0000;
const NO_MEANING: u32 = 0x2000_0000;
/** A bit of code, in both counts. */
const CODE_BIT: u32 = 0x0101;

/** A code (section 3.2.2): how many codes of each length, its symbols in order, and entries by the next bits. */
const COUNTS: usize = 0;
const SYMBOLS: usize = 32;
const ENTRIES: usize = SYMBOLS + MOST_SYMBOLS * 2;
const literalCode = memory.data(<i32>ENTRIES + (4 << LITERAL_BITS), 16);
const distanceCode = memory.data(<i32>ENTRIES + (4 << DISTANCE_BITS), 16);
const orderCode = memory.data(<i32>ENTRIES + (4 << ORDER_BITS), 16);
/** by symbol: its entry, without its code */
const literalMeanings = memory.data(<i32>MOST_SYMBOLS * 4, 16);
const distanceMeanings = memory.data(32 * 4, 16);
const orderMeanings = memory.data(20 * 4, 16);
/** lengths of the codes that are being read, and eight bytes behind them */
const lengths = memory.data(328, 16);
const offsets = memory.data(32, 16);

for (let symbol: u32 = 0; symbol < MOST_SYMBOLS; symbol++) {
  const kind = symbol - LITERALS - 1;
  store<u32>(
    literalMeanings + (symbol << 2),
    symbol < LITERALS
      ? LITERAL | (symbol << 16)
      : symbol === LITERALS
        ? END_OF_BLOCK
        : kind < LENGTH_KINDS
          ? (<u32>load<u16>(LENGTH_BASES + (kind << 1)) << 16) | load<u8>(LENGTH_MORE + kind)
          : NO_MEANING,
  );
}
for (let kind: u32 = 0; kind < DISTANCE_KINDS; kind++) {
  store<u32>(distanceMeanings + (kind << 2), (<u32>load<u16>(DISTANCE_BASES + (kind << 1)) << 16) | load<u8>(DISTANCE_MORE + kind));
}
for (let symbol: u32 = 0; symbol < ORDER_LENGTH; symbol++) store<u32>(orderMeanings + (symbol << 2), symbol << 16);

let at: usize = 0;
let end: usize = 0;
/** bits taken from the input and not used yet, the next one lowest; above `bitCount` stand some that come again */
let bits: u64 = 0;
let bitCount: u32 = 0;
let begin: usize = 0;
let out: usize = 0;
let most: usize = 0;
let stopped = false;

/** At least 48 bits, or all that are left. */
// @ts-ignore: decorator
@inline
function refill(): void {
  if (at + 8 <= end) {
    bits |= load<u64>(at) << bitCount;
    at += (63 - bitCount) >>> 3;
    bitCount |= 56;
  } else
    while (bitCount <= 56 && at < end) {
      bits |= <u64>load<u8>(at++) << bitCount;
      bitCount += 8;
    }
}

/** Up to 16 bits; -1 where the input ends. */
function take(count: u32): i32 {
  if (bitCount < count) {
    refill();
    if (bitCount < count) return -1;
  }
  const value = <i32>(bits & ((1 << count) - 1));
  bits >>= count;
  bitCount -= count;
  return value;
}

/** The code whose symbols have codes of the lengths at `from`; its entries are by so many bits. False: more codes than fit. */
function buildCode(code: usize, entryBits: u32, meanings: usize, from: usize, count: u32): bool {
  memory.fill(code + COUNTS, 0, 32);
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const place = code + COUNTS + (<usize>load<u8>(from + symbol) << 1);
    store<u16>(place, load<u16>(place) + 1);
  }
  store<u16>(code + COUNTS, 0);
  let left = 1;
  let offset = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    const some = <i32>load<u16>(code + COUNTS + (length << 1));
    left = left * 2 - some;
    if (left < 0) return false;
    store<u16>(offsets + (length << 1), <u16>offset);
    offset += some;
  }
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const length = <usize>load<u8>(from + symbol);
    if (length === 0) continue;
    const place = offsets + (length << 1);
    const index = <usize>load<u16>(place);
    store<u16>(place, <u16>(index + 1));
    store<u16>(code + SYMBOLS + (index << 1), <u16>symbol);
  }
  const entries = code + ENTRIES;
  store<u32>(entries, 0);
  let next = code + SYMBOLS;
  // Codes come highest bit first, the input lowest first: a code is counted up from its other end.
  let reversed: u32 = 0;
  let size: u32 = 1;
  for (let length: u32 = 1; length <= entryBits; length++) {
    // Of a shorter code the bit behind it does not matter.
    memory.copy(entries + (size << 2), entries, size << 2);
    size <<= 1;
    for (let left = load<u16>(code + COUNTS + (length << 1)); left > 0; left--) {
      store<u32>(entries + (reversed << 2), load<u32>(meanings + (<usize>load<u16>(next) << 2)) + length * CODE_BIT);
      next += 2;
      // Behind a code of ones alone there is none of its length or longer.
      const carry: u32 = 1 << (31 - clz(reversed ^ (size - 1)));
      reversed = (reversed & (carry - 1)) | carry;
    }
  }
  return true;
}

/** As an entry, for a code of any length; 0: none. */
function longEntry(code: usize, meanings: usize, held: u64): u32 {
  let value: i32 = 0;
  let first: i32 = 0;
  let index: i32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    value |= <i32>((held >> (length - 1)) & 1);
    const count = <i32>load<u16>(code + COUNTS + (length << 1));
    if (value - first < count) {
      const symbol = <usize>load<u16>(code + SYMBOLS + (<usize>(index + value - first) << 1));
      return load<u32>(meanings + (symbol << 2)) + length * CODE_BIT;
    }
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0;
}

const NONE: u32 = 0xffff_ffff;

/** The value of the next symbol with the bits that follow it, the highest bits of its entry 16 lower; `NONE` where the input ends or no code is this one. */
function valueOf(code: usize, entryBits: u32, meanings: usize): u32 {
  refill();
  let entry = load<u32>(code + ENTRIES + ((<usize>bits & ((1 << entryBits) - 1)) << 2));
  if (entry === 0) entry = longEntry(code, meanings, bits);
  const used = entry & 63;
  if (entry === 0 || used > bitCount) return NONE;
  const value = <u32>valueIn(entry, bits);
  bits >>= used;
  bitCount -= used;
  return value;
}

/** The entry of the next literal or length. */
// @ts-ignore: decorator
@inline
function literalEntry(held: u64): u64 {
  const entry = load<u32>(literalCode + ENTRIES + (<usize>(held & ((1 << LITERAL_BITS) - 1)) << 2));
  return <u64>(entry === 0 ? longEntry(literalCode, literalMeanings, held) : entry);
}

/** The value of an entry, with the bits that follow its code. */
// @ts-ignore: decorator
@inline
function valueIn(entry: u64, held: u64): u64 {
  const codeLength = entry >>> 8;
  return (entry >>> 16) + ((held >> codeLength) & ((<u64>1 << (entry - codeLength)) - 1));
}

/** memory[to, until) becomes what lies so far before it, which may overlap it; up to 31 bytes behind it are written too. */
// @ts-ignore: decorator
@inline
function repeat(to: usize, distance: usize, until: usize): void {
  if (distance >= 16) {
    v128.store(to, v128.load(to - distance));
    to += 16;
    v128.store(to, v128.load(to - distance));
    for (to += 16; to < until; to += 16) v128.store(to, v128.load(to - distance));
  } else if (distance === 1) {
    const run = i8x16.splat(load<i8>(to - 1));
    for (; to < until; to += 16) v128.store(to, run);
  } else if (distance >= 8) {
    for (; to < until; to += 8) store<u64>(to, load<u64>(to - distance));
  } else {
    for (; to < until; to++) store<u8>(to, load<u8>(to - distance));
  }
}

/**
 * False: the block did not come to its end. First as long as input and room are enough for any two literals and a match: without looking at
 * either within these, and with the state of the whole in locals, which processors hold in registers. What is left is read one by one.
 */
function coded(): bool {
  const last = end - 16;
  const room = most - LONGEST_MATCH - 2;
  let from = at;
  let held = bits;
  // Only the lowest six bits of it, and of an entry, count where bits are taken: so many does a shift look at.
  let count = <u64>bitCount;
  let to = out;
  let isOver = false;
  let isWell = false;
  if (end - from >= 16 && most - to >= LONGEST_MATCH + 2) {
    held |= load<u64>(from) << count;
    from += <usize>(7 - ((count >>> 3) & 7));
    count |= 56;
    let entry = literalEntry(held);
    while (from <= last && to <= room) {
      held |= load<u64>(from) << count;
      from += <usize>(7 - ((count >>> 3) & 7));
      count |= 56;
      if ((entry & LITERAL) !== 0) {
        store<u8>(to++, <u8>(entry >>> 16));
        held >>= entry;
        count -= entry;
        entry = literalEntry(held);
        if ((entry & LITERAL) !== 0) {
          store<u8>(to++, <u8>(entry >>> 16));
          held >>= entry;
          count -= entry;
          entry = literalEntry(held);
          continue;
        }
      }
      const length = <usize>valueIn(entry, held);
      held >>= entry;
      count -= entry;
      if (entry === 0 || (entry & (END_OF_BLOCK | NO_MEANING)) !== 0) {
        isOver = true;
        isWell = (entry & END_OF_BLOCK) !== 0;
        break;
      }
      // Of 56 bits a literal and a length have taken up to 35, a distance takes up to 28.
      held |= load<u64>(from) << count;
      from += <usize>(7 - ((count >>> 3) & 7));
      count |= 56;
      entry = <u64>load<u32>(distanceCode + ENTRIES + (<usize>(held & ((1 << DISTANCE_BITS) - 1)) << 2));
      if (entry === 0) entry = longEntry(distanceCode, distanceMeanings, held);
      const distance = <usize>valueIn(entry, held);
      // Without a code or a meaning it is 0.
      if (distance - 1 >= to - begin) {
        isOver = true;
        break;
      }
      held >>= entry;
      count -= entry;
      entry = literalEntry(held);
      const until = to + length;
      repeat(to, distance, until);
      to = until;
    }
  }
  at = from;
  bits = held;
  bitCount = <u32>(count & 63);
  out = to;
  return isOver ? isWell : codedSlowly();
}

/** The same for the last of the input, or of the room. */
function codedSlowly(): bool {
  while (true) {
    const symbol = valueOf(literalCode, LITERAL_BITS, literalMeanings);
    if (symbol === NONE || (symbol & (NO_MEANING >>> 16)) !== 0) return false;
    if ((symbol & (END_OF_BLOCK >>> 16)) !== 0) return true;
    if (out === most) {
      stopped = true;
      return false;
    }
    if ((symbol & (LITERAL >>> 16)) !== 0) {
      store<u8>(out++, <u8>symbol);
      continue;
    }
    const distance = <usize>valueOf(distanceCode, DISTANCE_BITS, distanceMeanings);
    if (distance - 1 >= out - begin) return false;
    const until = out + symbol < most ? out + symbol : most;
    repeat(out, distance, until);
    out = until;
  }
}

/** Section 3.2.4. */
function stored(): bool {
  // Bytes begin at the next whole one; those that wait among the bits are read again.
  at -= bitCount >>> 3;
  bits = 0;
  bitCount = 0;
  if (at + 4 > end) {
    at = end;
    return false;
  }
  const length = <usize>load<u16>(at);
  if ((length ^ load<u16>(at + 2)) !== 0xffff) return false;
  at += 4;
  const there = length < end - at ? length : end - at;
  const room = most - out;
  const taken = there < room ? there : room;
  memory.copy(out, at, taken);
  out += taken;
  at += taken;
  if (there > room) stopped = true;
  return taken === length;
}

/** Section 3.2.6. */
function fixedCodes(): void {
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  buildCode(literalCode, LITERAL_BITS, literalMeanings, lengths, MOST_SYMBOLS);
  memory.fill(lengths, 5, 30);
  buildCode(distanceCode, DISTANCE_BITS, distanceMeanings, lengths, DISTANCE_KINDS);
}

/** Section 3.2.7. */
function dynamicCodes(): bool {
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const sent = take(4) + 4;
  if (literals < 257 || literals > 286 || distances < 1 || sent < 4) return false;
  memory.fill(lengths, 0, 32);
  for (let index = 0; index < sent; index++) {
    const length = take(3);
    if (length < 0) return false;
    store<u8>(lengths + load<u8>(ORDER + index), <u8>length);
  }
  if (!buildCode(orderCode, ORDER_BITS, orderMeanings, lengths, ORDER_LENGTH)) return false;
  const all = literals + distances;
  for (let index = 0; index < all; ) {
    const symbol = valueOf(orderCode, ORDER_BITS, orderMeanings);
    if (symbol === NONE) return false;
    if (symbol < 16) {
      store<u8>(lengths + index++, <u8>symbol);
      continue;
    }
    // 16 repeats the length before, 17 and 18 are runs of zeros.
    if (symbol === 16 && index === 0) return false;
    const repeated = symbol === 16 ? load<u8>(lengths + index - 1) : <u8>0;
    const more = take(symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
    const times = more + (symbol === 18 ? 11 : 3);
    if (more < 0 || index + times > all) return false;
    const eight = <u64>repeated * 0x0101_0101_0101_0101;
    const until = index + times;
    for (let place = index; place < until; place += 8) store<u64>(lengths + place, eight);
    index = until;
  }
  return (
    buildCode(literalCode, LITERAL_BITS, literalMeanings, lengths, literals) &&
    buildCode(distanceCode, DISTANCE_BITS, distanceMeanings, lengths + literals, distances)
  );
}

/** The first byte of memory that is free for input and output. */
export function free(): usize {
  return __heap_base;
}

/**
 * memory[input, input + length) undone into memory[output, output + room), and up to 32 bytes behind it, which lie behind the
 * input: everything up to the end or the first fault. Returns how many bytes came out, and their complement (below 0) where there was
 * no room for more.
 */
export function inflate(input: usize, length: i32, output: usize, room: i32): i32 {
  at = input;
  end = input + length;
  bits = 0;
  bitCount = 0;
  begin = out = output;
  most = output + room;
  stopped = false;
  for (;;) {
    const header = take(3);
    if (header < 0) break;
    const kind = header >>> 1;
    let well = false;
    if (kind === 0) well = stored();
    else if (kind === 1) {
      fixedCodes();
      well = coded();
    } else if (kind === 2) well = dynamicCodes() && coded();
    if (!well || (header & 1) === 1) break;
  }
  const came = <i32>(out - begin);
  return stopped ? ~came : came;
}
