/**
 * WebSocket frames → transactions, one a frame. The last frame of a message cut in several shows the whole message (RFC 6455 §5.4);
 * control frames may stand between. Compressed messages are undone (RFC 7692): each may refer to those before.
 */
import { concatBytes, joinBytes } from '@sigwright/bytes';
import type { Direction, FrameSink, Frame as StreamFrame } from '@sigwright/contracts';
import { inflateOn } from '../../formats/deflate/deflate.ts';
import { FramedSession, Message } from '../../formats/messages/framed-session.ts';
import { COMPRESSED, CONTINUATION, FIN, type Frame, frameLength, headLength, isControl, readFrame } from './wire.ts';

/** Bytes kept of a message, as in Suricata's default. */
const LONGEST_MESSAGE = 65_535;
/** A message may grow to this much: beyond, those after it can not be read either. */
const LONGEST_INFLATED = 262_144;
const WINDOW = 32_768;
/** The empty block that senders leave out at the end of each message (RFC 7692 §7.2.1). */
const LEFT_OUT = Uint8Array.of(0, 0, 0xff, 0xff);
const NOTHING = new Uint8Array(0);

export interface WebSocketContent {
  readonly frame: Frame;
  /** of the message so far; compressed messages once they are whole */
  readonly payload: Uint8Array;
}

export type WebSocketTransaction = Message<WebSocketContent>;

class Side {
  /** payloads of the frames of a message that is not over */
  parts: Uint8Array[] = [];
  length = 0;
  isOpen = false;
  isCompressed = false;
  /** something of the message was not kept */
  isCut = false;
  /** what compressed messages may refer to; undefined: it was lost */
  history: Uint8Array | undefined = NOTHING;
}

export class WebSocketSession extends FramedSession<WebSocketTransaction> {
  readonly #sides: [Side, Side] = [new Side(), new Side()];

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    return frameLength(bytes, at, end);
  }

  protected override tellFrames(frames: FrameSink, direction: Direction, bytes: Uint8Array, at: number, _end: number, length: number): readonly StreamFrame[] {
    const head = headLength(bytes, at);
    return [
      frames.begin(direction, 'header', at, head),
      frames.begin(direction, 'pdu', at, length),
      ...(length > head ? [frames.begin(direction, 'data', at + head, length - head)] : []),
    ];
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const frame = readFrame(bytes, start, end);
    const faults: string[] = [];
    if (frame.missing > 0) faults.push('skip_end_of_payload');
    const payload = isControl(frame.opcode) ? frame.payload : this.#gather(this.#sides[direction], frame, faults);
    const transaction = this.open(new Message(this.count, time, direction, { frame, payload }));
    for (const fault of faults) transaction.raise(fault);
    return true;
  }

  #gather(side: Side, frame: Frame, faults: string[]): Uint8Array {
    // A new message though the last one was not over: what came of that one is dropped.
    if (frame.opcode !== CONTINUATION || !side.isOpen) {
      side.parts = [];
      side.length = 0;
      side.isCut = false;
      side.isOpen = true;
      side.isCompressed = (frame.flags & COMPRESSED) !== 0;
    }
    const room = LONGEST_MESSAGE - side.length;
    if (frame.payload.length > room) faults.push('reassembly_limit_reached');
    if (frame.payload.length > room || frame.missing > 0) side.isCut = true;
    const kept = frame.payload.subarray(0, room);
    if (kept.length > 0) side.parts.push(kept);
    side.length += kept.length;
    if ((frame.flags & FIN) === 0) return frame.payload;
    side.isOpen = false;
    const whole = side.parts.length === 1 ? side.parts[0] : joinBytes(side.parts);
    side.parts = [];
    return side.isCompressed ? inflated(side, whole) : whole;
  }

  override skip(direction: Direction, length: number): boolean {
    const side = this.#sides[direction];
    side.isCut = true;
    side.history = undefined;
    return super.skip(direction, length);
  }
}

/** As compressed where it can not be undone. */
function inflated(side: Side, message: Uint8Array): Uint8Array {
  if (side.history === undefined) return message;
  const text = inflateOn(concatBytes(message, LEFT_OUT), LONGEST_INFLATED, side.history);
  const isWhole = !side.isCut && text.length < LONGEST_INFLATED;
  side.history = isWhole ? concatBytes(side.history, text).slice(-WINDOW) : undefined;
  return text.length === 0 ? message : text;
}
