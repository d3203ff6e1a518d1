/**
 * Is one rule true here? Evaluates a candidate completely: nothing the prefilter found is believed. Cheap tests first:
 * header, flow, packet fields, flow bits, then bytes.
 */
import {
  type BufferWindow,
  type BytesCondition,
  type Capture,
  type Catalogue,
  type Direction,
  emptyWindow,
  type Flow,
  type Inspection,
  type Packet,
  type ScriptCondition,
  type StateOperation,
  TCP,
  type Transaction,
} from '@sigwright/contracts';
import type { BufferTest, CompiledRule, FlowDemands } from '../compile/compiled-rule.ts';
import { headerMatches } from '../compile/header.ts';
import type { HostState } from './host-state.ts';
import { type InspectionRecorder, Inspector, newInspection } from './inspector.ts';
import { ScriptedRule } from './scripted-rule.ts';

/** Variables a rule may define; the inspection state is made once for all rules. */
const MOST_VARIABLES = 64;
/** Texts that rules capture for one flow, or one packet. */
const MOST_CAPTURED = 64;

/** Bytes of one direction of a stream. */
export interface StreamChunk {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** stream offset of `start` */
  offset: number;
}

export class RuleEvaluation {
  /** rules evaluated so far */
  count = 0;
  /** did the last packetRule that held look at the stream? */
  foundInStream = false;
  readonly #state: HostState;
  readonly #inspector = new Inspector();
  readonly #inspection: Inspection = newInspection(MOST_VARIABLES);
  readonly #window: BufferWindow = emptyWindow();
  readonly #script: ScriptedRule;
  /** the chunk of the stream that is inspected with this packet; empty where there is none */
  readonly stream: StreamChunk = { bytes: this.#window.bytes, start: 0, end: 0, offset: 0 };
  /** set while explaining */
  recorder: InspectionRecorder | undefined = undefined;

  constructor(state: HostState, catalogue: Catalogue) {
    this.#state = state;
    this.#script = new ScriptedRule(catalogue, this.#inspection.variables);
  }

  noStream(): void {
    this.stream.start = this.stream.end = 0;
  }

  /** The chunk of the stream that is inspected with this packet; `offset` is the stream offset of `start`. */
  setStream(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const { stream } = this;
    stream.bytes = bytes;
    stream.start = start;
    stream.end = end;
    stream.offset = offset;
  }

  get hasStream(): boolean {
    return this.stream.end > this.stream.start;
  }

  /** A rule without transaction parts, on a packet and the chunk set before. */
  packetRule(rule: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
    this.count++;
    this.foundInStream = false;
    this.forgetNotes();
    if (!this.headerAndFlow(rule, packet, flow)) return false;
    if (!this.packetConditions(rule, packet, flow)) return false;
    if (!this.stateHolds(rule, packet, flow, undefined)) return false;
    for (const demand of rule.anomalies) {
      const name = demand.owner === 'stream' && !demand.name.startsWith('stream.') ? `stream.${demand.name}` : demand.name;
      if (!packet.anomalies.includes(name)) return false;
    }
    if (!this.packetBuffersHold(rule, packet, flow)) return false;
    if (rule.payload.length > 0 && !this.payloadHolds(rule, packet, flow)) return false;
    return rule.scripts.length === 0 || this.scriptsHold(rule, packet, flow, undefined, packet.direction);
  }

  /** One of them. */
  scriptHolds(
    rule: CompiledRule,
    script: ScriptCondition,
    packet: Packet,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
    direction: Direction,
  ): boolean {
    return script.test(this.#script.on(rule, packet, flow, transaction, direction));
  }

  /** The programs of a rule of which everything else holds. */
  scriptsHold(rule: CompiledRule, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, direction: Direction): boolean {
    return this.#script.holds(rule, packet, flow, transaction, direction);
  }

  /** Only header and payload of a rule that is otherwise decided on transactions. */
  payloadOnly(rule: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
    this.count++;
    return this.headerAndFlow(rule, packet, flow) && this.payloadHolds(rule, packet, flow);
  }

  packetBuffersHold(rule: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
    for (const test of rule.packetBufferTests) {
      if (!test.buffer.read(packet, this.#window)) return false;
      if (!this.bytesHold(test, packet, flow, undefined, packet.direction)) return false;
    }
    return true;
  }

  /** What the conditions of the rule evaluated last had to tell. */
  get notes(): Record<string, unknown> | undefined {
    return this.#inspection.notes;
  }

  forgetNotes(): void {
    this.#inspection.notes = undefined;
    this.#inspection.captured = undefined;
  }

  headerAndFlow(rule: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
    if (!headerMatches(rule.header, packet)) return false;
    return flowHolds(rule, packet, flow);
  }

  packetConditions(rule: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
    const conditions = rule.packetConditions;
    for (let at = 0; at < conditions.length; at++) if (!conditions[at].test(packet, flow)) return false;
    return true;
  }

  stateHolds(rule: CompiledRule, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined): boolean {
    const checks = rule.checks;
    for (let at = 0; at < checks.length; at++) if (!this.#state.holds(checks[at], packet, flow, transaction)) return false;
    return true;
  }

  checkHolds(check: StateOperation, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined): boolean {
    return this.#state.holds(check, packet, flow, transaction);
  }

  /** State changes of a rule that was found true. */
  matched(rule: CompiledRule, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined): void {
    const { changes, effects } = rule;
    if (this.#inspection.captured !== undefined) this.#keep(this.#inspection.captured, packet, flow);
    for (let at = 0; at < changes.length; at++) this.#state.apply(changes[at], packet, flow, transaction);
    if (flow !== undefined) for (let at = 0; at < effects.length; at++) effects[at].apply(flow, transaction, packet.direction);
    if (rule.bypass && flow !== undefined) flow.bypassed = true;
    if (rule.config === 'transaction-unlogged' && transaction !== undefined) transaction.unrecorded = true;
    else if (rule.config === 'packet-untracked') packet.isUntracked = true;
  }

  /** What patterns captured goes where the rule wants it; names that come often are kept once, with their last text. */
  #keep(captured: ReadonlyMap<Capture, string>, packet: Packet, flow: Flow | undefined): void {
    // Of packets, `key` and `value` are one text with the name that the other one gave.
    let key: string | undefined;
    for (const [{ scope, name }, text] of captured) {
      if (scope === 'packet' && name === 'key') key = text;
      else if (scope === 'alert') this.#inspection.notes = { ...this.#inspection.notes, [name]: text };
      else if (scope === 'packet') {
        const called = name === 'value' ? key : name;
        if (called !== undefined && packet.captured.length < MOST_CAPTURED) packet.captured.push([called, text]);
      } else if (flow !== undefined) {
        flow.captured ??= new Map();
        if (flow.captured.size < MOST_CAPTURED || flow.captured.has(name)) flow.captured.set(name, text);
      }
    }
  }

  /** Payload conditions: in the chunk of the stream, or in the packet where the rule looks there or the stream does not have it. */
  payloadHolds(rule: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
    const inspection = this.#inspection;
    inspection.packet = packet;
    inspection.flow = flow;
    inspection.transaction = undefined;
    inspection.direction = packet.direction;
    if (rule.inStream && this.hasStream) {
      const { bytes, start, end, offset } = this.stream;
      inspection.bytes = bytes;
      inspection.start = start;
      inspection.end = end;
      inspection.streamOffset = offset;
      // A chunk ends where the stream ends so far: `endswith` looks there.
      inspection.complete = true;
      if (this.#inspector.inspect(rule.payload, inspection, this.recorder)) {
        this.foundInStream = true;
        return true;
      }
    }
    if (packet.payloadEnd <= packet.payloadStart) return false;
    if (packet.protocol === TCP && (rule.onlyInStream || (!rule.inPacket && packet.inStream))) return false;
    inspection.bytes = packet.data;
    inspection.start = packet.payloadStart;
    inspection.end = packet.payloadEnd;
    inspection.streamOffset = 0;
    inspection.complete = true;
    return this.#inspector.inspect(rule.payload, inspection, this.recorder);
  }

  /** Conditions of one buffer test on `window`, which the caller filled and transformed. */
  windowHolds(
    conditions: readonly BytesCondition[],
    window: BufferWindow,
    packet: Packet,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
    direction: Direction,
  ): boolean {
    const inspection = this.#inspection;
    inspection.packet = packet;
    inspection.flow = flow;
    inspection.transaction = transaction;
    inspection.direction = direction;
    inspection.bytes = window.bytes;
    inspection.start = window.start;
    inspection.end = window.end;
    inspection.streamOffset = window.offset;
    inspection.complete = window.complete;
    return this.#inspector.inspect(conditions, inspection, this.recorder);
  }

  bytesHold(test: BufferTest<unknown>, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, direction: Direction): boolean {
    applyTransforms(test, this.#window);
    return this.windowHolds(test.conditions, this.#window, packet, flow, transaction, direction);
  }
}

/** What `flow:` asks for beside the direction. */
export function holdsOnPacket(demands: FlowDemands, packet: Packet): boolean {
  if (demands.established && !packet.flowEstablished) return false;
  if (demands.notEstablished && packet.flowEstablished) return false;
  return packet.isRebuilt ? !demands.noFragments : !demands.onlyFragments;
}

/** What `flow:` and the protocol ask for. */
export function flowHolds(rule: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
  const demands = rule.flow;
  if (demands.any) {
    if (!holdsOnPacket(demands, packet)) return false;
    if (demands.direction !== undefined && (flow === undefined || packet.direction !== demands.direction)) return false;
  }
  if (rule.protocols !== undefined) {
    const spoken = flow?.applicationProtocol;
    // Most rules name one.
    if (spoken === undefined || (rule.protocols[0] !== spoken && !rule.protocols.includes(spoken))) return false;
  }
  return true;
}

/** Replace the window's bytes by their transformed form. */
export function applyTransforms(test: BufferTest<unknown>, window: BufferWindow): void {
  if (test.transforms.length === 0) return;
  let bytes = window.start === 0 && window.end === window.bytes.length ? window.bytes : window.bytes.subarray(window.start, window.end);
  for (const { definition, argument } of test.transforms) bytes = definition.transform(bytes, argument);
  window.bytes = bytes;
  window.start = 0;
  window.end = bytes.length;
  window.offset = 0;
}
