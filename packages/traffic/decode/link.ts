/**
 * Link types of captures (tcpdump.org/linktypes.html): where does the network packet begin, and what is it? Ethernet has a
 * file of its own; here are Linux cooked captures (SLL, SLL2), NULL and LOOP, RAW, PPP, Cisco HDLC. Of other link types nothing is read.
 */
import { uint16 } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import { decodeEthernet, decodeEtherType, IPV4, IPV6, network } from './ethernet.ts';
import { fault } from './fault.ts';
import { decodePpp } from './ppp.ts';

const LINK_NULL = 0;
export const LINK_ETHERNET = 1;
const LINK_PPP = 9;
/** DLT_RAW of the BSDs, found in files written by careless tools. */
const LINK_RAW_BSD = 12;
const LINK_RAW_OPENBSD = 14;
const LINK_PPP_SERIAL = 50;
const LINK_RAW = 101;
const LINK_CISCO_HDLC = 104;
const LINK_LOOP = 108;
const LINK_SLL = 113;
const LINK_IPV4 = 228;
const LINK_IPV6 = 229;
const LINK_SLL2 = 276;

/** Sets packet.ipStart and etherType; false where there is no network packet (or none that was captured). */
export function decodeLink(packet: Packet): boolean {
  const { data, frameStart: start, frameEnd: end } = packet;
  switch (packet.linkType) {
    case LINK_ETHERNET:
      return decodeEthernet(packet, start, end);
    case LINK_RAW:
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_IPV4:
    case LINK_IPV6:
      return decodeRaw(packet, start, end);
    case LINK_NULL:
    case LINK_LOOP:
      return decodeNull(packet, start, end);
    case LINK_SLL:
      if (end - start < 16) return fault(packet, 'sll.pkt_too_small');
      return decodeEtherType(packet, uint16(data, start + 14), start + 16, end, undefined);
    case LINK_SLL2:
      if (end - start < 20) return fault(packet, 'sll2.pkt_too_small');
      return decodeEtherType(packet, uint16(data, start), start + 20, end, undefined);
    case LINK_PPP:
    case LINK_PPP_SERIAL:
      return decodePpp(packet, start, end, false);
    case LINK_CISCO_HDLC:
      if (end - start < 4) return fault(packet, 'chdlc.pkt_too_small');
      return decodeEtherType(packet, uint16(data, start + 2), start + 4, end, undefined);
    default:
      return false;
  }
}

/** Frames without a type field: the version nibble tells. */
function decodeRaw(packet: Packet, start: number, end: number): boolean {
  if (end - start < 20) return fault(packet, 'ipv4.pkt_too_small');
  const version = packet.data[start] >>> 4;
  if (version === 4 || version === 6) return network(packet, version === 4 ? IPV4 : IPV6, start, end);
  return fault(packet, 'ipraw.invalid_ip_version');
}

/** The address family's number is the capturing system's own, in its own byte order; LOOP's is big-endian. */
const FAMILY_INET = 2;
const FAMILIES_INET6: ReadonlySet<number> = new Set([10, 24, 28, 30]);

function decodeNull(packet: Packet, start: number, end: number): boolean {
  if (end - start < 4) return fault(packet, 'ltnull.pkt_too_small');
  const { data } = packet;
  const family = data[start] !== 0 || data[start + 1] !== 0 ? data[start] | (data[start + 1] << 8) : uint16(data, start + 2);
  if (family === FAMILY_INET) return network(packet, IPV4, start + 4, end);
  if (FAMILIES_INET6.has(family)) return network(packet, IPV6, start + 4, end);
  return fault(packet, 'ltnull.unsupported_type');
}
