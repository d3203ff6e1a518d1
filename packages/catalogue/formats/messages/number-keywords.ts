/** Conditions on one number of a transaction (`snmp.version:<3`): the keyword from one line each. */
import { type Direction, type KeywordDefinition, keyword, type RuleBuilder, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { compares, comparison, describeComparison } from '../../arguments/index.ts';
import { describeSeveral, holdsForSeveral, needsWholeList, type SeveralNumbers, severalNumbers } from '../../arguments/several-numbers.ts';
import { MESSAGE_COMPLETE } from './framed-session.ts';

export interface NumberKeyword<Kind extends Transaction> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly since: string;
  readonly directions?: readonly Direction[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** words that stand for numbers in rules */
  readonly words?: Readonly<Record<string, number>>;
  /** progress at which it is known */
  readonly progress?: number;
  /** there may be several, and rules may say which: progress at which all are there */
  readonly allAt?: number;
  /** there may be several, and one of them must hold: progress at which no more come */
  readonly settledAt?: number;
  /** undefined where the transaction has none; several: one of them must hold */
  read(transaction: Kind, direction: Direction): number | readonly number[] | undefined;
}

/** values of one transaction that an explanation tells */
const MOST_SHOWN = 8;

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

export function numberKeywords<Kind extends Transaction>(protocol: string, list: readonly NumberKeyword<Kind>[]): readonly KeywordDefinition<never>[] {
  return list.map((one) => (one.allAt === undefined ? singleNumber(protocol, one) : listOfNumbers(protocol, one, one.allAt)));
}

function common<Kind extends Transaction>(protocol: string, one: NumberKeyword<Kind>) {
  return {
    name: one.name,
    ...(one.aliases === undefined ? {} : { aliases: one.aliases }),
    family: protocol,
    since: one.since,
    summary: one.summary,
    kind: 'condition' as const,
    protocol,
    examples: [`${one.name}:${(one.minimum ?? 0) + 1};`, ...Object.keys(one.words ?? {}).map((word) => `${one.name}:${word};`)],
    broken: [{ options: `${one.name}:,;`, code: `${one.name}/argument` }],
  };
}

function addNumber<Kind extends Transaction>(
  builder: RuleBuilder,
  protocol: string,
  one: NumberKeyword<Kind>,
  describes: string,
  progress: number,
  settledAt: number,
  test: (value: number | readonly number[] | undefined) => boolean,
): void {
  builder.addTransaction({
    keyword: one.name,
    describes: `${one.summary} ${describes}`,
    protocol,
    progress,
    settledAt,
    directions: one.directions ?? BOTH,
    test: (transaction, direction) => test(one.read(transaction as Kind, direction)),
    measured(transaction, direction) {
      const value = one.read(transaction as Kind, direction);
      if (value === undefined || (typeof value !== 'number' && value.length === 0)) return { words: 'this transaction has none' };
      if (typeof value !== 'number' && value.length > 1)
        return { words: `they are ${value.slice(0, MOST_SHOWN).join(', ')}${value.length > MOST_SHOWN ? ' …' : ''}` };
      const [single] = typeof value === 'number' ? [value] : value;
      return { words: `it is ${single}`, value: single };
    },
  });
}

function singleNumber<Kind extends Transaction>(protocol: string, one: NumberKeyword<Kind>): KeywordDefinition<never> {
  return keyword({
    ...common(protocol, one),
    argument: comparison(one.minimum ?? 0, one.maximum, one.words),
    apply(wanted, builder) {
      const progress = one.progress ?? MESSAGE_COMPLETE;
      addNumber(builder, protocol, one, describeComparison(wanted), progress, one.settledAt ?? progress, (value) => {
        if (value === undefined) return false;
        return typeof value === 'number' ? compares(wanted, value) : value.some((each) => compares(wanted, each));
      });
    },
  });
}

function listOfNumbers<Kind extends Transaction>(protocol: string, one: NumberKeyword<Kind>, allAt: number): KeywordDefinition<never> {
  return keyword<SeveralNumbers>({
    ...common(protocol, one),
    argument: severalNumbers(comparison(one.minimum ?? 0, one.maximum, one.words)),
    apply(wanted, builder) {
      addNumber(builder, protocol, one, describeSeveral(wanted), needsWholeList(wanted) ? allAt : (one.progress ?? MESSAGE_COMPLETE), allAt, (value) =>
        holdsForSeveral(wanted, value === undefined ? [] : typeof value === 'number' ? [value] : value),
      );
    },
  });
}
