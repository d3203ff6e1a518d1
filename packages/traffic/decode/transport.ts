/** TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792, 4443), SCTP ports: header fields, payload limits, checksums. */
import { checksumAdd, checksumFinish, uint16, uint32 } from '@sigwright/bytes';
import { ICMP, ICMPV6, type Packet, SCTP, TCP, UDP } from '@sigwright/contracts';

/** False where the transport header is missing or wrong; the packet then has no ports. */
export function decodeTransport(packet: Packet, verifyChecksums: boolean): boolean {
  switch (packet.protocol) {
    case TCP:
      return decodeTcp(packet, verifyChecksums);
    case UDP:
      return decodeUdp(packet, verifyChecksums);
    case ICMP:
      return packet.ipVersion === 4 && decodeIcmp(packet, 'icmpv4', verifyChecksums);
    case ICMPV6:
      return packet.ipVersion === 6 && decodeIcmp(packet, 'icmpv6', verifyChecksums);
    case SCTP:
      return decodeSctp(packet);
    default:
      return true;
  }
}

function fault(packet: Packet, anomaly: string): boolean {
  packet.anomalies.push(anomaly);
  packet.transportStart = -1;
  return false;
}

function decodeTcp(packet: Packet, verifyChecksums: boolean): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 20) return fault(packet, 'tcp.pkt_too_small');
  const headerLength = (data[start + 12] >>> 4) * 4;
  if (headerLength < 20) return fault(packet, 'tcp.hlen_too_small');
  if (headerLength > end - start) return fault(packet, 'tcp.hlen_too_small');
  packet.transportStart = start;
  packet.sourcePort = uint16(data, start);
  packet.destinationPort = uint16(data, start + 2);
  packet.tcpSequence = uint32(data, start + 4);
  packet.tcpAcknowledgement = uint32(data, start + 8);
  packet.tcpFlags = data[start + 13];
  packet.tcpWindow = uint16(data, start + 14);
  packet.tcpUrgent = uint16(data, start + 18);
  packet.tcpHeaderLength = headerLength;
  packet.payloadStart = start + headerLength;
  if (headerLength > 20) options(packet, start + 20, start + headerLength);
  if (verifyChecksums) packet.transportChecksumGood = pseudoChecksum(packet, start, end, TCP) === 0 ? 1 : 0;
  return true;
}

function options(packet: Packet, start: number, end: number): void {
  const { data } = packet;
  for (let at = start; at < end; ) {
    const kind = data[at];
    if (kind === 0) return;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = at + 1 < end ? data[at + 1] : 0;
    if (length < 2 || at + length > end) {
      packet.anomalies.push('tcp.opt_invalid_len');
      return;
    }
    if (kind === 2 && length === 4) packet.tcpMss = uint16(data, at + 2);
    else if (kind === 3 && length === 3) packet.tcpWindowScale = Math.min(14, data[at + 2]);
    else if (kind === 4 && length === 2) packet.tcpSackPermitted = true;
    else if (kind === 8 && length === 10) {
      packet.tcpTimestamp = uint32(data, at + 2);
      packet.tcpTimestampEcho = uint32(data, at + 6);
    }
    at += length;
  }
}

function decodeUdp(packet: Packet, verifyChecksums: boolean): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 8) return fault(packet, 'udp.pkt_too_small');
  const length = uint16(data, start + 4);
  if (length < 8) return fault(packet, 'udp.len_invalid');
  if (length > end - start) return fault(packet, 'udp.pkt_too_small');
  packet.transportStart = start;
  packet.sourcePort = uint16(data, start);
  packet.destinationPort = uint16(data, start + 2);
  packet.payloadStart = start + 8;
  packet.payloadEnd = start + length;
  if (length < end - start) packet.anomalies.push('udp.hlen_invalid');
  if (verifyChecksums && uint16(data, start + 6) !== 0) packet.transportChecksumGood = pseudoChecksum(packet, start, start + length, UDP) === 0 ? 1 : 0;
  return true;
}

function decodeIcmp(packet: Packet, name: string, verifyChecksums: boolean): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  const least = name === 'icmpv4' ? 8 : 4;
  if (end - start < least) return fault(packet, `${name}.pkt_too_small`);
  packet.transportStart = start;
  packet.icmpType = data[start];
  packet.icmpCode = data[start + 1];
  const echo =
    name === 'icmpv4'
      ? packet.icmpType === 8 || packet.icmpType === 0 || (packet.icmpType >= 13 && packet.icmpType <= 18)
      : packet.icmpType === 128 || packet.icmpType === 129;
  if (echo && end - start >= 8) {
    packet.icmpId = uint16(data, start + 4);
    packet.icmpSequence = uint16(data, start + 6);
  }
  packet.payloadStart = Math.min(end, start + 8);
  if (verifyChecksums) {
    const sum = name === 'icmpv4' ? checksumFinish(checksumAdd(data, start, end, 0)) : pseudoChecksum(packet, start, end, ICMPV6);
    packet.transportChecksumGood = sum === 0 ? 1 : 0;
  }
  return true;
}

function decodeSctp(packet: Packet): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 12) return fault(packet, 'sctp.pkt_too_small');
  packet.transportStart = start;
  packet.sourcePort = uint16(data, start);
  packet.destinationPort = uint16(data, start + 2);
  packet.payloadStart = start + 12;
  return true;
}

/** Zero where right (RFC 9293 §3.1, RFC 8200 §8.1). */
export function pseudoChecksum(packet: Packet, start: number, end: number, protocol: number): number {
  let sum = protocol + (end - start);
  for (let word = 0; word < (packet.ipVersion === 6 ? 4 : 1); word++) {
    sum += (packet.source[word] >>> 16) + (packet.source[word] & 0xffff) + (packet.destination[word] >>> 16) + (packet.destination[word] & 0xffff);
  }
  return checksumFinish(checksumAdd(packet.data, start, end, sum));
}
