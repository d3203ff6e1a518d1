/** Packets as EVE records show them: addresses, Ethernet header, source, tunnel, header fields, verdict, bytes. */
import { base64, formatAddressLong, uint32 } from '@sigwright/bytes';
import {
  ACK,
  DROPPED,
  type EveRecord,
  FIN,
  ICMP,
  PASSED,
  type Packet,
  PSH,
  REJECTED_TO_DESTINATION,
  REJECTED_TO_SOURCE,
  RST,
  SCTP,
  SYN,
  TCP,
  UDP,
  URG,
} from '@sigwright/contracts';
import { hardwareAddress } from './flow-sightings.ts';
import { protocolName } from './protocol-names.ts';

/** Encapsulating security payload (RFC 4303): in the place of ports there is the index of its parameters. */
export const ESP = 50;

/** Names of link types as Suricata shows them. */
const LINK_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'NULL'],
  [1, 'EN10MB'],
  [9, 'PPP'],
  [12, 'RAW'],
  [101, 'RAW'],
  [104, 'C_HDLC'],
  [113, 'LINUX_SLL'],
  [228, 'IPv4'],
  [229, 'IPv6'],
  [276, 'LINUX_SLL2'],
]);

/** Flags of TCP in the order of a packet's header fields. */
const HEADER_FLAGS: readonly (readonly [string, number])[] = [
  ['syn', SYN],
  ['ack', ACK],
  ['psh', PSH],
  ['rst', RST],
  ['urg', URG],
  ['fin', FIN],
];

export function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP;
}

/** Both ends of a packet as it was sent. */
export function addPacketAddresses(record: EveRecord, packet: Packet): void {
  const ports = hasPorts(packet.protocol);
  record['src_ip'] = formatAddressLong(packet.source, packet.ipVersion);
  if (ports) record['src_port'] = packet.sourcePort;
  record['dest_ip'] = formatAddressLong(packet.destination, packet.ipVersion);
  if (ports) record['dest_port'] = packet.destinationPort;
  record['proto'] = protocolName(packet.protocol);
  if (packet.icmpType >= 0) {
    record['icmp_type'] = packet.icmpType;
    record['icmp_code'] = packet.icmpCode;
  }
  if (packet.protocol === ESP && packet.transportStart >= 0) record['spi'] = packet.sourcePort;
  record['ip_v'] = packet.ipVersion;
}

/** `asSent`: else source and destination change places. */
export function etherBody(packet: Packet, asSent: boolean): Record<string, unknown> {
  return {
    src_mac: hardwareAddress(packet.data, packet.ethernetStart + (asSent ? 6 : 0)),
    dest_mac: hardwareAddress(packet.data, packet.ethernetStart + (asSent ? 0 : 6)),
    ...(packet.ipVersion === 0 ? { ether_type: packet.etherType } : {}),
  };
}

/** What a packet was made of: `pkt_src`. */
export function packetSource(packet: Packet): string {
  if (packet.isPseudo) return 'stream (flow timeout)';
  if (packet.isRebuilt) return 'defrag';
  return packet.tunnel === '' ? 'wire/pcap' : packet.tunnel;
}

/** The outermost packet of a tunnel. */
export function tunnelBody(packet: Packet, root: Packet): Record<string, unknown> {
  const ports = hasPorts(root.protocol);
  return {
    src_ip: formatAddressLong(root.source, root.ipVersion),
    ...(ports ? { src_port: root.sourcePort } : {}),
    dest_ip: formatAddressLong(root.destination, root.ipVersion),
    ...(ports ? { dest_port: root.destinationPort } : {}),
    proto: protocolName(root.protocol),
    depth: packet.tunnelDepth,
    pcap_cnt: root.number,
    pkt_src: packetSource(root),
  };
}

/** Header fields of a packet. */
export function headerBody(packet: Packet): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  if (packet.ipVersion === 4) Object.assign(body, { len: packet.ipLength, tos: packet.tos, ttl: packet.ttl, ipid: packet.ipId });
  else if (packet.ipVersion === 6) Object.assign(body, { len: packet.ipLength, tc: packet.tos, hoplimit: packet.ttl, flowlbl: flowLabel(packet) });
  if (packet.protocol === TCP && packet.transportStart >= 0) {
    Object.assign(body, { tcpseq: packet.tcpSequence, tcpack: packet.tcpAcknowledgement, tcpwin: packet.tcpWindow });
    for (const [name, bit] of HEADER_FLAGS) body[name] = (packet.tcpFlags & bit) !== 0;
    Object.assign(body, { tcpres: 0, tcpurgp: packet.tcpUrgent });
  } else if (packet.protocol === UDP && packet.transportStart >= 0) body['udplen'] = packet.payloadEnd - packet.transportStart;
  else if (packet.protocol === ICMP && packet.icmpId >= 0) Object.assign(body, { icmp_id: packet.icmpId, icmp_seq: packet.icmpSequence });
  return body;
}

/** RFC 8200 §3: the last twenty bits of the header's first word. */
function flowLabel({ data, ipStart }: Packet): number {
  return ipStart < 0 ? 0 : uint32(data, ipStart) & 0xf_ffff;
}

/** What became of the packet, and what was sent to end its conversation; `ips`: what is dropped does not go on. */
export function verdictBody({ decision, protocol }: Packet, ips: boolean): Record<string, unknown> {
  const toSource = (decision & REJECTED_TO_SOURCE) !== 0;
  const toDestination = (decision & REJECTED_TO_DESTINATION) !== 0;
  if (toSource || toDestination) {
    return {
      action: ips ? 'drop' : 'alert',
      'reject-target': toSource && toDestination ? 'both' : toSource ? 'to_client' : 'to_server',
      reject: [protocol === TCP ? 'tcp-reset' : 'icmp-prohib'],
    };
  }
  if ((decision & DROPPED) !== 0 && ips) return { action: 'drop' };
  return { action: (decision & PASSED) !== 0 ? 'pass' : 'alert' };
}

/** Bytes from the link layer on, `most` of them at most. */
export function addPacketBytes(record: EveRecord, packet: Packet, most = Number.POSITIVE_INFINITY): void {
  record['packet'] = base64(packet.data.subarray(packet.frameStart, Math.min(packet.frameEnd, packet.frameStart + most)));
  record['packet_info'] = { linktype: packet.linkType, linktype_name: LINK_NAMES.get(packet.linkType) ?? 'n/a' };
}
