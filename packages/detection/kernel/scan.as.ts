/**
 * The two loops that read every byte of traffic, for AssemblyScript (compiled to WebAssembly with SIMD by tools/build-kernel.ts).
 * Both only say "perhaps here": `scan/gram-table.ts` and `scan/short-table.ts` hold the same loops in plain TypeScript, which
 * are the oracle and serve where WebAssembly does not.
 */

/** The golden ratio in 32 bits: neighbouring grams land far apart (Knuth, multiplicative hashing). */
const GOLDEN: i32 = 0x9e3779b1;
/** Bit 6 of each byte, which says "perhaps a letter": half of it set too folds case. */
const LETTERS: i32 = 0x40404040;

// @ts-ignore: decorator
@inline
function taken(filter: usize, hash: u32): u32 {
  return (<u32>load<u8>(filter + (hash >>> 3)) >>> (hash & 7)) & 1;
}

// @ts-ignore: decorator
@inline
function hashes(at: usize, shift: i32): v128 {
  const grams = v128.load(at);
  const folded = v128.or(grams, i32x4.shr_u(v128.and(grams, i32x4.splat(LETTERS)), 1));
  return i32x4.shr_u(i32x4.mul(folded, i32x4.splat(GOLDEN)), shift);
}

// @ts-ignore: decorator
@inline
function probe(hash: v128, filter: usize, position: u32, out: usize): usize {
  const a = taken(filter, i32x4.extract_lane(hash, 0));
  const b = taken(filter, i32x4.extract_lane(hash, 1));
  const c = taken(filter, i32x4.extract_lane(hash, 2));
  const d = taken(filter, i32x4.extract_lane(hash, 3));
  if ((a | b | c | d) === 0) return out;
  store<u16>(out, <u16>position);
  out += a << 1;
  store<u16>(out, <u16>(position + 4));
  out += b << 1;
  store<u16>(out, <u16>(position + 8));
  out += c << 1;
  store<u16>(out, <u16>(position + 12));
  out += d << 1;
  return out;
}

/**
 * Positions in memory[start, start + length) whose four bytes, folded, hash to a bit that is set in the table at `filter`,
 * written from `out` as 16-bit numbers. Returns how many. `length` is at most 65,535; `out` has room for `length` + 4 numbers.
 */
export function grams(start: usize, length: i32, filter: usize, shift: i32, out: usize): i32 {
  const first = out;
  let at = 0;
  // The last load of a block reaches three bytes behind it.
  for (; at + 19 <= length; at += 16) {
    const base = start + at;
    out = probe(hashes(base, shift), filter, at, out);
    out = probe(hashes(base + 1, shift), filter, at + 1, out);
    out = probe(hashes(base + 2, shift), filter, at + 2, out);
    out = probe(hashes(base + 3, shift), filter, at + 3, out);
  }
  for (; at + 4 <= length; at++) {
    const gram = load<u32>(start + at);
    const hash = ((gram | ((gram & LETTERS) >>> 1)) * <u32>GOLDEN) >>> shift;
    store<u16>(out, <u16>at);
    out += <usize>taken(filter, hash) << 1;
  }
  return <i32>((out - first) >> 1);
}

// @ts-ignore: decorator
@inline
function foldAll(bytes: v128): v128 {
  // Bit 6 moved by one stays in its byte, so that 16-bit lanes serve, which processors shift at once.
  return v128.or(bytes, i16x8.shr_u(v128.and(bytes, i8x16.splat(0x40)), 1));
}

// @ts-ignore: decorator
@inline
function foldOne(byte: u32): u32 {
  return byte | ((byte & 0x40) >>> 1);
}

/**
 * Which of `count` needles of two or three bytes occur, folded, in memory[start, start + length)? A needle is four bytes at
 * `needles`: its folded bytes (the third is not looked at where there are two) and how many they are, 0 once it was found.
 */
export function shorts(start: usize, length: i32, needles: usize, count: i32): void {
  for (let needle = 0; needle < count; needle++, needles += 4) {
    const size = <i32>load<u8>(needles + 3);
    if (size === 0) continue;
    const first = <u32>load<u8>(needles);
    const second = <u32>load<u8>(needles + 1);
    const third = <u32>load<u8>(needles + 2);
    const three = size === 3;
    const firsts = i8x16.splat(<i8>first);
    const seconds = i8x16.splat(<i8>second);
    const thirds = i8x16.splat(<i8>third);
    let at = 0;
    let found = false;
    for (; at + 18 <= length; at += 16) {
      const base = start + at;
      let equal = v128.and(i8x16.eq(foldAll(v128.load(base)), firsts), i8x16.eq(foldAll(v128.load(base + 1)), seconds));
      if (three) equal = v128.and(equal, i8x16.eq(foldAll(v128.load(base + 2)), thirds));
      if (v128.any_true(equal)) {
        found = true;
        break;
      }
    }
    for (; !found && at + size <= length; at++) {
      found =
        foldOne(load<u8>(start + at)) === first &&
        foldOne(load<u8>(start + at + 1)) === second &&
        (!three || foldOne(load<u8>(start + at + 2)) === third);
    }
    if (found) store<u8>(needles + 3, 0);
  }
}
