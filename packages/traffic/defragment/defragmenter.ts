/**
 * Fragments of IPv4 (RFC 791) and IPv6 (RFC 8200 §4.5) → whole packets. Where fragments overlap, what came first stays.
 * Memory is bounded by count and size; unfinished packets are forgotten after a minute of packet time.
 */
import { formatAddress } from '@sigwright/bytes';
import { Packet } from '@sigwright/contracts';
import { decodeFromInternet } from '../decode/decode.ts';
import { IPV4, IPV6 } from '../decode/ethernet.ts';
import { resetPacket } from '../decode/reset.ts';

const MOST_PACKETS = 4096;
const MOST_FRAGMENTS = 2048;
const LARGEST_PACKET = 65_535;
/** Suricata's default; hosts wait 30 to 120 seconds. */
const TIMEOUT = 60e6;

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Assembly {
  readonly time: number;
  readonly pieces: Piece[];
  /** length of the whole payload, -1 until the last fragment came */
  total: number;
  /** header of the first fragment, without the fragment header */
  header: Uint8Array | undefined;
  protocol: number;
  overlaps: boolean;
}

export class Defragmenter {
  readonly #assemblies = new Map<string, Assembly>();
  readonly #rebuilt = new Packet();
  readonly #verifyChecksums: boolean;

  constructor(verifyChecksums: boolean) {
    this.#verifyChecksums = verifyChecksums;
  }

  /** A fragment. The whole packet where this one completes it; valid until the next call. */
  push(packet: Packet): Packet | undefined {
    this.#expire(packet.time);
    const version = packet.ipVersion;
    const key = `${formatAddress(packet.source, version)} ${formatAddress(packet.destination, version)} ${packet.ipId} ${version === 4 ? packet.protocol : 0} ${packet.vlanCount > 0 ? packet.vlans.join() : ''}`;
    let assembly = this.#assemblies.get(key);
    if (assembly === undefined) {
      assembly = { time: packet.time, pieces: [], total: -1, header: undefined, protocol: packet.protocol, overlaps: false };
      this.#assemblies.set(key, assembly);
    }
    const name = version === 4 ? 'ipv4' : 'ipv6';
    const length = packet.payloadEnd - packet.payloadStart;
    const more = (packet.fragmentFlags & 1) === 1;
    if (packet.fragmentOffset + length > LARGEST_PACKET) {
      packet.anomalies.push(`${name}.frag_pkt_too_large`);
      return undefined;
    }
    if (length === 0 && more) return undefined;
    if (assembly.pieces.length >= MOST_FRAGMENTS) return undefined;
    this.#insert(assembly, packet, packet.fragmentOffset, length, name);
    if (!more) assembly.total = packet.fragmentOffset + length;
    if (packet.fragmentOffset === 0 && assembly.header === undefined) {
      const headerEnd = version === 4 ? packet.payloadStart : packet.fragmentHeader;
      assembly.header = packet.data.slice(packet.ipStart, headerEnd);
      assembly.protocol = packet.protocol;
    }
    if (assembly.total < 0 || assembly.header === undefined || !complete(assembly)) return undefined;
    this.#assemblies.delete(key);
    return this.#build(assembly, packet);
  }

  #insert(assembly: Assembly, packet: Packet, offset: number, length: number, name: string): void {
    const { pieces } = assembly;
    let at = pieces.length;
    while (at > 0 && pieces[at - 1].offset > offset) at--;
    const before = pieces[at - 1];
    const after = pieces[at];
    if ((before !== undefined && before.offset + before.bytes.length > offset) || (after !== undefined && offset + length > after.offset)) {
      if (!assembly.overlaps) packet.anomalies.push(`${name}.frag_overlap`);
      assembly.overlaps = true;
    }
    pieces.splice(at, 0, { offset, bytes: packet.data.slice(packet.payloadStart, packet.payloadEnd) });
  }

  #build(assembly: Assembly, last: Packet): Packet {
    const header = assembly.header!;
    const bytes = new Uint8Array(header.length + assembly.total);
    bytes.set(header);
    const filled = new Uint8Array(assembly.total);
    for (const piece of assembly.pieces) {
      for (let at = 0; at < piece.bytes.length && piece.offset + at < assembly.total; at++) {
        if (filled[piece.offset + at] === 1) continue;
        filled[piece.offset + at] = 1;
        bytes[header.length + piece.offset + at] = piece.bytes[at];
      }
    }
    const version = last.ipVersion;
    const length = version === 4 ? bytes.length : bytes.length - 40;
    bytes[version === 4 ? 2 : 4] = length >>> 8;
    bytes[version === 4 ? 3 : 5] = length & 255;
    if (version === 4) bytes[6] = bytes[7] = 0;
    else bytes[nextHeaderField(header)] = assembly.protocol;
    const packet = this.#rebuilt;
    resetPacket(packet);
    packet.number = last.number;
    packet.time = last.time;
    packet.data = bytes;
    packet.frameStart = 0;
    packet.frameEnd = bytes.length;
    packet.wireLength = bytes.length;
    packet.linkType = last.linkType;
    packet.tunnelDepth = last.tunnelDepth;
    packet.vlanCount = last.vlanCount;
    packet.vlans.set(last.vlans);
    packet.etherType = version === 4 ? IPV4 : IPV6;
    packet.ipStart = 0;
    packet.ipEnd = bytes.length;
    decodeFromInternet(packet, this.#verifyChecksums);
    packet.ipChecksumGood = -1;
    packet.isRebuilt = true;
    return packet;
  }

  #expire(now: number): void {
    for (const [key, assembly] of this.#assemblies) {
      if (now - assembly.time <= TIMEOUT && this.#assemblies.size < MOST_PACKETS) return;
      this.#assemblies.delete(key);
    }
  }
}

function complete(assembly: Assembly): boolean {
  let reached = 0;
  for (const { offset, bytes } of assembly.pieces) {
    if (offset > reached) return false;
    reached = Math.max(reached, offset + bytes.length);
  }
  return reached >= assembly.total;
}

/** Offset of the next-header byte that named the fragment header: the chain is walked again. */
function nextHeaderField(header: Uint8Array): number {
  let field = 6;
  for (let at = 40; at + 1 < header.length; ) {
    field = at;
    at += (header[at + 1] + 1) * 8;
  }
  return field;
}
