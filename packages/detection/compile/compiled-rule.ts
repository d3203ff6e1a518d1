/**
 * One rule, ready to be evaluated: plain data and the functions of its conditions. Made from the rule's text by
 * `compile-rule.ts`, for every rule when a plan is built and again, lazily, for the few rules that become candidates when a
 * saved plan is used.
 */
import type {
  Action,
  ActionScope,
  BytesCondition,
  ConfigChange,
  Direction,
  FrameBuffer,
  PacketBuffer,
  PacketCondition,
  RuleEffect,
  ScopedAction,
  ScriptCondition,
  StateOperation,
  TagDemand,
  Threshold,
  TransactionBuffer,
  TransactionCondition,
  TransformDefinition,
} from '@sigwright/contracts';
import type { RuleHeader } from './header.ts';
import type { RuleHook } from './hook.ts';

export interface AppliedTransform {
  readonly definition: TransformDefinition<never>;
  readonly argument: never;
}

/** One list of conditions on one buffer. */
export interface BufferTest<Buffer> {
  readonly buffer: Buffer;
  readonly transforms: readonly AppliedTransform[];
  /** names buffer and transforms, for caching transformed bytes */
  readonly key: string;
  readonly conditions: readonly BytesCondition[];
  /** matches where the buffer is not there */
  readonly absent: 'no' | 'only' | 'or_else';
}

export interface FlowDemands {
  readonly established: boolean;
  readonly notEstablished: boolean;
  readonly stateless: boolean;
  /** undefined: both */
  readonly direction: Direction | undefined;
  readonly onlyStream: boolean;
  readonly noStream: boolean;
  readonly onlyFragments: boolean;
  readonly noFragments: boolean;
  /** any `flow:` keyword at all: needs a flow */
  readonly any: boolean;
}

/** A literal that must occur, in this buffer, for the rule to be true: what the prefilter looks for. */
export interface PrefilterLiteral {
  /** `payload`, or the key of a buffer test */
  readonly where: string;
  /** index into bufferTests or packetBufferTests; -1 for payload */
  readonly test: number;
  readonly bytes: Uint8Array;
  readonly nocase: boolean;
  /**
   * whole: the buffer equals it · suffix: the buffer is it, or ends in `.` + it · anywhere · placed: too short for grams, but
   * at a fixed place · short: too short for grams, anywhere · length: no bytes at all, but how many the buffer has
   */
  readonly shape: 'whole' | 'suffix' | 'anywhere' | 'placed' | 'short' | 'length';
  /** placed: distance from the beginning of the buffer; length: the least */
  readonly offset: number;
  /** the literal lies within the first `within` bytes of the buffer; 0: no such bound; length: the most */
  readonly within: number;
}

export interface AnomalyDemand {
  readonly owner: 'decoder' | 'stream' | 'application' | 'recognition';
  readonly name: string;
}

export interface CompiledRule {
  /** position in the order of evaluation; set when the plan is ordered */
  index: number;
  readonly text: string;
  readonly gid: number;
  readonly sid: number;
  readonly rev: number;
  readonly message: string;
  readonly action: Action;
  /** as written; undefined: what kind of rule it is decides */
  readonly scope: ActionScope | undefined;
  readonly furtherActions: readonly ScopedAction[];
  /** where it stands in the course of a packet or a transaction; undefined: its conditions decide */
  readonly hook: RuleHook | undefined;
  /** it asks for its hook alone: it holds whenever something happens there */
  readonly repeats: boolean;
  readonly header: RuleHeader;
  /** application protocols it may be true on; undefined: any */
  readonly protocols: readonly string[] | undefined;
  readonly flow: FlowDemands;
  readonly packetConditions: readonly PacketCondition[];
  readonly payload: readonly BytesCondition[];
  /** where payload conditions look */
  readonly inPacket: boolean;
  readonly inStream: boolean;
  /** never at packets whose payload the stream does not have either */
  readonly onlyInStream: boolean;
  readonly packetBufferTests: readonly BufferTest<PacketBuffer>[];
  readonly bufferTests: readonly BufferTest<TransactionBuffer>[];
  /** frames it looks at, all of one kind; such a rule looks at nothing else of the application */
  readonly frameTests: readonly BufferTest<FrameBuffer>[];
  readonly transactionConditions: readonly TransactionCondition[];
  /** asked last */
  readonly scripts: readonly ScriptCondition[];
  readonly anomalies: readonly AnomalyDemand[];
  /** decided on a transaction (else on a packet) */
  readonly ofTransaction: boolean;
  /** directions in which it can be true */
  readonly directions: readonly Direction[];
  readonly checks: readonly StateOperation[];
  readonly changes: readonly StateOperation[];
  readonly thresholds: readonly Threshold[];
  readonly tags: readonly TagDemand[];
  readonly effects: readonly RuleEffect[];
  /** it does nothing but set these flowbits: where they are set, it need not be asked again */
  readonly onlySets: readonly string[] | undefined;
  readonly noAlert: boolean;
  /** what it changes about what it matched */
  readonly config: ConfigChange | undefined;
  /** a match ends all looking at the flow */
  readonly bypass: boolean;
  readonly target: 'src_ip' | 'dest_ip' | undefined;
  readonly classtype: string;
  readonly priority: number;
  readonly references: readonly { readonly type: string; readonly value: string }[];
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
  readonly variableCount: number;
  readonly prefilter: PrefilterLiteral | undefined;
  /** what it decides, it decides about the whole flow, not about a packet */
  readonly ofFlow: boolean;
  /** only addresses, ports and protocol: decided once per flow and direction */
  readonly addressesOnly: boolean;
  /** only the application protocol: decided once, when it is recognised */
  readonly protocolOnly: boolean;
}
