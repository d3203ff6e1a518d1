/**
 * DEFLATE (RFC 1951) for AssemblyScript, compiled to WebAssembly by tools/build-kernel.ts. `deflate.ts` does the same in plain
 * TypeScript, which is the oracle, byte for byte also in what a damaged or cut input gives, and serves where WebAssembly does not.
 */

const LONGEST_CODE: u32 = 15;
const MOST_SYMBOLS: u32 = 288;
/** Codes of so many bits and fewer are read by one look. */
const QUICK_BITS: u32 = 10;
const QUICK_MASK: u64 = (1 << QUICK_BITS) - 1;

/** Order in which the lengths of the code for code lengths are sent (section 3.2.7). */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
const ORDER_LENGTH: i32 = 19;
/** Section 3.2.5: base values, and bits that follow. */
const LENGTH_BASES = memory.data<u16>([3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]);
const LENGTH_BITS = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]);
const LENGTH_KINDS: u32 = 29;
const DISTANCE_BASES = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
]);
const DISTANCE_BITS = memory.data<u8>([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13]);
const DISTANCE_KINDS: u32 = 30;

/** A code (section 3.2.2): how many codes of each length, their symbols in order, and by the next bits symbol << 4 | length. */
const COUNTS: usize = 0;
const SYMBOLS: usize = 32;
const QUICK: usize = SYMBOLS + MOST_SYMBOLS * 2;
const CODE_SIZE: i32 = 32 + 288 * 2 + 1024 * 2;
const literalCode = memory.data(CODE_SIZE, 16);
const distanceCode = memory.data(CODE_SIZE, 16);
const orderCode = memory.data(CODE_SIZE, 16);
/** lengths of the codes that are being read */
const lengths = memory.data(320, 16);
const offsets = memory.data(32, 16);

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

/** False: more codes than fit. */
function buildCode(code: usize, from: usize, count: u32): bool {
  memory.fill(code, 0, CODE_SIZE);
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
  let value: u32 = 0;
  let index: usize = 0;
  for (let length: u32 = 1; length <= QUICK_BITS; length++) {
    for (let left = load<u16>(code + COUNTS + (length << 1)); left > 0; left--) {
      // Codes come highest bit first, the input lowest first.
      let reversed: u32 = 0;
      for (let bit: u32 = 0; bit < length; bit++) reversed |= ((value >>> bit) & 1) << (length - 1 - bit);
      const entry = <u16>((<u32>load<u16>(code + SYMBOLS + (index << 1)) << 4) | length);
      index++;
      for (let place = reversed; place < 1 << QUICK_BITS; place += 1 << length) store<u16>(code + QUICK + (place << 1), entry);
      value++;
    }
    value <<= 1;
  }
  return true;
}

/** symbol << 4 | length of its code, for a code of any length; -1: none. */
function longSymbol(code: usize, held: u64): i32 {
  let value: i32 = 0;
  let first: i32 = 0;
  let index: i32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    value |= <i32>((held >> (length - 1)) & 1);
    const count = <i32>load<u16>(code + COUNTS + (length << 1));
    if (value - first < count) return <i32>((<u32>load<u16>(code + SYMBOLS + (<usize>(index + value - first) << 1)) << 4) | length);
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return -1;
}

/** The next symbol, of which the bits are there; -1 where the input ends or no code is this one. */
// @ts-ignore: decorator
@inline
function symbolOf(code: usize): i32 {
  let entry = <i32>load<u16>(code + QUICK + (<usize>(bits & QUICK_MASK) << 1));
  if (entry === 0) entry = longSymbol(code, bits);
  const length = <u32>(entry & 15);
  if (entry < 0 || length > bitCount) return -1;
  bits >>= length;
  bitCount -= length;
  return entry >>> 4;
}

/** False: the block did not come to its end. The state of the whole is kept in locals here, which processors hold in registers. */
function coded(): bool {
  const last = end;
  const room = most;
  let from = at;
  let held = bits;
  let count = bitCount;
  let to = out;
  let well = false;
  while (true) {
    if (from + 8 <= last) {
      held |= load<u64>(from) << count;
      from += (63 - count) >>> 3;
      count |= 56;
    } else
      while (count <= 56 && from < last) {
        held |= <u64>load<u8>(from++) << count;
        count += 8;
      }
    let entry = <i32>load<u16>(literalCode + QUICK + (<usize>(held & QUICK_MASK) << 1));
    if (entry === 0) entry = longSymbol(literalCode, held);
    let used = <u32>(entry & 15);
    if (entry < 0 || used > count) break;
    held >>= used;
    count -= used;
    const symbol = entry >>> 4;
    if (symbol < 256) {
      if (to === room) {
        stopped = true;
        break;
      }
      store<u8>(to++, <u8>symbol);
      continue;
    }
    if (symbol === 256) {
      well = true;
      break;
    }
    const kind = <u32>(symbol - 257);
    if (kind >= LENGTH_KINDS) break;
    used = <u32>load<u8>(LENGTH_BITS + kind);
    if (used > count) break;
    const length = <usize>load<u16>(LENGTH_BASES + (kind << 1)) + <usize>(held & ((1 << used) - 1));
    held >>= used;
    count -= used;
    // Of 56 bits at most 20 are used: the longest distance, 28 bits, is there. At the end of the input all that is left is.
    entry = <i32>load<u16>(distanceCode + QUICK + (<usize>(held & QUICK_MASK) << 1));
    if (entry === 0) entry = longSymbol(distanceCode, held);
    used = <u32>(entry & 15);
    if (entry < 0 || used > count) break;
    held >>= used;
    count -= used;
    const reach = <u32>(entry >>> 4);
    if (reach >= DISTANCE_KINDS) break;
    used = <u32>load<u8>(DISTANCE_BITS + reach);
    if (used > count) break;
    const distance = <usize>load<u16>(DISTANCE_BASES + (reach << 1)) + <usize>(held & ((1 << used) - 1));
    held >>= used;
    count -= used;
    if (distance > to - begin) break;
    const until = to + length < room ? to + length : room;
    if (distance >= 8) {
      // Up to seven bytes behind the end are written, and written again by what comes next.
      for (; to < until; to += 8) store<u64>(to, load<u64>(to - distance));
      to = until;
    } else for (; to < until; to++) store<u8>(to, load<u8>(to - distance));
    if (to === room) {
      stopped = true;
      break;
    }
  }
  at = from;
  bits = held;
  bitCount = count;
  out = to;
  return well;
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
  buildCode(literalCode, lengths, MOST_SYMBOLS);
  memory.fill(lengths, 5, 30);
  buildCode(distanceCode, lengths, 30);
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
  if (!buildCode(orderCode, lengths, ORDER_LENGTH)) return false;
  const all = literals + distances;
  for (let index = 0; index < all; ) {
    refill();
    const symbol = symbolOf(orderCode);
    if (symbol < 0) return false;
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
    memory.fill(lengths + index, repeated, times);
    index += times;
  }
  return buildCode(literalCode, lengths, literals) && buildCode(distanceCode, lengths + literals, distances);
}

/** The first byte of memory that is free for input and output. */
export function free(): usize {
  return __heap_base;
}

/**
 * memory[input, input + length) undone into memory[output, output + room), and up to 16 bytes behind it, which lie behind the
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
