/** Which protocols a flow is asked for, by its ports: those that listen on one of them first, then those that may be anywhere. */
import type { Catalogue, EngineSettings, ProtocolDefinition } from '@sigwright/contracts';

export interface Listener {
  readonly protocol: ProtocolDefinition;
  /** intervals of server ports */
  readonly ports: readonly (readonly [number, number])[];
}

/** Of one catalogue under some settings. */
interface AllListeners {
  readonly catalogue: Catalogue;
  readonly tcp: Listeners;
  readonly udp: Listeners;
}

export class Listeners {
  static readonly #ofSettings = new WeakMap<EngineSettings, AllListeners>();

  /** Made once for all engines with the same settings. */
  static of(catalogue: Catalogue, settings: EngineSettings): AllListeners {
    let known = Listeners.#ofSettings.get(settings);
    if (known?.catalogue !== catalogue) {
      const all = [...new Set(catalogue.protocols.values())]
        .filter((protocol) => !settings.protocolsOff.has(protocol.name))
        .map((protocol) => ({ protocol, ports: settings.protocolPorts.get(protocol.name) ?? protocol.ports.map((port) => [port, port] as const) }));
      const over = (transport: 'tcp' | 'udp') =>
        new Listeners(all.filter(({ protocol }) => protocol.transport.includes(transport) && !settings.protocolsOff.has(`${protocol.name}/${transport}`)));
      known = { catalogue, tcp: over('tcp'), udp: over('udp') };
      Listeners.#ofSettings.set(settings, known);
    }
    return known;
  }

  readonly #all: readonly Listener[];
  /** Where an interval begins; between two of them all ports have the same listeners. */
  readonly #borders: Float64Array;
  readonly #known = new Map<number, readonly ProtocolDefinition[]>();

  constructor(all: readonly Listener[]) {
    this.#all = all;
    const borders = new Set([0]);
    for (const { ports } of all) for (const [low, high] of ports) borders.add(low).add(high + 1);
    this.#borders = Float64Array.from(borders).sort();
  }

  /** In the order in which they are asked. */
  asked(sourcePort: number, destinationPort: number): readonly ProtocolDefinition[] {
    const key = this.#interval(sourcePort) * this.#borders.length + this.#interval(destinationPort);
    let asked = this.#known.get(key);
    if (asked === undefined) {
      const first: ProtocolDefinition[] = [];
      const rest: ProtocolDefinition[] = [];
      for (const { protocol, ports } of this.#all) {
        if (ports.some(([low, high]) => isWithin(destinationPort, low, high) || isWithin(sourcePort, low, high))) first.push(protocol);
        else if (protocol.anyPort) rest.push(protocol);
      }
      asked = first.concat(rest);
      this.#known.set(key, asked);
    }
    return asked;
  }

  #interval(port: number): number {
    const borders = this.#borders;
    let low = 0;
    let high = borders.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (borders[middle] <= port) low = middle;
      else high = middle;
    }
    return low;
  }
}

function isWithin(port: number, low: number, high: number): boolean {
  return port >= low && port <= high;
}
