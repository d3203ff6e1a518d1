/** The compiled search for one content finds what the plain loops find, at the same place. */
import { fromLatin1 } from '@sigwright/bytes';
import type { ContentCondition } from '@sigwright/contracts';
import { SeededRandom } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { PIECE, scanKernel } from '../kernel/kernel.ts';
import { searchContent } from './content-search.ts';

const content = (text: string, nocase = false): ContentCondition => ({
  kind: 'content',
  bytes: fromLatin1(text),
  negated: false,
  nocase,
  offset: undefined,
  depth: undefined,
  distance: undefined,
  within: undefined,
  startsWith: false,
  endsWith: false,
  fastPattern: false,
  fastPatternOnly: false,
  fastPatternSlice: undefined,
});

const CASES: readonly (readonly [why: string, needle: string, nocase: boolean])[] = [
  ['one byte, a pair with itself', '~', false],
  ['one letter', 'Q', true],
  ['two bytes', '"f', true],
  ['letters whose case counts', 'Length', false],
  ['letters whose case does not', 'lEngth', true],
  ['what differs from a letter by the bit of case only', '@[`{', true],
  ['a byte above 127', '\xc4\xe4', true],
  ['the rarest bytes far from each other', '!abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz?', false],
  ['longer than what is looked at first', `${'ab'.repeat(150)}!`, false],
  ['longer than what the kernel looks for', `${'ab'.repeat(300)}!`, true],
];

describe('one content', () => {
  test('there is a kernel here', () => expect(scanKernel()).toBeDefined());

  test.each(CASES)('%s', (_why, text, nocase) => {
    const random = new SeededRandom(text.length);
    const condition = content(text, nocase);
    const needle = condition.bytes;
    const flipped = needle.map((byte) => ((byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) ? byte ^ 0x20 : byte));
    let found = 0;
    for (const length of [0, 1, 200, 255, 300, 700, 2176, 2177, 2400, PIECE, 2 * PIECE + 3000]) {
      for (let round = 0; round < 60; round++) {
        // Nearly the needle all over, and it itself at a few places, the borders of pieces among them.
        const bytes = new Uint8Array(length + 20).map(
          (_, at) => needle[(at + random.below(2)) % needle.length] ^ (needle.length < 3 || at % (needle.length + 1) === 0 ? 1 : 0),
        );
        for (const at of [random.below(bytes.length), length - needle.length + random.below(3) - 1, 128 + 2048 + PIECE - random.below(needle.length + 1)])
          if (round % 3 > 0 && at >= 0 && at + needle.length <= bytes.length) bytes.set(round % 2 === 0 ? needle : flipped, at);
        const [start, end] = [random.below(10), length + random.below(20)];
        const plain = searchContent(condition, bytes, start, end, 'plain');
        expect(searchContent(condition, bytes, start, end, scanKernel())).toBe(plain);
        if (plain > start + 128) found++;
      }
    }
    expect(found).toBeGreaterThan(20);
  });
});
