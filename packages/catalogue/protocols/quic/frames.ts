/** Frames that carry a handshake: CRYPTO of QUIC (RFC 9000 §19), and the messages of tags of Google's versions. */
import { Cursor, latin1, uint16Little, uint32Little } from '@sigwright/bytes';
import { variableInteger } from './wire.ts';

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const ACK_WITH_COUNTS = 0x03;
const CRYPTO = 0x06;
const CLOSE = 0x1c;
const CLOSE_OF_APPLICATION = 0x1d;

export interface Fragment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What Initial packets may hold; undefined where something else, or less than a frame, stands there. */
export function cryptoFragments(payload: Uint8Array): Fragment[] | undefined {
  const cursor = new Cursor(payload);
  const found: Fragment[] = [];
  while (cursor.left > 0 && !cursor.short) {
    const type = variableInteger(cursor);
    switch (type) {
      case PADDING:
        while (cursor.left > 0 && payload[cursor.at] === PADDING) cursor.at++;
        break;
      case PING:
        break;
      case ACK:
      case ACK_WITH_COUNTS:
        acknowledgement(cursor, type === ACK_WITH_COUNTS);
        break;
      case CRYPTO: {
        const offset = variableInteger(cursor);
        const bytes = cursor.take(variableInteger(cursor));
        if (bytes !== undefined) found.push({ offset, bytes });
        break;
      }
      case CLOSE:
      case CLOSE_OF_APPLICATION:
        variableInteger(cursor);
        if (type === CLOSE) variableInteger(cursor);
        cursor.skip(variableInteger(cursor));
        break;
      default:
        return undefined;
    }
  }
  return cursor.short ? undefined : found;
}

/**
 * Can bytes[start, end) be frames, of whichever version? What is no known frame ends them; a stream of Google's has to begin with its
 * first byte and within its packet.
 */
export function framesHold(bytes: Uint8Array, start: number, end: number): boolean {
  const cursor = new Cursor(bytes, start, end);
  while (cursor.left > 0 && !cursor.short) {
    const type = cursor.uint8();
    if ((type & STREAM) !== 0) {
      if (((type >> STREAM_OFFSET_SHIFT) & 7) !== 0) return false;
      cursor.skip((type & 3) + 1);
      cursor.skip((type & STREAM_HAS_LENGTH) !== 0 ? cursor.uint16() : cursor.left);
    } else if (type === ACK || type === ACK_WITH_COUNTS) acknowledgement(cursor, type === ACK_WITH_COUNTS);
    else if (type === CRYPTO) {
      variableInteger(cursor);
      cursor.skip(variableInteger(cursor));
    } else if (type !== PADDING && type !== PING) return true;
  }
  return !cursor.short;
}

function acknowledgement(cursor: Cursor, counts: boolean): void {
  variableInteger(cursor);
  variableInteger(cursor);
  let ranges = variableInteger(cursor);
  variableInteger(cursor);
  for (; ranges > 0 && !cursor.short; ranges--) {
    variableInteger(cursor);
    variableInteger(cursor);
  }
  if (counts) for (let count = 0; count < 3; count++) variableInteger(cursor);
}

export interface TagMessage {
  /** `CHLO`, `REJ`, `SHLO` */
  readonly name: string;
  readonly tags: readonly (readonly [name: string, value: Uint8Array])[];
}

/** Google's packets begin with a hash of the rest. */
const HASH = 12;
const STREAM = 0x80;
const STREAM_HAS_LENGTH = 0x20;
const STREAM_OFFSET_SHIFT = 2;
const ACKNOWLEDGEMENT = 0x40;
const ACKNOWLEDGEMENT_HAS_BLOCKS = 0x20;
const STOP_WAITING = 0x06;
const GOOGLE_PING = 0x07;
const LENGTHS = [1, 2, 4, 6];
/** Messages in use have up to thirty. */
const MOST_TAGS = 128;

/** The first message in bytes[start, end) of a packet in the clear; undefined where there is none. */
export function tagMessage(bytes: Uint8Array, start: number, end: number): TagMessage | undefined {
  const cursor = new Cursor(bytes, start + HASH, end);
  while (cursor.left > 0 && !cursor.short) {
    const type = cursor.uint8();
    if ((type & STREAM) !== 0) {
      cursor.skip((type & 3) + 1);
      const offset = (type >> STREAM_OFFSET_SHIFT) & 7;
      cursor.skip(offset === 0 ? 0 : offset + 1);
      const length = (type & STREAM_HAS_LENGTH) !== 0 ? cursor.uint16() : cursor.left;
      const data = cursor.take(length);
      const message = data === undefined ? undefined : tags(data);
      if (message !== undefined) return message;
    } else if ((type & ACKNOWLEDGEMENT) !== 0) googleAcknowledgement(cursor, type);
    else if (type === STOP_WAITING) cursor.skip(1);
    else if (type !== GOOGLE_PING) return undefined;
  }
  return undefined;
}

function googleAcknowledgement(cursor: Cursor, type: number): void {
  const block = LENGTHS[type & 3];
  cursor.skip(LENGTHS[(type >> 2) & 3] + 2);
  const blocks = (type & ACKNOWLEDGEMENT_HAS_BLOCKS) !== 0 ? cursor.uint8() : 0;
  cursor.skip(block + blocks * (1 + block));
  const stamps = cursor.uint8();
  if (stamps > 0) cursor.skip(1 + 4 + (stamps - 1) * (1 + 2));
}

/** Name, number of tags, two unused bytes; then each tag with the offset at which its value ends. */
function tags(data: Uint8Array): TagMessage | undefined {
  const TABLE = 8;
  if (data.length < TABLE) return undefined;
  const count = uint16Little(data, 4);
  const values = TABLE + count * 8;
  if (count > MOST_TAGS || values > data.length) return undefined;
  const found: (readonly [string, Uint8Array])[] = [];
  let from = 0;
  for (let tag = 0; tag < count; tag++) {
    const at = TABLE + tag * 8;
    const to = uint32Little(data, at + 4);
    if (to < from) return undefined;
    // A message may be cut by the end of its packet: what is missing of the values is missing.
    found.push([trimmed(latin1(data, at, at + 4)), data.slice(Math.min(data.length, values + from), Math.min(data.length, values + to))]);
    from = to;
  }
  return { name: trimmed(latin1(data, 0, 4)), tags: found };
}

function trimmed(name: string): string {
  return name.replace(/\0+$/, '');
}
