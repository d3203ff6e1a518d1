/**
 * The sum that every byte of a capture goes into, for AssemblyScript (compiled to WebAssembly with SIMD by tools/build-kernel.ts).
 * checksum.ts holds the same in plain TypeScript, which is the oracle and serves where WebAssembly does not.
 */

/**
 * Ones' complement sum of memory[at, end) as big-endian 16-bit words, folded (RFC 1071); an odd byte at the end has a zero behind it.
 * At most 512 KiB, so that no lane overflows.
 */
export function sum(at: usize, end: usize): u32 {
  let sums = i32x4.splat(0);
  for (; at + 64 <= end; at += 64) {
    const first = i32x4.add(i32x4.extadd_pairwise_i16x8_u(v128.load(at)), i32x4.extadd_pairwise_i16x8_u(v128.load(at, 16)));
    const second = i32x4.add(i32x4.extadd_pairwise_i16x8_u(v128.load(at, 32)), i32x4.extadd_pairwise_i16x8_u(v128.load(at, 48)));
    sums = i32x4.add(sums, i32x4.add(first, second));
  }
  for (; at + 16 <= end; at += 16) sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(v128.load(at)));
  let total =
    <u64>(<u32>i32x4.extract_lane(sums, 0)) +
    <u64>(<u32>i32x4.extract_lane(sums, 1)) +
    <u64>(<u32>i32x4.extract_lane(sums, 2)) +
    <u64>(<u32>i32x4.extract_lane(sums, 3));
  for (; at + 2 <= end; at += 2) total += <u64>load<u16>(at);
  if (at < end) total += <u64>load<u8>(at);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  const native = <u32>total;
  return ((native & 0xff) << 8) | (native >>> 8);
}
