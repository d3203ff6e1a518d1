/** WebSocket frames (RFC 6455 §5.2). */
import { Cursor } from '@sigwright/bytes';
import { LENGTH_UNKNOWN, NO_MESSAGE } from '../../formats/messages/framed-session.ts';

/** The upper half of a frame's first byte. */
export const FIN = 0x80;
/** the message is compressed (RFC 7692 §6) */
export const COMPRESSED = 0x40;
const FLAGS = 0xf0;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH_IN_TWO_BYTES = 126;
const LENGTH_IN_EIGHT_BYTES = 127;

/** §11.8; numbers without a name are reserved. */
export const OPCODES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'connection_close',
  9: 'ping',
  10: 'pong',
};
export const CONTINUATION = 0;
const FIRST_CONTROL = 8;

export interface Frame {
  readonly flags: number;
  readonly opcode: number;
  readonly mask: number | undefined;
  /** unmasked, as far as it was kept */
  readonly payload: Uint8Array;
  /** bytes of the payload that were not kept */
  readonly missing: number;
}

export function isControl(opcode: number): boolean {
  return opcode >= FIRST_CONTROL;
}

/** Position behind length and mask, and the length of the payload. */
function head(bytes: Uint8Array, at: number, end: number): { cursor: Cursor; length: number; maskAt: number } {
  const cursor = new Cursor(bytes, at + 1, end);
  const second = cursor.uint8();
  let length = second & ~MASKED;
  if (length === LENGTH_IN_TWO_BYTES) length = cursor.uint16();
  else if (length === LENGTH_IN_EIGHT_BYTES) length = cursor.uint32() * 4_294_967_296 + cursor.uint32();
  const maskAt = (second & MASKED) === 0 ? -1 : cursor.at;
  if (maskAt >= 0) cursor.skip(4);
  return { cursor, length, maskAt };
}

/** Length of a whole frame; LENGTH_UNKNOWN while its head is not there, NO_MESSAGE where the length can not be. */
export function frameLength(bytes: Uint8Array, at: number, end: number): number {
  const { cursor, length } = head(bytes, at, end);
  if (cursor.short) return LENGTH_UNKNOWN;
  return length > Number.MAX_SAFE_INTEGER ? NO_MESSAGE : cursor.at - at + length;
}

/** First bytes, length and mask of a frame whose length is known. */
export function headLength(bytes: Uint8Array, at: number): number {
  return head(bytes, at, bytes.length).cursor.at - at;
}

/** bytes[start, end) is a frame or its beginning; its head is there. */
export function readFrame(bytes: Uint8Array, start: number, end: number): Frame {
  const { cursor, length, maskAt } = head(bytes, start, end);
  const payload = bytes.slice(cursor.at, Math.min(end, cursor.at + length));
  if (maskAt >= 0) for (let at = 0; at < payload.length; at++) payload[at] ^= bytes[maskAt + (at & 3)];
  return {
    flags: bytes[start] & FLAGS,
    opcode: bytes[start] & OPCODE,
    mask: maskAt < 0 ? undefined : new Cursor(bytes, maskAt, maskAt + 4).uint32(),
    payload,
    missing: length - payload.length,
  };
}
