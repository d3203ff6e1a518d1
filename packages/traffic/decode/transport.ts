/** What an IP packet carries: TCP and ICMP have files of their own; here are UDP (RFC 768), SCTP (RFC 9260), IGMP (RFC 9776), ESP (RFC 4303), and checksums. */
import { checksum, checksumAdd, checksumFinish, uint16, uint32 } from '@sigwright/bytes';
import { ICMP, ICMPV6, type Packet, SCTP, TCP, UDP } from '@sigwright/contracts';
import { fault } from './fault.ts';
import { decodeIcmp4, decodeIcmp6 } from './icmp.ts';
import { decodeTcp } from './tcp.ts';

export const IGMP = 2;
export const ESP = 50;
/** A whole packet follows (RFC 2003, 4213). */
const IPV4_IN_IP = 4;
const IPV6_IN_IP = 41;

/** False where the transport header is missing or wrong; the packet then has no ports and transportStart stays -1. */
export function decodeTransport(packet: Packet, verifyChecksums: boolean): boolean {
  const { payloadStart: start, payloadEnd: end, protocol } = packet;
  switch (protocol) {
    case TCP:
      if (!decodeTcp(packet)) return false;
      if (verifyChecksums) packet.transportChecksumGood = pseudoChecksum(packet, start, end, TCP) === 0 ? 1 : 0;
      return true;
    case UDP:
      return decodeUdp(packet, verifyChecksums);
    case ICMP:
      if (packet.ipVersion !== 4 || !decodeIcmp4(packet)) return false;
      if (verifyChecksums) packet.transportChecksumGood = checksum(packet.data, start, end) === 0 ? 1 : 0;
      return true;
    case ICMPV6:
      if (packet.ipVersion !== 6 || !decodeIcmp6(packet)) return false;
      if (verifyChecksums) packet.transportChecksumGood = pseudoChecksum(packet, start, end, ICMPV6) === 0 ? 1 : 0;
      return true;
    case SCTP:
      return decodeSctp(packet);
    case IGMP:
      return decodeIgmp(packet, verifyChecksums);
    case ESP:
      if (end - start < 8) return fault(packet, 'esp.pkt_too_small');
      packet.transportStart = start;
      packet.payloadStart = start + 8;
      // The index of its parameters tells flows between two hosts apart, as ports do.
      packet.sourcePort = packet.destinationPort = uint32(packet.data, start);
      return true;
    case IPV4_IN_IP:
    case IPV6_IN_IP:
      packet.transportStart = start;
      return true;
    default:
      return true;
  }
}

function decodeUdp(packet: Packet, verifyChecksums: boolean): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 8) return fault(packet, 'udp.hlen_too_small');
  const length = uint16(data, start + 4);
  if (length > end - start) return fault(packet, 'udp.pkt_too_small');
  if (length < 8) return fault(packet, 'udp.len_invalid');
  packet.transportStart = start;
  packet.sourcePort = uint16(data, start);
  packet.destinationPort = uint16(data, start + 2);
  packet.payloadStart = start + 8;
  packet.payloadEnd = start + length;
  if (verifyChecksums && (data[start + 6] | data[start + 7]) !== 0)
    packet.transportChecksumGood = pseudoChecksum(packet, start, start + length, UDP) === 0 ? 1 : 0;
  return true;
}

/** A packet has room for some sixty data chunks; Suricata stops counting at 32. */
const MOST_CHUNKS = 32;
/** RFC 9260, section 3.2 */
const SCTP_DATA = 0;
const SCTP_INIT = 1;

function decodeSctp(packet: Packet): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 12) return fault(packet, 'sctp.pkt_too_small');
  packet.transportStart = start;
  packet.sourcePort = uint16(data, start);
  packet.destinationPort = uint16(data, start + 2);
  packet.payloadStart = start + 12;
  const tag = uint32(data, start + 4);
  let chunks = 0;
  let hasInit = false;
  for (let at = start + 12; end - at >= 4; ) {
    if (++chunks > MOST_CHUNKS) {
      packet.anomalies.push('sctp.too_many_chunks');
      break;
    }
    const type = data[at];
    const length = uint16(data, at + 2);
    if (length < 4) {
      packet.anomalies.push('sctp.chunk_too_small');
      break;
    }
    if (length > end - at) {
      packet.anomalies.push('sctp.chunk_len_invalid');
      break;
    }
    // Section 8.5.1: a first chunk has no tag to show yet, and nothing else has none (section 3.3.2: it comes alone).
    if (type === SCTP_INIT) {
      hasInit = true;
      if (tag !== 0 && chunks === 1) packet.anomalies.push('sctp.init_with_non_zero_vtag');
    } else if (type === SCTP_DATA && tag === 0 && !packet.anomalies.includes('sctp.data_with_zero_vtag')) packet.anomalies.push('sctp.data_with_zero_vtag');
    at += (length + 3) & ~3;
  }
  if (hasInit && chunks > 1) packet.anomalies.push('sctp.init_chunk_not_alone');
  return true;
}

const IGMP_QUERY = 0x11;
const IGMP_REPORT_3 = 0x22;

function decodeIgmp(packet: Packet, verifyChecksums: boolean): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 8) return fault(packet, 'igmp.pkt_too_small');
  const type = data[start];
  // A query longer than 8 bytes is one of version 3 (RFC 9776 section 7.1).
  if (type === IGMP_QUERY && end - start > 8) {
    if (end - start < 12) return fault(packet, 'igmp.v3_pkt_too_small');
    if (uint16(data, start + 10) * 4 > end - start - 12) return fault(packet, 'igmp.malformed');
  } else if (type === IGMP_REPORT_3) {
    let at = start + 8;
    for (let left = uint16(data, start + 6); left > 0; left--) {
      if (end - at < 8) return fault(packet, 'igmp.malformed');
      at += 8 + uint16(data, at + 2) * 4 + data[at + 1] * 4;
      if (at > end) return fault(packet, 'igmp.malformed');
    }
  }
  packet.transportStart = start;
  packet.payloadStart = start + 8;
  if (verifyChecksums) packet.transportChecksumGood = checksum(data, start, end) === 0 ? 1 : 0;
  return true;
}

/** Zero where right (RFC 9293 section 3.1, RFC 8200 section 8.1). */
export function pseudoChecksum(packet: Packet, start: number, end: number, protocol: number): number {
  const { source, destination } = packet;
  let sum = protocol + (end - start);
  for (let word = 0; word < (packet.ipVersion === 6 ? 4 : 1); word++) {
    sum += (source[word] >>> 16) + (source[word] & 0xffff) + (destination[word] >>> 16) + (destination[word] & 0xffff);
  }
  return checksumFinish(checksumAdd(packet.data, start, end, sum));
}
