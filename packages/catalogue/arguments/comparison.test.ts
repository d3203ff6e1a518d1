/** Comparisons with one number (user guide, "Integer Keywords"): what each form holds for, and what is refused because it never or always holds. */
import { describe, expect, test } from 'vitest';
import { compares, comparison } from './index.ts';

const bytes = comparison(0, 255, { seven: 7, 'ipv6-icmp': 58, 'a/n': 107 });
const sizes = comparison();

test.each<[written: string, value: number, holds: boolean, why: string]>([
  ['19', 19, true, 'equality'],
  ['=0x13', 19, true, 'equality in hex'],
  ['!0x14', 20, false, 'inequality'],
  ['!=20', 19, true, 'inequality'],
  ['19-22', 19, false, 'the lower end does not belong to a range'],
  ['19-22', 21, true, 'what is between does'],
  ['19<>22', 22, false, 'nor does the upper end'],
  ['!19-22', 19, true, 'ends belong to what is beside it'],
  ['&0xc0=0x80', 0x81, true, 'bits under a mask'],
  ['&0xc0!=0', 0x41, true, 'any bit under a mask'],
  ['seven', 7, true, 'a name'],
  ['!seven', 7, false, 'a name, not'],
  ['! Seven', 8, true, 'names are written in any case'],
  ['ipv6-icmp', 58, true, 'a hyphen in a name makes no range of it'],
  ['a/n', 107, true, 'names may have other signs'],
])('%s on %i: %s, %s', (written, value, holds) => {
  const read = bytes.read(written);
  if ('problem' in read) throw new Error(read.problem);
  expect(compares(read.value, value)).toBe(holds);
});

test.each<[written: string, value: number]>([
  ['>1kb', 1025],
  ['2MiB', 2_097_152],
  ['1GB', 1_073_741_824],
])('units: %s', (written, value) => {
  const read = sizes.read(written);
  expect('value' in read && compares(read.value, value)).toBe(true);
});

describe('refused', () => {
  test.each<[written: string, why: string]>([
    ['<0', 'holds for nothing'],
    ['>=0', 'holds for everything'],
    ['>255', 'no byte is greater'],
    ['<=255', 'each byte is'],
    ['3-3', 'a range of one number'],
    ['4-3', 'turned round'],
    ['256', 'too large'],
    ['&0xc0=2', 'a bit that the mask takes away'],
    ['eight', 'no name'],
    ['constructor', 'a name of every object, and none of ours'],
    ['!__proto__', 'so is this one'],
    ['', 'nothing'],
  ])('%s: %s', (written) => {
    expect(bytes.read(written)).toHaveProperty('problem');
  });

  test('a range with nothing between its ends holds for nothing, and is no fault: rules that the community publishes have some', () => {
    const read = bytes.read('3-4');
    expect('value' in read && (compares(read.value, 3) || compares(read.value, 4))).toBe(false);
  });

  test('with the ends in it, a range may be of two numbers', () => {
    const read = bytes.read('3-4');
    expect('value' in read && compares(read.value, 4, true)).toBe(true);
  });
});
