import { describe, expect, it } from 'vitest';
import { bad, Cursor } from './cursor.ts';
import { hexdump } from './hexdump.ts';
import { counted, fromHex, fromLatin1, fromUtf8, hex, latin1, latin1ByCharacters, printable, utf8 } from './text.ts';

describe('cursor', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0xfc, 65, 66);

  it('reads numbers in both orders and text', () => {
    const cursor = new Cursor(bytes);
    expect([cursor.uint8(), cursor.uint16(), cursor.uint8(), cursor.uint32()]).toEqual([1, 0x0203, 4, 0xfffefdfc]);
    expect(cursor.latin1(2)).toBe('AB');
    expect(cursor.answer('value', true)).toEqual({ state: 'done', value: 'value', end: 10 });
    const little = new Cursor(bytes, 1);
    expect([little.uint16Little(), little.uint8(), little.uint32Little(), little.uint24(), little.left]).toEqual([0x0302, 4, 0xfcfdfeff, 0, 2]);
  });

  it('says how much is missing at the first short read, and stays short', () => {
    const cursor = new Cursor(bytes, 6, 8);
    expect(cursor.take(5)).toBeUndefined();
    expect(cursor.uint8()).toBe(0);
    expect(cursor.answer(1, true)).toEqual({ state: 'need', more: 3 });
    expect(cursor.answer(1, false)).toEqual({ state: 'truncated', at: 8 });
    expect(bad('length is 0', 4)).toEqual({ state: 'bad', reason: 'length is 0', at: 4 });
  });

  it('never reads behind its end, though the array goes on', () => {
    const cursor = new Cursor(bytes, 0, 1);
    expect([cursor.uint8(), cursor.uint8(), cursor.uint16(), cursor.uint32(), cursor.latin1(1)]).toEqual([1, 0, 0, 0, '']);
    cursor.skip(-1);
    expect(cursor.at).toBe(1);
  });
});

describe('hexdump', () => {
  it('shows offset, bytes and text, marks in brackets', () => {
    const text = hexdump(fromLatin1('GET / HTTP/1.1\r\nHost: x'), {
      marks: [
        { start: 0, end: 3 },
        { start: 15, end: 18 },
      ],
    });
    expect(text.split('\n')).toEqual([
      '00000000 [47 45 54]20 2f 20 48 54 54 50 2f 31 2e 31 0d[0a] GET / HTTP/1.1..',
      '00000010 [48 6f]73 74 3a 20 78                             Host: x',
    ]);
  });

  it('shows nothing of nothing, and a part under its own offset', () => {
    expect(hexdump(new Uint8Array(0))).toBe('');
    expect(hexdump(Uint8Array.of(1, 2, 3), { start: 1, end: 2, offset: 256 })).toMatch(/^00000100 {2}02 {3}/);
  });
});

describe('text', () => {
  it('keeps every byte through latin1, also beyond one chunk', () => {
    const all = Uint8Array.from({ length: 9000 }, (_, at) => at & 255);
    expect(fromLatin1(latin1(all))).toEqual(all);
    expect(latin1(all, 8990, 8992)).toBe(String.fromCharCode(8990 & 255, 8991 & 255));
    expect(latin1(all, 5, 5)).toBe('');
    // Where a browser has no way of its own, nothing is different.
    for (const [start, end] of [
      [0, all.length],
      [3, 4],
      [4000, 8300],
    ])
      expect(latin1ByCharacters(all, start, end)).toBe(latin1(all, start, end));
    expect(latin1(all, all.length - 2, all.length + 9)).toHaveLength(2);
    expect(latin1(all, 7, 3)).toBe('');
  });

  it('reads UTF-8 and hex, and shows what cannot be printed', () => {
    expect(utf8(fromUtf8('grün'))).toBe('grün');
    expect(hex(Uint8Array.of(0, 255), 0, 2, ' ')).toBe('00 ff');
    expect([fromHex('0 0f f'), fromHex('0'), fromHex('zz')]).toEqual([Uint8Array.of(0, 255), undefined, undefined]);
    expect(printable(Uint8Array.of(65, 0, 200))).toBe('A\\x00\\xC8');
  });

  it('counts one thing as one', () => {
    expect([counted(0, 'rule'), counted(1, 'rule'), counted(2, 'rule'), counted(2, 'category', 'categories')]).toEqual([
      '0 rules',
      '1 rule',
      '2 rules',
      '2 categories',
    ]);
  });
});
