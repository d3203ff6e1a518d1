/**
 * What a rule was understood as: its type, the buffers it reads with their conditions in order, and the literal that the
 * prefilter looks for. Plain data in the form of the `rules.json` that Suricata's `--engine-analysis` writes.
 */
import { entryOf } from '@sigwright/bytes';
import {
  type BitOperation,
  type BytesCondition,
  type ContentCondition,
  type Direction,
  PAYLOAD,
  type RuleOption,
  type StateOperation,
  TO_CLIENT,
  TO_SERVER,
} from '@sigwright/contracts';
import { parseRule } from '@sigwright/rule-language';
import type { BufferTest, CompiledRule } from '../compile/compiled-rule.ts';

type Shown = Record<string, unknown>;

export function analyseRule(rule: CompiledRule): Shown {
  const options = parseRule(rule.text).rule?.options ?? [];
  const literal = literalOf(rule);
  const packet = packetMatches(rule, options);
  const notes: string[] = options.some(({ name, value }) => name === 'pcre' && RAW_PATTERN.test(value ?? '')) ? [RAW_BYTES] : [];
  const lists: Shown = {};
  if (packet.length > 0) lists['packet'] = { matches: packet };
  if (rule.payload.length > 0 && !rule.ofTransaction) lists['payload'] = { matches: matchesOf(rule.payload, literal?.content, notes, options) };
  const decoded = [...rule.payload, ...rule.bufferTests.flatMap(({ conditions }) => conditions)].flatMap((one) =>
    one.kind === 'decode' ? one.conditions : [],
  );
  if (decoded.length > 0) lists['base64_data'] = { matches: matchesOf(decoded, undefined, notes, options) };
  if (rule.changes.length > 0) lists['postmatch'] = { matches: rule.changes.map((one) => showState(one, options)) };
  const engines = enginesOf(rule, literal, notes, options);
  const packetEngines = [
    ...rule.packetBufferTests.map((test) => ({ name: test.buffer.name, is_mpm: literal?.list === test.conditions, ...showTransforms(test) })),
    ...(rule.payload.length > 0 && !rule.ofTransaction ? [{ name: 'payload', is_mpm: literal?.list === rule.payload }] : []),
    ...(packet.length > 0 ? [{ name: 'packet', is_mpm: false }] : []),
  ];
  const frameEngines = rule.frameTests.map((test) => ({
    name: test.buffer.name,
    is_mpm: literal?.list === test.conditions,
    ...showTransforms(test),
    matches: matchesOf(test.conditions, literal?.content, notes, options),
  }));
  const early = earlyCondition(rule, options);
  return {
    raw: rule.text,
    id: rule.sid,
    gid: rule.gid,
    rev: rule.rev,
    ...(rule.message === '' ? {} : { msg: rule.message }),
    app_proto: applicationOf(rule, options),
    requirements: requirementsOf(rule),
    type: typeOf(rule),
    flags: flagsOf(rule, literal),
    pkt_engines: packetEngines,
    frame_engines: frameEngines,
    ...(engines.length > 0 ? { engines } : {}),
    lists,
    ...(early === undefined ? {} : { prefilter: { buffer: 'packet', name: early } }),
    ...(literal === undefined || early !== undefined ? {} : { mpm: showLiteral(literal) }),
    ...(notes.length > 0 ? { notes: [...new Set(notes)] } : {}),
  };
}

/** Suricata user guide, "Rule Types and Categorization". */
function typeOf(rule: CompiledRule): string {
  const ofEvents = rule.anomalies.length > 0 && rule.anomalies.every((one) => one.owner === 'decoder') && rule.payload.length === 0;
  if (rule.addressesOnly) return rule.header.negates ? 'like_ip_only' : 'ip_only';
  if (rule.ofTransaction || rule.frameTests.length > 0) return 'app_tx';
  // What is remembered may be another thing with each packet.
  if (ofEvents) return rule.checks.length > 0 ? 'pkt' : 'de_only';
  const bare = rule.payload.length === 0 && rule.packetBufferTests.length === 0 && rule.anomalies.length === 0;
  if (bare && rule.packetConditions.every((one) => one.keyword === 'app-layer-protocol')) {
    if (rule.checks.length > 0 || asksFlow(rule)) return 'pkt';
    if (rule.packetConditions.length > 0 || rule.protocolOnly) return 'pd_only';
    if (rule.protocols !== undefined) return 'app_layer';
  }
  if (rule.payload.length === 0 || !rule.header.transports.tcp || !rule.inStream) return 'pkt';
  return rule.inPacket || rule.packetConditions.length > 0 || rule.checks.length > 0 ? 'pkt_stream' : 'stream';
}

/** What must be there for the rule to be looked at, in the order of the bits of Suricata's mask. */
function requirementsOf(rule: CompiledRule): string[] {
  const sizes = rule.packetConditions.filter((one) => one.keyword === 'dsize').map((one) => sizeNeeds((one.shown?.['dsize'] ?? {}) as Shown));
  const flags = rule.packetConditions.some((one) => one.keyword === 'tcp.flags');
  const opening = rule.packetConditions.some((one) => one.keyword === 'tcp.flags' && one.shown?.['opens_or_ends'] === true);
  const needs = {
    payload: rule.payload.length > 0 || sizes.some((one) => one.payload),
    no_payload: sizes.some((one) => one.empty),
    flow: rule.protocols !== undefined || rule.ofTransaction || asksFlow(rule) || rule.checks.length > 0,
    tcp_flags_init_deinit: opening,
    engine_event: rule.anomalies.some(({ owner }) => owner === 'decoder' || owner === 'stream'),
    real_pkt: flags || sizes.some((one) => one.real) || (rule.payload.length > 0 && rule.header.fields[0] === 'tcp-pkt'),
  };
  return Object.entries(needs).flatMap(([name, needed]) => (needed ? [name] : []));
}

function sizeNeeds(size: Shown): { payload: boolean; empty: boolean; real: boolean } {
  const { equal, diff, gt, gte, range } = size as { equal?: number; diff?: number; gt?: number; gte?: number; range?: unknown };
  const some = (equal ?? 0) > 0 || gt !== undefined || (gte ?? 0) > 0 || range !== undefined || diff === 0;
  const empty = equal === 0;
  return { payload: some, empty, real: diff !== undefined || (!some && !empty) };
}

/** `flow` says more than a direction. */
function asksFlow({ flow }: CompiledRule): boolean {
  return flow.established || flow.notEstablished || flow.stateless || flow.onlyStream || flow.noStream || flow.onlyFragments || flow.noFragments;
}

function flagsOf(rule: CompiledRule, literal: Literal | undefined): string[] {
  const [, source, sourcePorts, , destination, destinationPorts] = rule.header.fields;
  const both = rule.header.fields[3] === '=>';
  const perFlow = rule.checks.some((one) => one.kind === 'bit' && one.scope === 'flow');
  const ofPayload = rule.payload.length > 0;
  const flags = {
    src_any: source === 'any',
    dst_any: destination === 'any',
    sp_any: sourcePorts === 'any',
    dp_any: destinationPorts === 'any',
    noalert: rule.noAlert,
    applayer: rule.protocols !== undefined || rule.ofTransaction,
    need_packet: rule.inPacket || (ofPayload && rule.packetConditions.length > 0),
    need_stream: ofPayload && rule.inStream && rule.header.transports.tcp,
    need_flowvar: perFlow,
    toserver: both || rule.directions.includes(TO_SERVER),
    toclient: both || rule.directions.includes(TO_CLIENT),
    prefilter: literal !== undefined,
  };
  return Object.entries(flags).flatMap(([name, is]) => (is ? [name] : []));
}

/** HTTP without a version is both; the modifiers of old rules are for version 1. */
function applicationOf(rule: CompiledRule, options: readonly RuleOption[]): string {
  const name = rule.protocols?.[0];
  if (name === undefined) return 'unknown';
  if (name !== 'http') return name;
  return rule.header.fields[0].startsWith('http1') || isOfOldHttp(options) ? 'http' : 'http_any';
}

const OLD_PATTERN = /\/[a-zA-Z]*[UIPHDMCSYVWQ][a-zA-Z]*"?$/;

function isOfOldHttp(options: readonly RuleOption[]): boolean {
  return options.some(({ name, value }) => /^http_/.test(name) || name === 'uricontent' || (name === 'pcre' && OLD_PATTERN.test(value ?? '')));
}

/** Events that packets raise. */
const EVENT_KEYWORDS = { decoder: 'decode-event', stream: 'stream-event', recognition: 'app-layer-event' } as const;

/** In the order written. */
function packetMatches(rule: CompiledRule, options: readonly RuleOption[]): Shown[] {
  const left: Shown[] = [
    ...rule.packetConditions.filter((one) => one.keyword !== 'hook').map((one) => ({ name: one.keyword, ...one.shown })),
    ...rule.checks.map((one) => showState(one, options)),
    ...rule.anomalies.flatMap(({ owner }) => (owner === 'application' ? [] : [{ name: EVENT_KEYWORDS[owner] }])),
  ];
  for (const one of left) delete one['opens_or_ends'];
  if (asksFlow(rule)) left.unshift({ name: 'flow' });
  const place = (name: string): number => {
    const at = options.findIndex((option) => option.name === name || name.endsWith(`.${option.name}`));
    return at === -1 ? options.length : at;
  };
  return left
    .map((shown, at) => ({ shown, at, place: place(String(shown['name'])) }))
    .sort((a, b) => a.place - b.place || a.at - b.at)
    .map(({ shown }) => shown);
}

/** The packet condition that `prefilter` stands behind. */
function earlyCondition(rule: CompiledRule, options: readonly RuleOption[]): string | undefined {
  const at = options.findIndex(({ name }) => name === 'prefilter');
  if (at <= 0) return undefined;
  const before = options[at - 1].name;
  return rule.packetConditions.find(({ keyword }) => keyword === before || keyword.endsWith(`.${before}`))?.keyword;
}

/** Where the prefilter looks first; then conditions without bytes, the other buffers, and the stream. */
function enginesOf(rule: CompiledRule, literal: Literal | undefined, notes: string[], options: readonly RuleOption[]): Shown[] {
  const engines: Shown[] = [];
  const engine = (name: string, direction: Direction, more: Shown, matches: Shown[]): void => {
    engines.push({ name, direction: shownDirection(direction), ...more, matches });
  };
  const ofTest = (test: BufferTest<CompiledRule['bufferTests'][number]['buffer']>, isLiteral: boolean): void => {
    const both = rule.header.fields[3] === '=>';
    for (const application of applicationsOf(rule, test.buffer.protocol, isLiteral)) {
      for (const direction of test.buffer.directions) {
        if (!both && !rule.directions.includes(direction) && test.buffer.directions.length > 1) continue;
        const more = { is_mpm: isLiteral, app_proto: application, progress: test.buffer.progress(direction), ...showTransforms(test) };
        engine(shownName(test.buffer.name), direction, more, matchesOf(test.conditions, isLiteral ? literal?.content : undefined, notes, options));
      }
    }
  };
  for (const test of rule.bufferTests) if (literal?.list === test.conditions) ofTest(test, true);
  for (const direction of rule.directions) {
    if (rule.anomalies.some(({ owner }) => owner === 'application'))
      engine('app-layer-events', direction, { is_mpm: false, progress: 0 }, [{ name: 'app-layer-event' }]);
  }
  const generic = new Map<string, Shown>();
  for (const condition of rule.transactionConditions) {
    for (const application of applicationsOf(rule, condition.protocol, false)) {
      for (const direction of condition.directions) {
        if (!rule.directions.includes(direction)) continue;
        const state = direction === TO_SERVER ? 'request_complete' : 'response_complete';
        const name = condition.protocol === 'dcerpc' ? 'dce_generic' : `${condition.protocol}:${state}:generic`;
        const key = `${name} ${application} ${direction}`;
        const known = generic.get(key);
        if (known !== undefined) (known['matches'] as Shown[]).push({ name: condition.keyword });
        else
          generic.set(key, {
            name,
            direction: shownDirection(direction),
            is_mpm: false,
            app_proto: application,
            progress: condition.progress,
            matches: [{ name: condition.keyword }],
          });
      }
    }
  }
  engines.push(...generic.values());
  for (const test of rule.bufferTests) if (literal?.list !== test.conditions) ofTest(test, false);
  if (rule.ofTransaction && rule.payload.length > 0) {
    for (const direction of rule.directions) {
      engine(
        'stream',
        direction,
        { is_mpm: literal?.list === rule.payload, progress: 0 },
        matchesOf(rule.payload, literal?.list === rule.payload ? literal.content : undefined, notes, options),
      );
    }
  }
  return engines;
}

/** Protocols whose transactions hold the buffer, as far as the rule is for them. */
function applicationsOf(rule: CompiledRule, owner: string | undefined, isLiteral: boolean): readonly string[] {
  const all = (rule.protocols ?? []).filter((name) => name !== 'doh2');
  if (owner === 'http' && isOfOldHttp(parseRule(rule.text).rule?.options ?? [])) return ['http'];
  // Where the prefilter looks, HTTP/2 comes first.
  if (isLiteral && owner === 'http' && all.includes('http2')) return ['http2', ...all.filter((name) => name !== 'http2')];
  return all.length > 0 ? all : [owner ?? 'unknown'];
}

const RAW_PATTERN = /\/[a-zA-Z]*B[a-zA-Z]*"?$/;
const RAW_BYTES = "'/B' (rawbytes) option is a no-op and is silently ignored";
const NO_MATCH_BEFORE = (what: string, other: string): string => `'${what}' option for pattern w/o previous content was converted to '${other}'`;

function matchesOf(conditions: readonly BytesCondition[], literal: ContentCondition | undefined, notes: string[], options: readonly RuleOption[]): Shown[] {
  const shown: Shown[] = [];
  let anchored = false;
  for (let at = 0; at < conditions.length; at++) {
    const condition = conditions[at];
    const next = conditions[at + 1];
    switch (condition.kind) {
      case 'content': {
        // `isdataat:!1,relative` behind a content says that the buffer ends there.
        const ends = next !== undefined && next.kind === 'test' && next.describes === 'no data at 1 behind the match';
        const after = ends ? conditions[at + 2] : next;
        const relativeNext = after !== undefined && isRelative(after);
        shown.push({ name: 'content', content: showContent(condition, condition === literal, relativeNext, anchored, notes, ends) });
        if (ends) at++;
        break;
      }
      case 'pattern':
        shown.push({
          name: 'pcre',
          pcre: {
            relative: condition.relative,
            relative_next: next !== undefined && isRelative(next),
            nocase: lettersOf(condition.pattern.source, options).includes('i'),
            negated: condition.negated,
          },
        });
        break;
      case 'test':
        shown.push({ name: condition.keyword, ...condition.shown });
        break;
      default:
        shown.push({ name: condition.keyword });
    }
    anchored = true;
  }
  return shown;
}

/** The letters behind a pattern, as they were written. */
function lettersOf(source: string, options: readonly RuleOption[]): string {
  const begun = `/${source}/`;
  const written = options.find(({ name, value }) => name === 'pcre' && value?.includes(begun) === true)?.value ?? '';
  return /^[a-zA-Z]*/.exec(written.slice(written.indexOf(begun) + begun.length))?.[0] ?? '';
}

function showTransforms({ transforms }: Pick<BufferTest<unknown>, 'transforms'>): Shown {
  return transforms.length > 0 ? { transforms: transforms.map((one) => ({ name: one.definition.name })) } : {};
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

function showLiteral({ list, buffer, content }: Literal): Shown {
  const matches = matchesOf(list, content, [], []);
  const shown = matches.find((one) => (one['content'] as Shown | undefined)?.['is_mpm'] === true)?.['content'] as Shown;
  return { buffer: shownName(buffer), ...shown };
}

/** `anchored`: something stands before it that it can be relative to; otherwise the beginning of the buffer is meant. */
function showContent(content: ContentCondition, isLiteral: boolean, relativeNext: boolean, anchored: boolean, notes: string[], ends: boolean): Shown {
  const shown: Shown = {
    pattern: patternText(content.bytes),
    length: content.bytes.length,
    nocase: content.nocase,
    negated: content.negated,
    starts_with: content.startsWith,
    ends_with: content.endsWith || ends,
    is_mpm: isLiteral,
    // What the prefilter found need not be looked for again where nothing else is asked of it.
    no_double_inspect:
      isLiteral &&
      !content.negated &&
      !content.startsWith &&
      !content.endsWith &&
      !ends &&
      !relativeNext &&
      !hasPlace(content) &&
      content.fastPatternSlice === undefined,
    fast_pattern: content.fastPattern,
    relative_next: relativeNext,
  };
  const { offset, depth, distance, within } = content;
  const places: Shown = { offset, depth, distance, within };
  if (content.startsWith) places['depth'] = content.bytes.length;
  if (!anchored && (distance !== undefined || within !== undefined)) {
    const from = typeof distance === 'number' ? distance : 0;
    if (from > 0) places['offset'] = from;
    if (typeof within === 'number') {
      places['depth'] = from + within;
      notes.push(NO_MATCH_BEFORE('within', 'depth'));
    } else notes.push(NO_MATCH_BEFORE('distance', 'offset'));
    places['distance'] = undefined;
    places['within'] = undefined;
  }
  for (const [name, value] of Object.entries(places)) if (typeof value === 'number') shown[name] = value;
  return shown;
}

function hasPlace({ offset, depth, distance, within }: ContentCondition): boolean {
  return offset !== undefined || depth !== undefined || distance !== undefined || within !== undefined;
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
  readonly buffer: string;
  /** the conditions that it stands among */
  readonly list: readonly BytesCondition[];
  readonly content: ContentCondition;
}

/** What is looked for first, also where it is too short for this engine's tables: what the author chose, or the longest in a buffer, or in the payload. */
function literalOf(rule: CompiledRule): Literal | undefined {
  // With `=>`, a rule is begun with the request.
  const both = rule.header.fields[3] === '=>';
  const all: Literal[] = [];
  for (const { buffer, conditions } of rule.bufferTests) if (!both || buffer.directions[0] === TO_SERVER) all.push(...contentsOf(conditions, buffer.name));
  for (const { buffer, conditions } of [...rule.packetBufferTests, ...rule.frameTests]) all.push(...contentsOf(conditions, buffer.name));
  all.push(...contentsOf(rule.payload, PAYLOAD));
  const chosen = all.find(({ content }) => content.fastPattern || content.fastPatternOnly || content.fastPatternSlice !== undefined);
  if (chosen !== undefined) return chosen;
  const positive = all.filter(({ content }) => !content.negated);
  // Where there is nothing else, what must be missing is looked for, too, if it must be missing everywhere.
  const usable = positive.length > 0 ? positive : all.filter(({ content }) => !hasPlace(content));
  const preferred = usable.filter(({ buffer }) => !SELDOM_TELLING.has(buffer));
  const candidates = preferred.length > 0 ? preferred : usable;
  const isBetter = ({ content: { bytes } }: Literal, { content: best }: Literal): boolean =>
    bytes.length !== best.bytes.length ? bytes.length > best.bytes.length : strength(bytes) > strength(best.bytes);
  return candidates.reduce<Literal | undefined>((best, one) => (best === undefined || isBetter(one, best) ? one : best), undefined);
}

/** Places that other buffers come before, however long what stands there is: Suricata user guide, "Fast pattern determination explained". */
const SELDOM_TELLING: ReadonlySet<string> = new Set([PAYLOAD, 'http.method', 'http.stat_code', 'http.stat_msg']);

/** The more bytes differ, and the less they are letters or what fills files, the stronger (appendix C there). */
function strength(bytes: Uint8Array): number {
  const seen = new Set<number>();
  let sum = 0;
  for (const byte of bytes) {
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    const isCommon = (byte >= 0x20 && byte < 0x7f) || byte === 0 || byte === 1 || byte === 0xff;
    sum += seen.has(byte) ? 1 : isLetter ? 3 : isCommon ? 4 : 6;
    seen.add(byte);
  }
  return sum;
}

function contentsOf(list: readonly BytesCondition[], buffer: string): Literal[] {
  return list.flatMap((condition) => (condition.kind === 'content' ? [{ buffer, list, content: condition }] : []));
}

function showState(operation: StateOperation, options: readonly RuleOption[]): Shown {
  if (operation.kind === 'integer') return { name: 'flowint' };
  if (operation.scope === 'flow') return { name: 'flowbits', flowbits: showBits(operation) };
  const isOfHost = options.some(({ name, value }) => name === 'hostbits' && value?.split(',')[1]?.trim() === operation.names[0]);
  return { name: isOfHost ? 'hostbits' : 'xbits' };
}

function showBits({ operation, names }: BitOperation): Shown {
  return { cmd: operation, names, ...(names.length > 1 ? { operator: 'or' } : {}) };
}

function shownDirection(direction: Direction): string {
  return direction === TO_SERVER ? 'toserver' : 'toclient';
}

/** Buffers are called there as before rules had names with dots. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  'http.request_body': 'http_client_body',
  'http.response_body': 'file_data',
  'http.uri.raw': 'http_raw_uri',
  'http.header.raw': 'http_raw_header',
  'http.host.raw': 'http_raw_host',
  'file.data': 'file_data',
  'dns.query': 'dns_query',
  'dcerpc.stub_data': 'dce_stub_data',
  'smb.named_pipe': 'smb_named_pipe',
  'smb.share': 'smb_share',
};

function shownName(name: string): string {
  return entryOf(OLD_NAMES, name) ?? (name.startsWith('http.') ? name.replace('.', '_') : name);
}
