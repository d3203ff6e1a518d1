import { expect, test } from 'vitest';
import { entryOf } from './entry-of.ts';

test.each<readonly [why: string, word: string, said: number | undefined]>([
  ['a word of the table', 'kb', 1024],
  ['no word of it', 'mb', undefined],
  ['what every object is made by', 'constructor', undefined],
  ['what every object inherits from', '__proto__', undefined],
  ['what every object can do', 'toString', undefined],
])('%s: %s', (_why, word, said) => expect(entryOf({ kb: 1024 }, word)).toBe(said));
