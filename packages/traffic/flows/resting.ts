/**
 * Flows at rest: a lookup without its answer, a connection that was asked for and perhaps refused. Millions of them come with a scan, and most never see
 * another packet; they are kept as numbers in their row, and get an object again when one comes.
 */
import { FLOW_NEW, type Flow, ICMP, ICMPV6 } from '@sigwright/contracts';
import { REFUSED, refuse, TALKED, whatIsKnown } from '../streams/asked-for.ts';
import { TCP_SYN_SENT, type TcpStream } from '../streams/tcp-stream.ts';
import {
  BYTES,
  DEPTH_SHIFT,
  FIRST_PACKET,
  type FlowRows,
  ID,
  KIND,
  LASTED,
  PORTS,
  placeOf,
  STATE_SHIFT,
  SYN_HEADER,
  SYN_SEQUENCE,
  SYN_TIMESTAMP,
  TO_CLIENT_SHIFT,
  TO_SERVER_SHIFT,
  VERSION_SHIFT,
  WITHOUT_REST,
} from './flow-rows.ts';
import { counterpart } from './icmp-exchange.ts';

/** Packets after which a flow is no longer put to rest: it talks, and would be woken each time. */
const MOST_PACKETS = 4;
const MOST_VLANS = 2;
/** In each direction. */
const MOST_BYTES = 0xffff;

/**
 * Bits of SYN_HEADER: a rule alerted (which is no SYN's), refused, stream, timestamp known (1 each), window scale + 1 (4), TCP flags (8),
 * window (16).
 */
const ALERTED = 1 << 0;
const WAS_REFUSED = 1 << 1;
const HAS_STREAM = 1 << 2;
const HAS_TIMESTAMP = 1 << 3;

/** Does the flow hold nothing but what a row can? What the handler knows of it is the handler's to judge. */
export function canRest(flow: Flow): boolean {
  return (
    flow.packetsToServer + flow.packetsToClient <= MOST_PACKETS &&
    flow.bytesToServer <= MOST_BYTES &&
    flow.bytesToClient <= MOST_BYTES &&
    // Also false for what is no whole number.
    (flow.lastTime - flow.startTime) >>> 0 === flow.lastTime - flow.startTime &&
    flow.verdict === 'none' &&
    !flow.turned &&
    !flow.accepted &&
    !flow.bypassed &&
    flow.dropsLogged === 0 &&
    flow.filesStored === 0 &&
    flow.bits === undefined &&
    flow.captured === undefined &&
    flow.integers === undefined &&
    flow.entropies === undefined &&
    flow.exceptions === undefined &&
    flow.anomalies === undefined &&
    flow.expected === undefined &&
    flow.originalProtocol === undefined &&
    flow.agreedProtocol === undefined &&
    flow.questions === undefined &&
    (flow.vlans === undefined || flow.vlans.length <= MOST_VLANS) &&
    (flow.stream === undefined || whatIsKnown(flow.stream as TcpStream) !== TALKED)
  );
}

/** `kept`: what the handler wants to find again. The row is in its list, at its end. */
export function putToRest(rows: FlowRows, flow: Flow, kept: number): void {
  const words = rows.block(flow.row);
  const at = placeOf(flow.row);
  const stream = flow.stream as TcpStream | undefined;
  words[at + KIND] =
    (words[at + KIND] & WITHOUT_REST) | (flow.state << STATE_SHIFT) | (flow.packetsToServer << TO_SERVER_SHIFT) | (flow.packetsToClient << TO_CLIENT_SHIFT);
  words[at + FIRST_PACKET] = flow.firstPacket;
  words[at + LASTED] = flow.lastTime - flow.startTime;
  words[at + BYTES] = flow.bytesToServer | (flow.bytesToClient << 16);
  words[at + SYN_HEADER] = flow.alerted ? ALERTED : 0;
  if (stream !== undefined) {
    const [side] = stream.sides;
    words[at + SYN_HEADER] |=
      HAS_STREAM |
      (whatIsKnown(stream) === REFUSED ? WAS_REFUSED : 0) |
      (side.timestamp >= 0 ? HAS_TIMESTAMP : 0) |
      ((side.windowScale + 1) << 4) |
      (side.flags << 8) |
      (side.window << 16);
    words[at + SYN_SEQUENCE] = side.first;
    words[at + SYN_TIMESTAMP] = side.timestamp;
  }
  rows.forgetFlow(flow.row, kept);
}

/** Is the connection of a row at rest followed? */
export function hasStream(rows: FlowRows, row: number): boolean {
  return (rows.block(row)[placeOf(row) + SYN_HEADER] & HAS_STREAM) !== 0;
}

/** Makes `flow`, of which nothing is known, the one of a row as it was when it was put to rest. */
export function wake(rows: FlowRows, row: number, flow: Flow, openStream: () => TcpStream): void {
  const words = rows.block(row);
  const at = placeOf(row);
  flow.row = row;
  flow.id = words[at + ID] >>> 0;
  const kind = words[at + KIND];
  flow.protocol = kind & 0xff;
  flow.ipVersion = (kind >>> VERSION_SHIFT) & 0xf;
  flow.tunnelDepth = (kind >>> DEPTH_SHIFT) & 0xf;
  rows.readAddresses(row, flow.source, flow.destination);
  flow.sourcePort = words[at + PORTS] >>> 16;
  flow.destinationPort = words[at + PORTS] & 0xffff;
  const vlans = rows.vlans(row);
  if (vlans !== 0) flow.vlans = [(vlans >>> 2) & 0xfff, (vlans >>> 14) & 0xfff].slice(0, vlans & 3);
  flow.lastTime = rows.listedAt(row);
  flow.startTime = flow.lastTime - (words[at + LASTED] >>> 0);
  flow.firstPacket = words[at + FIRST_PACKET] >>> 0;
  flow.state = (kind >>> STATE_SHIFT) & 3;
  flow.packetsToServer = (kind >>> TO_SERVER_SHIFT) & 7;
  flow.packetsToClient = (kind >>> TO_CLIENT_SHIFT) & 7;
  flow.bytesToServer = words[at + BYTES] & 0xffff;
  flow.bytesToClient = words[at + BYTES] >>> 16;
  if (flow.protocol === ICMP || flow.protocol === ICMPV6) flow.responseType = counterpart(flow.protocol, flow.sourcePort);
  const header = words[at + SYN_HEADER];
  flow.alerted = (header & ALERTED) !== 0;
  if ((header & HAS_STREAM) !== 0) {
    const stream = openStream();
    const [side] = stream.sides;
    stream.state = TCP_SYN_SENT;
    side.begin(words[at + SYN_SEQUENCE]);
    side.timestamp = (header & HAS_TIMESTAMP) === 0 ? -1 : words[at + SYN_TIMESTAMP] >>> 0;
    side.windowScale = ((header >>> 4) & 0xf) - 1;
    side.flags = (header >>> 8) & 0xff;
    side.window = header >>> 16;
    if ((header & WAS_REFUSED) !== 0) refuse(stream);
    flow.stream = stream;
  }
  rows.keepFlow(row, flow);
}

/** Makes the object of a flow that can rest one of which nothing is known: what `canRest` asks for is as it was already. */
export function clear(flow: Flow): void {
  flow.row = -1;
  flow.protocol = 0;
  flow.state = FLOW_NEW;
  flow.packetsToServer = flow.packetsToClient = 0;
  flow.bytesToServer = flow.bytesToClient = 0;
  flow.applicationProtocol = undefined;
  flow.protocolToServer = flow.protocolToClient = undefined;
  flow.session = undefined;
  flow.stream = undefined;
  flow.detection = undefined;
  flow.quietToServer = flow.quietToClient = undefined;
  flow.quietSince = 0;
  flow.id = 0;
  flow.ipVersion = 4;
  flow.sourcePort = flow.destinationPort = 0;
  for (let word = 0; word < 4; word++) flow.source[word] = flow.destination[word] = 0;
  flow.responseType = -1;
  flow.vlans = undefined;
  flow.startTime = flow.lastTime = 0.5;
  flow.tunnelDepth = 0;
  flow.firstPacket = 0;
  flow.alerted = false;
  flow.dropReason = 'flow drop';
  flow.endReason = '';
}
