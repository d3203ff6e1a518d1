/**
 * What a rule was understood as: its type, the buffers it reads with their conditions in order, and the literal that the
 * prefilter looks for. Plain data in the form of the `rules.json` that Suricata's `--engine-analysis` writes.
 */
import type { BitOperation, BytesCondition, ContentCondition, Direction, StateOperation } from '@sigwright/contracts';
import { TO_SERVER } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';

export function analyseRule(rule: CompiledRule): Record<string, unknown> {
  const lists: Record<string, unknown> = {};
  const literal = literalOf(rule);
  const packet = [...rule.packetConditions.map((one) => ({ name: one.keyword, ...one.shown })), ...rule.checks.map(showState)];
  if (packet.length > 0) lists['packet'] = { matches: packet };
  if (rule.payload.length > 0) lists['payload'] = { matches: matchesOf(rule.payload, literal?.content) };
  if (rule.changes.length > 0) lists['postmatch'] = { matches: rule.changes.map(showState) };
  const engines = rule.bufferTests.flatMap((test, index) =>
    test.buffer.directions
      .filter((direction) => rule.directions.includes(direction) || test.buffer.directions.length === 1)
      .map((direction) => ({
        name: shownName(test.buffer.name),
        direction: shownDirection(direction),
        is_mpm: literal?.test === index,
        app_proto: test.buffer.protocol ?? rule.protocols?.[0] ?? 'unknown',
        progress: test.buffer.progress(direction),
        ...(test.transforms.length > 0 ? { transforms: test.transforms.map((one) => ({ name: one.definition.name })) } : {}),
        matches: matchesOf(test.conditions, literal?.content),
      })),
  );
  return {
    raw: rule.text,
    id: rule.sid,
    gid: rule.gid,
    rev: rule.rev,
    msg: rule.message,
    app_proto: rule.protocols === undefined ? 'unknown' : rule.protocols[0],
    requirements: requirementsOf(rule),
    type: typeOf(rule),
    ...(engines.length > 0 ? { engines } : {}),
    lists,
    ...(literal === undefined
      ? {}
      : { mpm: { buffer: literal.test < 0 ? 'payload' : shownName(rule.bufferTests[literal.test].buffer.name), ...showContent(literal.content, true) } }),
  };
}

/** Suricata user guide, "Rule Types and Categorization". */
function typeOf(rule: CompiledRule): string {
  if (rule.addressesOnly) return [rule.header.fields[1], rule.header.fields[4]].some((text) => text.includes('!')) ? 'like_ip_only' : 'ip_only';
  if (rule.ofTransaction) return 'app_tx';
  if (rule.anomalies.length > 0 && rule.anomalies.every((one) => one.owner === 'decoder') && rule.payload.length === 0) return 'de_only';
  const bare = rule.payload.length === 0 && rule.packetBufferTests.length === 0 && rule.anomalies.length === 0;
  if (bare && rule.packetConditions.every((one) => one.keyword === 'app-layer-protocol')) {
    if (rule.packetConditions.length > 0 || rule.protocolOnly) return 'pd_only';
    if (rule.protocols !== undefined) return 'app_layer';
  }
  if (rule.payload.length === 0 || !rule.header.transports.tcp || !rule.inStream) return 'pkt';
  return rule.inPacket || rule.packetConditions.length > 0 ? 'pkt_stream' : 'stream';
}

function requirementsOf(rule: CompiledRule): string[] {
  const requirements: string[] = [];
  if (rule.payload.length > 0) requirements.push('payload');
  if (rule.flow.any || rule.protocols !== undefined || rule.ofTransaction) requirements.push('flow');
  return requirements;
}

function matchesOf(conditions: readonly BytesCondition[], literal: ContentCondition | undefined): Record<string, unknown>[] {
  return conditions.map((condition, at) => {
    const next = conditions[at + 1];
    const relativeNext = next !== undefined && isRelative(next);
    switch (condition.kind) {
      case 'content':
        return { name: 'content', content: { ...showContent(condition, condition === literal), relative_next: relativeNext } };
      case 'pattern':
        return {
          name: 'pcre',
          pcre: {
            relative: condition.relative,
            relative_next: relativeNext,
            nocase: /\/[a-zA-Z]*i[a-zA-Z]*$/.test(condition.pattern.source),
            negated: condition.negated,
          },
        };
      default:
        return { name: condition.keyword };
    }
  });
}

function isRelative(condition: BytesCondition): boolean {
  switch (condition.kind) {
    case 'content':
      return condition.distance !== undefined || condition.within !== undefined;
    case 'decode':
      return false;
    default:
      return condition.relative;
  }
}

function showContent(content: ContentCondition, isLiteral: boolean): Record<string, unknown> {
  const shown: Record<string, unknown> = {
    pattern: patternText(content.bytes),
    length: content.bytes.length,
    nocase: content.nocase,
    negated: content.negated,
    starts_with: content.startsWith,
    ends_with: content.endsWith,
    is_mpm: isLiteral,
    no_double_inspect: false,
    fast_pattern: content.fastPattern,
  };
  for (const name of ['offset', 'depth', 'distance', 'within'] as const) if (typeof content[name] === 'number') shown[name] = content[name];
  return shown;
}

/** Letters and signs as they are, the rest in hex between bars. */
function patternText(bytes: Uint8Array): string {
  let text = '';
  let inHex = false;
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && !RESERVED.has(byte);
    if (plain === inHex) text += '|';
    else if (!plain) text += ' ';
    inHex = !plain;
    text += plain ? String.fromCharCode(byte) : byte.toString(16).toUpperCase().padStart(2, '0');
  }
  return inHex ? `${text}|` : text;
}

/** Quote, semicolon, colon, backslash and bar have a meaning in rules. */
const RESERVED: ReadonlySet<number> = new Set([0x22, 0x3b, 0x3a, 0x5c, 0x7c]);

interface Literal {
  /** index into bufferTests; -1 for the payload */
  readonly test: number;
  readonly content: ContentCondition;
}

/** What is looked for first, also where it is too short for this engine's tables: what the author chose, or the longest in a buffer, or in the payload. */
function literalOf(rule: CompiledRule): Literal | undefined {
  const all: Literal[] = [];
  for (let test = 0; test < rule.bufferTests.length; test++) all.push(...contentsOf(rule.bufferTests[test].conditions, test));
  all.push(...contentsOf(rule.payload, -1));
  const chosen = all.find(({ content }) => content.fastPattern || content.fastPatternOnly || content.fastPatternSlice !== undefined);
  if (chosen !== undefined) return chosen;
  const usable = all.filter(({ content }) => !content.negated);
  const inBuffers = usable.filter(({ test }) => test >= 0);
  return (inBuffers.length > 0 ? inBuffers : usable).reduce<Literal | undefined>(
    (best, one) => (best === undefined || one.content.bytes.length > best.content.bytes.length ? one : best),
    undefined,
  );
}

function contentsOf(conditions: readonly BytesCondition[], test: number): Literal[] {
  return conditions.flatMap((condition) => (condition.kind === 'content' ? [{ test, content: condition }] : []));
}

function showState(operation: StateOperation): Record<string, unknown> {
  if (operation.kind === 'integer') return { name: 'flowint' };
  return operation.scope === 'flow' ? { name: 'flowbits', flowbits: showBits(operation) } : { name: 'xbits' };
}

function showBits({ operation, names }: BitOperation): Record<string, unknown> {
  return { cmd: operation, names, ...(names.length > 1 ? { operator: 'or' } : {}) };
}

function shownDirection(direction: Direction): string {
  return direction === TO_SERVER ? 'toserver' : 'toclient';
}

/** Buffers are called there as before rules had names with dots. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  'http.request_body': 'http_client_body',
  'http.response_body': 'file_data',
  'file.data': 'file_data',
  'dns.query': 'dns_query',
};

function shownName(name: string): string {
  return OLD_NAMES[name] ?? (name.startsWith('http.') ? name.replace('.', '_') : name);
}
