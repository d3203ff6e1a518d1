/** Files in ranges: whole when nothing is missing, whatever the order; bounded in memory and time. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { expect, test } from 'vitest';
import { ByteRanges } from './byte-ranges.ts';

const TEXT = 'the quick brown fox jumps over the lazy dog';
const SECOND = 1_000_000;

/** One response. `cut`: so many bytes of the range do not come. Gives the file where it became whole. */
function respond(
  ranges: ByteRanges,
  start: number,
  end: number,
  { name = 'a.example /f', time = 0, cut = 0, intact = true, size = TEXT.length } = {},
): string | undefined {
  const part = ranges.begin(name, { start, end, size }, time);
  const bytes = fromLatin1(TEXT.slice(start, end + 1 - cut));
  // In two pieces, as packets bring it.
  const half = bytes.length >> 1;
  part?.append(bytes, 0, half);
  part?.append(bytes, half, bytes.length);
  const file = part?.finish(intact, time, 1000, undefined);
  return file === undefined ? undefined : `${file.state} ${latin1(file.bytes.subarray(0, file.kept))}`;
}

test.each([
  [
    'in order',
    [
      [0, 9],
      [10, 19],
      [20, 42],
    ],
  ],
  [
    'the last one first',
    [
      [20, 42],
      [10, 19],
      [0, 9],
    ],
  ],
  [
    'ranges that overlap',
    [
      [0, 20],
      [10, 30],
      [25, 42],
    ],
  ],
  [
    'a range that lies in another',
    [
      [0, 30],
      [5, 9],
      [31, 42],
    ],
  ],
  [
    'a range twice',
    [
      [0, 9],
      [0, 9],
      [10, 42],
    ],
  ],
] as const)('whole with the last part: %s', (_why, parts) => {
  const ranges = new ByteRanges();
  const files = parts.map(([start, end]) => respond(ranges, start, end));
  expect(files).toEqual([...parts.slice(1).map(() => undefined), `CLOSED ${TEXT}`]);
});

test('one at a time of several files; once whole, it begins anew', () => {
  const ranges = new ByteRanges();
  expect(respond(ranges, 0, 20)).toBeUndefined();
  expect(respond(ranges, 21, 42, { name: 'b.example /f' })).toBeUndefined();
  expect(respond(ranges, 21, 42)).toBe(`CLOSED ${TEXT}`);
  expect(respond(ranges, 0, 20, { name: 'b.example /f' })).toBe(`CLOSED ${TEXT}`);
  expect(respond(ranges, 21, 42)).toBeUndefined();
});

test.each([
  ['bytes of a part did not come', { cut: 1 }],
  ['bytes were lost', { intact: false }],
  ['another size is another file', { size: 44 }],
  ['the first part is too old', { time: 61 * SECOND }],
] as const)('not whole: %s', (_why, how) => {
  const ranges = new ByteRanges();
  expect(respond(ranges, 0, 20)).toBeUndefined();
  expect(respond(ranges, 21, 42, how)).toBeUndefined();
});

test.each([
  ['the whole file at once', { start: 0, end: 42, size: 43 }],
  ['an unknown size', { start: 0, end: 20 }],
  ['no range', { size: 43 }],
  ['beyond the end', { start: 0, end: 43, size: 43 }],
  ['larger than there is room for', { start: 0, end: 20, size: 999_999_999_999 }],
] as const)('nothing to gather: %s', (_why, range) => expect(new ByteRanges().begin('a /f', range, 0)).toBeUndefined());

test('parts that never come do not take the room for ever', () => {
  const ranges = new ByteRanges();
  const size = 90 * 1_048_576;
  const open = ranges.begin('a /f', { start: 0, end: size - 2, size }, 0);
  expect(ranges.begin('b /f', { start: 0, end: size - 2, size }, 0)).toBeUndefined();
  open?.finish(false, 0, 1000, undefined);
  expect(ranges.begin('b /f', { start: 0, end: size - 2, size }, 0)).toBeDefined();
});
