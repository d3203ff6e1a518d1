/** TCP header and options (RFC 9293, 7323, 2018). */
import { uint16, uint32 } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import { fault } from './fault.ts';

const END = 0;
const NO_OPERATION = 1;
const SEGMENT_SIZE = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMP = 8;
const MD5 = 19;
const AUTHENTICATION = 29;
const FAST_OPEN = 34;
const EXPERIMENT = 254;
/** RFC 6994: a fast open cookie under an experimental number. */
const EXPERIMENT_FAST_OPEN = 0xf989;

export function decodeTcp(packet: Packet): boolean {
  const { data, payloadStart: start, payloadEnd: end } = packet;
  if (end - start < 20) return fault(packet, 'tcp.pkt_too_small');
  const headerLength = (data[start + 12] >>> 4) * 4;
  if (headerLength > end - start) return fault(packet, 'tcp.hlen_too_small');
  // A header said to be shorter than itself leaves no room for options to be counted in.
  if (headerLength < 20) return fault(packet, 'tcp.invalid_optlen');
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
  return true;
}

function options(packet: Packet, start: number, end: number): void {
  const { data } = packet;
  // What nearly every established connection sends: two fillers and a timestamp.
  if (end - start === 12 && data[start] === NO_OPERATION && data[start + 1] === NO_OPERATION && data[start + 2] === TIMESTAMP && data[start + 3] === 10) {
    packet.tcpTimestamp = uint32(data, start + 4);
    packet.tcpTimestampEcho = uint32(data, start + 8);
    return;
  }
  let seen = 0;
  for (let at = start; at < end; ) {
    const kind = data[at];
    if (kind === END) return;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < end ? data[at + 1] : 0;
    if (length < 2 || length > end - at) {
      packet.anomalies.push('tcp.opt_invalid_len');
      return;
    }
    seen = option(packet, kind, at, length, seen);
    at += length;
  }
}

/** Returns `seen` with this option's bit. */
function option(packet: Packet, kind: number, at: number, length: number, seen: number): number {
  const { data } = packet;
  switch (kind) {
    case SEGMENT_SIZE:
      if (length !== 4) break;
      if ((seen & 1) !== 0) return duplicate(packet, seen);
      packet.tcpMss = uint16(data, at + 2);
      return seen | 1;
    case WINDOW_SCALE:
      if (length !== 3) break;
      if ((seen & 2) !== 0) return duplicate(packet, seen);
      // RFC 7323 section 2.3: more than 14 is taken as 14.
      packet.tcpWindowScale = Math.min(14, data[at + 2]);
      return seen | 2;
    case SACK_PERMITTED:
      if (length !== 2) break;
      if ((seen & 4) !== 0) return duplicate(packet, seen);
      packet.tcpSackPermitted = true;
      return seen | 4;
    case SACK:
      if (length < 10 || length > 34 || (length - 2) % 8 !== 0) break;
      return (seen & 8) !== 0 ? duplicate(packet, seen) : seen | 8;
    case TIMESTAMP:
      if (length !== 10) break;
      if ((seen & 16) !== 0) return duplicate(packet, seen);
      packet.tcpTimestamp = uint32(data, at + 2);
      packet.tcpTimestampEcho = uint32(data, at + 6);
      return seen | 16;
    case FAST_OPEN:
      if (length !== 2 && (length < 6 || length > 18 || (length & 1) === 1)) break;
      if ((seen & 32) !== 0) return duplicate(packet, seen);
      packet.tcpFastOpen = true;
      return seen | 32;
    case EXPERIMENT:
      if (length < 4 || uint16(data, at + 2) !== EXPERIMENT_FAST_OPEN) return seen;
      if (length !== 4 && (length < 8 || length > 20 || (length & 1) === 1)) break;
      if ((seen & 32) !== 0) return duplicate(packet, seen);
      packet.tcpFastOpen = true;
      return seen | 32;
    case MD5:
      if (length !== 18) break;
      return seen;
    case AUTHENTICATION:
      if (length < 4) break;
      return seen;
    default:
      return seen;
  }
  packet.anomalies.push('tcp.opt_invalid_len');
  return seen;
}

function duplicate(packet: Packet, seen: number): number {
  packet.anomalies.push('tcp.opt_duplicate');
  return seen;
}
