/**
 * Conditions on keywords that have several numbers in a transaction (user guide, "Multi-integers"): a comparison, which of the numbers it is
 * about, and of which part of the list; or only how many there are.
 */
import type { ArgumentGrammar, Comparison } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison } from './index.ts';

/** Numbers of a list; places count from its end where they are negative. */
type Which =
  | { readonly kind: 'any' | 'all' | 'all_or_absent' | 'or_absent' }
  | { readonly kind: 'nb'; readonly times: Comparison }
  | { readonly kind: 'at'; readonly place: number; readonly outside: boolean };

export type SeveralNumbers =
  | { readonly count: Comparison }
  | {
      readonly count?: undefined;
      readonly wanted: Comparison;
      readonly which: Which;
      /** places [from, to) */
      readonly part: readonly [from: number, to: number] | undefined;
    };

/** So many numbers no transaction has. */
const MOST_NUMBERS = 0xff_ff_ff_ff;
const amounts = comparison(0, MOST_NUMBERS);
const PLACE = /^-?\d{1,9}$/;

function readWhich(written: string): Which | undefined {
  if (written === 'any' || written === 'all' || written === 'all_or_absent' || written === 'or_absent') return { kind: written };
  if (PLACE.test(written)) return { kind: 'at', place: Number(written), outside: false };
  const outside = /^oob_or\s+(-?\d{1,9})$/.exec(written);
  if (outside !== null) return { kind: 'at', place: Number(outside[1]), outside: true };
  const times = /^nb\s*(.+)$/.exec(written);
  const read = times === null ? undefined : amounts.read(times[1]);
  return read === undefined || 'problem' in read ? undefined : { kind: 'nb', times: read.value };
}

export function severalNumbers(values: ArgumentGrammar<Comparison>): ArgumentGrammar<SeveralNumbers> {
  const samples = [...values.samples, ...values.samples.slice(0, 1).flatMap((one) => [`${one},all`, `${one},nb>1`, `${one},-1`, `${one},any,1:-1`])];
  return custom(
    `${values.syntax}[,any|all|all_or_absent|or_absent|nb<comparison>|<place>|oob_or <place>[,<from>:<to>]], or count<comparison>`,
    samples,
    (written): { value: SeveralNumbers } | { problem: string } => {
      const count = /^\s*count\b(.*)$/.exec(written);
      if (count !== null) {
        const read = amounts.read(count[1]);
        return 'problem' in read ? { problem: read.problem } : { value: { count: read.value } };
      }
      const [first, place = 'any', part, ...more] = written.split(',').map((one) => one.trim());
      const wanted = values.read(first);
      if ('problem' in wanted) return { problem: wanted.problem };
      if (more.length > 0) return { problem: 'nothing may stand behind the part of the list' };
      const which = readWhich(place);
      if (which === undefined) return { problem: `\`${place}\` does not say which of the numbers` };
      const ends = part === undefined ? undefined : /^(-?\d{1,9}):(-?\d{1,9})$/.exec(part);
      if (ends === null) return { problem: `\`${part}\` is no part of a list` };
      return { value: { wanted: wanted.value, which, part: ends === undefined ? undefined : [Number(ends[1]), Number(ends[2])] } };
    },
  );
}

/** Must the list be whole? Other conditions may come true with one of its numbers, and nothing undoes that. */
export function needsWholeList(condition: SeveralNumbers): boolean {
  if (condition.count !== undefined || condition.part !== undefined) return true;
  const { which } = condition;
  return which.kind === 'at' ? which.place < 0 || which.outside : which.kind !== 'any';
}

/** Places beyond the list leave nothing of it. */
function partOf(values: readonly (number | undefined)[], [from, to]: readonly [number, number]): readonly (number | undefined)[] {
  const start = from < 0 ? values.length + from : from;
  const end = to < 0 ? values.length + to : to;
  return start < 0 || end < 0 || start > values.length || end > values.length ? [] : values.slice(start, end);
}

/** `undefined`: an entry without the number. */
export function holdsForSeveral(condition: SeveralNumbers, values: readonly (number | undefined)[]): boolean {
  if (condition.count !== undefined) return compares(condition.count, values.length);
  const { wanted, which } = condition;
  const list = condition.part === undefined ? values : partOf(values, condition.part);
  const fits = (value: number | undefined): boolean => value !== undefined && compares(wanted, value);
  switch (which.kind) {
    case 'any':
      return list.some(fits);
    case 'or_absent':
      return list.length === 0 || list.some(fits);
    case 'all':
      return list.length > 0 && list.every(fits);
    case 'all_or_absent':
      return list.every(fits);
    case 'nb':
      return compares(which.times, list.filter(fits).length);
    case 'at': {
      const inside = which.place < 0 ? -which.place <= list.length : which.place < list.length;
      return inside ? fits(list.at(which.place)) : which.outside;
    }
  }
}

export function describeSeveral(condition: SeveralNumbers): string {
  if (condition.count !== undefined) return `there are ${describeComparison(condition.count)}`;
  const { wanted, which, part } = condition;
  const told = describeComparison(wanted);
  const of = part === undefined ? '' : ` of those from ${part[0]} to ${part[1]}`;
  switch (which.kind) {
    case 'any':
      return `${told}${of}`;
    case 'or_absent':
      return `${told}${of}, or there is none`;
    case 'all':
      return `${told}, each${of}`;
    case 'all_or_absent':
      return `${told}, each that there is${of}`;
    case 'nb':
      return `${told}, ${describeComparison(which.times)} times${of}`;
    case 'at':
      return `${told} at place ${which.place}${which.outside ? ', or there is none there' : ''}${of}`;
  }
}
