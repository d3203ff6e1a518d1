/**
 * The loops that read every byte of traffic, for AssemblyScript (compiled to WebAssembly with SIMD by tools/build-kernel.ts).
 * `scan/gram-table.ts` and `scan/short-table.ts` hold the same searches in plain TypeScript, which are the oracle and serve where
 * WebAssembly does not.
 */

/** The golden ratio in 32 bits: neighbouring grams land far apart (Knuth, multiplicative hashing). */
const GOLDEN: i32 = 0x9e3779b1;
/** Bit 6 of each byte, which says "perhaps a letter": half of it set too folds case. */
const LETTERS: i32 = 0x40404040;

/** Of the second hash: independent of the first, so that a gram passes by chance twice only once in thousands. */
const OTHER: i32 = 0x85ebca6b;

// @ts-ignore: decorator
@inline
function taken(filter: usize, hash: u32): u32 {
  return (<u32>load<u8>(filter + (hash >>> 3)) >>> (hash & 7)) & 1;
}

// @ts-ignore: decorator
@inline
function hashed(at: usize, shift: i32): v128 {
  const grams = v128.load(at);
  const folded = v128.or(grams, i32x4.shr_u(v128.and(grams, i32x4.splat(LETTERS)), 1));
  return i32x4.shr_u(i32x4.mul(folded, i32x4.splat(GOLDEN)), shift);
}

/** Of sixteen hashes, the bits of those that are set in the table at `filter`. */
// @ts-ignore: decorator
@inline
function passed(filter: usize, one: v128, two: v128, three: v128, four: v128): v128 {
  const seven = i32x4.splat(7);
  const bits = i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_u(v128.and(one, seven), v128.and(two, seven)),
    i16x8.narrow_i32x4_u(v128.and(three, seven), v128.and(four, seven)),
  );
  const atOne = i32x4.shr_u(one, 3);
  const atTwo = i32x4.shr_u(two, 3);
  const atThree = i32x4.shr_u(three, 3);
  const atFour = i32x4.shr_u(four, 3);
  let bytes = i8x16.splat(0);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atOne, 0), bytes, 0);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atOne, 1), bytes, 1);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atOne, 2), bytes, 2);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atOne, 3), bytes, 3);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atTwo, 0), bytes, 4);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atTwo, 1), bytes, 5);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atTwo, 2), bytes, 6);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atTwo, 3), bytes, 7);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atThree, 0), bytes, 8);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atThree, 1), bytes, 9);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atThree, 2), bytes, 10);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atThree, 3), bytes, 11);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atFour, 0), bytes, 12);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atFour, 1), bytes, 13);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atFour, 2), bytes, 14);
  bytes = v128.load8_lane(filter + <usize>i32x4.extract_lane(atFour, 3), bytes, 15);
  return v128.and(bytes, lookUp(i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0), bits));
}

// @ts-ignore: decorator
@inline
function gramAt(at: usize): i32 {
  const bytes = load<i32>(at);
  return bytes | ((bytes & LETTERS) >>> 1);
}

/** The gram at `position` passed the first look: writes it if it passes the second, too. */
// @ts-ignore: decorator
@inline
function confirm(start: usize, position: i32, filter: usize, shift: i32, out: usize): usize {
  store<u16>(out, <u16>position);
  return out + (<usize>taken(filter, <u32>(gramAt(start + position) * OTHER) >>> shift) << 1);
}

/** The gram at the end of a text, which is too short for sixteen of them at once. */
// @ts-ignore: decorator
@inline
function probe(start: usize, position: i32, filter: usize, shift: i32, out: usize): usize {
  return taken(filter, <u32>(gramAt(start + position) * GOLDEN) >>> shift) === 0 ? out : confirm(start, position, filter, shift, out);
}

/**
 * Positions in memory[start, start + length) whose four bytes, folded, hash twice to bits that are set in the table at `filter`,
 * written from `out` as 16-bit numbers, in no order. Returns how many. `length` is at most 65,535; `out` has room for `length` + 4 numbers.
 */
function grams(start: usize, length: i32, filter: usize, shift: i32, out: usize): i32 {
  const first = out;
  let at = 0;
  // The last load of a block reaches three bytes behind it.
  for (; at + 19 <= length; at += 16) {
    const base = start + at;
    const hits = passed(filter, hashed(base, shift), hashed(base + 1, shift), hashed(base + 2, shift), hashed(base + 3, shift));
    if (!v128.any_true(hits)) continue;
    for (let lanes = i8x16.bitmask(i8x16.ne(hits, i8x16.splat(0))); lanes !== 0; lanes &= lanes - 1) {
      const lane = ctz(lanes);
      out = confirm(start, at + (lane >>> 2) + ((lane & 3) << 2), filter, shift, out);
    }
  }
  for (; at + 4 <= length; at++) out = probe(start, at, filter, shift, out);
  return <i32>((out - first) >> 1);
}

/**
 * The same, where every fourth position is enough: the table has a gram of each literal for each of the four ways it may lie
 * beneath them.
 */
function everyFourth(start: usize, length: i32, filter: usize, shift: i32, out: usize): i32 {
  const first = out;
  let at = 0;
  for (; at + 64 <= length; at += 64) {
    const base = start + at;
    const hits = passed(filter, hashed(base, shift), hashed(base + 16, shift), hashed(base + 32, shift), hashed(base + 48, shift));
    if (!v128.any_true(hits)) continue;
    for (let lanes = i8x16.bitmask(i8x16.ne(hits, i8x16.splat(0))); lanes !== 0; lanes &= lanes - 1)
      out = confirm(start, at + (ctz(lanes) << 2), filter, shift, out);
  }
  for (; at + 4 <= length; at += 4) out = probe(start, at, filter, shift, out);
  return <i32>((out - first) >> 1);
}

// @ts-ignore: decorator
@inline
function foldAll(bytes: v128): v128 {
  // Bit 6 moved by one stays in its byte, so that 16-bit lanes serve, which processors shift at once.
  return v128.or(bytes, i16x8.shr_u(v128.and(bytes, i8x16.splat(0x40)), 1));
}

/** Indices are below sixteen, so that both say the same; the relaxed one is a single instruction. */
// @ts-ignore: decorator
@inline
function lookUp(table: v128, indices: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, indices) : i8x16.swizzle(table, indices);
}

// @ts-ignore: decorator
@inline
function classes(masks: usize, lower: v128, upper: v128): v128 {
  return v128.and(lookUp(v128.load(masks), lower), lookUp(v128.load(masks, 16), upper));
}

// @ts-ignore: decorator
@inline
function upperHalves(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(0x0f));
}

/** Of what the bytes before and these say of a gram's fourth, third, second and first byte, what all say of one gram. */
// @ts-ignore: decorator
@inline
function ofGrams(four: v128, threeBefore: v128, three: v128, twoBefore: v128, two: v128, oneBefore: v128, one: v128): v128 {
  return v128.and(
    v128.and(four, i8x16.shuffle(threeBefore, three, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)),
    v128.and(
      i8x16.shuffle(twoBefore, two, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
      i8x16.shuffle(oneBefore, one, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
    ),
  );
}

/**
 * For few grams, in eight classes: positions in memory[start, start + length) at which each of four bytes, folded, is one that
 * a gram of one and the same class has there. `masks`: for each of the four bytes, 16 sets of classes by its lower half, then 16
 * by its upper half. Answers as above; up to 32 bytes behind the searched ones are read.
 */
export function few(start: usize, length: i32, masks: usize, out: usize): i32 {
  const first = out;
  const half = i8x16.splat(0x0f);
  const none = i8x16.splat(0);
  let firsts = none;
  let seconds = none;
  let thirds = none;
  for (let at = 0; at < length; at += 32) {
    const early = foldAll(v128.load(start + at));
    const late = foldAll(v128.load(start + at, 16));
    const earlyLower = v128.and(early, half);
    const lateLower = v128.and(late, half);
    const earlyUpper = upperHalves(early);
    const lateUpper = upperHalves(late);
    const one = classes(masks, earlyLower, earlyUpper);
    const lateOne = classes(masks, lateLower, lateUpper);
    const two = classes(masks + 32, earlyLower, earlyUpper);
    const lateTwo = classes(masks + 32, lateLower, lateUpper);
    const three = classes(masks + 64, earlyLower, earlyUpper);
    const lateThree = classes(masks + 64, lateLower, lateUpper);
    const hits = ofGrams(classes(masks + 96, earlyLower, earlyUpper), thirds, three, seconds, two, firsts, one);
    const lateHits = ofGrams(classes(masks + 96, lateLower, lateUpper), three, lateThree, two, lateTwo, one, lateOne);
    firsts = lateOne;
    seconds = lateTwo;
    thirds = lateThree;
    if (!v128.any_true(v128.or(hits, lateHits))) continue;
    let places = i8x16.bitmask(i8x16.ne(hits, none)) | (i8x16.bitmask(i8x16.ne(lateHits, none)) << 16);
    while (places !== 0) {
      const position = at + ctz(places) - 3;
      if (position + 4 > length) break;
      store<u16>(out, <u16>position);
      out += 2;
      places &= places - 1;
    }
  }
  return <i32>((out - first) >> 1);
}

/** Bytes of the masks of a table for few grams; behind them lies a bit table as others have it. */
const MASKS: usize = 128;

/** Of the positions at `answers`, those whose gram is set in the table at `filter` stay. Returns how many. Without a branch that goes either way. */
function sieve(start: usize, filter: usize, shift: i32, answers: usize, count: i32): i32 {
  let kept = answers;
  const end = answers + (<usize>count << 1);
  for (let answer = answers; answer < end; answer += 2) {
    const position = load<u16>(answer);
    store<u16>(kept, position);
    kept += <usize>taken(filter, <u32>(gramAt(start + position) * GOLDEN) >>> shift) << 1;
  }
  return <i32>((kept - answers) >> 1);
}

/** What a search is told of a piece: it has the beginning of the text, it has its end. */
const HAS_BEGINNING: i32 = 1;
const HAS_END: i32 = 2;

/** Words at the beginning of a table, by their places: how its grams are looked for; 32 less the bits of its bit table, and of its buckets. */
const KIND: usize = 0;
const FILTER_SHIFT: usize = 4;
const BUCKET_SHIFT: usize = 8;
/** Where its parts begin, in bytes from its beginning. */
const FILTER: usize = 12;
const BUCKETS: usize = 16;
const ENTRIES: usize = 20;
const ROWS: usize = 24;
const POOL: usize = 28;

const EVERY_FOURTH: i32 = 4;
const FEW: i32 = 0;

/** Bytes of an entry: one gram of one literal. */
const ENTRY: usize = 20;
/** Of it, by place: the gram; 16 bits of the other hash of a second part of its literal; the distance of that, signed. */
const SECOND_HASH: usize = 4;
const SECOND_AT: usize = 6;
/** The last place of the buffer at which the gram may stand; the number of its literal; how far in it the gram stands. */
const LAST: usize = 8;
const LITERAL: usize = 12;
const GRAM_AT: usize = 16;

/** Bytes of a literal's row: the mark of the search that found it last; where it begins in the pool; its length; 1 where case does not count. */
const ROW: usize = 16;
const BEGIN: usize = 8;
const LENGTH: usize = 12;
const NOCASE: usize = 14;

/** Said of a position instead of a literal: one that lies beyond the piece may be there. */
const PERHAPS: u32 = 0x8000_0000;

// @ts-ignore: decorator
@inline
function equal(text: usize, literal: usize, length: usize, nocase: bool): bool {
  if (nocase) {
    for (let at: usize = 0; at < length; at++) {
      const byte = <u32>load<u8>(text + at);
      if ((byte - 0x41 < 26 ? byte + 32 : byte) !== <u32>load<u8>(literal + at)) return false;
    }
    return true;
  }
  for (let at: usize = 0; at < length; at++) if (load<u8>(text + at) !== load<u8>(literal + at)) return false;
  return true;
}

/**
 * Of the `count` positions at `answers`, the literals that stand there, each once for a `mark`: their numbers, written from `out` as 32-bit
 * numbers. A position at which only the whole text tells is written itself, with its first bit set. Returns how many were written: at most
 * one for each position and one for each literal. `before` bytes of the buffer came before the piece.
 */
function literals(start: usize, length: i32, table: usize, before: u32, ends: i32, mark: f64, answers: usize, count: i32, out: usize): i32 {
  const first = out;
  const shift = load<i32>(table, BUCKET_SHIFT);
  const buckets = table + <usize>load<u32>(table, BUCKETS);
  const entries = table + <usize>load<u32>(table, ENTRIES);
  const rows = table + <usize>load<u32>(table, ROWS);
  const pool = table + <usize>load<u32>(table, POOL);
  for (let answer = 0; answer < count; answer++) {
    const position = <i32>load<u16>(answers + (<usize>answer << 1));
    const gram = gramAt(start + position);
    const bucket = buckets + ((<usize>((<u32>(gram * GOLDEN)) >>> shift)) << 2);
    const end = entries + <usize>load<u32>(bucket, 4) * ENTRY;
    for (let entry = entries + <usize>load<u32>(bucket) * ENTRY; entry < end; entry += ENTRY) {
      if (load<i32>(entry) !== gram || before + position > load<u32>(entry, LAST)) continue;
      const second = position + <i32>load<i16>(entry, SECOND_AT);
      if (second >= 0 && second + 4 <= length && <u32>(gramAt(start + second) * OTHER) >>> 16 !== <u32>load<u16>(entry, SECOND_HASH)) continue;
      const literal = load<u32>(entry, LITERAL);
      const row = rows + <usize>literal * ROW;
      if (load<f64>(row) === mark) continue;
      const from = position - <i32>load<u16>(entry, GRAM_AT);
      const size = <i32>load<u16>(row, LENGTH);
      if ((from < 0 && (ends & HAS_BEGINNING) !== 0) || (from + size > length && (ends & HAS_END) !== 0)) continue;
      if (from < 0 || from + size > length) {
        store<u32>(out, PERHAPS | position);
        out += 4;
        break;
      }
      if (!equal(start + from, pool + <usize>load<u32>(row, BEGIN), size, load<u16>(row, NOCASE) !== 0)) continue;
      store<f64>(row, mark);
      store<u32>(out, literal);
      out += 4;
    }
  }
  return <i32>((out - first) >> 2);
}

/**
 * Looks for the literals of a table in memory[start, start + length), the first `reach` bytes of it; positions are kept at `answers` on the
 * way. Answers as `literals` does. A table is what `kernelTable` of scan/gram-table.ts makes: words that say where its parts lie; masks,
 * where there are few grams, and a bit table; by the first bits of a gram's hash where its entries begin (as many 32-bit numbers as there are buckets, and one);
 * entries; rows of literals; their bytes.
 */
export function search(start: usize, reach: i32, length: i32, table: usize, before: u32, ends: i32, mark: f64, answers: usize, out: usize): i32 {
  const kind = load<i32>(table, KIND);
  const shift = load<i32>(table, FILTER_SHIFT);
  const filter = table + <usize>load<u32>(table, FILTER);
  const count =
    kind === FEW
      ? sieve(start, filter + MASKS, shift, answers, few(start, reach, filter, answers))
      : kind === EVERY_FOURTH
        ? everyFourth(start, reach, filter, shift, answers)
        : grams(start, reach, filter, shift, answers);
  return count === 0 ? 0 : literals(start, length, table, before, ends, mark, answers, count, out);
}

/** In a table of short needles: which classes each of sixteen places may be of. */
const HIT_CLASSES: usize = 160;

// @ts-ignore: decorator
@inline
function liveClasses(left: i32): v128 {
  return i8x16.splat(<i8>(left | (left >>> 8)));
}

/**
 * Which of up to sixteen needles of two or three bytes, those of the bits of `left`, do not occur, folded, in memory[start, start +
 * length)? Returns their bits. `table`: for each of three bytes 16 sets of classes by its lower half and 16 by its upper half, as
 * `few` has them for four (a needle of two bytes lets any third one through); then each needle in four bytes: its folded bytes and
 * how many they are; then 16 bytes that are written to. Needle n is of class n & 7. Up to 16 bytes behind the searched ones are read.
 */
export function shorts(start: usize, length: i32, table: usize, left: i32): i32 {
  const half = i8x16.splat(0x0f);
  const none = i8x16.splat(0);
  let firsts = none;
  let seconds = none;
  let live = liveClasses(left);
  // Beneath the third byte of a needle lies what is known of all three: of one of two bytes at the end, the byte behind the text.
  for (let at = 0; at <= length; at += 16) {
    const bytes = foldAll(v128.load(start + at));
    const lower = v128.and(bytes, half);
    const upper = v128.and(i16x8.shr_u(bytes, 4), half);
    const one = classes(table, lower, upper);
    const two = classes(table + 32, lower, upper);
    let hits = classes(table + 64, lower, upper);
    hits = v128.and(hits, i8x16.shuffle(seconds, two, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30));
    hits = v128.and(hits, i8x16.shuffle(firsts, one, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29));
    hits = v128.and(hits, live);
    firsts = one;
    seconds = two;
    if (!v128.any_true(hits)) continue;
    v128.store(table, hits, HIT_CLASSES);
    let places = i8x16.bitmask(i8x16.ne(hits, none));
    while (places !== 0) {
      const lane = ctz(places);
      const position = at + lane - 2;
      places &= places - 1;
      const three = gramAt(start + position);
      const hit = <i32>load<u8>(table + lane, HIT_CLASSES);
      for (let bits = left & (hit | (hit << 8)); bits !== 0; bits &= bits - 1) {
        const needle = ctz(bits);
        const written = load<i32>(table + 96 + (<usize>needle << 2));
        const size = written >>> 24;
        if (((three ^ written) & (size === 3 ? 0xffffff : 0xffff)) === 0 && position + size <= length) left &= ~(1 << needle);
      }
      if (left === 0) return 0;
    }
    live = liveClasses(left);
  }
  return left;
}

/**
 * The first place in memory[start + from, start + length) of one byte with another `gap` bytes behind it, or -1. The bits of `oneFold` and
 * `twoFold` are set in what is compared: bit 5 where the case of a letter does not count. Up to 16 bytes behind the searched ones are read.
 */
export function pair(start: usize, from: i32, length: i32, one: i32, oneFold: i32, two: i32, twoFold: i32, gap: i32): i32 {
  const ones = i8x16.splat(<i8>one);
  const twos = i8x16.splat(<i8>two);
  const oneFolds = i8x16.splat(<i8>oneFold);
  const twoFolds = i8x16.splat(<i8>twoFold);
  for (let at = from; at + gap < length; at += 16) {
    const first = i8x16.eq(v128.or(v128.load(start + at), oneFolds), ones);
    const hits = v128.and(first, i8x16.eq(v128.or(v128.load(start + at + gap), twoFolds), twos));
    if (!v128.any_true(hits)) continue;
    const position = at + ctz(i8x16.bitmask(hits));
    return position + gap < length ? position : -1;
  }
  return -1;
}
