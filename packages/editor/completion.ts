/** What may come next at a place of a rule: keywords that fit, buffers, words of their arguments, names that other rules use. */
import { counted, entryOf } from '@sigwright/bytes';
import { ACTIONS, type Catalogue, type KeywordDefinition, type Span, span } from '@sigwright/contracts';
import type { RuleEditor } from './editor.ts';
import { keywordText } from './hover.ts';
import { placeAt } from './place.ts';
import type { RuleLine } from './rule-file.ts';

export type CompletionKind = 'action' | 'protocol' | 'variable' | 'direction' | 'keyword' | 'buffer' | 'modifier' | 'transform' | 'word' | 'name' | 'number';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** one line beside the label */
  readonly detail: string;
  /** Markdown */
  readonly documentation?: string;
  /** what is written; with `$1` where the argument comes, `$0` where writing goes on */
  readonly insert: string;
  readonly replaces: Span;
  /** smaller ones are shown first */
  readonly rank: number;
}

export function completionsAt(editor: RuleEditor, path: string, offset: number): Completion[] {
  const file = editor.file(path);
  const line = file?.lineAt(offset);
  if (file === undefined || line === undefined || line.kind === 'comment') return [];
  const at = offset - line.start;
  // Behind the line end the next line begins.
  if (at > 0 && line.text[at - 1] === '\n') return headerWords(editor, 0, span(offset, offset));
  const place = placeAt(line.text, at);
  const moved = ({ start, end }: Span): Span => span(start + line.start, end + line.start);
  switch (place.kind) {
    case 'header':
      // Of a list only the element at hand is replaced, its `!` stays.
      return headerWords(
        editor,
        place.part,
        moved(span(at - /[^[\],!\s]*$/.exec(line.text.slice(place.word.start, at))![0].length, place.word.start < at ? at : place.word.end)),
      );
    case 'name':
      return keywords(editor, line, moved(span(place.word.start, Math.max(place.word.end, at))), place.hasValue, at);
    case 'value':
      return values(editor, place.name, line, place.value, at);
    case 'outside':
      return [];
  }
}

const PACKET_PROTOCOLS = ['tcp', 'udp', 'icmp', 'ip', 'tcp-pkt', 'tcp-stream', 'ipv4', 'ipv6', 'icmpv6', 'pkthdr'];

function headerWords(editor: RuleEditor, part: number, replaces: Span): Completion[] {
  const { catalogue, settings } = editor.environment;
  const word = (label: string, kind: CompletionKind, detail: string, rank = 1): Completion => ({ label, kind, detail, insert: label, replaces, rank });
  switch (part) {
    case 0:
      return ACTIONS.map((action) => word(action, 'action', action === 'alert' ? 'tell it' : '', action === 'alert' ? 0 : 1));
    case 1:
      return [
        ...PACKET_PROTOCOLS.map((name) => word(name, 'protocol', 'packets')),
        ...[...catalogue.protocols].map(([name, protocol]) => word(name, 'protocol', protocol.summary, name === protocol.name ? 0 : 2)),
      ];
    case 4:
      return [word('->', 'direction', 'from source to destination', 0), word('<>', 'direction', 'both ways')];
    default: {
      const groups = part === 2 || part === 5 ? settings.addressGroups : settings.portGroups;
      return [
        word('any', 'word', part === 2 || part === 5 ? 'every address' : 'every port', 0),
        ...Object.entries(groups).map(([name, value]) => word(`$${name}`, 'variable', value)),
      ];
    }
  }
}

function keywords(editor: RuleEditor, line: RuleLine, replaces: Span, hasValue: boolean, at: number): Completion[] {
  const { catalogue } = editor.environment;
  const before = line.text.slice(0, at);
  const protocol = catalogue.protocols.get(/^[\s#]*\w+\s+([\w-]+)/.exec(line.text)?.[1] ?? '')?.name;
  const hasContent = /\bcontent\s*:/.test(before);
  const likely = likelyBehind(before, catalogue);
  const found: Completion[] = [];
  for (const [name, keyword] of catalogue.keywords) {
    if (name === 'sid' || name === 'rev' || name === 'msg') if (new RegExp(`[(;]\\s*${name}\\s*:`).test(line.text.slice(0, at))) continue;
    const foreign = keyword.protocol !== undefined && protocol !== undefined && keyword.protocol !== protocol;
    const idle = keyword.kind === 'content-modifier' && !hasContent;
    found.push({
      label: name,
      kind:
        keyword.kind === 'sticky-buffer' ? 'buffer' : keyword.kind === 'content-modifier' ? 'modifier' : keyword.kind === 'transform' ? 'transform' : 'keyword',
      detail: name === keyword.name ? keyword.summary : `the older name of ${keyword.name}`,
      documentation: keywordText(keyword),
      insert: hasValue ? name : snippetOf(name, keyword, editor),
      replaces,
      rank: likely(name, keyword.kind)
        ? 0
        : 1 + (keyword.protocol !== undefined && keyword.protocol === protocol ? 0 : 2) + (foreign || idle ? 4 : 0) + (name === keyword.name ? 0 : 1),
    });
  }
  return found;
}

/** What mostly follows the option in front: behind a buffer what looks at it, behind a content what places it. */
function likelyBehind(before: string, catalogue: Catalogue): (name: string, kind: KeywordDefinition['kind']) => boolean {
  const name = /(?:^|[;(])\s*([\w.-]+)\s*(?::[^;]*)?;\s*[\w.-]*$/.exec(before)?.[1] ?? '';
  const kind = catalogue.keywords.get(name)?.kind;
  if (kind === 'sticky-buffer' || kind === 'transform') return (one) => BEHIND_BUFFERS.has(one);
  if (name === 'content' || kind === 'content-modifier') return (one) => BEHIND_CONTENTS.has(one);
  return () => false;
}

const BEHIND_BUFFERS: ReadonlySet<string> = new Set(['content', 'pcre', 'bsize', 'dotprefix']);
const BEHIND_CONTENTS: ReadonlySet<string> = new Set(['nocase', 'fast_pattern', 'startswith', 'endswith', 'depth', 'offset', 'distance', 'within']);

function snippetOf(name: string, keyword: KeywordDefinition<never>, editor: RuleEditor): string {
  if (name === 'sid') return `sid:${editor.nextSid()};$0`;
  if (keyword.argument.syntax === '' || keyword.argument.optional) return `${name};$0`;
  if (/^(?:\[!\])?"/.test(keyword.argument.syntax)) return `${name}:"$1";$0`;
  return `${name}:$1;$0`;
}

function values(editor: RuleEditor, name: string, line: RuleLine, value: Span, at: number): Completion[] {
  const { catalogue, settings } = editor.environment;
  const keyword = catalogue.keywords.get(name);
  if (keyword === undefined) return [];
  const written = line.text.slice(value.start, Math.max(value.start, at));
  const partStart = value.start + written.length - /[^,|]*$/.exec(written)![0].trimStart().length;
  const end = Math.max(at, partStart);
  const replaces = span(line.start + partStart, line.start + end);
  const word = (label: string, detail: string, kind: CompletionKind = 'word', rank = 1): Completion => ({ label, kind, detail, insert: label, replaces, rank });
  if (name === 'classtype') return [...settings.classifications.values()].map((one) => word(one.name, `${one.description}, priority ${one.priority}`));
  if (name === 'sid') return [word(String(editor.nextSid()), 'the next number that is free', 'number')];
  if (name === 'metadata') return metadata(editor, line.text.slice(partStart, end), word);
  if (name === 'reference' && !written.includes(',')) return [...settings.references].map(([type, prefix]) => word(type, prefix));
  if (name === 'app-layer-protocol' && !written.includes(',')) return [...catalogue.protocols.values()].map((one) => word(one.name, one.summary, 'protocol'));
  if (name === 'threshold' || name === 'detection_filter' || name === 'xbits' || name === 'hostbits') {
    const pairs = PAIRS[name];
    const key = /([a-z]+)\s+\S*$/.exec(line.text.slice(partStart, at))?.[1];
    const behindKey = at - /\S*$/.exec(line.text.slice(partStart, at))![0].length + line.start;
    if (key !== undefined)
      return (entryOf(pairs, key) ?? []).map((one) => ({
        label: one,
        kind: 'word' as const,
        detail: key,
        insert: one,
        replaces: span(behindKey, line.start + end),
        rank: 1,
      }));
    const isNamed = name === 'xbits' || name === 'hostbits';
    if (!isNamed || written.split(',').length > 2)
      return Object.keys(pairs)
        .filter((one) => !new RegExp(`\\b${one}\\s`).test(line.text.slice(value.start, value.end)))
        .map((one, index) => word(one, pairs[one].join(', '), 'word', index));
  }
  const first = !written.includes(',');
  if (keyword.kind === 'state' && !first) {
    const asked = /^\s*(?:isset|isnotset)/.test(written);
    return editor
      .namesOf(keyword.name)
      .map((one) => word(one.name, `set by ${one.sets}, asked by ${counted(one.asks, 'rule')}`, 'name', asked === one.sets > 0 ? 0 : 1));
  }
  const words = keyword.argument.words.length > 0 ? keyword.argument.words : wordsIn(keyword.argument.syntax);
  const used = new Set(written.slice(0, written.length - (end - partStart)).split(/[\s,]+/));
  return words.filter((one) => !used.has(one)).map((one) => word(one, keyword.summary));
}

/** Arguments in pairs of key and value. */
const PAIRS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  threshold: {
    type: ['limit', 'threshold', 'both', 'backoff'],
    track: ['by_src', 'by_dst', 'by_both', 'by_rule', 'by_flow'],
    count: ['1', '5', '10'],
    seconds: ['60', '300', '3600'],
  },
  detection_filter: { track: ['by_src', 'by_dst', 'by_both', 'by_rule', 'by_flow'], count: ['5', '10'], seconds: ['60', '300'] },
  xbits: { track: ['ip_src', 'ip_dst', 'ip_pair', 'tx'], expire: ['60', '300', '3600'] },
  hostbits: { track: ['ip_src', 'ip_dst'] },
};

/** `<set|unset>[,<name>]` offers set and unset: what stands between bars is a choice. */
function wordsIn(syntax: string): string[] {
  return [...syntax.matchAll(/<([a-z_]+(?:\|[a-z_]+)+)>/g)].flatMap((match) => match[1].split('|'));
}

/** Keys, and behind a key the values it has elsewhere: those of the catalogue, and those of the rules at hand. */
function metadata(
  editor: RuleEditor,
  written: string,
  word: (label: string, detail: string, kind?: CompletionKind, rank?: number) => Completion,
): Completion[] {
  const pairs = new Map<string, Map<string, number>>();
  const add = (key: string, value: string, count: number): void => {
    const known = pairs.get(key) ?? new Map<string, number>();
    pairs.set(key, known);
    if (value !== '') known.set(value, (known.get(value) ?? 0) + count);
  };
  for (const one of editor.environment.catalogue.keywords.get('metadata')?.argument.words ?? []) {
    const blank = one.indexOf(' ');
    add(blank === -1 ? one : one.slice(0, blank), blank === -1 ? '' : one.slice(blank + 1), 0);
  }
  for (const file of editor.files.values())
    for (const line of file.lines) for (const { key, value } of line.linted?.result.subject.metadata ?? []) add(key, value, 1);
  const key = /^(\S+)\s+/.exec(written)?.[1];
  if (key === undefined) {
    return [...pairs].map(([name, known]) => {
      const most = [...known].sort((a, b) => b[1] - a[1])[0];
      return word(name, most === undefined ? 'metadata' : `for example ${most[0]}`, 'name');
    });
  }
  return [...(pairs.get(key) ?? [])]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_VALUES)
    .map(([value, count], index) => word(`${key} ${value}`, count === 0 ? '' : `in ${counted(count, 'rule')}`, 'word', index));
}

const MOST_VALUES = 200;
