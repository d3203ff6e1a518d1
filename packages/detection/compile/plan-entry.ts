/**
 * What a plan needs to know of a compiled rule: how it is found, and where it stands in the order. Taken at once, so that
 * the conditions of tens of thousands of rules need not be held together while a plan is made.
 */
import { type Action, type Direction, PAYLOAD, type StateOperation } from '@sigwright/contracts';
import { HEAD_LENGTH } from '../scan/literal-tables.ts';
import type { CompiledRule, PrefilterLiteral } from './compiled-rule.ts';
import type { RuleHeader } from './header.ts';
import { chooseHeadLiteral, chooseLength, choosePatternLiterals, choosePayloadLiteral, choosePayloadPatternLiterals } from './prefilter-choice.ts';

/** Where payload literals are looked for. */
export type PayloadPlace = 'stream' | 'tcp' | 'udp' | 'other';
export const PAYLOAD_PLACES: readonly PayloadPlace[] = ['stream', 'tcp', 'udp', 'other'];

/** The rule has payload conditions; they may look at the stream, at packets. */
export const PAYLOAD_NEEDED = 1;
export const PAYLOAD_IN_STREAM = 2;
export const PAYLOAD_IN_PACKET = 4;

/** How a rule is found, by any of some literals; `always`: no literal leads to it; `early`: before there is a flow. */
export type Found =
  | { readonly by: 'addresses' | 'protocol' | 'always' | 'early' }
  | { readonly by: 'payload'; readonly literals: readonly PrefilterLiteral[] }
  | {
      readonly by: 'buffer';
      readonly literals: readonly PrefilterLiteral[];
      /** the buffer searched, and the key of what is done to its bytes first; undefined: nothing */
      readonly buffer: string;
      readonly transformed: string | undefined;
    };

export interface PlanEntry {
  readonly text: string;
  readonly gid: number;
  readonly sid: number;
  readonly rev: number;
  readonly action: Action;
  readonly priority: number;
  /** who sets bits comes before who reads them */
  readonly bitsRank: number;
  readonly header: RuleHeader;
  /** protocols it may be true on; undefined: any */
  readonly protocols: readonly string[] | undefined;
  readonly directions: readonly Direction[];
  /** it can hold on a transaction of which nothing was read yet */
  readonly beforeAll: boolean;
  readonly payloadBits: number;
  /** a flowbit without which it can not hold */
  readonly neededBit: string | undefined;
  readonly ofTransaction: boolean;
  readonly ofFrame: boolean;
  readonly found: Found;
  /** payload conditions beside buffers of transactions, which are found on their own; `always`: no literal leads to them */
  readonly beside: readonly PrefilterLiteral[] | 'always' | undefined;
  /** for payloads of single packets */
  readonly head: PrefilterLiteral | undefined;
  readonly places: readonly PayloadPlace[];
  /** it holds only for payloads of at most so many bytes */
  readonly payloadAtMost: number;
}

/** `naive`: nothing is looked for, every rule is asked. */
export function entryOf(rule: CompiledRule, naive: boolean): PlanEntry {
  const hasPayload = rule.payload.length > 0;
  const found = foundBy(rule, naive);
  return {
    text: rule.text,
    gid: rule.gid,
    sid: rule.sid,
    rev: rule.rev,
    action: rule.action,
    priority: rule.priority,
    bitsRank: bitsRank(rule),
    header: rule.header,
    protocols: rule.protocols,
    directions: rule.directions,
    beforeAll: rule.transactionConditions.some((one) => one.early === true),
    payloadBits: hasPayload ? PAYLOAD_NEEDED | (rule.inStream ? PAYLOAD_IN_STREAM : 0) | (rule.inPacket ? PAYLOAD_IN_PACKET : 0) : 0,
    neededBit: naive ? undefined : neededBit(rule),
    ofTransaction: rule.ofTransaction,
    ofFrame: rule.frameTests.length > 0,
    found,
    beside: !rule.ofTransaction || !hasPayload ? undefined : naive ? 'always' : found.by === 'payload' ? undefined : foundBeside(rule),
    head: chooseHeadLiteral(rule.payload, HEAD_LENGTH),
    places: placesOf(rule),
    payloadAtMost: Math.min(...rule.packetConditions.map((condition) => condition.payloadAtMost ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY),
  };
}

function foundBy(rule: CompiledRule, naive: boolean): Found {
  if (rule.hook?.of === 'packet' && rule.hook.name === 'pre_flow') return { by: 'early' };
  // With an address taken away it is asked for each packet, as Suricata does.
  if (rule.addressesOnly && !rule.header.negates) return { by: 'addresses' };
  if (rule.protocolOnly) return { by: 'protocol' };
  // A rule that holds in either direction of a transaction has no literal that both would show.
  if (naive || rule.header.fields[3] === '=>') return { by: 'always' };
  const literals = choosePatternLiterals(rule, rule.prefilter, rule.ofTransaction) ?? (rule.prefilter === undefined ? [] : [rule.prefilter]);
  if (literals.length === 0) return foundByLength(rule);
  const [literal] = literals;
  if (literal.where === PAYLOAD) return { by: 'payload', literals };
  if (!rule.ofTransaction) return { by: 'always' };
  const test = rule.bufferTests[literal.test];
  // A suffix is what `dotprefix` makes of a name: the name itself is looked up.
  const plain = test.transforms.length === 0 || literal.shape === 'suffix';
  return {
    by: 'buffer',
    literals,
    buffer: plain ? (test.buffer.sameBytesAs ?? test.buffer.name) : test.buffer.name,
    transformed: plain ? undefined : test.key,
  };
}

function foundByLength({ ofTransaction, bufferTests }: CompiledRule): Found {
  const length = ofTransaction ? chooseLength(bufferTests) : undefined;
  if (length === undefined) return { by: 'always' };
  const { buffer } = bufferTests[length.test];
  return { by: 'buffer', literals: [length], buffer: buffer.sameBytesAs ?? buffer.name, transformed: undefined };
}

function foundBeside({ payload }: CompiledRule): PlanEntry['beside'] {
  const literal = choosePayloadLiteral(payload);
  return choosePayloadPatternLiterals(payload, literal) ?? (literal === undefined ? 'always' : [literal]);
}

function neededBit({ checks }: CompiledRule): string | undefined {
  for (const check of checks)
    if (check.kind === 'bit' && check.scope === 'flow' && check.operation === 'isset' && check.names.length === 1) return check.names[0];
  return undefined;
}

/**
 * Who sets something comes before who sets and reads it, then who reads it, then all others: for bits of flows, then for numbers, texts
 * of flows and of packets, bits of hosts and of pairs of them, of which each counts where those before say nothing.
 */
function bitsRank(rule: CompiledRule): number {
  const captures = [rule.payload, ...rule.bufferTests.map((test) => test.conditions)]
    .flat()
    .flatMap((condition) => (condition.kind === 'pattern' ? condition.captures : []));
  const asks = (keyword: string): boolean => rule.packetConditions.some((one) => one.keyword === keyword);
  const kinds: readonly (readonly [writes: boolean, reads: boolean])[] = [
    ...[isFlowBit, isNumber].map((is) => [rule.changes.some(is), rule.checks.some(is)] as const),
    [captures.some(({ scope }) => scope === 'flow'), asks('flowvar')],
    [captures.some(({ scope }) => scope === 'packet'), asks('pktvar')],
    ...[isHostBit, isPairBit].map((is) => [rule.changes.some(is), rule.checks.some(is)] as const),
  ];
  return kinds.reduce((rank, [writes, reads]) => rank * 4 + (writes ? (reads ? 1 : 0) : reads ? 2 : 3), 0);
}

function isFlowBit(one: StateOperation): boolean {
  return one.kind === 'bit' && one.scope === 'flow';
}

function isNumber(one: StateOperation): boolean {
  return one.kind === 'integer';
}

function isHostBit(one: StateOperation): boolean {
  return one.kind === 'bit' && (one.scope === 'source' || one.scope === 'destination' || one.scope === 'both');
}

function isPairBit(one: StateOperation): boolean {
  return one.kind === 'bit' && one.scope === 'pair';
}

/** Where the payload of a rule can be found, by what its header lets through. */
function placesOf(rule: CompiledRule): PayloadPlace[] {
  const places: PayloadPlace[] = [];
  const { transports } = rule.header;
  if (transports.tcp) {
    if (rule.inStream) places.push('stream');
    if (rule.inPacket) places.push('tcp');
  }
  if (transports.udp) places.push('udp');
  if (transports.other) places.push('other');
  return places;
}
