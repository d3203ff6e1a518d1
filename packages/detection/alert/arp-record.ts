/** ARP over Ethernet for IPv4 (RFC 826) → the `arp` object of an EVE record. Suricata user guide, "Event type: ARP". */
import { uint16 } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import { hardwareAddress } from './flow-sightings.ts';

export const ARP_TYPE = 0x0806;
const ETHERNET_HEADER = 14;
const TAG = 4;
const ETHERNET = 1;
const IPV4 = 0x0800;
const MESSAGE = 28;
/** IANA, "Address Resolution Protocol Parameters": operations by number, from 1 on */
const OPERATIONS: readonly string[] = [
  'request',
  'reply',
  'request_reverse',
  'reply_reverse',
  'drarp_request',
  'drarp_reply',
  'drarp_error',
  'inarp_request',
  'inarp_reply',
  'arp_nak',
];

/** Undefined where addresses of another kind are asked for, or the message is cut. */
export function arpBody({ data, ethernetStart, vlanCount, frameEnd }: Packet): Record<string, unknown> | undefined {
  const at = ethernetStart + ETHERNET_HEADER + vlanCount * TAG;
  if (ethernetStart < 0 || frameEnd - at < MESSAGE || uint16(data, at) !== ETHERNET || uint16(data, at + 2) !== IPV4) return undefined;
  const operation = uint16(data, at + 6);
  const address = (start: number): string => data.subarray(start, start + 4).join('.');
  return {
    hw_type: 'ethernet',
    proto_type: 'ipv4',
    opcode: OPERATIONS[operation - 1] ?? 'unknown',
    src_mac: hardwareAddress(data, at + 8),
    src_ip: address(at + 14),
    dest_mac: hardwareAddress(data, at + 18),
    dest_ip: address(at + 24),
  };
}
