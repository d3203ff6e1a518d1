/** Keeps how flows begin, to say of one that no protocol was recognised on what was sent. */
import type { Flow, Packet } from '@sigwright/contracts';

/** What was sent on a flow. */
export interface FlowOpening {
  /** first bytes of each direction that sent any, and how many there were in all */
  readonly first: [Uint8Array | undefined, Uint8Array | undefined];
  readonly lengths: [number, number];
  established: boolean;
}

/** Bytes of a flow's opening that are told. */
const OPENING = 16;

export class FlowOpenings {
  readonly #openings = new Map<Flow, FlowOpening>();

  note(packet: Packet, flow: Flow): void {
    const length = packet.payloadEnd - packet.payloadStart;
    if (length === 0 || packet.isPseudo) return;
    let opening = this.#openings.get(flow);
    if (opening === undefined) {
      opening = { first: [undefined, undefined], lengths: [0, 0], established: false };
      this.#openings.set(flow, opening);
    }
    opening.first[packet.direction] ??= Uint8Array.from(packet.data.subarray(packet.payloadStart, Math.min(packet.payloadEnd, packet.payloadStart + OPENING)));
    opening.lengths[packet.direction] += length;
    if (packet.flowEstablished) opening.established = true;
  }

  of(flow: Flow): FlowOpening | undefined {
    return this.#openings.get(flow);
  }
}
