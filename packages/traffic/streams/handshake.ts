/**
 * How a connection begins: the three-way handshake, both sides at once (RFC 9293 section 3.5, "four-way"), data in the SYN
 * (RFC 7413), SYNs and answers repeated with other numbers, and connections whose beginning was not captured.
 */

import { ACK, type EngineSettings, FIN, type Flow, type Packet, RST, SYN, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { applyException } from '../exceptions.ts';
import { turnRound } from '../flows/turn.ts';
import type { StreamSide } from './stream-side.ts';
import { TCP_ESTABLISHED, TCP_NONE, TCP_SYN_RECEIVED, TCP_SYN_SENT, type TcpStream } from './tcp-stream.ts';

/** May this packet open a connection? If it is the server's answer, the flow is turned round. */
export function opening(packet: Packet, flow: Flow, settings: EngineSettings): boolean {
  const { tcpFlags: flags } = packet;
  if ((flags & RST) !== 0) {
    packet.anomalies.push('stream.rst_but_no_session');
    return false;
  }
  if ((flags & (SYN | ACK)) === SYN) return (flags & FIN) === 0;
  applyException(packet, flow, settings.exceptionPolicies.midstream, 'stream_midstream', 'stream midstream');
  if (flow.verdict === 'drop' || flow.bypassed) return false;
  const lenient = settings.stream.midstream || settings.stream.asyncOneside;
  if ((flags & SYN) !== 0) {
    if (!lenient) return false;
    if (packet.direction === TO_SERVER) {
      turnRound(flow);
      packet.direction = TO_CLIENT;
    }
    return true;
  }
  // A last segment that carries data is worth reading, even where nothing of the connection was seen before.
  if (lenient && (flags & ACK) !== 0 && ((flags & FIN) === 0 || packet.payloadEnd > packet.payloadStart)) return true;
  if ((flags & FIN) !== 0) packet.anomalies.push('stream.fin_but_no_session');
  return false;
}

/** True: the packet is also to be taken as a segment (acknowledgement, data, FIN, RST). */
export function handshake(packet: Packet, _flow: Flow, stream: TcpStream, settings: EngineSettings): boolean {
  switch (stream.state) {
    case TCP_NONE:
      return first(packet, stream, settings);
    case TCP_SYN_SENT:
      return synSent(packet, stream, settings);
    default:
      return synReceived(packet, stream, settings);
  }
}

/** Data went over and was acknowledged, so that both sides have seen the handshake through. */
export function confirmed(stream: TcpStream): boolean {
  return stream.midstream || stream.sides[TO_SERVER].acknowledged > 0 || stream.sides[TO_CLIENT].acknowledged > 0;
}

function first(packet: Packet, stream: TcpStream, settings: EngineSettings): boolean {
  const { tcpFlags: flags } = packet;
  const side = stream.sides[packet.direction];
  if ((flags & (SYN | ACK)) === SYN) {
    stream.state = TCP_SYN_SENT;
    takeSyn(packet, side);
    return early(packet, stream, side);
  }
  stream.midstream = true;
  stream.oneSided = settings.stream.asyncOneside;
  stream.windowsUnknown = true;
  if ((flags & SYN) !== 0) {
    stream.state = TCP_SYN_RECEIVED;
    takeSyn(packet, side);
    const client = stream.sides[TO_SERVER];
    client.begin(packet.tcpAcknowledgement);
    client.windowEnd = (packet.tcpAcknowledgement + packet.tcpWindow) | 0;
    return false;
  }
  stream.state = TCP_ESTABLISHED;
  return true;
}

/** Data in the SYN. It counts once the answer acknowledges it; without the option no receiver takes it. */
function early(packet: Packet, stream: TcpStream, side: StreamSide): boolean {
  const length = packet.payloadEnd - packet.payloadStart;
  if (length === 0 || !packet.tcpFastOpen) return false;
  stream.earlyData = true;
  side.windowEnd = (side.first + length) | 0;
  return true;
}

function takeSyn(packet: Packet, side: StreamSide): void {
  side.begin((packet.tcpSequence + 1) | 0);
  side.windowScale = packet.tcpWindowScale;
  side.timestamp = packet.tcpTimestamp;
  side.window = packet.tcpWindow;
}

function synSent(packet: Packet, stream: TcpStream, settings: EngineSettings): boolean {
  const { tcpFlags: flags, direction, anomalies } = packet;
  const side = stream.sides[direction];
  const client = stream.sides[TO_SERVER];
  if ((flags & RST) !== 0) {
    if (direction === TO_CLIENT && (flags & ACK) !== 0 && ((packet.tcpAcknowledgement - client.first) | 0) !== 0 && !stream.earlyData) {
      anomalies.push('stream.rst_invalid_ack');
      return false;
    }
    return true;
  }
  if ((flags & (SYN | ACK)) === (SYN | ACK)) return direction === TO_CLIENT ? answer(packet, stream, side, client) : simultaneousAnswer(packet, stream);
  if ((flags & SYN) !== 0) {
    if (direction === TO_CLIENT) {
      stream.fourWay = true;
      takeSyn(packet, side);
    } else againSyn(packet, stream, side, settings.stream.mostSyns);
    return false;
  }
  if ((flags & ACK) !== 0 && settings.stream.asyncOneside && direction === TO_SERVER) {
    if ((packet.tcpSequence | 0) !== client.next) {
      anomalies.push('stream.3whs_async_wrong_seq');
      return false;
    }
    stream.oneSided = true;
    stream.state = TCP_ESTABLISHED;
    return true;
  }
  return false;
}

/** The client asks again. Another number means another try; which of them counts is decided by the server's answer. */
function againSyn(packet: Packet, stream: TcpStream, side: StreamSide, most: number): void {
  if (((packet.tcpSequence + 1) | 0) === side.first || stream.earlyData) return;
  if (stream.otherSyns === undefined) stream.otherSyns = [];
  if (stream.otherSyns.length >= most) {
    packet.anomalies.push('stream.3whs_syn_flood');
    stream.otherSyns.shift();
  }
  stream.otherSyns.push({ first: side.first, windowScale: side.windowScale, timestamp: side.timestamp, window: side.window });
  takeSyn(packet, side);
}

/** Goes back to the SYN whose answer this is, if there was one. */
function chooseSyn(stream: TcpStream, client: StreamSide, number: number): void {
  const syn = number === client.first ? undefined : stream.otherSyns?.find((one) => one.first === number);
  if (syn === undefined) return;
  client.begin(syn.first);
  client.windowScale = syn.windowScale;
  client.timestamp = syn.timestamp;
  client.window = syn.window;
}

function answer(packet: Packet, stream: TcpStream, server: StreamSide, client: StreamSide): boolean {
  const number = packet.tcpAcknowledgement | 0;
  chooseSyn(stream, client, number);
  const behind = (number - client.first) | 0;
  const sent = (client.next - client.first) | 0;
  if (behind < 0 || behind > sent || (behind !== 0 && behind !== sent)) {
    packet.anomalies.push('stream.3whs_synack_with_wrong_ack');
    return false;
  }
  // The server did not want the early data: the client will send it again.
  if (sent > 0 && behind === 0) packet.anomalies.push('stream.3whs_synack_tfo_data_ignored');
  stream.state = TCP_SYN_RECEIVED;
  takeSyn(packet, server);
  client.windowEnd = (number + packet.tcpWindow) | 0;
  if (client.windowScale < 0 || server.windowScale < 0) client.windowScale = server.windowScale = -1;
  if (client.timestamp < 0 || server.timestamp < 0) client.timestamp = server.timestamp = -1;
  server.windowEnd = (server.first + client.window) | 0;
  if (behind > 0) client.acknowledge(number);
  return packet.payloadEnd > packet.payloadStart;
}

/** Both sent a SYN, now this side answers the other's. */
function simultaneousAnswer(packet: Packet, stream: TcpStream): boolean {
  const client = stream.sides[TO_SERVER];
  const server = stream.sides[TO_CLIENT];
  if (!stream.fourWay) {
    packet.anomalies.push('stream.3whs_synack_in_wrong_direction');
    return false;
  }
  if ((packet.tcpAcknowledgement | 0) !== server.first) {
    packet.anomalies.push('stream.4whs_synack_with_wrong_ack');
    return false;
  }
  if (((packet.tcpSequence + 1) | 0) !== client.first) {
    packet.anomalies.push('stream.4whs_synack_with_wrong_syn');
    return false;
  }
  stream.state = TCP_SYN_RECEIVED;
  server.windowEnd = (server.first + packet.tcpWindow) | 0;
  client.windowEnd = (client.first + server.window) | 0;
  if (client.windowScale < 0 || server.windowScale < 0) client.windowScale = server.windowScale = -1;
  if (client.timestamp < 0 || server.timestamp < 0) client.timestamp = server.timestamp = -1;
  return false;
}

function synReceived(packet: Packet, stream: TcpStream, settings: EngineSettings): boolean {
  const { tcpFlags: flags, direction } = packet;
  if ((flags & RST) !== 0) return true;
  if ((flags & SYN) !== 0) {
    synAgain(packet, stream, settings.stream.mostAnswers);
    return false;
  }
  if ((flags & ACK) === 0) return (flags & FIN) !== 0;
  return direction === TO_SERVER ? completed(packet, stream, settings) : answeredByServer(packet, stream, settings.inline);
}

function synAgain(packet: Packet, stream: TcpStream, most: number): void {
  const { tcpFlags: flags, direction, anomalies } = packet;
  const server = stream.sides[TO_CLIENT];
  const client = stream.sides[TO_SERVER];
  if ((flags & ACK) === 0) {
    if (direction === TO_CLIENT) {
      if (!stream.fourWay) anomalies.push('stream.3whs_syn_toclient_on_syn_recv');
    } else if (((packet.tcpSequence + 1) | 0) !== client.first) anomalies.push('stream.3whs_syn_resend_diff_seq_on_syn_recv');
    return;
  }
  if (direction === TO_SERVER) {
    if (!stream.fourWay) anomalies.push('stream.3whs_synack_toserver_on_syn_recv');
    return;
  }
  if (stream.fourWay) return;
  const behind = ((packet.tcpAcknowledgement | 0) - client.first) | 0;
  if (behind !== 0 && behind !== ((client.next - client.first) | 0)) {
    anomalies.push('stream.3whs_synack_resend_with_different_ack');
    return;
  }
  const number = (packet.tcpSequence + 1) | 0;
  if (number === server.first) return;
  // Which answer counts is decided by the client.
  stream.otherAnswers ??= [];
  if (stream.otherAnswers.includes(number)) return;
  if (stream.otherAnswers.length >= most) anomalies.push('stream.3whs_synack_flood');
  else stream.otherAnswers.push(number);
}

/** The client's answer to the answer. */
function completed(packet: Packet, stream: TcpStream, settings: EngineSettings): boolean {
  const client = stream.sides[TO_SERVER];
  const server = stream.sides[TO_CLIENT];
  const number = packet.tcpAcknowledgement | 0;
  if (stream.otherAnswers?.includes(number) === true && number !== server.first && server.available === 0) server.begin(number);
  const ahead = (number - server.first) | 0;
  const sent = (server.next - server.first) | 0;
  // Where packets were lost, the client may acknowledge data that the capture does not have; a window's worth at most. Inline none is lost.
  const rightAck = ahead >= 0 && (ahead <= sent || (!settings.inline && ((number - server.windowEnd) | 0) <= 1));
  const behind = (packet.tcpSequence - client.first) | 0;
  const rightSequence = behind === 0 || ((packet.tcpSequence - client.next) | 0) === 0 || (behind > 0 && ((packet.tcpSequence - client.windowEnd) | 0) <= 0);
  if (stream.midstream || settings.stream.asyncOneside || (rightAck && rightSequence)) {
    stream.state = TCP_ESTABLISHED;
    return true;
  }
  if (stream.fourWay) packet.anomalies.push(rightAck ? 'stream.4whs_wrong_seq' : 'stream.4whs_invalid_ack');
  else if (rightSequence) packet.anomalies.push('stream.3whs_right_seq_wrong_ack_evasion');
  else packet.anomalies.push('stream.3whs_wrong_seq_wrong_ack');
  return false;
}

/** The server speaks before the client's last packet of the handshake was seen. */
function answeredByServer(packet: Packet, stream: TcpStream, inline: boolean): boolean {
  const client = stream.sides[TO_SERVER];
  const server = stream.sides[TO_CLIENT];
  if (stream.fourWay) {
    if ((packet.tcpSequence | 0) !== server.next) packet.anomalies.push('stream.4whs_wrong_seq');
    else if ((packet.tcpAcknowledgement | 0) !== client.first) packet.anomalies.push('stream.4whs_invalid_ack');
    else stream.state = TCP_ESTABLISHED;
    return stream.state === TCP_ESTABLISHED;
  }
  const acknowledged = ((packet.tcpAcknowledgement | 0) - client.first) | 0;
  // It acknowledges data of the client: the missing packet was sent, only not captured.
  const sent = (client.next - client.first) | 0;
  if (acknowledged > 0 && (inline ? acknowledged <= sent : ((packet.tcpAcknowledgement - client.windowEnd) | 0) <= 0)) {
    stream.state = TCP_ESTABLISHED;
    return true;
  }
  const speaks = packet.payloadEnd > packet.payloadStart || (packet.tcpFlags & FIN) !== 0;
  // Inline nothing gets lost on the way: the client has not agreed to anything yet.
  if (speaks && inline && !stream.midstream && !stream.earlyData) {
    packet.anomalies.push('stream.3whs_ack_data_inject');
    return false;
  }
  if (speaks) return acknowledged === 0;
  packet.anomalies.push('stream.3whs_ack_in_wrong_dir');
  return false;
}
