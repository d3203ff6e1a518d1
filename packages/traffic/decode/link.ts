/**
 * Link layers: where does the network packet begin, and what is it? Ethernet II and 802.3, VLAN tags (802.1Q, 802.1ad, 0x9100),
 * PPPoE (RFC 2516), PPP, MPLS, Linux cooked captures (SLL, SLL2), NULL/LOOP, RAW, C-HDLC. Everything else is left alone.
 */
import { uint16 } from '@sigwright/bytes';
import { MOST_VLANS, type Packet } from '@sigwright/contracts';

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const ARP = 0x0806;
const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);
const PPPOE_SESSION = 0x8864;
const MPLS_UNICAST = 0x8847;
const MPLS_MULTICAST = 0x8848;
const BRIDGED = 0x6558;

/** `ieee` of libpcap's link type list. */
const LINK = {
  NULL: 0,
  ETHERNET: 1,
  PPP: 9,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  PPP_SERIAL: 50,
  C_HDLC: 104,
  RAW: 101,
  LOOP: 108,
  SLL: 113,
  IPV4: 228,
  IPV6: 229,
  SLL2: 276,
} as const;

/** Tags and shims in one frame; hostile frames must not nest without end. */
const MOST_SHIMS = 8;

/** Sets packet.ipStart and etherType; false where there is no network packet (or none that was captured). */
export function decodeLink(packet: Packet): boolean {
  const { data, frameStart: start, frameEnd: end } = packet;
  switch (packet.linkType) {
    case LINK.ETHERNET:
      return decodeEthernet(packet, start, end);
    case LINK.RAW:
    case LINK.RAW_BSD:
    case LINK.RAW_OPENBSD:
    case LINK.IPV4:
    case LINK.IPV6:
      return byVersion(packet, start, end);
    case LINK.NULL:
    case LINK.LOOP:
      if (end - start < 4) return short(packet, 'ltnull.pkt_too_small');
      return byVersion(packet, start + 4, end);
    case LINK.SLL:
      if (end - start < 16) return short(packet, 'sll.pkt_too_small');
      return byEtherType(packet, uint16(data, start + 14), start + 16, end, 0);
    case LINK.SLL2:
      if (end - start < 20) return short(packet, 'sll2.pkt_too_small');
      return byEtherType(packet, uint16(data, start), start + 20, end, 0);
    case LINK.PPP:
    case LINK.PPP_SERIAL:
      return decodePpp(packet, start, end);
    case LINK.C_HDLC:
      if (end - start < 4) return short(packet, 'chdlc.pkt_too_small');
      return byEtherType(packet, uint16(data, start + 2), start + 4, end, 0);
    default:
      return false;
  }
}

export function decodeEthernet(packet: Packet, start: number, end: number): boolean {
  if (end - start < 14) return short(packet, 'ethernet.pkt_too_small');
  packet.ethernetStart = start;
  const type = uint16(packet.data, start + 12);
  if (type >= 0x600) return byEtherType(packet, type, start + 14, end, 0);
  // 802.3 with LLC and SNAP.
  if (end - start >= 22 && packet.data[start + 14] === 0xaa && packet.data[start + 15] === 0xaa)
    return byEtherType(packet, uint16(packet.data, start + 20), start + 22, end, 0);
  return false;
}

function short(packet: Packet, anomaly: string): boolean {
  packet.anomalies.push(anomaly);
  return false;
}

/** Frames without a type field: the version nibble tells. */
function byVersion(packet: Packet, start: number, end: number): boolean {
  if (end <= start) return short(packet, 'raw.invalid_ip');
  const version = packet.data[start] >>> 4;
  packet.etherType = version === 4 ? IPV4 : version === 6 ? IPV6 : 0;
  packet.ipStart = start;
  packet.ipEnd = end;
  return packet.etherType !== 0 || short(packet, 'raw.invalid_ip');
}

export function byEtherType(packet: Packet, type: number, start: number, end: number, shims: number): boolean {
  const { data } = packet;
  let at = start;
  let current = type;
  let shim = shims;
  while (shim++ < MOST_SHIMS) {
    if (current === IPV4 || current === IPV6) {
      packet.etherType = current;
      packet.ipStart = at;
      packet.ipEnd = end;
      return true;
    }
    if (VLAN_TAGS.has(current)) {
      if (end - at < 4) return short(packet, 'vlan.header_too_small');
      if (packet.vlanCount >= MOST_VLANS) return short(packet, 'vlan.too_many_layers');
      packet.vlans[packet.vlanCount++] = uint16(data, at) & 0x0fff;
      current = uint16(data, at + 2);
      at += 4;
    } else if (current === PPPOE_SESSION) {
      if (end - at < 8) return short(packet, 'pppoe.pkt_too_small');
      return decodePpp(packet, at + 6, end);
    } else if (current === MPLS_UNICAST || current === MPLS_MULTICAST) {
      for (let bottom = false; !bottom; ) {
        if (end - at < 4) return short(packet, 'mpls.header_too_small');
        bottom = (data[at + 2] & 1) === 1;
        at += 4;
      }
      const nibble = at < end ? data[at] >>> 4 : 0;
      if (nibble === 4 || nibble === 6) return byVersion(packet, at, end);
      // A pseudowire: control word of zeros, then Ethernet.
      if (nibble === 0 && end - at >= 18) return decodeEthernet(packet, at + 4, end);
      return short(packet, 'mpls.unknown_payload_type');
    } else if (current === BRIDGED) return decodeEthernet(packet, at, end);
    else {
      packet.etherType = current;
      return false;
    }
  }
  return false;
}

function decodePpp(packet: Packet, start: number, end: number): boolean {
  const { data } = packet;
  let at = start;
  if (end - at >= 2 && data[at] === 0xff && data[at + 1] === 0x03) at += 2;
  if (end - at < 2) return short(packet, 'ppp.pkt_too_small');
  // The protocol field may be compressed to one byte, which then is odd.
  const compressed = (data[at] & 1) === 1;
  const protocol = compressed ? data[at] : uint16(data, at);
  at += compressed ? 1 : 2;
  if (protocol === 0x21 || protocol === 0x57) {
    if (at >= end) return short(packet, 'ppp.ip4_pkt_too_small');
    packet.etherType = protocol === 0x21 ? IPV4 : IPV6;
    packet.ipStart = at;
    packet.ipEnd = end;
    return true;
  }
  return false;
}
