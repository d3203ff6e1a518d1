/**
 * Flows at rest: a lookup without its answer, a connection that was asked for. Millions of them come with a scan, and most never see
 * another packet; they are kept as numbers in their row, and get an object again when one comes.
 */
import { Flow, ICMP, ICMPV6, TCP } from '@sigwright/contracts';
import { loneSyn, TCP_SYN_SENT, type TcpStream } from '../streams/tcp-stream.ts';
import {
  BYTES_TO_CLIENT,
  BYTES_TO_SERVER,
  DESTINATION,
  FIRST_PACKET,
  type FlowRows,
  ID,
  KEPT,
  KIND,
  LISTED_AT,
  LONG_ADDRESSES,
  NUMBER,
  PACKETS_TO_CLIENT,
  PACKETS_TO_SERVER,
  PORTS,
  SOURCE,
  STARTED_AT,
  STATE,
  TIMES,
  TIMESTAMP,
  VLANS,
  WIDTH,
} from './flow-rows.ts';

/** Packets after which a flow is no longer put to rest: it talks, and would be woken each time. */
const MOST_PACKETS = 4;
const MOST_VLANS = 2;
const MOST_BYTES = 0x7fffffff;

/** Bits of STATE: flow state (2), stream (1), timestamp known (1), window scale + 1 (4), TCP flags (8), window (16). */
const HAS_STREAM = 1 << 2;
const HAS_TIMESTAMP = 1 << 3;

/** Does the flow hold nothing but what a row can? What the handler knows of it is the handler's to judge. */
export function canRest(flow: Flow): boolean {
  return (
    flow.packetsToServer + flow.packetsToClient <= MOST_PACKETS &&
    flow.bytesToServer + flow.bytesToClient <= MOST_BYTES &&
    flow.verdict === 'none' &&
    !flow.turned &&
    !flow.alerted &&
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
    (flow.vlans === undefined || flow.vlans.length <= MOST_VLANS) &&
    (flow.stream === undefined || loneSyn(flow.stream as TcpStream) !== undefined)
  );
}

/** `kept`: what the handler wants to find again. The row is in its list, at its end. */
export function putToRest(rows: FlowRows, flow: Flow, kept: number): void {
  const { words, times } = rows;
  const at = flow.row * WIDTH;
  const stream = flow.stream as TcpStream | undefined;
  const side = stream === undefined ? undefined : loneSyn(stream);
  words[at + FIRST_PACKET] = flow.firstPacket;
  words[at + PACKETS_TO_SERVER] = flow.packetsToServer;
  words[at + PACKETS_TO_CLIENT] = flow.packetsToClient;
  words[at + BYTES_TO_SERVER] = flow.bytesToServer;
  words[at + BYTES_TO_CLIENT] = flow.bytesToClient;
  words[at + KEPT] = kept;
  times[flow.row * TIMES + STARTED_AT] = flow.startTime;
  let state: number = flow.state;
  if (side !== undefined) {
    state |= HAS_STREAM | (side.timestamp >= 0 ? HAS_TIMESTAMP : 0) | ((side.windowScale + 1) << 4) | (side.flags << 8) | (side.window << 16);
    words[at + NUMBER] = side.first;
    words[at + TIMESTAMP] = side.timestamp;
  } else words[at + NUMBER] = flow.responseType;
  words[at + STATE] = state;
  rows.flows[flow.row] = undefined;
}

/** The flow of a row, as it was when it was put to rest. */
export function wake(rows: FlowRows, row: number, openStream: () => TcpStream): Flow {
  const { words, times, addresses } = rows;
  const at = row * WIDTH;
  const flow = new Flow();
  flow.row = row;
  flow.id = words[at + ID] >>> 0;
  const kind = words[at + KIND];
  flow.protocol = kind & 0xff;
  flow.ipVersion = (kind >>> 8) & 0xf;
  flow.tunnelDepth = kind >>> 12;
  const place = words[at + LONG_ADDRESSES];
  if (place >= 0) {
    flow.source.set(addresses.subarray(place, place + 4));
    flow.destination.set(addresses.subarray(place + 4, place + 8));
  } else {
    flow.source[0] = words[at + SOURCE];
    flow.destination[0] = words[at + DESTINATION];
  }
  flow.sourcePort = words[at + PORTS] >>> 16;
  flow.destinationPort = words[at + PORTS] & 0xffff;
  const vlans = words[at + VLANS];
  if (vlans !== 0) flow.vlans = [(vlans >>> 2) & 0xfff, (vlans >>> 14) & 0xfff].slice(0, vlans & 3);
  flow.startTime = times[row * TIMES + STARTED_AT];
  flow.lastTime = times[row * TIMES + LISTED_AT];
  flow.firstPacket = words[at + FIRST_PACKET] >>> 0;
  flow.packetsToServer = words[at + PACKETS_TO_SERVER];
  flow.packetsToClient = words[at + PACKETS_TO_CLIENT];
  flow.bytesToServer = words[at + BYTES_TO_SERVER];
  flow.bytesToClient = words[at + BYTES_TO_CLIENT];
  const state = words[at + STATE];
  flow.state = state & 3;
  if (flow.protocol === ICMP || flow.protocol === ICMPV6) flow.responseType = words[at + NUMBER];
  if (flow.protocol === TCP && (state & HAS_STREAM) !== 0) {
    const stream = openStream();
    const [side] = stream.sides;
    stream.state = TCP_SYN_SENT;
    side.begin(words[at + NUMBER]);
    side.timestamp = (state & HAS_TIMESTAMP) === 0 ? -1 : words[at + TIMESTAMP] >>> 0;
    side.windowScale = ((state >>> 4) & 0xf) - 1;
    side.flags = (state >>> 8) & 0xff;
    side.window = state >>> 16;
    flow.stream = stream;
  }
  rows.flows[row] = flow;
  return flow;
}
