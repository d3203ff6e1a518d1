/**
 * A packet of a TCP connection and what it did to it → the `stream_tcp` object of an EVE record (Suricata's `stream` type, which its
 * configuration calls experimental: for looking at single packets, not for sensors).
 */
import { type Flow, isOn, type Packet, type RecordOptions, TCP } from '@sigwright/contracts';
import type { TcpStream } from '@sigwright/traffic';

export class StreamRecords {
  readonly #all: boolean;
  readonly #events: boolean;
  readonly #updates: boolean;
  readonly #repeated: boolean;
  readonly #states = new WeakMap<Flow, string>();

  constructor(options: RecordOptions) {
    this.#all = isOn(options['all'], false);
    this.#events = isOn(options['event-set'], false);
    this.#updates = isOn(options['state-update'], false);
    this.#repeated = isOn(options['spurious-retransmission'], false);
  }

  /** Undefined for packets that are not asked for; `header`: fields of the packet as other records show them. */
  body(packet: Packet, flow: Flow | undefined, header: () => Record<string, unknown>): Record<string, unknown> | undefined {
    if (packet.protocol !== TCP || packet.isPseudo || flow === undefined) return undefined;
    const state = (flow.stream as TcpStream | undefined)?.stateName;
    const changed = state !== undefined && this.#states.get(flow) !== state;
    if (changed && this.#updates) this.#states.set(flow, state);
    const events = packet.anomalies;
    const wanted =
      this.#all ||
      (this.#events && events.length > 0) ||
      (this.#updates && changed) ||
      (this.#repeated && events.includes('stream.pkt_spurious_retransmission'));
    if (!wanted) return undefined;
    return {
      packet: header(),
      ...(state === undefined ? {} : { session: { state } }),
      ...(events.length === 0 ? {} : { events: events.map((name) => (name.startsWith('stream.') ? name : `decoder.${name}`)) }),
    };
  }
}
