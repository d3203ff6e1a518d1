/** Link frames of DNP3 (IEEE 1815 §9): header and blocks of 16 bytes, each with its checksum, and the transport byte within (§8). */
import { uint16Little } from '@sigwright/bytes';

export const START_FIRST = 0x05;
export const START_SECOND = 0x64;
export const HEADER = 10;
/** control and both addresses, which the length counts */
const COUNTED_HEADER = 5;
const BLOCK = 16;
const CHECKSUM = 2;

export interface LinkFrame {
  /** as the header says: of control, addresses and data */
  readonly length: number;
  readonly checksum: number;
  readonly control: number;
  readonly destination: number;
  readonly source: number;
  /** without checksums; its first byte is the transport header */
  readonly data: Uint8Array;
  readonly headerSound: boolean;
  readonly dataSound: boolean;
}

/** The frame's length with all checksums, from the third byte of its header; 0 where it is too small to be one. */
export function frameLength(counted: number): number {
  if (counted < COUNTED_HEADER) return 0;
  const data = counted - COUNTED_HEADER;
  return HEADER + data + CHECKSUM * Math.ceil(data / BLOCK);
}

/** bytes[start, end) is one whole frame. */
export function readFrame(bytes: Uint8Array, start: number, end: number): LinkFrame {
  const length = bytes[start + 2] - COUNTED_HEADER;
  const data = new Uint8Array(Math.max(0, length));
  let dataSound = true;
  let from = start + HEADER;
  for (let at = 0; at < data.length && from < end; at += BLOCK) {
    const size = Math.min(BLOCK, data.length - at);
    data.set(bytes.subarray(from, from + size), at);
    if (checksum(bytes, from, from + size) !== uint16Little(bytes, from + size)) dataSound = false;
    from += size + CHECKSUM;
  }
  const stated = uint16Little(bytes, start + HEADER - CHECKSUM);
  return {
    length: bytes[start + 2],
    checksum: stated,
    control: bytes[start + 3],
    destination: uint16Little(bytes, start + 4),
    source: uint16Little(bytes, start + 6),
    data,
    headerSound: checksum(bytes, start, start + HEADER - CHECKSUM) === stated,
    dataSound,
  };
}

/** x^16 + x^13 + x^12 + x^11 + x^10 + x^8 + x^6 + x^5 + x^2 + 1, lowest bit first. */
const POLYNOMIAL = 0xa6bc;

export function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) {
    sum ^= bytes[at];
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) !== 0 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  }
  return ~sum & 0xffff;
}
