/** Control packets of MQTT 3.1, 3.1.1 and 5 (OASIS MQTT 5.0 §2 and §3). */
import { Cursor } from '@sigwright/bytes';
import { properties, textOf, variableLength } from './properties.ts';

/** By number; 0 is not assigned. */
export const TYPES = [
  'unassigned',
  'connect',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'pingreq',
  'pingresp',
  'disconnect',
  'auth',
] as const;
export const PUBLISH = TYPES.indexOf('publish');
export type MqttType = (typeof TYPES)[number];

const VERSION_5 = 5;
/** Topics and codes kept of one message. */
const MOST_TOPICS = 256;

const USERNAME = 0x80;
const PASSWORD = 0x40;
const WILL_RETAIN = 0x20;
const WILL = 0x04;
const CLEAN = 0x02;
export const CONNECT_FLAGS = { username: USERNAME, password: PASSWORD, will: WILL, will_retain: WILL_RETAIN, clean_session: CLEAN };

export interface Connect {
  readonly protocol: string;
  readonly version: number;
  /** the flags as they are sent */
  readonly flagBits: number;
  readonly flags: Readonly<Record<'username' | 'password' | 'will' | 'will_retain' | 'clean_session', boolean>>;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly will: { readonly topic: string; readonly message: string; readonly properties: Record<string, unknown> } | undefined;
}

export interface MqttMessage {
  readonly type: MqttType;
  readonly dup: boolean;
  readonly qos: number;
  readonly retain: boolean;
  /** bytes of a message too long to be read */
  skipped: number | undefined;
  id: number | undefined;
  connect: Connect | undefined;
  sessionPresent: boolean | undefined;
  topic: string | undefined;
  payload: Uint8Array | undefined;
  topics: { readonly topic: string; readonly qos: number }[];
  /** return or reason codes, one a topic where topics are answered */
  codes: number[];
  properties: Record<string, unknown>;
}

/** Length of a whole message; 0: too little is there; -1: no length. */
export function messageLength(bytes: Uint8Array, at: number, end: number): number {
  const cursor = new Cursor(bytes, at + 1, end);
  const length = variableLength(cursor);
  if (cursor.short) return 0;
  return length < 0 ? -1 : cursor.at - at + length;
}

/** One message. `sound` is false where its fields do not fill it. */
export function readMessage(bytes: Uint8Array, start: number, end: number, version: number, whole: boolean): { message: MqttMessage; sound: boolean } {
  const head = bytes[start];
  const cursor = new Cursor(bytes, start + 1, end);
  const length = variableLength(cursor);
  const message: MqttMessage = {
    type: TYPES[head >> 4],
    dup: (head & 8) !== 0,
    qos: (head >> 1) & 3,
    retain: (head & 1) !== 0,
    skipped: whole ? undefined : cursor.at - start + length,
    id: undefined,
    connect: undefined,
    sessionPresent: undefined,
    topic: undefined,
    payload: undefined,
    topics: [],
    codes: [],
    properties: {},
  };
  if (!whole) return { message, sound: true };
  const sound = body(message, cursor, version);
  return { message, sound: sound && !cursor.short };
}

function body(message: MqttMessage, cursor: Cursor, version: number): boolean {
  const withProperties = (): boolean => {
    if (version !== VERSION_5) return true;
    const found = properties(cursor);
    if (found !== undefined) message.properties = found;
    return found !== undefined;
  };
  switch (message.type) {
    case 'connect':
      return connect(message, cursor);
    case 'connack':
      message.sessionPresent = (cursor.uint8() & 1) !== 0;
      message.codes.push(cursor.uint8());
      return withProperties();
    case 'publish':
      message.topic = textOf(cursor);
      if (message.qos > 0) message.id = cursor.uint16();
      if (!withProperties()) return false;
      message.payload = cursor.take(cursor.left)?.slice();
      return true;
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      message.id = cursor.uint16();
      return reason(message, cursor, version);
    case 'subscribe':
    case 'unsubscribe':
      message.id = cursor.uint16();
      if (!withProperties()) return false;
      while (cursor.left > 0 && !cursor.short && message.topics.length < MOST_TOPICS)
        message.topics.push({ topic: textOf(cursor), qos: message.type === 'subscribe' ? cursor.uint8() & 3 : 0 });
      return true;
    case 'suback':
    case 'unsuback':
      message.id = cursor.uint16();
      if (!withProperties()) return false;
      while (cursor.left > 0 && message.codes.length < MOST_TOPICS) message.codes.push(cursor.uint8());
      return true;
    case 'disconnect':
      // As Suricata has it: a lone reason, without the length of its properties, counts as success.
      if (cursor.left === 1) cursor.skip(1);
      return reason(message, cursor, version);
    case 'auth':
      return reason(message, cursor, version);
    default:
      return true;
  }
}

/** In version 5 a reason may follow and properties behind it; what is left out means success (§3.4.2.1). */
function reason(message: MqttMessage, cursor: Cursor, version: number): boolean {
  if (version !== VERSION_5) return true;
  message.codes.push(cursor.left > 0 ? cursor.uint8() : 0);
  if (cursor.left === 0) return true;
  const found = properties(cursor);
  if (found !== undefined) message.properties = found;
  return found !== undefined;
}

function connect(message: MqttMessage, cursor: Cursor): boolean {
  const protocol = textOf(cursor);
  const version = cursor.uint8();
  const flags = cursor.uint8();
  cursor.skip(2); // keep alive
  const inVersion5 = version === VERSION_5;
  const found = inVersion5 ? properties(cursor) : {};
  if (found === undefined) return false;
  message.properties = found;
  const clientId = textOf(cursor);
  let will: Connect['will'];
  if ((flags & WILL) !== 0) {
    const willProperties = inVersion5 ? properties(cursor) : {};
    if (willProperties === undefined) return false;
    will = { topic: textOf(cursor), message: textOf(cursor), properties: willProperties };
  }
  message.connect = {
    protocol,
    version,
    flagBits: flags,
    flags: {
      username: (flags & USERNAME) !== 0,
      password: (flags & PASSWORD) !== 0,
      will: will !== undefined,
      will_retain: (flags & WILL_RETAIN) !== 0,
      clean_session: (flags & CLEAN) !== 0,
    },
    clientId,
    will,
    username: (flags & USERNAME) !== 0 ? textOf(cursor) : undefined,
    password: (flags & PASSWORD) !== 0 ? textOf(cursor) : undefined,
  };
  return true;
}

/** First byte and length. */
export function headLength(bytes: Uint8Array, at: number): number {
  let length = 2;
  while (length < 5 && (bytes[at + length - 1] & 0x80) !== 0) length++;
  return length;
}
