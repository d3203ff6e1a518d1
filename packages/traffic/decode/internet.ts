/** IPv4 (RFC 791) and IPv6 with extension headers (RFC 8200). Faults are anomalies; what was read before stays. */
import { checksum, uint16, uint32 } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import { IPV4 } from './link.ts';

const MOST_EXTENSIONS = 16;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const ESP = 50;
const AUTHENTICATION = 51;
const NO_NEXT = 59;
const DESTINATION = 60;
const MOBILITY = 135;

/** False: nothing behind the header can be read. Sets payloadStart to what follows the headers, ipEnd to the packet's end. */
export function decodeInternet(packet: Packet, verifyChecksums: boolean): boolean {
  return packet.etherType === IPV4 ? decodeIpv4(packet, verifyChecksums) : decodeIpv6(packet);
}

function fault(packet: Packet, anomaly: string): boolean {
  packet.anomalies.push(anomaly);
  packet.ipVersion = 0;
  return false;
}

function decodeIpv4(packet: Packet, verifyChecksums: boolean): boolean {
  const { data, ipStart: start } = packet;
  const available = packet.ipEnd - start;
  if (available < 20) return fault(packet, 'ipv4.pkt_too_small');
  if (data[start] >>> 4 !== 4) return fault(packet, 'ipv4.wrong_ip_version');
  const headerLength = (data[start] & 15) * 4;
  if (headerLength < 20) return fault(packet, 'ipv4.hlen_too_small');
  const total = uint16(data, start + 2);
  if (total < headerLength) return fault(packet, 'ipv4.iplen_smaller_than_hlen');
  if (headerLength > available) return fault(packet, 'ipv4.trunc_pkt');
  if (total > available) return fault(packet, 'ipv4.trunc_pkt');
  packet.ipVersion = 4;
  packet.ipHeaderLength = headerLength;
  packet.ipLength = total;
  packet.ipEnd = start + total;
  packet.tos = data[start + 1];
  packet.ipId = uint16(data, start + 4);
  const fragment = uint16(data, start + 6);
  packet.fragmentFlags = fragment >>> 13;
  packet.fragmentOffset = (fragment & 0x1fff) * 8;
  packet.isFragment = (packet.fragmentFlags & 1) === 1 || packet.fragmentOffset > 0;
  packet.ttl = data[start + 8];
  packet.protocol = data[start + 9];
  packet.source[0] = uint32(data, start + 12);
  packet.destination[0] = uint32(data, start + 16);
  packet.source[1] = packet.source[2] = packet.source[3] = 0;
  packet.destination[1] = packet.destination[2] = packet.destination[3] = 0;
  packet.ipOptionsEnd = start + headerLength;
  packet.payloadStart = start + headerLength;
  packet.payloadEnd = packet.ipEnd;
  if (verifyChecksums) packet.ipChecksumGood = checksum(data, start, start + headerLength) === 0 ? 1 : 0;
  return true;
}

function decodeIpv6(packet: Packet): boolean {
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

/** Walks the chain of extension headers up to the transport header or the first fragment header of a real fragment. */
function extensions(packet: Packet, first: number, start: number): boolean {
  const { data, ipEnd: end } = packet;
  let next = first;
  let at = start;
  for (let count = 0; count < MOST_EXTENSIONS; count++) {
    packet.protocol = next;
    packet.payloadStart = at;
    packet.payloadEnd = end;
    switch (next) {
      case HOP_BY_HOP:
      case ROUTING:
      case DESTINATION:
      case MOBILITY:
      case AUTHENTICATION: {
        if (end - at < 8) {
          packet.anomalies.push('ipv6.trunc_exthdr');
          return false;
        }
        const length = next === AUTHENTICATION ? (data[at + 1] + 2) * 4 : (data[at + 1] + 1) * 8;
        if (length > end - at) {
          packet.anomalies.push('ipv6.trunc_exthdr');
          return false;
        }
        next = data[at];
        at += length;
        break;
      }
      case FRAGMENT: {
        if (end - at < 8) {
          packet.anomalies.push('ipv6.trunc_exthdr');
          return false;
        }
        const field = uint16(data, at + 2);
        packet.fragmentOffset = field & 0xfff8;
        packet.fragmentFlags = field & 1;
        packet.ipId = uint32(data, at + 4);
        packet.isFragment = packet.fragmentOffset > 0 || (field & 1) === 1;
        packet.fragmentHeader = at;
        next = data[at];
        at += 8;
        packet.protocol = next;
        packet.payloadStart = at;
        if (packet.isFragment) return true;
        break;
      }
      case ESP:
        return true;
      case NO_NEXT:
        packet.payloadStart = at;
        return true;
      default:
        return true;
    }
  }
  return true;
}
