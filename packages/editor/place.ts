/**
 * What stands at a place of a line, finished or not: a part of the header, the name of an option, or its value. Works on the text
 * alone, since what is being written is seldom a whole rule.
 */
import { type Span, span } from '@sigwright/contracts';

export type Place =
  | { readonly kind: 'header' /** 0 action … 6 destination ports */; readonly part: number; readonly word: Span }
  | { readonly kind: 'name' /** from the first character of the name to the last */; readonly word: Span; readonly hasValue: boolean }
  | { readonly kind: 'value'; readonly name: string; readonly nameSpan: Span /** whole value, without blanks around it */; readonly value: Span }
  | { readonly kind: 'outside' };

export function placeAt(text: string, offset: number): Place {
  let at = 0;
  while (at < text.length && /[\s#\ufeff]/.test(text[at])) at++;
  if (offset < at && text.slice(offset, at).includes('#')) return { kind: 'outside' };
  for (let part = 0; ; part++) {
    while (at < text.length && /\s/.test(text[at]) && at < offset) at++;
    if (text[at] === '(') break;
    const start = at;
    for (let depth = 0; at < text.length; at++) {
      if (text[at] === '[') depth++;
      else if (text[at] === ']') depth--;
      else if (text[at] === '(' || (depth <= 0 && /\s/.test(text[at]))) break;
    }
    if (offset <= at) return { kind: 'header', part, word: span(start, at) };
    if (at >= text.length) return { kind: 'outside' };
  }
  at++;
  if (offset < at) return { kind: 'outside' };
  for (;;) {
    const start = at;
    let colon = -1;
    let quoted = false;
    for (; at < text.length; at++) {
      const character = text[at];
      if (character === '\\') at++;
      else if (character === '"') quoted = !quoted;
      else if (character === ';' || (character === ')' && !quoted && colon === -1)) break;
      else if (character === ':' && colon === -1) colon = at;
    }
    at = Math.min(at, text.length);
    if (offset <= at) {
      const nameEnd = colon === -1 ? at : colon;
      const name = trimmed(text, start, nameEnd);
      if (colon === -1 || offset <= colon) {
        const word = offset < name.start ? span(offset, offset) : wordAround(text, name, offset);
        // In front of another option a name has no value of its own.
        return { kind: 'name', word, hasValue: colon !== -1 && word.end === name.end };
      }
      return { kind: 'value', name: text.slice(name.start, name.end), nameSpan: name, value: trimmed(text, colon + 1, at) };
    }
    if (at >= text.length || text[at] === ')') return { kind: 'outside' };
    at++;
  }
}

/** The run without blanks that touches an offset; empty where there are blanks on both sides. */
function wordAround(text: string, { start, end }: Span, offset: number): Span {
  let from = Math.min(offset, end);
  let to = Math.min(offset, end);
  while (from > start && !/\s/.test(text[from - 1])) from--;
  while (to < end && !/\s/.test(text[to])) to++;
  return span(from, to);
}

function trimmed(text: string, start: number, end: number): Span {
  while (start < end && /\s/.test(text[start])) start++;
  while (end > start && /\s/.test(text[end - 1])) end--;
  return span(start, end);
}
