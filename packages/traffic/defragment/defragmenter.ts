/**
 * Fragments of IPv4 (RFC 791) and IPv6 (RFC 8200 §4.5) → whole packets. Where fragments overlap, the
 * destination's operating system decides which bytes it takes.
 * Memory is bounded by count and size; unfinished packets are forgotten after a time, by the clock of packets.
 */
import { checksum, copyOf, formatAddress, newBytes } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type EngineSettings, Packet } from '@sigwright/contracts';
import { decodeFromInternet } from '../decode/decode.ts';
import { IPV4, IPV6 } from '../decode/ethernet.ts';
import { resetPacket } from '../decode/reset.ts';
import { TargetTable } from '../target-systems.ts';

const MOST_FRAGMENTS = 2048;
const LARGEST_PACKET = 65_535;
/** Bytes kept for one packet: overlaps may repeat it, four times is no longer an accident. */
const MOST_BYTES_EACH = 4 * LARGEST_PACKET;
const MICROSECONDS = 1e6;

interface Piece {
  readonly offset: number;
  /** in the order of arrival */
  readonly number: number;
  readonly bytes: Uint8Array;
}

interface Assembly {
  readonly time: number;
  readonly pieces: Piece[];
  /** length of the whole payload, -1 until the last fragment came */
  total: number;
  /** first fragment from its frame's start up to its payload or fragment header; of an inner packet the IP header only */
  header: Uint8Array | undefined;
  /** where the IP header begins in it */
  ipStart: number;
  ethernetStart: number;
  protocol: number;
  overlaps: boolean;
  /** in all pieces */
  bytes: number;
}

export class Defragmenter {
  readonly #assemblies = new Map<string, Assembly>();
  readonly #rebuilt = new Packet();
  /** bytes of fragments held */
  bytes = 0;
  verifyChecksums: boolean;
  readonly #vlansTell: boolean;
  readonly #targets: TargetTable;
  readonly #limits: EngineSettings['fragments'];

  /** `vlansTell`: fragments in different VLANs are of different packets */
  constructor(verifyChecksums: boolean, vlansTell = true, targets = new TargetTable([]), limits = DEFAULT_SETTINGS.fragments) {
    this.#targets = targets;
    this.#limits = limits;
    this.verifyChecksums = verifyChecksums;
    this.#vlansTell = vlansTell;
  }

  /** A fragment. The whole packet where this one completes it; valid until the next call. */
  push(packet: Packet): Packet | undefined {
    this.#expire(packet.time);
    const version = packet.ipVersion;
    const key = `${formatAddress(packet.source, version)} ${formatAddress(packet.destination, version)} ${packet.ipId} ${version === 4 ? packet.protocol : 0} ${this.#vlansTell && packet.vlanCount > 0 ? packet.vlans.join() : ''}`;
    let assembly = this.#assemblies.get(key);
    if (assembly === undefined) {
      assembly = {
        time: packet.time,
        pieces: [],
        total: -1,
        header: undefined,
        ipStart: 0,
        ethernetStart: -1,
        protocol: packet.protocol,
        overlaps: false,
        bytes: 0,
      };
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
    if (assembly.pieces.length >= MOST_FRAGMENTS || assembly.bytes + length > MOST_BYTES_EACH) {
      packet.anomalies.push(`${name}.frag_ignored`);
      return undefined;
    }
    assembly.bytes += length;
    this.bytes += length;
    this.#insert(assembly, packet, packet.fragmentOffset, length, name);
    if (!more) assembly.total = packet.fragmentOffset + length;
    if (packet.fragmentOffset === 0 && assembly.header === undefined) {
      const headerEnd = version === 4 ? packet.payloadStart : packet.fragmentHeader;
      // The link header goes along, so that who shows the whole packet can show whence it came.
      const from = packet.tunnelDepth === 0 && !packet.isRebuilt ? packet.frameStart : packet.ipStart;
      assembly.header = copyOf(packet.data, from, headerEnd);
      assembly.ipStart = packet.ipStart - from;
      assembly.ethernetStart = packet.ethernetStart >= from ? packet.ethernetStart - from : -1;
      assembly.protocol = packet.protocol;
    }
    if (assembly.total < 0 || assembly.header === undefined || !complete(assembly)) return undefined;
    this.#forget(key, assembly);
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
    pieces.splice(at, 0, { offset, number: pieces.length, bytes: copyOf(packet.data, packet.payloadStart, packet.payloadEnd) });
  }

  #build(assembly: Assembly, last: Packet): Packet {
    const header = assembly.header!;
    const bytes = newBytes(header.length + assembly.total);
    bytes.set(header);
    if (assembly.overlaps) this.#overlay(assembly, bytes, header.length, last);
    else for (const piece of assembly.pieces) bytes.set(piece.bytes.subarray(0, Math.max(0, assembly.total - piece.offset)), header.length + piece.offset);
    const version = last.ipVersion;
    const at = assembly.ipStart;
    const length = bytes.length - at - (version === 4 ? 0 : 40);
    bytes[at + (version === 4 ? 2 : 4)] = length >>> 8;
    bytes[at + (version === 4 ? 3 : 5)] = length & 255;
    if (version === 4) {
      bytes[at + 6] = bytes[at + 7] = bytes[at + 10] = bytes[at + 11] = 0;
      const sum = checksum(bytes, at, header.length);
      bytes[at + 10] = sum >>> 8;
      bytes[at + 11] = sum & 255;
    } else bytes[nextHeaderField(header, at)] = assembly.protocol;
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
    packet.ipStart = at;
    packet.ethernetStart = assembly.ethernetStart;
    packet.ipEnd = bytes.length;
    decodeFromInternet(packet, this.verifyChecksums);
    packet.ipChecksumGood = -1;
    packet.isRebuilt = true;
    return packet;
  }

  /** Each byte as the destination takes it. */
  #overlay({ pieces, total }: Assembly, bytes: Uint8Array, at: number, last: Packet): void {
    const laterWins = this.#targets.fragments(last.destination, last.ipVersion);
    const owners: (Piece | undefined)[] = new Array(total).fill(undefined);
    for (const piece of pieces.toSorted((a, b) => a.number - b.number)) {
      const end = piece.offset + piece.bytes.length;
      for (let place = piece.offset; place < Math.min(end, total); place++) {
        const held = owners[place];
        if (held !== undefined && !laterWins(piece.offset, end, held.offset, held.offset + held.bytes.length)) continue;
        owners[place] = piece;
        bytes[at + place] = piece.bytes[place - piece.offset];
      }
    }
  }

  #expire(now: number): void {
    const { timeout, mostPackets, bytes } = this.#limits;
    for (const [key, assembly] of this.#assemblies) {
      if (now - assembly.time <= timeout * MICROSECONDS && this.#assemblies.size < mostPackets && this.bytes < bytes) return;
      this.#forget(key, assembly);
    }
  }

  #forget(key: string, assembly: Assembly): void {
    this.#assemblies.delete(key);
    this.bytes -= assembly.bytes;
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
function nextHeaderField(header: Uint8Array, start: number): number {
  let field = start + 6;
  for (let at = start + 40; at + 1 < header.length; ) {
    field = at;
    at += (header[at + 1] + 1) * 8;
  }
  return field;
}
