/**
 * The lossless tree of a rules file: the text, and where everything in it stands. Lines cover the whole text in order; a rule's
 * parts are offsets in one table per document, made into objects only where somebody asks. Whoever edits, formats or colours rules
 * works on this; whoever compiles or checks them takes the typed rules.
 *
 * document := (rule | comment | blank)*   one per logical line (a backslash before the line end joins lines)
 * rule     := ['#'…] action protocol source ports direction destination ports '(' option* ')' [comment]
 * option   := name [':' value] ';'
 */
import { type Span, span } from '@sigwright/contracts';

export interface OptionNode {
  readonly kind: 'option';
  readonly nameStart: number;
  readonly nameEnd: number;
  /** -1 where there is no colon */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** one past the `;`, or where it is missing, past the value */
  readonly end: number;
}

export interface OtherNode {
  readonly kind: 'comment' | 'blank' | 'unreadable';
  readonly start: number;
  readonly end: number;
}

export type LineNode = RuleNode | OtherNode;

export interface RuleDocument {
  readonly text: string;
  /** in order, covering the whole text */
  readonly lines: readonly LineNode[];
}

export const HEADER_PARTS = 7;
const NUMBERS_A_HEADER_PART = 2;
const NUMBERS_AN_OPTION = 5;

/** Offsets of all rules of one document, one behind the other. */
export class OffsetTable {
  values: Int32Array;
  length = 0;

  /** A rule of so many characters has about a number for every four of them. */
  constructor(characters: number) {
    this.values = new Int32Array(32 + Math.min(1024, characters >> 2));
  }

  /** Room for `count` more numbers; gives where the first one goes. */
  reserve(count: number): number {
    const at = this.length;
    if (at + count > this.values.length) {
      const grown = new Int32Array(Math.max(this.values.length * 2, at + count));
      grown.set(this.values);
      this.values = grown;
    }
    this.length += count;
    return at;
  }
}

export class RuleNode {
  readonly kind = 'rule';
  readonly start: number;
  readonly end: number;
  /** where the action begins, behind a comment mark */
  readonly bodyStart: number;
  /** one past the closing parenthesis, or past the last character where that is missing */
  bodyEnd: number;
  readonly enabled: boolean;
  /** a backslash before a line end joins several lines */
  readonly joined: boolean;
  /** has errors that leave no usable rule */
  broken = false;
  headerCount = 0;
  optionCount = 0;
  readonly offsets: OffsetTable;
  /** where this rule's numbers begin in the table: header parts, then options */
  readonly headerAt: number;
  optionsAt = 0;

  constructor(start: number, end: number, bodyStart: number, enabled: boolean, joined: boolean, offsets: OffsetTable) {
    this.start = start;
    this.end = end;
    this.bodyStart = bodyStart;
    this.bodyEnd = bodyStart;
    this.enabled = enabled;
    this.joined = joined;
    this.offsets = offsets;
    this.headerAt = offsets.reserve(HEADER_PARTS * NUMBERS_A_HEADER_PART);
    this.optionsAt = offsets.length;
  }

  addHeaderPart(start: number, end: number): void {
    const at = this.headerAt + NUMBERS_A_HEADER_PART * this.headerCount++;
    this.offsets.values[at] = start;
    this.offsets.values[at + 1] = end;
  }

  addOption(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, end: number): void {
    const at = this.offsets.reserve(NUMBERS_AN_OPTION);
    const values = this.offsets.values;
    values[at] = nameStart;
    values[at + 1] = nameEnd;
    values[at + 2] = valueStart;
    values[at + 3] = valueEnd;
    values[at + 4] = end;
    this.optionCount++;
  }

  /** Where the five numbers of an option begin in the table: start and end of the name, of the value, end of the option. */
  optionAt(index: number): number {
    return this.optionsAt + NUMBERS_AN_OPTION * index;
  }

  headerStart(part: number): number {
    return this.offsets.values[this.headerAt + NUMBERS_A_HEADER_PART * part];
  }

  headerEnd(part: number): number {
    return this.offsets.values[this.headerAt + NUMBERS_A_HEADER_PART * part + 1];
  }

  /** action, protocol, source, source ports, direction, destination, destination ports, as far as they are there */
  get header(): readonly Span[] {
    return Array.from({ length: this.headerCount }, (_, part) => span(this.headerStart(part), this.headerEnd(part)));
  }

  get options(): readonly OptionNode[] {
    return Array.from({ length: this.optionCount }, (_, index) => {
      const [nameStart, nameEnd, valueStart, valueEnd, end] = this.offsets.values.subarray(this.optionAt(index), this.optionAt(index + 1));
      return { kind: 'option', nameStart, nameEnd, valueStart, valueEnd, end };
    });
  }
}

export type TokenKind =
  | 'blank'
  | 'comment'
  | 'action'
  | 'protocol'
  | 'address'
  | 'port'
  | 'direction'
  | 'name'
  | 'value'
  | 'punctuation'
  /** text that could not be read as part of a rule */
  | 'other';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

const HEADER_KINDS: readonly TokenKind[] = ['action', 'protocol', 'address', 'port', 'direction', 'address', 'port'];

/** The text again, from the tokens of the tree. */
export function printDocument(document: RuleDocument): string {
  const parts: string[] = [];
  for (const line of document.lines) for (const { start, end } of tokensOf(document, line)) parts.push(document.text.slice(start, end));
  return parts.join('');
}

/** What a line consists of: neighbouring tokens that cover it from end to end. */
export function tokensOf(document: RuleDocument, line: LineNode): readonly Token[] {
  if (line.kind !== 'rule') {
    const kind = line.kind === 'unreadable' ? 'other' : line.kind;
    return [{ kind, start: line.start, end: line.end }];
  }
  const tokens: Token[] = [];
  let at = line.start;
  const until = (end: number): void => {
    if (end > at) tokens.push({ kind: betweenKind(document.text, at, end), start: at, end });
    at = Math.max(at, end);
  };
  const token = (kind: TokenKind, start: number, end: number): void => {
    until(start);
    if (end > at) tokens.push({ kind, start: at, end });
    at = Math.max(at, end);
  };
  if (line.bodyStart > at) token('comment', document.text.indexOf('#', at) === -1 ? line.bodyStart : at, line.bodyStart);
  line.header.forEach((part, index) => {
    token(HEADER_KINDS[index], part.start, part.end);
  });
  for (const { nameStart, nameEnd, valueStart, valueEnd, end } of line.options) {
    token('name', nameStart, nameEnd);
    if (valueStart !== -1) token('value', valueStart, valueEnd);
    until(end);
  }
  until(line.end);
  return tokens;
}

function betweenKind(text: string, start: number, end: number): TokenKind {
  const between = text.slice(start, end).replaceAll('\\\n', '').replaceAll('\\\r\n', '').trim();
  if (between === '') return 'blank';
  if (/^\)?\s*#/.test(between)) return 'comment';
  return /^[():;\s]+$/.test(between) ? 'punctuation' : 'other';
}
