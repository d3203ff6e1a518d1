/**
 * From captured records to packets with flows and ordered bytes: decode → defragment → flow → stream, for each record in
 * order, and the ends of flows as packet time goes on. What comes out goes to two handlers.
 */
import { type EngineSettings, type Flow, type Packet, TCP } from '@sigwright/contracts';
import { decodeFromInternet, decodePacket, openTunnel, packetPool } from './decode/decode.ts';
import { Defragmenter } from './defragment/defragmenter.ts';
import { FlowTable } from './flows/flow-table.ts';
import { TcpTracker } from './streams/tcp-tracker.ts';

export interface PipelineHandlers {
  /** once for each packet; one that carries another comes first */
  onPacket(packet: Packet): void;
  /** before the flow is dropped; its stream bytes can still be read */
  onFlowEnd(flow: Flow): void;
}

/** Expiry looks at list heads only, yet there is no need to look for every packet. */
const EXPIRY_INTERVAL = 250_000;

export class TrafficPipeline {
  packets = 0;
  readonly flows: FlowTable;
  readonly #verifyChecksums: boolean;
  readonly #handlers: PipelineHandlers;
  readonly #tracker: TcpTracker;
  readonly #defragmenter: Defragmenter;
  readonly #pool: readonly Packet[] = packetPool();
  #nextExpiry = 0;

  constructor(settings: EngineSettings, handlers: PipelineHandlers) {
    this.#verifyChecksums = settings.verifyChecksums;
    this.#handlers = handlers;
    this.#tracker = new TcpTracker(settings);
    this.#defragmenter = new Defragmenter(settings.verifyChecksums);
    this.flows = new FlowTable(settings, (flow) => {
      this.#tracker.finish(flow);
      handlers.onFlowEnd(flow);
    });
  }

  record(data: Uint8Array, start: number, end: number, time: number, wireLength: number, linkType: number): void {
    const packet = this.#pool[0];
    packet.number = ++this.packets;
    packet.time = time;
    packet.data = data;
    packet.frameStart = start;
    packet.frameEnd = end;
    packet.wireLength = wireLength;
    packet.linkType = linkType;
    packet.tunnelDepth = 0;
    if (time > this.#nextExpiry) {
      this.flows.expire(time);
      this.#nextExpiry = time + EXPIRY_INTERVAL;
    }
    const decoded = decodePacket(packet, this.#verifyChecksums);
    this.#deliver(packet, decoded);
  }

  #deliver(packet: Packet, decoded: boolean): void {
    if (!decoded) {
      this.#handlers.onPacket(packet);
      return;
    }
    if (packet.isFragment) {
      const whole = this.#defragmenter.push(packet);
      this.#handlers.onPacket(packet);
      if (whole !== undefined) this.#deliver(whole, true);
      return;
    }
    const good = packet.ipChecksumGood !== 0 && packet.transportChecksumGood !== 0;
    if (packet.ipVersion !== 0 && packet.transportStart >= 0) this.#follow(packet, good);
    this.#handlers.onPacket(packet);
    const inner = this.#pool[Math.min(packet.tunnelDepth + 1, this.#pool.length - 1)];
    if (inner !== packet && openTunnel(packet, inner)) {
      const innerDecoded = decodeFromInternet(inner, this.#verifyChecksums);
      this.#deliver(inner, innerDecoded);
    }
  }

  #follow(packet: Packet, good: boolean): void {
    let flow = this.flows.lookup(packet);
    if (flow === undefined) return;
    if (packet.protocol === TCP && good && this.#tracker.isReuse(packet, flow)) {
      this.flows.drop(flow, 'tcp_reuse');
      packet.flow = undefined;
      flow = this.flows.lookup(packet);
      if (flow === undefined) return;
    }
    // A wrong checksum means that the receiver never took it: it must not touch the stream.
    if (packet.protocol === TCP && good) this.#tracker.handle(packet, flow);
    this.flows.touch(flow, packet);
  }

  /** The capture is over. */
  finish(): void {
    this.flows.finish();
  }
}
