/** Conditions on one number of a transaction (`snmp.version:<3`): the keyword from one line each. */
import { type Direction, type KeywordDefinition, keyword, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { compares, comparison, describeComparison } from '../../arguments/index.ts';
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
  /** undefined where the transaction has none; several: one of them must hold */
  read(transaction: Kind, direction: Direction): number | readonly number[] | undefined;
}

/** values of one transaction that an explanation tells */
const MOST_SHOWN = 8;

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

export function numberKeywords<Kind extends Transaction>(protocol: string, list: readonly NumberKeyword<Kind>[]): readonly KeywordDefinition<never>[] {
  return list.map((one) =>
    keyword({
      name: one.name,
      ...(one.aliases === undefined ? {} : { aliases: one.aliases }),
      family: protocol,
      since: one.since,
      summary: one.summary,
      kind: 'condition' as const,
      protocol,
      argument: comparison(one.minimum ?? 0, one.maximum, one.words),
      examples: [`${one.name}:${(one.minimum ?? 0) + 1};`, ...Object.keys(one.words ?? {}).map((word) => `${one.name}:${word};`)],
      broken: [{ options: `${one.name}:,;`, code: `${one.name}/argument` }],
      apply(wanted, builder) {
        builder.addTransaction({
          keyword: one.name,
          describes: `${one.summary} ${describeComparison(wanted)}`,
          protocol,
          progress: one.progress ?? MESSAGE_COMPLETE,
          directions: one.directions ?? BOTH,
          test(transaction, direction) {
            const value = one.read(transaction as Kind, direction);
            if (value === undefined) return false;
            return typeof value === 'number' ? compares(wanted, value) : value.some((each) => compares(wanted, each));
          },
          measured(transaction, direction) {
            const value = one.read(transaction as Kind, direction);
            if (value === undefined || (typeof value !== 'number' && value.length === 0)) return { words: 'this transaction has none' };
            if (typeof value !== 'number' && value.length > 1)
              return { words: `they are ${value.slice(0, MOST_SHOWN).join(', ')}${value.length > MOST_SHOWN ? ' …' : ''}` };
            const [single] = typeof value === 'number' ? [value] : value;
            return { words: `it is ${single}`, value: single };
          },
        });
      },
    }),
  );
}
