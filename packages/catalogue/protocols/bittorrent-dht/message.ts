/** Messages of the DHT protocol (BEP 5; nodes with IPv6 addresses, BEP 32): queries, responses and errors. */
import { entryOf, hex, uint16, utf8 } from '@sigwright/bytes';
import { type Bencoded, readBencoded } from './bencode.ts';

const NODE_ID = 20;
const PORT_BYTES = 2;
const V4 = 4;
const V6 = 16;

export interface Peer {
  readonly ip: string;
  readonly port: number;
}

export interface Node extends Peer {
  readonly id: string;
}

/** Ids, hashes and tokens are in hexadecimal. */
export interface DhtMessage {
  readonly transactionId: string;
  readonly clientVersion: string | undefined;
  readonly requestType: string | undefined;
  readonly request: Readonly<Record<string, string | number>> | undefined;
  readonly response:
    | {
        readonly id: string;
        readonly nodes: readonly Node[] | undefined;
        readonly nodes6: readonly Node[] | undefined;
        readonly values: readonly Peer[] | undefined;
        readonly token: string | undefined;
      }
    | undefined;
  readonly error: { readonly num: number; readonly msg: string } | undefined;
  /** something that must be there is not, or is of another kind */
  readonly malformed: boolean;
}

type Dictionary = ReadonlyMap<string, Bencoded>;

function dictionary(value: Bencoded | undefined): Dictionary | undefined {
  return value instanceof Map ? value : undefined;
}

function bytesOf(value: Bencoded | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function digits(value: Bencoded | undefined): string | undefined {
  const bytes = bytesOf(value);
  return bytes === undefined ? undefined : hex(bytes);
}

function address(bytes: Uint8Array, at: number, size: number): string {
  if (size === V4) return bytes.subarray(at, at + size).join('.');
  const groups: string[] = [];
  for (let part = at; part < at + size; part += 2) groups.push(uint16(bytes, part).toString(16).padStart(4, '0'));
  return groups.join(':');
}

function nodes(value: Bencoded | undefined, size: number): Node[] | undefined {
  const bytes = bytesOf(value);
  if (bytes === undefined) return undefined;
  const length = NODE_ID + size + PORT_BYTES;
  const found: Node[] = [];
  for (let at = 0; at + length <= bytes.length; at += length) {
    const ip = address(bytes, at + NODE_ID, size);
    found.push({ id: hex(bytes, at, at + NODE_ID), ip, port: uint16(bytes, at + NODE_ID + size) });
  }
  return found;
}

function peers(value: Bencoded | undefined): Peer[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found: Peer[] = [];
  for (const one of value as readonly Bencoded[]) {
    const bytes = bytesOf(one);
    const size = bytes === undefined ? 0 : bytes.length - PORT_BYTES;
    if (bytes !== undefined && (size === V4 || size === V6)) found.push({ ip: address(bytes, 0, size), port: uint16(bytes, size) });
  }
  return found;
}

/** Arguments by kind of query, in the order in which they are shown; those that must be there. */
const ARGUMENTS: Readonly<Record<string, { readonly texts: readonly string[]; readonly needed: readonly string[] }>> = {
  ping: { texts: ['id'], needed: ['id'] },
  find_node: { texts: ['id', 'target'], needed: ['id', 'target'] },
  get_peers: { texts: ['id', 'info_hash'], needed: ['id', 'info_hash'] },
  announce_peer: { texts: ['id', 'info_hash', 'token'], needed: ['id', 'info_hash', 'token', 'port'] },
};

function request(type: string, given: Dictionary | undefined): { readonly shown: Record<string, string | number> | undefined; readonly sound: boolean } {
  const known = entryOf(ARGUMENTS, type);
  if (known === undefined || given === undefined) return { shown: undefined, sound: false };
  const shown: Record<string, string | number> = {};
  for (const name of known.texts) {
    const value = digits(given.get(name));
    if (value !== undefined) shown[name] = value;
  }
  if (type === 'announce_peer') {
    for (const name of ['implied_port', 'port']) {
      const value = given.get(name);
      if (typeof value === 'number') shown[name] = value;
    }
  }
  return { shown, sound: known.needed.every((name) => shown[name] !== undefined) };
}

export function readMessage(bytes: Uint8Array, start: number, end: number): DhtMessage {
  const whole = dictionary(readBencoded(bytes, start, end));
  const transactionId = digits(whole?.get('t'));
  const kind = bytesOf(whole?.get('y'));
  let malformed = whole === undefined || transactionId === undefined;
  let requestType: string | undefined;
  let asked: DhtMessage['request'];
  let response: DhtMessage['response'];
  let error: DhtMessage['error'];
  switch (kind === undefined ? '' : utf8(kind)) {
    case 'q': {
      const type = bytesOf(whole?.get('q'));
      requestType = type === undefined ? undefined : utf8(type);
      const { shown, sound } = request(requestType ?? '', dictionary(whole?.get('a')));
      asked = shown;
      malformed ||= !sound;
      break;
    }
    case 'r': {
      const given = dictionary(whole?.get('r'));
      const id = digits(given?.get('id'));
      if (given === undefined || id === undefined) malformed = true;
      else {
        response = {
          id,
          nodes: nodes(given.get('nodes'), V4),
          nodes6: nodes(given.get('nodes6'), V6),
          values: peers(given.get('values')),
          token: digits(given.get('token')),
        };
      }
      break;
    }
    case 'e': {
      const given = whole?.get('e');
      const [num, msg] = Array.isArray(given) ? (given as readonly Bencoded[]) : [];
      if (typeof num === 'number' && msg instanceof Uint8Array) error = { num, msg: utf8(msg) };
      else malformed = true;
      break;
    }
    default:
      malformed = true;
  }
  return { transactionId: transactionId ?? '', clientVersion: digits(whole?.get('v')), requestType, request: asked, response, error, malformed };
}
