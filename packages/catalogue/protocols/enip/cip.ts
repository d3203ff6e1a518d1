/** Messages of the Common Industrial Protocol (CIP Networks Library, volume 1, chapter 2 and appendices A to C): services, paths, statuses. */
import { Cursor } from '@sigwright/bytes';

const RESPONSE = 0x80;
const GET_ATTRIBUTE_LIST = 0x03;
const SET_ATTRIBUTE_LIST = 0x04;
const MULTIPLE_SERVICES = 0x0a;
const UNCONNECTED_SEND = 0x52;
const CONNECTION_MANAGER = 6;
/** Of one message, so that nobody makes us follow more: packets have 64 KiB, devices answer some ten. */
const MOST_SERVICES = 256;
const DEEPEST = 4;
const MOST_SEGMENTS = 64;
const MOST_ATTRIBUTES = 256;

export type SegmentType = 'class' | 'instance' | 'member' | 'connection_point' | 'attribute';

export interface Segment {
  readonly type: SegmentType;
  readonly value: number;
}

export interface CipMessage {
  /** without the bit that says that it is a response */
  readonly service: number;
  readonly isResponse: boolean;
  readonly path: readonly Segment[];
  /** attributes that a list names */
  readonly attributes: readonly number[];
  readonly status: number;
  readonly extendedStatus: readonly number[];
  /** services that this one carries */
  readonly inner: readonly CipMessage[];
}

/** Logical segments by the three bits behind theirs (volume 1, C-1.4.2). */
const LOGICAL: readonly (SegmentType | undefined)[] = ['class', 'instance', 'member', 'connection_point', 'attribute', undefined, undefined, undefined];

/** Undefined where not even its head is there. */
export function readCip(cursor: Cursor): CipMessage | undefined {
  return readMessage(cursor, { left: MOST_SERVICES }, 0);
}

function readMessage(cursor: Cursor, budget: { left: number }, depth: number): CipMessage | undefined {
  if (--budget.left < 0 || depth > DEEPEST) return undefined;
  const first = cursor.uint8();
  const service = first & ~RESPONSE;
  const second = cursor.uint8();
  if (cursor.short) return undefined;
  if ((first & RESPONSE) !== 0) {
    const status = cursor.uint8();
    const size = cursor.uint8();
    const extendedStatus: number[] = [];
    for (let index = 0; index < size && cursor.left >= 2; index++) extendedStatus.push(cursor.uint16Little());
    if (cursor.short) return undefined;
    const inner = service === MULTIPLE_SERVICES ? multiple(cursor, budget, depth) : [];
    return { service, isResponse: true, path: [], attributes: [], status, extendedStatus, inner };
  }
  if (second * 2 > cursor.left) return undefined;
  const path = readPath(new Cursor(cursor.bytes, cursor.at, cursor.at + second * 2));
  cursor.skip(second * 2);
  let attributes: readonly number[] = [];
  let inner: readonly CipMessage[] = [];
  if (service === GET_ATTRIBUTE_LIST) attributes = attributeList(cursor);
  else if (service === SET_ATTRIBUTE_LIST)
    attributes = attributeList(cursor).slice(0, 1); // values of unknown size stand between
  else if (service === MULTIPLE_SERVICES) inner = multiple(cursor, budget, depth);
  else if (service === UNCONNECTED_SEND && path.some(({ type, value }) => type === 'class' && value === CONNECTION_MANAGER)) {
    inner = embedded(cursor, budget, depth);
  }
  return { service, isResponse: false, path, attributes, status: 0, extendedStatus: [], inner };
}

function readPath(cursor: Cursor): Segment[] {
  const found: Segment[] = [];
  while (cursor.left > 0 && found.length < MOST_SEGMENTS) {
    const head = cursor.uint8();
    const kind = head >> 5;
    if (kind === 1) {
      const format = head & 3;
      if (format !== 0) cursor.skip(1);
      const value = format === 0 ? cursor.uint8() : format === 1 ? cursor.uint16Little() : cursor.uint32Little();
      if (cursor.short || format === 3) break;
      const type = LOGICAL[(head >> 2) & 7];
      if (type !== undefined) found.push({ type, value });
    } else if (kind === 0) {
      // A port and the address behind it.
      const size = (head & 0x10) !== 0 ? cursor.uint8() : 1;
      if ((head & 0x0f) === 0x0f) cursor.skip(2);
      cursor.skip(size + (size > 1 ? size & 1 : 0));
    } else if (head === 0x91) {
      const size = cursor.uint8();
      cursor.skip(size + (size & 1));
    } else if (head === 0x80) cursor.skip(2 * cursor.uint8());
    else break;
    if (cursor.short) break;
  }
  return found;
}

function attributeList(cursor: Cursor): number[] {
  const count = Math.min(cursor.uint16Little(), MOST_ATTRIBUTES);
  const found: number[] = [];
  for (let index = 0; index < count && cursor.left >= 2; index++) found.push(cursor.uint16Little());
  return found;
}

/** Volume 1, A-4.10: offsets from the count on, one a service. */
function multiple(cursor: Cursor, budget: { left: number }, depth: number): CipMessage[] {
  const base = cursor.at;
  const count = cursor.uint16Little();
  const offsets: number[] = [];
  for (let index = 0; index < count && cursor.left >= 2; index++) offsets.push(cursor.uint16Little());
  const found: CipMessage[] = [];
  for (let index = 0; index < offsets.length && budget.left > 0; index++) {
    const from = base + offsets[index];
    const to = index + 1 < offsets.length ? Math.min(cursor.end, base + offsets[index + 1]) : cursor.end;
    if (from < cursor.at || from >= to) continue;
    const message = readMessage(new Cursor(cursor.bytes, from, to), budget, depth + 1);
    if (message !== undefined) found.push(message);
  }
  return found;
}

/** Volume 1, 3-5.5.4: a message for a device behind this one. */
function embedded(cursor: Cursor, budget: { left: number }, depth: number): CipMessage[] {
  cursor.skip(2);
  const length = cursor.uint16Little();
  if (cursor.short) return [];
  const message = readMessage(new Cursor(cursor.bytes, cursor.at, Math.min(cursor.end, cursor.at + length)), budget, depth + 1);
  return message === undefined ? [] : [message];
}

/** The message and all that it carries, from outside in. */
export function* everyService(message: CipMessage): Generator<CipMessage> {
  yield message;
  for (const one of message.inner) yield* everyService(one);
}
