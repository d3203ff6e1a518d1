/** What each piece of a rule is, for colouring: more than a grammar of patterns can know, since the catalogue says what a keyword does. */
import type { Catalogue, KeywordDefinition } from '@sigwright/contracts';
import { tokensOf } from '@sigwright/rule-language';
import type { RuleLine } from './rule-file.ts';

export const COLOUR_KINDS = [
  'comment',
  'action',
  'protocol',
  'address',
  'variable',
  'direction',
  'buffer',
  'modifier',
  'transform',
  'condition',
  'state',
  'annotation',
  'unknown',
  'text',
  'bytes',
  'pattern',
  'number',
  'word',
] as const;
export type ColourKind = (typeof COLOUR_KINDS)[number];

export interface Colour {
  readonly kind: ColourKind;
  readonly start: number;
  readonly end: number;
  /** of a rule that is commented out */
  readonly disabled: boolean;
}

const NAME_KINDS: Readonly<Record<KeywordDefinition['kind'], ColourKind>> = {
  'sticky-buffer': 'buffer',
  'content-modifier': 'modifier',
  transform: 'transform',
  condition: 'condition',
  state: 'state',
  annotation: 'annotation',
};

/** In order, never over a line end. A line that did not change is not read again. */
export function coloursOf(lines: readonly RuleLine[], catalogue: Catalogue): Colour[] {
  return lines.flatMap((line) =>
    lineColours(line, catalogue).map(({ kind, start, end, disabled }) => ({ kind, start: line.start + start, end: line.start + end, disabled })),
  );
}

/** Of one line, with offsets of the line itself. */
export function lineColours(line: RuleLine, catalogue: Catalogue): readonly Colour[] {
  line.colours ??= coloursIn(line, catalogue);
  return line.colours;
}

function coloursIn(line: RuleLine, catalogue: Catalogue): Colour[] {
  const found: Colour[] = [];
  const node = line.parsed.document.lines[0];
  if (node === undefined || node.kind === 'blank' || node.kind === 'unreadable') return found;
  const disabled = node.kind === 'rule' && !node.enabled;
  const add = (kind: ColourKind, start: number, end: number): void => {
    // An editor's token ends with its line.
    for (let at = start; at < end; ) {
      const newline = line.text.slice(at, end).search(/[\r\n]/);
      const stop = newline === -1 ? end : at + newline;
      const trimmed = line.text.slice(at, stop).trimEnd().length;
      if (trimmed > 0) found.push({ kind, start: at, end: at + trimmed, disabled });
      at = stop + 1;
    }
  };
  let name = '';
  /** what is written of a rule for people and machines behind it: as it stands, it needs no colour */
  let isQuiet = false;
  for (const { kind, start, end } of tokensOf(line.parsed.document, node)) {
    const text = line.text.slice(start, end);
    switch (kind) {
      case 'comment':
        add('comment', start, end);
        break;
      case 'action':
      case 'protocol':
      case 'direction':
        add(kind, start, end);
        break;
      case 'address':
      case 'port':
        for (const match of text.matchAll(/\$\w+|[^\s,[\]!]+/g))
          add(match[0].startsWith('$') ? 'variable' : 'address', start + match.index, start + match.index + match[0].length);
        break;
      case 'name': {
        name = text;
        const keyword = catalogue.keywords.get(text);
        isQuiet = keyword?.kind === 'annotation' && keyword.name !== 'classtype';
        add(keyword === undefined ? 'unknown' : NAME_KINDS[keyword.kind], start, end);
        break;
      }
      case 'value':
        valueColours(name, text, (colour, from, to) => {
          if (!isQuiet || colour !== 'word') add(colour, start + from, start + to);
        });
        break;
    }
  }
  return found;
}

function valueColours(name: string, text: string, add: (kind: ColourKind, start: number, end: number) => void): void {
  const quote = text.indexOf('"');
  if (quote !== -1 && text.endsWith('"') && text.length > quote + 1) {
    if (/^"\/.*\/\w*"$/s.test(text.slice(quote))) {
      add('pattern', quote, text.length);
      return;
    }
    let at = quote;
    // Bytes in hex between bars; messages have none.
    if (name !== 'msg')
      for (const match of text.matchAll(/(?<!\\)\|[0-9a-fA-F\s]*\|/g)) {
        if (match.index > at) add('text', at, match.index);
        add('bytes', match.index, match.index + match[0].length);
        at = match.index + match[0].length;
      }
    if (at < text.length) add('text', at, text.length);
    return;
  }
  for (const match of text.matchAll(/[^\s,|<>=!&]+/g))
    add(/^[-+]?(?:\d+|0x[0-9a-f]+)$/i.test(match[0]) ? 'number' : 'word', match.index, match.index + match[0].length);
}
