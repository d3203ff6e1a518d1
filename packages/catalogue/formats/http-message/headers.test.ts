import { fromLatin1, latin1 } from '@sigwright/bytes';
import { TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { HeaderBlock } from './headers.ts';

/** As `normalized` is described, from names and values alone. */
function describedBy({ list }: HeaderBlock, without: string): string {
  let text = '';
  for (const [at, { key, name, value }] of list.entries()) {
    if (key === without || (key !== '' && list.findIndex((one) => one.key === key) < at)) continue;
    const values = key === '' ? [value] : list.filter((one) => one.key === key).map((one) => one.value);
    text += `${latin1(name)}: ${values.map((one) => latin1(one)).join(', ')}\r\n`;
  }
  return text;
}

const CASES: readonly (readonly [why: string, raw: string, normalized: string])[] = [
  ['plain lines stay as they are', 'Host: a\r\nAccept: */*\r\n\r\n', 'Host: a\r\nAccept: */*\r\n'],
  ['the one left out is first', 'Cookie: c=1\r\nHost: a\r\nAccept: b\r\n\r\n', 'Host: a\r\nAccept: b\r\n'],
  ['the one left out is between', 'Host: a\r\nCookie: c=1\r\nAccept: b\r\n\r\n', 'Host: a\r\nAccept: b\r\n'],
  ['the one left out comes twice', 'Cookie: a\r\nHost: a\r\nCookie: b\r\n\r\n', 'Host: a\r\n'],
  ['nothing but the one left out', 'Cookie: c=1\r\n\r\n', ''],
  ['one comes twice', 'A: 1\r\nB: 2\r\na: 3\r\n\r\n', 'A: 1, 3\r\nB: 2\r\n'],
  ['no blank behind the colon', 'A:1\r\nB: 2\r\n\r\n', 'A: 1\r\nB: 2\r\n'],
  ['two blanks', 'A:  1\r\n\r\n', 'A: 1\r\n'],
  ['a tab', 'A:\t1\r\n\r\n', 'A: 1\r\n'],
  ['a blank before the colon', 'A : 1\r\n\r\n', 'A: 1\r\n'],
  ['a blank at the end', 'A: 1 \r\n\r\n', 'A: 1\r\n'],
  ['no value', 'A: \r\nB: 2\r\n\r\n', 'A: \r\nB: 2\r\n'],
  ['no name', ': 1\r\n\r\n', ': 1\r\n'],
  ['LF alone', 'A: 1\nB: 2\n\n', 'A: 1\r\nB: 2\r\n'],
  ['a folded line', 'A: 1\r\n 2\r\n\r\n', 'A: 1 2\r\n'],
  ['no colon', 'A: 1\r\nwords\r\n\r\n', 'A: 1\r\n: words\r\n'],
  ['two CR', 'A: 1\r\r\nB: 2\r\n\r\n', 'A: 1\r\nB: 2\r\n'],
  ['cut short', 'A: 1\r\nB: 2', 'A: 1\r\nB: 2\r\n'],
  ['nothing', '', ''],
];

describe('normalized headers', () => {
  for (const [why, raw, normalized] of CASES)
    test(why, () => {
      const block = HeaderBlock.read(fromLatin1(raw), TO_SERVER, false, 1024);
      expect(latin1(block.normalized('cookie'))).toBe(normalized);
      expect(describedBy(block, 'cookie')).toBe(normalized);
    });

  test('are what names and values say, whatever the lines look like', () => {
    let seed = 11;
    const pick = <T>(list: readonly T[]): T => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return list[(seed >>> 8) % list.length];
    };
    const names = ['Host', 'host', 'Cookie', 'COOKIE', 'Accept', 'X-A', '', 'A\0b', 'X A', '\xc4'];
    const colons = [': ', ': ', ': ', ':', ' : ', ':\t', ':  ', ''];
    const values = ['1', 'words and more', '', 'a:b', ' x ', '\0'];
    const ends = ['\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\r\n\tB: '];
    for (let run = 0; run < 5000; run++) {
      const lines = Array.from({ length: pick([0, 1, 2, 3, 5]) }, () => pick(names) + pick(colons) + pick(values) + pick(ends));
      const raw = lines.join('') + pick(['\r\n', '\n', '', 'tail']);
      const block = HeaderBlock.read(fromLatin1(raw), pick([TO_SERVER, TO_CLIENT]), pick([true, false]), 1024);
      for (const without of ['cookie', 'host', 'none']) expect([raw, latin1(block.normalized(without))]).toEqual([raw, describedBy(block, without)]);
    }
  });
});
