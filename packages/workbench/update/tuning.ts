/**
 * What a sensor's owner wants changed in rules that others write: the disable, enable, drop and modify files of suricata-update
 * (https://suricata-update.readthedocs.io/en/latest/update.html), one wish a line. A line says which rules it means:
 *
 *   2019401                      a signature; also 1:2019401, and several with commas
 *   re:heartbleed                rules whose text matches, whatever the case
 *   group:emerging-icmp.rules    rules of a file, with or without its ending; `*` and `?` stand for anything
 *   filename:rules/*deleted*     rules of a file by its whole path in the archive
 *   metadata: deployment Perimeter
 *   *                            every rule
 *
 * and beyond that, here only:
 *
 *   where: confidence < Medium   metadata compared: severity and confidence by their scale, dates as dates, `age` in days since the
 *                                last update (where: age > 730)
 *
 * A comment behind a line (` # …`) may give the wish an end: `2019401  # until 2026-12-31: our scanner`. From the day after, the line
 * is passed over and said to be over. Other tools read the comment as a comment.
 */
import { entryOf } from '@sigwright/bytes';
import { type Diagnostic, error, type Rule, span, warning } from '@sigwright/contracts';
import { addMetadata, metadataOf, metadataPairs } from '../repository/metadata.ts';

export interface TunedRule {
  readonly rule: Rule;
  /** path of its file in the archive, or as it was named */
  readonly file: string;
}

export type Matcher = (one: TunedRule) => boolean;

export interface TuningLine {
  /** the wish as it is written, without comment */
  readonly text: string;
  readonly line: number;
  readonly matches: Matcher;
  /** last day (ISO) on which it holds */
  readonly until: string | undefined;
}

export interface ModifyLine extends TuningLine {
  /** the rule's text after the change, the same text where it changes nothing */
  readonly change: (text: string) => string;
}

export interface Tuning<Line extends TuningLine> {
  readonly lines: readonly Line[];
  readonly diagnostics: readonly Diagnostic[];
}

interface RawLine {
  readonly text: string;
  readonly line: number;
  readonly start: number;
  readonly until: string | undefined;
}

const UNTIL = /\buntil[: ]\s*(\d{4}-\d{2}-\d{2})\b/i;

function* linesOf(text: string): Generator<RawLine> {
  let start = 0;
  let line = 0;
  for (const raw of text.split('\n')) {
    line++;
    const at = start;
    start += raw.length + 1;
    const comment = /(?:^|\s)#.*$/.exec(raw);
    const said = (comment === null ? raw : raw.slice(0, comment.index)).trim();
    if (said !== '') yield { text: said, line, start: at, until: UNTIL.exec(comment?.[0] ?? '')?.[1] };
  }
}

/** A disable, enable or drop file. `today`: ISO date, for wishes about age. */
export function readMatchers(text: string, today: string): Tuning<TuningLine> {
  const lines: TuningLine[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { text: said, line, start, until } of linesOf(text)) {
    const matches = matcherOf(said, today);
    if (typeof matches === 'string') diagnostics.push(error('tuning/line', `line ${line}: ${matches}`, span(start, start + said.length)));
    else lines.push({ text: said, line, matches, until });
  }
  return { lines, diagnostics };
}

const SIDS = /^(?:\d+:)?\d+(?:\s*,\s*(?:\d+:)?\d+)*$/;

/** A matcher, or what is wrong with the words. */
export function matcherOf(said: string, today: string): Matcher | string {
  if (said === '*') return () => true;
  if (SIDS.test(said)) {
    const wanted = new Set(said.split(',').map((one) => (one.includes(':') ? one.trim() : `1:${one.trim()}`)));
    return ({ rule }) => wanted.has(`${rule.gid}:${rule.sid}`);
  }
  const match = /^(re|group|filename|metadata|where)\s*:\s*(.+)$/is.exec(said);
  if (match === null) return `\`${said}\` is no signature number and none of re:, group:, filename:, metadata:, where:`;
  const [, kind, rest] = match;
  switch (kind.toLowerCase()) {
    case 're': {
      const pattern = patternOf(rest, 'i');
      return typeof pattern === 'string' ? pattern : ({ rule }) => pattern.test(rule.text);
    }
    case 'group': {
      const glob = globOf(rest);
      return ({ file }) => {
        const base = file.slice(file.lastIndexOf('/') + 1);
        return glob.test(base) || glob.test(base.replace(/\.[^.]*$/, ''));
      };
    }
    case 'filename': {
      const glob = globOf(rest);
      return ({ file }) => glob.test(file);
    }
    case 'metadata': {
      const parts = /^(\S+)\s+(.+)$/.exec(rest);
      if (parts === null) return '`metadata:` wants a key and a value';
      const [, key, value] = parts.map((part) => part.toLowerCase());
      return ({ rule }) => metadataPairs(rule).some(([name, said]) => name.toLowerCase() === key && said.toLowerCase() === value);
    }
    default:
      return comparison(rest, today);
  }
}

/** A pattern in the words of Python's `re`, as far as JavaScript's differ: flags in front, named groups. */
function patternOf(written: string, flags: string): RegExp | string {
  let source = written
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\A', '^')
    .replaceAll('\\Z', '$');
  let all = flags;
  const front = /^\(\?([aimsux]+)\)/.exec(source);
  if (front !== null) {
    source = source.slice(front[0].length);
    for (const flag of front[1]) if ((flag === 'i' || flag === 'm' || flag === 's') && !all.includes(flag)) all += flag;
  }
  try {
    return new RegExp(source, all);
  } catch (problem) {
    return `\`${written}\` is no pattern: ${(problem as Error).message}`;
  }
}

/** `*` is any text, `?` any sign. */
export function globOf(written: string): RegExp {
  const source = written.trim().replace(/[.+^${}()|[\]\\*?]/g, (sign) => (sign === '*' ? '.*' : sign === '?' ? '.' : `\\${sign}`));
  return new RegExp(`^${source}$`);
}

const SCALES: Readonly<Record<string, readonly string[]>> = {
  signature_severity: ['informational', 'minor', 'major', 'critical'],
  confidence: ['low', 'medium', 'high'],
  performance_impact: ['low', 'moderate', 'significant'],
};
const MILLISECONDS_PER_DAY = 86_400_000;

function comparison(said: string, today: string): Matcher | string {
  const match = /^(\w+)\s*(<=|>=|!=|<|>|=)\s*(.+)$/.exec(said);
  if (match === null) return '`where:` wants KEY, one of < <= = != >= >, and a value';
  const key = match[1].toLowerCase();
  const operator = match[2];
  const wanted = rankOf(key, match[3]);
  if (Number.isNaN(wanted)) return `\`${match[3]}\` is no value of \`${key}\``;
  return ({ rule }) => {
    const values =
      key === 'age' ? ageOf(rule, today) : metadataPairs(rule).flatMap(([name, value]) => (name.toLowerCase() === key ? [rankOf(key, value)] : []));
    if (operator === '!=') return values.every((value) => value !== wanted);
    return values.some((value) => holds(value, operator, wanted));
  };
}

function holds(value: number | string, operator: string, wanted: number | string): boolean {
  if (typeof value !== typeof wanted) return false;
  switch (operator) {
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
    default:
      return value === wanted;
  }
}

/** Words on a scale and numbers as numbers (NaN where a scale does not have the word), dates and all else as text that sorts. */
function rankOf(key: string, written: string): number | string {
  const word = written.trim().toLowerCase();
  const scale = entryOf(SCALES, key);
  if (scale !== undefined) {
    const at = scale.indexOf(word);
    return at === -1 ? Number.NaN : at;
  }
  if (key === 'age') return /^\d+\s*d?$/.test(word) ? Number.parseInt(word, 10) : Number.NaN;
  return key.endsWith('_at') ? word.replaceAll('_', '-') : word;
}

function ageOf(rule: Rule, today: string): number[] {
  const updated = metadataOf(rule, 'updated_at')[0] ?? metadataOf(rule, 'created_at')[0];
  const then = Date.parse((updated ?? '').replaceAll('_', '-'));
  return Number.isNaN(then) ? [] : [Math.floor((Date.parse(today) - then) / MILLISECONDS_PER_DAY)];
}

/**
 * A modify file: `MATCHER "from" "to"`, `metadata-add MATCHER "key" "value"`, `else-metadata-add …` (only where the key is absent),
 * and Oinkmaster's `modifysid SIDS "from" | "to"`. `from` is a pattern; `\1` in `to` is its first group.
 */
export function readModifications(text: string, today: string): Tuning<ModifyLine> {
  const lines: ModifyLine[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { text: said, line, start, until } of linesOf(unquotedComments(text))) {
    const read = modification(said, today);
    if (typeof read === 'string') diagnostics.push(error('tuning/line', `line ${line}: ${read}`, span(start, start + said.length)));
    else lines.push({ text: said, line, until, ...read });
  }
  return { lines, diagnostics };
}

/** A `#` inside quotes begins no comment: it is kept from looking like one. */
function unquotedComments(text: string): string {
  return text.replace(/"(?:\\.|[^"\\\n])*"/g, (quoted) => quoted.replaceAll('#', '\\x23'));
}

function modification(said: string, today: string): Pick<ModifyLine, 'matches' | 'change'> | string {
  const words = wordsOf(said);
  if (words === undefined) return 'a quote is not closed';
  const oinkmaster = words[0] === 'modifysid';
  if (oinkmaster) words.shift();
  const bar = words.indexOf('|');
  if (oinkmaster && bar > 0) words.splice(bar, 1);
  const adding = words[0] === 'metadata-add' || words[0] === 'else-metadata-add' ? words.shift() : undefined;
  // Numbers with commas may stand as several words.
  while (words.length > 3 && /^[\d:,\s]+$/.test(words[0]) && /^[\d:,]+$/.test(words[1])) words.splice(0, 2, words[0] + words[1]);
  if (words.length !== 3) return `wants which rules, "from" and "to"; ${words.length} words are there`;
  const [which, from, to] = words;
  const matches = matcherOf(which, today);
  if (typeof matches === 'string') return matches;
  if (adding !== undefined) return { matches, change: (rule) => addMetadata(rule, from, to, adding === 'else-metadata-add') };
  // `$HOME_NET` in a pattern means the variable: nothing follows the end of a rule.
  const pattern = patternOf(from.replace(/(?<!\\)\$(?=\w)/g, '\\$'), 'g');
  if (typeof pattern === 'string') return pattern;
  const replacement = to.replaceAll('$', '$$$$').replace(/\\g<(\w+)>|\\(\d)/g, (_all, named: string | undefined, number: string | undefined) => {
    const group = named ?? number ?? '';
    return /^\d+$/.test(group) ? `$${group}` : `$<${group}>`;
  });
  return { matches, change: (rule) => rule.replace(pattern, replacement) };
}

/** Words with quotes as a shell reads them: inside double ones a backslash protects a quote, a backslash, `$` and `` ` ``. */
function wordsOf(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (quote !== '') {
      if (sign === quote) quote = '';
      else if (sign === '\\' && quote === '"' && /["\\$`]/.test(text[at + 1] ?? '')) word += text[++at];
      else word += sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= '';
    } else if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (sign === '\\' && at + 1 < text.length) word = (word ?? '') + text[++at];
    else word = (word ?? '') + sign;
  }
  if (quote !== '') return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

/** Lines that still hold on a day, and a warning for each that is over. */
export function inForce<Line extends TuningLine>(tuning: Tuning<Line>, today: string): Tuning<Line> {
  const over = tuning.lines.filter(({ until }) => until !== undefined && until < today);
  const told = over.map(({ text, line, until }) =>
    warning('tuning/over', `line ${line}: \`${text}\` was until ${until} and does not hold any more`, span(0, 0)),
  );
  return { lines: tuning.lines.filter((line) => !over.includes(line)), diagnostics: [...tuning.diagnostics, ...told] };
}
