/** A file seen on the wire: its name and as much of its content as the limits allow. */
import { copyBytes, SlabPool, work } from '@sigwright/bytes';
import type { Direction } from './direction.ts';

/** What the files of a thread hold together: who opens many transfers must not have all of each kept. */
const MOST_HELD = 512 * 1024 * 1024;

/** One for each thread: transfers come and go by the thousand. */
export const fileSlabs = new SlabPool(MOST_HELD, true);

/** Takes the content of a file as it comes, also what is beyond the limit. */
export interface FileFollower {
  append(bytes: Uint8Array, start: number, end: number): void;
}

/** Asked once for each file, when it begins. */
export type FollowFile = (file: FileTransfer) => FileFollower | undefined;

/** More of the content has to come before it can be told what it holds. */
export const CONTENT_WAITS = 'waits';
/** What rules see in place of the content; undefined: the content. */
export type Unpack = (content: Uint8Array, complete: boolean) => Uint8Array | typeof CONTENT_WAITS | undefined;

export class FileTransfer {
  readonly direction: Direction;
  /** one character a byte, as on the wire or in UTF-8 */
  name: string;
  /** bytes seen; those beyond the limit count, too, unless the file ends there */
  size = 0;
  state: 'OPEN' | 'CLOSED' | 'TRUNCATED' | 'ERROR' = 'OPEN';
  gaps = false;
  /** content kept: bytes[0, kept) came first in the file; more came where size > kept. Valid until `release`. */
  bytes: Uint8Array = NOTHING;
  kept = 0;
  /** first byte number where the transfer is a range of a file */
  rangeStart: number | undefined = undefined;
  rangeEnd: number | undefined = undefined;
  /** it was handed on to be recorded, set by the engine; or it is nothing to be told of */
  recorded = false;
  /** a rule wants it to be stored; undefined: what holds for its flow */
  stored: boolean | undefined = undefined;
  readonly limit: number;
  /** the limit is the file's end: what lies behind it is passed over */
  readonly endsAtLimit: boolean;
  /** something came behind the limit */
  isOver = false;
  /** the content may be packed in a way that is undone for rules */
  unpack: Unpack | undefined = undefined;
  #unpacked: ReturnType<Unpack> = CONTENT_WAITS;
  readonly #follower: FileFollower | undefined;

  constructor(direction: Direction, name: string, limit: number, follow?: FollowFile, endsAtLimit = false) {
    this.direction = direction;
    this.name = name;
    this.limit = limit;
    work.objects++;
    this.endsAtLimit = endsAtLimit;
    this.#follower = follow?.(this);
  }

  /** Copies bytes[start, end) as far as the limit allows, and what all files hold together. */
  append(bytes: Uint8Array, start: number, end: number): void {
    // What is kept is the beginning, without a hole.
    const limit = this.isOver ? this.kept : fileSlabs.isExhausted ? Math.min(this.limit, this.bytes.length) : this.limit;
    const room = limit - this.kept;
    let take = end - start;
    if (take > room) {
      take = room;
      this.isOver = true;
    }
    const counted = this.endsAtLimit ? Math.max(0, take) : end - start;
    this.size += counted;
    if (counted > 0) this.#follower?.append(bytes, start, start + counted);
    if (take <= 0) return;
    if (this.kept + take > this.bytes.length) {
      const grown = fileSlabs.take(Math.max(this.kept + take, this.bytes.length * 2));
      if (this.kept > 0) copyBytes(this.bytes, 0, this.kept, grown, 0);
      fileSlabs.give(this.bytes);
      this.bytes = grown;
    }
    copyBytes(bytes, start, start + take, this.bytes, this.kept);
    this.kept += take;
  }

  /** What rules see of it where that is not the content; `complete`: nothing more is kept of it. */
  unpacked(complete: boolean): ReturnType<Unpack> {
    if (this.#unpacked === CONTENT_WAITS) this.#unpacked = this.unpack?.(this.bytes.subarray(0, this.kept), complete);
    return this.#unpacked;
  }

  /** Are these the bytes that rules see of it? */
  isSeenAs(bytes: Uint8Array): boolean {
    return bytes === this.bytes || (this.unpack !== undefined && bytes === this.#unpacked);
  }

  /** The content was inspected and recorded; its memory serves others. */
  release(): void {
    fileSlabs.give(this.bytes);
    this.bytes = NOTHING;
    this.kept = 0;
  }

  close(state: 'CLOSED' | 'TRUNCATED' | 'ERROR' = 'CLOSED'): void {
    if (this.state === 'OPEN') this.state = state;
  }
}

const NOTHING = new Uint8Array(0);
