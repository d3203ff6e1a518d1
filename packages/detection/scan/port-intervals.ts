/**
 * Ports that no rule of a set tells apart are one interval; a packet's pair of intervals, with its protocol, stands for what
 * headers can say of it but for addresses. Lists made for one packet serve all with the same pair.
 */
import type { PortSet } from '@sigwright/bytes';
import { type Packet, TCP, UDP } from '@sigwright/contracts';
import type { RuleHeader } from '../compile/header.ts';
import type { PlanUse } from '../compile/plan.ts';

export class PortIntervals {
  readonly #plan: PlanUse;
  readonly #rules: () => Iterable<number>;
  #sources: Uint16Array | undefined = undefined;
  #destinations: Uint16Array | undefined = undefined;

  constructor(plan: PlanUse, rules: () => Iterable<number>) {
    this.#plan = plan;
    this.#rules = rules;
  }

  key(packet: Packet): number {
    // Rules tell frames without IP by their type.
    if (packet.ipVersion === 0) return -1 - 2 * packet.etherType - (packet.ethernetStart >= 0 ? 1 : 0);
    const version = packet.ipVersion === 6 ? 1 : 0;
    if (packet.protocol !== TCP && packet.protocol !== UDP) return (packet.protocol + 1) * 0x800000000 + version;
    if (this.#sources === undefined || this.#destinations === undefined) {
      const numbers = new Set<number>();
      for (const rule of this.#rules()) numbers.add(this.#plan.data.headerNumbers[rule]);
      const headers = [...numbers].map((number) => this.#plan.header(number));
      this.#sources = intervals(headers, (header) => [header.sourcePorts, header.bidirectional ? header.destinationPorts : undefined]);
      this.#destinations = intervals(headers, (header) => [header.destinationPorts, header.bidirectional ? header.sourcePorts : undefined]);
    }
    const ports = ((packet.protocol === TCP ? 1 : 2) * 65536 + this.#sources[packet.sourcePort]) * 65536 + this.#destinations[packet.destinationPort];
    return ports * 2 + version;
  }
}

/** By port: the number of its interval among the ports that `setsOf` the headers name. */
export function intervals(headers: readonly RuleHeader[], setsOf: (header: RuleHeader) => (PortSet | undefined)[]): Uint16Array {
  const border = new Uint8Array(65536);
  for (const set of new Set(headers.flatMap(setsOf))) if (set !== undefined) for (const port of set.boundaries()) border[port] = 1;
  const numbers = new Uint16Array(65536);
  let current = 0;
  for (let port = 0; port < 65536; port++) {
    current += border[port];
    numbers[port] = current;
  }
  return numbers;
}
