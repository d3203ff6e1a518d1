/**
 * Packet rules that no literal leads to: by flow and direction, those whose header fits, and of them by the kind of packet those that it
 * can make true. Lists are made once for each pair of port intervals, narrowed once for each flow and direction, and sifted once for each
 * kind of packet that comes, so that a packet costs only the rules that may hold.
 */
import type { AddressSet } from '@sigwright/bytes';
import { type Direction, type Flow, type Packet, packetKind, TCP, TO_SERVER } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { headerAdmitsProtocol, headerMatches, portsFit, type RuleHeader } from '../compile/header.ts';
import { type PlanUse, protocolsFitting } from '../compile/plan.ts';
import { PAYLOAD_IN_PACKET, PAYLOAD_IN_STREAM, PAYLOAD_NEEDED } from '../compile/plan-entry.ts';
import type { Candidates } from './candidates.ts';
import type { FlowDetection } from './engine.ts';
import { type GatedRule, gatedRule, PatternGate } from './pattern-gate.ts';
import { PortIntervals } from './port-intervals.ts';
import { holdsOnPacket, type StreamChunk } from './rule-evaluation.ts';
import { isEmptyList, type RuleListData, rulesAt } from './rule-list.ts';

const NO_RULES = new Uint32Array(0);
/** Pairs of port intervals that are remembered; a scan of all ports meets many. */
const MOST_PAIRS = 65_536;
/** Lists that are remembered to be found again, and what is remembered for kinds of packets, in rules and lists of them. */
const MOST_LISTS = 4096;
const MOST_SIFTED = 1_000_000;
const MOST_GATES = 256;
/** Pairs of addresses for which lists are remembered: flows come again, after a rest and as new ones. A power of two. */
const REMEMBERED = 4096;
/** Bits of a packet's kind; above them stands what is inspected with it. */
const KIND_BITS = 28;

/** Is it known what is spoken? After a change of protocol, what this direction speaks. */
function isRecognised(flow: Flow, direction: Direction): boolean {
  if (flow.applicationProtocol === undefined) return false;
  return flow.originalProtocol === undefined || (direction === TO_SERVER ? flow.protocolToServer : flow.protocolToClient) !== undefined;
}

/** Rules that packets of one kind can make true: those that are asked, and those that a gate may keep from it. */
interface Possible {
  readonly rules: Uint32Array;
  readonly gate: PatternGate | undefined;
  /** some of the gate's rules look at packets that the stream has, too */
  readonly inPacket: boolean;
}

/** Rules whose header fits the packets of a flow in one direction. Flows with the same rules have the same list. */
export class FittingRules {
  readonly rules: Uint32Array;
  /** by application protocol, then by kind of packet: those that may hold */
  readonly sifted = new Map<string | undefined, Map<number, Possible>>();
  /** of what is sifted */
  age = 0;

  constructor(rules: Uint32Array) {
    this.rules = rules;
  }
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

/** What was found for a pair of addresses, version 4. */
interface Remembered {
  readonly source: number;
  readonly destination: number;
  readonly ports: number;
  readonly direction: Direction;
  readonly rules: FittingRules;
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
  /** key: transport class, source and destination port interval */
  readonly #byPorts = new Map<number, Uint32Array>();
  /** key: hash of the rules */
  readonly #fitting = new Map<number, FittingRules>();
  readonly #remembered: (Remembered | undefined)[] = new Array(REMEMBERED).fill(undefined);
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
  readonly #ports: PortIntervals;
  readonly #empty: boolean;
  /** by header, and by class of addresses: in which round of narrowing it was held against the packet, and whether it fits */
  readonly #headers: Answers;
  readonly #classes: Answers;
  /** by header: its class of addresses, one more than its number; 0: not known yet */
  readonly #classOf: Uint16Array;
  readonly #classNumbers = new Map<RuleHeader | AddressSet | undefined, Map<AddressSet | undefined, number>>();
  #classCount = 0;
  /** by rule: 1 where it asks for nothing that is the same for a whole flow */
  readonly #isFree: Uint8Array;
  #round = 0;

  constructor(plan: PlanUse) {
    this.#plan = plan;
    this.#empty = [plan.data.packetAlways, plan.data.addressesOnly, plan.data.protocolOnly].every(isEmptyList);
    this.#ports = new PortIntervals(plan, () => plan.data.packetAlways.general);
    this.#always = plan.data.packetAlways;
    this.#addressesOnly = plan.data.addressesOnly;
    this.#protocolOnly = plan.data.protocolOnly;
    const { length } = plan.data.headers;
    this.#headers = new Answers(length);
    this.#classes = new Answers(length + 1);
    this.#classOf = new Uint16Array(length);
    this.#isFree = new Uint8Array(plan.data.ruleCount);
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
      const list = this.#listOf(this.#narrow(this.#always, packet, undefined));
      this.#addPossible(list, packet, flow, stream, hasPayload, candidates);
      candidates.addAll(this.#narrow(this.#addressesOnly, packet, undefined));
      return;
    }
    const bit = 1 << direction;
    if ((detection.rulesSettled & bit) !== 0) return;
    const side = detection.of(direction);
    side.packetRules ??= this.#fittingOf(packet, direction);
    const fitting = side.packetRules;
    if (fitting.rules.length > 0) this.#addPossible(fitting, packet, flow, stream, hasPayload, candidates);
    if ((detection.addressesDone & bit) === 0) {
      detection.addressesDone |= bit;
      candidates.addAll(this.#narrow(this.#addressesOnly, packet, direction));
    }
    if ((detection.protocolRulesDone & bit) === 0 && isRecognised(flow, direction)) {
      detection.protocolRulesDone |= bit;
      candidates.addAll(this.#narrow(this.#protocolOnly, packet, direction));
      if (fitting.rules.length === 0) detection.rulesSettled |= bit;
    }
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
    if (fitting.age !== this.#age) {
      fitting.age = this.#age;
      fitting.sifted.clear();
    }
    const protocol = flow?.applicationProtocol;
    let byKind = fitting.sifted.get(protocol);
    if (byKind === undefined) {
      byKind = new Map();
      fitting.sifted.set(protocol, byKind);
    }
    const kind = packetKind(packet) | (wanted << KIND_BITS);
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

  /** Rules of `list` whose header fits this packet. */
  #narrow(list: RuleListData, packet: Packet, direction: Direction | undefined): Uint32Array {
    const kept: number[] = [];
    this.#round = (this.#round + 1) >>> 0;
    if (list === this.#always) this.#keepByAddresses(this.#forPorts(packet), packet, direction, kept);
    else this.#keep(list.general, packet, direction, kept);
    if (packet.ipVersion === 4) {
      this.#keep(rulesAt(list.bySource, packet.source[0] >>> 16), packet, direction, kept);
      this.#keep(rulesAt(list.byDestination, packet.destination[0] >>> 16), packet, direction, kept);
    }
    return kept.length === 0 ? NO_RULES : new Uint32Array(kept);
  }

  #fittingOf(packet: Packet, direction: Direction): FittingRules {
    if (packet.ipVersion !== 4) return this.#listOf(this.#narrow(this.#always, packet, direction));
    const ports = this.#ports.key(packet);
    const [source, destination] = [packet.source[0], packet.destination[0]];
    const slot = (Math.imul(source ^ Math.imul(destination, 0x9e3779b1) ^ ports, 0x85ebca6b) >>> 16) & (REMEMBERED - 1);
    const known = this.#remembered[slot];
    if (known !== undefined && known.source === source && known.destination === destination && known.ports === ports && known.direction === direction)
      return known.rules;
    const rules = this.#listOf(this.#narrow(this.#always, packet, direction));
    this.#remembered[slot] = { source, destination, ports, direction, rules };
    return rules;
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

  #keep(list: ArrayLike<number>, packet: Packet, direction: Direction | undefined, kept: number[]): void {
    const { data } = this.#plan;
    const answers = this.#headers;
    for (let at = 0; at < list.length; at++) {
      const rule = list[at];
      if (direction !== undefined && (data.directionBits[rule] & (1 << direction)) === 0) continue;
      const number = data.headerNumbers[rule];
      if (!answers.isKnown(number, this.#round)) answers.set(number, this.#round, headerMatches(this.#plan.header(number), packet));
      if (answers.fits(number) && this.#canHold(rule, packet)) kept.push(rule);
    }
  }

  /** As above, of rules whose protocol and ports fit: many headers have the same addresses. */
  #keepByAddresses(list: Uint32Array, packet: Packet, direction: Direction | undefined, kept: number[]): void {
    const { data } = this.#plan;
    const answers = this.#classes;
    for (let at = 0; at < list.length; at++) {
      const rule = list[at];
      if (direction !== undefined && (data.directionBits[rule] & (1 << direction)) === 0) continue;
      const number = data.headerNumbers[rule];
      const ofAddresses = this.#classOf[number] > 0 ? this.#classOf[number] : this.#classify(number);
      if (!answers.isKnown(ofAddresses, this.#round)) answers.set(ofAddresses, this.#round, headerMatches(this.#plan.header(number), packet));
      if (answers.fits(ofAddresses) && this.#canHold(rule, packet)) kept.push(rule);
    }
  }

  /** Headers with the same sets of addresses are of one class; one that is meant both ways, or that asks for more than IP, has its own. */
  #classify(number: number): number {
    const header = this.#plan.header(number);
    const isOwn = header.bidirectional || header.ipVersion !== 0 || header.frame !== undefined;
    const from = isOwn ? header : header.source;
    let numbers = this.#classNumbers.get(from);
    if (numbers === undefined) {
      numbers = new Map();
      this.#classNumbers.set(from, numbers);
    }
    const known = numbers.get(header.destination) ?? ++this.#classCount;
    numbers.set(header.destination, known);
    this.#classOf[number] = known;
    return known;
  }

  #canHold(rule: number, packet: Packet): boolean {
    if (this.#isFree[rule] === 1) return true;
    const conditions = this.#plan.rule(rule).packetConditions.filter((condition) => condition.flowConstant === true);
    if (conditions.length === 0) this.#isFree[rule] = 1;
    return conditions.every((condition) => condition.test(packet, packet.flow));
  }

  #forPorts(packet: Packet): Uint32Array {
    const key = this.#ports.key(packet);
    let list = this.#byPorts.get(key);
    if (list === undefined) {
      const kept: number[] = [];
      for (const rule of this.#always.general) {
        const header = this.#plan.header(this.#plan.data.headerNumbers[rule]);
        if (headerAdmitsProtocol(header, packet) && portsFit(header, packet)) kept.push(rule);
      }
      list = Uint32Array.from(kept);
      if (this.#byPorts.size >= MOST_PAIRS) this.#byPorts.clear();
      this.#byPorts.set(key, list);
    }
    return list;
  }
}
