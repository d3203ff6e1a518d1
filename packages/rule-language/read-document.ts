/**
 * Rule text → lossless tree, in one pass over the characters. Reading never fails and never stops: what is wrong becomes a
 * diagnostic, and reading goes on at the next `;`, the closing parenthesis or the next line. Linear in the length of the text.
 *
 * How the language has always been read: only a backslash hides a `;`, in quotes or not; a line that begins with `#` is a disabled
 * rule where a rule follows the mark, a comment otherwise; a backslash before the line end joins lines.
 */
import { ACTIONS, type Diagnostic, error, type Fix, type Span, span, warning } from '@sigwright/contracts';
import { HEADER_PARTS, type LineNode, OffsetTable, type RuleDocument, RuleNode } from './tree.ts';

/** One rule may be this long; ET's longest has 9,000 characters. */
export const LONGEST_RULE = 1_048_576;

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const QUOTE = 34;
const HASH = 35;
const OPEN = 40;
const CLOSE = 41;
const COMMA = 44;
const COLON = 58;
const SEMICOLON = 59;
const LEFT_BRACKET = 91;
const BACKSLASH = 92;
const RIGHT_BRACKET = 93;
const BYTE_ORDER_MARK = 0xfeff;

const HEADER_NAMES = [
  'an action',
  'a protocol',
  'a source address',
  'source ports',
  'a direction (`->` or `<>`)',
  'a destination address',
  'destination ports',
];

export function readDocument(text: string): { document: RuleDocument; diagnostics: Diagnostic[] } {
  const reader = new DocumentReader(text);
  reader.read();
  return { document: { text, lines: reader.lines }, diagnostics: reader.diagnostics };
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB || code === NEWLINE || code === RETURN;
}

class DocumentReader {
  readonly lines: LineNode[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #text: string;
  readonly #offsets: OffsetTable;

  constructor(text: string) {
    this.#text = text;
    this.#offsets = new OffsetTable(text.length);
  }

  read(): void {
    const text = this.#text;
    for (let start = 0; start < text.length; ) {
      let first = start === 0 && text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : start;
      const physicalEnd = this.#physicalEnd(start);
      while (first < physicalEnd && isBlank(text.charCodeAt(first))) first++;
      const commented = text.charCodeAt(first) === HASH;
      let body = first;
      if (commented) while (body < physicalEnd && (text.charCodeAt(body) === HASH || isBlank(text.charCodeAt(body)))) body++;
      let end = physicalEnd;
      // A comment never goes on in the next line: a backslash at its end must not swallow a rule.
      if (!commented || this.#beginsLikeRule(body, physicalEnd)) while (end < text.length && this.#goesOn(start, end)) end = this.#physicalEnd(end);
      this.lines.push(this.#line(start, first, body, end, commented, end !== physicalEnd));
      start = end;
    }
  }

  #line(start: number, first: number, body: number, end: number, commented: boolean, joined: boolean): LineNode {
    if (first >= end) return { kind: 'blank', start, end };
    if (commented && !this.#looksLikeRule(body, end)) return { kind: 'comment', start, end };
    if (end - body > LONGEST_RULE) {
      this.diagnostics.push(error('rule/too-long', `${end - body} characters are more than ${LONGEST_RULE}`, span(body, body + 1)));
      return { kind: 'unreadable', start, end };
    }
    const node = new RuleNode(start, end, body, !commented, joined, this.#offsets);
    this.#rule(node);
    return node;
  }

  /** One past the newline. */
  #physicalEnd(start: number): number {
    const newline = this.#text.indexOf('\n', start);
    return newline === -1 ? this.#text.length : newline + 1;
  }

  /** Does the line that ends at `end` end with a backslash? */
  #goesOn(start: number, end: number): boolean {
    let at = end - 1;
    if (this.#text.charCodeAt(at) !== NEWLINE) return false;
    if (at > start && this.#text.charCodeAt(at - 1) === RETURN) at--;
    return at > start && this.#text.charCodeAt(at - 1) === BACKSLASH;
  }

  #beginsLikeRule(at: number, end: number): boolean {
    for (const action of ACTIONS) {
      if (!this.#text.startsWith(action, at)) continue;
      const next = this.#text.charCodeAt(at + action.length);
      if (isBlank(next) || next === COLON || next === COMMA) return this.#hasDirection(at, end);
    }
    return false;
  }

  #hasDirection(from: number, end: number): boolean {
    const text = this.#text;
    for (let at = from + 1; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === OPEN) return false;
      if (code === 62 && '-<='.includes(text[at - 1])) return true;
    }
    return false;
  }

  /** A commented line is a disabled rule only where it begins like one: action, direction, and behind them a parenthesis. */
  #looksLikeRule(at: number, end: number): boolean {
    if (!this.#beginsLikeRule(at, end)) return false;
    for (let open = at; open < end; open++) if (this.#text.charCodeAt(open) === OPEN) return true;
    return false;
  }

  #say(node: RuleNode, code: string, title: string, at: Span, help?: string, fix?: Fix): void {
    node.broken = true;
    // A commented rule that is broken is only a comment that went wrong.
    const diagnostic = (node.enabled ? error : warning)(code, title, at, help);
    this.diagnostics.push(fix === undefined ? diagnostic : { ...diagnostic, fixes: [fix] });
  }

  /** The first position at or after `at` that is neither blank nor a joined line end. */
  #skip(at: number, end: number): number {
    const text = this.#text;
    for (; at < end; at++) {
      const code = text.charCodeAt(at);
      if (isBlank(code)) continue;
      if (code !== BACKSLASH) break;
      const next = text.charCodeAt(at + 1);
      if (next !== NEWLINE && !(next === RETURN && text.charCodeAt(at + 2) === NEWLINE)) break;
    }
    return at;
  }

  /** One past the last character before `end` that is not blank. */
  #trimmed(start: number, end: number): number {
    while (end > start && isBlank(this.#text.charCodeAt(end - 1))) end--;
    return end;
  }

  #rule(node: RuleNode): void {
    const text = this.#text;
    const end = node.end;
    let at = node.bodyStart;
    while (node.headerCount < HEADER_PARTS) {
      at = this.#skip(at, end);
      if (at >= end || text.charCodeAt(at) === OPEN) break;
      const from = at;
      let depth = 0;
      for (; at < end; at++) {
        const code = text.charCodeAt(at);
        if (code === LEFT_BRACKET) depth++;
        else if (code === RIGHT_BRACKET) depth--;
        else if (code === OPEN || (depth <= 0 && isBlank(code))) break;
      }
      node.addHeaderPart(from, this.#trimmed(from, at));
    }
    node.optionsAt = this.#offsets.length;
    at = this.#skip(at, end);
    if (node.headerCount < HEADER_PARTS) this.#headerIncomplete(node, at);
    if (at < end && text.charCodeAt(at) !== OPEN) {
      // Something stands between header and options.
      let open = at;
      while (open < end && text.charCodeAt(open) !== OPEN) open++;
      if (open < end)
        this.#say(
          node,
          'rule/header-too-long',
          'this stands behind a complete header',
          span(at, this.#trimmed(at, open)),
          'a header has seven parts; a list of addresses or ports stands in `[` and `]`',
        );
      at = open;
    }
    if (at >= end) {
      node.bodyEnd = this.#trimmed(node.bodyStart, end);
      if (node.headerCount === HEADER_PARTS)
        this.#say(
          node,
          'rule/no-options',
          'the options in parentheses are missing',
          span(node.bodyEnd - 1, node.bodyEnd),
          'a header is followed by `(option; option; …)`',
        );
      return;
    }
    this.#options(node, at + 1);
  }

  #headerIncomplete(node: RuleNode, at: number): void {
    const last = Math.max(node.bodyStart + 1, this.#trimmed(node.bodyStart, at));
    this.#say(
      node,
      'rule/header-incomplete',
      `${HEADER_NAMES[node.headerCount]} ${HEADER_NAMES[node.headerCount].endsWith('s') ? 'are' : 'is'} missing`,
      span(last - 1, last),
      'a rule begins `action protocol source ports -> destination ports (`',
    );
  }

  #options(node: RuleNode, at: number): void {
    const text = this.#text;
    const end = node.end;
    for (;;) {
      at = this.#skip(at, end);
      if (at >= end) {
        let last = this.#trimmed(node.bodyStart, end);
        // A mark that the line goes on, where nothing does.
        while (text.charCodeAt(last - 1) === BACKSLASH) last = this.#trimmed(node.bodyStart, last - 1);
        node.bodyEnd = last;
        const fix: Fix = { title: 'close the rule', safe: false, edits: [{ span: span(last, last), text: ')' }] };
        // Suricata takes the rule all the same, as long as its last option ends.
        const isWhole = node.optionCount > 0 && !node.broken && text.charCodeAt(last - 1) === SEMICOLON;
        if (isWhole)
          this.diagnostics.push({
            ...warning('rule/not-closed', 'the closing parenthesis is missing', span(last - 1, last), 'end the rule with `;)`'),
            fixes: [fix],
          });
        else this.#say(node, 'rule/not-closed', 'the closing parenthesis is missing', span(last - 1, last), 'end the rule with `;)`', fix);
        return;
      }
      const code = text.charCodeAt(at);
      if (code === CLOSE) break;
      if (code === SEMICOLON) {
        this.#say(node, 'rule/empty-option', 'nothing stands before this `;`', span(at, at + 1), 'remove it', {
          title: 'remove the `;`',
          safe: true,
          edits: [{ span: span(at, at + 1), text: '' }],
        });
        at++;
        continue;
      }
      at = this.#option(node, at);
    }
    node.bodyEnd = at + 1;
    const behind = this.#skip(at + 1, end);
    if (behind < end && text.charCodeAt(behind) !== HASH)
      this.#say(node, 'rule/text-behind', 'this stands behind the closing parenthesis', span(behind, this.#trimmed(behind, end)), 'write one rule a line');
  }

  /** Gives where the option ends. */
  #option(node: RuleNode, start: number): number {
    const text = this.#text;
    const end = node.end;
    let at = start;
    let code = 0;
    for (; at < end; at++) {
      code = text.charCodeAt(at);
      if (code === COLON || code === SEMICOLON || code === CLOSE) break;
    }
    const nameEnd = this.#trimmed(start, at);
    if (at >= end || code === CLOSE) {
      this.#noSemicolon(node, start, nameEnd);
      node.addOption(start, nameEnd, -1, -1, at);
      return at;
    }
    if (code === SEMICOLON) {
      node.addOption(start, nameEnd, -1, -1, at + 1);
      return at + 1;
    }
    if (nameEnd === start) this.#say(node, 'rule/no-keyword', 'no keyword stands before this `:`', span(at, at + 1), 'write `keyword:value;`');
    const valueStart = this.#skip(at + 1, end);
    for (at = valueStart; at < end; at++) {
      code = text.charCodeAt(at);
      if (code === SEMICOLON) break;
      if (code === BACKSLASH) at++;
    }
    if (at < end) {
      const valueEnd = this.#trimmed(valueStart, at);
      node.addOption(start, nameEnd, valueStart, valueEnd, at + 1);
      if (text.charCodeAt(valueStart) === QUOTE && valueEnd > valueStart + 1 && text.charCodeAt(valueEnd - 1) !== QUOTE)
        this.#behindQuotes(node, valueStart, valueEnd);
      return at + 1;
    }
    // The last option lacks its `;`: it ends before the closing parenthesis.
    let close = this.#trimmed(valueStart, end);
    if (close > valueStart && text.charCodeAt(close - 1) === CLOSE) close--;
    const valueEnd = this.#trimmed(valueStart, close);
    this.#noSemicolon(node, Math.min(valueStart, valueEnd), valueEnd);
    node.addOption(start, nameEnd, valueStart, valueEnd, close);
    return close;
  }

  #noSemicolon(node: RuleNode, from: number, to: number): void {
    const quoted = this.#text.charCodeAt(from) === QUOTE;
    this.#say(
      node,
      'rule/no-semicolon',
      'the `;` behind this option is missing',
      // Where the text ends behind the colon, the colon itself is shown.
      to > from ? span(to - 1, to) : span(from - 1, from),
      quoted ? 'every option ends with `;`; is a quote or a `;` inside it not closed or escaped?' : 'every option ends with `;`',
      { title: 'add `;`', safe: false, edits: [{ span: span(to, to), text: ';' }] },
    );
  }

  /** `msg:"words" sid:1;`: the quotes end, and another option begins before any `;`. */
  #behindQuotes(node: RuleNode, valueStart: number, valueEnd: number): void {
    const text = this.#text;
    let at = valueStart + 1;
    while (at < valueEnd && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
    if (at >= valueEnd) return;
    const next = this.#skip(at + 1, valueEnd);
    let word = next;
    while (word < valueEnd && isWord(text.charCodeAt(word))) word++;
    if (next > at + 1 && word > next && text.charCodeAt(this.#skip(word, valueEnd)) === COLON) this.#noSemicolon(node, valueStart, at + 1);
  }
}

/** letters, digits and `. _ -`: what keyword names are made of */
function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 46 || code === 95 || code === 45;
}
