/** Flows as EVE records show them: name, addresses, counters, state, flags of TCP, one direction by itself. */
import { formatAddressLong } from '@sigwright/bytes';
import {
  ACK,
  CWR,
  type Direction,
  ECE,
  type EveRecord,
  eveTimestamp,
  FIN,
  FLOW_CLOSED,
  FLOW_ESTABLISHED,
  type Flow,
  ICMP,
  ICMPV6,
  type NamedBit,
  PSH,
  RST,
  SYN,
  showBits,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  URG,
} from '@sigwright/contracts';
import type { TcpStream } from '@sigwright/traffic';
import type { Hops } from './flow-sightings.ts';
import { ESP, hasPorts } from './packet-bodies.ts';
import { protocolName } from './protocol-names.ts';

/** How a flow record names the flags that were seen. */
const FLOW_FLAGS: readonly NamedBit[] = [
  { name: 'syn', bit: SYN },
  { name: 'fin', bit: FIN },
  { name: 'rst', bit: RST },
  { name: 'psh', bit: PSH },
  { name: 'ack', bit: ACK },
  { name: 'urg', bit: URG },
  { name: 'ecn', bit: ECE },
  { name: 'cwr', bit: CWR },
];

/** Looks like Suricata's: a large number that two runs over the same capture give alike, however many engines share it. */
export function flowId(flow: Flow): number {
  let hash = Math.imul(0x811c9dc5 ^ flow.firstPacket, 0x01000193) ^ flow.tunnelDepth;
  hash = Math.imul(hash ^ flow.source[0], 0x01000193);
  hash = Math.imul(hash ^ flow.destination[0], 0x01000193);
  hash = Math.imul(hash ^ flow.sourcePort, 0x01000193);
  hash = Math.imul(hash ^ flow.destinationPort, 0x01000193);
  hash = Math.imul(hash ^ flow.protocol, 0x01000193);
  return (hash >>> 0) * 262_144 + (flow.firstPacket % 262_144);
}

/** Both ends of a flow, the sender of that direction first; `alone`: of that direction by itself, so that the reply's kind of ICMP stands for itself. */
export function addFlowAddresses(record: EveRecord, flow: Flow, direction: Direction, alone = false): void {
  const forward = direction !== TO_CLIENT;
  const ports = hasPorts(flow.protocol);
  record['src_ip'] = formatAddressLong(forward ? flow.source : flow.destination, flow.ipVersion);
  if (ports) record['src_port'] = forward ? flow.sourcePort : flow.destinationPort;
  record['dest_ip'] = formatAddressLong(forward ? flow.destination : flow.source, flow.ipVersion);
  if (ports) record['dest_port'] = forward ? flow.destinationPort : flow.sourcePort;
  record['proto'] = protocolName(flow.protocol);
  if (flow.protocol === ICMP || flow.protocol === ICMPV6) {
    const replied = alone && !forward && flow.responseType >= 0;
    record['icmp_type'] = replied ? flow.responseType : flow.sourcePort;
    record['icmp_code'] = replied ? 0 : flow.destinationPort;
    if (!alone && flow.packetsToClient > 0 && flow.responseType >= 0) {
      record['response_icmp_type'] = flow.responseType;
      record['response_icmp_code'] = 0;
    }
  } else if (flow.protocol === ESP) record['spi'] = flow.sourcePort;
  record['ip_v'] = flow.ipVersion;
}

function counters(flow: Flow): Record<string, unknown> {
  return { pkts_toserver: flow.packetsToServer, pkts_toclient: flow.packetsToClient, bytes_toserver: flow.bytesToServer, bytes_toclient: flow.bytesToClient };
}

/** The flow of an alert, while it lives. */
export function alertFlowBody(flow: Flow): Record<string, unknown> {
  const body: Record<string, unknown> = { ...counters(flow), start: eveTimestamp(flow.startTime) };
  body['src_ip'] = formatAddressLong(flow.source, flow.ipVersion);
  body['dest_ip'] = formatAddressLong(flow.destination, flow.ipVersion);
  if (hasPorts(flow.protocol)) {
    body['src_port'] = flow.sourcePort;
    body['dest_port'] = flow.destinationPort;
  }
  return body;
}

/** A flow that has ended. */
export function flowBody(flow: Flow, exceptionPolicies: boolean): Record<string, unknown> {
  const body = counters(flow);
  body['start'] = eveTimestamp(flow.startTime);
  body['end'] = eveTimestamp(flow.lastTime);
  body['age'] = Math.floor(flow.lastTime / 1e6) - Math.floor(flow.startTime / 1e6);
  if (flow.bypassed) {
    body['bypass'] = 'local';
    body['bypassed'] = { pkts_toserver: 0, pkts_toclient: 0, bytes_toserver: 0, bytes_toclient: 0 };
  }
  body['state'] = flow.bypassed ? 'bypassed' : flow.state === FLOW_CLOSED ? 'closed' : flow.state === FLOW_ESTABLISHED ? 'established' : 'new';
  body['reason'] = flow.endReason;
  body['alerted'] = flow.alerted;
  if (flow.session !== undefined) body['tx_cnt'] = flow.session.count;
  const action = actionOf(flow);
  if (action !== undefined) body['action'] = action;
  if (exceptionPolicies && flow.exceptions !== undefined) body['exception_policy'] = flow.exceptions;
  return body;
}

/** What was decided about the flow as a whole: the firewall's word counts, unless it was dropped all the same. */
function actionOf({ verdict, accepted }: Flow): string | undefined {
  if (accepted && verdict !== 'drop') return 'accept';
  return verdict === 'none' ? undefined : verdict;
}

/** One direction of a flow that has ended. */
export function netflowBody(flow: Flow, direction: Direction, hops: Hops | undefined): Record<string, unknown> {
  const toServer = direction === TO_SERVER;
  return {
    pkts: toServer ? flow.packetsToServer : flow.packetsToClient,
    bytes: toServer ? flow.bytesToServer : flow.bytesToClient,
    start: eveTimestamp(flow.startTime),
    end: eveTimestamp(flow.lastTime),
    age: Math.floor(flow.lastTime / 1e6) - Math.floor(flow.startTime / 1e6),
    ...(hops === undefined ? {} : { min_ttl: hops.least, max_ttl: hops.most }),
    ...(flow.session === undefined ? {} : { tx_cnt: flow.session.count }),
  };
}

/** What TCP adds to a flow; undefined where it speaks something else. */
export function tcpBody(flow: Flow): Record<string, unknown> | undefined {
  if (flow.protocol !== TCP) return undefined;
  const stream = flow.stream as TcpStream | undefined;
  const toServer = stream?.sides[TO_SERVER].flags ?? 0;
  const toClient = stream?.sides[TO_CLIENT].flags ?? 0;
  const both = toServer | toClient;
  const body: Record<string, unknown> = {
    tcp_flags: hexFlags(both),
    tcp_flags_ts: hexFlags(toServer),
    tcp_flags_tc: hexFlags(toClient),
    ...flagNames(both),
  };
  if (stream !== undefined) {
    body['state'] = stream.stateName;
    if (stream.sides[TO_SERVER].lost > 0) body['ts_gap'] = true;
    if (stream.sides[TO_CLIENT].lost > 0) body['tc_gap'] = true;
    body['ts_max_regions'] = stream.sides[TO_SERVER].mostRegions;
    body['tc_max_regions'] = stream.sides[TO_CLIENT].mostRegions;
  }
  return body;
}

/** Flags of one direction. */
export function tcpFlagsBody(flow: Flow, direction: Direction): Record<string, unknown> {
  const flags = (flow.stream as TcpStream | undefined)?.sides[direction].flags ?? 0;
  return { tcp_flags: hexFlags(flags), ...flagNames(flags) };
}

function hexFlags(flags: number): string {
  return flags.toString(16).padStart(2, '0');
}

function flagNames(flags: number): EveRecord {
  const names: EveRecord = {};
  showBits(flags, FLOW_FLAGS, names);
  return names;
}
