import { fromLatin1, latin1 } from '@sigwright/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Base64Mode, decodeBase64 } from './base64.ts';

function decoded(text: string, mode: Base64Mode): string {
  return latin1(decodeBase64(fromLatin1(text), 0, text.length, mode));
}

describe('modes', () => {
  const cases: readonly (readonly [why: string, text: string, rfc4648: string, rfc2045: string, strict: string])[] = [
    ['whole', 'VGhpcyBpcyBTdXJpY2F0YQ==', 'This is Suricata', 'This is Suricata', 'This is Suricata'],
    ['without padding', 'Zm9vYg', 'foob', 'foob', 'foob'],
    ['one letter too many holds no byte', 'Zm9vY', 'foo', 'foo', 'foo'],
    ['embedded blanks', 'Zm 9v Ym Fy', 'f', 'foobar', ''],
    ['line ends', 'Zm9v\r\nYmFy', 'foo', 'foobar', ''],
    ['foreign characters', 'Zm9v%YmFy', 'foo', 'foobar', ''],
    ['what follows the padding is another thing', 'Zg==Zm9v', 'f', 'f', 'f'],
    ['nothing', '', '', '', ''],
    ['bytes beyond ASCII', 'Zm9v\xe9YmFy', 'foo', 'foobar', ''],
  ];
  test.each(cases)('%s', (_why, text, rfc4648, rfc2045, strict) => {
    expect([decoded(text, 'rfc4648'), decoded(text, 'rfc2045'), decoded(text, 'strict')]).toEqual([rfc4648, rfc2045, strict]);
  });

  test('a window is not left', () => {
    expect(latin1(decodeBase64(fromLatin1('xxZm9vYmFyxx'), 2, 6, 'strict'))).toBe('foo');
  });
});

test('what was encoded comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      for (const mode of ['rfc4648', 'rfc2045', 'strict'] as const)
        expect(Array.from(decodeBase64(fromLatin1(text), 0, text.length, mode))).toEqual(Array.from(bytes));
    }),
    { seed: 1 },
  );
});
