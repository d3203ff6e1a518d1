/**
 * A frame: a stretch of what one end sent that its protocol names (a request, a header, a line). Sessions tell of frames where
 * somebody asked for them; rules look at them with `frame`, and outputs may record them.
 */
import type { Direction } from './direction.ts';
import type { Transaction } from './transaction.ts';

/** What a session may still change about a frame it told of. */
export interface Frame {
  /** bytes; -1 while not known */
  length: number;
  transaction: Transaction | undefined;
}

/** Taken by sessions; they have one only while somebody wants frames. */
export interface FrameSink {
  /** Begins at index `at` of the bytes being consumed. `length`: -1 where it shows later, see `endAt`. */
  begin(direction: Direction, type: string, at: number, length: number, transaction?: Transaction): Frame;
  /** The frame ends before index `at` of the bytes being consumed. */
  endAt(frame: Frame, at: number): void;
}

/** What rules on a frame look at. */
export interface FrameBuffer {
  readonly of: 'frame';
  /** `http1.request` */
  readonly name: string;
  readonly summary: string;
  readonly shape: 'text';
  readonly protocol: string;
  readonly type: string;
}

/** The frame that every stream of a protocol with frames is as a whole. */
export const STREAM_FRAME = 'stream';
