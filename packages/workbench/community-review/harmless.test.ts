/** What is posted can not be followed by accident: indicators are defanged wherever they stand, everything else stays as it is. */
import { describe, expect, test } from 'vitest';
import { defanged, harmlessFor, hostOf } from './harmless.ts';

const INDICATORS = [
  { type: 'domain', value: 'evil.example', role: 'indicator' as const, note: '' },
  { type: 'url', value: 'http://drop.evil.example/a.php?x=1', role: 'indicator' as const, note: '' },
  { type: 'ipv4', value: '192.0.2.7', role: 'indicator' as const, note: '' },
  { type: 'domain', value: 'bank.example', role: 'benign' as const, note: '' },
  { type: 'file', value: 'a.exe', role: 'indicator' as const, note: '' },
];

describe('words about a report', () => {
  const harmless = harmlessFor({ indicators: INDICATORS });
  test.each<readonly [why: string, words: string, said: string]>([
    ['a name', 'evil.example', 'evil[.]example'],
    ['an address', 'see 192.0.2.7.', 'see 192[.]0[.]2[.]7.'],
    ['a URL whole', 'http://drop.evil.example/a.php?x=1', 'hxxp://drop[.]evil[.]example/a.php?x=1'],
    ['the host of a URL alone', 'drop.evil.example', 'drop[.]evil[.]example'],
    ['another URL there', 'https://evil.example/b.c', 'hxxps://evil[.]example/b.c'],
    ['in any case', 'Evil.EXAMPLE', 'Evil[.]EXAMPLE'],
    ['not a part of a word', 'notevil.example', 'notevil.example'],
    ['what is benign stays', 'bank.example', 'bank.example'],
    ['a file is no link', 'a.exe', 'a.exe'],
    ['what is defanged stays', 'evil[.]example', 'evil[.]example'],
  ])('%s', (_why, words, said) => expect(harmless(words)).toBe(said));

  test('a thousand indicators and a long text are read in one pass', () => {
    const many = Array.from({ length: 1000 }, (_, at) => ({ type: 'domain', value: `n${at}.example`, role: 'indicator' as const, note: '' }));
    expect(harmlessFor({ indicators: many })('n7.example '.repeat(10_000))).not.toContain('n7.e');
  });
});

test.each<readonly [type: string, value: string, said: string]>([
  ['ipv6', '2001:db8::1', '2001:db8::1'],
  ['email', 'a@evil.example', 'a@evil[.]example'],
  ['md5', 'a.b', 'a.b'],
])('%s %s', (type, value, said) => expect(defanged(type, value)).toBe(said));

test('the host of a URL', () => expect(['https://Evil.example:8080/a', 'a word', '::1'].map(hostOf)).toEqual(['evil.example', 'a word', '::1']));
