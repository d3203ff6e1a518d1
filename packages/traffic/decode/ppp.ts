/** PPP in HDLC-like framing (RFC 1661, 1662), and where it stands alone: in PPPoE and PPTP. */
import { uint16 } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import { fault } from './fault.ts';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
/** Van Jacobson, uncompressed: an IPv4 packet whose protocol field was replaced (RFC 1144). */
const PPP_VJ_UNCOMPRESSED = 0x002f;
/** Data protocols that are known and not read: other networks, compressed and multilink packets. */
const UNSUPPORTED: ReadonlySet<number> = new Set([
  0x0023, 0x0025, 0x0027, 0x0029, 0x002b, 0x002d, 0x0031, 0x0033, 0x0035, 0x003d, 0x0041, 0x0043, 0x0045, 0x0047, 0x0049, 0x004b, 0x004f, 0x00fb, 0x00fd,
  0x0201, 0x0203, 0x0205, 0x0231, 0x0281, 0x0283,
]);
/** Network control and link control protocols have numbers from here on (RFC 1661 section 2); they carry no packets. */
const FIRST_CONTROL = 0x8000;

/** `bare`: without address and control bytes in any case. */
export function decodePpp(packet: Packet, start: number, end: number, bare: boolean): boolean {
  const { data } = packet;
  let at = start;
  if (!bare && end - at >= 2 && data[at] === 0xff && data[at + 1] === 0x03) at += 2;
  if (end - at < 1) return fault(packet, 'ppp.pkt_too_small');
  // The protocol field may be compressed to one byte, which then is odd.
  const compressed = (data[at] & 1) === 1;
  if (!compressed && end - at < 2) return fault(packet, 'ppp.pkt_too_small');
  const protocol = compressed ? data[at] : uint16(data, at);
  at += compressed ? 1 : 2;
  if (protocol === PPP_IPV4 || protocol === PPP_VJ_UNCOMPRESSED) {
    if (end - at < 20) return fault(packet, protocol === PPP_IPV4 ? 'ppp.ip4_pkt_too_small' : 'ppp.vju_pkt_too_small');
    if (protocol === PPP_VJ_UNCOMPRESSED) return fault(packet, 'ppp.unsup_proto');
    packet.etherType = IPV4;
    packet.ipStart = at;
    packet.ipEnd = end;
    return true;
  }
  if (protocol === PPP_IPV6) {
    if (end - at < 40) return fault(packet, 'ppp.ip6_pkt_too_small');
    packet.etherType = IPV6;
    packet.ipStart = at;
    packet.ipEnd = end;
    return true;
  }
  if (protocol >= FIRST_CONTROL) return false;
  return fault(packet, UNSUPPORTED.has(protocol) ? 'ppp.unsup_proto' : 'ppp.wrong_type');
}
