/**
 * Packet rules that no literal leads to: by flow and direction, those whose header fits. Lists are made once for each pair of
 * port intervals and narrowed once for each flow and direction, so that a packet costs only the rules that may be true.
 */
import type { PortSet } from '@sigwright/bytes';
import { type Direction, type Flow, type Packet, TCP, UDP } from '@sigwright/contracts';
import { headerAdmitsProtocol, headerMatches, type RuleHeader } from '../compile/header.ts';
import type { PlanUse } from '../compile/plan.ts';
import type { Candidates } from './candidates.ts';
import type { FlowDetection } from './engine.ts';

export class PacketRules {
  readonly #plan: PlanUse;
  /** key: transport class, source and destination port interval */
  readonly #byPorts = new Map<number, Uint32Array>();
  #sourceIntervals: Uint16Array | undefined = undefined;
  #destinationIntervals: Uint16Array | undefined = undefined;

  constructor(plan: PlanUse) {
    this.#plan = plan;
  }

  collect(packet: Packet, flow: Flow | undefined, detection: FlowDetection | undefined, candidates: Candidates): void {
    const { data } = this.#plan;
    if (data.packetAlways.length === 0 && data.addressesOnly.length === 0 && data.protocolOnly.length === 0) return;
    const { direction } = packet;
    if (detection === undefined || flow === undefined) {
      candidates.addAll(this.#narrow(this.#forPorts(packet), packet, undefined));
      candidates.addAll(this.#narrow(data.addressesOnly, packet, undefined));
      return;
    }
    candidates.addAll((detection.packetRules[direction] ??= this.#narrow(this.#forPorts(packet), packet, direction)));
    if (!detection.addressesDone[direction]) {
      detection.addressesDone[direction] = true;
      candidates.addAll(this.#narrow(data.addressesOnly, packet, direction));
    }
    if (!detection.protocolRulesDone[direction] && flow.applicationProtocol !== undefined) {
      detection.protocolRulesDone[direction] = true;
      candidates.addAll(this.#narrow(data.protocolOnly, packet, direction));
    }
  }

  /** Rules of `list` whose header fits this packet. */
  #narrow(list: Uint32Array, packet: Packet, direction: Direction | undefined): Uint32Array {
    const { data } = this.#plan;
    const kept: number[] = [];
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
      if (lastFits) kept.push(rule);
    }
    return Uint32Array.from(kept);
  }

  #forPorts(packet: Packet): Uint32Array {
    this.#sourceIntervals ??= this.#intervals((header) => [header.sourcePorts, header.bidirectional ? header.destinationPorts : undefined]);
    this.#destinationIntervals ??= this.#intervals((header) => [header.destinationPorts, header.bidirectional ? header.sourcePorts : undefined]);
    const transport = packet.protocol === TCP ? 1 : packet.protocol === UDP ? 2 : 0;
    const source = transport === 0 ? 0 : this.#sourceIntervals[packet.sourcePort];
    const destination = transport === 0 ? 0 : this.#destinationIntervals[packet.destinationPort];
    const key = (transport * 65536 + source) * 65536 + destination + (transport === 0 ? (packet.protocol + 1) * 0x400000000 : 0);
    let list = this.#byPorts.get(key);
    if (list === undefined) {
      const kept: number[] = [];
      for (const rule of this.#plan.data.packetAlways) {
        const header = this.#plan.header(this.#plan.data.headerNumbers[rule]);
        if (headerAdmitsProtocol(header, packet) && portsFit(header, packet)) kept.push(rule);
      }
      list = Uint32Array.from(kept);
      this.#byPorts.set(key, list);
    }
    return list;
  }

  /** Ports that no rule tells apart get one number. */
  #intervals(setsOf: (header: RuleHeader) => (PortSet | undefined)[]): Uint16Array {
    const { data } = this.#plan;
    const sets = new Set<PortSet>();
    for (const number of new Set(Array.from(data.packetAlways, (rule) => data.headerNumbers[rule]))) {
      for (const set of setsOf(this.#plan.header(number))) if (set !== undefined) sets.add(set);
    }
    const border = new Uint8Array(65536);
    for (const set of sets) for (const port of set.boundaries()) border[port] = 1;
    const numbers = new Uint16Array(65536);
    let current = 0;
    for (let port = 0; port < 65536; port++) {
      current += border[port];
      numbers[port] = current;
    }
    return numbers;
  }
}

function portsFit(header: RuleHeader, packet: Packet): boolean {
  const fits = (source: number, destination: number): boolean =>
    (header.sourcePorts === undefined || header.sourcePorts.contains(source)) &&
    (header.destinationPorts === undefined || header.destinationPorts.contains(destination));
  return fits(packet.sourcePort, packet.destinationPort) || (header.bidirectional && fits(packet.destinationPort, packet.sourcePort));
}
