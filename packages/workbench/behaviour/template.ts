/**
 * Several values of one buffer → what they share: literals in order, and gaps between them with what was seen there. Tokens (runs of
 * letters and digits, single signs) are aligned by their longest common subsequence. What looks volatile becomes a gap although all
 * values agree, see volatile.ts. Linear memory; time is bounded by tokens × tokens × values.
 */
import { largest, smallest } from '@sigwright/bytes';
import { type CharacterClass, classOf, volatileSpans, widest } from './volatile.ts';

export interface Literal {
  readonly kind: 'literal';
  readonly text: string;
}

export interface Gap {
  readonly kind: 'gap';
  /** characters that were seen there; undefined: anything */
  readonly of: CharacterClass | undefined;
  readonly least: number;
  readonly most: number;
  /** what it was taken for, where it was taken for something */
  readonly why: string | undefined;
}

export type Part = Literal | Gap;

export interface Template {
  readonly parts: readonly Part[];
  /** different values it was made of */
  readonly distinct: number;
  readonly shortest: number;
  readonly longest: number;
}

/** Of a long value only the beginning is compared. */
const LONGEST_COMPARED = 1024;
const MOST_TOKENS = 400;
const MOST_VALUES = 40;

interface Token {
  readonly text: string;
  /** undefined: a literal */
  readonly why: string | undefined;
}

export interface TemplateOptions {
  /** all values are of one capture, so that fixed and volatile can not be told apart by comparing */
  readonly only: boolean;
  /** hosts and addresses of the conversations */
  readonly names?: readonly string[];
}

export function templateOf(values: readonly string[], { only, names = [] }: TemplateOptions): Template {
  const distinct = [...new Set(values)];
  const chosen = distinct.slice(0, MOST_VALUES).map((value) => value.slice(0, LONGEST_COMPARED));
  const isCut = distinct.some((value) => value.length > LONGEST_COMPARED);
  const rows = chosen.map((value) => tokensOf(value, only, names));
  let kept = rows[0].filter(({ why }) => why === undefined).map(({ text }) => text);
  for (const row of rows.slice(1)) kept = common(kept, row);
  const gaps: { values: string[]; whys: (string | undefined)[] }[] = [...kept, ''].map(() => ({ values: [], whys: [] }));
  for (const row of rows) {
    const places = placesOf(kept, row);
    let from = 0;
    for (let at = 0; at <= kept.length; at++) {
      const to = at < kept.length ? places[at] : row.length;
      const between = row.slice(from, to);
      gaps[at].values.push(between.map(({ text }) => text).join(''));
      gaps[at].whys.push(between.find(({ why }) => why !== undefined)?.why);
      from = to + 1;
    }
  }
  const parts: Part[] = [];
  for (let at = 0; at <= kept.length; at++) {
    const gap = gapOf(gaps[at].values, gaps[at].whys, isCut && at === kept.length, distinct.length === 1 || (only && distinct.length < COMPARABLE));
    if (gap !== undefined) parts.push(gap);
    if (at === kept.length) break;
    const last = parts.at(-1);
    if (last?.kind === 'literal') parts[parts.length - 1] = { kind: 'literal', text: last.text + kept[at] };
    else parts.push({ kind: 'literal', text: kept[at] });
  }
  const lengths = distinct.map((value) => value.length);
  return { parts: joined(parts), distinct: distinct.length, shortest: smallest(lengths), longest: largest(lengths) };
}

/** A sign or two that happen to lie between two gaps of anything say nothing. */
function joined(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  for (const [at, part] of parts.entries()) {
    const before = result.at(-1);
    const after = parts[at + 1];
    const isLost =
      part.kind === 'literal' &&
      part.text.length < 2 &&
      before?.kind === 'gap' &&
      (before.of === undefined || after === undefined) &&
      (after === undefined ? before.of === undefined : after.kind === 'gap' && after.of === undefined);
    if (isLost || (part.kind === 'gap' && before?.kind === 'gap')) {
      const more = part.kind === 'gap' ? part : { least: part.text.length, most: part.text.length };
      if (before?.kind === 'gap')
        result[result.length - 1] = { kind: 'gap', of: undefined, least: before.least + more.least, most: before.most + more.most, why: before.why };
    } else result.push(part);
  }
  return result;
}

/** Values of one capture that are as many say something about lengths, too. */
const COMPARABLE = 3;
/** Lengths of what is always as long: times, numbers of 32 and 64 bits in hexadecimal, digests. */
const USUAL_LENGTHS: ReadonlySet<number> = new Set([10, 13, 16, 32, 40, 64, 128]);

function gapOf(values: readonly string[], whys: readonly (string | undefined)[], isCut: boolean, isAlone: boolean): Gap | undefined {
  if (!isCut && values.every((value) => value === '')) return undefined;
  const lengths = values.map((value) => value.length);
  const least = smallest(lengths);
  const most = largest(lengths);
  const seen = classOf(values);
  const isDigits = seen?.says === 'digits' || seen?.says === 'hexadecimal digits';
  const isUsual = isDigits && lengths.every((length) => USUAL_LENGTHS.has(length));
  const isFew = new Set(values).size < ENOUGH_VALUES;
  // Of few values neither letters nor lengths are believed, unless they are all of one length that is not short.
  const isFree = isAlone ? !isUsual : isFew && (least !== most || (most < SHORTEST_FIXED && !isUsual));
  const of = isCut || seen?.isWhole === true || !isFree || seen?.says === 'digits' ? seen : widest(values);
  const isOpen = isCut || (isFree && of?.isWhole !== true);
  return {
    kind: 'gap',
    of: isCut ? undefined : of,
    least: isOpen ? Math.min(1, least) : least,
    most: isOpen ? Number.POSITIVE_INFINITY : most,
    why: whys.find((why) => why !== undefined),
  };
}

/** So many different values show which letters and lengths there are. */
const ENOUGH_VALUES = 5;
const SHORTEST_FIXED = 8;

/** `bot123` is a word and a number; `a1b2c3` is one thing. */
const TOKEN = /[A-Za-z]{3,}(?=\d+(?![A-Za-z]))|[A-Za-z0-9]+|[^A-Za-z0-9]/g;

function tokensOf(value: string, only: boolean, names: readonly string[]): Token[] {
  const tokens: Token[] = [];
  const plain = (text: string): void => {
    for (const [token] of text.matchAll(TOKEN)) tokens.push({ text: token, why: undefined });
  };
  let from = 0;
  for (const { start, end, why } of volatileSpans(value, only, names)) {
    plain(value.slice(from, start));
    tokens.push({ text: value.slice(start, end), why });
    from = end;
  }
  plain(value.slice(from));
  if (tokens.length <= MOST_TOKENS) return tokens;
  const rest = tokens.slice(MOST_TOKENS);
  return [...tokens.slice(0, MOST_TOKENS), { text: rest.map(({ text }) => text).join(''), why: 'the rest of it' }];
}

/** Longest common subsequence of literals and the literal tokens of a row. */
function common(literals: readonly string[], row: readonly Token[]): string[] {
  return placesOf(literals, row, true)
    .map((place, at) => (place === -1 ? undefined : literals[at]))
    .filter((text) => text !== undefined);
}

/** Where each literal stands in a row; -1 where it has no place in the longest common subsequence. */
function placesOf(literals: readonly string[], row: readonly Token[], longest = false): number[] {
  const places = new Array<number>(literals.length).fill(-1);
  let head = 0;
  while (head < literals.length && head < row.length && row[head].why === undefined && row[head].text === literals[head]) {
    places[head] = head;
    head++;
  }
  if (head === literals.length && !longest) return places;
  let tail = 0;
  while (
    tail < literals.length - head &&
    tail < row.length - head &&
    row[row.length - 1 - tail].why === undefined &&
    row[row.length - 1 - tail].text === literals[literals.length - 1 - tail]
  ) {
    places[literals.length - 1 - tail] = row.length - 1 - tail;
    tail++;
  }
  const high = literals.length - head - tail;
  const wide = row.length - head - tail;
  if (high <= 0 || wide <= 0) return places;
  // lengths[a][b]: of what is common to literals from head + a on and the row from head + b on; words weigh more than signs
  const lengths = new Float64Array((high + 1) * (wide + 1));
  const width = wide + 1;
  for (let a = high - 1; a >= 0; a--)
    for (let b = wide - 1; b >= 0; b--) {
      const token = row[head + b];
      const same = token.why === undefined && token.text === literals[head + a];
      lengths[a * width + b] = Math.max(
        lengths[(a + 1) * width + b],
        lengths[a * width + b + 1],
        same ? lengths[(a + 1) * width + b + 1] + Math.min(token.text.length, 8) : 0,
      );
    }
  for (let a = 0, b = 0; a < high && b < wide; ) {
    const token = row[head + b];
    const same = token.why === undefined && token.text === literals[head + a];
    if (same && lengths[a * width + b] === lengths[(a + 1) * width + b + 1] + Math.min(token.text.length, 8)) {
      places[head + a] = head + b;
      a++;
      b++;
    } else if (lengths[(a + 1) * width + b] >= lengths[a * width + b + 1]) a++;
    else b++;
  }
  return places;
}
