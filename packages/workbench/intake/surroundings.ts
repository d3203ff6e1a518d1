/**
 * What stands around a place in a report: its line, the heading above, whether it is an entry of a list, table or literal block, a
 * link that a reader is meant to click, or part of a sentence. Reach is bounded, so that a text of one line costs no more than others.
 */
import { leading } from '@sigwright/bytes';

const LINE_REACH = 400;
const SENTENCE_REACH = 300;
/** Words beside the value from which a line is running text. */
const PROSE_WORDS = 5;
const NEWLINE = 10;

/** Parts are cut out when asked for: most values are judged by one or two of them. */
export class Surroundings {
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  readonly #headings: Headings;
  #before: string | undefined;
  #after: string | undefined;
  #heading: string | undefined;
  #listed: boolean | undefined;

  constructor(text: string, start: number, end: number, headings: Headings) {
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.#headings = headings;
  }

  get line(): string {
    return this.before + this.#text.slice(this.#start, this.#end) + this.after;
  }

  /** text before it on its line, at most LINE_REACH */
  get before(): string {
    if (this.#before === undefined) {
      const least = Math.max(0, this.#start - LINE_REACH);
      let from = this.#start;
      while (from > least && this.#text.charCodeAt(from - 1) !== NEWLINE) from--;
      this.#before = this.#text.slice(from, this.#start);
    }
    return this.#before;
  }

  /** text after it on its line, at most LINE_REACH */
  get after(): string {
    if (this.#after === undefined) {
      const most = Math.min(this.#text.length, this.#end + LINE_REACH);
      let to = this.#end;
      while (to < most && this.#text.charCodeAt(to) !== NEWLINE) to++;
      this.#after = this.#text.slice(this.#end, to);
    }
    return this.#after;
  }

  /** nearest heading above, lower case; empty for none */
  get heading(): string {
    this.#heading ??= headingAt(this.#headings, this.#start);
    return this.#heading;
  }

  /** the target of a link with words of its own (Markdown, AsciiDoc, HTML), a picture's, or a definition of one (`[name]: address`) */
  get linked(): boolean {
    const { before, after } = this;
    return (after.startsWith('[') && !/^\[[.:@/]/.test(after)) || before.endsWith('](') || LINK_BEFORE.test(before);
  }

  /** within the words of a link: `[evil.com](…)` */
  get linkWords(): boolean {
    return this.after.startsWith('](');
  }

  /** an entry of a list or table, alone on its line, or marked as literal */
  get listed(): boolean {
    this.#listed ??= isListed(this.before, this.after);
    return this.#listed;
  }
}

const LINK_BEFORE = /(?:link|image):{1,2}$|^\s*\[[^\]]{1,80}\]:\s*<?$|<(?:a|img|link)\s(?:[^<>]{0,300}\s)?(?:href|src)\s*=\s*["']?$/i;
const MARKUP_BEFORE = /^[\s>]*(?:(?:[*•‣◦·+-]|\d{1,3}[.)])\s+)*[\s"'`*_+(<[|\\~]*$/;

function isListed(before: string, after: string): boolean {
  const isRow = /^\s*[|+]/.test(before) || /\s\|\s/.test(before) || /^\s*[`'"+]*\s*(?:\||\t)/.test(after) || before.includes('\t') || after.includes('\t');
  return isRow || (/[`+|"]$/.test(before) && /^[`+|"]/.test(after)) || MARKUP_BEFORE.test(before) || wordsIn(before) + wordsIn(after) < PROSE_WORDS;
}

export interface Headings {
  /** is the first heading the title: at the beginning, and the only one of the first level? */
  readonly hasTitle: boolean;
  readonly starts: readonly number[];
  readonly texts: readonly string[];
}

/** Markdown `#`, AsciiDoc `=` and `.Title`, emphasised lines, underlined lines, and short lines that end in a colon. The first heading of all is the title. */
const HEADING = /^(?:(?:#{1,6}|={2,6})[ \t]+(.{1,160}?)[ \t#=]*|\.([A-Z][^|]{2,120})|[*_]{2}([^*_]{3,100})[*_]{2}:?|([A-Z][^.|:]{2,70}):[ \t]*)$/;
const UNDERLINE = /^(?:-{3,120}|={3,120})[ \t]*$/;
const LONGEST_HEADING = 240;
const LONGEST_UNDERLINED = 120;
const MOST_HEADINGS = 100_000;

/** Line by line; only those that begin as a heading may are looked at closer. */
export function headingsOf(text: string): Headings {
  const starts: number[] = [];
  const texts: string[] = [];
  let previousStart = 0;
  let previousEnd = 0;
  for (let start = 0; start < text.length && starts.length < MOST_HEADINGS; ) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    if (end - start > 2 && end - start <= LONGEST_HEADING && mayBeginHeading(text.charCodeAt(start))) {
      const line = lineAt(text, start, end);
      const above = isUnderline(line) ? lineAt(text, previousStart, previousEnd) : '';
      const heading = above.length > 2 && above.length <= LONGEST_UNDERLINED && !above.includes('|') ? above : headingOf(line);
      if (heading !== undefined) {
        starts.push(heading === above ? previousStart : start);
        texts.push(heading.toLowerCase());
      }
    }
    previousStart = start;
    previousEnd = end;
    start = end + 1;
  }
  const isFirstLevel = (at: number): boolean => /^[#=][ \t]$/.test(text.slice(at, at + 2));
  const [first, ...others] = starts;
  return { starts, texts, hasTitle: first !== undefined && text.slice(0, first).trim() === '' && isFirstLevel(first) && !others.some(isFirstLevel) };
}

/** # = . * _ - and capitals */
function mayBeginHeading(code: number): boolean {
  return code === 35 || code === 61 || code === 46 || code === 42 || code === 95 || code === 45 || (code >= 65 && code <= 90);
}

function lineAt(text: string, start: number, end: number): string {
  return text.slice(start, text.charCodeAt(end - 1) === 13 ? end - 1 : end);
}

function isUnderline(line: string): boolean {
  return (line.startsWith('---') || line.startsWith('===')) && UNDERLINE.test(line);
}

function headingOf(line: string): string | undefined {
  const first = line.charCodeAt(0);
  // What begins with a capital ends in a colon.
  if (first === 45 || (first >= 65 && first <= 90 && !line.includes(':'))) return undefined;
  const match = HEADING.exec(line);
  return match === null ? undefined : (match[1] ?? match[2] ?? match[3] ?? match[4]);
}

function headingAt(headings: Headings, offset: number): string {
  const above = leading(headings.starts, (start) => start <= offset);
  // The title says what the report is about, not what stands below it.
  if (above === 0 || (above === 1 && headings.hasTitle)) return '';
  return headings.texts[above - 1];
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
