/** How servers read paths: one case for each option of the user guide's chapter on HTTP, then what they do together. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type PathForm, PLAIN_PATH } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { normalizedTarget } from './uri.ts';

test.each<readonly [why: string, target: string, options: Partial<PathForm>, read: string]>([
  ['a plain form is that of no form', '/a//%2e/%41%zz/../b?%2f//', {}, '/a/b?///'],
  ['a backslash is a letter', '/one\\two/three', {}, '/one\\two/three'],
  ['or separates', '/one\\two/three', { backslashSeparates: true }, '/one/two/three'],
  ['in runs of both, written in any way', '/one\\\\/two\\/%5cthree/%2f//four', { backslashSeparates: true }, '/one/two/three/four'],
  ['runs stay', '/one//two', { compressesSeparators: false }, '/one//two'],
  ['an escaped separator stays as it is written', '/one%2Ftwo%41', { decodesSeparators: false }, '/one%2FtwoA'],
  ['an escaped backslash, too, where it separates', '/one%5ctwo', { decodesSeparators: false, backslashSeparates: true }, '/one%5ctwo'],
  ['and is undone where it does not', '/one%5ctwo', { decodesSeparators: false }, '/one\\two'],
  ['small letters, in the path alone', '/One%54?Q', { lowercase: true }, '/onet?Q'],
  ['an escaped NUL ends it', '/one%00two?q', { encodedNulEnds: true }, '/one?q'],
  ['which a raw one does not', '/one\0two%00', { encodedNulEnds: true }, '/one\0two'],
  ['a raw NUL ends it', '/one\0two?q', { rawNulEnds: true }, '/one?q'],
  ['%u is no escape', '/%u0041', {}, '/%u0041'],
  ['or is one', '/%u0041%U0062', { decodesUnicode: true }, '/Ab'],
  ['best fit: full width letters, others', '/%uff21%u4e2d', { decodesUnicode: true }, '/A?'],
  ['the replacement', '/%u4e2d', { decodesUnicode: true, replacement: 0x2a }, '/*'],
  ['%u without four digits', '/%u00z1', { decodesUnicode: true }, '/%u00z1'],
  ['%u at the end', '/%u004', { decodesUnicode: true }, '/%u004'],
  ['an invalid escape loses its percent sign', '/a%zz%4', { invalidEscapes: 'remove_percent' }, '/azz4'],
  ['or is undone all the same', '/a%4qb', { invalidEscapes: 'decode_invalid' }, '/aAb'],
  ['UTF-8 becomes one byte each', '/\xc3\xa4\xef\xbc\xa1\xe4\xb8\xad', { utf8: true }, '/\xe4A?'],
  ['what is none stays', '/\xc3(\xff\xe4\xb8', { utf8: true }, '/\xc3(\xff\xe4\xb8'],
])('%s', (_why, target, options, read) => {
  expect(latin1(normalizedTarget(fromLatin1(target), { ...DEFAULT_SETTINGS.http, path: { ...PLAIN_PATH, ...options } }))).toBe(read);
  if (Object.keys(options).length === 0) expect(latin1(normalizedTarget(fromLatin1(target)))).toBe(read);
});

test('a plus sign may stand for a blank, in the query alone', () => {
  expect(latin1(normalizedTarget(fromLatin1('/a+b?c+d%2b'), { ...DEFAULT_SETTINGS.http, plusIsBlank: true }))).toBe('/a+b?c d+');
});

test('any bytes end within their length', () => {
  const form = { ...DEFAULT_SETTINGS.http, path: { ...PLAIN_PATH, decodesUnicode: true, utf8: true, invalidEscapes: 'decode_invalid' as const } };
  for (let seed = 0; seed < 2000; seed++) {
    const bytes = Uint8Array.from(
      { length: seed % 17 },
      (_, at) => [0x25, 0x75, 0x2f, 0x5c, 0xe4, 0x41, 0, 0xbc][(seed * 7919 + at * at * 31 + (seed >> 3)) % 8],
    );
    expect(normalizedTarget(bytes, form).length).toBeLessThanOrEqual(bytes.length);
  }
});
