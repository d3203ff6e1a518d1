/**
 * A file of rules as the repository holds it, and the same after it was saved again: lines stand for themselves, so that only what
 * lies between the first and the last line that changed is parsed, however long the file.
 */
import { leading } from '@sigwright/bytes';
import { linePlaces, type Rule } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';

export interface RepositoryRule {
  readonly rule: Rule;
  /** `malware` for rules/malware.rules */
  readonly category: string;
  readonly path: string;
  /** 1-based */
  readonly line: number;
}

export interface RepositoryProblem {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export interface RulesRead {
  readonly text: string;
  readonly rules: readonly RepositoryRule[];
  readonly problems: readonly RepositoryProblem[];
}

/** How git marks what a merge could not settle. */
const MERGE_MARK = /^(?:<{7}|\|{7}|={7}|>{7})(?= |\r?$).*/gm;
export const UNSETTLED = 'a merge is not settled here: keep what is to stay, take the marks (<<<<<<<, =======, >>>>>>>) away';

/** Where each part that a merge left to people begins. */
export function unsettled(path: string, text: string): RepositoryProblem[] {
  const placeOf = linePlaces(text);
  return [...text.matchAll(/^<{7}(?= |\r?$)/gm)].map(({ index }) => ({ path, line: placeOf(index).line, message: UNSETTLED }));
}

export function rulesOf(path: string, category: string, written: string): RulesRead {
  const merging = unsettled(path, written);
  // As comments the marks bring no faults of their own, and every place stays.
  const text = merging.length === 0 ? written : written.replace(MERGE_MARK, (mark) => `#${mark.slice(1)}`);
  const parsed = parseRules(text);
  const placeOf = linePlaces(text);
  const faults = parsed.diagnostics.map(({ at, title, code }) => ({ path, line: placeOf(at.start).line, message: `${title} (${code})` }));
  const rules = parsed.rules.map((rule) => ({ rule, category, path, line: placeOf(rule.span.start).line }));
  return { text: written, rules, problems: [...merging, ...faults].sort((a, b) => a.line - b.line) };
}

/** `before` with the text it has now. Rules on lines that did not change are the same objects; spans of others begin at the first change. */
export function rulesAgain(before: RulesRead, path: string, category: string, text: string): RulesRead {
  const old = before.text;
  if (old === text) return before;
  const start = lineStart(old, text, sameAtStart(old, text));
  const same = sameAtEnd(old, text, Math.min(old.length, text.length) - start);
  const end = text.length - same + toLineEnd(text, text.length - same);
  const oldEnd = old.length - (text.length - end);
  // What the marks of a merge mean depends on each other.
  if (before.problems.some(({ message }) => message === UNSETTLED) || text.slice(start, end).includes('<<<<<<<')) return rulesOf(path, category, text);
  const first = lineEndsIn(text, 0, start);
  const lines = lineEndsIn(text, start, end);
  // The last line need not have an end.
  const oldLines = end === text.length ? Number.POSITIVE_INFINITY : lineEndsIn(old, start, oldEnd);
  const middle = rulesOf(path, category, text.slice(start, end));
  const put = <Placed extends { readonly line: number }>(kept: readonly Placed[], between: readonly Placed[]): Placed[] => [
    ...kept.slice(0, countTo(kept, first)),
    ...between.map((one) => ({ ...one, line: one.line + first })),
    ...moved(kept.slice(countTo(kept, first + oldLines)), lines - oldLines),
  ];
  return { text, rules: put(before.rules, middle.rules), problems: put(before.problems, middle.problems) };
}

/** How many of what is in the order of its lines stands on lines up to `line`. */
function countTo(placed: readonly { readonly line: number }[], line: number): number {
  return leading(placed, (one) => one.line <= line);
}

function moved<Placed extends { readonly line: number }>(placed: Placed[], by: number): Placed[] {
  return by === 0 ? placed : placed.map((one) => ({ ...one, line: one.line + by }));
}

/** Compared in pieces: comparing strings is a hundred times faster than comparing their characters one by one. */
const PIECE = 65_536;

function sameAtStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at + PIECE <= most && a.slice(at, at + PIECE) === b.slice(at, at + PIECE)) at += PIECE;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}

function sameAtEnd(a: string, b: string, most: number): number {
  let same = 0;
  while (same + PIECE <= most && a.slice(a.length - same - PIECE, a.length - same) === b.slice(b.length - same - PIECE, b.length - same)) same += PIECE;
  while (same < most && a.charCodeAt(a.length - same - 1) === b.charCodeAt(b.length - same - 1)) same++;
  return same;
}

/** Whether the line that ends here is joined with the next, in either text. */
function isJoined(text: string, newline: number): boolean {
  return text[newline - 1] === '\\' || (text[newline - 1] === '\r' && text[newline - 2] === '\\');
}

/** Where the line that holds `at` begins; what stands before it is the same in both. */
function lineStart(old: string, text: string, at: number): number {
  let newline = at === 0 ? -1 : text.lastIndexOf('\n', at - 1);
  while (newline !== -1 && (isJoined(text, newline) || isJoined(old, newline))) newline = newline === 0 ? -1 : text.lastIndexOf('\n', newline - 1);
  return newline + 1;
}

/** Characters from `at` to the end of its line, both included; what follows is the same in both, and so is whether it is joined. */
function toLineEnd(text: string, at: number): number {
  // A line end that is the first character that is the same may end another line than before.
  let newline = text.indexOf('\n', at);
  while (newline !== -1 && (newline < at + 2 || isJoined(text, newline))) newline = text.indexOf('\n', newline + 1);
  return (newline === -1 ? text.length : newline + 1) - at;
}

function lineEndsIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
