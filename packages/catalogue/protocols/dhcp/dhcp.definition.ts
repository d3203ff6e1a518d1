/** DHCP (RFC 2131, options of RFC 2132): one transaction a message. A record tells of what was assigned, that is of acknowledgements. */
import { Cursor, formatAddressLong, hex, latin1 } from '@sigwright/bytes';
import { IS_THIS, NOT_THIS, type ProtocolDefinition } from '@sigwright/contracts';
import { COMPLETE, type Message, MessageSession } from '../../formats/messages/framed-session.ts';

const REQUEST = 1;
const REPLY = 2;
const COOKIE = 0x63825363;
const COOKIE_AT = 236;
const PAD = 0;
const HOST_NAME = 12;
const MESSAGE_TYPE = 53;
const END = 255;
const ACKNOWLEDGEMENT = 5;
const MESSAGE_TYPES = ['', 'discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'];

interface DhcpMessage {
  readonly reply: boolean;
  readonly id: number;
  readonly hardware: string;
  readonly clientAddress: string;
  readonly assigned: string;
  readonly server: string;
  readonly relay: string;
  readonly type: number;
  readonly hostName: string | undefined;
}

function address(value: number): string {
  return formatAddressLong(Uint32Array.of(value, 0, 0, 0), 4);
}

function read(bytes: Uint8Array, start: number, end: number): DhcpMessage | undefined {
  const cursor = new Cursor(bytes, start, end);
  const operation = cursor.uint8();
  cursor.skip(1);
  const hardwareLength = cursor.uint8();
  cursor.skip(1);
  const id = cursor.uint32();
  cursor.skip(4);
  const addresses = [cursor.uint32(), cursor.uint32(), cursor.uint32(), cursor.uint32()].map(address);
  const hardware = cursor.take(16);
  cursor.skip(64 + 128);
  if (cursor.uint32() !== COOKIE || hardware === undefined || (operation !== REQUEST && operation !== REPLY)) return undefined;
  let type = 0;
  let hostName: string | undefined;
  while (cursor.left > 0) {
    const code = cursor.uint8();
    if (code === PAD) continue;
    if (code === END) break;
    const value = cursor.take(cursor.uint8());
    if (value === undefined) break;
    if (code === MESSAGE_TYPE && value.length > 0) type = value[0];
    else if (code === HOST_NAME) hostName = latin1(value, 0, value.length);
  }
  return {
    reply: operation === REPLY,
    id,
    hardware: Array.from(hardware.subarray(0, Math.min(16, hardwareLength)), (byte) => hex(Uint8Array.of(byte))).join(':'),
    clientAddress: addresses[0],
    assigned: addresses[1],
    server: addresses[2],
    relay: addresses[3],
    type,
    hostName,
  };
}

function body({ content }: Message<DhcpMessage>): Record<string, unknown> {
  const record: Record<string, unknown> = {
    type: content.reply ? 'reply' : 'request',
    id: content.id,
    client_mac: content.hardware,
    assigned_ip: content.assigned,
  };
  if (content.clientAddress !== '0.0.0.0') record['client_ip'] = content.clientAddress;
  if (content.reply) {
    record['relay_ip'] = content.relay;
    record['next_server_ip'] = content.server;
  }
  if (content.type > 0) record['dhcp_type'] = MESSAGE_TYPES[content.type] ?? 'unknown';
  if (content.hostName !== undefined) record['hostname'] = content.hostName;
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'dhcp',
  recordName: 'dhcp',
  transport: ['udp'],
  summary: 'assignment of addresses',
  ports: [67, 68],
  anyPort: false,
  recognise(bytes, start, end) {
    if (end - start < COOKIE_AT + 4) return NOT_THIS;
    const cookie = new Cursor(bytes, start + COOKIE_AT, end).uint32();
    return (bytes[start] === REQUEST || bytes[start] === REPLY) && cookie === COOKIE ? IS_THIS : NOT_THIS;
  },
  open: () => new MessageSession(read),
  complete: COMPLETE,
  buffers: [],
  keywords: [],
  anomalies: [{ name: 'malformed_data', summary: 'a message that can not be read' }],
  records: (transaction) => {
    const message = transaction as Message<DhcpMessage>;
    return message.content.type === ACKNOWLEDGEMENT ? [{ type: 'dhcp', body: body(message), direction: message.direction }] : [];
  },
  context: (transaction) => body(transaction as Message<DhcpMessage>),
};
