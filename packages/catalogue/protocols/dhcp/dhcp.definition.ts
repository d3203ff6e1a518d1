/** DHCP (RFC 2131, options of RFC 2132): one transaction a message. A record tells of what was assigned, that is of acknowledgements. */
import { Cursor, formatAddressLong, hex, shownText, uint32 } from '@sigwright/bytes';
import { IS_THIS, NOT_THIS, type ProtocolDefinition } from '@sigwright/contracts';
import { COMPLETE, type Message, MessageSession } from '../../formats/messages/framed-session.ts';
import { numberKeywords } from '../../formats/messages/number-keywords.ts';

const REQUEST = 1;
const REPLY = 2;
const COOKIE = 0x63825363;
const COOKIE_AT = 236;
/** RFC 2132 */
const PAD = 0;
const SUBNET_MASK = 1;
const ROUTERS = 3;
const NAME_SERVERS = 6;
const HOST_NAME = 12;
const REQUESTED_ADDRESS = 50;
const LEASE_TIME = 51;
const MESSAGE_TYPE = 53;
const SERVER = 54;
const PARAMETERS = 55;
const RENEWAL_TIME = 58;
const REBINDING_TIME = 59;
const VENDOR_CLASS = 60;
const CLIENT = 61;
const END = 255;
const ACKNOWLEDGEMENT = 5;
/** Type of a client identifier that is a hardware address: Ethernet. */
const ETHERNET = 1;
const MESSAGE_TYPES = ['', 'discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'];
/** Names by which records show the options that are asked for. */
const PARAMETER_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'subnet_mask'],
  [3, 'router'],
  [6, 'dns_server'],
  [15, 'domain'],
  [35, 'arp_timeout'],
  [42, 'ntp_server'],
  [66, 'tftp_server_name'],
  [150, 'tftp_server_ip'],
]);
/** Options kept of one message; there are 254 kinds. */
const MOST_OPTIONS = 256;

interface DhcpMessage {
  readonly reply: boolean;
  readonly id: number;
  readonly hardware: string;
  readonly clientAddress: string;
  readonly assigned: string;
  readonly server: string;
  readonly relay: string;
  readonly type: number;
  /** the first of each kind */
  readonly options: ReadonlyMap<number, Uint8Array>;
  /** whatever it says, and in full */
  readonly recorded: boolean;
  readonly truncated: boolean;
  readonly malformed: boolean;
}

function address(value: number): string {
  return formatAddressLong(Uint32Array.of(value, 0, 0, 0), 4);
}

function hardwareAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => hex(Uint8Array.of(byte))).join(':');
}

function read(bytes: Uint8Array, start: number, end: number, recorded: boolean): DhcpMessage | undefined {
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
  const options = new Map<number, Uint8Array>();
  let truncated = false;
  let malformed = false;
  let ended = false;
  while (cursor.left > 0 && options.size < MOST_OPTIONS) {
    const code = cursor.uint8();
    if (code === PAD) continue;
    if (code === END) {
      ended = true;
      break;
    }
    if (cursor.left === 0) {
      truncated = true;
      break;
    }
    const value = cursor.take(cursor.uint8());
    if (value === undefined) {
      truncated = true;
      break;
    }
    const least = LENGTHS.get(code);
    if (least !== undefined && value.length < least) malformed = true;
    else if (!options.has(code)) options.set(code, value.slice());
  }
  return {
    reply: operation === REPLY,
    id,
    hardware: hardwareAddress(hardware.subarray(0, Math.min(16, hardwareLength))),
    clientAddress: addresses[0],
    assigned: addresses[1],
    server: addresses[2],
    relay: addresses[3],
    type: options.get(MESSAGE_TYPE)?.[0] ?? 0,
    options,
    recorded,
    truncated: truncated || (!ended && cursor.left === 0),
    malformed,
  };
}

/** Options that must hold this much. */
const LENGTHS: ReadonlyMap<number, number> = new Map([
  [SUBNET_MASK, 4],
  [REQUESTED_ADDRESS, 4],
  [LEASE_TIME, 4],
  [MESSAGE_TYPE, 1],
  [SERVER, 4],
  [RENEWAL_TIME, 4],
  [REBINDING_TIME, 4],
  [CLIENT, 1],
]);

function option32({ options }: DhcpMessage, code: number): number | undefined {
  const value = options.get(code);
  return value === undefined ? undefined : uint32(value, 0);
}

function optionAddresses({ options }: DhcpMessage, code: number): string[] {
  const value = options.get(code) ?? new Uint8Array(0);
  return Array.from({ length: Math.floor(value.length / 4) }, (_none, index) => address(uint32(value, index * 4)));
}

class DhcpSession extends MessageSession<DhcpMessage> {
  protected override open(message: Message<DhcpMessage>): Message<DhcpMessage> {
    if (message.content.truncated) message.raise('truncated_options');
    if (message.content.malformed) message.raise('malformed_options');
    return super.open(message);
  }
}

/** What every record tells: whose address is whose. */
function shortBody(content: DhcpMessage): Record<string, unknown> {
  const record: Record<string, unknown> = {
    type: content.reply ? 'reply' : 'request',
    id: content.id,
    client_mac: content.hardware,
    assigned_ip: content.assigned,
  };
  if (content.type > 0) record['dhcp_type'] = MESSAGE_TYPES[content.type] ?? 'unknown';
  const client = content.options.get(CLIENT);
  if (client !== undefined) record['client_id'] = client[0] === ETHERNET ? hardwareAddress(client.subarray(1)) : hardwareAddress(client);
  const hostName = content.options.get(HOST_NAME);
  if (hostName !== undefined) record['hostname'] = shownText(hostName);
  const renewal = option32(content, RENEWAL_TIME);
  if (renewal !== undefined) record['renewal_time'] = renewal;
  return record;
}

/** The extended form. */
function body({ content }: Message<DhcpMessage>): Record<string, unknown> {
  const record = shortBody(content);
  if (content.clientAddress !== '0.0.0.0') record['client_ip'] = content.clientAddress;
  if (content.reply) {
    record['relay_ip'] = content.relay;
    record['next_server_ip'] = content.server;
  }
  for (const [code, name] of [
    [SUBNET_MASK, 'subnet_mask'],
    [REQUESTED_ADDRESS, 'requested_ip'],
  ] as const) {
    const value = option32(content, code);
    if (value !== undefined) record[name] = address(value);
  }
  for (const [code, name] of [
    [LEASE_TIME, 'lease_time'],
    [REBINDING_TIME, 'rebinding_time'],
  ] as const) {
    const value = option32(content, code);
    if (value !== undefined) record[name] = value;
  }
  for (const [code, name] of [
    [ROUTERS, 'routers'],
    [NAME_SERVERS, 'dns_servers'],
  ] as const) {
    const value = optionAddresses(content, code);
    if (value.length > 0) record[name] = value;
  }
  const asked = content.options.get(PARAMETERS);
  if (asked !== undefined) {
    const names = Array.from(asked, (code) => PARAMETER_NAMES.get(code)).filter((name) => name !== undefined);
    if (names.length > 0) record['params'] = names;
  }
  const vendor = content.options.get(VENDOR_CLASS);
  if (vendor !== undefined) record['vendor_class_identifier'] = shownText(vendor);
  return record;
}

const keywords = numberKeywords<Message<DhcpMessage>>(
  'dhcp',
  (
    [
      ['dhcp.leasetime', LEASE_TIME, 'seconds that an address is lent'],
      ['dhcp.renewal_time', RENEWAL_TIME, 'seconds until the loan is to be renewed'],
      ['dhcp.rebinding_time', REBINDING_TIME, 'seconds until another server may be asked'],
    ] as const
  ).map(([name, code, summary]) => ({ name, summary, since: '7.0', read: ({ content }: Message<DhcpMessage>) => option32(content, code) })),
);

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
  open: (_flow, { dhcp }) => new DhcpSession((bytes, start, end) => read(bytes, start, end, dhcp.everyMessage)),
  complete: COMPLETE,
  buffers: [],
  keywords,
  anomalies: [
    { name: 'truncated_options', summary: 'options that break off' },
    { name: 'malformed_options', summary: 'an option shorter than its kind is' },
    { name: 'malformed_data', summary: 'a message that can not be read' },
  ],
  records: (transaction) => {
    const message = transaction as Message<DhcpMessage>;
    const { content, direction } = message;
    if (!content.recorded && content.type !== ACKNOWLEDGEMENT) return [];
    return [{ type: 'dhcp', body: content.recorded ? body(message) : shortBody(content), direction }];
  },
  context: (transaction) => body(transaction as Message<DhcpMessage>),
};
