import { constants, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inflateGzip, inflateZlib } from './deflate.ts';

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
