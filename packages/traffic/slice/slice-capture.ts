/**
 * Part of a capture as a capture: the packets that a predicate keeps, and, where asked, without what tells whose they are. Redaction
 * maps addresses one to one (private ones stay private, public ones become documentation addresses, RFC 5737 and RFC 3849), takes
 * hardware addresses away, overwrites given texts in payloads with as many `x`, and sets checksums right again. What can not be
 * redacted with certainty (tunnels, ICMP errors that quote packets, broken headers, fragments) is left out.
 */
import { checksumAdd } from '@sigwright/bytes';
import { ICMP, ICMPV6, Packet, type Result, success, TCP, UDP } from '@sigwright/contracts';
import { captureHeader, captureRecord } from '../capture/classic-file.ts';
import { CaptureReader } from '../capture/reader.ts';
import { ByteWriter } from '../compose/byte-writer.ts';
import { decodePacket } from '../decode/decode.ts';

export interface Redaction {
  /** bytes to overwrite wherever they stand in a payload, whatever the case of ASCII letters */
  readonly mask: readonly Uint8Array[];
  /** whether an address (4 or 16 bytes) is ours; such become private ones, others public ones. Left out: as they are */
  readonly home?: (address: Uint8Array) => boolean;
}

export interface Slice {
  /** classic pcap, microseconds */
  readonly capture: Uint8Array;
  readonly packets: number;
  /** packets that were kept and could not be redacted */
  readonly leftOut: number;
}

const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
/** ICMPv6 types below are errors (RFC 4443, section 2.1). */
const ICMPV6_INFORMATIONAL = 128;

/** The conversation that a packet belongs to, the same in both directions. */
export function conversationKey(packet: Packet): string {
  const one = `${packet.source.join('.')}/${packet.sourcePort}`;
  const other = `${packet.destination.join('.')}/${packet.destinationPort}`;
  return `${packet.protocol} ${one < other ? `${one} ${other}` : `${other} ${one}`}`;
}

/** `keeps` sees outer packets. Only records of the first kept one's link type are taken: a classic capture has one. */
export function sliceCapture(capture: Uint8Array, keeps: (packet: Packet) => boolean, redaction?: Redaction): Result<Slice> {
  const packet = new Packet();
  const writer = new ByteWriter();
  const redactor = redaction === undefined ? undefined : new Redactor(redaction);
  let linkType = -1;
  let packets = 0;
  let leftOut = 0;
  let number = 0;
  const reader = new CaptureReader((data, start, end, time, wireLength, link) => {
    packet.number = ++number;
    packet.time = time;
    packet.data = data;
    packet.frameStart = start;
    packet.frameEnd = end;
    packet.wireLength = wireLength;
    packet.linkType = link;
    packet.tunnelDepth = 0;
    if (!decodePacket(packet, false) || !keeps(packet)) return;
    if (linkType === -1) linkType = link;
    const frame = link !== linkType ? undefined : redactor === undefined ? data.subarray(start, end) : redactor.frame(packet);
    if (frame === undefined) {
      leftOut++;
      return;
    }
    packets++;
    writer.append(captureRecord(time, frame, 0, frame.length, Math.max(frame.length, wireLength)));
  });
  const failed = reader.push(capture);
  if (failed !== undefined && number === 0) return failed;
  const whole = new ByteWriter().append(captureHeader(linkType === -1 ? 1 : linkType)).append(writer.finish());
  return success({ capture: whole.finish(), packets, leftOut });
}

class Redactor {
  readonly #mask: readonly Uint8Array[];
  readonly #home: Redaction['home'];
  readonly #known = new Map<string, Uint8Array>();
  /** how many addresses of each kind were given out */
  readonly #given = new Map<string, number>();

  constructor({ mask, home }: Redaction) {
    this.#home = home;
    this.#mask = mask.filter((text) => text.length > 0);
  }

  /** A redacted copy; undefined where something of it might tell more than it should. */
  frame(packet: Packet): Uint8Array | undefined {
    const { protocol, ipStart, transportStart, isFragment } = packet;
    if (packet.ipVersion === 0 || ipStart < 0 || transportStart < 0 || isFragment) return undefined;
    if (protocol !== TCP && protocol !== UDP && protocol !== ICMP && protocol !== ICMPV6) return undefined;
    const type = packet.data[transportStart];
    if ((protocol === ICMP && ICMP_ERRORS.has(type)) || (protocol === ICMPV6 && type < ICMPV6_INFORMATIONAL)) return undefined;
    const bytes = packet.data.slice(packet.frameStart, packet.frameEnd);
    const ip = ipStart - packet.frameStart;
    const transport = transportStart - packet.frameStart;
    const end = packet.ipEnd - packet.frameStart;
    if (packet.ethernetStart >= 0) bytes.fill(0, packet.ethernetStart - packet.frameStart, packet.ethernetStart - packet.frameStart + 12);
    // What follows the packet in its frame is padding of unknown content.
    bytes.fill(0, end);
    const width = packet.ipVersion === 4 ? 4 : 16;
    const first = packet.ipVersion === 4 ? ip + 12 : ip + 8;
    for (const at of [first, first + width]) bytes.set(this.#address(bytes.slice(at, at + width)), at);
    for (const text of this.#mask) overwrite(bytes, transport, end, text);
    if (packet.ipVersion === 4) {
      put16(bytes, ip + 10, 0);
      put16(bytes, ip + 10, checksum(bytes, ip, ip + packet.ipHeaderLength, 0));
    }
    const place = protocol === TCP ? 16 : protocol === UDP ? 6 : 2;
    if (transport + place + 2 <= end) {
      const pseudo = protocol === ICMP ? 0 : checksumAdd(bytes, first, first + 2 * width, protocol + end - transport);
      put16(bytes, transport + place, 0);
      const sum = checksum(bytes, transport, end, pseudo);
      put16(bytes, transport + place, sum === 0 && protocol === UDP ? 0xffff : sum);
    }
    return bytes;
  }

  #address(address: Uint8Array): Uint8Array {
    const key = address.join('.');
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#next(address);
      this.#known.set(key, known);
    }
    return known;
  }

  #next(address: Uint8Array): Uint8Array {
    const own = kindOf(address);
    if (own === 'special') return address;
    const kind = this.#home === undefined ? own : this.#home(address) ? 'private' : 'public';
    const name = `${address.length} ${kind}`;
    const count = (this.#given.get(name) ?? 0) + 1;
    this.#given.set(name, count);
    if (address.length === 4) {
      if (kind === 'private') return Uint8Array.of(10, 0, (count >> 8) & 255, count & 255);
      // The second and third documentation network, then the benchmarking one (RFC 2544) where many are needed.
      if (count < 255) return Uint8Array.of(198, 51, 100, count);
      if (count < 510) return Uint8Array.of(203, 0, 113, count - 255);
      return Uint8Array.of(198, 18, (count >> 8) & 255, count & 255);
    }
    const made = new Uint8Array(16);
    if (kind === 'private') made[0] = 0xfd;
    else made.set([0x20, 0x01, 0x0d, 0xb8]);
    put16(made, 14, count & 0xffff);
    return made;
  }
}

/** `special`: multicast, broadcast, unspecified and loopback tell nothing about anybody. */
function kindOf(address: Uint8Array): 'private' | 'public' | 'special' {
  const [a, b] = address;
  if (address.length === 4) {
    if (a === 0 || a === 127 || a >= 224) return 'special';
    if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b < 128))
      return 'private';
    return 'public';
  }
  if (a === 0xff || address.subarray(0, 15).every((byte) => byte === 0)) return 'special';
  return (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80) ? 'private' : 'public';
}

const LETTER_X = 0x78;

function overwrite(bytes: Uint8Array, start: number, end: number, text: Uint8Array): void {
  search: for (let at = start; at + text.length <= end; at++) {
    for (let index = 0; index < text.length; index++) if (lower(bytes[at + index]) !== lower(text[index])) continue search;
    bytes.fill(LETTER_X, at, at + text.length);
  }
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 255;
}

function checksum(bytes: Uint8Array, start: number, end: number, initial: number): number {
  let sum = checksumAdd(bytes, start, end, initial);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
