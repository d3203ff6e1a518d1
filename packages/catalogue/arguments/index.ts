/** Constructors of argument grammars: how the arguments of keywords are written. Every keyword family uses these. */
import { entryOf } from '@sigwright/bytes';
import type { ArgumentGrammar, ArgumentProblem, Comparison } from '@sigwright/contracts';

type Reading<Value> = { readonly value: Value } | ArgumentProblem;

function grammar<Value>(
  syntax: string,
  samples: readonly string[],
  read: (text: string) => Reading<Value>,
  more: { words?: readonly string[] } = {},
): ArgumentGrammar<Value> {
  return {
    syntax,
    optional: false,
    words: more.words ?? [],
    samples,
    read(text) {
      return text === undefined || text === '' ? { problem: 'an argument is missing' } : read(text);
    },
  };
}

/** Stands alone. */
export function none(): ArgumentGrammar<undefined> {
  return {
    syntax: '',
    optional: true,
    words: [],
    samples: [],
    read: (text) => (text === undefined || text === '' ? { value: undefined } : { problem: `it takes no argument, but \`${text}\` stands here` }),
  };
}

/** Any grammar, or nothing. */
export function optional<Value>(of: ArgumentGrammar<Value>): ArgumentGrammar<Value | undefined> {
  return { ...of, syntax: `[${of.syntax}]`, optional: true, read: (text) => (text === undefined || text === '' ? { value: undefined } : of.read(text)) };
}

/** Free text; quotes around it are taken off. */
export function text(samples: readonly string[] = ['words']): ArgumentGrammar<string> {
  return grammar('<text>', samples, (written) => ({ value: withoutQuotes(written) }));
}

export interface QuotedText {
  readonly negated: boolean;
  /** between the quotes, escapes as written */
  readonly text: string;
}

/** `"…"` with an optional `!` before it. */
export function quoted(samples: readonly string[] = ['"words"']): ArgumentGrammar<QuotedText> {
  return grammar<QuotedText>('[!]"<text>"', samples, (written) => {
    let rest = written;
    const negated = rest.startsWith('!');
    if (negated) rest = rest.slice(1).trimStart();
    if (rest.length < 2 || !rest.startsWith('"') || !rest.endsWith('"')) return { problem: 'it is not in double quotes', help: 'write `"…"`' };
    return { value: { negated, text: rest.slice(1, -1) } };
  });
}

export function withoutQuotes(written: string): string {
  return written.length >= 2 && written.startsWith('"') && written.endsWith('"') ? written.slice(1, -1) : written;
}

/** Decimal, or hex behind `0x`; undefined where it is neither. */
export function numberIn(written: string): number | undefined {
  const trimmed = written.trim();
  if (/^[+-]?\d+$/.test(trimmed)) return Number(trimmed);
  if (/^0x[0-9a-fA-F]+$/.test(trimmed)) return Number.parseInt(trimmed.slice(2), 16);
  return undefined;
}

export function wholeNumber(minimum = 0, maximum = 4294967295): ArgumentGrammar<number> {
  return grammar<number>('<number>', [String(minimum), String(Math.min(maximum, minimum + 10))], (written) => {
    const value = numberIn(withoutQuotes(written));
    if (value === undefined) return { problem: `\`${written}\` is not a number` };
    if (value < minimum || value > maximum) return { problem: `${value} is not between ${minimum} and ${maximum}` };
    return { value };
  });
}

const UNITS: Record<string, number> = { '': 1, kb: 1024, mb: 1_048_576, gb: 1_073_741_824, kib: 1024, mib: 1_048_576, gib: 1_073_741_824 };

/** Greatest numbers of 8, 16 and 32 bits: nothing on the wire is greater. */
const WIDEST: ReadonlySet<number> = new Set([255, 65_535, 4_294_967_295]);

/** `5`, `!5`, `<5`, `>=5`, `1-5`, `1<>5`, `!1-5`. */
export function comparison(minimum = 0, maximum = 4294967295, names: Readonly<Record<string, number>> = {}): ArgumentGrammar<Comparison> {
  const samples = [String(minimum + 1), `<${minimum + 5}`, `>${minimum}`, `${minimum + 1}<>${minimum + 9}`];
  return grammar<Comparison>('[!|<|<=|>|>=]<number>, <number>-<number>, <number><><number> or &<mask>=<number>', samples, (written) => {
    const number = (part: string): number | undefined => {
      const text = part.trim().toLowerCase();
      const known = entryOf(names, text);
      if (known !== undefined) return known;
      const sized = /^(\d+|0x[0-9a-f]+)\s*([kmg]i?b)?$/.exec(text);
      if (sized === null) return undefined;
      const value = (numberIn(sized[1]) ?? 0) * UNITS[sized[2] ?? ''];
      return value <= maximum ? value : undefined;
    };
    const source = withoutQuotes(written).trim();
    const [, negation, word] = /^(!?)\s*(.*)$/s.exec(source)!;
    const named = entryOf(names, word.toLowerCase());
    if (named !== undefined) return { value: { operator: negation === '' ? '=' : '!=', value: named, upper: named } };
    const range = /^(!)?\s*([\w]+)\s*(<>|-)\s*([\w]+)$/.exec(source);
    if (range !== null) {
      const value = number(range[2]);
      const upper = number(range[4]);
      if (value === undefined || upper === undefined) return { problem: `\`${written}\` is not a range of numbers from ${minimum} to ${maximum}` };
      if (value >= upper) return { problem: `the range begins at ${value} and ends at ${upper}`, help: 'the smaller number comes first' };
      return { value: { operator: range[1] === undefined ? 'range' : '!range', value, upper } };
    }
    const mask = /^&\s*(\w+)\s*(!?=)\s*(\w+)$/.exec(source);
    if (mask !== null) {
      const value = number(mask[1]);
      const upper = number(mask[3]);
      if (value === undefined || upper === undefined) return { problem: `\`${written}\` is not a mask and a number from ${minimum} to ${maximum}` };
      if (under(value, upper) !== upper) return { problem: `${upper} has bits that the mask ${value} takes away`, help: 'no shift is done behind the mask' };
      return { value: { operator: mask[2] === '=' ? 'mask' : '!mask', value, upper } };
    }
    const single = /^(!=|!|<=|>=|<|>|=|&|!&)?\s*([\w]+)$/.exec(source);
    const value = single === null ? undefined : number(single[2]);
    if (single === null || value === undefined)
      return { problem: `\`${written}\` is not a comparison with a number from ${minimum} to ${maximum}`, help: 'write for example `5`, `<5`, `>5` or `1<>5`' };
    const sign = single[1] ?? '=';
    const operator = sign === '!' ? '!=' : (sign as Comparison['operator']);
    if ((value === 0 && (operator === '<' || operator === '>=')) || (WIDEST.has(value) && value === maximum && (operator === '>' || operator === '<=')))
      return { problem: `\`${written}\` holds for ${operator.length === 1 ? 'no' : 'every'} number`, help: 'leave it out, or compare with another number' };
    return { value: { operator, value, upper: value } };
  });
}

/** `rangeInclusive`: the ends of a range belong to it, as only keywords of NFS have it. */
export function compares(comparison: Comparison, value: number, rangeInclusive = false): boolean {
  switch (comparison.operator) {
    case '=':
      return value === comparison.value;
    case '!=':
      return value !== comparison.value;
    case '<':
      return value < comparison.value;
    case '<=':
      return value <= comparison.value;
    case '>':
      return value > comparison.value;
    case '>=':
      return value >= comparison.value;
    case '&':
      return (value & comparison.value) !== 0;
    case '!&':
      return (value & comparison.value) === 0;
    case 'mask':
      return under(comparison.value, value) === comparison.upper;
    case '!mask':
      return under(comparison.value, value) !== comparison.upper;
    case 'range':
      return rangeInclusive ? value >= comparison.value && value <= comparison.upper : value > comparison.value && value < comparison.upper;
    case '!range':
      return !(value > comparison.value && value < comparison.upper);
  }
}

const TWO_32 = 4_294_967_296;

/** `&` of numbers up to 2^53. */
function under(mask: number, value: number): number {
  return ((Math.floor(mask / TWO_32) & Math.floor(value / TWO_32)) >>> 0) * TWO_32 + ((mask & value) >>> 0);
}

export function describeComparison(comparison: Comparison): string {
  if (comparison.operator === 'range') return `between ${comparison.value} and ${comparison.upper}`;
  if (comparison.operator === '!range') return `not between ${comparison.value} and ${comparison.upper}`;
  if (comparison.operator === 'mask') return `${comparison.upper} under the mask ${comparison.value}`;
  if (comparison.operator === '!mask') return `not ${comparison.upper} under the mask ${comparison.value}`;
  return comparison.operator === '=' ? `${comparison.value}` : `${comparison.operator} ${comparison.value}`;
}

const SHOWN_OPERATORS = { '=': 'equal', '!=': 'diff', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte', '&': 'bitmask', '!&': 'negated_bitmask' } as const;

/** As analyses of rules show it. */
export function showComparison({ operator, value, upper }: Comparison): Record<string, unknown> {
  if (operator === 'range') return { range: { min: value, max: upper } };
  if (operator === '!range') return { negated_range: { min: value, max: upper } };
  if (operator === 'mask') return { bitmask: { mask: value, value: upper } };
  if (operator === '!mask') return { negated_bitmask: { mask: value, value: upper } };
  return { [SHOWN_OPERATORS[operator]]: value };
}

/** One of a few words. */
export function choice<Word extends string>(words: readonly Word[]): ArgumentGrammar<Word> {
  return grammar<Word>(
    words.join('|'),
    words.slice(0, 3),
    (written) => {
      const word = withoutQuotes(written).trim().toLowerCase() as Word;
      return words.includes(word) ? { value: word } : { problem: `\`${written}\` is none of ${words.join(', ')}` };
    },
    { words },
  );
}

/** Parts between commas, trimmed. */
export function list(syntax: string, samples: readonly string[], words: readonly string[] = []): ArgumentGrammar<readonly string[]> {
  return grammar<readonly string[]>(
    syntax,
    samples,
    (written) => {
      const parts = written.split(',').map((part) => part.trim());
      return parts.some((part) => part === '') ? { problem: 'nothing stands between two commas' } : { value: parts };
    },
    { words },
  );
}

type ValueOf<Answer> = Answer extends { readonly problem: string } ? never : Answer extends { readonly value: infer Value } ? Value : never;

/** A form of its own. */
export function custom<Answer extends { readonly value: unknown } | ArgumentProblem>(
  syntax: string,
  samples: readonly string[],
  read: (text: string) => Answer,
): ArgumentGrammar<ValueOf<Answer>> {
  return grammar(syntax, samples, read as (text: string) => Reading<ValueOf<Answer>>);
}
