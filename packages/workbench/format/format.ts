/**
 * Rules in the one style of Emerging Threats: header with single blanks, options in its order, no blank behind `:`, one behind `;`.
 * Only what has no place of its own is moved: what names, documents and limits a rule, what it remembers, and the modifiers of one
 * content among themselves. Buffers, contents and their relations keep their order, so that the rule means what it meant. A line
 * that can not be read stays as it is; comments and blank lines stay.
 */
import { entryOf } from '@sigwright/bytes';
import type { Rule, RuleOption } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { contentForm } from './content-form.ts';

export interface Formatted {
  readonly text: string;
  /** rules that are written differently now */
  readonly changed: readonly Rule[];
}

/** What stands before the conditions, in this order. */
const BEFORE = ['msg', 'flow', 'flowbits', 'xbits', 'hostbits', 'flowint', 'noalert'];
/** What stands behind them. */
const BEHIND = ['threshold', 'detection_filter', 'reference', 'classtype', 'priority', 'gid', 'sid', 'rev', 'metadata', 'target'];
/** Modifiers of one content. */
const MODIFIERS = ['offset', 'depth', 'distance', 'within', 'fast_pattern', 'nocase', 'startswith', 'endswith'];

export function formatRules(text: string): Formatted {
  const { document, rules } = parseRules(text);
  const byStart = new Map(rules.map((rule) => [rule.span.start, rule]));
  const changed: Rule[] = [];
  const parts: string[] = [];
  for (const line of document.lines) {
    const written = text.slice(line.start, line.end);
    const rule = line.kind === 'rule' && !line.broken ? byStart.get(line.bodyStart) : undefined;
    if (rule === undefined || rule.options.some(isCut)) {
      parts.push(line.kind === 'rule' || line.kind === 'unreadable' ? written : withoutTrailingBlanks(written));
      continue;
    }
    const behind = text.slice(rule.span.end, line.end).trim();
    const formatted = `${rule.enabled ? '' : '#'}${formatRule(rule)}${behind === '' ? '' : ` ${behind}`}`;
    const lineEnd = /\r?\n$/.exec(written)?.[0] ?? '';
    parts.push(formatted, lineEnd);
    if (formatted !== written.slice(0, written.length - lineEnd.length)) changed.push(rule);
  }
  return { text: parts.join(''), changed };
}

/** A quote is open: a `;` without a backslash cut the value in two, and blanks behind it would come into the author's text. */
function isCut({ value }: RuleOption): boolean {
  return (value?.replace(/\\./gs, '').split('"').length ?? 1) % 2 === 0;
}

function withoutTrailingBlanks(line: string): string {
  return line.replace(/(?<![ \t])[ \t]+(?=\r?\n|$)/g, '');
}

/** One line, without a comment mark. */
export function formatRule(rule: Rule): string {
  const { action, protocol, source, sourcePorts, direction, destination, destinationPorts } = rule;
  const header = [action, protocol, field(source.text), field(sourcePorts.text), direction, field(destination.text), field(destinationPorts.text)].join(' ');
  const options = ordered(rule.options).map(optionForm).join(' ');
  return `${header} (${options})`;
}

function field(text: string): string {
  return text.replace(/\\\r?\n/g, '').replace(/\s+/g, '');
}

function ordered(options: readonly RuleOption[]): RuleOption[] {
  const before: RuleOption[] = [];
  const middle: RuleOption[] = [];
  const behind: RuleOption[] = [];
  for (const option of options) {
    if (BEFORE.includes(option.name)) before.push(option);
    else if (BEHIND.includes(option.name)) behind.push(option);
    else middle.push(option);
  }
  const place = (names: readonly string[]) => (a: RuleOption, b: RuleOption) => names.indexOf(a.name) - names.indexOf(b.name);
  // State is read and written in the order given: bits of all kinds move as one block.
  const state = before.filter(({ name }) => name !== 'msg' && name !== 'flow');
  const names = before.filter(({ name }) => name === 'msg' || name === 'flow').sort(place(BEFORE));
  return [...names, ...state, ...modifiersOrdered(middle), ...behind.sort(place(BEHIND))];
}

/** Every run of modifiers behind a content in the usual order; a stable sort keeps what stands twice. */
function modifiersOrdered(options: readonly RuleOption[]): RuleOption[] {
  const out: RuleOption[] = [];
  let run: RuleOption[] = [];
  const flush = (): void => {
    out.push(...run.sort((a, b) => MODIFIERS.indexOf(a.name) - MODIFIERS.indexOf(b.name)));
    run = [];
  };
  for (const option of options) {
    if (MODIFIERS.includes(option.name)) run.push(option);
    else {
      flush();
      out.push(option);
    }
  }
  flush();
  return out;
}

function optionForm(option: RuleOption): string {
  const { name } = option;
  const value = option.value?.trim();
  return value === undefined ? `${name};` : `${name}:${valueForm(name, value)};`;
}

function valueForm(name: string, value: string): string {
  switch (name) {
    case 'content':
    case 'uricontent': {
      const parts = /^(!?)\s*"(.*)"$/s.exec(value);
      const inner = parts === null ? undefined : contentForm(parts[2]);
      return inner === undefined ? value : `${parts![1]}"${inner}"`;
    }
    case 'flow':
      return flowForm(value);
    case 'flowbits':
    case 'xbits':
    case 'hostbits':
    case 'flowint':
      return value
        .split(',')
        .map((part) => part.trim().replace(/\s+/g, ' '))
        .join(',');
    case 'metadata':
      return value
        .split(',')
        .map((part) => part.trim().replace(/\s+/g, ' '))
        .filter((part) => part !== '')
        .join(', ');
    case 'reference': {
      const comma = value.indexOf(',');
      return comma <= 0 ? value : `${value.slice(0, comma).trim().toLowerCase()},${value.slice(comma + 1).trim()}`;
    }
    case 'threshold':
    case 'detection_filter':
      return thresholdForm(value);
    default:
      return value;
  }
}

const FLOW_ORDER = ['established', 'not_established', 'stateless', 'to_server', 'to_client'];
const FLOW_WORDS: Readonly<Record<string, string>> = { from_client: 'to_server', from_server: 'to_client' };

/** State, direction, the rest. */
function flowForm(value: string): string {
  const words = value.split(',').map((word) => entryOf(FLOW_WORDS, word.trim().toLowerCase()) ?? word.trim().toLowerCase());
  const rank = (word: string): number => (FLOW_ORDER.includes(word) ? FLOW_ORDER.indexOf(word) : FLOW_ORDER.length);
  return words.sort((a, b) => rank(a) - rank(b)).join(',');
}

const THRESHOLD_ORDER = ['type', 'track', 'count', 'seconds', 'multiplier'];

function thresholdForm(value: string): string {
  const parts = value.split(',').map((part) => part.trim().replace(/\s+/g, ' '));
  const rank = (part: string): number => THRESHOLD_ORDER.indexOf(part.split(' ')[0]);
  // What is not understood keeps its place and its words.
  if (parts.some((part) => rank(part) === -1 || part.split(' ').length !== 2)) return value;
  return parts.sort((a, b) => rank(a) - rank(b)).join(', ');
}
