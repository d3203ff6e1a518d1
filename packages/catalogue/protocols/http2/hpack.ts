/**
 * HPACK, the compression of headers in HTTP/2 (RFC 7541). A decoder belongs to one direction of a connection: blocks refer to
 * headers of blocks before them. After a fault the rest of the block is not read.
 */
import { fromLatin1 } from '@sigwright/bytes';
import { huffmanDecoded } from './huffman.ts';
import { STATIC_HEADERS } from './static-table.ts';

export type HpackFault = 'bad index' | 'integer overflow' | 'bad text' | 'cut short';

/** One representation in a block: a header, a new size of the table, or what could not be read. */
export interface HpackField {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
  /** RFC 7541 §6.3: bytes that the table may hold from here on */
  readonly tableSize?: number;
  readonly fault?: HpackFault;
}

const DEFAULT_TABLE_SIZE = 4096;
/** RFC 7541 §4.1. */
const ENTRY_OVERHEAD = 32;
/** Fields read of one block: an indexed one is a byte, and names the same header again and again. */
const MOST_FIELDS = 4096;
/** Bytes that the fields of a block may stand for together, for the same reason. */
const MOST_BYTES = 1_048_576;
const LARGEST_INTEGER = 0xffff_ffff;
const NOTHING = new Uint8Array(0);

const KNOWN: readonly HpackField[] = STATIC_HEADERS.map(([name, value]) => ({ name: fromLatin1(name), value: fromLatin1(value ?? '') }));

export class HpackDecoder {
  /** newest first */
  readonly #table: HpackField[] = [];
  #size = 0;
  #limit = DEFAULT_TABLE_SIZE;
  readonly #largest: number;
  #at = 0;

  /** `largest`: bytes of the table, whatever the peers agree on */
  constructor(largest: number) {
    this.#largest = largest;
  }

  /** The fields of the block bytes[start, end). */
  block(bytes: Uint8Array, start: number, end: number): HpackField[] {
    const fields: HpackField[] = [];
    let total = 0;
    this.#at = start;
    while (this.#at < end && fields.length < MOST_FIELDS && total < MOST_BYTES) {
      const field = this.#field(bytes, end);
      fields.push(field);
      if (field.fault !== undefined) break;
      total += field.name.length + field.value.length;
    }
    return fields;
  }

  /** Bytes were lost: what later blocks refer to is not known. */
  forget(): void {
    this.#table.length = 0;
    this.#size = 0;
  }

  #field(bytes: Uint8Array, end: number): HpackField {
    const first = bytes[this.#at];
    if (first >= 0x80) {
      const index = this.#integer(bytes, end, 7);
      return index < 0 ? failed('integer overflow') : (this.#entry(index) ?? failed('bad index'));
    }
    if (first >= 0x20 && first < 0x40) {
      const size = this.#integer(bytes, end, 5);
      if (size < 0) return failed('integer overflow');
      this.#limit = Math.min(size, this.#largest);
      this.#evict();
      return { name: NOTHING, value: NOTHING, tableSize: size };
    }
    const isKept = first >= 0x40;
    const index = this.#integer(bytes, end, isKept ? 6 : 4);
    if (index < 0) return failed('integer overflow');
    const name = index === 0 ? this.#text(bytes, end) : (this.#entry(index)?.name ?? 'bad index');
    if (typeof name === 'string') return failed(name);
    const value = this.#text(bytes, end);
    if (typeof value === 'string') return failed(value);
    const field = { name, value };
    if (isKept) {
      this.#table.unshift(field);
      this.#size += sizeOf(field);
      this.#evict();
    }
    return field;
  }

  #entry(index: number): HpackField | undefined {
    return index <= KNOWN.length ? KNOWN[index - 1] : this.#table[index - KNOWN.length - 1];
  }

  #evict(): void {
    while (this.#size > this.#limit) {
      const oldest = this.#table.pop();
      if (oldest === undefined) break;
      this.#size -= sizeOf(oldest);
    }
  }

  /** RFC 7541 §5.1; -1 where it does not end or is too large. */
  #integer(bytes: Uint8Array, end: number, prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = bytes[this.#at++] & most;
    if (value < most) return value;
    for (let scale = 1; this.#at < end && scale <= LARGEST_INTEGER; scale *= 128) {
      const byte = bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      if (value > LARGEST_INTEGER) return -1;
      if (byte < 0x80) return value;
    }
    return -1;
  }

  /** RFC 7541 §5.2. */
  #text(bytes: Uint8Array, end: number): Uint8Array | HpackFault {
    if (this.#at >= end) return 'cut short';
    const isHuffman = bytes[this.#at] >= 0x80;
    const length = this.#integer(bytes, end, 7);
    if (length < 0) return 'integer overflow';
    const start = this.#at;
    if (length > end - start) return 'cut short';
    this.#at = start + length;
    return isHuffman ? (huffmanDecoded(bytes, start, this.#at) ?? 'bad text') : bytes.slice(start, this.#at);
  }
}

function sizeOf(field: HpackField): number {
  return field.name.length + field.value.length + ENTRY_OVERHEAD;
}

function failed(fault: HpackFault): HpackField {
  return { name: NOTHING, value: NOTHING, fault };
}
