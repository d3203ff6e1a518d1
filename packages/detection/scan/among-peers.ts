/** What an engine does beside its own work where others read the same capture: says when things happen, and keeps what all must agree on. */
import type { Flow } from '@sigwright/contracts';
import type { TrafficPipeline } from '@sigwright/traffic';
import type { HostState } from './host-state.ts';
import type { Peers } from './peers.ts';

/** Files that come in parts, of which it is known who gathers them. */
const MOST_CLAIMS = 100_000;
const INFINITE = Number.POSITIVE_INFINITY;

export class AmongPeers {
  readonly #peers: Peers;
  /** what flows gather together, by name: is it this engine's, or a peer's? */
  readonly #claims = new Map<string, boolean>();
  /** number of the packet because of whose time flows end now, infinite at the end of the capture, 0 outside of both */
  #ending = 0;

  /** `hosts`: the engine's. */
  constructor(peers: Peers, hosts: HostState) {
    this.#peers = peers;
    peers.take = (decision) => {
      if (decision.kind === 'bit') hosts.change(decision.key, decision.time, decision.expire);
      else this.#claims.set(decision.name, false);
    };
  }

  /** As one engine would, in the same order: flows end when a packet's time says so, whosever packet it is. */
  record(pipeline: TrafficPipeline, data: Uint8Array, start: number, end: number, time: number, wireLength: number, linkType: number): void {
    const peers = this.#peers;
    const number = pipeline.packets + 1;
    this.#ending = number;
    pipeline.goOn(time);
    this.#ending = 0;
    peers.at(number, INFINITE, INFINITE);
    if (peers.share.keeps(data, start, end, linkType, wireLength)) pipeline.record(data, start, end, time, wireLength, linkType);
    else pipeline.leaveOut(data, start, end, linkType);
  }

  finish(pipeline: TrafficPipeline): void {
    this.#ending = INFINITE;
    pipeline.finish();
    this.#peers.at(INFINITE, INFINITE, INFINITE);
  }

  /** A flow ends; where a packet of its own ends it, that is when it does. At the end of the capture flows end as they began. */
  ends(flow: Flow): void {
    if (this.#ending > 0) this.#peers.at(this.#ending, this.#ending === INFINITE ? 0 : flow.lastTime, flow.firstPacket);
  }

  /** Flows gather something together, see `SharedState`: those of one engine only may. */
  claim(name: string): void {
    if (this.#claims.get(name) === true) return;
    this.#peers.catchUp();
    if (this.#claims.has(name)) this.#peers.giveUp('parts of a file come over connections between different hosts');
    if (this.#claims.size >= MOST_CLAIMS) this.#peers.giveUp('many files come in parts');
    this.#claims.set(name, true);
    this.#peers.tell({ kind: 'claim', name });
  }
}
