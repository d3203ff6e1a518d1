/**
 * A stretch of what an application protocol sent, by the protocol's own structure: a message, a header, a line. Rules look into
 * frames (`frame:`), records tell of them. Sessions note them only where somebody asked.
 */
import type { Direction } from './direction.ts';

export interface Frame {
  /** one of the protocol's `frames` */
  readonly type: string;
  readonly direction: Direction;
  /** its content, or the beginning of it */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** of its first byte within the bytes that `consume` was given; the engine makes it the offset in the stream */
  offset: number;
  /** counts from 1 within the flow and direction; set by the engine */
  id: number;
}

export interface FrameDefinition {
  readonly name: string;
  readonly summary: string;
}

/** Notes the frame that is bytes[start, end), of which `length` may be more than is there. */
export function noteFrame(
  frames: Frame[] | undefined,
  type: string,
  direction: Direction,
  bytes: Uint8Array,
  start: number,
  end: number,
  length: number = end - start,
): void {
  if (frames === undefined || frames.length >= MOST_FRAMES) return;
  frames.push({ type, direction, bytes: bytes.slice(start, Math.min(end, start + MOST_BYTES)), length, offset: start, id: 0 });
}

/** Between two looks of the engine, so that a peer can not make them pile up. */
const MOST_FRAMES = 1024;
const MOST_BYTES = 65_536;
