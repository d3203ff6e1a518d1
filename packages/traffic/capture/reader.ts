/**
 * pcap and pcapng: chunks of any size in, records out. A record that lies whole in a chunk is handed out as a view into it,
 * valid during the call only; one that is cut by a chunk's end is put together in a small buffer.
 * pcap: both byte orders, micro- and nanoseconds. pcapng: draft-ietf-opsawg-pcapng, sections of either byte order.
 */
import { copyBytes, newBytes } from '@sigwright/bytes';
import { type Failure, failure } from '@sigwright/contracts';

export type RecordHandler = (data: Uint8Array, start: number, end: number, time: number, wireLength: number, linkType: number) => void;

/** No capture tool writes longer packets; a length beyond it is damage. (libpcap: MAXIMUM_SNAPLEN 262,144; USB captures reach 128 MiB.) */
const LONGEST_RECORD = 16 * 1024 * 1024;
const LONGEST_BLOCK = LONGEST_RECORD + 1024 * 1024;

/** Holds an ordinary frame; grows where a record is longer. */
const SMALLEST_REST = 2048;

const PCAP_MICRO = 0xa1b2c3d4;
const PCAP_NANO = 0xa1b23c4d;
const PCAP_KUZNETZOV = 0xa1b2cd34;
const PCAPNG_SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;

interface Interface {
  readonly linkType: number;
  /** microseconds per unit */
  readonly unit: number;
  readonly offset: number;
  readonly snapLength: number;
}

export class CaptureReader {
  packets = 0;
  readonly #onRecord: RecordHandler;
  #form: 'unknown' | 'pcap' | 'pcapng' = 'unknown';
  #little = true;
  #nano = false;
  #recordHeader = 16;
  #linkType = 0;
  /** bytes of a packet that the file says to hold at most; what a record has beyond is no part of it, as libpcap has it */
  #snapLength = Number.POSITIVE_INFINITY;
  #interfaces: Interface[] = [];
  #failed: Failure | undefined = undefined;
  /** bytes of a record or block that began in earlier chunks */
  #rest: Uint8Array = new Uint8Array(SMALLEST_REST);
  #restLength = 0;

  constructor(onRecord: RecordHandler) {
    this.#onRecord = onRecord;
  }

  /** A failure is final: later chunks are ignored. */
  push(chunk: Uint8Array): Failure | undefined {
    if (this.#failed !== undefined) return this.#failed;
    let at = 0;
    while (this.#restLength > 0 && at < chunk.length) {
      const needed = this.#needed(this.#rest, 0, this.#restLength);
      if (this.#failed !== undefined) return this.#failed;
      const take = Math.min(needed - this.#restLength, chunk.length - at);
      this.#keep(chunk, at, at + take);
      at += take;
      if (this.#restLength < needed) return undefined;
      const consumed = this.#read(this.#rest, 0, this.#restLength);
      if (this.#failed !== undefined) return this.#failed;
      if (consumed > 0) {
        this.#rest.copyWithin(0, consumed, this.#restLength);
        this.#restLength -= consumed;
      }
    }
    const consumed = this.#read(chunk, at, chunk.length);
    if (this.#failed === undefined) this.#keep(chunk, consumed, chunk.length);
    return this.#failed;
  }

  /** The capture is over. A failure tells that its last record is cut off or that it never was a capture. */
  end(): Failure | undefined {
    if (this.#failed !== undefined) return this.#failed;
    if (this.#form === 'unknown') return failure('capture/not-a-capture', this.#restLength === 0 ? 'the file is empty' : 'this is neither pcap nor pcapng');
    if (this.#restLength > 0) return failure('capture/truncated', `the capture is cut off in the middle of a record, after packet ${this.packets}`);
    return undefined;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#restLength + end - start;
    if (length > this.#rest.length) {
      const grown = newBytes(Math.max(length, this.#rest.length * 2));
      copyBytes(this.#rest, 0, this.#restLength, grown, 0);
      this.#rest = grown;
    }
    copyBytes(chunk, start, end, this.#rest, this.#restLength);
    this.#restLength = length;
  }

  /** Bytes that the unit beginning at `at` has in all, as far as `end - at` bytes of it tell. */
  #needed(bytes: Uint8Array, at: number, end: number): number {
    const have = end - at;
    if (this.#form === 'unknown') {
      if (have < 4) return 4;
      return big(bytes, at) === PCAPNG_SECTION ? 12 : 24;
    }
    if (this.#form === 'pcap') {
      if (have < this.#recordHeader) return this.#recordHeader;
      const length = this.#uint32(bytes, at + 8);
      if (length > LONGEST_RECORD) {
        this.#fail('capture/damaged', `packet ${this.packets + 1} claims ${length} bytes; the capture is damaged from here`);
        return 0;
      }
      return this.#recordHeader + length;
    }
    if (have < 12) return 12;
    if (big(bytes, at) === PCAPNG_SECTION) this.#setOrder(bytes, at);
    const length = this.#uint32(bytes, at + 4);
    if (length < 12 || length > LONGEST_BLOCK || length % 4 !== 0) {
      this.#fail('capture/damaged', `a block after packet ${this.packets} claims ${length} bytes; the capture is damaged from here`);
      return 0;
    }
    return length;
  }

  /** Whole units in bytes[start, end); returns where the first incomplete one begins. */
  #read(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (this.#failed === undefined) {
      const needed = this.#needed(bytes, at, end);
      if (this.#failed !== undefined || end - at < needed) break;
      if (this.#form === 'pcap') {
        this.#record(bytes, at, at + needed);
        at += needed;
      } else if (this.#form === 'pcapng') {
        this.#block(bytes, at, at + needed);
        at += needed;
      } else if (big(bytes, at) === PCAPNG_SECTION) this.#form = 'pcapng';
      else {
        if (!this.#pcapHeader(bytes, at)) break;
        at += 24;
      }
    }
    return at;
  }

  #pcapHeader(bytes: Uint8Array, at: number): boolean {
    for (const little of [true, false]) {
      this.#little = little;
      const magic = this.#uint32(bytes, at);
      if (magic !== PCAP_MICRO && magic !== PCAP_NANO && magic !== PCAP_KUZNETZOV) continue;
      this.#nano = magic === PCAP_NANO;
      this.#recordHeader = magic === PCAP_KUZNETZOV ? 24 : 16;
      const snapLength = this.#uint32(bytes, at + 16);
      if (snapLength > 0) this.#snapLength = snapLength;
      this.#linkType = this.#uint32(bytes, at + 20) & 0x0fffffff;
      this.#form = 'pcap';
      return true;
    }
    this.#fail('capture/not-a-capture', 'this is neither pcap nor pcapng');
    return false;
  }

  #record(bytes: Uint8Array, at: number, end: number): void {
    const fraction = this.#uint32(bytes, at + 4);
    const time = this.#uint32(bytes, at) * 1e6 + (this.#nano ? Math.floor(fraction / 1000) : fraction);
    this.packets++;
    const from = at + this.#recordHeader;
    const most = from + this.#snapLength;
    this.#onRecord(bytes, from, end < most ? end : most, time, this.#uint32(bytes, at + 12), this.#linkType);
  }

  #setOrder(bytes: Uint8Array, at: number): void {
    this.#little = true;
    if (this.#uint32(bytes, at + 8) === BYTE_ORDER) return;
    this.#little = false;
    if (this.#uint32(bytes, at + 8) !== BYTE_ORDER) this.#fail('capture/damaged', 'a pcapng section has no valid byte order mark');
  }

  #block(bytes: Uint8Array, at: number, end: number): void {
    const type = this.#uint32(bytes, at);
    if (big(bytes, at) === PCAPNG_SECTION) this.#interfaces = [];
    else if (type === 1 && end - at >= 20) this.#interface(bytes, at, end);
    else if (type === 6 && end - at >= 32) this.#packetBlock(bytes, at, end, this.#uint32(bytes, at + 8));
    else if (type === 2 && end - at >= 32) this.#packetBlock(bytes, at, end, this.#uint16(bytes, at + 8));
    else if (type === 3 && end - at >= 16) {
      const face = this.#interfaces[0];
      const wire = this.#uint32(bytes, at + 8);
      if (face === undefined) return;
      const length = Math.min(wire, face.snapLength === 0 ? wire : face.snapLength, end - at - 16);
      this.packets++;
      this.#onRecord(bytes, at + 12, at + 12 + length, 0, wire, face.linkType);
    }
  }

  #packetBlock(bytes: Uint8Array, at: number, end: number, number: number): void {
    const face = this.#interfaces[number];
    const length = this.#uint32(bytes, at + 20);
    if (face === undefined || length > end - at - 32) {
      this.#fail('capture/damaged', `the block of packet ${this.packets + 1} contradicts itself; the capture is damaged from here`);
      return;
    }
    const units = this.#uint32(bytes, at + 12) * 4294967296 + this.#uint32(bytes, at + 16);
    this.packets++;
    this.#onRecord(bytes, at + 28, at + 28 + length, Math.floor(units * face.unit) + face.offset, this.#uint32(bytes, at + 24), face.linkType);
  }

  #interface(bytes: Uint8Array, at: number, end: number): void {
    let unit = 1;
    let offset = 0;
    for (let option = at + 16; option + 4 <= end - 4; ) {
      const code = this.#uint16(bytes, option);
      const length = this.#uint16(bytes, option + 2);
      if (code === 0 || option + 4 + length > end - 4) break;
      if (code === 9 && length >= 1) {
        const resolution = bytes[option + 4];
        unit = (resolution & 0x80) !== 0 ? 1e6 / 2 ** (resolution & 0x7f) : 1e6 / 10 ** resolution;
      } else if (code === 14 && length >= 8)
        offset = (this.#uint32(bytes, option + 4 + (this.#little ? 0 : 4)) + this.#uint32(bytes, option + 4 + (this.#little ? 4 : 0)) * 4294967296) * 1e6;
      option += 4 + Math.ceil(length / 4) * 4;
    }
    this.#interfaces.push({ linkType: this.#uint16(bytes, at + 8), unit, offset, snapLength: this.#uint32(bytes, at + 12) });
  }

  #fail(code: string, message: string): void {
    this.#failed ??= failure(code, message);
  }

  #uint32(bytes: Uint8Array, at: number): number {
    return this.#little ? (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0 : big(bytes, at);
  }

  #uint16(bytes: Uint8Array, at: number): number {
    return this.#little ? bytes[at] | (bytes[at + 1] << 8) : (bytes[at] << 8) | bytes[at + 1];
  }
}

function big(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
