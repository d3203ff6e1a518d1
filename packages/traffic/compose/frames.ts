/**
 * Ethernet frames with IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792) and ARP (RFC 826),
 * all checksums right. No fragments, no IP options. The two ends speak IPv6 where the addresses do.
 */
import { checksumAdd, checksumFinish, concatBytes, parseAddress } from '@sigwright/bytes';
import { ByteWriter } from './byte-writer.ts';

export const ETHERNET_IPV4 = 0x0800;
export const ETHERNET_ARP = 0x0806;
export const ETHERNET_IPV6 = 0x86dd;
const ETHERNET_VLAN = 0x8100;

export interface FrameEnds {
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
  readonly source: string;
  readonly destination: string;
  readonly vlan?: number;
}

export interface AddressBytes {
  readonly version: 4 | 6;
  readonly bytes: Uint8Array;
}

/** Throws on what is no address: the caller wrote it. */
export function addressBytes(text: string): AddressBytes {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`not an IP address: ${text}`);
  const writer = new ByteWriter();
  for (let at = 0; at < (parsed.version === 4 ? 1 : 4); at++) writer.uint32(parsed.words[at]);
  return { version: parsed.version, bytes: writer.finish() };
}

export function ethernetFrame(destinationMac: Uint8Array, sourceMac: Uint8Array, type: number, payload: Uint8Array, vlan?: number): Uint8Array {
  const writer = new ByteWriter().append(destinationMac).append(sourceMac);
  if (vlan !== undefined) writer.uint16(ETHERNET_VLAN).uint16(vlan & 0xfff);
  return writer.uint16(type).append(payload).finish();
}

const HOP_LIMIT = 64;
const DONT_FRAGMENT = 0x4000;

/** `segment` holds a transport header whose checksum field, at `checksumAt`, is 0. `pseudo`: is the pseudo header summed? */
export function ipFrame(ends: FrameEnds, protocol: number, segment: Uint8Array, checksumAt: number, pseudo: boolean, identification: number): Uint8Array {
  const from = addressBytes(ends.source);
  const to = addressBytes(ends.destination);
  if (from.version !== to.version) throw new Error(`one end is IPv4, the other IPv6: ${ends.source}, ${ends.destination}`);
  let sum = 0;
  if (pseudo) {
    sum = checksumAdd(from.bytes, 0, from.bytes.length, 0);
    sum = checksumAdd(to.bytes, 0, to.bytes.length, sum) + protocol + segment.length;
  }
  let value = checksumFinish(checksumAdd(segment, 0, segment.length, sum));
  // RFC 768: a computed zero is sent as all ones, since zero means that there is no checksum.
  if (protocol === 17 && value === 0) value = 0xffff;
  segment[checksumAt] = value >>> 8;
  segment[checksumAt + 1] = value;
  const header = new ByteWriter();
  if (from.version === 4) {
    header
      .uint8(0x45)
      .uint8(0)
      .uint16(20 + segment.length)
      .uint16(identification)
      .uint16(DONT_FRAGMENT);
    header.uint8(HOP_LIMIT).uint8(protocol).uint16(0).append(from.bytes).append(to.bytes);
    const bytes = header.finish();
    const own = checksumFinish(checksumAdd(bytes, 0, bytes.length, 0));
    bytes[10] = own >>> 8;
    bytes[11] = own;
    return ethernetFrame(ends.destinationMac, ends.sourceMac, ETHERNET_IPV4, concatBytes(bytes, segment), ends.vlan);
  }
  header.uint32(0x60000000).uint16(segment.length).uint8(protocol).uint8(HOP_LIMIT).append(from.bytes).append(to.bytes);
  return ethernetFrame(ends.destinationMac, ends.sourceMac, ETHERNET_IPV6, concatBytes(header.finish(), segment), ends.vlan);
}

export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  /** a multiple of 4 bytes */
  readonly options?: Uint8Array;
}

export function tcpFrame(ends: FrameEnds, fields: TcpFields, payload: Uint8Array, identification: number): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  const segment = new ByteWriter()
    .uint16(fields.sourcePort)
    .uint16(fields.destinationPort)
    .uint32(fields.sequence >>> 0)
    .uint32(fields.acknowledgement >>> 0)
    .uint8((5 + options.length / 4) << 4)
    .uint8(fields.flags)
    .uint16(fields.window)
    .uint32(0)
    .append(options)
    .append(payload)
    .finish();
  return ipFrame(ends, 6, segment, 16, true, identification);
}

export function udpFrame(ends: FrameEnds, sourcePort: number, destinationPort: number, payload: Uint8Array, identification: number): Uint8Array {
  const segment = new ByteWriter()
    .uint16(sourcePort)
    .uint16(destinationPort)
    .uint16(8 + payload.length)
    .uint16(0)
    .append(payload)
    .finish();
  return ipFrame(ends, 17, segment, 6, true, identification);
}

/** ICMP for IPv4, ICMPv6 for IPv6 (whose checksum includes the pseudo header). */
export function icmpFrame(ends: FrameEnds, type: number, code: number, rest: Uint8Array, payload: Uint8Array, identification: number): Uint8Array {
  const segment = new ByteWriter().uint8(type).uint8(code).uint16(0).append(rest).append(payload).finish();
  const isSix = ends.source.includes(':');
  return ipFrame(ends, isSix ? 58 : 1, segment, 2, isSix, identification);
}

/** operation: 1 request, 2 reply */
export function arpFrame(operation: 1 | 2, senderMac: Uint8Array, sender: string, targetMac: Uint8Array, target: string): Uint8Array {
  const payload = new ByteWriter()
    .uint16(1)
    .uint16(ETHERNET_IPV4)
    .uint8(6)
    .uint8(4)
    .uint16(operation)
    .append(senderMac)
    .append(addressBytes(sender).bytes)
    .append(operation === 1 ? new Uint8Array(6) : targetMac)
    .append(addressBytes(target).bytes)
    .finish();
  return ethernetFrame(targetMac, senderMac, ETHERNET_ARP, payload);
}
