/**
 * TCP as an observer needs it (RFC 9293): who is the client, is the connection established, which bytes are in order and
 * acknowledged. A packet that the receiver would refuse (wrong number, outside the window, old timestamp) is not taken into the stream; each such thing
 * is an anomaly in Suricata's names with `stream.` in front. The handshake has its own file.
 */

import { SlabPool } from '@sigwright/bytes';
import {
  ACK,
  type Direction,
  DROPPED,
  type EngineSettings,
  FIN,
  FLOW_CLOSED,
  FLOW_ESTABLISHED,
  type Flow,
  type Packet,
  RST,
  SYN,
  TO_CLIENT,
  TO_SERVER,
  URG,
  type UrgentPolicy,
} from '@sigwright/contracts';
import { copyFrame, renewTcpChecksum } from '../decode/rewrite.ts';
import { applyException, drop } from '../exceptions.ts';
import type { TargetTable } from '../target-systems.ts';
import { forget } from './asked-for.ts';
import { confirmed, handshake, opening } from './handshake.ts';
import { NO_ROOM, REPEATED, type StreamSide } from './stream-side.ts';
import {
  TCP_CLOSE_WAIT,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT_1,
  TCP_FIN_WAIT_2,
  TCP_LAST_ACK,
  TCP_SYN_RECEIVED,
  TCP_TIME_WAIT,
  TcpStream,
} from './tcp-stream.ts';

export { TcpStream } from './tcp-stream.ts';

/** How the states are called in anomalies. */
const STATE_WORDS: readonly string[] = ['none', '3whs', '3whs', 'est', 'fin1', 'fin2', 'timewait', 'lastack', 'closewait', 'closing', 'closed'];
const WRONG_SEQUENCE: readonly string[] = STATE_WORDS.map((word) =>
  word === 'est' ? 'stream.est_packet_out_of_window' : word === 'closewait' ? 'stream.closewait_ack_out_of_window' : `stream.${word}_ack_wrong_seq`,
);
const INVALID_ACK: readonly string[] = STATE_WORDS.map((word) => `stream.${word}_invalid_ack`);
const WRONG_FIN: readonly string[] = STATE_WORDS.map((word) =>
  word === 'est'
    ? 'stream.fin_out_of_window'
    : word === 'closewait'
      ? 'stream.closewait_fin_out_of_window'
      : word === 'fin1' || word === 'fin2'
        ? `stream.${word}_fin_wrong_seq`
        : `stream.${word}_ack_wrong_seq`,
);

/** No receiver takes a packet of which this is said; inline it goes no further (`stream.drop-invalid`). */
const INVALID: ReadonlySet<string> = new Set([
  'stream.pkt_invalid_timestamp',
  'stream.pkt_invalid_ack',
  'stream.rst_invalid_ack',
  'stream.3whs_ack_data_inject',
  'stream.3whs_ack_in_wrong_dir',
  'stream.3whs_async_wrong_seq',
  'stream.3whs_right_seq_wrong_ack_evasion',
  'stream.3whs_synack_in_wrong_direction',
  'stream.3whs_synack_toserver_on_syn_recv',
  'stream.3whs_synack_with_wrong_ack',
  'stream.3whs_syn_toclient_on_syn_recv',
  'stream.3whs_wrong_seq_wrong_ack',
  'stream.4whs_invalid_ack',
  'stream.4whs_synack_with_wrong_ack',
  'stream.4whs_synack_with_wrong_syn',
  'stream.4whs_wrong_seq',
  'stream.est_syn_toclient',
  'stream.est_synack_toserver',
  ...WRONG_SEQUENCE,
  ...WRONG_FIN,
]);

/** A zero window may be probed with one byte beyond it. */
const PROBE = 1;
/** Bytes of one side that are read apart from its stream. */
const MOST_OUT_OF_BAND = 65_535;

export class TcpTracker {
  readonly #settings: EngineSettings;
  readonly #targets: TargetTable | undefined;
  readonly #pool: SlabPool;
  #spare: TcpStream | undefined = undefined;

  constructor(settings: EngineSettings, targets: TargetTable) {
    this.#settings = settings;
    this.#pool = new SlabPool(settings.stream.memory === 0 ? Number.POSITIVE_INFINITY : settings.stream.memory);
    // Inline the bytes that came first are those that the receiver gets.
    this.#targets = targets.isEmpty || settings.inline ? undefined : targets;
  }

  /** Does this SYN begin a new connection on the ports of an old one? */
  isReuse(packet: Packet, flow: Flow): boolean {
    if ((packet.tcpFlags & (SYN | ACK | RST | FIN)) !== SYN) return false;
    const stream = flow.stream as TcpStream | undefined;
    if (stream === undefined) return flow.state === FLOW_CLOSED;
    // The same SYN again is a retransmission, whatever became of the first one; but a client whose early data was not wanted begins anew without.
    const again = packet.direction === TO_SERVER && stream.sides[TO_SERVER].known && ((packet.tcpSequence + 1) | 0) === stream.sides[TO_SERVER].first;
    if (again) return stream.state === TCP_SYN_RECEIVED && stream.earlyData && !earlyDataTaken(stream) && packet.payloadEnd === packet.payloadStart;
    if (stream.state === TCP_CLOSED || stream.state === TCP_TIME_WAIT || stream.state === TCP_LAST_ACK) return true;
    if (packet.direction === TO_CLIENT || stream.state < TCP_ESTABLISHED) return false;
    const side = stream.sides[TO_SERVER];
    return side.known && ((packet.tcpSequence + 1) | 0) !== side.first;
  }

  /** Bytes of buffers, but for those that are held only while there is room. */
  get held(): number {
    return this.#pool.lent - this.#pool.spare;
  }

  open(): TcpStream {
    const stream = this.#spare ?? new TcpStream(this.#settings.stream.depth, this.#pool);
    this.#spare = undefined;
    return stream;
  }

  /** Nobody knows the stream any longer: the next one may take its place. */
  giveBack(stream: TcpStream): void {
    if (forget(stream)) this.#spare = stream;
  }

  /** Takes the packet in: packet.direction and packet.flow are set. */
  handle(packet: Packet, flow: Flow): void {
    let stream = flow.stream as TcpStream | undefined;
    const { tcpFlags: flags } = packet;
    if ((flags & ACK) === 0 && packet.tcpAcknowledgement !== 0) packet.anomalies.push('stream.pkt_broken_ack');
    if (stream === undefined) {
      if (!opening(packet, flow, this.#settings)) return;
      stream = this.open();
      flow.stream = stream;
    }
    if (stream.freed) return;
    if (this.#targets !== undefined && !stream.targeted) this.#aim(packet, stream, this.#targets);
    stream.sides[packet.direction].flags |= flags;
    const wasOpen = stream.stateBeforeReset >= TCP_ESTABLISHED;
    if (stream.reset && wasOpen && packet.direction === stream.resetBy && (flags & (RST | SYN)) === 0) this.#resume(packet, flow, stream);
    // What was given up after the answer and before it was open is no connection, whatever is sent on it.
    const givenUp = stream.reset && stream.stateBeforeReset === TCP_SYN_RECEIVED;
    if (stream.state < TCP_ESTABLISHED) {
      if (handshake(packet, flow, stream, this.#settings)) this.#segment(packet, flow, stream);
    } else if ((flags & SYN) !== 0) synLate(packet, stream);
    else if (!givenUp || (flags & RST) !== 0) this.#segment(packet, flow, stream);
    updateFlow(flow, stream);
    const { anomalies } = packet;
    if (anomalies.length > 0 && this.#settings.ips && this.#settings.stream.dropInvalid && anomalies.some((name) => INVALID.has(name)))
      drop(packet, DROPPED, 'stream error');
    // The packet that completes the handshake is the last one of a connection that is not established.
    packet.flowEstablished = stream.opened;
    if ((stream.state >= TCP_ESTABLISHED || earlyDataTaken(stream)) && stream.state !== TCP_CLOSED) stream.opened = true;
  }

  /**
   * As `handle`, for a segment without flags but ACK and PSH, the next one of an established connection of whose bytes in either direction nobody
   * reads any, where nothing is to be said of it. False: nothing was done, `handle` must see it. `timestamp`: -1 where there is none.
   */
  pass(
    stream: TcpStream,
    direction: Direction,
    flags: number,
    sequence: number,
    acknowledgement: number,
    window: number,
    timestamp: number,
    data: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (stream.state !== TCP_ESTABLISHED || !stream.opened || stream.reset || stream.freed) return false;
    if (stream.oneSided || stream.windowsUnknown || stream.midstream || (this.#targets !== undefined && !stream.targeted)) return false;
    const side = stream.sides[direction];
    const peer = stream.sides[direction === TO_SERVER ? TO_CLIENT : TO_SERVER];
    if (!side.opaque || !peer.opaque || sequence !== side.next || ((acknowledgement - peer.next) | 0) > 0) return false;
    if (((side.lastAcknowledgement - sequence) | 0) > 0) return false;
    if (end > start && ((sequence + end - start - side.windowEnd) | 0) > PROBE) return false;
    if (timestamp > 0 && side.timestamp > 0) {
      if (((timestamp - side.timestamp) | 0) < 0) return false;
      side.timestamp = timestamp;
    }
    side.flags |= flags;
    side.window = window;
    const windowEnd = (acknowledgement + (side.windowScale >= 0 && peer.windowScale >= 0 ? window << side.windowScale : window)) | 0;
    if (((windowEnd - peer.windowEnd) | 0) > 0) peer.windowEnd = windowEnd;
    peer.acknowledge(acknowledgement);
    if (end > start) side.insert(sequence, data, start, end);
    return true;
  }

  /** What the receivers of both sides run. */
  #aim({ direction, source, destination, ipVersion }: Packet, stream: TcpStream, targets: TargetTable): void {
    const [client, server] = direction === TO_SERVER ? [source, destination] : [destination, source];
    stream.targeted = true;
    stream.sides[TO_SERVER].laterWins = targets.segments(server, ipVersion);
    stream.sides[TO_CLIENT].laterWins = targets.segments(client, ipVersion);
  }

  /** Everything that is no opening: acknowledgement, data, FIN, RST. */
  #segment(packet: Packet, flow: Flow, stream: TcpStream): void {
    const { direction, tcpFlags: flags, anomalies } = packet;
    const side = stream.sides[direction];
    const peer = stream.sides[direction === TO_SERVER ? TO_CLIENT : TO_SERVER];
    if ((flags & RST) !== 0) {
      this.#reset(packet, flow, stream, side, peer);
      return;
    }
    const sequence = (flags & SYN) !== 0 ? (packet.tcpSequence + 1) | 0 : packet.tcpSequence | 0;
    if (!side.known) side.begin(sequence);
    if (packet.tcpTimestamp > 0 && side.timestamp > 0) {
      // RFC 7323 section 5: an older stamp than that of the last segment in order belongs to an old duplicate.
      if (((packet.tcpTimestamp - side.timestamp) | 0) < 0) {
        anomalies.push('stream.pkt_invalid_timestamp');
        return;
      }
      if (sequence === side.next) side.timestamp = packet.tcpTimestamp;
    } else if (packet.tcpTimestamp > 0 && stream.state >= TCP_ESTABLISHED && stream.midstream) side.timestamp = packet.tcpTimestamp;
    if ((flags & ACK) !== 0 && !this.#acknowledge(packet, stream, side, peer)) return;
    const length = packet.payloadEnd - packet.payloadStart;
    if (stream.oneSided && peer.flags !== 0) stream.oneSided = false;
    if (length > 0) {
      if (!this.#data(packet, stream, side, sequence, length)) return;
      // Nobody will acknowledge it where only one direction is captured.
      if (stream.oneSided) side.acknowledge(side.next);
    } else if ((flags & (FIN | SYN)) === 0) {
      // A bare acknowledgement whose number lies before what its sender had acknowledged: a keep-alive, or an old duplicate.
      if (((side.lastAcknowledgement - sequence) | 0) > PROBE && stream.state >= TCP_ESTABLISHED) remark(packet, stream, 'pkt_before_last_ack');
    }
    if ((flags & FIN) !== 0) this.#fin(packet, stream, side, (sequence + length) | 0);
    else if ((flags & ACK) !== 0) finAcknowledged(stream, direction, peer);
  }

  /** False: the acknowledgement is impossible, and the receiver would refuse the packet. */
  #acknowledge(packet: Packet, stream: TcpStream, side: StreamSide, peer: StreamSide): boolean {
    const number = packet.tcpAcknowledgement | 0;
    if (!peer.known || (stream.oneSided && peer.flags === 0)) {
      // Nothing of that side was seen: it begins here, and what came before is not missed.
      peer.begin(number);
      peer.windowEnd = (number + windowOf(packet, side, stream)) | 0;
      return true;
    }
    if (!stream.windowsUnknown && !stream.oneSided) {
      // It may acknowledge what was sent, and what the capture lost as long as there was window for it, and the FIN.
      const beyondWindow = (number - peer.windowEnd) | 0;
      const beyondSent = (number - peer.next) | 0;
      if (beyondWindow > PROBE && beyondSent > PROBE) {
        packet.anomalies.push('stream.pkt_invalid_ack', INVALID_ACK[stream.state]);
        return false;
      }
      if (beyondSent > PROBE && isBadWindowUpdate(packet, stream, side, peer)) {
        packet.anomalies.push('stream.pkt_bad_window_update');
        return false;
      }
    }
    side.window = packet.tcpWindow;
    const end = (number + windowOf(packet, side, stream)) | 0;
    if (((end - peer.windowEnd) | 0) > 0) peer.windowEnd = end;
    // The FIN takes a number, too.
    if (((number - peer.next) | 0) > (peer.fin < 0 ? 0 : 1)) stream.unseen++;
    if (peer.acknowledge(number) > 0) packet.anomalies.push('stream.reassembly_seq_gap');
    return true;
  }

  /** The last urgent byte, which the receiver reads apart from the stream: the urgent pointer points behind it. */
  #outOfBand({ tcpUrgent }: Packet, side: StreamSide, length: number): number {
    if (tcpUrgent > length || tcpUrgent === 0) return -1;
    side.outOfBand++;
    return tcpUrgent - 1;
  }

  /** What becomes of the packet's urgent data; undefined: it has none. */
  #urgentPolicy({ tcpFlags }: Packet, side: StreamSide): UrgentPolicy | undefined {
    if ((tcpFlags & URG) === 0) return undefined;
    const { urgentPolicy, urgentLimitPolicy } = this.#settings.stream;
    return urgentPolicy === 'oob' && side.outOfBand >= MOST_OUT_OF_BAND ? urgentLimitPolicy : urgentPolicy;
  }

  /** False: the packet is not taken, and nothing else in it either. */
  #data(packet: Packet, stream: TcpStream, side: StreamSide, sequence: number, length: number): boolean {
    const end = (sequence + length) | 0;
    const urgent = this.#urgentPolicy(packet, side);
    if (urgent === 'drop' && this.#settings.ips) {
      drop(packet, DROPPED, 'stream urgent');
      return false;
    }
    if (urgent === 'gap') return true;
    if (this.#settings.inline && this.#settings.ips) this.#keepFirst(packet, side, sequence);
    if (
      !stream.windowsUnknown &&
      !stream.oneSided &&
      ((end - side.windowEnd) | 0) > PROBE &&
      ((end - side.next) | 0) > PROBE &&
      side.windowEnd !== side.first
    ) {
      packet.anomalies.push(WRONG_SEQUENCE[stream.state]);
      return false;
    }
    if (((end - side.lastAcknowledgement) | 0) <= 0 && side.lastAcknowledgement !== side.first) {
      // All of it was acknowledged before. One byte is how keep-alives look.
      if (length > PROBE || end !== side.lastAcknowledgement) {
        if (end !== side.lastAcknowledgement) remark(packet, stream, 'pkt_before_last_ack');
        packet.anomalies.push('stream.pkt_spurious_retransmission');
      }
      const conflicting = side.conflicting;
      side.insert(sequence, packet.data, packet.payloadStart, packet.payloadEnd);
      if (!conflicting && side.conflicting) packet.anomalies.push('stream.reassembly_overlap_different_data');
      return true;
    }
    const { conflicting, depthReached } = side;
    const outcome = side.insert(sequence, packet.data, packet.payloadStart, packet.payloadEnd, urgent === 'oob' ? this.#outOfBand(packet, side, length) : -1);
    if (outcome === NO_ROOM) {
      packet.anomalies.push('stream.reassembly_no_segment');
      applyException(packet, packet.flow, this.#settings.exceptionPolicies.reassemblyMemory, 'stream_reassembly_memcap', 'stream reassembly');
    } else {
      packet.inStream = true;
      if (outcome === REPEATED) packet.anomalies.push('stream.pkt_retransmission');
    }
    if (!conflicting && side.conflicting) packet.anomalies.push('stream.reassembly_overlap_different_data');
    if (!depthReached && side.depthReached) packet.anomalies.push('stream.reassembly_depth_reached');
    return true;
  }

  /** Of two versions of the same bytes the receiver gets the one that was inspected. */
  #keepFirst(packet: Packet, side: StreamSide, sequence: number): void {
    if (((sequence - side.next) | 0) >= 0 || !side.differs(sequence, packet.data, packet.payloadStart, packet.payloadEnd)) return;
    packet.anomalies.push('stream.reassembly_overlap_different_data');
    copyFrame(packet);
    side.restore(sequence, packet.data, packet.payloadStart, packet.payloadEnd);
    renewTcpChecksum(packet);
  }

  #fin(packet: Packet, stream: TcpStream, side: StreamSide, sequence: number): void {
    const { direction } = packet;
    if (!stream.windowsUnknown && !stream.oneSided && ((sequence - side.windowEnd) | 0) > PROBE && ((sequence - side.next) | 0) > PROBE) {
      packet.anomalies.push(WRONG_FIN[stream.state]);
      return;
    }
    // Of a server that nobody heard it is not known that it heard the client out.
    if (stream.oneSided && !stream.midstream && direction === TO_SERVER && stream.state === TCP_ESTABLISHED) return;
    side.finish(sequence);
    switch (stream.state) {
      case TCP_SYN_RECEIVED:
      case TCP_ESTABLISHED:
        stream.state = direction === TO_SERVER ? TCP_CLOSE_WAIT : TCP_FIN_WAIT_1;
        break;
      case TCP_FIN_WAIT_1:
        if (direction === TO_SERVER) stream.state = covers(packet, stream.sides[TO_CLIENT]) ? TCP_TIME_WAIT : TCP_CLOSING;
        break;
      case TCP_FIN_WAIT_2:
        if (direction === TO_SERVER) stream.state = TCP_TIME_WAIT;
        break;
      case TCP_CLOSE_WAIT:
        if (direction === TO_CLIENT) stream.state = TCP_LAST_ACK;
        break;
    }
  }

  /** Who reset the connection goes on as if nothing had been: the reset was somebody else's. */
  #resume(packet: Packet, flow: Flow, stream: TcpStream): void {
    packet.anomalies.push('stream.suspected_rst_inject');
    stream.reset = false;
    stream.state = stream.stateBeforeReset;
    flow.state = FLOW_ESTABLISHED;
    stream.sides[0].reopen();
    stream.sides[1].reopen();
  }

  #reset(packet: Packet, flow: Flow, stream: TcpStream, side: StreamSide, peer: StreamSide): void {
    const sequence = packet.tcpSequence | 0;
    if (packet.tcpTimestamp >= 0 && side.timestamp > 0 && ((packet.tcpTimestamp - side.timestamp) | 0) < 0) {
      packet.anomalies.push('stream.pkt_invalid_timestamp');
      return;
    }
    if (!side.known) side.begin(sequence);
    else if (!stream.windowsUnknown && !stream.oneSided && stream.state !== TCP_CLOSED) {
      // RFC 5961: a blind reset does not hit the window. What was sent but not captured may lie between, hence both bounds.
      const below = (side.lastAcknowledgement - sequence) | 0;
      const above = (sequence - side.windowEnd) | 0;
      if (below > PROBE || (above > PROBE && ((sequence - side.next) | 0) > PROBE)) {
        packet.anomalies.push('stream.rst_invalid_ack');
        return;
      }
    }
    if ((packet.tcpFlags & ACK) !== 0 && peer.known && ((packet.tcpAcknowledgement - peer.next) | 0) <= 0) peer.acknowledge(packet.tcpAcknowledgement | 0);
    if (stream.reset) return;
    stream.reset = true;
    stream.resetBy = packet.direction;
    stream.stateBeforeReset = stream.state;
    stream.state = TCP_CLOSED;
    flow.state = FLOW_CLOSED;
    side.close();
    peer.close(true);
  }

  /** The flow is over: everything buffered may be read. */
  finish(flow: Flow): void {
    const stream = flow.stream as TcpStream | undefined;
    if (stream === undefined) return;
    stream.sides[0].close();
    stream.sides[1].close();
  }

  /** The flow is forgotten: its buffers serve others. */
  free(flow: Flow): void {
    const stream = flow.stream as TcpStream | undefined;
    if (stream === undefined) return;
    stream.freed = true;
    stream.sides[0].free();
    stream.sides[1].free();
  }
}

/** Only the states in which Suricata tells it apart. */
function remark(packet: Packet, stream: TcpStream, what: string): void {
  if (stream.state === TCP_ESTABLISHED || stream.state === TCP_CLOSE_WAIT) packet.anomalies.push(`stream.${STATE_WORDS[stream.state]}_${what}`);
}

/**
 * It acknowledges what was not sent yet, lies beyond what its sender sent, and takes away more of the window than it has bytes: whoever
 * believes that takes nothing of what comes next.
 */
function isBadWindowUpdate(packet: Packet, stream: TcpStream, side: StreamSide, peer: StreamSide): boolean {
  if (stream.state < TCP_ESTABLISHED || stream.state === TCP_CLOSED || (packet.tcpFlags & (SYN | FIN)) !== 0) return false;
  const left = (peer.windowEnd - peer.lastAcknowledgement) | 0;
  return ((packet.tcpSequence - side.next) | 0) > PROBE && left - windowOf(packet, side, stream) > packet.payloadEnd - packet.payloadStart;
}

/** Bytes this packet's sender is ready to take. */
function windowOf(packet: Packet, side: StreamSide, stream: TcpStream): number {
  const peer = stream.sides[packet.direction === TO_SERVER ? TO_CLIENT : TO_SERVER];
  // Scaling holds only where both asked for it, and never in a SYN (RFC 7323 section 2.2).
  return side.windowScale >= 0 && peer.windowScale >= 0 && (packet.tcpFlags & SYN) === 0 ? packet.tcpWindow << side.windowScale : packet.tcpWindow;
}

function covers(packet: Packet, peer: StreamSide): boolean {
  return (packet.tcpFlags & ACK) !== 0 && peer.fin >= 0 && peer.offsetOf(packet.tcpAcknowledgement) > peer.fin;
}

/** An acknowledgement may be that of a FIN. */
function finAcknowledged(stream: TcpStream, direction: number, peer: StreamSide): void {
  if (stream.state <= TCP_ESTABLISHED || peer.fin < 0 || ((peer.lastAcknowledgement - peer.next) | 0) + peer.available <= peer.fin) return;
  if (stream.state === TCP_FIN_WAIT_1 && direction === TO_SERVER) stream.state = TCP_FIN_WAIT_2;
  else if (stream.state === TCP_CLOSING) stream.state = TCP_TIME_WAIT;
  else if ((stream.state === TCP_LAST_ACK || stream.state === TCP_TIME_WAIT) && stream.sides[0].fin >= 0 && stream.sides[1].fin >= 0) {
    const other = stream.sides[direction];
    if (other.fin >= 0 && ((other.lastAcknowledgement - other.next) | 0) + other.available > other.fin) stream.state = TCP_CLOSED;
  }
}

/** A SYN on a connection that is open: a retransmission, or somebody meddles. Nothing in it is taken. */
function synLate(packet: Packet, stream: TcpStream): void {
  const { direction, tcpFlags: flags, anomalies } = packet;
  const side = stream.sides[direction];
  const sameSequence = side.known && ((packet.tcpSequence + 1) | 0) === side.first;
  if ((flags & FIN) !== 0) anomalies.push('stream.fin_syn');
  if (stream.state > TCP_ESTABLISHED) {
    anomalies.push('stream.shutdown_syn_resend');
    return;
  }
  if ((flags & ACK) !== 0) {
    if (direction === TO_SERVER) anomalies.push('stream.est_synack_toserver');
    else if (!sameSequence) anomalies.push('stream.est_synack_resend_with_diff_seq');
    else if ((packet.tcpAcknowledgement | 0) !== stream.sides[TO_SERVER].first) anomalies.push('stream.est_synack_resend_with_different_ack');
    // The last packet of the handshake may have been lost on its way: the server asks again until data comes.
    else if (confirmed(stream)) anomalies.push('stream.est_synack_resend');
  } else if (direction === TO_CLIENT) anomalies.push('stream.est_syn_toclient');
  else anomalies.push(sameSequence ? 'stream.est_syn_resend' : 'stream.est_syn_resend_diff_seq');
}

function updateFlow(flow: Flow, stream: TcpStream): void {
  if (flow.state === FLOW_CLOSED) return;
  const { state } = stream;
  if (state === TCP_CLOSED || state === TCP_TIME_WAIT || state === TCP_LAST_ACK) flow.state = FLOW_CLOSED;
  else if (state >= TCP_ESTABLISHED) flow.state = FLOW_ESTABLISHED;
}

/** The answer acknowledged what lay in the SYN: client and server speak already (RFC 7413, section 4.2). */
function earlyDataTaken(stream: TcpStream): boolean {
  const client = stream.sides[TO_SERVER];
  return stream.earlyData && ((client.lastAcknowledgement - client.first) | 0) > 0;
}
