/** Flags by name and by number. */
import { describe, expect, test } from 'vitest';
import { flagsOf } from './flags.ts';

const grammar = flagsOf({ fin: 0x80, comp: 0x40 });

describe('flags', () => {
  test.each([
    ['fin', 0xc0, true, 'others may be set, too'],
    ['fin,!comp', 0xc0, false, 'one that must not be set is'],
    ['! comp, FIN', 0x80, true, 'case and blanks do not count'],
    ['192', 0xc0, true, 'the number itself'],
    ['&0xc0=0x40', 0x41, true, 'bits behind a mask'],
    ['&0xc0!=0x40', 0x41, false, 'bits behind a mask that must differ'],
    ['>128', 0xc0, true, 'a comparison'],
  ])('%s of %d: %s (%s)', (written, number, holds) => {
    const read = grammar.read(written);
    expect('value' in read && read.value.holds(number)).toBe(holds);
  });

  test.each([
    ['last', 'no such flag'],
    ['fin,last', 'one of them is no flag'],
    ['&0xc0=2', 'bits that the mask takes away'],
    ['256', 'more than fits'],
    ['', 'nothing'],
  ])('%s: %s', (written) => {
    expect(grammar.read(written)).toHaveProperty('problem');
  });
});
