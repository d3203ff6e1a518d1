/** What only some records show about a flow and nothing else needs: hardware addresses, hops left. Kept while the flow lives. */
import { type Direction, type Flow, type Packet, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';

/** A flow that roams over more interfaces than this is not told apart any further. */
const MOST_ADDRESSES = 10;

/** Time to live, or hop limit, of the packets of one direction. */
export interface Hops {
  readonly least: number;
  readonly most: number;
}

/** One end of a flow. */
class End {
  readonly addresses = new Set<string>();
  leastHops = 255;
  mostHops = 0;
}

export class FlowSightings {
  /** ends in the order of the flow's first packet, since client and server may change places later */
  readonly #flows = new WeakMap<Flow, readonly [End, End]>();

  see(packet: Packet): void {
    const { flow } = packet;
    if (flow === undefined || packet.isPseudo) return;
    let ends = this.#flows.get(flow);
    if (ends === undefined) {
      ends = [new End(), new End()];
      this.#flows.set(flow, ends);
    }
    const place = placeOf(flow, packet.direction);
    const sender = ends[place];
    if (packet.ethernetStart >= 0) {
      add(sender.addresses, hardwareAddress(packet.data, packet.ethernetStart + 6));
      add(ends[1 - place].addresses, hardwareAddress(packet.data, packet.ethernetStart));
    }
    sender.leastHops = Math.min(sender.leastHops, packet.ttl);
    sender.mostHops = Math.max(sender.mostHops, packet.ttl);
  }

  /** Addresses of who sends in that direction; empty where none was seen. */
  hardware(flow: Flow, direction: Direction): readonly string[] {
    const ends = this.#flows.get(flow);
    return ends === undefined ? [] : [...ends[placeOf(flow, direction)].addresses];
  }

  hops(flow: Flow, direction: Direction): Hops | undefined {
    const end = this.#flows.get(flow)?.[placeOf(flow, direction)];
    return end === undefined ? undefined : { least: end.leastHops, most: end.mostHops };
  }
}

function placeOf(flow: Flow, direction: Direction): 0 | 1 {
  return flow.turned === (direction === TO_SERVER) ? TO_CLIENT : TO_SERVER;
}

function add(to: Set<string>, address: string): void {
  if (to.size < MOST_ADDRESSES) to.add(address);
}

/** `00:0c:29:…` */
export function hardwareAddress(bytes: Uint8Array, start: number): string {
  return Array.from(bytes.subarray(start, start + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
