/**
 * Tree → typed rules. Values stay text with spans. The few keywords read here are those the typed rule itself names: how a
 * rule is called (`msg`) and how it is numbered (`sid`, `gid`, `rev`), since every reader of rules needs them, with or without a
 * catalogue.
 */
import {
  ACTION_SCOPES,
  ACTIONS,
  type Diagnostic,
  error,
  type Rule,
  type RuleDirection,
  type RuleOption,
  type ScopedAction,
  type Span,
  span,
  warning,
} from '@sigwright/contracts';
import { didYouMean } from './did-you-mean.ts';
import { readDocument } from './read-document.ts';
import type { RuleDocument, RuleNode } from './tree.ts';

export interface ParsedRules {
  readonly document: RuleDocument;
  readonly rules: readonly Rule[];
  readonly diagnostics: readonly Diagnostic[];
}

const DIRECTION_WORDS: readonly string[] = ['->', '<>', '=>'];

/** A whole rules file. Spans are offsets in `text`. */
export function parseRules(text: string): ParsedRules {
  const { document, diagnostics } = readDocument(text);
  const rules: Rule[] = [];
  for (const line of document.lines) {
    if (line.kind !== 'rule' || line.broken) continue;
    const rule = typedRule(text, line, diagnostics);
    if (rule !== undefined) rules.push(rule);
  }
  return { document, rules, diagnostics };
}

/** One rule; `rule` is undefined where nothing usable was read. */
export function parseRule(text: string): { rule: Rule | undefined; diagnostics: readonly Diagnostic[] } {
  const { rules, diagnostics } = parseRules(text);
  return { rule: rules[0], diagnostics };
}

/** Half a million stand in a large set, of which few are asked for more than name and value: offsets are all one holds. */
class TypedOption implements RuleOption {
  readonly #text: string;
  readonly #node: RuleNode;
  readonly #at: number;

  constructor(text: string, node: RuleNode, index: number) {
    this.#text = text;
    this.#node = node;
    this.#at = node.optionAt(index);
  }

  get name(): string {
    const values = this.#node.offsets.values;
    return this.#text.slice(values[this.#at], values[this.#at + 1]);
  }

  get value(): string | undefined {
    const values = this.#node.offsets.values;
    const start = values[this.#at + 2];
    if (start === -1) return undefined;
    const value = this.#text.slice(start, values[this.#at + 3]);
    return this.#node.joined ? value.replace(/\\\r?\n/g, '') : value;
  }

  get span(): Span {
    const [nameStart, nameEnd, valueStart, valueEnd] = this.#node.offsets.values.subarray(this.#at, this.#at + 4);
    return span(nameStart, valueStart === -1 ? nameEnd : valueEnd);
  }

  get nameSpan(): Span {
    const values = this.#node.offsets.values;
    return span(values[this.#at], values[this.#at + 1]);
  }

  get valueSpan(): Span {
    const values = this.#node.offsets.values;
    const start = values[this.#at + 2];
    return start === -1 ? span(values[this.#at + 1], values[this.#at + 1]) : span(start, values[this.#at + 3]);
  }
}

type Report = (code: string, title: string, at: Span, help?: string) => void;

function typedRule(text: string, node: RuleNode, diagnostics: Diagnostic[]): Rule | undefined {
  let failed = false;
  const report: Report = (code, title, at, help) => {
    failed = true;
    diagnostics.push((node.enabled ? error : warning)(code, title, at, help));
  };
  const part = (index: number): string => text.slice(node.headerStart(index), node.headerEnd(index));
  const partSpan = (index: number): Span => span(node.headerStart(index), node.headerEnd(index));
  const actions = readActions(part(0), partSpan(0), report);
  const direction = DIRECTION_WORDS.find((word) => part(4) === word);
  if (direction === undefined) report('rule/unknown-direction', `\`${part(4)}\` is not a direction`, partSpan(4), 'write `->` or `<>`');

  const names = readNames(text, node, report);
  if (names.sid === undefined && !failed) report('rule/no-sid', 'the rule has no `sid`', partSpan(0), 'add `sid:<number>;`, from your own range');
  if (failed || actions === undefined) return undefined;
  const [{ action, scope }, ...furtherActions] = actions;
  const options: RuleOption[] = new Array(node.optionCount);
  for (let index = 0; index < options.length; index++) options[index] = new TypedOption(text, node, index);
  return {
    text: text.slice(node.bodyStart, node.bodyEnd),
    span: span(node.bodyStart, node.bodyEnd),
    enabled: node.enabled,
    action,
    scope,
    furtherActions: furtherActions.length === 0 ? NO_ACTIONS : furtherActions,
    protocol: part(1).toLowerCase(),
    protocolSpan: partSpan(1),
    source: { text: part(2), span: partSpan(2) },
    sourcePorts: { text: part(3), span: partSpan(3) },
    direction: direction as RuleDirection,
    destination: { text: part(5), span: partSpan(5) },
    destinationPorts: { text: part(6), span: partSpan(6) },
    options,
    gid: names.gid ?? 1,
    sid: names.sid ?? 0,
    rev: names.rev ?? 0,
    message: names.message,
  };
}

const NO_ACTIONS: readonly ScopedAction[] = [];

/** `drop`, `drop:flow`, `accept:flow,pass:flow,alert`; undefined where one of them is not known, which was reported. */
function readActions(written: string, at: Span, report: Report): readonly ScopedAction[] | undefined {
  const plain = ACTIONS.find((word) => word === written);
  if (plain !== undefined) return [{ action: plain, scope: undefined }];
  const actions: ScopedAction[] = [];
  for (const one of written.split(',')) {
    const colon = one.indexOf(':');
    const word = colon === -1 ? one : one.slice(0, colon);
    const action = ACTIONS.find((known) => known === word);
    const scope = colon === -1 ? undefined : ACTION_SCOPES.find((known) => known === one.slice(colon + 1));
    if (action === undefined) {
      const meant = didYouMean(word, ACTIONS);
      const help = meant === undefined ? `actions are ${ACTIONS.slice(0, 4).join(', ')} …` : `did you mean \`${meant}\`?`;
      report('rule/unknown-action', `\`${word}\` is not an action`, at, help);
      return undefined;
    }
    if (colon !== -1 && scope === undefined) {
      report(
        'rule/unknown-scope',
        `\`${one.slice(colon + 1)}\` is no scope of an action`,
        at,
        `write ${ACTION_SCOPES.map((known) => `${word}:${known}`).join(', ')}`,
      );
      return undefined;
    }
    actions.push({ action, scope });
  }
  return actions;
}

interface RuleNames {
  sid: number | undefined;
  gid: number | undefined;
  rev: number | undefined;
  message: string;
}

const LONGEST_NAME_READ = 3;

function readNames(text: string, node: RuleNode, report: Report): RuleNames {
  const names: RuleNames = { sid: undefined, gid: undefined, rev: undefined, message: '' };
  const values = node.offsets.values;
  for (let index = 0; index < node.optionCount; index++) {
    const at = node.optionAt(index);
    if (values[at + 1] - values[at] !== LONGEST_NAME_READ) continue;
    const name = text.slice(values[at], values[at + 1]);
    if (name !== 'msg' && name !== 'sid' && name !== 'gid' && name !== 'rev') continue;
    const nameSpan = span(values[at], values[at + 1]);
    const where = values[at + 2] === -1 || values[at + 3] <= values[at + 2] ? nameSpan : span(values[at + 2], values[at + 3]);
    const value = values[at + 2] === -1 ? '' : text.slice(values[at + 2], values[at + 3]);
    if (name === 'msg') {
      names.message = unquoted(node.joined ? value.replace(/\\\r?\n/g, '') : value);
      continue;
    }
    if (names[name] !== undefined) report(`${name}/twice`, `\`${name}\` stands twice`, nameSpan, 'leave one');
    names[name] = wholeNumber(name, value, where, report);
  }
  return names;
}

const LARGEST_NUMBER = 4294967295;

function wholeNumber(name: string, written: string, where: Span, report: Report): number {
  const value = unquoted(written);
  const number = /^\d{1,10}$/.test(value) ? Number(value) : -1;
  const least = name === 'sid' ? 1 : 0;
  if (number >= least && number <= LARGEST_NUMBER) return number;
  const help = /^\d+\s+\w/.test(value) ? 'is a `;` missing behind the number?' : undefined;
  report(`${name}/argument`, `\`${value}\` is not a whole number from ${least} to ${LARGEST_NUMBER}`, where, help);
  return least;
}

/** Without its quotes, `\"`, `\;`, `\\` and `\:` undone. */
export function unquoted(value: string): string {
  const inner = value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  return inner.includes('\\') ? inner.replace(/\\([";\\:])/g, '$1') : inner;
}
