/** Which numbers of a list a condition is about: every form of the guide, on lists with, without and beyond what is asked for. */
import { expect, test } from 'vitest';
import { comparison } from './index.ts';
import { holdsForSeveral, needsWholeList, severalNumbers } from './several-numbers.ts';

const grammar = severalNumbers(comparison(0, 255, { seven: 7 }));
const NUMBERS = [1, 2, 3, 4, 5, 6];

function read(written: string) {
  const answer = grammar.read(written);
  if ('problem' in answer) throw new Error(answer.problem);
  return answer.value;
}

test.each<[written: string, list: readonly (number | undefined)[], holds: boolean]>([
  ['3', NUMBERS, true],
  ['seven', NUMBERS, false],
  ['3,any', [], false],
  ['<7,all', NUMBERS, true],
  ['<6,all', NUMBERS, false],
  ['<7,all', [], false],
  ['<7,all', [1, undefined], false],
  ['<7,all_or_absent', [], true],
  ['<6,all_or_absent', NUMBERS, false],
  ['9,or_absent', [], true],
  ['9,or_absent', NUMBERS, false],
  ['>2,nb>3', NUMBERS, true],
  ['>2,nb>4', NUMBERS, false],
  ['>2,nb 4', NUMBERS, true],
  ['9,nb<1', [], true],
  ['1,0', NUMBERS, true],
  ['6,-1', NUMBERS, true],
  ['6,6', NUMBERS, false],
  ['6,-7', NUMBERS, false],
  ['9,oob_or 6', NUMBERS, true],
  ['9,oob_or 5', NUMBERS, false],
  ['6,oob_or -1', NUMBERS, true],
  // the examples of the guide: [3, 4], [3, 4, 5], [4, 5], [3, 4]
  ['3-6,all,2:4', NUMBERS, false],
  ['>2,nb2,2:4', NUMBERS, true],
  ['>2,nb3,-4:-1', NUMBERS, true],
  ['>3,nb2,3:-1', NUMBERS, true],
  ['>2,nb2,-4:4', NUMBERS, true],
  ['1,all_or_absent,2:9', NUMBERS, true],
  ['count>5', NUMBERS, true],
  ['count 6', NUMBERS, true],
  ['count >6', NUMBERS, false],
  ['count 0', [], true],
])('%s of %j: %s', (written, list, holds) => expect(holdsForSeveral(read(written), list)).toBe(holds));

test.each(['256', '1,first', '1,nb', '1,any,1', '1,any,1:2,3', 'count', 'count 1,any', '1,oob_or'])('%s is refused', (written) =>
  expect(grammar.read(written)).toHaveProperty('problem'),
);

test.each([
  ['1', false],
  ['1,any', false],
  ['1,3', false],
  ['1,-1', true],
  ['1,all', true],
  ['1,nb>1', true],
  ['1,any,0:2', true],
  ['count 1', true],
] as const)('%s waits for the whole list: %s', (written, waits) => expect(needsWholeList(read(written))).toBe(waits));
