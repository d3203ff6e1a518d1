/**
 * Packet rules that no literal leads to: by flow and direction, those whose header fits. Lists are made once for each pair of
 * port intervals and narrowed once for each flow and direction, so that a packet costs only the rules that may be true.
 */
import { type Direction, type Flow, type Packet, TCP, TO_SERVER } from '@sigwright/contracts';
import { headerAdmitsProtocol, headerMatches, portsFit } from '../compile/header.ts';
import { type PlanUse, protocolsFitting } from '../compile/plan.ts';
import { PAYLOAD_IN_PACKET, PAYLOAD_IN_STREAM, PAYLOAD_NEEDED } from '../compile/plan-entry.ts';
import type { Candidates } from './candidates.ts';
import type { FlowDetection } from './engine.ts';
import { PortIntervals } from './port-intervals.ts';
import { isEmptyList, type RuleListData, rulesAt } from './rule-list.ts';

/** Pairs of port intervals that are remembered; a scan of all ports meets many. */
const MOST_PAIRS = 65_536;

/** Is it known what is spoken? After a change of protocol, what this direction speaks. */
function isRecognised(flow: Flow, direction: Direction): boolean {
  if (flow.applicationProtocol === undefined) return false;
  return flow.originalProtocol === undefined || (direction === TO_SERVER ? flow.protocolToServer : flow.protocolToClient) !== undefined;
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
  /** key: the list that was narrowed */
  readonly #lastNarrowed = new WeakMap<Uint32Array, Uint32Array>();
  readonly #byProtocol = new Map<string | undefined, Uint8Array>();
  readonly #always: RuleListData;
  readonly #addressesOnly: RuleListData;
  readonly #protocolOnly: RuleListData;
  readonly #ports: PortIntervals;
  readonly #empty: boolean;

  constructor(plan: PlanUse) {
    this.#plan = plan;
    this.#empty = [plan.data.packetAlways, plan.data.addressesOnly, plan.data.protocolOnly].every(isEmptyList);
    this.#ports = new PortIntervals(plan, () => plan.data.packetAlways.general);
    this.#always = plan.data.packetAlways;
    this.#addressesOnly = plan.data.addressesOnly;
    this.#protocolOnly = plan.data.protocolOnly;
  }

  /** `hasStream`: a chunk of the stream is inspected with this packet. `hasPayload`: its payload is. */
  collect(packet: Packet, flow: Flow | undefined, detection: FlowDetection | undefined, hasStream: boolean, hasPayload: boolean, candidates: Candidates): void {
    if (this.#empty) return;
    const { direction } = packet;
    if (detection === undefined || flow === undefined) {
      candidates.addAll(this.#narrow(this.#always, this.#forPorts(packet), packet, undefined));
      candidates.addAll(this.#narrow(this.#addressesOnly, this.#addressesOnly.general, packet, undefined));
      return;
    }
    if (detection.rulesSettled[direction]) return;
    detection.packetRules[direction] ??= this.#narrow(this.#always, this.#forPorts(packet), packet, direction);
    this.#addPossible(detection.packetRules[direction], packet, flow, hasStream, hasPayload, candidates);
    if (!detection.addressesDone[direction]) {
      detection.addressesDone[direction] = true;
      candidates.addAll(this.#narrow(this.#addressesOnly, this.#addressesOnly.general, packet, direction));
    }
    if (!detection.protocolRulesDone[direction] && isRecognised(flow, direction)) {
      detection.protocolRulesDone[direction] = true;
      candidates.addAll(this.#narrow(this.#protocolOnly, this.#protocolOnly.general, packet, direction));
      detection.rulesSettled[direction] = detection.packetRules[direction].length === 0;
    }
  }

  /** Of rules that fit the flow, those that this packet can make true: cheap columns only. */
  #addPossible(list: Uint32Array, packet: Packet, flow: Flow, hasStream: boolean, hasPayload: boolean, candidates: Candidates): void {
    const { payloadBits, protocolNumbers } = this.#plan.data;
    const packetPayload = hasPayload && (packet.protocol !== TCP || !packet.inStream) ? PAYLOAD_NEEDED : hasPayload ? PAYLOAD_IN_PACKET : 0;
    const wanted = packetPayload | (hasStream ? PAYLOAD_IN_STREAM : 0);
    const fitting = this.#fitting(flow.applicationProtocol);
    for (let at = 0; at < list.length; at++) {
      const rule = list[at];
      const bits = payloadBits[rule];
      if (bits !== 0 && (bits & wanted) === 0) continue;
      if (fitting[protocolNumbers[rule]] === 0) continue;
      candidates.add(rule);
    }
  }

  #fitting(protocol: string | undefined): Uint8Array {
    let fitting = this.#byProtocol.get(protocol);
    if (fitting === undefined) {
      fitting = protocolsFitting(this.#plan.data, protocol);
      this.#byProtocol.set(protocol, fitting);
    }
    return fitting;
  }

  /** Rules of `list` whose header fits this packet. */
  #narrow(list: RuleListData, general: Uint32Array, packet: Packet, direction: Direction | undefined): Uint32Array {
    const kept: number[] = [];
    this.#keep(general, packet, direction, kept);
    if (packet.ipVersion === 4) {
      this.#keep(rulesAt(list.bySource, packet.source[0] >>> 16), packet, direction, kept);
      this.#keep(rulesAt(list.byDestination, packet.destination[0] >>> 16), packet, direction, kept);
    }
    // Most flows of the same ports come to the same list: one is kept for all of them.
    const last = this.#lastNarrowed.get(general);
    if (last !== undefined && last.length === kept.length && last.every((rule, at) => rule === kept[at])) return last;
    const narrowed = Uint32Array.from(kept);
    this.#lastNarrowed.set(general, narrowed);
    return narrowed;
  }

  #keep(list: ArrayLike<number>, packet: Packet, direction: Direction | undefined, kept: number[]): void {
    const { data } = this.#plan;
    let lastHeader = -1;
    let lastFits = false;
    for (let at = 0; at < list.length; at++) {
      const rule = list[at];
      if (direction !== undefined && (data.directionBits[rule] & (1 << direction)) === 0) continue;
      const number = data.headerNumbers[rule];
      if (number !== lastHeader) {
        lastHeader = number;
        lastFits = headerMatches(this.#plan.header(number), packet);
      }
      if (lastFits && this.#canHold(rule, packet)) kept.push(rule);
    }
  }

  #canHold(rule: number, packet: Packet): boolean {
    for (const condition of this.#plan.rule(rule).packetConditions) if (condition.flowConstant === true && !condition.test(packet, packet.flow)) return false;
    return true;
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
