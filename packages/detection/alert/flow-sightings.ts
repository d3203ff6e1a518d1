/** What only some records show about a flow and nothing else needs: hardware addresses, hops left. Kept while the flow lives. */
import { type Direction, type Flow, type Packet, TO_SERVER } from '@sigwright/contracts';

/** A flow that roams over more interfaces than this is not told apart any further. */
const MOST_ADDRESSES = 10;

export interface Hops {
  least: number;
  most: number;
}

interface Sighting {
  readonly client: Set<string>;
  readonly server: Set<string>;
  readonly hops: [Hops | undefined, Hops | undefined];
}

export class FlowSightings {
  readonly #flows = new WeakMap<Flow, Sighting>();

  see(packet: Packet): void {
    const { flow, direction } = packet;
    if (flow === undefined || packet.isPseudo) return;
    let seen = this.#flows.get(flow);
    if (seen === undefined) {
      seen = { client: new Set(), server: new Set(), hops: [undefined, undefined] };
      this.#flows.set(flow, seen);
    }
    if (packet.ethernetStart >= 0) {
      const [sender, receiver] = direction === TO_SERVER ? [seen.client, seen.server] : [seen.server, seen.client];
      add(sender, hardwareAddress(packet.data, packet.ethernetStart + 6));
      add(receiver, hardwareAddress(packet.data, packet.ethernetStart));
    }
    const hops = seen.hops[direction];
    if (hops === undefined) seen.hops[direction] = { least: packet.ttl, most: packet.ttl };
    else {
      hops.least = Math.min(hops.least, packet.ttl);
      hops.most = Math.max(hops.most, packet.ttl);
    }
  }

  hardware(flow: Flow): { readonly client: ReadonlySet<string>; readonly server: ReadonlySet<string> } | undefined {
    const seen = this.#flows.get(flow);
    return seen === undefined || seen.client.size === 0 ? undefined : seen;
  }

  hops(flow: Flow, direction: Direction): Hops | undefined {
    return this.#flows.get(flow)?.hops[direction];
  }
}

function add(to: Set<string>, address: string): void {
  if (to.size < MOST_ADDRESSES) to.add(address);
}

/** `00:0c:29:…` */
export function hardwareAddress(bytes: Uint8Array, start: number): string {
  return Array.from(bytes.subarray(start, start + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
