/** Lists longer than what fits into one call. */
import { expect, test } from 'vitest';
import { append, largest, smallest } from './lists.ts';

const LONG = Array.from({ length: 300_000 }, (_, at) => at);

test('long lists are added, and looked through, as short ones are', () => {
  const list = [-1];
  append(list, LONG);
  expect([list.length, list.at(-1), smallest(list), largest(LONG)]).toEqual([300_001, 299_999, -1, 299_999]);
});

test('of none', () => {
  expect([smallest([]), largest([])]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
});
