import { expect, test } from 'vitest';
import { RepeatedWords } from './repeated-words.ts';
import { fromLatin1, latin1 } from './text.ts';

test('words are right whatever came before them, also where hashes meet and beyond ASCII', () => {
  const lower = new RepeatedWords('lower case');
  const written = new RepeatedWords('as written');
  let seed = 7;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed >>> 8) % below;
  };
  const letters = 'aAbBzZ@[`{\0-_ \x7f\x80\xc0\xe0\xd7\xdf\xff';
  for (let run = 0; run < 20_000; run++) {
    const text = Array.from({ length: next(6) }, () => letters[next(letters.length)]).join('');
    const bytes = fromLatin1(`xx${text}yy`);
    expect(lower.of(bytes, 2, 2 + text.length)).toBe(text.toLowerCase());
    expect(written.of(bytes, 2, 2 + text.length)).toBe(text);
  }
});

test('long words are not kept, and are right', () => {
  const bytes = fromLatin1('X'.repeat(5000));
  expect(new RepeatedWords('lower case').of(bytes, 0, 5000)).toBe(latin1(bytes).toLowerCase());
  expect(new RepeatedWords('as written').of(bytes, 0, 5000)).toBe(latin1(bytes));
});
