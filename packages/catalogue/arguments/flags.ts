/** Flags of a number: by name, with `!` before those that must not be set, or by a comparison of the number. User guide, "Integer Keywords". */
import type { ArgumentGrammar } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison } from './index.ts';

const MOST_BYTE = 255;

export interface Flags {
  readonly describes: string;
  readonly holds: (flags: number) => boolean;
}

/** `bits`: of each name, in lower case. */
export function flagsOf(bits: Readonly<Record<string, number>>, maximum = MOST_BYTE): ArgumentGrammar<Flags> {
  const names = Object.keys(bits);
  const numbers = comparison(0, maximum);
  return custom(
    `[!]${names.join('|')}[,…], &<bits>=<value> or a comparison`,
    [`${names[0]},!${names[1]}`, names[1], String(bits[names[0]]), `&${bits[names[1]]}=${bits[names[1]]}`],
    (written): { value: Flags } | { problem: string } => {
      const parts = written.split(',').map((part) => part.trim());
      const told = parts.map((part) => part.replace(/^!\s*/, '').toLowerCase());
      if (told.every((name) => Object.hasOwn(bits, name))) {
        const set = told.filter((_name, index) => !parts[index].startsWith('!')).reduce((all, name) => all | bits[name], 0);
        const all = told.reduce((seen, name) => seen | bits[name], 0);
        return { value: { describes: parts.join(', '), holds: (value) => (value & all) === set } };
      }
      const compared = numbers.read(written);
      if ('problem' in compared) return { problem: `\`${written}\` is neither some of ${names.join(', ')} nor a comparison with a number` };
      return { value: { describes: describeComparison(compared.value), holds: (value) => compares(compared.value, value) } };
    },
  );
}
