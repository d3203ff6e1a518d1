/**
 * The frames of one flow while they are looked at: where they lie, and a copy of the bytes since the first that is not done with.
 * Exists only for flows of protocols whose frames a rule or an output asked for.
 */
import { type Direction, type Frame, type FrameSink, STREAM_FRAME, type Transaction } from '@sigwright/contracts';

/** Frames of one direction that are not done with; a peer can begin as many as it likes. */
const MOST_LIVE = 1024;
/** Bytes kept of one direction: beyond, only the newest of a long frame are looked at. */
const MOST_KEPT = 262_144;

/** A run of bytes without a gap. */
export interface Run {
  /** stream offset of bytes[0] */
  readonly offset: number;
  bytes: Uint8Array;
  length: number;
}

export class StreamFrame implements Frame {
  readonly id: number;
  readonly type: string;
  readonly direction: Direction;
  /** stream offset */
  readonly start: number;
  length: number;
  transaction: Transaction | undefined;
  /** bytes seen when it was last looked at, and whether that was all */
  lookedAt = -1;
  wasComplete = false;
  recorded = false;
  /** other rules took over: the next look is at all of it that is there */
  searchesAll = false;
  /** rules that held on it */
  decided: number[] | undefined = undefined;

  constructor(id: number, type: string, direction: Direction, start: number, length: number, transaction: Transaction | undefined) {
    this.id = id;
    this.type = type;
    this.direction = direction;
    this.start = start;
    this.length = length;
    this.transaction = transaction;
  }

  get end(): number {
    return this.length < 0 ? Number.POSITIVE_INFINITY : this.start + this.length;
  }
}

export class FrameSide {
  readonly live: StreamFrame[] = [];
  readonly runs: Run[] = [];
  /** stream offset up to which bytes came */
  reached = 0;
  /** frames so far */
  count = 0;
  /** no more bytes will come */
  ended = false;
  begun = false;

  /** bytes[start, end) lie at stream offset `offset`. */
  add(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const from = Math.max(start, start + this.reached - offset);
    if (from >= end) return;
    const at = offset + from - start;
    const length = end - from;
    const last = this.runs[this.runs.length - 1];
    if (last !== undefined && last.offset + last.length === at) {
      if (last.length + length > last.bytes.length) {
        const grown = new Uint8Array(Math.max(last.length + length, 2 * last.bytes.length));
        grown.set(last.bytes.subarray(0, last.length));
        last.bytes = grown;
      }
      last.bytes.set(bytes.subarray(from, end), last.length);
      last.length += length;
    } else this.runs.push({ offset: at, bytes: bytes.slice(from, end), length });
    this.reached = at + length;
  }

  /** Forget the bytes before the first frame that is not done with. */
  release(): void {
    let needed = this.reached;
    for (const frame of this.live) if (frame.start < needed) needed = frame.start;
    needed = Math.max(needed, this.reached - MOST_KEPT);
    while (this.runs.length > 0 && this.runs[0].offset + this.runs[0].length <= needed) this.runs.shift();
    const [first] = this.runs;
    const done = first === undefined ? 0 : needed - first.offset;
    // Each byte is moved once on average.
    if (done > 0 && done >= first.length - done) this.runs[0] = { offset: needed, bytes: first.bytes.slice(done, first.length), length: first.length - done };
  }

  /** The bytes of a frame that are there, run by run. */
  *pieces(frame: StreamFrame): Generator<{ bytes: Uint8Array; start: number; end: number; offset: number }> {
    const stop = Math.min(frame.end, this.reached);
    for (const run of this.runs) {
      const from = Math.max(frame.start, run.offset);
      const to = Math.min(stop, run.offset + run.length);
      if (from < to) yield { bytes: run.bytes, start: from - run.offset, end: to - run.offset, offset: from - frame.start };
    }
  }
}

export class FlowFrames implements FrameSink {
  readonly sides: readonly [FrameSide, FrameSide] = [new FrameSide(), new FrameSide()];
  readonly #isStream: boolean;
  /** stream offset of index 0 of the bytes being consumed */
  #origin = 0;

  /** `isStream`: of a TCP connection; else each datagram stands for itself */
  constructor(isStream: boolean) {
    this.#isStream = isStream;
  }

  get isStream(): boolean {
    return this.#isStream;
  }

  /** bytes[start, end) of one direction are about to be consumed; bytes[0] has the stream offset `base`. */
  take(direction: Direction, bytes: Uint8Array, start: number, end: number, base: number): void {
    const side = this.sides[direction];
    if (this.#isStream) {
      if (!side.begun) side.reached = base + start;
      side.add(bytes, start, end, base + start);
      this.#origin = base;
    } else {
      side.live.length = 0;
      side.runs.length = 0;
      side.runs.push({ offset: 0, bytes: bytes.subarray(start, end), length: end - start });
      side.reached = end - start;
      this.#origin = -start;
    }
    if (!side.begun) {
      side.begun = true;
      if (this.#isStream) this.begin(direction, STREAM_FRAME, start, -1);
    }
  }

  begin(direction: Direction, type: string, at: number, length: number, transaction?: Transaction): StreamFrame {
    const side = this.sides[direction];
    const frame = new StreamFrame(++side.count, type, direction, this.#origin + at, length, transaction);
    if (side.live.length >= MOST_LIVE) side.live.splice(1, 1);
    side.live.push(frame);
    return frame;
  }

  endAt(frame: Frame, at: number): void {
    const { start } = frame as StreamFrame;
    frame.length = Math.max(0, this.#origin + at - start);
  }
}

/** A frame that is told, of an alert or to be recorded. */
export interface FrameReport {
  readonly frame: StreamFrame;
  readonly side: FrameSide;
  /** of a connection; else of a datagram */
  readonly isStream: boolean;
}
