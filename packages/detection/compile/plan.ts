/**
 * The plan: everything detection needs of a ruleset, immutable, in typed arrays and short lists. Rules lie in it as text, in
 * the order of evaluation, and are compiled again one by one when they become candidates: few of 30,000 ever do, so a saved
 * plan is ready as soon as its bytes are read.
 *
 * rules text → (compile each) → ordered → literals chosen → tables by buffer and direction → plan
 */
import {
  type Action,
  type ActionKind,
  type Catalogue,
  type Diagnostic,
  type Direction,
  type EngineSettings,
  type Flow,
  type Rule,
  TO_CLIENT,
  TO_SERVER,
} from '@sigwright/contracts';
import { parseRule } from '@sigwright/rule-language';
import { HEAD_LENGTH, LiteralDraft, type LiteralTablesData } from '../scan/literal-tables.ts';
import { buildRuleList, type RuleListData } from '../scan/rule-list.ts';
import { askedFingerprints, type Fingerprint } from './asked-fingerprints.ts';
import { compileRule } from './compile-rule.ts';
import type { CompiledRule, PrefilterLiteral } from './compiled-rule.ts';
import { HeaderResolver, type RuleHeader } from './header.ts';
import { entryOf, type Found, type PayloadPlace, type PlanEntry } from './plan-entry.ts';
import { packetLiterals, reachOf } from './prefilter-choice.ts';
import { type RuleTexts, textsInMemory } from './rule-texts.ts';

/** In `directionBits`: it can hold on a transaction of which nothing was read yet; it is decided on transactions. */
export const EARLY = 4;
export const OF_TRANSACTION = 8;

/** Tables for one buffer (with its transforms) in one direction. */
export interface BufferGroup {
  readonly direction: Direction;
  /** name of the buffer, without transforms */
  readonly buffer: string;
  /** rule and test whose transforms stand for the group; -1 where there are none */
  readonly rule: number;
  readonly test: number;
  readonly literals: LiteralTablesData;
}

export interface PayloadTables {
  readonly place: PayloadPlace;
  readonly direction: Direction;
  readonly all: LiteralTablesData | undefined;
  /** literals of rules that hold only for payloads of at most `smallLength` bytes */
  readonly smallLength: number;
  readonly small: LiteralTablesData | undefined;
}

export interface PlanData {
  readonly version: number;
  /** the catalogue it was made with */
  readonly fingerprint: string;
  /** every rule is asked wherever its header fits */
  readonly naive: boolean;
  readonly texts: RuleTexts;
  /** per rule: bytes [textStarts[i], textStarts[i + 1]) of `texts` */
  readonly textStarts: Uint32Array;
  readonly sids: Uint32Array;
  readonly gids: Uint32Array;
  readonly revs: Uint32Array;
  readonly headerNumbers: Uint16Array;
  /** bit 0 to server, bit 1 to client, EARLY, OF_TRANSACTION */
  readonly directionBits: Uint8Array;
  /** 0: none asked for; else 1 + index in `protocolSets` */
  readonly protocolNumbers: Uint16Array;
  readonly protocolSets: readonly (readonly string[])[];
  /** 0: none; else 1 + index in `flowbits` of one without which it can not hold */
  readonly neededBits: Uint16Array;
  readonly flowbits: readonly string[];
  /** see PAYLOAD_NEEDED and its kin in plan-entry.ts */
  readonly payloadBits: Uint8Array;
  /** header fields as written: protocol, source, source ports, direction, destination, destination ports */
  readonly headers: readonly (readonly string[])[];
  readonly groups: readonly BufferGroup[];
  readonly payload: readonly PayloadTables[];
  /** rules decided on packets that no table leads to */
  readonly packetAlways: RuleListData;
  /** rules decided on transactions that no table leads to, and that are asked in this direction */
  readonly transactionAlways: Uint32Array;
  /** rules decided on frames */
  readonly frameRules: Uint32Array;
  readonly addressesOnly: RuleListData;
  readonly protocolOnly: RuleListData;
  /** rules that are asked before there is a flow */
  readonly early: Uint32Array;
  /** fingerprints that rules ask for */
  readonly asksFor: readonly Fingerprint[];
  /** for explanations: rules whose text was refused are not here */
  readonly ruleCount: number;
}

/** Raised whenever the form or the meaning of saved plans changes. */
export const PLAN_VERSION = 27;

export interface RuleSource {
  /** for messages */
  readonly path: string;
  readonly rules: readonly Rule[];
}

export interface PlanProblem {
  readonly path: string;
  readonly rule: Rule;
  readonly diagnostics: readonly Diagnostic[];
}

export interface PlanBuild {
  readonly data: PlanData;
  readonly problems: readonly PlanProblem[];
  readonly loaded: number;
  readonly refused: number;
  /** rules that require what is not there */
  readonly skipped: number;
}

const ACTION_KINDS: Record<Action, ActionKind> = {
  pass: 'pass',
  accept: 'pass',
  config: 'pass',
  drop: 'drop',
  reject: 'reject',
  rejectsrc: 'reject',
  rejectdst: 'reject',
  rejectboth: 'reject',
  alert: 'alert',
};
/** gid * 2^32 + sid is exact below it. */
export const LARGEST_PAIRED_GID = 2 ** 21;
/** So many fit 16 bits. */
const MOST_FLOWBITS = 65_535;
/** Rules that ask for payloads up to this size are not looked for in full-size packets. */
const SMALL_LENGTH = 1024;

export interface PlanOptions {
  /** no tables: every rule is evaluated wherever it could be true. Slow, obvious, and the oracle for the other way. */
  readonly naive?: boolean;
}

/** Enabled rules → plan. Rules with an error are left out and reported; of rules with one gid:sid the highest rev wins. */
export function buildPlan(sources: readonly RuleSource[], catalogue: Catalogue, settings: EngineSettings, options: PlanOptions = {}): PlanBuild {
  const headers = new HeaderResolver(settings);
  const compiler = { catalogue, settings, headers };
  const problems: PlanProblem[] = [];
  const byId = new Map<number | string, PlanEntry>();
  let refused = 0;
  let skipped = 0;
  for (const { path, rules } of sources) {
    for (const rule of rules) {
      if (!rule.enabled) continue;
      const { compiled, diagnostics, missing } = compileRule(rule, compiler);
      if (missing !== undefined) {
        skipped++;
        continue;
      }
      if (diagnostics.length > 0) problems.push({ path, rule, diagnostics });
      if (compiled === undefined) {
        refused++;
        continue;
      }
      // Large generators are beyond what a double holds beside the sid.
      const id = compiled.gid < LARGEST_PAIRED_GID ? compiled.gid * 4294967296 + compiled.sid : `${compiled.gid}:${compiled.sid}`;
      const known = byId.get(id);
      if (known !== undefined) {
        problems.push({ path, rule, diagnostics: [duplicate(rule, known)] });
        if (known.rev >= compiled.rev) {
          refused++;
          continue;
        }
      }
      byId.set(id, entryOf(compiled, options.naive === true));
    }
  }
  const ordered = orderRules([...byId.values()], settings.actionOrder);
  return { data: planOf(ordered, catalogue, settings, options.naive === true), problems, loaded: ordered.length, refused, skipped };
}

function duplicate(rule: Rule, known: PlanEntry): Diagnostic {
  return {
    code: rule.rev > known.rev ? 'rule/replaced-sid' : 'rule/duplicate-sid',
    severity: rule.rev > known.rev ? 'warning' : 'error',
    title: `sid ${rule.sid} is used twice; the higher revision counts (${Math.max(rule.rev, known.rev)})`,
    at: rule.span,
  };
}

/** By what they do (pass before drop before reject before alert, unless the configuration says otherwise); who sets flowbits before who reads them; priority; then as given. */
function orderRules(rules: readonly PlanEntry[], actions: readonly ActionKind[]): PlanEntry[] {
  return rules
    .map((rule, given) => ({ rule, action: actions.indexOf(ACTION_KINDS[rule.action]), given }))
    .sort((a, b) => a.action - b.action || a.rule.bitsRank - b.rule.bitsRank || a.rule.priority - b.rule.priority || a.given - b.given)
    .map(({ rule }) => rule);
}

interface GroupDraft {
  direction: Direction;
  buffer: string;
  rule: number;
  test: number;
  readonly literals: LiteralDraft;
}

interface PayloadDraft {
  readonly place: PayloadPlace;
  readonly direction: Direction;
  readonly all: LiteralDraft;
  smallLength: number;
  readonly small: LiteralDraft;
}

type PayloadDrafts = Map<string, PayloadDraft>;

function planOf(rules: readonly PlanEntry[], catalogue: Catalogue, settings: EngineSettings, naive: boolean): PlanData {
  const count = rules.length;
  const encoder = new TextEncoder();
  const written = rules.map((rule) => rule.text);
  const textStarts = new Uint32Array(count + 1);
  const sids = new Uint32Array(count);
  const gids = new Uint32Array(count);
  const revs = new Uint32Array(count);
  const headerNumbers = new Uint16Array(count);
  const directionBits = new Uint8Array(count);
  const protocolNumbers = new Uint16Array(count);
  const payloadBits = new Uint8Array(count);
  const neededBits = new Uint16Array(count);
  const flowbits = new Map<string, number>();
  const protocolSets = new Map<string, readonly string[]>();
  const headers: string[][] = [];
  const headerNumberOf = new Map<string, number>();
  const groups = new Map<string, GroupDraft>();
  const payload: PayloadDrafts = new Map();
  const packetAlways: number[] = [];
  const transactionAlways: number[] = [];
  const frameRules: number[] = [];
  const addressesOnly: number[] = [];
  const protocolOnly: number[] = [];
  const early: number[] = [];

  let at = 0;
  for (let index = 0; index < count; index++) {
    const rule = rules[index];
    textStarts[index] = at;
    at += byteLength(written[index], encoder);
    sids[index] = rule.sid;
    gids[index] = rule.gid;
    revs[index] = rule.rev;
    const header = rule.header.fields;
    const headerKey = header.join('\n');
    let headerNumber = headerNumberOf.get(headerKey);
    if (headerNumber === undefined) {
      headerNumber = headers.length;
      headerNumberOf.set(headerKey, headerNumber);
      headers.push([...header]);
    }
    headerNumbers[index] = headerNumber;
    for (const direction of rule.directions) directionBits[index] |= 1 << direction;
    if (rule.beforeAll) directionBits[index] |= EARLY;
    if (rule.ofTransaction) directionBits[index] |= OF_TRANSACTION;
    if (rule.neededBit !== undefined && flowbits.size < MOST_FLOWBITS) {
      if (!flowbits.has(rule.neededBit)) flowbits.set(rule.neededBit, flowbits.size + 1);
      neededBits[index] = flowbits.get(rule.neededBit)!;
    }
    payloadBits[index] = rule.payloadBits;
    if (rule.protocols !== undefined) {
      const key = rule.protocols.join();
      protocolSets.set(key, rule.protocols);
      protocolNumbers[index] = 1 + [...protocolSets.keys()].indexOf(key);
    }
    if (rule.ofFrame) {
      frameRules.push(index);
      continue;
    }
    const { found, beside } = rule;
    if (found.by === 'addresses') addressesOnly.push(index);
    else if (found.by === 'protocol') protocolOnly.push(index);
    else if (found.by === 'early') early.push(index);
    else if (found.by === 'payload') addPayload(rule, index, found.literals, payload);
    else if (found.by === 'buffer') addToGroup(rule, index, found, groups, catalogue);
    else (rule.ofTransaction ? transactionAlways : packetAlways).push(index);
    // A payload condition beside transaction buffers is looked for on its own and remembered.
    if (beside === 'always') packetAlways.push(index);
    else if (beside !== undefined) addPayload(rule, index, beside, payload);
  }
  textStarts[count] = at;
  const headerOf = (rule: number): RuleHeader => rules[rule].header;
  return {
    version: PLAN_VERSION,
    fingerprint: catalogue.fingerprint,
    naive,
    texts: textsInMemory(encoder.encode(written.join(''))),
    textStarts,
    sids,
    gids,
    revs,
    headerNumbers,
    directionBits,
    protocolNumbers,
    protocolSets: [...protocolSets.values()],
    neededBits,
    flowbits: [...flowbits.keys()],
    payloadBits,
    headers,
    groups: [...groups.values()].map((draft) => ({
      direction: draft.direction,
      buffer: draft.buffer,
      rule: draft.rule,
      test: draft.test,
      literals: draft.literals.build()!,
    })),
    payload: [...payload.values()].map(({ place, direction, all, smallLength, small }) => ({
      place,
      direction,
      all: all.build(),
      smallLength,
      small: small.build(),
    })),
    packetAlways: buildRuleList(packetAlways, headerOf),
    transactionAlways: Uint32Array.from(transactionAlways),
    frameRules: Uint32Array.from(frameRules),
    addressesOnly: buildRuleList(addressesOnly, headerOf),
    protocolOnly: buildRuleList(protocolOnly, headerOf),
    early: Uint32Array.from(early),
    asksFor: askedFingerprints(written, (script) => settings.dataFiles.read(script)),
    ruleCount: count,
  };
}

/** Rules are nearly all ASCII, where bytes and characters are the same number. */
function byteLength(text: string, encoder: { encode(text: string): Uint8Array }): number {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return encoder.encode(text).length;
  return text.length;
}

function addToGroup(rule: PlanEntry, index: number, found: Found & { readonly by: 'buffer' }, groups: Map<string, GroupDraft>, catalogue: Catalogue): void {
  const { literals, buffer, transformed } = found;
  for (const direction of rule.directions) {
    const key = `${direction}|${transformed ?? buffer}`;
    let draft = groups.get(key);
    if (draft === undefined) {
      const stands = transformed !== undefined;
      const definition = catalogue.buffers.get(buffer);
      const isLong = definition?.of === 'transaction' && definition.shape === 'body';
      draft = { direction, buffer, rule: stands ? index : -1, test: stands ? literals[0].test : -1, literals: new LiteralDraft(isLong) };
      groups.set(key, draft);
    }
    for (const literal of literals) draft.literals.add(literal, index);
  }
}

function addPayload(rule: PlanEntry, index: number, chosen: readonly PrefilterLiteral[], drafts: PayloadDrafts): void {
  for (const place of rule.places) {
    for (const literal of place === 'stream' ? chosen : packetLiterals(chosen, rule.head, place !== 'tcp'))
      addPayloadLiteral(rule, index, place, literal, drafts);
  }
}

function addPayloadLiteral(rule: PlanEntry, index: number, place: PayloadPlace, literal: PrefilterLiteral, drafts: PayloadDrafts): void {
  const within = reachOf(literal);
  for (const direction of rule.directions) {
    const key = `${place}|${direction}`;
    let draft = drafts.get(key);
    if (draft === undefined) {
      draft = { place, direction, all: new LiteralDraft(true), smallLength: 0, small: new LiteralDraft(true) };
      drafts.set(key, draft);
    }
    const isOfHead = within > 0 && within <= HEAD_LENGTH;
    if (!isOfHead && place !== 'stream' && rule.payloadAtMost <= SMALL_LENGTH) {
      draft.smallLength = Math.max(draft.smallLength, rule.payloadAtMost);
      draft.small.add(literal, index);
    } else draft.all.add(literal, index);
  }
}

export interface PlanUse {
  readonly data: PlanData;
  /** compiled rule by index; compiled at the first call */
  rule(index: number): CompiledRule;
  header(headerNumber: number): RuleHeader;
  /** as `buildFirewall` made them; they count where the settings have a firewall */
  readonly firewall?: readonly CompiledRule[];
}

/** Ready a plan (fresh or loaded) for use. Throws only where plan and catalogue do not belong together. */
export function usePlan(data: PlanData, catalogue: Catalogue, settings: EngineSettings): PlanUse {
  if (data.version !== PLAN_VERSION || data.fingerprint !== catalogue.fingerprint)
    throw new Error('this plan was made by another version or with another catalogue');
  const decoder = new TextDecoder();
  const headers = new HeaderResolver(settings);
  const compiler = { catalogue, settings, headers };
  const rules: (CompiledRule | undefined)[] = new Array(data.ruleCount).fill(undefined);
  const resolved: (RuleHeader | undefined)[] = new Array(data.headers.length).fill(undefined);
  return {
    data,
    rule(index) {
      const known = rules[index];
      if (known !== undefined) return known;
      const { rule } = parseRule(decoder.decode(data.texts.read(data.textStarts[index], data.textStarts[index + 1])));
      const compiled = rule === undefined ? undefined : compileRule(rule, compiler).compiled;
      if (compiled === undefined) throw new Error(`rule ${data.sids[index]} of the plan does not compile any more`);
      compiled.index = index;
      rules[index] = compiled;
      return compiled;
    },
    header(headerNumber) {
      resolved[headerNumber] ??= headers.fromFields(data.headers[headerNumber]);
      return resolved[headerNumber]!;
    },
  };
}

/** Is the bit there without which the rule can not hold? A rule of which this is false need not even be compiled. */
export function hasNeededBit({ neededBits, flowbits }: PlanData, rule: number, flow: Flow | undefined): boolean {
  const number = neededBits[rule];
  return number === 0 || flow?.bits?.has(flowbits[number - 1]) === true;
}

/** By number of a set of protocols (0: any): may a rule for it be true on this one? */
export function protocolsFitting({ protocolSets }: PlanData, protocol: string | undefined): Uint8Array {
  return Uint8Array.from([1, ...protocolSets.map((names) => (protocol !== undefined && names.includes(protocol) ? 1 : 0))]);
}

export const DIRECTIONS: readonly Direction[] = [TO_SERVER, TO_CLIENT];
