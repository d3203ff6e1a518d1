/** IPv4 (RFC 791) with its options. Faults are anomalies; what was read before stays. */
import { checksum, uint16, uint32 } from '@sigwright/bytes';
import { ICMPV6, type Packet } from '@sigwright/contracts';
import { fault } from './fault.ts';

/** False: the header cannot be trusted, nothing behind it is read. Sets payloadStart to what follows the header, ipEnd to the packet's end. */
export function decodeIpv4(packet: Packet, verifyChecksums: boolean): boolean {
  const { data, ipStart: start } = packet;
  const available = packet.ipEnd - start;
  if (available < 20) return fault(packet, 'ipv4.pkt_too_small');
  const first = data[start];
  if (first >>> 4 !== 4) return fault(packet, 'ipv4.wrong_ip_version');
  const headerLength = (first & 15) * 4;
  if (headerLength < 20) return fault(packet, 'ipv4.hlen_too_small');
  const total = uint16(data, start + 2);
  if (total < headerLength) return fault(packet, 'ipv4.iplen_smaller_than_hlen');
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
  packet.isFragment = (fragment & 0x3fff) !== 0;
  packet.ttl = data[start + 8];
  packet.protocol = data[start + 9];
  const { source, destination } = packet;
  source[0] = uint32(data, start + 12);
  destination[0] = uint32(data, start + 16);
  source[1] = source[2] = source[3] = 0;
  destination[1] = destination[2] = destination[3] = 0;
  packet.ipOptionsEnd = packet.payloadStart = start + headerLength;
  packet.payloadEnd = packet.ipEnd;
  if (headerLength > 20) options(packet, start + 20, start + headerLength);
  if (packet.protocol === ICMPV6) packet.anomalies.push('ipv4.icmpv6');
  if (verifyChecksums) packet.ipChecksumGood = checksum(data, start, start + headerLength) === 0 ? 1 : 0;
  return true;
}

const END = 0;
const NO_OPERATION = 1;
const RECORD_ROUTE = 7;
const QUICK_START = 25;
const TIMESTAMP = 68;
const SECURITY = 130;
const LOOSE_ROUTE = 131;
const EXTENDED_SECURITY = 133;
const COMMERCIAL_SECURITY = 134;
const STREAM_ID = 136;
const STRICT_ROUTE = 137;
const ROUTER_ALERT = 148;

function options(packet: Packet, start: number, end: number): void {
  const { data, anomalies } = packet;
  // RFC 791 pads to 4 bytes; Suricata remarks lists that are no multiple of 8, and rules count on it.
  if ((end - start) % 8 !== 0) anomalies.push('ipv4.opt_pad_required');
  // One bit for each option type below 32 of either half; enough to see the known ones twice.
  let seen = 0;
  for (let at = start; at < end; ) {
    const type = data[at];
    if (type === END) return;
    if (type === NO_OPERATION) {
      at++;
      continue;
    }
    if (end - at < 2) {
      fault(packet, 'ipv4.opt_malformed');
      return;
    }
    const length = data[at + 1];
    if (length < 2 || length > end - at) {
      fault(packet, 'ipv4.opt_invalid_len');
      return;
    }
    const bit = knownBit(type);
    if (bit === 0) fault(packet, 'ipv4.opt_unknown');
    else if ((seen & bit) !== 0) anomalies.push('ipv4.opt_duplicate');
    else {
      seen |= bit;
      const problem = optionProblem(data, type, at, length);
      if (problem !== '') fault(packet, problem);
    }
    at += length;
  }
}

function knownBit(type: number): number {
  switch (type) {
    case RECORD_ROUTE:
      return 1;
    case QUICK_START:
      return 2;
    case TIMESTAMP:
      return 4;
    case SECURITY:
      return 8;
    case LOOSE_ROUTE:
      return 16;
    case EXTENDED_SECURITY:
      return 32;
    case COMMERCIAL_SECURITY:
      return 64;
    case STREAM_ID:
      return 128;
    case STRICT_ROUTE:
      return 256;
    case ROUTER_ALERT:
      return 512;
    default:
      return 0;
  }
}

/** Name of the anomaly of a known option; empty where it is as its RFC has it. */
function optionProblem(data: Uint8Array, type: number, at: number, length: number): string {
  switch (type) {
    case QUICK_START:
      return length === 8 ? '' : 'ipv4.opt_invalid_len';
    case SECURITY:
      return length === 11 ? '' : 'ipv4.opt_invalid_len';
    case STREAM_ID:
    case ROUTER_ALERT:
      return length === 4 ? '' : 'ipv4.opt_invalid_len';
    case EXTENDED_SECURITY:
      return length >= 3 ? '' : 'ipv4.opt_invalid_len';
    case COMMERCIAL_SECURITY:
      return commercialProblem(data, at, length);
    case TIMESTAMP: {
      if (length < 5) return 'ipv4.opt_invalid_len';
      const flag = data[at + 3] & 15;
      // The pointer counts from the option's first byte (1); the first stamp is at 5. Stamps are 4 bytes, or 8 with an address.
      const step = flag === 1 || flag === 3 ? 8 : 4;
      return data[at + 2] < 5 || (data[at + 2] - 5) % step !== 0 || data[at + 2] > length + 1 || (flag !== 0 && flag !== 1 && flag !== 3)
        ? 'ipv4.opt_malformed'
        : '';
    }
    default:
      // Routes: a pointer, then addresses.
      if (length < 3) return 'ipv4.opt_invalid_len';
      return data[at + 2] < 4 || data[at + 2] % 4 !== 0 || data[at + 2] > length + 1 ? 'ipv4.opt_malformed' : '';
  }
}

/** CIPSO: a domain of interpretation, then tags of type and length. */
function commercialProblem(data: Uint8Array, at: number, length: number): string {
  if (length < 10) return 'ipv4.opt_invalid_len';
  if (uint32(data, at + 2) === 0) return 'ipv4.opt_malformed';
  for (let tag = at + 6; tag < at + length; ) {
    if (data[tag] === 0) return '';
    if (at + length - tag < 4 || data[tag + 1] < 4 || data[tag + 1] > at + length - tag) return 'ipv4.opt_malformed';
    tag += data[tag + 1];
  }
  return '';
}
