/** DNP3 over TCP: link frames are put together to messages, each a transaction. */
import { joinBytes } from '@sigwright/bytes';
import { type Direction, TO_SERVER } from '@sigwright/contracts';
import { FramedSession, LENGTH_UNKNOWN, Message } from '../../formats/messages/framed-session.ts';
import { type DnpMessage, isResponse, readMessage } from './application.ts';
import { frameLength, HEADER, type LinkFrame, readFrame, START_FIRST, START_SECOND } from './link.ts';

const LAST_SEGMENT = 0x80;
const FIRST_SEGMENT = 0x40;
/** Numbers of segments come round after 64, of 249 bytes each. */
const LONGEST_MESSAGE = 64 * 249;
/** Questions that may wait for an answer, as Suricata allows. */
const MOST_UNANSWERED = 32;

export interface DnpContent {
  /** of the frame that ended the message */
  readonly link: Pick<LinkFrame, 'length' | 'checksum' | 'control' | 'source' | 'destination'>;
  readonly transport: number;
  /** as it was put together, application header first */
  readonly data: Uint8Array;
  readonly message: DnpMessage;
}

interface Assembly {
  parts: Uint8Array[];
  length: number;
  tooLong: boolean;
}

export class DnpSession extends FramedSession<Message<DnpContent>> {
  readonly #assemblies: [Assembly | undefined, Assembly | undefined] = [undefined, undefined];
  /** faults of frames, told with the message they are part of */
  readonly #faults: [Set<string>, Set<string>] = [new Set(), new Set()];
  #unanswered = 0;

  protected frame(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    if (end - at < HEADER) return LENGTH_UNKNOWN;
    if (bytes[at] !== START_FIRST || bytes[at + 1] !== START_SECOND) return noise(bytes, at, end);
    const length = frameLength(bytes[at + 2]);
    if (length > 0) return length;
    this.#faults[direction].add('len_too_small');
    return HEADER;
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    if (bytes[start] !== START_FIRST || bytes[start + 1] !== START_SECOND) return true;
    if (frameLength(bytes[start + 2]) === 0) {
      this.#tellFaults(direction);
      return true;
    }
    const frame = readFrame(bytes, start, end);
    if (!frame.headerSound) this.#faults[direction].add('bad_link_crc');
    if (!frame.dataSound) this.#faults[direction].add('bad_transport_crc');
    if (frame.data.length < 1) return true;
    const [transport] = frame.data;
    if ((transport & FIRST_SEGMENT) !== 0) this.#assemblies[direction] = { parts: [], length: 0, tooLong: false };
    const assembly = this.#assemblies[direction];
    if (assembly === undefined) return true;
    const part = frame.data.subarray(1);
    if (assembly.length + part.length > LONGEST_MESSAGE) {
      assembly.tooLong = true;
      this.#faults[direction].add('too_long_reassembly');
    } else {
      if (part.length > 0) assembly.parts.push(part);
      assembly.length += part.length;
    }
    if ((transport & LAST_SEGMENT) === 0 && !assembly.tooLong) return true;
    this.#assemblies[direction] = undefined;
    const data = joinBytes(assembly.parts);
    const message = readMessage(data);
    if (message === undefined) return true;
    const content = { link: frame, transport, data, message };
    const transaction = this.open(new Message(this.count, time, direction, content));
    this.#tellFaults(direction);
    for (const anomaly of message.anomalies) transaction.raise(anomaly);
    this.#count(transaction, direction);
    return true;
  }

  /** With the newest message. */
  #tellFaults(direction: Direction): void {
    const newest = this.transactions[this.transactions.length - 1];
    if (newest === undefined) return;
    for (const fault of this.#faults[direction]) newest.raise(fault);
    this.#faults[direction].clear();
  }

  #count(transaction: Message<DnpContent>, direction: Direction): void {
    if (isResponse(transaction.content.message.functionCode)) this.#unanswered = 0;
    else if (direction === TO_SERVER && ++this.#unanswered > MOST_UNANSWERED) {
      transaction.raise('flooded');
      this.done = true;
    }
  }
}

/** Bytes up to what may be the beginning of a frame. */
function noise(bytes: Uint8Array, at: number, end: number): number {
  let next = at + 1;
  while (next < end && bytes[next] !== START_FIRST) next++;
  return next - at;
}
