/**
 * From captured records to packets with flows and ordered bytes: decode → defragment → flow → stream, for each record in
 * order, and the ends of flows as packet time goes on. What comes out goes to two handlers.
 */
import { checksum, checksumAdd, checksumFinish, uint16, uint32 } from '@sigwright/bytes';
import {
  ACK,
  type EngineSettings,
  FLOW_ESTABLISHED,
  type Flow,
  ICMP,
  KIND_QUIET,
  Packet,
  PSH,
  plainKind,
  TCP,
  TO_CLIENT,
  TO_SERVER,
} from '@sigwright/contracts';
import { decodeFromInternet, decodePacket } from './decode/decode.ts';
import { MOST_LAYERS } from './decode/fault.ts';
import { LINK_ETHERNET } from './decode/link.ts';
import { Carriers, INNER_PACKET, MOST_TUNNELS, NO_TUNNEL, openTunnel } from './decode/tunnels.ts';
import { Defragmenter } from './defragment/defragmenter.ts';
import { type FlowLoad, FlowTable } from './flows/flow-table.ts';
import { SPAN } from './flows/timeouts.ts';
import { type TcpStream, TcpTracker } from './streams/tcp-tracker.ts';
import { TargetTable } from './target-systems.ts';

export interface PipelineHandlers {
  /** once for each packet; one that carries another comes first */
  onPacket(packet: Packet): void;
  /** before the flow is dropped; its stream bytes can still be read */
  onFlowEnd(flow: Flow): void;
  /** The same for a flow that was at rest; `kept` is what `rest` gave. Left out: it ends without a word. */
  onRestEnd?(flow: Flow, kept: number): void;
  /**
   * Must the handler find its own again to go on with this flow? What it keeps of the flow as a number that is not negative: then it is put
   * to rest; -1: as it is. Left out: flows never rest.
   */
  rest?(flow: Flow): number;
  /** A flow at rest has a packet, and an object again. */
  onWake?(flow: Flow, kept: number): void;
  /** A packet of which nothing counts but that it came, see `Flow.quietToServer`; `length` is that of its frame. Left out: `onPacket` sees all. */
  onQuiet?(number: number, time: number, length: number): void;
  /** False: the packet is of no flow. May come and go. */
  beforeFlow?: ((packet: Packet) => boolean) | undefined;
  /** A TCP packet. False: the stream of its flow does not see it. May come and go. */
  beforeStream?: ((packet: Packet, flow: Flow) => boolean) | undefined;
  /** Packets of other hosts than a packet's own are about to be looked at: those that it carries, or quotes once its fragments are one. */
  onOthersInside?(): void;
}

/** A capture put together of several may step back in time; beyond this, expiry begins again from there. */
const LARGEST_STEP_BACK = 1_000_000;
/** Packets with a checksum that decide whether checksums of this capture tell anything. */
const CHECKSUM_SAMPLE = 1000;
/** One in so many of them is wrong where the sender's network card was to fill them in. */
export const CHECKSUM_SHARE = 10;

export interface TrafficLoad extends FlowLoad {
  /** bytes of streams that are held, as `stream.reassembly.memcap` limits them */
  readonly streamBytes: number;
}

export class TrafficPipeline {
  packets = 0;
  /** packets of which only counts that they came may go past `onPacket` */
  allowsQuiet: boolean;
  /** how often rules took over, see `Flow.quietSince` */
  takeOvers = 0;
  readonly flows: FlowTable;
  #verifyChecksums: boolean;
  /** packets of which a checksum was verified, and those of them where one was wrong */
  checksummed = 0;
  wronglySummed = 0;
  readonly #mayBeUnset: boolean;
  readonly #dropsWrongChecksums: boolean;
  readonly #mostLayers: number;
  readonly #tunnels: EngineSettings['tunnels'];
  readonly #carriers: Carriers;
  readonly #handlers: PipelineHandlers;
  readonly #tracker: TcpTracker;
  readonly #defragmenter: Defragmenter;
  /** one for the frame, and one for each level of tunnels that was met */
  readonly #pool: Packet[] = [new Packet()];
  #nextExpiry = 0;

  constructor(settings: EngineSettings, handlers: PipelineHandlers) {
    this.#verifyChecksums = settings.verifyChecksums;
    this.#mayBeUnset = settings.checksumsMayBeUnset;
    this.#dropsWrongChecksums = settings.dropsWrongChecksums;
    this.#mostLayers = settings.mostLayers;
    this.#tunnels = settings.tunnels;
    this.#carriers = new Carriers(settings.tunnels);
    this.#handlers = handlers;
    this.allowsQuiet =
      handlers.onQuiet !== undefined && handlers.beforeFlow === undefined && handlers.beforeStream === undefined && settings.mostLayers === MOST_LAYERS;
    const targets = new TargetTable(settings.targets);
    this.#tracker = new TcpTracker(settings, targets);
    this.#defragmenter = new Defragmenter(settings.verifyChecksums, settings.vlansTellFlowsApart, targets, settings.fragments);
    this.flows = new FlowTable(settings, {
      ...(handlers.onRestEnd === undefined ? {} : { onRestEnd: (flow: Flow, kept: number) => handlers.onRestEnd?.(flow, kept) }),
      onEnd: (flow) => {
        if (flow.stream !== undefined) this.#tracker.finish(flow);
        handlers.onFlowEnd(flow);
        if (flow.stream !== undefined) this.#tracker.free(flow);
      },
      onWake: (flow, kept) => handlers.onWake?.(flow, kept),
      openStream: () => this.#tracker.open(),
      giveStreamBack: (stream) => this.#tracker.giveBack(stream),
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
    this.goOn(time);
    if (this.allowsQuiet && linkType === LINK_ETHERNET && this.#passes(data, start, end, time)) {
      this.#handlers.onQuiet?.(packet.number, time, end - start);
      return;
    }
    const isWhole = decodePacket(packet, this.#verifyChecksums, this.#mostLayers);
    if (this.#verifyChecksums) this.#judgeChecksums(packet);
    if (isWhole) this.#deliver(packet);
    else this.#handlers.onPacket(packet);
  }

  /** What is under way at a moment. */
  get load(): TrafficLoad {
    return { ...this.flows.load, streamBytes: this.#tracker.held };
  }

  /** It is `time` now: flows that were silent for too long end. */
  goOn(time: number): void {
    if (time <= this.#nextExpiry && time >= this.#nextExpiry - LARGEST_STEP_BACK) return;
    this.flows.expire(time);
    this.#nextExpiry = time + SPAN;
  }

  /** A packet that somebody else looks at: it is counted, and says whether checksums of this capture tell anything. */
  leaveOut(data: Uint8Array, start: number, end: number, linkType: number): void {
    this.packets++;
    if (!this.#verifyChecksums || !this.#mayBeUnset || this.checksummed >= CHECKSUM_SAMPLE) return;
    const packet = this.#pool[0];
    packet.data = data;
    packet.frameStart = start;
    packet.frameEnd = end;
    packet.wireLength = end - start;
    packet.linkType = linkType;
    packet.tunnelDepth = 0;
    decodePacket(packet, true, this.#mostLayers);
    this.#judgeChecksums(packet);
  }

  /**
   * A packet as nearly all of an encrypted connection are: read here without a look at anything that the handlers would not look at either.
   * False: nothing was done with it.
   */
  #passes(data: Uint8Array, start: number, end: number, time: number): boolean {
    const ip = start + 14;
    if (end - ip < 40 || data[start + 12] !== 0x08 || data[start + 13] !== 0x00 || data[ip] !== 0x45 || data[ip + 9] !== TCP) return false;
    // Fragments, and the flag that must not be set.
    if ((data[ip + 6] & 0xbf) !== 0 || data[ip + 7] !== 0) return false;
    const tcp = ip + 20;
    const flags = data[tcp + 13];
    const total = uint16(data, ip + 2);
    if ((flags & ~PSH) !== ACK || total > end - ip) return false;
    const source = uint32(data, ip + 12) | 0;
    const destination = uint32(data, ip + 16) | 0;
    const flow = this.flows.connection(source, destination, uint32(data, tcp) | 0, time);
    if (flow === undefined) return false;
    const direction = this.flows.isForward === flow.turned ? TO_CLIENT : TO_SERVER;
    const quiet = direction === TO_SERVER ? flow.quietToServer : flow.quietToClient;
    const header = (data[tcp + 12] >>> 4) * 4;
    const payload = tcp + header;
    const stop = ip + total;
    if (quiet === undefined || payload > stop || quiet[plainKind(flags, stop - payload, data[ip + 6] >>> 5)] !== KIND_QUIET) return false;
    if (flow.quietSince !== this.takeOvers || flow.bypassed || flow.verdict !== 'none' || flow.state !== FLOW_ESTABLISHED) return false;
    let timestamp = -1;
    if (header === 32 && uint32(data, tcp + 20) === TIMESTAMP_ALONE) timestamp = uint32(data, tcp + 24);
    else if (header !== 20) return false;
    if (this.#verifyChecksums && (checksum(data, ip, tcp) !== 0 || segmentChecksum(data, ip, tcp, stop) !== 0)) return false;
    const stream = flow.stream as TcpStream;
    if (
      !this.#tracker.pass(
        stream,
        direction,
        flags,
        uint32(data, tcp + 4) | 0,
        uint32(data, tcp + 8) | 0,
        uint16(data, tcp + 14),
        timestamp,
        data,
        payload,
        stop,
      )
    )
      return false;
    if (this.#verifyChecksums) this.#countChecksums(false);
    this.flows.countPacket(flow, direction, end - start, time);
    return true;
  }

  get verifiesChecksums(): boolean {
    return this.#verifyChecksums;
  }

  #judgeChecksums({ ipChecksumGood, transportChecksumGood }: Packet): void {
    if (ipChecksumGood < 0 && transportChecksumGood < 0) return;
    this.#countChecksums(ipChecksumGood === 0 || transportChecksumGood === 0);
  }

  #countChecksums(wrong: boolean): void {
    this.checksummed++;
    if (wrong) this.wronglySummed++;
    if (!this.#mayBeUnset || this.checksummed !== CHECKSUM_SAMPLE || this.wronglySummed * CHECKSUM_SHARE <= this.checksummed) return;
    this.#verifyChecksums = false;
    this.#defragmenter.verifyChecksums = false;
  }

  /** An IP packet: its flow and stream first, then the handler, then what it carries or completes. */
  #deliver(packet: Packet): void {
    if (packet.isFragment) {
      const whole = this.#defragmenter.push(packet);
      this.#handlers.onPacket(packet);
      if (whole !== undefined) {
        if (whole.protocol === ICMP) this.#handlers.onOthersInside?.();
        if (whole.ipVersion !== 0) this.#deliver(whole);
        else this.#handlers.onPacket(whole);
      }
      return;
    }
    if (packet.transportStart >= 0) this.#follow(packet);
    if (!this.#carriers.mayCarry(packet)) {
      this.#handlers.onPacket(packet);
      this.#rest(packet, true);
      return;
    }
    const level = Math.min(packet.tunnelDepth + 1, MOST_TUNNELS + 1);
    this.#pool[level] ??= new Packet();
    const inner = this.#pool[level];
    // The tunnel's own header is read before the handler sees the packet around it: its anomalies belong there.
    const carried = openTunnel(packet, inner, this.#tunnels);
    this.#handlers.onPacket(packet);
    this.#rest(packet, carried === NO_TUNNEL);
    if (carried === NO_TUNNEL) return;
    this.#handlers.onOthersInside?.();
    if (carried === INNER_PACKET && decodeFromInternet(inner, this.#verifyChecksums)) this.#deliver(inner);
    else this.#handlers.onPacket(inner);
  }

  /** `isLast`: nobody asks for the packet's flow after this. */
  #rest(packet: Packet, isLast: boolean): void {
    const { flow } = packet;
    if (this.#handlers.rest === undefined || flow === undefined || flow.protocol !== packet.protocol || !this.flows.canRest(flow)) return;
    const kept = this.#handlers.rest(flow);
    if (kept < 0) return;
    this.flows.rest(flow, kept, isLast);
    if (isLast) packet.flow = undefined;
  }

  #follow(packet: Packet): void {
    if (this.#handlers.beforeFlow !== undefined && !this.#handlers.beforeFlow(packet)) return;
    let flow = this.flows.lookup(packet);
    if (flow === undefined) return;
    if (flow.bypassed || flow.verdict === 'drop') {
      // Nothing of it goes on: its stream stands still.
      packet.isBypassed = flow.bypassed;
      this.flows.touch(flow, packet);
      return;
    }
    if (packet.protocol !== TCP) {
      this.flows.touch(flow, packet);
      return;
    }
    if (this.#handlers.beforeStream !== undefined && !this.#handlers.beforeStream(packet, flow)) {
      this.flows.touch(flow, packet);
      return;
    }
    // A wrong checksum means that the receiver never took it: it must not touch the stream.
    const good = !this.#dropsWrongChecksums || (packet.ipChecksumGood !== 0 && packet.transportChecksumGood !== 0);
    if (good && this.#tracker.isReuse(packet, flow)) {
      this.flows.drop(flow, 'tcp_reuse');
      packet.flow = undefined;
      flow = this.flows.lookup(packet);
      if (flow === undefined) return;
    }
    if (good) this.#tracker.handle(packet, flow);
    // What it carries is looked at all the same, as part of the connection it claims to belong to.
    else packet.flowEstablished = (flow.stream as TcpStream | undefined)?.opened === true;
    this.flows.touch(flow, packet);
  }

  /** The capture is over. */
  finish(): void {
    this.flows.finish();
  }
}

/** TCP options of nearly every connection: two fillers, a timestamp (RFC 7323). */
const TIMESTAMP_ALONE = 0x0101080a;

/** Of a TCP segment over IPv4: zero where it is right (RFC 9293, section 3.1). */
function segmentChecksum(data: Uint8Array, ip: number, tcp: number, end: number): number {
  let sum = TCP + end - tcp;
  for (let at = ip + 12; at < ip + 20; at += 2) sum += uint16(data, at);
  return checksumFinish(checksumAdd(data, tcp, end, sum));
}
