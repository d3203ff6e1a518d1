import { fromHex } from '@sigwright/bytes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum, checksumAdd, checksumFinish, summedBuffer } from './checksum.ts';

/** RFC 1071 read aloud: pad to even, add 16-bit words, carry around, complement. */
function plain(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 2) {
    sum += bytes[at] * 256 + (at + 1 < end ? bytes[at + 1] : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return ~sum & 0xffff;
}

describe('checksum', () => {
  it('is zero over an IPv4 header whose checksum is right', () => {
    expect(checksum(fromHex('4500003c1c4640004006b1e6ac100a63ac100a0c')!, 0, 20)).toBe(0);
    expect(checksum(fromHex('4500003c1c4640004006b1e7ac100a63ac100a0c')!, 0, 20)).not.toBe(0);
  });

  it('agrees with the plain reading for every start, alignment and length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 400 }), fc.nat(9), fc.nat(7), (data, skip, shift) => {
        // A view that begins anywhere in its buffer: the words behind it are not aligned to it.
        const whole = new Uint8Array(data.length + shift);
        whole.set(data, shift);
        const view = whole.subarray(shift);
        const start = Math.min(skip, view.length);
        expect(checksum(view, start, view.length)).toBe(plain(view, start, view.length));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with the plain reading where the compiled loop reads: any start, length and content, ones for the carry', () => {
    const buffer = summedBuffer(262_144);
    const copy = (from: number, to: number): Uint8Array => buffer.slice(from, to);
    fc.assert(
      fc.property(fc.nat(300), fc.nat(2000), fc.integer(), (start, length, seed) => {
        for (let at = start; at < start + length; at++) buffer[at] = Math.imul(seed + at, 0x9e3779b1) >>> 24;
        const view = buffer.subarray(0, 4096);
        expect(checksum(view, start, start + length)).toBe(plain(copy(start, start + length), 0, length));
      }),
    );
    buffer.fill(255);
    expect(checksum(buffer, 0, 262_144)).toBe(0);
    expect(checksum(buffer, 1, 262_144)).toBe(plain(copy(1, 262_144), 0, 262_143));
    expect(summedBuffer(4096).buffer).not.toBe(buffer.buffer);
  });

  it('carries in long inputs of ones, and adds to an initial sum', () => {
    const ones = new Uint8Array(300_001).fill(255);
    expect(checksum(ones, 0, 300_000)).toBe(0);
    expect(checksum(ones, 1, 300_001)).toBe(0);
    expect(checksumFinish(checksumAdd(ones, 0, 200, 0x1234))).toBe(~0x1234 & 0xffff);
  });
});
