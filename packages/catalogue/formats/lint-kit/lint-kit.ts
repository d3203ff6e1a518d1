/** What lints share: contents of a buffer with where they must stand, names of hosts in them, findings, and edits that remove an option. */
import { latin1 } from '@sigwright/bytes';
import type { ContentCondition, Fix, LintedBuffer, LintFinding, LintSubject, Rule, RuleOption, Span } from '@sigwright/contracts';

export interface LintedContent {
  readonly content: ContentCondition;
  readonly option: RuleOption;
}

export function contentsOf(buffer: LintedBuffer): LintedContent[] {
  const found: LintedContent[] = [];
  for (const { condition, option } of buffer.conditions) if (condition.kind === 'content') found.push({ content: condition, option });
  return found;
}

/** Buffers that hold one host name and nothing else. */
const HOST_NAME_BUFFERS: ReadonlySet<string> = new Set([
  'dns.query',
  'dns.queries.rrname',
  'dns.answers.rrname',
  'mdns.queries.rrname',
  'tls.sni',
  'quic.sni',
  'http.host',
  'http.host.raw',
]);

export function holdsHostName(buffer: LintedBuffer): boolean {
  return HOST_NAME_BUFFERS.has(buffer.name);
}

/** Must the content begin the buffer? With `dotprefix` a leading dot begins it or a label of it. */
export function isAtStart({ content }: LintedContent): boolean {
  return content.startsWith || (content.depth === content.bytes.length && (content.offset ?? 0) === 0);
}

/** Options of the buffer that hold the end or the length: `endswith`, `bsize`, `isdataat:!1,relative` right behind it. */
export function isAtEnd(buffer: LintedBuffer, { content, option }: LintedContent): boolean {
  if (content.endsWith || exactLengthOf(buffer) === content.bytes.length) return true;
  const at = buffer.conditions.findIndex((one) => one.option === option);
  const next = buffer.conditions[at + 1];
  return next?.option.name === 'isdataat' && /^!\s*1\s*,\s*relative/.test(next.option.value ?? '');
}

/** What `bsize:N` or `urilen:N` demands; undefined where nothing exact is. */
export function exactLengthOf(buffer: LintedBuffer): number | undefined {
  for (const { condition } of buffer.conditions) if (condition.kind === 'test' && condition.exactLength !== undefined) return condition.exactLength;
  return undefined;
}

export function textOf(content: ContentCondition): string {
  return latin1(content.bytes);
}

/** Labels of letters, digits, `-` and `_` with at least one dot between two of them. */
export function looksLikeHost(text: string): boolean {
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i.test(text) && !/^[\d.]+$/.test(text);
}

export function finding(title: string, at: Span, help?: string, fix?: Fix): LintFinding {
  return { title, at, ...(help === undefined ? {} : { help }), ...(fix === undefined ? {} : { fixes: [fix] }) };
}

/** The bytes between quotes: where a finding about a content points. */
export function insideQuotes(option: RuleOption): Span {
  const value = option.value ?? '';
  const open = value.indexOf('"');
  if (open === -1 || value.length !== option.valueSpan.end - option.valueSpan.start) return option.valueSpan;
  return { start: option.valueSpan.start + open + 1, end: option.valueSpan.end - 1 };
}

/** Removes an option with its `;` and the blank before it. */
export function removal(rule: Rule, option: RuleOption, title: string): Fix {
  const at = rule.options.indexOf(option);
  const start = at > 0 ? rule.options[at - 1].span.end + 1 : option.span.start;
  const end = at > 0 ? option.span.end + 1 : option.span.end + 1;
  return { title, safe: true, edits: [{ span: { start, end }, text: '' }] };
}

export function optionOf(subject: LintSubject, name: string): RuleOption | undefined {
  return subject.rule.options.find((option) => option.name === name);
}

/** Options of a rule as pairs, without what only names or documents it: equal keys, equal detection. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  'msg',
  'sid',
  'rev',
  'gid',
  'metadata',
  'reference',
  'classtype',
  'priority',
  'target',
  'fast_pattern',
  'prefilter',
]);

export function detectionKey(rule: Rule): string {
  const options = rule.options.filter((option) => !ANNOTATIONS.has(option.name)).map((option) => `${option.name}:${(option.value ?? '').replace(/\s+/g, ' ')}`);
  const { action, protocol, source, sourcePorts, direction, destination, destinationPorts } = rule;
  return [action, protocol, source.text, sourcePorts.text, direction, destination.text, destinationPorts.text, ...options].join('\u0000');
}
