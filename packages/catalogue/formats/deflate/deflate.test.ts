import { constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compiledInflate } from './compiled-inflate.ts';
import { inflateGzip, inflateZlib, plainInflate } from './deflate.ts';

const PLENTY = 1 << 20;
const sentence = new TextEncoder().encode('the same words, the same words, and the same words again; '.repeat(40));
const noise = Uint8Array.from({ length: 3000 }, (_, at) => (at * at * 31 + (at >> 3)) & 255);

describe('what zlib packed comes out whole', () => {
  test.each([
    ['dynamic codes', sentence, {}],
    ['fixed codes', sentence, { strategy: constants.Z_FIXED }],
    ['stored', sentence, { level: 0 }],
    ['literals only', noise, { strategy: constants.Z_HUFFMAN_ONLY }],
    ['runs', new Uint8Array(70_000).fill(65), { strategy: constants.Z_RLE }],
    ['one byte', Uint8Array.of(7), {}],
    ['nothing', new Uint8Array(0), {}],
    ['several stored blocks', new Uint8Array(200_000).map((_, at) => at & 255), { level: 0 }],
  ])('%s', (_why, plain, options) => {
    expect(inflateZlib(deflateSync(plain, options), PLENTY)).toEqual(plain);
    expect(inflateGzip(gzipSync(plain, options), PLENTY)).toEqual(plain);
  });

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 0, max: 9 }), (plain, level) => {
        expect(Array.from(inflateZlib(deflateSync(plain, { level }), PLENTY)!)).toEqual(Array.from(plain));
      }),
      { seed: 5 },
    );
  });

  test('optional fields of gzip are passed over', () => {
    const packed = gzipSync(sentence);
    const fields = Uint8Array.of(3, 0, 1, 2, 3, 0x6e, 0, 0x63, 0x64, 0, 9, 9);
    const header = Uint8Array.from(packed.subarray(0, 10));
    header[3] = 2 | 4 | 8 | 16;
    expect(inflateGzip(Uint8Array.from([...header, ...fields, ...packed.subarray(10)]), PLENTY)).toEqual(sentence);
  });
});

describe('bad input', () => {
  test('output ends at the limit', () => {
    const bomb = gzipSync(new Uint8Array(5_000_000));
    expect(inflateGzip(bomb, 1000)).toEqual(new Uint8Array(1000));
  });

  test('what came before a cut is kept, at every cut', () => {
    const packed = deflateSync(sentence);
    let last = 0;
    for (let cut = 2; cut <= packed.length; cut++) {
      const out = inflateZlib(packed.subarray(0, cut), PLENTY)!;
      expect(out).toEqual(sentence.subarray(0, out.length));
      expect(out.length).toBeGreaterThanOrEqual(last);
      last = out.length;
    }
    expect(last).toBe(sentence.length);
  });

  test.each([
    ['neither gzip', Uint8Array.of(0x1f, 0x8c, 8, 0, 0, 0, 0, 0, 0, 0), inflateGzip],
    ['gzip header cut', Uint8Array.of(0x1f, 0x8b, 8), inflateGzip],
    ['gzip name without end', Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0, 65, 66), inflateGzip],
    ['zlib checksum of the header', Uint8Array.of(0x78, 0x9d, 3, 0), inflateZlib],
    ['zlib with a dictionary', Uint8Array.of(0x78, 0xbb, 3, 0), inflateZlib],
    ['nothing', new Uint8Array(0), inflateZlib],
  ])('%s', (_why, input, inflate) => {
    expect(inflate(input, PLENTY)).toBeUndefined();
  });

  test('damaged bytes never throw and never exceed the limit', () => {
    const packed = deflateSync(sentence);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
        const damaged = Uint8Array.from(packed);
        for (const [at, byte] of changes) damaged[at] = byte;
        expect((inflateZlib(damaged, 5000) ?? damaged).length).toBeLessThanOrEqual(5000);
      }),
      { seed: 9, numRuns: 1000 },
    );
  });
});

describe('the compiled loops say what the plain ones say', () => {
  const agree = (packed: Uint8Array, at: number, limit: number): void => {
    const compiled = compiledInflate(packed, at, limit);
    expect(compiled).toBeDefined();
    expect(Buffer.compare(compiled!, plainInflate(packed, at, limit))).toBe(0);
  };
  const random = Uint8Array.from({ length: 20_000 }, (_, at) => (at * 2654435761) >>> 24);
  /** Of each byte 1.6 times as many as of the one before: their codes are of all lengths up to 15 bits. */
  const skewed = Array.from({ length: 23 }, (_, byte) => Array<number>(Math.round(1.6 ** byte)).fill(byte)).flat();
  /** Words at distances of all sizes, near ones more often. */
  const words = Array.from({ length: 6000 }, (_, at) => `w${(at * at * 7919) % (1 + (at % 1500))}`).join(' ');
  const inputs: readonly (readonly [string, Uint8Array])[] = [
    ['codes too long for one look', deflateRawSync(Uint8Array.from(skewed), { strategy: constants.Z_HUFFMAN_ONLY })],
    ['distances of all sizes', deflateRawSync(words, { level: 9 })],
    ['dynamic codes', deflateRawSync(sentence)],
    ['fixed codes', deflateRawSync(sentence, { strategy: constants.Z_FIXED })],
    ['stored', deflateRawSync(noise, { level: 0 })],
    ['literals only', deflateRawSync(noise, { strategy: constants.Z_HUFFMAN_ONLY })],
    ['runs of one byte', deflateRawSync(new Uint8Array(3000).fill(65))],
    ['short distances', deflateRawSync(new Uint8Array(3000).map((_, at) => at % 3))],
    ['far matches', deflateRawSync(Uint8Array.from([...random, ...random]))],
    ['no DEFLATE at all', noise],
  ];
  const firstPacked = deflateRawSync(sentence);

  test.each(inputs)('%s: whole, at every cut, and at every limit', (_why, packed) => {
    for (let cut = 0; cut <= Math.min(packed.length, 400); cut++) agree(packed.subarray(0, cut), 0, PLENTY);
    for (let limit = 1; limit <= 300; limit++) agree(packed, 0, limit);
    for (const limit of [65_535, 65_536, 65_537, PLENTY]) agree(packed, 0, limit);
    agree(Uint8Array.from([1, 2, 3, ...packed]), 3, PLENTY);
  });

  test('any bytes at any level', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), fc.integer({ min: 0, max: 9 }), fc.nat(5000), (plain, level, limit) => {
        agree(deflateRawSync(plain, { level }), 0, limit + 1);
      }),
      { seed: 6 },
    );
  });

  test('damaged bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(firstPacked.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
        const damaged = Uint8Array.from(firstPacked);
        for (const [at, byte] of changes) damaged[at] = byte;
        agree(damaged, 0, 5000);
      }),
      { seed: 10, numRuns: 5000 },
    );
  });

  test('what grows to more than was thought, and what is not taken on', () => {
    const bomb = deflateRawSync(new Uint8Array(3_000_000));
    agree(bomb, 0, PLENTY * 4);
    expect(compiledInflate(bomb, 0, PLENTY * 4)!.length).toBe(3_000_000);
    // So much memory would never be given back.
    expect(compiledInflate(deflateRawSync(new Uint8Array(40_000_000)), 0, PLENTY * 64)).toBeUndefined();
  });

  test('the output of one call may be the input of the next', () => {
    const twice = deflateRawSync(deflateRawSync(sentence));
    expect(Buffer.compare(compiledInflate(compiledInflate(twice, 0, PLENTY)!, 0, PLENTY)!, sentence)).toBe(0);
  });
});
