/** Arrays for bytes: short ones lie in blocks, and nobody sees that. */
import { expect, test } from 'vitest';
import { concatBytes, copyOf, fromLatin1, latin1, newBytes, work } from './index.ts';

test('short arrays are zeros and apart from each other, over many blocks', () => {
  const arrays = Array.from({ length: 2000 }, (_, at) => newBytes(at % 513));
  expect(arrays.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  for (let at = 0; at < arrays.length; at++) arrays[at].fill(at & 0xff);
  expect(arrays.every((bytes, at) => bytes.length === at % 513 && bytes.every((byte) => byte === (at & 0xff)))).toBe(true);
});

test('a block of short arrays counts once, a long array for itself', () => {
  newBytes(8000);
  const before = work.arrays;
  for (let at = 0; at < 800; at++) newBytes(100);
  expect(work.arrays - before).toBeGreaterThanOrEqual(9);
  expect(work.arrays - before).toBeLessThanOrEqual(10);
});

test.each<readonly [why: string, start: number, end: number, copied: string]>([
  ['all of it', 0, 5, 'abcde'],
  ['a part', 1, 3, 'bc'],
  ['what is beyond the end is not there', 3, 99, 'de'],
  ['nothing', 2, 2, ''],
  ['nothing behind the end', 7, 9, ''],
])('a copy: %s', (_why, start, end, copied) => {
  const bytes = fromLatin1('abcde');
  const copy = copyOf(bytes, start, end);
  bytes.fill(0);
  expect(latin1(copy)).toBe(copied);
});

test('parts are put together, short and long', () => {
  const long = fromLatin1('x'.repeat(600));
  expect(latin1(concatBytes(fromLatin1('ab'), long, fromLatin1('c')))).toBe(`ab${'x'.repeat(600)}c`);
});
