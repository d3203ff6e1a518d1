/** What peers wrote, as records show it. */
import { describe, expect, test } from 'vitest';
import { fileText, fromLatin1, fromUtf8, latin1, shownLatin1, shownText, shownTexts, utf8Letters } from './text.ts';

test.each<readonly [why: string, bytes: Uint8Array, shown: string]>([
  ['letters stay', fromLatin1('plain text'), 'plain text'],
  ['control characters stay: JSON can carry them', fromLatin1('a\0\x1b'), 'a\0\x1b'],
  ['UTF-8 is read', fromUtf8('café €'), 'café €'],
  ['a byte order mark is written as well', fromUtf8('\ufeffa'), '\ufeffa'],
  ['so is the letter for what can not be read', fromUtf8('a\ufffd'), 'a\ufffd'],
  ['and beside bytes that begin none it is bytes, too', fromLatin1('\xe9\xef\xbf\xbd'), '\\xe9\\xef\\xbf\\xbd'],
  ['a byte that begins no letter is told by its number', fromLatin1('caf\xe9'), 'caf\\xe9'],
  ['so are all others of such a text', fromLatin1('\xc3\xa9\xff'), '\\xc3\\xa9\\xff'],
  ['a letter that is cut off', fromLatin1('a\xe2\x82'), 'a\\xe2\\x82'],
])('%s', (_why, bytes, shown) => {
  expect(shownText(bytes)).toBe(shown);
  expect(shownLatin1(latin1(bytes))).toBe(shown);
});

test('a text of more than bytes stays as it is', () => expect(shownLatin1('café €')).toBe('café €'));

test('every text of a body is shown so, names too', () => {
  const body = { topic: 'caf\xc3\xa9', list: ['\xff', 1, null], inner: { 'k\xc3\xa9y': true } };
  expect(shownTexts(body)).toEqual({ topic: 'café', list: ['\\xff', 1, null], inner: { kéy: true } });
});

test('a text has a character for each byte of its UTF-8', () => {
  expect(utf8Letters('€')).toBe('\xe2\x82\xac');
  expect(utf8Letters('plain')).toBe('plain');
});

describe('a file of lines', () => {
  test.each<readonly [why: string, bytes: Uint8Array, text: string]>([
    ['nothing', new Uint8Array(0), ''],
    ['letters of several bytes', fromUtf8('café €\n\n'), 'café €\n\n'],
    ['its byte order mark is no letter, one within it is', fromUtf8('\ufeffa\n\ufeffb'), 'a\n\ufeffb'],
    ['what can not be read', fromLatin1('a\xff\n'), 'a\ufffd\n'],
  ])('%s', (_why, bytes, text) => expect(fileText(bytes)).toBe(text));

  test('one that is read in pieces is the same as in one, also where it is a single line', () => {
    for (const line of ['café €\n', 'ab€']) {
      const bytes = fromUtf8(line.repeat(300_000));
      expect(fileText(bytes)).toBe(new TextDecoder().decode(bytes));
    }
  });
});
