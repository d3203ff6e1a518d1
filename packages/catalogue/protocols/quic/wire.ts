/**
 * QUIC packets by their headers: versions 1 and 2 with the drafts before them (RFC 8999, RFC 9000 §17, RFC 9369 §3.2), and
 * Google's versions with a public header (draft-tsvwg-quic-protocol) or an early long header (Q046).
 */
import { Cursor } from '@sigwright/bytes';

export type PacketKind = 'initial' | 'early' | 'handshake' | 'retry' | 'negotiation' | 'short' | 'google';

export interface QuicPacket {
  readonly kind: PacketKind;
  /** 0 where the packet does not say */
  readonly version: number;
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** of Initial packets: where the protected packet number begins; else where the payload begins */
  readonly numberAt: number;
  /** offset behind the packet; another one may follow in the datagram */
  readonly end: number;
}

const LONG = 0x80;
/** RFC 9000 §17.2 */
const LONGEST_IDENTIFIER = 20;
/** Google's packets before Q046: flags, identifier of 8 bytes, version, packet number. */
const HAS_VERSION = 0x01;
const HAS_IDENTIFIER = 0x08;
const HAS_NONCE = 0x04;
/** Bits that no packet of Google's before Q046 has: long headers, and the bit that is fixed in others. */
export const NOT_GOOGLE = 0xc0;
const NUMBER_LENGTHS = [1, 2, 4, 6];
const IDENTIFIER = 8;
const NONCE = 32;

export const VERSION_1 = 1;
export const VERSION_2 = 0x6b3343cf;

/** Bits 4 and 5 of the first byte of a long header. */
const KINDS: readonly PacketKind[] = ['initial', 'early', 'handshake', 'retry'];
const KINDS_OF_VERSION_2: readonly PacketKind[] = ['retry', 'initial', 'early', 'handshake'];

/** `Q043` and the like, `T050` and the like: letter, three digits. */
export function isGoogle(version: number): boolean {
  const letter = version >>> 24;
  return (letter === 0x51 || letter === 0x54) && ((version >>> 16) & 0xff) === 0x30;
}

/** Google's versions up to 48 send what they say first in the clear. */
const LAST_CLEAR = 0x3438;

export function isClearGoogle(version: number): boolean {
  return isGoogle(version) && version >>> 24 === 0x51 && (version & 0xffff) <= LAST_CLEAR;
}

/** 62 bits in 1, 2, 4 or 8 bytes (RFC 9000 §16); beyond 2^53 the last bits are lost, which no length needs. */
export function variableInteger(cursor: Cursor): number {
  const first = cursor.uint8();
  let value = first & 0x3f;
  for (let left = (1 << (first >> 6)) - 1; left > 0; left--) value = value * 256 + cursor.uint8();
  return value;
}

/** The packet at `at`; undefined where none can begin so. */
export function readPacket(bytes: Uint8Array, at: number, end: number): QuicPacket | undefined {
  if (end <= at) return undefined;
  return (bytes[at] & LONG) !== 0 ? longHeader(bytes, at, end) : publicHeader(bytes, at, end);
}

function longHeader(bytes: Uint8Array, start: number, end: number): QuicPacket | undefined {
  const cursor = new Cursor(bytes, start + 1, end);
  const version = cursor.uint32();
  if (cursor.short) return undefined;
  if (isClearGoogle(version)) return earlyLongHeader(bytes, cursor, version, bytes[start], end);
  const destination = cursor.take(cursor.uint8());
  const source = cursor.take(cursor.uint8());
  if (destination === undefined || source === undefined) return undefined;
  const whole = (kind: PacketKind): QuicPacket => ({ kind, version, destination, source, numberAt: cursor.at, end });
  if (version === 0) return whole('negotiation');
  if (destination.length > LONGEST_IDENTIFIER || source.length > LONGEST_IDENTIFIER) return undefined;
  const bits = (bytes[start] >> 4) & 3;
  const kind = version === VERSION_2 ? KINDS_OF_VERSION_2[bits] : KINDS[bits];
  if (kind === 'retry') return whole(kind);
  if (kind === 'initial') cursor.skip(variableInteger(cursor));
  const length = variableInteger(cursor);
  if (cursor.short || length > cursor.left) return undefined;
  return { kind, version, destination, source, numberAt: cursor.at, end: cursor.at + length };
}

/** Q046: lengths of both identifiers in one byte, 0 or 3 more than written; no length of the packet. */
function earlyLongHeader(bytes: Uint8Array, cursor: Cursor, version: number, first: number, end: number): QuicPacket | undefined {
  const lengths = cursor.uint8();
  const identifier = (nibble: number): Uint8Array | undefined => cursor.take(nibble === 0 ? 0 : nibble + 3);
  const destination = identifier(lengths >> 4);
  const source = identifier(lengths & 15);
  cursor.skip((first & 3) + 1);
  if (destination === undefined || source === undefined || cursor.short) return undefined;
  return { kind: 'google', version, destination, source, numberAt: cursor.at, end: Math.min(end, bytes.length) };
}

/** Short headers, and Google's public headers, which are told by the version in them, or by what they say of one. */
function publicHeader(bytes: Uint8Array, start: number, end: number): QuicPacket | undefined {
  const flags = bytes[start];
  const cursor = new Cursor(bytes, start + 1, end);
  const none = bytes.subarray(start, start);
  if ((flags & HAS_VERSION) !== 0 && end - start > IDENTIFIER + 4) {
    const destination = (flags & HAS_IDENTIFIER) !== 0 ? cursor.take(IDENTIFIER) : none;
    const version = cursor.uint32();
    if ((isClearGoogle(version) || (flags & NOT_GOOGLE) === 0) && destination !== undefined) {
      if ((flags & HAS_NONCE) !== 0 && isClearGoogle(version)) cursor.skip(NONCE);
      cursor.skip(NUMBER_LENGTHS[(flags >> 4) & 3]);
      if (!cursor.short) return { kind: 'google', version, destination, source: none, numberAt: cursor.at, end };
    }
  }
  return { kind: 'short', version: 0, destination: none, source: none, numberAt: start + 1, end };
}
