/**
 * A rules file that is being edited, logical line by logical line. A change reads again only the lines it touches; every other line
 * stays the object it was, with all that was found out about it. Offsets inside a line are its own, so that moving it costs nothing.
 */
import type { Catalogue, Edit, Rule, Span } from '@sigwright/contracts';
import { allowedBy, type LintedRule } from '@sigwright/detection';
import { type ParsedRules, parseRules, readDocument } from '@sigwright/rule-language';
import type { Colour } from './colours.ts';
import { type NameUse, namesOf } from './names.ts';
import { LineTable } from './positions.ts';

export class RuleLine {
  readonly file: RuleFile;
  readonly text: string;
  /** of this line alone */
  readonly parsed: ParsedRules;
  readonly rule: Rule | undefined;
  readonly names: readonly NameUse[];
  /** a comment that leaves lints out for the rule below it */
  readonly allows: ReadonlySet<string> | undefined;
  /** where it begins in the file */
  start = 0;
  /** what each piece of it is, with offsets of the line itself; found when it was drawn first */
  colours: readonly Colour[] | undefined = undefined;
  /** the comment above it when it was linted, and what was found */
  linted: { readonly allowed: ReadonlySet<string> | undefined; readonly result: LintedRule } | undefined = undefined;

  constructor(file: RuleFile, text: string, catalogue: Catalogue) {
    this.file = file;
    this.text = text;
    this.parsed = parseRules(text);
    this.rule = this.parsed.rules[0];
    this.names = this.rule === undefined ? [] : namesOf(this.rule, catalogue);
    this.allows = this.kind === 'comment' ? allowedBy(text) : undefined;
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
  #text = '';
  #places: LineTable | undefined = undefined;
  readonly #catalogue: Catalogue;

  constructor(path: string, text: string, catalogue: Catalogue) {
    this.path = path;
    this.#catalogue = catalogue;
    this.#text = text;
    this.lines = this.#read(text);
    this.#number(0);
  }

  get text(): string {
    return this.#text;
  }

  get places(): LineTable {
    this.#places ??= new LineTable(this.#text);
    return this.#places;
  }

  /** Replace `at` (offsets of the text as it is) by `text`. */
  change({ span: at, text }: Edit): LinesChanged {
    const start = Math.max(0, Math.min(at.start, this.#text.length));
    const end = Math.max(start, Math.min(at.end, this.#text.length));
    // The line before is read again as well where the change begins a line: its end may have gone, or join it to this one.
    let first = this.#indexAt(start);
    if (first > 0 && this.lines[first]?.start === start) first--;
    let last = Math.max(first, this.#indexAt(end));
    const from = this.lines[first]?.start ?? 0;
    const before = this.#text;
    this.#text = `${before.slice(0, start)}${text}${before.slice(end)}`;
    this.#places = undefined;
    const grown = text.length - (end - start);
    let made: RuleLine[];
    for (;;) {
      const to = (this.lines[last]?.end ?? before.length) + grown;
      const region = this.#text.slice(from, to);
      // What ends in a backslash goes on in the next line.
      if (last + 1 < this.lines.length && /\\\r?\n$/.test(region)) {
        last++;
        continue;
      }
      // Without an end of its own, the next line is a part of it.
      if (last + 1 < this.lines.length && region !== '' && !region.endsWith('\n')) {
        last++;
        continue;
      }
      made = this.#read(region);
      break;
    }
    const gone = this.lines.slice(first, last + 1);
    this.lines = [...this.lines.slice(0, first), ...made, ...this.lines.slice(last + 1)];
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

  /** What the comment directly above a line leaves out. */
  allowedFor(index: number): ReadonlySet<string> | undefined {
    return this.lines[index - 1]?.allows;
  }

  #indexAt(offset: number): number {
    let low = 0;
    let high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lines[middle].start <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #read(text: string): RuleLine[] {
    return readDocument(text).document.lines.map(({ start, end }) => new RuleLine(this, text.slice(start, end), this.#catalogue));
  }

  #number(from: number): void {
    let at = from === 0 ? 0 : this.lines[from - 1].end;
    for (let index = from; index < this.lines.length; index++) {
      this.lines[index].start = at;
      at = this.lines[index].end;
    }
  }
}
