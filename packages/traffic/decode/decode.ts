/**
 * A captured frame → Packet, in place: link layer → IP → transport. What is carried in tunnels comes out as a packet of its own
 * (tunnels.ts). Nothing here throws, whatever the bytes; each packet is read once, in time that grows with its length.
 */
import type { Packet } from '@sigwright/contracts';
import { IPV4 } from './ethernet.ts';
import { MOST_LAYERS } from './fault.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { decodeLink } from './link.ts';
import { resetPacket } from './reset.ts';
import { decodeTransport } from './transport.ts';

/** data, frame limits and linkType are set; `mostLayers` of 16 at most. False: no IP packet came out. */
export function decodePacket(packet: Packet, verifyChecksums: boolean, mostLayers = MOST_LAYERS): boolean {
  resetPacket(packet);
  packet.layers = MOST_LAYERS - mostLayers;
  return decodeLink(packet) && decodeFromInternet(packet, verifyChecksums);
}

/** packet.ipStart, ipEnd and etherType are set. */
export function decodeFromInternet(packet: Packet, verifyChecksums: boolean): boolean {
  const whole = packet.etherType === IPV4 ? decodeIpv4(packet, verifyChecksums) : decodeIpv6(packet);
  if (!whole) return packet.ipVersion !== 0;
  if (!packet.isFragment) decodeTransport(packet, verifyChecksums);
  return true;
}
