import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromLatin1 } from '../text.ts';
import { equalBytes, find, findNaive, findNocase, lowerCase } from './find.ts';

/** One table for every search: haystack, bounds, needle, where it is found with case, and without. */
const CASES: readonly { why: string; text: string; start?: number; end?: number; needle: string; at: number; nocase?: number }[] = [
  { why: 'an empty needle is found at once', text: 'abc', start: 1, needle: '', at: 1 },
  { why: 'one byte', text: 'abc', needle: 'c', at: 2 },
  { why: 'the whole', text: 'abc', needle: 'abc', at: 0 },
  { why: 'longer than the text', text: 'ab', needle: 'abc', at: -1 },
  { why: 'the last place', text: 'xxab', needle: 'ab', at: 2 },
  { why: 'an occurrence that ends behind the end does not count', text: 'xxab', end: 3, needle: 'ab', at: -1 },
  { why: 'an occurrence that begins before the start does not count', text: 'abxab', start: 1, needle: 'ab', at: 3 },
  { why: 'a false start is given up and tried again one byte on', text: 'aaab', needle: 'aab', at: 1 },
  { why: 'first and last byte agree, the middle does not', text: 'axcabc', needle: 'abc', at: 3 },
  { why: 'case counts unless told otherwise', text: 'GET /Index', needle: 'index', at: -1, nocase: 5 },
  { why: 'only letters have case: @ and ` differ by the same bit', text: '@[', needle: '`{', at: -1, nocase: -1 },
  { why: 'a byte above 127 has no case', text: '\xc4', needle: '\xe4', at: -1, nocase: -1 },
  { why: 'empty text', text: '', needle: 'a', at: -1 },
  { why: 'start behind end', text: 'abc', start: 3, end: 2, needle: 'a', at: -1 },
];

describe('search', () => {
  for (const { why, text, start = 0, end = text.length, needle, at, nocase = at } of CASES) {
    it(why, () => {
      const bytes = fromLatin1(text);
      expect(find(bytes, start, end, fromLatin1(needle))).toBe(at);
      expect(findNocase(bytes, start, end, lowerCase(fromLatin1(needle)))).toBe(nocase);
      if (needle !== '') {
        expect(findNaive(bytes, start, end, fromLatin1(needle))).toBe(at);
        expect(findNaive(bytes, start, end, fromLatin1(needle), true)).toBe(nocase);
      }
    });
  }

  it('agrees with the naive search', () => {
    const few = fc.array(fc.constantFrom(0x40, 0x41, 0x61, 0x62, 0x42, 0x60, 0xc1, 0), { maxLength: 40 }).map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(few, fc.array(fc.constantFrom(0x40, 0x41, 0x61, 0x62, 0x60), { minLength: 1, maxLength: 4 }), fc.nat(10), (bytes, list, start) => {
        const needle = Uint8Array.from(list);
        expect(find(bytes, start, bytes.length, needle)).toBe(findNaive(bytes, start, bytes.length, needle));
        expect(findNocase(bytes, start, bytes.length, lowerCase(needle))).toBe(findNaive(bytes, start, bytes.length, needle, true));
      }),
      { numRuns: 3000 },
    );
  });

  it('compares whole ranges', () => {
    expect(equalBytes(fromLatin1('xaby'), 1, 3, fromLatin1('ab'))).toBe(true);
    expect(equalBytes(fromLatin1('xaby'), 1, 4, fromLatin1('ab'))).toBe(false);
    expect(equalBytes(fromLatin1('xaby'), 0, 2, fromLatin1('ab'))).toBe(false);
  });
});
