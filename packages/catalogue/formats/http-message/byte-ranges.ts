/**
 * Files that come as ranges (RFC 9110 §14), over one connection or several: when the last byte that was missing is there, the file is
 * whole. Memory is bounded, and what nobody goes on with is forgotten (Suricata user guide, "byterange").
 */
import { latin1 } from '@sigwright/bytes';
import { FileTransfer, type FollowFile, TO_CLIENT } from '@sigwright/contracts';
import type { HttpTransaction } from './exchange.ts';

/** of all files together */
const MOST_BYTES = 100 * 1_048_576;
const MOST_FILES = 4096;
/** microseconds without news */
const TIMEOUT = 60_000_000;

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

interface Gathered {
  readonly total: number;
  pieces: Piece[];
  size: number;
  lastTime: number;
}

/** The range that one response brings. */
export class RangePart {
  readonly #ranges: ByteRanges;
  readonly #key: string;
  readonly #start: number;
  readonly #length: number;
  readonly #slices: Uint8Array[] = [];
  #filled = 0;

  constructor(ranges: ByteRanges, key: string, start: number, length: number) {
    this.#ranges = ranges;
    this.#key = key;
    this.#start = start;
    this.#length = length;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const taken = Math.min(end - start, this.#length - this.#filled);
    if (taken <= 0) return;
    this.#slices.push(bytes.slice(start, start + taken));
    this.#filled += taken;
  }

  /** The response is over. Gives the whole file where nothing of it is missing any more. `intact`: no byte was lost. */
  finish(intact: boolean, time: number, limit: number, follow: FollowFile | undefined): FileTransfer | undefined {
    const isWhole = intact && this.#filled === this.#length;
    const pieces = this.#ranges.end(this.#key, isWhole ? { start: this.#start, bytes: this.#whole() } : undefined, this.#length, time);
    if (pieces === undefined) return undefined;
    const file = new FileTransfer(TO_CLIENT, '', limit, follow);
    let at = 0;
    for (const { start, bytes } of pieces) {
      if (start + bytes.length <= at) continue;
      file.append(bytes, at - start, bytes.length);
      at = start + bytes.length;
    }
    file.close();
    return file;
  }

  #whole(): Uint8Array {
    const bytes = new Uint8Array(this.#filled);
    let at = 0;
    for (const slice of this.#slices) {
      bytes.set(slice, at);
      at += slice.length;
    }
    return bytes;
  }
}

export class ByteRanges {
  readonly #files = new Map<string, Gathered>();
  /** taken by pieces that are there and parts that are coming */
  #size = 0;
  readonly #claim: ((name: string) => void) | undefined;

  /** `claim`: told of each part of a file, by a name of the file. */
  constructor(claim?: (name: string) => void) {
    this.#claim = claim;
  }

  /** Undefined: it is no range of a file of known size, or there is no room for it. `name`: host and path. */
  begin(name: string, range: { readonly start?: number; readonly end?: number; readonly size?: number }, time: number): RangePart | undefined {
    const { start, end, size: total } = range;
    if (start === undefined || end === undefined || total === undefined || end >= total) return undefined;
    const length = end + 1 - start;
    // The whole file in one range needs no putting together.
    if (length >= total) return undefined;
    const key = `${total} ${name}`;
    this.#claim?.(key);
    this.#expire(time);
    if (this.#size + length > MOST_BYTES || total > MOST_BYTES || (this.#files.size >= MOST_FILES && !this.#files.has(name))) return undefined;
    const known = this.#files.get(key);
    // What was asked for last stands last.
    if (known !== undefined) this.#files.delete(key);
    this.#files.set(key, { total, pieces: known?.pieces ?? [], size: known?.size ?? 0, lastTime: time });
    this.#size += length;
    return new RangePart(this, key, start, length);
  }

  /** Pieces in order, covering the file, where it is whole; they are forgotten then. */
  end(key: string, piece: Piece | undefined, reserved: number, time: number): readonly Piece[] | undefined {
    const file = this.#files.get(key);
    if (piece === undefined || file === undefined) {
      this.#size -= reserved;
      return undefined;
    }
    file.lastTime = time;
    file.pieces.push(piece);
    file.size += piece.bytes.length;
    if (file.size < file.total) return undefined;
    const pieces = file.pieces.toSorted((a, b) => a.start - b.start);
    let covered = 0;
    for (const { start, bytes } of pieces) {
      if (start > covered) return undefined;
      covered = Math.max(covered, start + bytes.length);
    }
    if (covered < file.total) return undefined;
    this.#forget(key, file);
    return pieces;
  }

  #expire(time: number): void {
    for (const [key, file] of this.#files) {
      if (time - file.lastTime <= TIMEOUT) return;
      this.#forget(key, file);
    }
  }

  #forget(key: string, file: Gathered): void {
    this.#size -= file.size;
    this.#files.delete(key);
  }
}

/** Of a response that brings a part of a file; undefined: it does not, or nobody gathers. */
export function rangePart(ranges: ByteRanges | undefined, transaction: HttpTransaction, time: number): RangePart | undefined {
  const range = ranges === undefined ? undefined : transaction.range;
  const { uri } = transaction;
  return range === undefined || uri === undefined ? undefined : ranges?.begin(`${transaction.writtenHost ?? ''} ${latin1(uri)}`, range, time);
}
