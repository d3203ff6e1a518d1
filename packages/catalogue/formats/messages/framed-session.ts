/**
 * A conversation of messages that say how long they are (or of datagrams). A protocol gives the length of a message and reads it;
 * cutting, messages too long to keep, lost bytes and the number of open transactions are seen to here.
 */
import { type Direction, type Frame, type FrameSink, type ProtocolSession, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';

/** Both directions of a transaction are complete at this progress. */
export const MESSAGE_COMPLETE = 1;
export const COMPLETE: readonly [number, number] = [MESSAGE_COMPLETE, MESSAGE_COMPLETE];

/** Answers of `frame` where it is no length. */
export const LENGTH_UNKNOWN = 0;
export const NO_MESSAGE = -1;

/** Only the beginning of longer messages is read, so that nobody makes us hold more than this in each direction. */
const LONGEST_READ = 65_536;
/** Questions that were never answered; beyond, the oldest counts as over. */
const MOST_OPEN = 256;

export abstract class FramedSession<Kind extends Transaction> implements ProtocolSession {
  readonly transactions: Kind[] = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  mostOpen = MOST_OPEN;
  /** progress of transactions that are over */
  protected readonly complete: readonly [number, number] = COMPLETE;
  readonly #passOver: [number, number] = [0, 0];
  /** frames told of the message that is not read yet */
  readonly #told: [readonly Frame[] | undefined, readonly Frame[] | undefined] = [undefined, undefined];

  /** Length of the message that begins at `at`, LENGTH_UNKNOWN while too little is there, NO_MESSAGE where none can begin so. */
  protected abstract frame(bytes: Uint8Array, at: number, end: number, direction: Direction): number;

  /** Reads a message, of which bytes[start, end) is the beginning or the whole. False: it is not one, and nothing behind it can be trusted. */
  protected abstract message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean;

  /**
   * Tells of the frames of a message of `length` bytes that begins at `at`, of which bytes up to `end` are there. Undefined: more
   * must be there first. Asked only where somebody wants frames.
   */
  protected tellFrames(frames: FrameSink, direction: Direction, _bytes: Uint8Array, at: number, _end: number, length: number): readonly Frame[] | undefined {
    return [frames.begin(direction, 'pdu', at, length)];
  }

  /** bytes[start, end) go on with a message of which only the beginning was given to `message`. */
  protected rest(_direction: Direction, _bytes: Uint8Array, _start: number, _end: number): void {}

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    let at = start;
    while (at < end) {
      const over = Math.min(this.#passOver[direction], end - at);
      if (over > 0) {
        this.#passOver[direction] -= over;
        this.rest(direction, bytes, at, at + over);
        at += over;
      }
      if (at >= end || this.nextProtocol !== undefined || this.done) break;
      const length = this.frame(bytes, at, end, direction);
      if (length === LENGTH_UNKNOWN) break;
      if (length < 0) return this.#broken();
      if (this.frames !== undefined) this.#told[direction] ??= this.tellFrames(this.frames, direction, bytes, at, end, length);
      const read = Math.min(length, LONGEST_READ);
      if (end - at < read) break;
      const before = this.count;
      if (!this.message(direction, bytes, at, at + read, time)) return this.#broken();
      if (this.#told[direction] !== undefined) this.#belong(direction, before);
      at += read;
      this.#passOver[direction] = length - read;
    }
    return atEnd && this.nextProtocol === undefined ? end : at;
  }

  /** The frames told of a message belong to the transaction that it made. */
  #belong(direction: Direction, before: number): void {
    if (this.count > before) for (const frame of this.#told[direction] ?? []) frame.transaction = this.transactions[this.transactions.length - 1];
    this.#told[direction] = undefined;
  }

  #broken(): number {
    if (!this.anomalies.includes('malformed_data')) this.anomalies.push('malformed_data');
    return -1;
  }

  /** The message that is passed over is given up: bytes were lost. */
  protected giveUp(direction: Direction): void {
    this.#passOver[direction] = 0;
  }

  /** Lost bytes inside a message that is passed over do no harm. */
  skip(direction: Direction, length: number): boolean {
    this.#told[direction] = undefined;
    if (length > this.#passOver[direction]) return false;
    this.#passOver[direction] -= length;
    return true;
  }

  /** Anomaly of the oldest exchange where more are open than are kept; undefined: it is over without one. */
  protected readonly crowded: string | undefined = undefined;

  protected open(transaction: Kind): Kind {
    this.count++;
    this.transactions.push(transaction);
    if (this.transactions.length > this.mostOpen) {
      const oldest = this.transactions[this.transactions.length - this.mostOpen - 1];
      const isOpen = oldest.progress[TO_SERVER] < this.complete[TO_SERVER] || oldest.progress[TO_CLIENT] < this.complete[TO_CLIENT];
      if (this.crowded !== undefined && isOpen) oldest.raise(this.crowded);
      close(oldest, this.complete);
    }
    return transaction;
  }

  finish(_time: number): void {
    for (const transaction of this.transactions) close(transaction, this.complete);
  }
}

export function close(transaction: Transaction, complete = COMPLETE): void {
  for (const direction of [TO_SERVER, TO_CLIENT] as const)
    if (transaction.progress[direction] < complete[direction]) transaction.advance(direction, complete[direction]);
}

/** One message that stands for itself. */
export class Message<Content> extends Transaction {
  readonly content: Content;
  readonly direction: Direction;

  constructor(id: number, time: number, direction: Direction, content: Content) {
    super(id, time);
    this.content = content;
    this.direction = direction;
    close(this);
    this.changed[direction === TO_SERVER ? TO_CLIENT : TO_SERVER] = false;
  }
}

/** Each message is a transaction of its own. */
export class MessageSession<Content> extends FramedSession<Message<Content>> {
  readonly #frame: (bytes: Uint8Array, at: number, end: number, direction: Direction) => number;
  readonly #read: (bytes: Uint8Array, start: number, end: number, direction: Direction) => Content | undefined;

  /** `frame`: for datagrams, wholeDatagram */
  constructor(
    read: (bytes: Uint8Array, start: number, end: number, direction: Direction) => Content | undefined,
    frame: (bytes: Uint8Array, at: number, end: number, direction: Direction) => number = wholeDatagram,
  ) {
    super();
    this.#frame = frame;
    this.#read = read;
  }

  protected frame(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    return this.#frame(bytes, at, end, direction);
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const content = this.#read(bytes, start, end, direction);
    if (content === undefined) return false;
    this.open(new Message(this.count, time, direction, content));
    return true;
  }
}

export function wholeDatagram(_bytes: Uint8Array, at: number, end: number): number {
  return end - at;
}
