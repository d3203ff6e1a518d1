/**
 * A captured frame → Packet, in place. Packets carried in others (GRE, IP in IP, VXLAN, Geneve) come out as packets of their
 * own, after the one that carries them.
 */
import { uint16 } from '@sigwright/bytes';
import { Packet, UDP } from '@sigwright/contracts';
import { decodeInternet } from './internet.ts';
import { byEtherType, decodeEthernet, decodeLink, IPV4, IPV6 } from './link.ts';
import { decodeTransport } from './transport.ts';

/** Packets in packets in packets; Suricata stops at 16 layers. */
const MOST_TUNNELS = 8;
const IP_IN_IP = 4;
const IPV6_IN_IP = 41;
const GRE = 47;
const VXLAN_PORT = 4789;
const GENEVE_PORT = 6081;
const TEREDO_PORT = 3544;

/** Back to the state in which nothing is known. */
export function resetPacket(packet: Packet): void {
  packet.etherType = 0;
  packet.ethernetStart = -1;
  packet.vlanCount = 0;
  packet.ipVersion = 0;
  packet.ipStart = -1;
  packet.ipHeaderLength = 0;
  packet.ipLength = 0;
  packet.ipEnd = 0;
  packet.ttl = 0;
  packet.tos = 0;
  packet.ipId = 0;
  packet.fragmentFlags = 0;
  packet.fragmentOffset = 0;
  packet.isFragment = false;
  packet.fragmentHeader = -1;
  packet.protocol = -1;
  packet.ipOptionsEnd = 0;
  packet.transportStart = -1;
  packet.sourcePort = 0;
  packet.destinationPort = 0;
  packet.tcpFlags = 0;
  packet.tcpMss = -1;
  packet.tcpWindowScale = -1;
  packet.tcpSackPermitted = false;
  packet.tcpTimestamp = -1;
  packet.tcpTimestampEcho = -1;
  packet.icmpType = -1;
  packet.icmpCode = -1;
  packet.icmpId = -1;
  packet.icmpSequence = -1;
  packet.payloadStart = 0;
  packet.payloadEnd = 0;
  packet.ipChecksumGood = -1;
  packet.transportChecksumGood = -1;
  if (packet.anomalies.length > 0) packet.anomalies.length = 0;
  packet.isRebuilt = false;
  packet.flow = undefined;
  packet.direction = 0;
  packet.flowEstablished = false;
  packet.isPseudo = false;
  packet.inStream = false;
}

/** data, frame limits and linkType are set. False: no IP packet came out. */
export function decodePacket(packet: Packet, verifyChecksums: boolean): boolean {
  resetPacket(packet);
  return decodeLink(packet) && decodeFromInternet(packet, verifyChecksums);
}

/** packet.ipStart, ipEnd and etherType are set. */
export function decodeFromInternet(packet: Packet, verifyChecksums: boolean): boolean {
  if (!decodeInternet(packet, verifyChecksums)) return packet.ipVersion !== 0;
  if (packet.isFragment) return true;
  decodeTransport(packet, verifyChecksums);
  return true;
}

/** Prepares `inner` to be decoded where `outer` carries another packet; false where it does not. */
export function openTunnel(outer: Packet, inner: Packet): boolean {
  if (outer.ipVersion === 0 || outer.isFragment || outer.tunnelDepth >= MOST_TUNNELS) return false;
  const { data, payloadStart: start, payloadEnd: end } = outer;
  if (outer.protocol === IP_IN_IP || outer.protocol === IPV6_IN_IP) {
    prepare(outer, inner);
    inner.etherType = outer.protocol === IP_IN_IP ? IPV4 : IPV6;
    inner.ipStart = start;
    inner.ipEnd = end;
    return end > start;
  }
  if (outer.protocol === GRE) return openGre(outer, inner);
  if (outer.protocol !== UDP || outer.transportStart < 0) return false;
  if (outer.destinationPort === VXLAN_PORT && end - start >= 8 + 14 && (data[start] & 0x08) !== 0) {
    prepare(outer, inner);
    return decodeEthernet(inner, start + 8, end);
  }
  if (outer.destinationPort === GENEVE_PORT && end - start >= 8) {
    const at = start + 8 + (data[start] & 0x3f) * 4;
    if (at >= end) return false;
    prepare(outer, inner);
    return byEtherType(inner, uint16(data, start + 2), at, end, 0);
  }
  if ((outer.destinationPort === TEREDO_PORT || outer.sourcePort === TEREDO_PORT) && end - start >= 40) return openTeredo(outer, inner);
  return false;
}

function prepare(outer: Packet, inner: Packet): void {
  resetPacket(inner);
  inner.number = outer.number;
  inner.time = outer.time;
  inner.data = outer.data;
  inner.frameStart = outer.frameStart;
  inner.frameEnd = outer.frameEnd;
  inner.wireLength = outer.wireLength;
  inner.linkType = outer.linkType;
  inner.tunnelDepth = outer.tunnelDepth + 1;
  inner.vlanCount = outer.vlanCount;
  inner.vlans.set(outer.vlans);
}

/** RFC 2784, 2890; version 1 carries PPP (RFC 2637). */
function openGre(outer: Packet, inner: Packet): boolean {
  const { data, payloadStart: start, payloadEnd: end } = outer;
  if (end - start < 4) {
    outer.anomalies.push('gre.pkt_too_small');
    return false;
  }
  const flags = data[start];
  const version = data[start + 1] & 7;
  let at = start + 4;
  if (version === 0) {
    if ((flags & 0xc0) !== 0) at += 4;
    if ((flags & 0x20) !== 0) at += 4;
    if ((flags & 0x10) !== 0) at += 4;
  } else if (version === 1) {
    at += 4;
    if ((flags & 0x10) !== 0) at += 4;
    if ((data[start + 1] & 0x80) !== 0) at += 4;
  } else {
    outer.anomalies.push('gre.wrong_version');
    return false;
  }
  if (at >= end) return false;
  prepare(outer, inner);
  const type = uint16(data, start + 2);
  if (version === 1) {
    if (type !== 0x880b) return false;
    let ppp = at;
    if (data[ppp] === 0xff) ppp += 2;
    if (end - ppp < 2) return false;
    const protocol = (data[ppp] & 1) === 1 ? data[ppp] : uint16(data, ppp);
    return (protocol === 0x21 || protocol === 0x57) && byEtherType(inner, protocol === 0x21 ? IPV4 : IPV6, ppp + ((data[ppp] & 1) === 1 ? 1 : 2), end, 0);
  }
  return byEtherType(inner, type, at, end, 0);
}

/** RFC 4380: origin and authentication indications may stand before the IPv6 packet. */
function openTeredo(outer: Packet, inner: Packet): boolean {
  const { data, payloadStart, payloadEnd: end } = outer;
  let start = payloadStart;
  if (data[start] === 0 && data[start + 1] === 1) start += 4 + data[start + 2] + data[start + 3] + 9;
  if (end - start >= 8 && data[start] === 0 && data[start + 1] === 0) start += 8;
  if (end - start < 40 || data[start] >>> 4 !== 6 || 40 + uint16(data, start + 4) !== end - start) return false;
  prepare(outer, inner);
  inner.etherType = IPV6;
  inner.ipStart = start;
  inner.ipEnd = end;
  return true;
}

/** One packet per nesting level, made once. */
export function packetPool(): Packet[] {
  return Array.from({ length: MOST_TUNNELS + 2 }, () => new Packet());
}
