/**
 * Packet filters in the language of tcpdump and libpcap (pcap-filter(7)), tested on the bytes of a frame as it was captured: what is
 * below `vlan` or inside of a tunnel is not seen unless the filter says so, and ports stand in first fragments alone. Understood:
 * `[src|dst|src or dst|src and dst] host|net|port|portrange`, these behind `ip`, `ip6`, `tcp`, `udp` and their kin, `ether host`,
 * `vlan`, `proto`, `less`, `greater`, `broadcast`, `multicast`, and arithmetic such as `tcp[tcpflags] & tcp-syn != 0`.
 * Names of hosts and services are not looked up.
 */
import { FilterReader } from './filter-reader.ts';
import { frameOf } from './frame.ts';

export interface PacketFilter {
  keeps(data: Uint8Array, start: number, end: number, linkType: number, wireLength: number): boolean;
}

/** An empty filter keeps all. */
export function readPacketFilter(text: string): PacketFilter | { readonly problem: string } {
  const test = new FilterReader(text).whole();
  if ('problem' in test) return test;
  return { keeps: (data, start, end, linkType, wireLength) => test.holds(frameOf(data, start, end, linkType, wireLength)) };
}
