/**
 * Rules that are decided on packets and on pieces of streams, and those on transactions as far as they ask about payloads. What headers and
 * literals lead to is sorted by rule number, then asked.
 */
import { type Catalogue, type Direction, type EngineSettings, FLOW_ESTABLISHED, type Flow, type Packet, SYN, type Transaction } from '@sigwright/contracts';
import type { StreamSide } from '@sigwright/traffic';
import { hasNeededBit, OF_TRANSACTION, type PlanUse } from '../compile/plan.ts';
import type { Explainer } from '../explain/explainer.ts';
import type { AlertQueue } from './alert-queue.ts';
import { Candidates } from './candidates.ts';
import { HeaderRows } from './fitting-headers.ts';
import type { FlowDetection } from './flow-detection.ts';
import { PacketRules } from './packet-rules.ts';
import { PayloadAnswers, type PayloadFound } from './payload-parts.ts';
import { PayloadScanner, type PayloadSearch } from './payload-scanner.ts';
import type { RuleEvaluation } from './rule-evaluation.ts';
import type { RuleProfile } from './rule-profile.ts';
import type { TransactionInspector } from './transaction-inspector.ts';

const NO_RULES = new Uint32Array(0);

export class PacketInspector {
  readonly #plan: PlanUse;
  readonly #catalogue: Catalogue;
  readonly #inline: boolean;
  /** bytes of a stream that are waited for, by direction */
  readonly #chunks: readonly [number, number];
  readonly #evaluation: RuleEvaluation;
  readonly #alerts: AlertQueue;
  readonly #transactions: TransactionInspector;
  readonly #candidates: Candidates;
  readonly #headers: HeaderRows;
  readonly #payload: PayloadScanner;
  readonly #answers: PayloadAnswers;
  readonly rules: PacketRules;
  /** nobody counts matches of rules that do not alert */
  repeatsInVain = false;
  /** set while rules are profiled */
  profile: RuleProfile | undefined = undefined;
  explainer: Explainer | undefined = undefined;

  constructor(
    plan: PlanUse,
    catalogue: Catalogue,
    { inline, stream }: EngineSettings,
    evaluation: RuleEvaluation,
    alerts: AlertQueue,
    transactions: TransactionInspector,
  ) {
    this.#plan = plan;
    this.#catalogue = catalogue;
    this.#inline = inline;
    this.#chunks = [stream.chunkToServer, stream.chunkToClient];
    this.#evaluation = evaluation;
    this.#alerts = alerts;
    this.#transactions = transactions;
    this.#candidates = new Candidates(plan.data.ruleCount);
    this.#headers = HeaderRows.of(plan);
    this.#payload = PayloadScanner.of(plan);
    this.#answers = PayloadAnswers.of(plan);
    this.rules = PacketRules.of(plan);
  }

  /** Rules that literals or headers led to, until now. */
  get candidates(): number {
    return this.#candidates.total;
  }

  /** What a flow begins with. */
  get nothingFound(): PayloadFound {
    return this.#answers.nothingFound;
  }

  /** Rules that are asked before the packet has a flow. */
  early(packet: Packet): void {
    for (const index of this.#plan.data.early) {
      const rule = this.#plan.rule(index);
      if (this.#evaluation.packetRule(rule, packet, undefined)) this.#evaluation.matched(rule, packet, undefined, undefined);
    }
  }

  /** Takes the bytes of the stream that are inspected with this packet, and looks for what rules wait for in them. */
  readStream(packet: Packet, flow: Flow | undefined, detection: FlowDetection | undefined, side: StreamSide | undefined): void {
    const candidates = this.#candidates;
    const evaluation = this.#evaluation;
    const { direction } = packet;
    candidates.clear();
    evaluation.noStream();
    if (side === undefined || side.opaque) return;
    const { beforeGap } = side;
    if (beforeGap !== undefined) {
      // What came later is looked at with the next packet.
      side.beforeGap = undefined;
      const { bytes, offset } = beforeGap;
      evaluation.setStream(bytes, 0, bytes.length, offset);
      if (!this.#payload.isEmpty) this.#payload.stream(this.#search(packet, flow!, detection!), bytes, 0, bytes.length, offset, candidates);
      return;
    }
    const upTo = side.readable(this.#inline);
    if (this.#inline && packet.inStream && !packet.isPseudo) {
      this.#inspectAround(packet, flow!, side, detection!, upTo);
      return;
    }
    if (!this.#chunkReady(packet, flow!, side, direction, upTo, detection!)) return;
    const from = side.searched > side.base ? side.searched : side.base;
    evaluation.setStream(side.bytes, from - side.base, upTo - side.base, from);
    if (!this.#payload.isEmpty) this.#payload.stream(this.#search(packet, flow!, detection!), side.bytes, from - side.base, upTo - side.base, from, candidates);
    side.searched = upTo;
    detection!.flush &= ~(1 << direction);
  }

  /** The rules that its headers, its payload and the bytes just taken lead to. */
  inspect(packet: Packet, detection: FlowDetection | undefined, side: StreamSide | undefined): void {
    const candidates = this.#candidates;
    const evaluation = this.#evaluation;
    const { flow, direction } = packet;
    const hasPayload = packet.payloadEnd > packet.payloadStart && side?.opaque !== true;
    this.rules.collect(packet, flow, detection, evaluation.stream, hasPayload, candidates);
    if (!hasPayload || this.#payload.isEmpty) {
      // Nothing is looked for.
    } else if (flow !== undefined && detection !== undefined) this.#payload.packet(this.#search(packet, flow, detection), packet, candidates);
    else this.#payload.alone(packet, candidates);
    this.explainer?.packet(packet, flow, evaluation);
    if (candidates.count === 0) return;
    candidates.sort();
    this.#answers.begin();
    let isTouched = false;
    const { directionBits, headerNumbers } = this.#plan.data;
    const fits = detection === undefined ? undefined : detection.of(direction).headers(this.#headers, packet).flags;
    const known = detection?.known(direction)?.payloadFound?.sorted ?? NO_RULES;
    let nextKnown = 0;
    for (let at = 0; at < candidates.count; at++) {
      const index = candidates.at(at);
      if (fits !== undefined && fits[headerNumbers[index]] === 0) continue;
      // The payload part of a rule on transactions is looked for whatever is set. Found once, it is found for all transactions of the flow.
      if ((directionBits[index] & OF_TRANSACTION) === 0) {
        if (!hasNeededBit(this.#plan.data, index, flow)) continue;
      } else {
        while (nextKnown < known.length && known[nextKnown] < index) nextKnown++;
        if (known[nextKnown] === index) continue;
      }
      const rule = this.#plan.rule(index);
      if (rule.ofTransaction) {
        if (detection === undefined) continue;
        let isThere = this.#answers.known(rule);
        if (isThere === undefined) {
          this.profile?.begin();
          isThere = evaluation.payloadOnly(rule, packet, flow);
          // The rule itself is asked on the transaction.
          this.profile?.end(rule, false);
          this.#answers.keep(rule, isThere);
        }
        if (isThere) {
          const found = detection.of(direction);
          found.payloadFound = (found.payloadFound ?? this.#answers.nothingFound).with(rule);
          if (!isTouched && flow?.session !== undefined) this.#transactions.touch(flow.session, direction);
          isTouched = true;
        }
        continue;
      }
      if (rule.onlySets !== undefined && this.repeatsInVain && areSet(rule.onlySets, flow)) continue;
      this.profile?.begin();
      const holds = evaluation.packetRule(rule, packet, flow);
      this.profile?.end(rule, holds);
      if (!holds) continue;
      evaluation.matched(rule, packet, flow, undefined);
      this.#alerts.add({
        rule,
        direction,
        transaction: undefined,
        guess: this.#onlyOne(flow, direction),
        inStream: evaluation.foundInStream,
        flow,
        action: rule.action,
        changed: false,
        notes: evaluation.notes,
      });
      if (rule.action === 'pass') break;
    }
  }

  /** The one transaction that is not over in this direction. */
  #onlyOne(flow: Flow | undefined, direction: Direction): Transaction | undefined {
    const definition = this.#catalogue.protocols.get(flow?.applicationProtocol ?? '');
    if (flow?.session === undefined || definition === undefined) return undefined;
    const open = flow.session.transactions.filter((one) => one.changed[direction] || one.progress[direction] < definition.complete[direction]);
    return open.length === 1 ? open[0] : undefined;
  }

  /** Inline, each segment is looked at once it is there, with what lies around it. */
  #inspectAround(packet: Packet, flow: Flow, side: StreamSide, detection: FlowDetection, upTo: number): void {
    const sequence = (packet.tcpFlags & SYN) !== 0 ? packet.tcpSequence + 1 : packet.tcpSequence;
    const window = side.around(sequence, packet.payloadEnd - packet.payloadStart, this.#chunks[packet.direction]);
    if (window === undefined) return;
    this.#evaluation.setStream(window.bytes, window.start, window.end, window.offset);
    this.#payload.stream(this.#search(packet, flow, detection), window.bytes, window.start, window.end, window.offset, this.#candidates);
    if (upTo > side.searched) side.searched = upTo;
    detection.flush &= ~(1 << packet.direction);
  }

  #search(packet: Packet, flow: Flow, detection: FlowDetection): PayloadSearch {
    const side = detection.of(packet.direction);
    if (side.search === undefined || side.search.protocol !== flow.applicationProtocol)
      side.search = this.#payload.search(packet, flow, side.headers(this.#headers, packet));
    return side.search;
  }

  /** Stream bytes are searched a chunk at a time, or what there is when a transaction came further or the stream ended. */
  #chunkReady(packet: Packet, flow: Flow, side: StreamSide, direction: Direction, upTo: number, detection: FlowDetection): boolean {
    const pending = upTo - side.searched;
    if (pending <= 0) return false;
    if (this.#inline || packet.isPseudo || (detection.flush & (1 << direction)) !== 0) return true;
    // A protocol hears of the end when the connection is over.
    if (flow.session === undefined ? side.ended : side.finished) return true;
    if (flow.state !== FLOW_ESTABLISHED) return true;
    return pending >= this.#chunks[direction];
  }
}

function areSet(names: readonly string[], flow: Flow | undefined): boolean {
  const bits = flow?.bits;
  if (bits === undefined) return false;
  for (let at = 0; at < names.length; at++) if (!bits.has(names[at])) return false;
  return true;
}
