/**
 * Rule text → lossless tree. The tree keeps every character: a document is a list of lines' worth of pieces whose texts, put
 * together, are the file. Reading never fails: what is wrong becomes a diagnostic and reading goes on at the next `;` or line.
 *
 * document := (rule | comment | blank)*   one per logical line (a backslash before the line end joins lines)
 * rule     := ['#'] action protocol source ports direction destination ports '(' option* ')'
 * option   := name [':' value] ';'
 */
import { ACTIONS, type Diagnostic, error, type Span, span, warning } from '@sigwright/contracts';

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

export interface RuleNode {
  readonly kind: 'rule';
  readonly start: number;
  readonly end: number;
  /** where the action begins, behind a comment mark */
  readonly bodyStart: number;
  readonly enabled: boolean;
  /** action, protocol, source, source ports, direction, destination, destination ports: start and end of each */
  readonly header: readonly Span[];
  readonly options: readonly OptionNode[];
  /** has errors that leave no usable rule */
  readonly broken: boolean;
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

/** One rule may be this long; ET's longest has 9,000 characters. */
export const LONGEST_RULE = 1_048_576;

const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const TAB = 9;
const HASH = 35;
const BACKSLASH = 92;
const OPEN = 40;
const CLOSE = 41;
const COLON = 58;
const SEMICOLON = 59;
const QUOTE = 34;

export function readDocument(text: string): { document: RuleDocument; diagnostics: Diagnostic[] } {
  const lines: LineNode[] = [];
  const diagnostics: Diagnostic[] = [];
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at);
    lines.push(readLine(text, at, end, diagnostics));
    at = end;
  }
  return { document: { text, lines }, diagnostics };
}

/** The text again, piece by piece. */
export function printDocument(document: RuleDocument): string {
  const parts: string[] = [];
  for (const line of document.lines) parts.push(document.text.slice(line.start, line.end));
  return parts.join('');
}

/** One past the newline that ends the logical line beginning at `start`. */
function lineEnd(text: string, start: number): number {
  for (let at = start; ; ) {
    const newline = text.indexOf('\n', at);
    if (newline === -1) return text.length;
    let before = newline - 1;
    if (before >= start && text.charCodeAt(before) === RETURN) before--;
    if (before < start || text.charCodeAt(before) !== BACKSLASH) return newline + 1;
    at = newline + 1;
  }
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB || code === NEWLINE || code === RETURN;
}

function readLine(text: string, start: number, end: number, diagnostics: Diagnostic[]): LineNode {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  if (at === end) return { kind: 'blank', start, end };
  let enabled = true;
  if (text.charCodeAt(at) === HASH) {
    enabled = false;
    while (at < end && (text.charCodeAt(at) === HASH || isBlank(text.charCodeAt(at)))) at++;
    if (!looksLikeRule(text, at, end)) return { kind: 'comment', start, end };
  }
  if (end - at > LONGEST_RULE) {
    diagnostics.push(error('rule/too-long', `${end - at} characters are more than ${LONGEST_RULE}`, span(at, at + 1)));
    return { kind: 'unreadable', start, end };
  }
  return readRule(text, start, at, end, enabled, diagnostics);
}

/** A commented line is a disabled rule only where it begins like one: action, protocol, and somewhere a parenthesis. */
function looksLikeRule(text: string, at: number, end: number): boolean {
  for (const action of ACTIONS) {
    if (text.startsWith(action, at) && isBlank(text.charCodeAt(at + action.length))) {
      const open = text.indexOf('(', at);
      if (open === -1 || open >= end) return false;
      const header = text.slice(at, open);
      return header.includes('->') || header.includes('<>') || header.includes('=>');
    }
  }
  return false;
}

const HEADER_PARTS = [
  'an action',
  'a protocol',
  'a source address',
  'source ports',
  'a direction (`->` or `<>`)',
  'a destination address',
  'destination ports',
];

function readRule(text: string, start: number, bodyStart: number, end: number, enabled: boolean, diagnostics: Diagnostic[]): LineNode {
  const header: Span[] = [];
  let at = bodyStart;
  let broken = false;
  const say = (code: string, title: string, where: Span, help?: string): void => {
    broken = true;
    // A commented rule that is broken is only a comment that went wrong.
    diagnostics.push(enabled ? error(code, title, where, help) : warning(code, title, where, help));
  };
  while (header.length < 7) {
    while (at < end && (isBlank(text.charCodeAt(at)) || isContinuation(text, at))) at++;
    if (at >= end || text.charCodeAt(at) === OPEN) {
      say(
        'rule/header-incomplete',
        `${HEADER_PARTS[header.length]} is missing`,
        span(Math.max(bodyStart, at - 1), Math.max(bodyStart + 1, at)),
        'a rule begins `action protocol source ports -> destination ports (`',
      );
      break;
    }
    const from = at;
    let depth = 0;
    for (; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === 91) depth++;
      else if (code === 93) depth--;
      else if (depth <= 0 && (isBlank(code) || code === OPEN)) break;
    }
    header.push(span(from, trimmedEnd(text, from, at)));
  }
  while (at < end && (isBlank(text.charCodeAt(at)) || isContinuation(text, at))) at++;
  if (broken || text.charCodeAt(at) !== OPEN || at >= end) {
    if (!broken)
      say(
        'rule/no-options',
        'the options in parentheses are missing',
        span(Math.max(bodyStart, at - 1), Math.max(bodyStart + 1, at)),
        'a header is followed by `(option; option; …)`',
      );
    return { kind: 'rule', start, end, bodyStart, enabled, header, options: [], broken: true };
  }
  const options: OptionNode[] = [];
  at++;
  let closed = false;
  while (at < end) {
    while (at < end && (isBlank(text.charCodeAt(at)) || isContinuation(text, at))) at++;
    if (at >= end) break;
    const code = text.charCodeAt(at);
    if (code === CLOSE) {
      closed = true;
      at++;
      break;
    }
    if (code === SEMICOLON) {
      diagnostics.push(warning('rule/empty-option', 'nothing stands before this `;`', span(at, at + 1), 'remove it'));
      at++;
      continue;
    }
    const option = readOption(text, at, end, say);
    options.push(option);
    at = option.end;
  }
  if (!closed) {
    const lastCharacter = trimmedEnd(text, bodyStart, end);
    say('rule/not-closed', 'the closing parenthesis is missing', span(lastCharacter - 1, lastCharacter), 'end the rule with `;)`');
  } else {
    let rest = at;
    while (rest < end && (isBlank(text.charCodeAt(rest)) || isContinuation(text, rest))) rest++;
    if (rest < end && text.charCodeAt(rest) !== HASH)
      say('rule/text-behind', 'text stands behind the closing parenthesis', span(rest, trimmedEnd(text, rest, end)), 'one rule a line');
  }
  return { kind: 'rule', start, end, bodyStart, enabled, header, options, broken };
}

function isContinuation(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== BACKSLASH) return false;
  const next = text.charCodeAt(at + 1);
  return next === NEWLINE || (next === RETURN && text.charCodeAt(at + 2) === NEWLINE);
}

function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

function readOption(text: string, start: number, end: number, say: (code: string, title: string, where: Span, help?: string) => void): OptionNode {
  let at = start;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON || code === SEMICOLON || code === CLOSE) break;
  }
  const nameEnd = trimmedEnd(text, start, at);
  const stopped = at < end ? text.charCodeAt(at) : 0;
  if (stopped === SEMICOLON) return { kind: 'option', nameStart: start, nameEnd, valueStart: -1, valueEnd: -1, end: at + 1 };
  if (stopped !== COLON) {
    say(
      'rule/no-semicolon',
      'the `;` behind this option is missing',
      span(Math.max(start, nameEnd - 1), Math.max(start + 1, nameEnd)),
      'every option ends with `;`',
    );
    return { kind: 'option', nameStart: start, nameEnd, valueStart: -1, valueEnd: -1, end: at };
  }
  let valueStart = ++at;
  while (valueStart < end && (text.charCodeAt(valueStart) === BLANK || text.charCodeAt(valueStart) === TAB)) valueStart++;
  // Only `\;` hides a semicolon, quoted or not: that is how the language has always been read.
  for (at = valueStart; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === SEMICOLON) break;
  }
  if (at < end) return { kind: 'option', nameStart: start, nameEnd, valueStart, valueEnd: trimmedEnd(text, valueStart, at), end: at + 1 };
  // The last option lacks its `;`: it ends before the closing parenthesis.
  let close = trimmedEnd(text, valueStart, end);
  if (close > valueStart && text.charCodeAt(close - 1) === CLOSE) close--;
  const valueEnd = trimmedEnd(text, valueStart, close);
  const inQuotes = text.charCodeAt(valueStart) === QUOTE;
  say(
    'rule/no-semicolon',
    'the `;` behind this option is missing',
    span(Math.max(valueStart, valueEnd - 1), Math.max(valueStart + 1, valueEnd)),
    inQuotes ? 'every option ends with `;`; is a quote or a `;` inside it not closed or escaped?' : 'every option ends with `;`',
  );
  return { kind: 'option', nameStart: start, nameEnd, valueStart, valueEnd, end: close };
}
