/** Frames of SMB over TCP: NetBIOS sessions (RFC 1002 §4.3.1) on port 139, the same length before each message on port 445 (MS-SMB2 §2.1). */
import { uint24, uint32Little } from '@sigwright/bytes';
import type { Direction, EngineSettings, Frame, FrameSink } from '@sigwright/contracts';
import { FramedSession, LENGTH_UNKNOWN } from '../../formats/messages/framed-session.ts';
import { Conversation, type Header, type Sink, SmbTransaction } from './conversation.ts';
import { Smb1Reader } from './smb1.ts';
import { Smb2Reader } from './smb2.ts';

const SESSION_MESSAGE = 0;
const SESSION_REQUEST = 0x81;
const KEEP_ALIVE = 0x85;
const FRAME_HEAD = 4;
/** the length and the four bytes that name the version */
const MARK_KNOWN = 8;
export const SMB1_MARK = 0xff;
export const SMB2_MARK = 0xfe;
export const ENCRYPTED_MARK = 0xfd;
export const COMPRESSED_MARK = 0xfc;
/** By the first byte of a message: the version, and how long its header is. */
const MESSAGE_HEADS: Readonly<Record<number, readonly [version: string, head: number]>> = {
  [SMB1_MARK]: ['smb1', 32],
  [SMB2_MARK]: ['smb2', 64],
  [ENCRYPTED_MARK]: ['smb3', 52],
};
/** MS-SMB2 §2.2.1: where NextCommand lies */
const NEXT_AT = 20;

export function isMarked(bytes: Uint8Array, at: number): boolean {
  return bytes[at] >= COMPRESSED_MARK && bytes[at + 1] === 0x53 && bytes[at + 2] === 0x4d && bytes[at + 3] === 0x42;
}

export class SmbSession extends FramedSession<SmbTransaction> {
  readonly #conversation: Conversation;
  readonly #first: Smb1Reader;
  readonly #second: Smb2Reader;
  readonly #sinks: [Sink | undefined, Sink | undefined] = [undefined, undefined];
  /** bytes were lost: the next message must be looked for, and what lies before it is not wrong */
  readonly #lost: [boolean, boolean] = [false, false];
  #time = 0;
  /** length of the frame at hand, and whether it is what lies between messages */
  #length = 0;
  #between = false;

  constructor(settings: EngineSettings) {
    super();
    const anomaly = (name: string): void => this.#raise(name);
    this.#conversation = new Conversation(settings, (header) => this.#open(header));
    this.#first = new Smb1Reader(this.#conversation, anomaly);
    this.#second = new Smb2Reader(this.#conversation, anomaly);
  }

  #raise(name: string): void {
    if (!this.anomalies.includes(name)) this.anomalies.push(name);
  }

  #open(header: Header): SmbTransaction {
    const transaction = this.open(new SmbTransaction(this.count, this.#time, header, this.#conversation));
    if (this.transactions.length > this.mostOpen) transaction.raise('too_many_transactions');
    return transaction;
  }

  protected frame(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    this.#between = false;
    if (end - at < FRAME_HEAD) return LENGTH_UNKNOWN;
    this.#length = FRAME_HEAD + uint24(bytes, at + 1);
    const kind = bytes[at];
    // While the next message is looked for, only a mark is to be trusted.
    if (!this.#lost[direction]) {
      if (kind >= SESSION_REQUEST && kind <= KEEP_ALIVE) return this.#length;
      if (kind === SESSION_MESSAGE && this.#length < MARK_KNOWN) return this.#length;
    }
    if (end - at < MARK_KNOWN) return LENGTH_UNKNOWN;
    if (kind === SESSION_MESSAGE && isMarked(bytes, at + FRAME_HEAD)) {
      this.#lost[direction] = false;
      return this.#length;
    }
    return this.#nextMessage(bytes, at, end, direction);
  }

  protected override tellFrames(
    frames: FrameSink,
    direction: Direction,
    bytes: Uint8Array,
    at: number,
    end: number,
    length: number,
  ): readonly Frame[] | undefined {
    if (this.#between) return [];
    const told = [
      frames.begin(direction, 'nbss.pdu', at, length),
      frames.begin(direction, 'nbss.hdr', at, FRAME_HEAD),
      frames.begin(direction, 'nbss.data', at + FRAME_HEAD, length - FRAME_HEAD),
    ];
    if (bytes[at] !== SESSION_MESSAGE || length < MARK_KNOWN) return told;
    const stop = at + length;
    for (let from = at + FRAME_HEAD; from + FRAME_HEAD <= Math.min(end, stop) && isMarked(bytes, from); ) {
      const [version, head] = MESSAGE_HEADS[bytes[from]] ?? [];
      if (version === undefined || head === undefined || from + head > stop) break;
      // A message of version 2 may say where the next one of the same frame begins.
      const next = version === 'smb2' && from + NEXT_AT + 4 <= end ? uint32Little(bytes, from + NEXT_AT) : 0;
      const size = next >= head && next < stop - from ? next : stop - from;
      told.push(
        frames.begin(direction, `${version}.pdu`, from, size),
        frames.begin(direction, `${version}.hdr`, from, head),
        ...(size > head ? [frames.begin(direction, `${version}.data`, from + head, size - head)] : []),
      );
      if (size === stop - from) break;
      from += size;
    }
    return told;
  }

  /** Length of what lies before the next message. */
  #nextMessage(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    if (!this.#lost[direction]) this.#raise('malformed_data');
    this.#lost[direction] = true;
    this.#between = true;
    let next = at + 1;
    while (end - next >= MARK_KNOWN && !(bytes[next] === SESSION_MESSAGE && isMarked(bytes, next + FRAME_HEAD))) next++;
    return next - at;
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    this.#sinks[direction] = undefined;
    if (this.#between || bytes[start] !== SESSION_MESSAGE || this.#length < MARK_KNOWN) return true;
    this.#time = time;
    const mark = bytes[start + FRAME_HEAD];
    // What is encrypted or compressed is not read.
    if (mark !== SMB1_MARK && mark !== SMB2_MARK) return true;
    const reader = mark === SMB1_MARK ? this.#first : this.#second;
    reader.frame(direction, bytes, start + FRAME_HEAD, end, start + this.#length);
    this.#sinks[direction] = reader.sink;
    return true;
  }

  protected override rest(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    const sink = this.#sinks[direction];
    if (sink === undefined) return;
    const take = Math.min(sink.left, end - start);
    sink.stretch.append(bytes, start, start + take);
    this.#used(direction, sink, take);
  }

  #used(direction: Direction, sink: Sink, length: number): void {
    sink.left -= length;
    if (sink.left > 0) return;
    sink.stretch.settle();
    this.#sinks[direction] = undefined;
  }

  override skip(direction: Direction, length: number): boolean {
    const sink = this.#sinks[direction];
    if (sink !== undefined) {
      const missed = Math.min(sink.left, length);
      sink.stretch.lose(missed);
      this.#used(direction, sink, missed);
    }
    if (super.skip(direction, length)) return true;
    this.giveUp(direction);
    this.#sinks[direction] = undefined;
    this.#lost[direction] = true;
    return true;
  }

  override finish(time: number): void {
    this.#conversation.finish();
    super.finish(time);
  }
}
