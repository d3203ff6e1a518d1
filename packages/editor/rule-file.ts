/**
 * A rules file that is being edited, logical line by logical line. A change reads again only the lines it touches; every other line
 * stays the object it was, with all that was found out about it. Offsets inside a line are its own, so that moving it costs nothing.
 * The text is kept in its lines alone: a whole one for each keystroke would be megabytes that the lines hold on to.
 */
import { leading } from '@sigwright/bytes';
import type { Catalogue, Edit, Rule, Span } from '@sigwright/contracts';
import type { LintedRule } from '@sigwright/detection';
import { type Allowance, allowanceOf, type ParsedRules, parseRules, readDocument } from '@sigwright/rule-language';
import type { Colour } from './colours.ts';
import { type NameUse, namesOf } from './names.ts';
import { LineTable, type Position } from './positions.ts';

export class RuleLine {
  readonly file: RuleFile;
  readonly text: string;
  /** of this line alone */
  readonly parsed: ParsedRules;
  readonly rule: Rule | undefined;
  readonly names: readonly NameUse[];
  /** a comment that leaves lints out for the rule below it */
  readonly allowance: Allowance | undefined;
  /** line ends inside it and, but for the last line of a file, at its end */
  readonly places: LineTable;
  /** where it begins in the file */
  start = 0;
  /** lines, as editors count them, in front of it */
  row = 0;
  /** what each piece of it is, with offsets of the line itself; found when it was drawn first */
  colours: readonly Colour[] | undefined = undefined;
  /** the comment above it when it was linted, and what was found */
  linted: { readonly allowed: ReadonlySet<string> | undefined; readonly result: LintedRule } | undefined = undefined;

  constructor(file: RuleFile, text: string, catalogue: Catalogue) {
    this.file = file;
    this.text = text;
    this.places = new LineTable(text);
    this.parsed = parseRules(text);
    this.rule = this.parsed.rules[0];
    this.names = this.rule === undefined ? [] : namesOf(this.rule, catalogue);
    this.allowance = this.kind === 'comment' ? allowanceOf(text, catalogue.lints) : undefined;
  }

  get kind(): 'rule' | 'comment' | 'blank' | 'unreadable' {
    return this.parsed.document.lines[0]?.kind ?? 'blank';
  }

  get end(): number {
    return this.start + this.text.length;
  }
}

export interface LinesChanged {
  readonly gone: readonly RuleLine[];
  readonly come: readonly RuleLine[];
}

export class RuleFile {
  readonly path: string;
  lines: RuleLine[] = [];
  /** joined when somebody asks for it */
  #text: string | undefined;
  readonly #catalogue: Catalogue;

  constructor(path: string, text: string, catalogue: Catalogue) {
    this.path = path;
    this.#catalogue = catalogue;
    this.#text = text;
    this.lines = this.#read(text);
    this.#number(0);
  }

  get text(): string {
    this.#text ??= this.lines.map((line) => line.text).join('');
    return this.#text;
  }

  get length(): number {
    return this.lines.at(-1)?.end ?? 0;
  }

  position(offset: number): Position {
    const line = this.lineAt(offset);
    if (line === undefined) return { line: 0, character: 0 };
    const inside = line.places.position(Math.max(0, Math.min(offset - line.start, line.text.length)));
    return { line: line.row + inside.line, character: inside.character };
  }

  /** A position outside the text counts as the nearest inside, one behind the end of its line as that end. */
  offset({ line: row, character }: Position): number {
    const line = this.lines[leading(this.lines, (one) => one.row <= row) - 1];
    return line === undefined ? 0 : line.start + line.places.offset({ line: row - line.row, character });
  }

  /** Replace `at` (offsets of the text as it is) by `text`. */
  change({ span: at, text }: Edit): LinesChanged {
    const start = Math.max(0, Math.min(at.start, this.length));
    const end = Math.max(start, Math.min(at.end, this.length));
    // The line before is read again as well where the change begins a line: its end may have gone, or join it to this one.
    let first = this.#indexAt(start);
    if (first > 0 && this.lines[first].start === start) first--;
    let last = Math.max(first, this.#indexAt(end));
    const from = this.lines[first]?.start ?? 0;
    const before = this.lines
      .slice(first, last + 1)
      .map((line) => line.text)
      .join('');
    let region = `${before.slice(0, start - from)}${text}${before.slice(end - from)}`;
    // What ends in a backslash goes on in the next line; without an end of its own, the next line is a part of it.
    while (last + 1 < this.lines.length && region !== '' && /(?:[^\n]|\\\r?\n)$/.test(region.slice(-3))) region += this.lines[++last].text;
    this.#text = undefined;
    const made = this.#read(region);
    const gone = this.lines.slice(first, last + 1);
    this.lines = this.lines.slice(0, first).concat(made, this.lines.slice(last + 1));
    this.#number(first);
    return { gone, come: made };
  }

  /** The line that holds an offset; the last one for the end of the text. */
  lineAt(offset: number): RuleLine | undefined {
    return this.lines[this.#indexAt(offset)];
  }

  /** Lines that touch a span. */
  linesIn({ start, end }: Span): readonly RuleLine[] {
    const first = this.#indexAt(start);
    const found: RuleLine[] = [];
    for (let at = Math.max(0, first); at < this.lines.length && this.lines[at].start <= end; at++) found.push(this.lines[at]);
    return found;
  }

  /** What the comments directly above a line leave out: the last of them that says so counts. */
  allowedFor(index: number): ReadonlySet<string> | undefined {
    let above = index - 1;
    while (this.lines[above]?.kind === 'comment' && this.lines[above].allowance === undefined) above--;
    return this.lines[above]?.allowance?.codes;
  }

  /** Is there a rule below that a comment leaves lints out for? */
  allowanceCounts(index: number): boolean {
    let below = index + 1;
    while (this.lines[below]?.kind === 'comment' && this.lines[below].allowance === undefined) below++;
    return this.lines[below]?.kind === 'rule';
  }

  #indexAt(offset: number): number {
    return Math.max(0, leading(this.lines, (line) => line.start <= offset) - 1);
  }

  #read(text: string): RuleLine[] {
    return readDocument(text).document.lines.map(({ start, end }) => new RuleLine(this, text.slice(start, end), this.#catalogue));
  }

  #number(from: number): void {
    const before = this.lines[from - 1];
    let at = before?.end ?? 0;
    let row = before === undefined ? 0 : before.row + before.places.ends;
    for (let index = from; index < this.lines.length; index++) {
      const line = this.lines[index];
      line.start = at;
      line.row = row;
      at = line.end;
      row += line.places.ends;
    }
  }
}
