/**
 * Tree → typed rules. Values stay text with spans. The few keywords read here are those the typed rule itself names: how a
 * rule is called (`msg`) and how it is numbered (`sid`, `gid`, `rev`).
 */
import { ACTIONS, type Action, type Diagnostic, error, type Rule, type RuleDirection, type RuleOption, type Span, span, warning } from '@sigwright/contracts';
import { type OptionNode, type RuleDocument, type RuleNode, readDocument } from './tokens.ts';

export interface ParsedRules {
  readonly document: RuleDocument;
  readonly rules: readonly Rule[];
  readonly diagnostics: readonly Diagnostic[];
}

const ACTION_WORDS: ReadonlySet<string> = new Set(ACTIONS);
const DIRECTION_WORDS: ReadonlySet<string> = new Set(['->', '<>', '=>']);

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

class TypedOption implements RuleOption {
  readonly name: string;
  readonly value: string | undefined;
  readonly #node: OptionNode;

  constructor(text: string, node: OptionNode) {
    this.#node = node;
    this.name = text.slice(node.nameStart, node.nameEnd);
    const value = node.valueStart === -1 ? undefined : text.slice(node.valueStart, node.valueEnd);
    // A backslash before the line end joins lines, inside values too.
    this.value = value?.includes('\\\n') || value?.includes('\\\r\n') ? value.replace(/\\\r?\n/g, '') : value;
  }

  get span(): Span {
    return span(this.#node.nameStart, this.#node.valueStart === -1 ? this.#node.nameEnd : this.#node.valueEnd);
  }

  get nameSpan(): Span {
    return span(this.#node.nameStart, this.#node.nameEnd);
  }

  get valueSpan(): Span {
    return this.#node.valueStart === -1 ? span(this.#node.nameEnd, this.#node.nameEnd) : span(this.#node.valueStart, this.#node.valueEnd);
  }
}

function typedRule(text: string, node: RuleNode, diagnostics: Diagnostic[]): Rule | undefined {
  let failed = false;
  const report = (code: string, title: string, at: Span, help?: string): void => {
    failed = true;
    diagnostics.push(node.enabled ? error(code, title, at, help) : warning(code, title, at, help));
  };
  const [action, protocol, source, sourcePorts, direction, destination, destinationPorts] = node.header;
  const part = (one: Span): string => text.slice(one.start, one.end);
  const actionWord = part(action);
  if (!ACTION_WORDS.has(actionWord))
    report('rule/unknown-action', `\`${actionWord}\` is not an action`, action, `actions are ${ACTIONS.slice(0, 4).join(', ')} …`);
  if (!DIRECTION_WORDS.has(part(direction))) report('rule/unknown-direction', `\`${part(direction)}\` is not a direction`, direction, 'write `->` or `<>`');
  let message = '';
  let sid = 0;
  let gid = 1;
  let rev = 0;
  const options: RuleOption[] = [];
  for (const optionNode of node.options) {
    const option = new TypedOption(text, optionNode);
    options.push(option);
    switch (option.name) {
      case 'msg':
        message = unquoted(option.value ?? '');
        break;
      case 'sid':
        sid = wholeNumber(option, report);
        break;
      case 'gid':
        gid = wholeNumber(option, report);
        break;
      case 'rev':
        rev = wholeNumber(option, report);
        break;
    }
  }
  if (sid === 0 && !failed) report('rule/no-sid', 'the rule has no `sid`', action, 'add `sid:<number>;`, from your own range');
  if (failed) return undefined;
  const end = trimmed(text, node);
  return {
    text: text.slice(node.bodyStart, end),
    span: span(node.bodyStart, end),
    enabled: node.enabled,
    action: actionWord as Action,
    protocol: part(protocol).toLowerCase(),
    protocolSpan: protocol,
    source: { text: part(source), span: source },
    sourcePorts: { text: part(sourcePorts), span: sourcePorts },
    direction: part(direction) as RuleDirection,
    destination: { text: part(destination), span: destination },
    destinationPorts: { text: part(destinationPorts), span: destinationPorts },
    options,
    gid,
    sid,
    rev,
    message,
  };
}

function trimmed(text: string, node: RuleNode): number {
  let end = node.end;
  while (end > node.bodyStart && text.charCodeAt(end - 1) <= 32) end--;
  return end;
}

const LARGEST_NUMBER = 4294967295;

function wholeNumber(option: RuleOption, report: (code: string, title: string, at: Span, help?: string) => void): number {
  const value = unquoted(option.value ?? '');
  const number = /^\d{1,10}$/.test(value) ? Number(value) : -1;
  if (number < 0 || number > LARGEST_NUMBER) {
    report(`${option.name}/argument`, `\`${value}\` is not a whole number from 0 to ${LARGEST_NUMBER}`, option.valueSpan);
    return 0;
  }
  return number;
}

/** Without its quotes, `\"`, `\;`, `\\` and `\:` undone. */
export function unquoted(value: string): string {
  const inner = value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  return inner.includes('\\') ? inner.replace(/\\([";\\:])/g, '$1') : inner;
}
