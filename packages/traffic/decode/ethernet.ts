/**
 * Ethernet II and 802.3 with LLC/SNAP, and what stands between it and the network packet: VLAN tags (802.1Q, 802.1ad, 0x9100),
 * provider backbone tags (802.1ah), VN-tags, E-tags (802.1BR), MPLS (RFC 3032), PPPoE (RFC 2516), network service headers (RFC 8300),
 * Cisco's fabric path. Sets packet.ipStart, ipEnd and etherType where an IP packet comes out.
 */
import { uint16 } from '@sigwright/bytes';
import {
  LAYER_BACKBONE_TAG,
  LAYER_E_TAG,
  LAYER_FABRIC_PATH,
  LAYER_MPLS,
  LAYER_PPPOE,
  LAYER_SERVICE_HEADER,
  LAYER_VN_TAG,
  MOST_VLANS,
  type Packet,
} from '@sigwright/contracts';
import { descend, fault } from './fault.ts';
import { decodePpp } from './ppp.ts';

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const ARP = 0x0806;
/** Transparent Ethernet bridging: a whole frame follows. */
const BRIDGED = 0x6558;
const DOT1Q = 0x8100;
const DOT1AD = 0x88a8;
const QINQ_OLD = 0x9100;
const QINQ_OLDER = 0x9200;
const DOT1AH = 0x88e7;
const VN_TAG = 0x8926;
const E_TAG = 0x893f;
const MPLS_UNICAST = 0x8847;
const MPLS_MULTICAST = 0x8848;
const PPPOE_DISCOVERY = 0x8863;
const PPPOE_SESSION = 0x8864;
const FABRIC_PATH = 0x8903;
const SERVICE_HEADER = 0x894f;

/** RFC 3032 section 2.1: labels with a meaning of their own. */
const EXPLICIT_NULL_IPV4 = 0;
const ROUTER_ALERT = 1;
const EXPLICIT_NULL_IPV6 = 2;
const IMPLICIT_NULL = 3;
const LAST_RESERVED = 15;

export function decodeEthernet(packet: Packet, start: number, end: number): boolean {
  if (end - start < 14) return fault(packet, 'ethernet.pkt_too_small');
  if (!descend(packet)) return false;
  packet.ethernetStart = start;
  const { data } = packet;
  const type = uint16(data, start + 12);
  if (type === IPV4) return network(packet, IPV4, start + 14, end);
  if (type >= 0x600) return decodeEtherType(packet, type, start + 14, end, 'ethernet.unknown_ethertype');
  // A length, not a type: LLC, perhaps with SNAP (RFC 1042). Everything else on 802.3 (spanning tree and the like) carries no IP.
  if (end - start >= 22 && data[start + 14] === 0xaa && data[start + 15] === 0xaa)
    return decodeEtherType(packet, uint16(data, start + 20), start + 22, end, undefined);
  return false;
}

/** An IP packet in data[start, end). */
export function network(packet: Packet, type: number, start: number, end: number): true {
  packet.etherType = type;
  packet.ipStart = start;
  packet.ipEnd = end;
  return true;
}

/** `unknown`: anomaly for a type that is not known; undefined for none. */
export function decodeEtherType(packet: Packet, type: number, start: number, end: number, unknown: string | undefined): boolean {
  const { data } = packet;
  switch (type) {
    case IPV4:
    case IPV6:
      return network(packet, type, start, end);
    case DOT1Q:
    case DOT1AD:
    case QINQ_OLD:
    case QINQ_OLDER:
      if (end - start < 4) return fault(packet, 'vlan.header_too_small');
      if (!descend(packet)) return false;
      if (packet.vlanCount >= MOST_VLANS) return fault(packet, 'vlan.too_many_layers');
      packet.vlans[packet.vlanCount++] = uint16(data, start) & 0x0fff;
      return decodeEtherType(packet, uint16(data, start + 2), start + 4, end, 'vlan.unknown_type');
    case DOT1AH:
      packet.linkLayers |= LAYER_BACKBONE_TAG;
      // Flags and service id, then the customer's whole frame header.
      if (end - start < 18) return fault(packet, 'ieee8021ah.header_too_small');
      return descend(packet) && decodeEtherType(packet, uint16(data, start + 16), start + 18, end, undefined);
    case VN_TAG:
      packet.linkLayers |= LAYER_VN_TAG;
      if (end - start < 6) return fault(packet, 'vntag.header_too_small');
      return descend(packet) && decodeEtherType(packet, uint16(data, start + 4), start + 6, end, 'vntag.unknown_type');
    case E_TAG:
      packet.linkLayers |= LAYER_E_TAG;
      if (end - start < 8) return fault(packet, 'etag.header_too_small');
      return descend(packet) && decodeEtherType(packet, uint16(data, start + 6), start + 8, end, 'etag.unknown_type');
    case MPLS_UNICAST:
    case MPLS_MULTICAST:
      packet.linkLayers |= LAYER_MPLS;
      return decodeMpls(packet, start, end);
    case PPPOE_SESSION:
      packet.linkLayers |= LAYER_PPPOE;
      return decodePppoeSession(packet, start, end);
    case PPPOE_DISCOVERY:
      packet.linkLayers |= LAYER_PPPOE;
      return decodePppoeDiscovery(packet, start, end);
    case FABRIC_PATH:
      packet.linkLayers |= LAYER_FABRIC_PATH;
      if (end - start < 16) return fault(packet, 'dce.pkt_too_small');
      return decodeEthernet(packet, start + 2, end);
    case SERVICE_HEADER:
      packet.linkLayers |= LAYER_SERVICE_HEADER;
      return decodeServiceHeader(packet, start, end);
    case BRIDGED:
      return decodeEthernet(packet, start, end);
    case ARP:
      packet.etherType = ARP;
      return decodeArp(packet, start, end);
    default:
      packet.etherType = type;
      return unknown === undefined ? false : fault(packet, unknown);
  }
}

/** RFC 826, RFC 903, RFC 2390, as Ethernet and IPv4 use it. There is nothing more in it. */
function decodeArp(packet: Packet, start: number, end: number): false {
  const { data } = packet;
  if (end - start < 28) return fault(packet, 'arp.pkt_too_small');
  if (uint16(data, start) !== 1) return fault(packet, 'arp.unsupported_hardware');
  if (uint16(data, start + 2) !== IPV4) return fault(packet, 'arp.unsupported_protocol');
  if (data[start + 4] !== 6) return fault(packet, 'arp.invalid_hardware_size');
  if (data[start + 5] !== 4) return fault(packet, 'arp.invalid_protocol_size');
  const operation = uint16(data, start + 6);
  return ARP_OPERATIONS.has(operation) ? false : fault(packet, 'arp.unsupported_opcode');
}

/** Request and reply of ARP, RARP and InARP. */
const ARP_OPERATIONS: ReadonlySet<number> = new Set([1, 2, 3, 4, 8, 9]);

function decodeMpls(packet: Packet, start: number, end: number): boolean {
  const { data } = packet;
  let at = start;
  for (;;) {
    if (end - at < 4) return fault(packet, 'mpls.header_too_small');
    if (!descend(packet)) return false;
    const label = (data[at] << 12) | (data[at + 1] << 4) | (data[at + 2] >>> 4);
    const bottom = (data[at + 2] & 1) === 1;
    at += 4;
    if (label === EXPLICIT_NULL_IPV4 && bottom) return end - at < 1 ? fault(packet, 'mpls.pkt_too_small') : network(packet, IPV4, at, end);
    if (label === EXPLICIT_NULL_IPV6 && bottom) return end - at < 1 ? fault(packet, 'mpls.pkt_too_small') : network(packet, IPV6, at, end);
    if (label === ROUTER_ALERT && bottom) packet.anomalies.push('mpls.bad_label_router_alert');
    else if (label === IMPLICIT_NULL) return fault(packet, 'mpls.bad_label_implicit_null');
    else if (label > IMPLICIT_NULL && label <= LAST_RESERVED) packet.anomalies.push('mpls.bad_label_reserved');
    if (bottom) break;
  }
  if (end - at < 4) return fault(packet, 'mpls.pkt_too_small');
  const nibble = data[at] >>> 4;
  if (nibble === 4) return network(packet, IPV4, at, end);
  if (nibble === 6) return network(packet, IPV6, at, end);
  // A pseudowire (RFC 4385): a control word of zeros, then Ethernet.
  if (nibble === 0) return decodeEthernet(packet, at + 4, end);
  return fault(packet, 'mpls.unknown_payload_type');
}

function decodePppoeSession(packet: Packet, start: number, end: number): boolean {
  if (end - start < 7) return fault(packet, 'pppoe.pkt_too_small');
  if (packet.data[start + 1] !== 0) return fault(packet, 'pppoe.wrong_code');
  const length = uint16(packet.data, start + 4);
  // Padding of short frames is no part of the session's bytes; a length beyond what came is left to the layers above.
  return descend(packet) && decodePpp(packet, start + 6, length >= 2 ? Math.min(end, start + 6 + length) : end, true);
}

const DISCOVERY_CODES: ReadonlySet<number> = new Set([0x09, 0x07, 0x19, 0x65, 0xa7]);

function decodePppoeDiscovery(packet: Packet, start: number, end: number): boolean {
  const { data } = packet;
  packet.etherType = PPPOE_DISCOVERY;
  if (end - start < 6) return fault(packet, 'pppoe.pkt_too_small');
  if (!DISCOVERY_CODES.has(data[start + 1])) return fault(packet, 'pppoe.wrong_code');
  const length = uint16(data, start + 4);
  if (length > end - start - 6) return fault(packet, 'pppoe.malformed_tags');
  for (let at = start + 6; at < start + 6 + length; ) {
    if (start + 6 + length - at < 4) return fault(packet, 'pppoe.malformed_tags');
    const tag = uint16(data, at);
    at += 4 + uint16(data, at + 2);
    if (at > start + 6 + length) return fault(packet, 'pppoe.malformed_tags');
    if (tag === 0) break;
  }
  return false;
}

function decodeServiceHeader(packet: Packet, start: number, end: number): boolean {
  const { data } = packet;
  if (end - start < 8) return fault(packet, 'nsh.header_too_small');
  const version = data[start] >>> 6;
  const length = (data[start + 1] & 0x3f) * 4;
  if (length > end - start) return fault(packet, 'nsh.header_too_small');
  if (version !== 0) return fault(packet, 'nsh.unsupported_version');
  if (length < 8) return fault(packet, 'nsh.bad_header_length');
  const kind = data[start + 2] & 0x0f;
  if (kind === 0 || (kind === 2 ? length < 8 : kind !== 1)) return fault(packet, kind === 0 ? 'nsh.reserved_type' : 'nsh.unsupported_type');
  if (kind === 1 && length !== 24) return fault(packet, 'nsh.bad_header_length');
  if (!descend(packet)) return false;
  const at = start + length;
  switch (data[start + 3]) {
    case 1:
      return network(packet, IPV4, at, end);
    case 2:
      return network(packet, IPV6, at, end);
    case 3:
      return decodeEthernet(packet, at, end);
    case 5:
      return decodeMpls(packet, at, end);
    default:
      return fault(packet, 'nsh.unknown_payload');
  }
}
