/**
 * Packet rules that no literal leads to: by flow and direction, those whose header fits, and of them by the kind of packet those that it
 * can make true. Lists are made once for each pair of port intervals, narrowed once for each flow and direction, and sifted once for each
 * kind of packet that comes, so that a packet costs only the rules that may hold.
 */
import {
  type Direction,
  type Flow,
  KIND_LOUD,
  KIND_QUIET,
  KIND_UNKNOWN,
  type Packet,
  PLAIN_KINDS,
  packetKind,
  plainKindOf,
  TCP,
  TO_SERVER,
} from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { headerMatches } from '../compile/header.ts';
import { type PlanUse, protocolsFitting } from '../compile/plan.ts';
import { PAYLOAD_IN_PACKET, PAYLOAD_IN_STREAM, PAYLOAD_NEEDED } from '../compile/plan-entry.ts';
import type { AskedRules } from './asked-rules.ts';
import type { Candidates } from './candidates.ts';
import { type FittingHeaders, HeaderRows } from './fitting-headers.ts';
import { FittingRules, type Possible } from './fitting-rules.ts';
import type { FlowDetection } from './flow-detection.ts';
import { type GatedRule, gatedRule, PatternGate } from './pattern-gate.ts';
import { holdsOnPacket, type StreamChunk } from './rule-evaluation.ts';
import { isEmptyList, type RuleListData, rulesAt } from './rule-list.ts';

const NO_NUMBERS: readonly number[] = [];
/** Where no rule looks at packets. */
const ALL_QUIET = new Uint8Array(PLAIN_KINDS).fill(KIND_QUIET);
/** Lists that are remembered to be found again, and what is remembered for kinds of packets, in rules and lists of them. */
const MOST_LISTS = 4096;
const MOST_SIFTED = 1_000_000;
const MOST_GATES = 256;
/** Flowbits that decide whether packets are quiet: rules that hang on others than so many are not quiet. */
const MOST_DECIDING = 30;
/** Tables of one list for sets of flowbits and protocols; then they are made anew. */
const MOST_QUIET = 256;
/** Bits of a packet's kind; above them stands what is inspected with it. */
const KIND_BITS = 28;

/** Is it known what is spoken? After a change of protocol, what this direction speaks. */
function isRecognised(flow: Flow, direction: Direction): boolean {
  if (flow.applicationProtocol === undefined) return false;
  return flow.originalProtocol === undefined || (direction === TO_SERVER ? flow.protocolToServer : flow.protocolToClient) !== undefined;
}

/** Answers about a packet, each found once in a round. */
class Answers {
  readonly #round: Uint32Array;
  readonly #fits: Uint8Array;

  constructor(count: number) {
    this.#round = new Uint32Array(count);
    this.#fits = new Uint8Array(count);
  }

  isKnown(number: number, round: number): boolean {
    return this.#round[number] === round;
  }

  set(number: number, round: number, fits: boolean): void {
    this.#round[number] = round;
    this.#fits[number] = fits ? 1 : 0;
  }

  fits(number: number): boolean {
    return this.#fits[number] === 1;
  }
}

export class PacketRules {
  static readonly #ofPlan = new WeakMap<PlanUse, PacketRules>();

  /** The plan's own: lists are made once for all engines that use the plan. */
  static of(plan: PlanUse): PacketRules {
    let known = PacketRules.#ofPlan.get(plan);
    if (known === undefined) {
      known = new PacketRules(plan);
      PacketRules.#ofPlan.set(plan, known);
    }
    return known;
  }

  readonly #plan: PlanUse;
  readonly #headers: HeaderRows;
  /** by direction, the last one for packets that have none: those of the general list */
  readonly #general = [new WeakMap<FittingHeaders, FittingRules>(), new WeakMap<FittingHeaders, FittingRules>(), new WeakMap<FittingHeaders, FittingRules>()];
  /** key: hash of the rules */
  readonly #fitting = new Map<number, FittingRules>();
  /** how much was sifted at this age; with the next, all of it is forgotten */
  #siftedCount = 0;
  #age = 0;
  /** by their numbers */
  readonly #gates = new Map<string, PatternGate>();
  readonly #gated = new Map<number, GatedRule | undefined>();
  readonly #byProtocol = new Map<string | undefined, Uint8Array>();
  readonly #always: RuleListData;
  readonly #addressesOnly: RuleListData;
  readonly #protocolOnly: RuleListData;
  readonly #empty: boolean;
  /** by header: in which round it was held against the packet, and whether it fits */
  readonly #answers: Answers;
  #round = 0;

  constructor(plan: PlanUse) {
    this.#plan = plan;
    this.#empty = [plan.data.packetAlways, plan.data.addressesOnly, plan.data.protocolOnly].every(isEmptyList);
    this.#headers = HeaderRows.of(plan);
    this.#always = plan.data.packetAlways;
    this.#addressesOnly = plan.data.addressesOnly;
    this.#protocolOnly = plan.data.protocolOnly;
    this.#answers = new Answers(plan.data.headers.length);
  }

  /** `stream`: the chunk of the stream that is inspected with this packet, if any. `hasPayload`: its payload is. */
  collect(
    packet: Packet,
    flow: Flow | undefined,
    detection: FlowDetection | undefined,
    stream: StreamChunk,
    hasPayload: boolean,
    candidates: Candidates,
  ): void {
    if (this.#empty) return;
    const { direction } = packet;
    if (detection === undefined || flow === undefined) {
      const headers = this.#headers.fitting(packet);
      this.#addPossible(this.#fittingOf(headers, packet, undefined), packet, flow, stream, hasPayload, candidates);
      this.#addOnce(this.#addressesOnly, headers, packet, undefined, candidates);
      return;
    }
    const bit = 1 << direction;
    if ((detection.rulesSettled & bit) !== 0) return;
    const side = detection.of(direction);
    const headers = side.headers(this.#headers, packet);
    side.packetRules ??= this.#fittingOf(headers, packet, direction);
    const fitting = side.packetRules;
    if (fitting.rules.length > 0) this.#addPossible(fitting, packet, flow, stream, hasPayload, candidates);
    if ((detection.addressesDone & bit) === 0) {
      detection.addressesDone |= bit;
      this.#addOnce(this.#addressesOnly, headers, packet, direction, candidates, detection.askedBefore?.takeAddresses(direction));
    }
    if ((detection.protocolRulesDone & bit) === 0 && isRecognised(flow, direction)) {
      detection.protocolRulesDone |= bit;
      this.#addOnce(this.#protocolOnly, headers, packet, direction, candidates, detection.askedBefore?.takeProtocol(direction));
      if (fitting.rules.length === 0) detection.rulesSettled |= bit;
    }
  }

  /**
   * A table for `Flow.quietToServer` or its like, for flows of whose payload nothing is looked at any more; undefined as long as rules are left
   * that are asked once. `learn` fills it. `repeatsInVain`: a rule that only sets flowbits need not be asked where they are set.
   */
  quiet(flow: Flow, detection: FlowDetection, direction: Direction, repeatsInVain: boolean): Uint8Array | undefined {
    if (this.#empty) return ALL_QUIET;
    const bit = 1 << direction;
    const fitting = detection.known(direction)?.packetRules;
    if (fitting === undefined || (detection.addressesDone & detection.protocolRulesDone & bit) === 0) return undefined;
    const bits = this.#decidingBits(fitting);
    let set = repeatsInVain ? 1 << MOST_DECIDING : 0;
    for (let at = 0; at < bits.length; at++) if (flow.bits?.has(bits[at]) === true) set |= 1 << at;
    const key = `${set} ${flow.applicationProtocol}`;
    let table = fitting.quiet.get(key);
    if (table === undefined) {
      table = new Uint8Array(PLAIN_KINDS);
      if (fitting.quiet.size >= MOST_QUIET) fitting.quiet.clear();
      fitting.quiet.set(key, table);
    }
    return table;
  }

  /**
   * Finds out whether rules can do anything on plain packets like this one, of which the table of its flow and direction does not know it.
   * The table is that of `quiet`, asked with the same flowbits set.
   */
  learn(table: Uint8Array, packet: Packet, flow: Flow, detection: FlowDetection, repeatsInVain: boolean): void {
    const kind = plainKindOf(packet);
    const fitting = detection.known(packet.direction)?.packetRules;
    if (kind < 0 || table[kind] !== KIND_UNKNOWN || fitting === undefined) return;
    const { rules, gate } = this.#possible(fitting, packet, flow, 0);
    const bits = this.#decidingBits(fitting);
    table[kind] = gate === undefined && rules.every((rule) => this.#isIdle(rule, flow, bits, repeatsInVain)) ? KIND_QUIET : KIND_LOUD;
  }

  /** Flowbits by which rules that look at no payload come to do nothing. */
  #decidingBits(fitting: FittingRules): readonly string[] {
    if (fitting.decidingBits === undefined) {
      const { payloadBits } = this.#plan.data;
      const names = Array.from(fitting.rules).flatMap((rule) =>
        payloadBits[rule] === 0 ? [...this.#needed(rule), ...(this.#plan.rule(rule).onlySets ?? [])] : [],
      );
      fitting.decidingBits = [...new Set(names)].slice(0, MOST_DECIDING);
    }
    return fitting.decidingBits;
  }

  #needed(rule: number): readonly string[] {
    const { neededBits, flowbits } = this.#plan.data;
    return neededBits[rule] === 0 || this.#plan.rule(rule).ofTransaction ? [] : [flowbits[neededBits[rule] - 1]];
  }

  /** As long as no flowbit of the flow changes, the rule can not hold, or sets what is set. */
  #isIdle(rule: number, { bits }: Flow, deciding: readonly string[], repeatsInVain: boolean): boolean {
    if (this.#needed(rule).some((name) => deciding.includes(name) && bits?.has(name) !== true)) return true;
    return repeatsInVain && this.#plan.rule(rule).onlySets?.every((name) => deciding.includes(name) && bits?.has(name) === true) === true;
  }

  /** Of rules whose header fits, those that this packet may make true. */
  #addPossible(fitting: FittingRules, packet: Packet, flow: Flow | undefined, stream: StreamChunk, hasPayload: boolean, candidates: Candidates): void {
    const isNeeded = hasPayload && (packet.protocol !== TCP || !packet.inStream);
    const hasStream = stream.end > stream.start;
    const wanted = (isNeeded ? PAYLOAD_NEEDED : hasPayload ? PAYLOAD_IN_PACKET : 0) | (hasStream ? PAYLOAD_IN_STREAM : 0);
    const { rules, gate, inPacket } = this.#possible(fitting, packet, flow, wanted);
    candidates.addAll(rules);
    if (gate === undefined) return;
    if (hasStream) gate.open(stream.bytes, stream.start, stream.end, candidates);
    if (isNeeded || (inPacket && hasPayload)) gate.open(packet.data, packet.payloadStart, packet.payloadEnd, candidates);
  }

  /** Of rules whose header fits, those that a packet of this kind can make true. */
  #possible(fitting: FittingRules, packet: Packet, flow: Flow | undefined, wanted: number): Possible {
    const protocol = flow?.applicationProtocol;
    const kind = packetKind(packet) | (wanted << KIND_BITS);
    if (fitting.age !== this.#age) {
      fitting.age = this.#age;
      fitting.sifted.clear();
    } else if (fitting.last !== undefined && kind === fitting.lastKind && protocol === fitting.lastProtocol) return fitting.last;
    let byKind = fitting.sifted.get(protocol);
    if (byKind === undefined) {
      byKind = new Map();
      fitting.sifted.set(protocol, byKind);
    }
    let possible = byKind.get(kind);
    if (possible === undefined) {
      possible = this.#sift(fitting.rules, packet, flow, wanted);
      byKind.set(kind, possible);
      this.#siftedCount += possible.rules.length + 1;
      if (this.#siftedCount > MOST_SIFTED) {
        this.#siftedCount = 0;
        this.#age++;
      }
    }
    fitting.lastProtocol = protocol;
    fitting.lastKind = kind;
    fitting.last = possible;
    return possible;
  }

  #sift(list: Uint32Array, packet: Packet, flow: Flow | undefined, wanted: number): Possible {
    const { payloadBits, protocolNumbers, naive } = this.#plan.data;
    const speaking = this.#speaking(flow?.applicationProtocol);
    const possible = list.filter((number) => {
      const bits = payloadBits[number];
      if ((bits !== 0 && (bits & wanted) === 0) || speaking[protocolNumbers[number]] === 0) return false;
      return naive || this.#mayHold(this.#plan.rule(number), packet, flow);
    });
    const gated = naive ? [] : Array.from(possible, (rule) => this.#gatedRule(rule)).filter((one) => one !== undefined);
    if (gated.length === 0) return { rules: possible, gate: undefined, inPacket: false };
    const key = gated.map(({ rule }) => rule).join();
    let gate = this.#gates.get(key);
    if (gate === undefined) {
      gate = new PatternGate(gated);
      if (this.#gates.size >= MOST_GATES) this.#gates.clear();
      this.#gates.set(key, gate);
    }
    return {
      rules: possible.filter((rule) => this.#gatedRule(rule) === undefined),
      gate,
      inPacket: gated.some(({ rule }) => (payloadBits[rule] & PAYLOAD_IN_PACKET) !== 0),
    };
  }

  /** As far as the kind of packet tells. */
  #mayHold({ flow: demands, packetConditions, anomalies, ofTransaction }: CompiledRule, packet: Packet, flow: Flow | undefined): boolean {
    if (demands.any && !holdsOnPacket(demands, packet)) return false;
    if (ofTransaction) return true;
    if (anomalies.length > 0 && packet.anomalies.length === 0) return false;
    return packetConditions.every((condition) => condition.ofKind?.(packet) !== true || condition.test(packet, flow));
  }

  #gatedRule(number: number): GatedRule | undefined {
    if (this.#gated.has(number)) return this.#gated.get(number);
    const gated = gatedRule(number, this.#plan.rule(number).payload);
    this.#gated.set(number, gated);
    return gated;
  }

  #speaking(protocol: string | undefined): Uint8Array {
    let fitting = this.#byProtocol.get(protocol);
    if (fitting === undefined) {
      fitting = protocolsFitting(this.#plan.data, protocol);
      this.#byProtocol.set(protocol, fitting);
    }
    return fitting;
  }

  /** Of the rules that are asked with many packets. */
  #fittingOf(headers: FittingHeaders, packet: Packet, direction: Direction | undefined): FittingRules {
    const known = this.#general[direction ?? 2];
    let general = known.get(headers);
    if (general === undefined) {
      const rules = this.#always.general.filter((rule) => this.#isFor(rule, headers, direction) && this.#canHold(rule, packet));
      general = this.#listOf(rules);
      known.set(headers, general);
    }
    const byAddress = this.#byAddress(this.#always, packet, direction);
    if (byAddress.length === 0) return general;
    return this.#listOf(Uint32Array.from([...general.rules, ...byAddress.filter((rule) => this.#canHold(rule, packet))]));
  }

  /** Of the rules that are asked once a flow and direction; `before`: those that were, before this plan took over. */
  #addOnce(
    list: RuleListData,
    headers: FittingHeaders,
    packet: Packet,
    direction: Direction | undefined,
    candidates: Candidates,
    before: AskedRules | undefined = undefined,
  ): void {
    const { general } = list;
    for (let at = 0; at < general.length; at++)
      if (this.#isFor(general[at], headers, direction) && before?.has(this.#plan, general[at]) !== true) candidates.add(general[at]);
    for (const rule of this.#byAddress(list, packet, direction)) if (before?.has(this.#plan, rule) !== true) candidates.add(rule);
  }

  #isFor(rule: number, headers: FittingHeaders, direction: Direction | undefined): boolean {
    const { directionBits, headerNumbers } = this.#plan.data;
    return headers.flags[headerNumbers[rule]] === 1 && (direction === undefined || (directionBits[rule] & (1 << direction)) !== 0);
  }

  /** Of the rules on few addresses. */
  #byAddress(list: RuleListData, packet: Packet, direction: Direction | undefined): readonly number[] {
    if (packet.ipVersion !== 4) return NO_NUMBERS;
    const bySource = rulesAt(list.bySource, packet.source[0] >>> 16);
    const byDestination = rulesAt(list.byDestination, packet.destination[0] >>> 16);
    if (bySource.length + byDestination.length === 0) return NO_NUMBERS;
    const kept: number[] = [];
    this.#round = (this.#round + 1) >>> 0;
    this.#keep(bySource, packet, direction, kept);
    this.#keep(byDestination, packet, direction, kept);
    return kept;
  }

  #listOf(rules: Uint32Array): FittingRules {
    let hash = rules.length;
    for (let at = 0; at < rules.length; at++) hash = Math.imul(hash ^ rules[at], 0x01000193);
    const known = this.#fitting.get(hash);
    if (known !== undefined && known.rules.length === rules.length && known.rules.every((rule, at) => rule === rules[at])) return known;
    const made = new FittingRules(rules);
    if (this.#fitting.size >= MOST_LISTS) this.#fitting.clear();
    this.#fitting.set(hash, made);
    return made;
  }

  #keep(list: Uint32Array, packet: Packet, direction: Direction | undefined, kept: number[]): void {
    const { data } = this.#plan;
    const answers = this.#answers;
    for (let at = 0; at < list.length; at++) {
      const rule = list[at];
      if (direction !== undefined && (data.directionBits[rule] & (1 << direction)) === 0) continue;
      const number = data.headerNumbers[rule];
      if (!answers.isKnown(number, this.#round)) answers.set(number, this.#round, headerMatches(this.#plan.header(number), packet));
      if (answers.fits(number)) kept.push(rule);
    }
  }

  #canHold(rule: number, packet: Packet): boolean {
    return this.#plan.rule(rule).packetConditions.every((condition) => condition.ofProtocol !== true || condition.test(packet, packet.flow));
  }
}
