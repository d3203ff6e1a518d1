/**
 * What a compiled rule tests. Bytes conditions stand in lists, one list per buffer the rule reads, in the order written;
 * the others are plain predicates. Conditions are plain data with at most one function each: never a closure per byte.
 */

import type { Contradiction } from './diagnostic.ts';
import type { Direction } from './direction.ts';
import type { Flow } from './flow.ts';
import type { Packet } from './packet.ts';
import type { Transaction } from './transaction.ts';

/** A number written in the rule, or the index of a variable set by byte_extract, byte_math and their kin. */
export type Quantity = number | { readonly variable: number };

export interface ContentCondition {
  readonly kind: 'content';
  bytes: Uint8Array;
  negated: boolean;
  nocase: boolean;
  offset: Quantity | undefined;
  depth: Quantity | undefined;
  distance: Quantity | undefined;
  within: Quantity | undefined;
  startsWith: boolean;
  endsWith: boolean;
  fastPattern: boolean;
  /** `fast_pattern:only` in old rules: the prefilter's find is enough */
  fastPatternOnly: boolean;
  /** `fast_pattern:offset,length` */
  fastPatternSlice: { readonly offset: number; readonly length: number } | undefined;
}

export interface PatternMatch {
  /** absolute positions in the bytes given */
  start: number;
  end: number;
  /** start and end of the whole and of each capture group from 1, -1 where it took no part; present where the pattern has groups */
  groups: Int32Array | undefined;
}

/** Bytes that a pattern asks for. */
export interface PatternLiteral {
  /** in lower case where case does not count */
  readonly bytes: Uint8Array;
  readonly nocase: boolean;
}

/** A compiled regular expression. Bounded in time: gives up after a fixed number of steps. */
export interface BytePattern {
  readonly source: string;
  /** First match whose start is at or after `from` within bytes[start, end); `start` is where `^` matches. Undefined: none, or gave up. */
  match(bytes: Uint8Array, start: number, end: number, from: number): PatternMatch | undefined;
  /** has the last match been given up, for want of steps? */
  readonly gaveUp?: boolean;
  /** how its time may grow with the buffer on an engine that backtracks without a limit, as PCRE does */
  readonly growth?: 'linear' | 'polynomial' | 'exponential';
  /** the same as a JavaScript RegExp without flags, over one character a byte; undefined where that can not be said */
  readonly script?: string | undefined;
  /** Sets of literals of at least `shortest` bytes: bytes in which it matches, its look-arounds included, hold a member of each set. */
  literals?(shortest: number): readonly (readonly PatternLiteral[])[];
  /** The bytes that can stand at each of the first places of a match: 256 flags a place. */
  beginning?(): readonly Uint8Array[];
  /**
   * Bytes that it is likely to match, for traffic that is made up; the caller checks. `below(n)` draws a number from 0 to n - 1,
   * `wanted` are texts that should stand in them where a gap has room.
   */
  example?(below: (limit: number) => number, wanted: readonly Uint8Array[]): Uint8Array;
}

export interface PatternCondition {
  readonly kind: 'pattern';
  readonly pattern: BytePattern;
  readonly negated: boolean;
  /** starts where the match before it ended (`R`); `^` matches there */
  readonly relative: boolean;
  /** capture groups to keep where the rule is true */
  readonly captures: readonly Capture[];
}

/** A group of a pattern whose text is kept: with the flow, with the packet, or with the alert. */
export interface Capture {
  readonly group: number;
  readonly scope: 'flow' | 'packet' | 'alert';
  readonly name: string;
}

/** The state of one inspection of one buffer, handed to byte tests. Reused: keep no reference. */
export interface Inspection {
  bytes: Uint8Array;
  /** the buffer is bytes[start, end) */
  start: number;
  end: number;
  /** absolute position after the last match; `start` before the first */
  cursor: number;
  /** values of the rule's variables, by index */
  readonly variables: Float64Array;
  /** how many bytes of the stream or body came before `start` */
  streamOffset: number;
  /** is `end` the true end of the buffer (nothing more will come)? */
  complete: boolean;
  direction: Direction;
  packet: Packet | undefined;
  flow: Flow | undefined;
  transaction: Transaction | undefined;
  /** what tests have to tell beside their answer, shown with the alert (`context`); emptied for each rule */
  notes: Record<string, unknown> | undefined;
  /** what groups of patterns matched last; emptied for each rule */
  captured: Map<Capture, string> | undefined;
}

/** What was there where a condition did not hold. */
export interface Measured {
  /** a sentence for a person, without a final dot: `it is 20` */
  readonly words: string;
  /** where the option compares one number */
  readonly value?: number;
}

/** A test at or from the cursor, such as byte_test or isdataat. It may move the cursor or set variables. */
export interface BytesTest {
  readonly kind: 'test';
  readonly keyword: string;
  /** does it start at the cursor? A relative test is retried where the content before it matches again */
  readonly relative: boolean;
  /** the cursor stays where it is */
  readonly keepsCursor?: boolean;
  /** asking it changes what others are told, whatever their flow */
  readonly remembers?: boolean;
  /** words for a person, for example `2 bytes at 4 are above 1000` */
  readonly describes: string;
  /** for analyses of rules: its parts */
  readonly shown?: Readonly<Record<string, unknown>>;
  /** smallest buffer length at which it can be true, for early rejection; 0 if unknown */
  readonly minimumLength?: number;
  /** exact or bounded whole-buffer length, for `bsize` and `urilen` (prefilter by value) */
  readonly exactLength?: number;
  /** how many bytes the buffer has at least and at most where it holds */
  readonly lengths?: { readonly least: number; readonly most: number };
  /** asked once all conditions of its buffer are known: does it leave them room? */
  contradicts?(conditions: readonly BytesCondition[]): Contradiction | undefined;
  /** for explanations; asked right after `test` was false, with the same state */
  measured?(inspection: Inspection): Measured | undefined;
  test(inspection: Inspection): boolean;
}

/**
 * Bytes decoded from the current buffer and searched by the conditions that follow (base64_decode + base64_data).
 * `decode` gives the new bytes or undefined where nothing could be decoded.
 */
export interface BytesDecode {
  readonly kind: 'decode';
  readonly keyword: string;
  readonly describes: string;
  decode(inspection: Inspection): Uint8Array | undefined;
  /** filled by the following sticky keyword */
  readonly conditions: BytesCondition[];
}

export type BytesCondition = ContentCondition | PatternCondition | BytesTest | BytesDecode;

export interface PacketCondition {
  readonly keyword: string;
  readonly describes: string;
  /** cheap ones first: 1 a field compare, 5 a table look-up, 20 a search */
  readonly cost: number;
  /** looks at addresses alone: a rule with nothing else is decided once per flow and direction */
  readonly addressesOnly?: boolean;
  /** true or false for good as soon as it is known what is spoken */
  readonly onceRecognised?: boolean;
  /** the transport protocol tells its answer, so that it is asked once for all packets of a flow */
  readonly ofProtocol?: boolean;
  /** is its answer for this packet that for every packet of its kind, see `packetKind`? */
  ofKind?(packet: Packet): boolean;
  /** it can only be true for payloads of at most this many bytes: spares the search in longer ones */
  readonly payloadAtMost?: number;
  /** asked once all conditions on the payload are known: does it leave them room? */
  contradicts?(payload: readonly BytesCondition[]): Contradiction | undefined;
  /** for analyses of rules: what it compares with, under the keyword's short name */
  readonly shown?: Readonly<Record<string, unknown>>;
  /** for explanations */
  measured?(packet: Packet, flow: Flow | undefined): Measured | undefined;
  /** direction: of this packet within its flow */
  test(packet: Packet, flow: Flow | undefined): boolean;
}

export interface TransactionCondition {
  readonly keyword: string;
  readonly describes: string;
  /** protocol whose transactions it reads */
  readonly protocol: string;
  /** the transaction's progress at which it can be decided, see ProtocolDefinition.progress; the direction is the one being inspected */
  readonly progress: number;
  /** progress from which it holds for good or not at all; before, what does not hold yet may come to hold (another entry of a list) */
  readonly settledAt?: number;
  /** directions in which it can be decided */
  readonly directions: readonly Direction[];
  /** true where it can hold before the protocol read anything of the direction */
  readonly early?: boolean;
  /** for explanations */
  measured?(transaction: Transaction, direction: Direction, flow: Flow): Measured | undefined;
  test(transaction: Transaction, direction: Direction, flow: Flow): boolean;
}

export type StateScope = 'flow' | 'source' | 'destination' | 'both' | 'pair' | 'transaction';

/** flowbits, xbits, hostbits. `names` are alternatives (`isset,a|b`). */
export interface BitOperation {
  readonly kind: 'bit';
  readonly operation: 'set' | 'unset' | 'toggle' | 'isset' | 'isnotset';
  readonly names: readonly string[];
  readonly scope: StateScope;
  /** seconds; xbits and hostbits only */
  readonly expire: number;
}

export interface IntegerOperation {
  readonly kind: 'integer';
  readonly name: string;
  readonly operation: '=' | '+' | '-' | '<' | '>' | '<=' | '>=' | '==' | '!=' | 'isset' | 'notset' | 'isnotset';
  readonly operand: number | string;
}

export type StateOperation = BitOperation | IntegerOperation;

export interface Threshold {
  readonly type: 'limit' | 'threshold' | 'both' | 'detection' | 'backoff' | 'rate';
  readonly track: 'by_src' | 'by_dst' | 'by_both' | 'by_rule' | 'by_flow';
  readonly count: number;
  readonly seconds: number;
  /** backoff only */
  readonly multiplier?: number;
  /** detection only: not matches are counted, but the ports among them that differ */
  readonly unique?: 'src_port' | 'dst_port';
  /** rate_filter only */
  readonly newAction?: string;
  readonly timeout?: number;
}

/** What a script is asked about. Reused: keep no reference. */
export interface ScriptContext {
  packet: Packet | undefined;
  flow: Flow | undefined;
  transaction: Transaction | undefined;
  direction: Direction;
  /** values of the rule's variables, by index */
  readonly variables: Float64Array;
  readonly rule: ScriptRule | undefined;
  /** A buffer of the transaction, the first one where it has several; where no direction is said, of the one that is looked at, else of the other. */
  buffer(name: string, direction?: Direction): Uint8Array | undefined;
  /** All of a buffer that may be there several times. */
  buffers(name: string, direction: Direction): readonly Uint8Array[];
  /** What the protocol gives to scripts of the transaction: what its record would show, where it says nothing else. */
  record(): Record<string, unknown> | undefined;
  /** Names and values of the header of what the transaction carries, as they were written. */
  fields(): readonly (readonly [name: string, value: string])[];
  /** that an output is run for */
  readonly file: ScriptFile | undefined;
}

/** A file as scripts of outputs see it. */
export interface ScriptFile {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly state: string;
  readonly isStored: boolean;
  /** in hex, by name of the digest; of those that were made */
  readonly digests: Readonly<Record<string, string>>;
}

/** The rule that asks, as scripts may see it. */
export interface ScriptRule {
  readonly gid: number;
  readonly sid: number;
  readonly rev: number;
  readonly message: string;
  readonly action: string;
  readonly priority: number;
  /** the classtype, or what the classification file says of it */
  readonly classification: string;
}

/** A program of the rule's own, asked when everything else holds. */
export interface ScriptCondition {
  readonly keyword: string;
  readonly describes: string;
  test(context: ScriptContext): boolean;
}

/** What a rule that was found true does beside telling of it: files are stored, records left out. */
export interface RuleEffect {
  readonly keyword: string;
  readonly describes: string;
  /** transaction: undefined where the rule was decided on a packet */
  apply(flow: Flow, transaction: Transaction | undefined, direction: Direction): void;
}

/** `tag`: packets of the flow or host that are recorded after the alert. */
export interface TagDemand {
  readonly scope: 'session' | 'host';
  readonly limit: number;
  readonly metric: 'packets' | 'bytes' | 'seconds';
  /** which end of the packet that alerted is the host */
  readonly side: 'source' | 'destination';
}

/** A line of threshold.config: a threshold for signatures that have none, or alerts that are not told. */
export interface GlobalThreshold {
  /** 0: every generator, every signature */
  readonly gid: number;
  readonly sid: number;
  readonly threshold: Threshold | undefined;
  /** `addresses` as in a rule header; empty: whatever the addresses are */
  readonly suppress: { readonly side: 'source' | 'destination' | 'either'; readonly addresses: string } | undefined;
}

/** What a rule changes about what it matched: its transaction is not recorded; no flow is made for its packet (before flows alone). */
export const CONFIG_CHANGES = ['transaction-unlogged', 'packet-untracked'] as const;
export type ConfigChange = (typeof CONFIG_CHANGES)[number];

export type FlowDemand = 'established' | 'not_established' | 'stateless' | 'to_server' | 'to_client' | 'only_stream' | 'no_stream' | 'only_frag' | 'no_frag';
