/** IKE 1 and 2 (RFC 2409, RFC 7296) over UDP: header and list of payloads of each message. */
import { Cursor, hex } from '@sigwright/bytes';
import { IS_THIS, NOT_THIS, type ProtocolDefinition } from '@sigwright/contracts';
import { COMPLETE, type Message, MessageSession } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';

const HEADER = 28;
/** RFC 3948 §2.2: four zero bytes tell IKE from ESP on port 4500. */
const MARKED_PORT = 4500;
const MARKER = 4;
const RESPONSE = 0x20;
const ENCRYPTED_V1 = 0x01;
/** RFC 7296 §3.14, RFC 7383: what follows can not be read */
const ENCRYPTED_PAYLOADS: ReadonlySet<number> = new Set([46, 53]);
const NOTIFY = 41;
/** Payloads read of one message. */
const MOST_PAYLOADS = 64;

/** RFC 7296 §3.2 */
const PAYLOADS_V2: ReadonlyMap<number, string> = new Map([
  [33, 'SecurityAssociation'],
  [34, 'KeyExchange'],
  [35, 'IDInitiator'],
  [36, 'IDResponder'],
  [37, 'Certificate'],
  [38, 'CertificateRequest'],
  [39, 'Authentication'],
  [40, 'Nonce'],
  [41, 'Notify'],
  [42, 'Delete'],
  [43, 'VendorID'],
  [44, 'TrafficSelectorInitiator'],
  [45, 'TrafficSelectorResponder'],
  [46, 'EncryptedAndAuthenticated'],
  [47, 'Configuration'],
  [48, 'ExtensibleAuthentication'],
]);

interface IkeMessage {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  readonly major: number;
  readonly minor: number;
  readonly exchange: number;
  readonly flags: number;
  readonly messageId: number;
  readonly payloads: readonly number[];
  readonly notifications: readonly number[];
}

function markerLength(bytes: Uint8Array, start: number, end: number): number {
  return end - start > MARKER + HEADER && bytes[start] === 0 && bytes[start + 1] === 0 && bytes[start + 2] === 0 && bytes[start + 3] === 0 ? MARKER : 0;
}

function read(bytes: Uint8Array, from: number, end: number): IkeMessage | undefined {
  const start = from + markerLength(bytes, from, end);
  const cursor = new Cursor(bytes, start, end);
  const initiator = cursor.take(8);
  const responder = cursor.take(8);
  let next = cursor.uint8();
  const version = cursor.uint8();
  const exchange = cursor.uint8();
  const flags = cursor.uint8();
  const messageId = cursor.uint32();
  const length = cursor.uint32();
  if (initiator === undefined || responder === undefined || cursor.short || length < HEADER) return undefined;
  const payloads: number[] = [];
  const notifications: number[] = [];
  cursor.end = Math.min(cursor.end, start + length);
  const hidden = version >>> 4 === 1 && (flags & ENCRYPTED_V1) !== 0;
  while (next !== 0 && !hidden && payloads.length < MOST_PAYLOADS) {
    const type = next;
    const following = cursor.uint8();
    cursor.skip(1);
    const size = cursor.uint16();
    const content = cursor.take(size - 4);
    if (content === undefined) break;
    payloads.push(type);
    if (type === NOTIFY && content.length >= 4) notifications.push((content[2] << 8) | content[3]);
    if (ENCRYPTED_PAYLOADS.has(type)) break;
    next = following;
  }
  return {
    initiator: initiator.slice(),
    responder: responder.slice(),
    major: version >>> 4,
    minor: version & 15,
    exchange,
    flags,
    messageId,
    payloads,
    notifications,
  };
}

const { buffers, keywords } = textBuffers<Message<IkeMessage>>('ike', [
  { name: 'ike.init_spi', summary: 'the initiator’s security parameter index, in hex', since: '7.0', read: ({ content }) => hexText(content.initiator) },
  { name: 'ike.resp_spi', summary: 'the responder’s security parameter index, in hex', since: '7.0', read: ({ content }) => hexText(content.responder) },
]);

function hexText(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(hex(bytes), (letter) => letter.charCodeAt(0));
}

function body({ content }: Message<IkeMessage>): Record<string, unknown> {
  const record: Record<string, unknown> = {
    version_major: content.major,
    version_minor: content.minor,
    exchange_type: content.exchange,
    message_id: content.messageId,
    init_spi: hex(content.initiator),
    resp_spi: hex(content.responder),
  };
  if (content.major === 2) {
    record['role'] = (content.flags & RESPONSE) !== 0 ? 'responder' : 'initiator';
    record['errors'] = 0;
    record['payload'] = content.payloads.map((type) => PAYLOADS_V2.get(type) ?? `Unknown(${type})`);
    record['notify'] = content.notifications.map(String);
  }
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'ike',
  aliases: ['ikev2'],
  recordName: 'ike',
  transport: ['udp'],
  summary: 'key exchange of IPsec',
  ports: [500, MARKED_PORT],
  anyPort: false,
  recognise(bytes, from, end) {
    const start = from + markerLength(bytes, from, end);
    if (end - start < HEADER) return NOT_THIS;
    const major = bytes[start + 17] >>> 4;
    const exchange = bytes[start + 18];
    const length = new Cursor(bytes, start + 24, end).uint32();
    const known = major === 1 ? exchange >= 1 && exchange <= 33 : major === 2 ? exchange >= 34 && exchange <= 38 : false;
    return known && length === end - start ? IS_THIS : NOT_THIS;
  },
  open: () => new MessageSession(read),
  complete: COMPLETE,
  buffers,
  keywords,
  anomalies: [{ name: 'malformed_data', summary: 'a message that can not be read' }],
  records: (transaction) => {
    const message = transaction as Message<IkeMessage>;
    return [{ type: 'ike', body: body(message), direction: message.direction }];
  },
  context: (transaction) => body(transaction as Message<IkeMessage>),
};
