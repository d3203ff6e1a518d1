/**
 * What stands around a place in a report: its line, the heading above, whether it is an entry of a list, table or literal block, a
 * link that a reader is meant to click, or part of a sentence. Reach is bounded, so that a text of one line costs no more than others.
 */
const LINE_REACH = 400;
const SENTENCE_REACH = 300;
/** Words beside the value from which a line is running text. */
const PROSE_WORDS = 5;

export interface Surroundings {
  readonly line: string;
  /** text before and after it on its line, at most LINE_REACH */
  readonly before: string;
  readonly after: string;
  /** nearest heading above, lower case; empty for none */
  readonly heading: string;
  /** an entry of a list or table, alone on its line, or marked as literal */
  readonly listed: boolean;
  /** the target of a link with words of its own (Markdown, AsciiDoc) */
  readonly linked: boolean;
}

export interface Headings {
  readonly starts: readonly number[];
  readonly texts: readonly string[];
}

/** Markdown `#`, AsciiDoc `=` and `.Title`, underlined lines, and short lines that end in a colon. The first heading of all is the title. */
const HEADING = /^(?:(#{1,6}|={2,6})[ \t]+(.{1,160}?)[ \t#=]*|\.([A-Z][^\n|]{2,120})|[*_]{2}([^*_\n]{3,100})[*_]{2}:?|([A-Z][^\n.|:]{2,70}):[ \t]*)\r?$/gm;
const UNDERLINED = /^([^\n|]{3,120})\r?\n(?:-{3,120}|={3,120})[ \t]*\r?$/gm;
const MOST_HEADINGS = 100_000;

export function headingsOf(text: string): Headings {
  const found: { start: number; text: string }[] = [];
  for (const match of text.matchAll(HEADING)) {
    if (found.length >= MOST_HEADINGS) break;
    found.push({ start: match.index, text: (match[2] ?? match[3] ?? match[4] ?? match[5]).toLowerCase() });
  }
  for (const match of text.matchAll(UNDERLINED)) {
    if (found.length >= 2 * MOST_HEADINGS) break;
    found.push({ start: match.index, text: match[1].toLowerCase() });
  }
  found.sort((a, b) => a.start - b.start);
  return { starts: found.map((one) => one.start), texts: found.map((one) => one.text) };
}

function headingAt(headings: Headings, offset: number): string {
  let low = 0;
  let high = headings.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (headings.starts[middle] <= offset) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? '' : headings.texts[low - 1];
}

const MARKUP_BEFORE = /^[\s>]*(?:(?:[*•‣◦·+-]|\d{1,3}[.)])\s+)*[\s"'`*_+(<[|\\~]*$/;

export function surroundingsOf(text: string, start: number, end: number, headings: Headings): Surroundings {
  const reachStart = Math.max(0, start - LINE_REACH);
  const lineStart = Math.max(reachStart, text.slice(reachStart, start).lastIndexOf('\n') + 1 + reachStart);
  const reach = text.slice(end, end + LINE_REACH);
  const newline = reach.indexOf('\n');
  const before = text.slice(lineStart, start);
  const after = newline === -1 ? reach : reach.slice(0, newline);
  const previous = before.slice(-2);
  const linked = (after.startsWith('[') && !/^\[[.:@/]/.test(after)) || previous === '](' || /(?:link|image):{1,2}$/.test(before);
  const isRow = /^\s*[|+]/.test(before) || /\s\|\s/.test(before) || /^\s*[`'"+]*\s*(?:\||\t)/.test(after) || before.includes('\t') || after.includes('\t');
  const isLiteral = (/[`+|"]$/.test(previous) && /^[`+|"]/.test(after)) || MARKUP_BEFORE.test(before);
  const listed = isRow || isLiteral || wordsIn(before) + wordsIn(after) < PROSE_WORDS;
  return { line: before + text.slice(start, end) + after, before, after, heading: headingAt(headings, start), listed, linked };
}

/** Words of two letters or more, counted up to PROSE_WORDS. */
function wordsIn(text: string): number {
  let count = 0;
  let run = 0;
  for (let at = 0; at < text.length && count < PROSE_WORDS; at++) {
    const code = text.charCodeAt(at) | 32;
    if ((code >= 97 && code <= 122) || code > 191) {
      if (++run === 2) count++;
    } else run = 0;
  }
  return count;
}

const NEWLINE = 10;

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === NEWLINE;
}

/** Does a sentence or list entry end at `at`: a full stop before a blank and a capital, an empty line, a line that begins an entry? */
function endsAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === NEWLINE) {
    let next = at + 1;
    while (text.charCodeAt(next) === 32 || text.charCodeAt(next) === 9 || text.charCodeAt(next) === 13) next++;
    const first = text.charCodeAt(next);
    // * • | # = + - and line breaks, a number
    return (
      first === NEWLINE ||
      first === 42 ||
      first === 0x2022 ||
      first === 124 ||
      first === 35 ||
      first === 61 ||
      first === 43 ||
      first === 45 ||
      (first >= 48 && first <= 57)
    );
  }
  if (code !== 46 && code !== 33 && code !== 63) return false;
  let next = at + 1;
  while (text.charCodeAt(next) === 34 || text.charCodeAt(next) === 39 || text.charCodeAt(next) === 41 || text.charCodeAt(next) === 93) next++;
  if (!isBlank(text.charCodeAt(next))) return false;
  while (isBlank(text.charCodeAt(next)) && next - at < 8) next++;
  const first = text.charCodeAt(next);
  return !(first >= 97 && first <= 122);
}

/** The sentence (or list entry) around a place, blanks folded; at most SENTENCE_REACH on either side. */
export function sentenceAround(text: string, start: number, end: number): string {
  let from = start;
  const first = Math.max(0, start - SENTENCE_REACH);
  while (from > first && !endsAt(text, from - 1)) from--;
  let to = end;
  const last = Math.min(text.length, end + SENTENCE_REACH);
  while (to < last && !endsAt(text, to)) to++;
  if (to < last && text.charCodeAt(to) !== NEWLINE) to++;
  const sentence = text.slice(from, to).trim();
  return /\s\s|[\t\n\r]/.test(sentence) ? sentence.replace(/\s+/g, ' ') : sentence;
}
