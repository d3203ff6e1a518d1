/**
 * IPv6 (RFC 8200) with its extension headers: hop-by-hop and destination options, routing, fragment, authentication (RFC 4302),
 * ESP (RFC 4303, where reading ends), mobility, host identity, shim6. Faults are anomalies; what was read before stays.
 */
import { uint16, uint32 } from '@sigwright/bytes';
import { ICMP, ICMPV6, type Packet, SCTP, TCP, UDP } from '@sigwright/contracts';
import { fault } from './fault.ts';

const HOP_BY_HOP = 0;
const IP_IN_IP = 4;
const IPV6_IN_IP = 41;
const ROUTING = 43;
const FRAGMENT = 44;
const GRE = 47;
const ESP = 50;
const AUTHENTICATION = 51;
const NO_NEXT = 59;
const DESTINATION = 60;
const MOBILITY = 135;
const HOST_IDENTITY = 139;
const SHIM6 = 140;
/** Protocols that are known and not looked into; every other number is remarked. */
const KNOWN: ReadonlySet<number> = new Set([2, 8, 9, 17, 33, 46, 88, 89, 94, 97, 103, 108, 112, 115, 118, 124, 136, 137, 138, 142]);

/** More headers than this serve nobody but an evader; 16 with 8 bytes each already exceed what stacks accept. */
const MOST_EXTENSIONS = 24;

const SEEN_HOP_BY_HOP = 1;
const SEEN_ROUTING = 2;
const SEEN_FRAGMENT = 4;
const SEEN_DESTINATION = 8;
const SEEN_DESTINATION_TWICE = 16;
const SEEN_AUTHENTICATION = 32;

/** False: the header cannot be trusted, nothing behind it is read. Sets payloadStart to what follows the headers, ipEnd to the packet's end. */
export function decodeIpv6(packet: Packet): boolean {
  const { data, ipStart: start } = packet;
  const available = packet.ipEnd - start;
  if (available < 40) return fault(packet, 'ipv6.pkt_too_small');
  if (data[start] >>> 4 !== 6) return fault(packet, 'ipv6.wrong_ip_version');
  const length = uint16(data, start + 4);
  if (40 + length > available) return fault(packet, 'ipv6.trunc_pkt');
  packet.ipVersion = 6;
  packet.ipHeaderLength = 40;
  packet.ipLength = 40 + length;
  packet.ipEnd = start + 40 + length;
  packet.tos = ((data[start] & 15) << 4) | (data[start + 1] >>> 4);
  packet.ttl = data[start + 7];
  for (let word = 0; word < 4; word++) {
    packet.source[word] = uint32(data, start + 8 + word * 4);
    packet.destination[word] = uint32(data, start + 24 + word * 4);
  }
  packet.ipOptionsEnd = start + 40;
  return extensions(packet, data[start + 6], start + 40);
}

/** Walks the chain of extension headers up to the transport header or the fragment header of a real fragment. */
function extensions(packet: Packet, first: number, start: number): boolean {
  const { data, ipEnd: end, anomalies } = packet;
  let next = first;
  let at = start;
  let seen = 0;
  for (let count = 0; count < MOST_EXTENSIONS; count++) {
    packet.protocol = next;
    packet.payloadStart = at;
    packet.payloadEnd = end;
    // Behind an extension header: every header there is says in two bytes what follows it, or its own port.
    if (count > 0 && end - at < 2 && next !== NO_NEXT) return fault(packet, 'ipv6.trunc_exthdr');
    switch (next) {
      case TCP:
      case UDP:
      case ICMPV6:
      case SCTP:
      case GRE:
      case IP_IN_IP:
      case IPV6_IN_IP:
      case ESP:
        return true;
      case HOP_BY_HOP:
      case DESTINATION: {
        const length = headerLength(packet, at, end);
        if (length === 0) return false;
        if (next === HOP_BY_HOP) {
          if ((seen & SEEN_HOP_BY_HOP) !== 0) anomalies.push('ipv6.exthdr_dupl_hh');
          seen |= SEEN_HOP_BY_HOP;
        } else {
          // Once before a routing header and once at the end is as RFC 8200 section 4.1 has it.
          if ((seen & SEEN_DESTINATION_TWICE) !== 0) anomalies.push('ipv6.exthdr_dupl_dh');
          seen |= (seen & SEEN_DESTINATION) === 0 ? SEEN_DESTINATION : SEEN_DESTINATION_TWICE;
        }
        options(packet, next === HOP_BY_HOP ? 'hopopts' : 'dstopts', at + 2, at + length);
        next = data[at];
        at += length;
        break;
      }
      case ROUTING: {
        const length = headerLength(packet, at, end);
        if (length === 0) return false;
        if ((seen & SEEN_ROUTING) !== 0) anomalies.push('ipv6.exthdr_dupl_rh');
        seen |= SEEN_ROUTING;
        if (data[at + 2] === 0) anomalies.push('ipv6.rh_type_0');
        next = data[at];
        at += length;
        break;
      }
      case AUTHENTICATION: {
        if (end - at < 8) return fault(packet, 'ipv6.trunc_exthdr');
        const length = (data[at + 1] + 2) * 4;
        if (length > end - at) return fault(packet, 'ipv6.trunc_exthdr');
        if ((seen & SEEN_AUTHENTICATION) !== 0) anomalies.push('ipv6.exthdr_dupl_ah');
        seen |= SEEN_AUTHENTICATION;
        if (uint16(data, at + 2) !== 0) anomalies.push('ipv6.exthdr_ah_res_not_null');
        next = data[at];
        at += length;
        break;
      }
      case MOBILITY:
      case HOST_IDENTITY:
      case SHIM6: {
        const length = headerLength(packet, at, end);
        if (length === 0) return false;
        next = data[at];
        at += length;
        break;
      }
      case FRAGMENT: {
        if (end - at < 8) return fault(packet, 'ipv6.trunc_exthdr');
        if ((seen & SEEN_FRAGMENT) !== 0) {
          anomalies.push('ipv6.exthdr_dupl_fh');
          next = data[at];
          at += 8;
          break;
        }
        seen |= SEEN_FRAGMENT;
        if (fragment(packet, at, end)) return true;
        next = data[at];
        at += 8;
        break;
      }
      case NO_NEXT:
        if (at < end) anomalies.push('ipv6.data_after_none_header');
        return true;
      case ICMP:
        anomalies.push('ipv6.icmpv4');
        return true;
      default:
        if (!KNOWN.has(next)) anomalies.push('ipv6.unknown_next_header');
        return true;
    }
  }
  return true;
}

/** Length of an extension header whose second byte counts 8-byte units behind the first; 0 (and the anomaly) where it is cut off. */
function headerLength(packet: Packet, at: number, end: number): number {
  if (end - at >= 8) {
    const length = (packet.data[at + 1] + 1) * 8;
    if (length <= end - at) return length;
  }
  packet.anomalies.push('ipv6.trunc_exthdr');
  return 0;
}

/** True where it is a fragment: reading goes on when it is put together. */
function fragment(packet: Packet, at: number, end: number): boolean {
  const { data, anomalies } = packet;
  const field = uint16(data, at + 2);
  const more = (field & 1) === 1;
  packet.fragmentOffset = field & 0xfff8;
  packet.fragmentFlags = field & 1;
  packet.ipId = uint32(data, at + 4);
  packet.fragmentHeader = at;
  if (data[at + 1] !== 0 || (field & 6) !== 0) anomalies.push('ipv6.fh_non_zero_reserved_field');
  // An atomic fragment (RFC 6946) is whole; some of it are sent to evade.
  packet.isFragment = packet.fragmentOffset > 0 || more;
  if (!packet.isFragment) {
    anomalies.push('ipv6.exthdr_useless_fh');
    return false;
  }
  if (more && (end - at - 8) % 8 !== 0) anomalies.push('ipv6.frag_invalid_length');
  packet.protocol = data[at];
  packet.payloadStart = at + 8;
  return true;
}

const PAD_ONE = 0;
const PAD_MANY = 1;
const TUNNEL_LIMIT = 0x04;
const ROUTER_ALERT = 0x05;
const CALIPSO = 0x07;
const QUICK_START = 0x26;
const HOME_ADDRESS = 0xc9;
const JUMBO = 0xc2;

function options(packet: Packet, name: string, start: number, end: number): void {
  const { data, anomalies } = packet;
  let onlyPadding = true;
  let unknown = false;
  let emptyPadding = false;
  for (let at = start; at < end; ) {
    const type = data[at];
    if (type === PAD_ONE) {
      at++;
      continue;
    }
    if (end - at < 2) break;
    const length = data[at + 1];
    if (length > end - at - 2) {
      anomalies.push('ipv6.exthdr_invalid_optlen');
      return;
    }
    switch (type) {
      case PAD_MANY:
        // Two bytes of padding: lawful, but nothing makes them, since PadN of two carries none.
        if (length === 0) emptyPadding = true;
        break;
      case ROUTER_ALERT:
      case JUMBO:
      case HOME_ADDRESS:
        onlyPadding = false;
        if (length !== (type === ROUTER_ALERT ? 2 : type === JUMBO ? 4 : 16)) {
          anomalies.push('ipv6.exthdr_invalid_optlen');
          return;
        }
        break;
      case TUNNEL_LIMIT:
      case CALIPSO:
      case QUICK_START:
        onlyPadding = false;
        break;
      default:
        onlyPadding = false;
        unknown = true;
    }
    at += 2 + length;
  }
  if (emptyPadding) anomalies.push('ipv6.zero_len_padn');
  if (unknown) anomalies.push(`ipv6.${name}_unknown_opt`);
  if (onlyPadding) anomalies.push(`ipv6.${name}_only_padding`);
}
