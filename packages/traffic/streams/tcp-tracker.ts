/**
 * TCP as far as an observer needs it: who is the client, is the connection established, which bytes are in order and
 * acknowledged (RFC 9293). Lenient: what an end system might accept is taken, odd things become anomalies.
 */
import { ACK, type EngineSettings, FIN, FLOW_CLOSED, FLOW_ESTABLISHED, type Flow, type Packet, RST, SYN, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { StreamSide } from './stream-side.ts';

export class TcpStream {
  readonly sides: [StreamSide, StreamSide];
  synSeen = false;
  synAckSeen = false;
  midstream = false;
  reset = false;

  constructor(depth: number) {
    this.sides = [new StreamSide(depth), new StreamSide(depth)];
  }
}

/** Zero-window probes and keep-alives resend one byte before what is acknowledged. */
const KEEP_ALIVE_BYTES = 1;

export class TcpTracker {
  readonly #settings: EngineSettings;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
  }

  /** Does this SYN begin a new connection on the ports of an old one? */
  isReuse(packet: Packet, flow: Flow): boolean {
    if ((packet.tcpFlags & (SYN | ACK | RST)) !== SYN) return false;
    const stream = flow.stream as TcpStream | undefined;
    if (stream === undefined) return false;
    if (flow.state === FLOW_CLOSED) return true;
    const side = stream.sides[packet.direction];
    return stream.synAckSeen && side.known && packet.direction === TO_SERVER && side.offsetOf(packet.tcpSequence + 1) !== 0 && flow.state === FLOW_ESTABLISHED;
  }

  /** Takes the packet in: packet.direction and packet.flow are set. */
  handle(packet: Packet, flow: Flow): void {
    let stream = flow.stream as TcpStream | undefined;
    const { tcpFlags: flags, direction } = packet;
    if (stream === undefined) {
      stream = this.#begin(packet);
      if (stream === undefined) return;
      flow.stream = stream;
    }
    const side = stream.sides[direction];
    const peer = stream.sides[direction === TO_SERVER ? TO_CLIENT : TO_SERVER];
    side.window = packet.tcpWindow;
    const dataStart = (flags & SYN) !== 0 ? packet.tcpSequence + 1 : packet.tcpSequence;
    if ((flags & SYN) !== 0) this.#syn(packet, stream, side, peer);
    else if (!side.known) side.begin(packet.tcpSequence);
    if ((flags & RST) !== 0) {
      this.#resetBy(packet, flow, stream, side);
      return;
    }
    if ((flags & ACK) !== 0 && peer.known && !peer.acknowledge(packet.tcpAcknowledgement)) packet.anomalies.push('stream.pkt_invalid_ack');
    if ((flags & ACK) !== 0 && !peer.known && (flags & SYN) === 0) peer.begin(packet.tcpAcknowledgement);
    this.#establish(packet, flow, stream, flags);
    const length = packet.payloadEnd - packet.payloadStart;
    if (length > 0) this.#data(packet, side, dataStart, length);
    if ((flags & FIN) !== 0) side.finish((dataStart + length) >>> 0);
    if (flow.state !== FLOW_CLOSED && stream.sides[0].ended && stream.sides[1].ended) flow.state = FLOW_CLOSED;
    packet.flowEstablished = flow.state >= FLOW_ESTABLISHED;
  }

  #begin(packet: Packet): TcpStream | undefined {
    const flags = packet.tcpFlags;
    if ((flags & RST) !== 0) return undefined;
    const stream = new TcpStream(this.#settings.stream.depth);
    if ((flags & (SYN | ACK)) === SYN) return stream;
    if (!this.#settings.stream.midstream && !this.#settings.stream.asyncOneside) return undefined;
    stream.midstream = true;
    return stream;
  }

  #syn(packet: Packet, stream: TcpStream, side: StreamSide, peer: StreamSide): void {
    if (!side.known) {
      side.begin((packet.tcpSequence + 1) >>> 0);
      if (packet.tcpWindowScale >= 0) side.windowScale = packet.tcpWindowScale;
    } else if (side.available === 0 && side.offsetOf((packet.tcpSequence + 1) >>> 0) !== 0 && !stream.synAckSeen) {
      // The client tries again with another number; what counts is the one that is answered.
      side.begin((packet.tcpSequence + 1) >>> 0);
    }
    if ((packet.tcpFlags & ACK) !== 0) {
      if (packet.direction === TO_CLIENT || stream.midstream) stream.synAckSeen = true;
      else if (peer.known) stream.synAckSeen = true;
      if (peer.known && peer.available === 0 && peer.offsetOf(packet.tcpAcknowledgement) < 0) packet.anomalies.push('stream.3whs_synack_with_wrong_ack');
    } else {
      if (packet.direction === TO_SERVER) stream.synSeen = true;
      else if (stream.synSeen) stream.synAckSeen = true;
    }
  }

  #establish(packet: Packet, flow: Flow, stream: TcpStream, flags: number): void {
    if (flow.state >= FLOW_ESTABLISHED) return;
    if (stream.midstream) {
      if ((flags & SYN) === 0) flow.state = FLOW_ESTABLISHED;
      return;
    }
    if (stream.synSeen && stream.synAckSeen && (flags & (SYN | ACK)) === ACK && packet.direction === TO_SERVER) flow.state = FLOW_ESTABLISHED;
    else if (stream.synSeen && !stream.synAckSeen && this.#settings.stream.asyncOneside && (flags & SYN) === 0) flow.state = FLOW_ESTABLISHED;
  }

  #data(packet: Packet, side: StreamSide, sequence: number, length: number): void {
    const offset = side.offsetOf(sequence >>> 0);
    if (length <= KEEP_ALIVE_BYTES && offset + length <= side.acknowledged) {
      packet.inStream = true;
      return;
    }
    const reach = Math.max(side.acknowledged, side.available) + 1_073_741_824;
    if (offset > reach || offset + length < side.available - 1_073_741_824) {
      packet.anomalies.push('stream.est_packet_out_of_window');
      return;
    }
    const conflicting = side.conflicting;
    if (!side.insert(sequence >>> 0, packet.data, packet.payloadStart, packet.payloadEnd)) packet.anomalies.push('stream.reassembly_no_segment');
    else packet.inStream = true;
    if (!conflicting && side.conflicting) packet.anomalies.push('stream.reassembly_overlap_different_data');
  }

  #resetBy(packet: Packet, flow: Flow, stream: TcpStream, side: StreamSide): void {
    // A blind reset does not hit the sequence number; a real one is near what was sent last.
    const offset = side.offsetOf(packet.tcpSequence);
    const peer = stream.sides[packet.direction === TO_SERVER ? TO_CLIENT : TO_SERVER];
    if (Math.abs(offset - side.available) > (65535 << peer.windowScale) + 1) {
      packet.anomalies.push('stream.rst_invalid_ack');
      return;
    }
    stream.reset = true;
    if ((packet.tcpFlags & ACK) !== 0) peer.acknowledge(packet.tcpAcknowledgement);
    packet.flowEstablished = flow.state === FLOW_ESTABLISHED;
    flow.state = FLOW_CLOSED;
    for (const one of stream.sides) one.close();
  }

  /** The flow is over: everything buffered may be read. */
  finish(flow: Flow): void {
    const stream = flow.stream as TcpStream | undefined;
    if (stream !== undefined) for (const side of stream.sides) side.close();
  }
}
