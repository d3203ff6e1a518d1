/** Bytes of streams and frames as EVE records show them, with a note where bytes are missing. */
import { base64, dotted, fromLatin1, joinBytes } from '@sigwright/bytes';
import { type Direction, type Flow, TCP, TO_SERVER } from '@sigwright/contracts';
import type { TcpStream } from '@sigwright/traffic';
import type { FrameReport } from '../scan/frames.ts';

/** What was searched of one direction since bytes were last released, `most` of it at most. */
export function streamBytes(flow: Flow | undefined, direction: Direction, most: number): Uint8Array | undefined {
  const side = flow?.protocol === TCP ? (flow.stream as TcpStream | undefined)?.sides[direction] : undefined;
  if (side === undefined) return undefined;
  const start = Math.max(side.done - side.base, 0);
  const end = Math.max(side.searched, side.parsed, Math.min(side.available, side.acknowledged)) - side.base;
  if (end <= start) return undefined;
  const parts: Uint8Array[] = [];
  if (side.earlier !== undefined && side.earlier.length > 0) for (const { bytes, lost } of side.earlier) parts.push(bytes, missing(lost));
  else if (side.base > 0 && side.lost === side.base) parts.push(missing(side.lost));
  if (parts.length === 0) return side.bytes.subarray(start, Math.min(end, start + most));
  return joinBytes([...parts, side.bytes.subarray(start, Math.min(end, start + most))]).subarray(0, most);
}

function missing(bytes: number): Uint8Array {
  return fromLatin1(`[${bytes} bytes missing]`);
}

/** A part of a protocol that rules can name; `most`: bytes shown at most. */
export function frameBody({ frame, side, isStream }: FrameReport, most: number): Record<string, unknown> {
  const body: Record<string, unknown> = { type: frame.type, id: frame.id, direction: frame.direction === TO_SERVER ? 'toserver' : 'toclient' };
  const length = frame.length < 0 ? side.reached - frame.start : frame.length;
  if (isStream) body['stream_offset'] = frame.start;
  body['length'] = length;
  if (isStream) body['complete'] = side.reached >= frame.start + length;
  const shown: Uint8Array[] = [];
  let at = 0;
  let left = most;
  for (const piece of side.pieces(frame)) {
    if (left <= 0) break;
    if (piece.offset > at) shown.push(missing(piece.offset - at));
    const taken = piece.bytes.subarray(piece.start, Math.min(piece.end, piece.start + left));
    shown.push(taken);
    left -= taken.length;
    at = piece.offset + piece.end - piece.start;
  }
  const bytes = shown.length === 1 ? shown[0] : joinBytes(shown);
  body['payload'] = base64(bytes);
  body['payload_printable'] = dotted(bytes);
  if (frame.transaction !== undefined) body['tx_id'] = frame.transaction.id;
  return body;
}
