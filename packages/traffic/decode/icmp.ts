/** ICMP (RFC 792) and ICMPv6 (RFC 4443, 4861, 2710): type, code, identifier, and what an error says it is about. */
import { uint16 } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import { fault } from './fault.ts';

/** Highest code of each known type of ICMP (IANA, ICMP Parameters); -1: no such type. */
const CODES_V4: Int8Array = table([
  [0, 0],
  [3, 15],
  [4, 0],
  [5, 3],
  [8, 0],
  [9, 16],
  [10, 0],
  [11, 1],
  [12, 2],
  [13, 0],
  [14, 0],
  [15, 0],
  [16, 0],
  [17, 0],
  [18, 0],
]);

/** The same for ICMPv6. */
const CODES_V6: Int8Array = table([
  [1, 7],
  [2, 0],
  [3, 1],
  [4, 3],
  [128, 0],
  [129, 0],
  [130, 0],
  [131, 0],
  [132, 0],
  [133, 0],
  [134, 0],
  [135, 0],
  [136, 0],
  [137, 0],
  [138, 127],
  [139, 2],
  [140, 2],
  [141, 0],
  [142, 0],
  [143, 0],
  [144, 0],
  [145, 0],
  [146, 0],
  [147, 0],
  [148, 127],
  [149, 127],
  [151, 0],
  [152, 0],
  [153, 0],
  [154, 5],
]);

function table(rows: readonly (readonly [number, number])[]): Int8Array {
  const codes = new Int8Array(256).fill(-1);
  for (const [type, code] of rows) codes[type] = code;
  return codes;
}

/** Listener discovery must come from the link itself (RFC 2710 section 3). */
const LISTENER_QUERY = 130;
const LISTENER_DONE = 132;
const LISTENER_REPORT_2 = 143;

export function decodeIcmp4(packet: Packet): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 8) return fault(packet, 'icmpv4.pkt_too_small');
  packet.transportStart = start;
  const type = data[start];
  packet.icmpType = type;
  packet.icmpCode = data[start + 1];
  packet.payloadStart = start + 8;
  const codes = CODES_V4[type];
  if (codes < 0) packet.anomalies.push('icmpv4.unknown_type');
  else if (packet.icmpCode > codes) packet.anomalies.push('icmpv4.unknown_code');
  if (type === 0 || type === 8 || (type >= 13 && type <= 18)) {
    packet.icmpId = uint16(data, start + 4);
    packet.icmpSequence = uint16(data, start + 6);
  } else if (type === 3 || type === 4 || type === 5 || type === 11 || type === 12) about(packet, start + 8, end, 4, 20);
  return true;
}

export function decodeIcmp6(packet: Packet): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 8) return fault(packet, 'icmpv6.pkt_too_small');
  packet.transportStart = start;
  const type = data[start];
  packet.icmpType = type;
  packet.icmpCode = data[start + 1];
  packet.payloadStart = start + 8;
  const codes = CODES_V6[type];
  if (type === 100 || type === 101 || type === 200 || type === 201) packet.anomalies.push('icmpv6.experimentation_type');
  else if (codes < 0) packet.anomalies.push(type === 0 || type === 127 || type === 255 ? 'icmpv6.unknown_type' : 'icmpv6.unassigned_type');
  else if (packet.icmpCode > codes) packet.anomalies.push('icmpv6.unknown_code');
  if (type === 128 || type === 129) {
    packet.icmpId = uint16(data, start + 4);
    packet.icmpSequence = uint16(data, start + 6);
  } else if (type >= 1 && type <= 4) about(packet, start + 8, end, 6, 40);
  else if (((type >= LISTENER_QUERY && type <= LISTENER_DONE) || type === LISTENER_REPORT_2) && packet.ttl !== 1)
    packet.anomalies.push('icmpv6.mld_message_with_invalid_hl');
  return true;
}

/** An error carries the beginning of the packet it is about. */
function about(packet: Packet, start: number, end: number, version: 4 | 6, header: number): void {
  if (end <= start) return;
  if (end - start < header) packet.anomalies.push(version === 4 ? 'icmpv4.ipv4_trunc_pkt' : 'icmpv6.ipv6_trunc_pkt');
  else if (packet.data[start] >>> 4 !== version) packet.anomalies.push(version === 4 ? 'icmpv4.ipv4_unknown_ver' : 'icmpv6.ipv6_unknown_version');
}
