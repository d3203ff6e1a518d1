/** HPACK against the examples of RFC 7541, Appendix C, and against blocks that are none. */
import { latin1 } from '@sigwright/bytes';
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from './hpack.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

function read(...blocks: readonly string[]): string[][] {
  const decoder = new HpackDecoder(65_536);
  return blocks.map((block) =>
    decoder
      .block(bytes(block), 0, bytes(block).length)
      .map(({ name, value, tableSize, fault }) => fault ?? (tableSize === undefined ? `${latin1(name)}: ${latin1(value)}` : `table ${tableSize}`)),
  );
}

const FIRST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const SECOND = [...FIRST, 'cache-control: no-cache'];
const THIRD = [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'];

test.each<readonly [why: string, blocks: readonly string[], fields: readonly (readonly string[])[]]>([
  [
    'C.3: three requests in the clear, the later ones by what the first brought',
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    [FIRST, SECOND, THIRD],
  ],
  [
    'C.4: the same with Huffman codes',
    ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', '8286 84be 5886 a8eb 1064 9cbf', '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'],
    [FIRST, SECOND, THIRD],
  ],
  [
    'C.6: a table of 256 bytes, given up and down again as headers come',
    [
      '3fe1 0148 8264 0258 85ae c377 1a4b 6196 d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff 6e91 9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3',
      '4883 640e ffc1 c0bf',
    ],
    [
      ['table 256', ':status: 302', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT', 'location: https://www.example.com'],
      [':status: 307', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT', 'location: https://www.example.com'],
    ],
  ],
  ['an index beyond the table ends the block', ['82 be 84'], [[':method: GET', 'bad index']]],
  ['index 0 is none', ['80'], [['bad index']]],
  ['a number that never ends', ['82 ff ffffffffffffffffffff'], [[':method: GET', 'integer overflow']]],
  ['a number of padding alone', ['ff 808080808080808080808080'], [['integer overflow']]],
  ['a text longer than the block', ['00 01 61 05 62'], [['cut short']]],
  ['no value', ['00 01 61'], [['cut short']]],
  ['a Huffman code whose padding is no padding', ['00 81 00 01 61'], [['bad text']]],
  ['a byte of padding is too much', ['00 82 1f ff 01 61'], [['bad text']]],
  ['nothing is left of a table of size 0', ['40 01 61 01 62 be 20 be'], [['a: b', 'a: b', 'table 0', 'bad index']]],
])('%s', (_why, blocks, fields) => {
  expect(read(...blocks)).toEqual(fields);
});

describe('bounds', () => {
  test('an entry larger than the table empties it', () => {
    const large = `40 7f e91f ${'61'.repeat(4200)} 01 62`;
    expect(read(`40 01 61 01 62 ${large} be`)[0].slice(-1)).toEqual(['bad index']);
  });

  test('a block of indices names a long header no more often than is kept', () => {
    const long = `40 01 61 7f a119 ${'62'.repeat(3360)}`;
    const block = bytes(`${long} ${'be'.repeat(100_000)}`);
    const fields = new HpackDecoder(65_536).block(block, 0, block.length);
    expect(fields.length).toBeLessThan(400);
  });
});
