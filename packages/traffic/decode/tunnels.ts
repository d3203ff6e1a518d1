/**
 * Packets that carry packets: IP in IP (RFC 2003, 2473, 4213), GRE (RFC 2784, 2890) with ERSPAN, PPTP's GRE (RFC 2637),
 * VXLAN (RFC 7348), Geneve (RFC 8926), Teredo (RFC 4380). A port alone does not make a tunnel: where its header does not hold, the
 * datagram is left as it is, without an anomaly.
 */
import { uint16, uint32 } from '@sigwright/bytes';
import { type EngineSettings, LAYER_ERSPAN, type Packet, TCP, UDP } from '@sigwright/contracts';
import { decodeEthernet, decodeEtherType, IPV4, IPV6, network } from './ethernet.ts';
import { descend, fault } from './fault.ts';
import { decodePpp } from './ppp.ts';
import { resetPacket } from './reset.ts';

type Tunnels = EngineSettings['tunnels'];

/** Packets in packets in packets; a pooled packet is kept for each level. */
export const MOST_TUNNELS = 8;

/** DLT_RAW: what tunnels carry begins with no link of its own. */
const LINK_RAW = 12;
const IP_IN_IP = 4;
const IPV6_IN_IP = 41;
const GRE = 47;

/** Nothing is carried. */
export const NO_TUNNEL = 0;
/** `inner` holds anomalies only: it is to be delivered, there is no IP packet in it. */
export const INNER_BROKEN = 1;
/** `inner` has an IP packet to be decoded. */
export const INNER_PACKET = 2;

/** Tells most packets that carry no other one apart at the first glance: asking sets for ports takes longer than reading a header. */
export class Carriers {
  /** by ports, mixed: a tunnel may be there */
  readonly #ports = new Uint8Array(256);

  constructor({ vxlan, geneve, teredo }: Tunnels) {
    for (const ports of [vxlan, geneve, teredo]) {
      if (ports === undefined) this.#ports.fill(1);
      else for (const port of ports) this.#ports[mixed(port)] = 1;
    }
  }

  /** False: `openTunnel` would find nothing. */
  mayCarry(packet: Packet): boolean {
    if (packet.protocol === TCP) return false;
    return packet.protocol !== UDP || (this.#ports[mixed(packet.destinationPort)] | this.#ports[mixed(packet.sourcePort)]) !== 0;
  }
}

function mixed(port: number): number {
  return (port ^ (port >>> 8)) & 0xff;
}

/** Does `outer` (decoded) carry another packet? Anomalies of the tunnel's own header go to `outer`, those behind it to `inner`. */
export function openTunnel(outer: Packet, inner: Packet, tunnels: Tunnels): 0 | 1 | 2 {
  if (outer.protocol === UDP) return outer.transportStart < 0 ? NO_TUNNEL : openDatagram(outer, inner, tunnels);
  if (outer.protocol === IP_IN_IP || outer.protocol === IPV6_IN_IP) return openIp(outer, inner, outer.protocol === IP_IN_IP ? IPV4 : IPV6);
  return outer.protocol === GRE ? openGre(outer, inner) : NO_TUNNEL;
}

/** What is carried lies in data[start, end), its own header included: that is the inner packet's frame. */
function prepare(outer: Packet, inner: Packet, tunnel: string, start: number, end: number): boolean {
  resetPacket(inner);
  inner.tunnel = tunnel;
  inner.root = outer.root ?? outer;
  inner.number = outer.number;
  inner.time = outer.time;
  inner.data = outer.data;
  inner.frameStart = start;
  inner.frameEnd = end;
  inner.wireLength = outer.wireLength;
  inner.linkType = LINK_RAW;
  inner.tunnelDepth = outer.tunnelDepth + 1;
  inner.layers = outer.layers;
  inner.vlanCount = outer.vlanCount;
  inner.vlans.set(outer.vlans);
  if (outer.tunnelDepth + 1 > MOST_TUNNELS) return fault(outer, 'too_many_layers');
  return descend(inner);
}

function opened(inner: Packet, decoded: boolean): 0 | 1 | 2 {
  if (decoded) return INNER_PACKET;
  return inner.anomalies.length > 0 ? INNER_BROKEN : NO_TUNNEL;
}

function openIp(outer: Packet, inner: Packet, type: number): 0 | 1 | 2 {
  const { data, payloadStart: start, payloadEnd: end } = outer;
  if (outer.ipVersion === 6) {
    const name = type === IPV4 ? 'ipv4' : 'ipv6';
    if (end - start < (type === IPV4 ? 20 : 40)) return faulty(outer, `ipv6.${name}_in_ipv6_too_small`);
    if (data[start] >>> 4 !== (type === IPV4 ? 4 : 6)) return faulty(outer, `ipv6.${name}_in_ipv6_wrong_version`);
  }
  if (end <= start) return NO_TUNNEL;
  return opened(inner, prepare(outer, inner, outer.ipVersion === 6 ? 'ipv6 tunnel' : 'ipv4 tunnel', start, end) && network(inner, type, start, end));
}

function faulty(outer: Packet, anomaly: string): 0 {
  outer.anomalies.push(anomaly);
  return NO_TUNNEL;
}

const ERSPAN_2 = 0x88be;
const ERSPAN_3 = 0x22eb;
const PPP_TYPE = 0x880b;

function openGre(outer: Packet, inner: Packet): 0 | 1 | 2 {
  const { data, payloadStart: start, payloadEnd: end } = outer;
  if (end - start < 4) return faulty(outer, 'gre.pkt_too_small');
  const flags = data[start];
  const lower = data[start + 1];
  const type = uint16(data, start + 2);
  const version = lower & 7;
  let at = start + 4;
  if (version === 0) {
    if ((flags & 7) !== 0) outer.anomalies.push('gre.version0_recur');
    if ((lower & 0xf8) !== 0) outer.anomalies.push('gre.version0_flags');
    if ((flags & 0xc0) !== 0) at += 4;
    if ((flags & 0x20) !== 0) at += 4;
    if ((flags & 0x10) !== 0) at += 4;
    if (at > end) return faulty(outer, 'gre.version0_hdr_too_big');
    if ((flags & 0x40) !== 0) {
      at = sourceRoutes(outer, at, end);
      if (at < 0) return faulty(outer, 'gre.version0_malformed_sre_hdr');
    }
  } else if (version === 1) {
    if ((flags & 0x80) !== 0) return faulty(outer, 'gre.version1_chksum');
    if ((flags & 0x40) !== 0) return faulty(outer, 'gre.version1_route');
    if ((flags & 0x08) !== 0) return faulty(outer, 'gre.version1_ssr');
    if ((flags & 7) !== 0) return faulty(outer, 'gre.version1_recur');
    if ((lower & 0x78) !== 0) return faulty(outer, 'gre.version1_flags');
    if (type !== PPP_TYPE) return faulty(outer, 'gre.version1_wrong_protocol');
    if ((flags & 0x20) === 0) return faulty(outer, 'gre.version1_no_key');
    at += 4;
    if ((flags & 0x10) !== 0) at += 4;
    if ((lower & 0x80) !== 0) at += 4;
    if (at > end) return faulty(outer, 'gre.version1_hdr_too_big');
  } else return faulty(outer, 'gre.wrong_version');
  if (at >= end || !prepare(outer, inner, 'gre tunnel', at, end)) return NO_TUNNEL;
  if (type === PPP_TYPE) return opened(inner, decodePpp(inner, at, end, false));
  if (type === ERSPAN_2 || type === ERSPAN_3) return opened(inner, decodeErspan(inner, at, end, (flags & 0x10) !== 0));
  return opened(inner, decodeEtherType(inner, type, at, end, undefined));
}

/** RFC 1701: entries of family, offset and length, the last one all zero. -1 where they run out of the packet. */
function sourceRoutes(outer: Packet, start: number, end: number): number {
  for (let at = start; ; ) {
    if (end - at < 4) return -1;
    const family = uint16(outer.data, at);
    const length = outer.data[at + 3];
    at += 4 + length;
    if (family === 0 && length === 0) return at;
    if (at > end) return -1;
  }
}

/** draft-foschiano-erspan: type II has a header of 8 bytes, type I none at all. */
function decodeErspan(inner: Packet, start: number, end: number, sequenced: boolean): boolean {
  inner.linkLayers |= LAYER_ERSPAN;
  if (!sequenced) return decodeEthernet(inner, start, end);
  if (end - start < 8) return fault(inner, 'erspan.header_too_small');
  if (inner.data[start] >>> 4 !== 1) return fault(inner, 'erspan.unsupported_version');
  const vlan = uint16(inner.data, start) & 0x0fff;
  if (vlan !== 0) {
    if (inner.vlanCount >= inner.vlans.length) return fault(inner, 'erspan.too_many_vlan_layers');
    inner.vlans[inner.vlanCount++] = vlan;
  }
  return decodeEthernet(inner, start + 8, end);
}

function openDatagram(outer: Packet, inner: Packet, { vxlan, vxlanReserved, geneve, teredo }: Tunnels): 0 | 1 | 2 {
  const { data, payloadStart: start, payloadEnd: end, destinationPort, sourcePort } = outer;
  if (teredo === undefined || teredo.has(destinationPort) || teredo.has(sourcePort)) {
    const carried = openTeredo(outer, inner);
    if (carried !== NO_TUNNEL) return carried;
  }
  if (vxlan === undefined || vxlan.has(destinationPort)) {
    // The one flag that says that there is a network identifier.
    const isHeader = end - start >= 8 + 14 && (data[start] & 0x08) !== 0 && (vxlanReserved || data[start + 7] === 0);
    if (isHeader) {
      const decoded = prepare(outer, inner, 'vxlan encapsulation', start + 8, end) && decodeEthernet(inner, start + 8, end);
      return inner.anomalies.includes('ethernet.unknown_ethertype') ? faulty(outer, 'vxlan.unknown_payload_type') : opened(inner, decoded);
    }
  }
  if (geneve === undefined || geneve.has(destinationPort)) {
    if (end - start < 8 || data[start] >>> 6 !== 0 || (data[start + 1] & 0x3f) !== 0 || data[start + 7] !== 0) return NO_TUNNEL;
    const at = start + 8 + (data[start] & 0x3f) * 4;
    if (at >= end) return NO_TUNNEL;
    const unknown = 'geneve.unknown_payload_type';
    const decoded = prepare(outer, inner, 'geneve encapsulation', at, end) && decodeEtherType(inner, uint16(data, start + 2), at, end, unknown);
    return inner.anomalies.includes(unknown) ? faulty(outer, unknown) : opened(inner, decoded);
  }
  return NO_TUNNEL;
}

/** An origin indication may stand before the IPv6 packet. */
function openTeredo(outer: Packet, inner: Packet): 0 | 1 | 2 {
  const { data, payloadEnd: end } = outer;
  let start = outer.payloadStart;
  // With authentication, two hosts negotiate: what they carry then is no traffic of others (and Suricata leaves it alone).
  if (end - start >= 4 && uint16(data, start) === 1) return NO_TUNNEL;
  if (end - start >= 8 && uint16(data, start) === 0) start += 8;
  if (end - start < 40 || data[start] >>> 4 !== 6 || 40 + uint16(data, start + 4) !== end - start) return NO_TUNNEL;
  // The destination of a bubble may be anything, but a source of all zeros is no Teredo packet.
  if ((uint32(data, start + 8) | uint32(data, start + 12) | uint32(data, start + 16) | uint32(data, start + 20)) === 0) return NO_TUNNEL;
  return opened(inner, prepare(outer, inner, 'teredo tunnel', start, end) && network(inner, IPV6, start, end));
}
