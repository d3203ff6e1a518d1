/**
 * The Internet checksum (RFC 1071). A ones' complement sum comes out the same in either byte order but for a swap at the end (section 2 B),
 * so long inputs are added up as the machine's own 32-bit words, several times faster than byte by byte; what lies in `summedBuffer` by the
 * compiled loop of sum.as.ts, which is several times faster again.
 */
import { type CompiledMemory, compiledModule } from '../compiled-module.ts';
import { SUM_WASM } from './sum.wasm.ts';

/** Below this the set-up costs more than it saves. */
const SHORT = 64;
/** Words whose halves can be added in 31 bits, so that sums stay small integers. */
const WORDS_AT_ONCE = 32_768;

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

interface Exports {
  readonly memory: CompiledMemory;
  sum(start: number, end: number): number;
}

/** Its sums are kept in 32 bits, and its memory has so much room. */
const MOST_SUMMED = 512 * 1024;

/** The buffer that was given out, whose bytes the compiled loop reads where they lie. */
let summed: Uint8Array | undefined;
let compiled: Exports | undefined;

/**
 * Room to read a capture into, whose checksums take least time: what is given at first in each thread, if no larger than 512 KiB; later
 * ones are ordinary.
 */
export function summedBuffer(size: number): Uint8Array {
  if (summed === undefined && size <= MOST_SUMMED) {
    compiled = compiledModule<Exports>(SUM_WASM);
    if (compiled !== undefined) {
      const { buffer } = compiled.memory;
      summed = new Uint8Array(buffer, buffer.byteLength - size, size);
      return summed;
    }
  }
  return new Uint8Array(size);
}

// Packets come out of one large buffer: its word view is made once, not for every packet; asking for the buffer alone costs as much as
// the sum of a short packet.
let viewed: Uint8Array = new Uint8Array(0);
let offset = 0;
let words: Int32Array = new Int32Array(0);
/** the compiled loop, where it reaches what is viewed */
let loop: Exports | undefined;

/** Ones' complement sum of bytes[start, end) as big-endian 16-bit words, not folded, added to `initial`. */
export function checksumAdd(bytes: Uint8Array, start: number, end: number, initial: number): number {
  if (end - start >= SHORT) return initial + sumOfWords(bytes, start, end);
  let sum = initial;
  let at = start;
  for (const stop = end - 1; at < stop; at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
  if (at < end) sum += bytes[at] << 8;
  return sum;
}

function sumOfWords(bytes: Uint8Array, start: number, end: number): number {
  if (bytes !== viewed) {
    viewed = bytes;
    offset = bytes.byteOffset;
    words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
    loop = bytes.buffer === summed?.buffer ? compiled : undefined;
  }
  if (loop !== undefined) return loop.sum(offset + start, offset + end);
  // Up to the first whole word; an odd number of bytes before it swaps the halves of everything behind.
  const head = (4 - ((offset + start) & 3)) & 3;
  const odd = (head & 1) === 1;
  const from = (offset + start + head) >>> 2;
  const to = (offset + end) >>> 2;
  let native = 0;
  for (let block = from; block < to; block += WORDS_AT_ONCE) {
    const stop = Math.min(to, block + WORDS_AT_ONCE);
    let low = 0;
    let high = 0;
    let at = block;
    for (; at + 3 < stop; at += 4) {
      const first = words[at];
      const second = words[at + 1];
      const third = words[at + 2];
      const fourth = words[at + 3];
      low += (first & 0xffff) + (second & 0xffff) + (third & 0xffff) + (fourth & 0xffff);
      high += (first >>> 16) + (second >>> 16) + (third >>> 16) + (fourth >>> 16);
    }
    for (; at < stop; at++) {
      low += words[at] & 0xffff;
      high += words[at] >>> 16;
    }
    native = fold(native + fold(low) + fold(high));
  }
  let sum = littleEndian !== odd ? ((native & 0xff) << 8) | (native >>> 8) : native;
  const tail = to * 4 - offset;
  for (let at = start; at < start + head; at++) sum += ((at - start) & 1) === 0 ? bytes[at] << 8 : bytes[at];
  for (let at = tail; at < end; at++) sum += ((at - start) & 1) === 0 ? bytes[at] << 8 : bytes[at];
  return sum;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** Fold and complement: the value that stands in a header. */
export function checksumFinish(sum: number): number {
  return ~fold(sum) & 0xffff;
}

/** Zero where bytes[start, end), its own checksum field included, is right. */
export function checksum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  return checksumFinish(checksumAdd(bytes, start, end, initial));
}
