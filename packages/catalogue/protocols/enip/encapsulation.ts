/** Encapsulation packets of EtherNet/IP (CIP Networks Library, volume 2, chapter 2): header, session, services, identity, and items. */
import { Cursor, uint16Little } from '@sigwright/bytes';
import { type CipMessage, readCip } from './cip.ts';

export const HEADER = 24;
const CONTEXT_AT = 12;
const CONTEXT_BYTES = 8;

export const COMMANDS: Readonly<Record<string, number>> = {
  nop: 0x00,
  list_services: 0x04,
  list_identity: 0x63,
  list_interfaces: 0x64,
  register_session: 0x65,
  unregister_session: 0x66,
  send_rr_data: 0x6f,
  send_unit_data: 0x70,
  indicate_status: 0x72,
  cancel: 0x73,
};
export const STATUSES: Readonly<Record<string, number>> = {
  success: 0x00,
  invalid_cmd: 0x01,
  no_resources: 0x02,
  incorrect_data: 0x03,
  invalid_session: 0x64,
  invalid_length: 0x65,
  unsupported_prot_rev: 0x69,
};

const KNOWN_COMMANDS: ReadonlySet<number> = new Set(Object.values(COMMANDS));
const KNOWN_STATUSES: ReadonlySet<number> = new Set(Object.values(STATUSES));

const SERVICES_ITEM = 0x100;
const IDENTITY_ITEM = 0x0c;
const CONNECTED_ITEM = 0xb1;
const UNCONNECTED_ITEM = 0xb2;
const SOCKET_ADDRESS = 16;
const SERVICE_NAME = 16;
const MOST_ITEMS = 32;

export interface Identity {
  readonly protocolVersion: number;
  readonly vendor: number;
  readonly deviceType: number;
  readonly productCode: number;
  /** major in the high half */
  readonly revision: number;
  readonly status: number;
  readonly serial: number;
  readonly productName: string;
  readonly state: number;
}

export interface Service {
  readonly protocolVersion: number;
  readonly capabilities: number;
  readonly name: string;
}

export interface EnipPacket {
  readonly command: number;
  readonly session: number;
  readonly status: number;
  /** eight bytes that the answer says again */
  readonly context: string;
  readonly registration: { readonly protocolVersion: number; readonly options: number } | undefined;
  readonly identities: readonly Identity[];
  readonly services: readonly Service[];
  readonly cip: CipMessage | undefined;
  /** the packet's content is not what its command says */
  readonly damaged: boolean;
}

export function packetLength(bytes: Uint8Array, at: number): number {
  return HEADER + uint16Little(bytes, at + 2);
}

/** Can bytes[at, …), a whole header, be one? */
export function isHeader(bytes: Uint8Array, at: number, toServer: boolean): boolean {
  const cursor = new Cursor(bytes, at, at + HEADER);
  const command = cursor.uint16Little();
  const length = cursor.uint16Little();
  const session = cursor.uint32Little();
  const status = cursor.uint32Little();
  cursor.skip(CONTEXT_BYTES);
  if (!KNOWN_COMMANDS.has(command) || !KNOWN_STATUSES.has(status) || cursor.uint32Little() !== 0) return false;
  if (toServer && status !== 0) return false;
  switch (command) {
    case COMMANDS['list_services']:
    case COMMANDS['list_identity']:
    case COMMANDS['list_interfaces']:
      return !toServer || (length === 0 && session === 0);
    case COMMANDS['register_session']:
      return length === 4;
    case COMMANDS['unregister_session']:
      return length === 0;
    default:
      return true;
  }
}

/** bytes[start, end) is one packet, or what was kept of a long one. */
export function readPacket(bytes: Uint8Array, start: number, end: number, toServer: boolean): EnipPacket {
  const cursor = new Cursor(bytes, start, end);
  const command = cursor.uint16Little();
  cursor.skip(2);
  const session = cursor.uint32Little();
  const status = cursor.uint32Little();
  cursor.at = start + CONTEXT_AT;
  const context = cursor.latin1(CONTEXT_BYTES);
  cursor.skip(4);
  let registration: EnipPacket['registration'];
  let identities: readonly Identity[] = [];
  let services: readonly Service[] = [];
  let cip: CipMessage | undefined;
  const refused = status !== 0 && cursor.left === 0;
  if (command === COMMANDS['register_session']) registration = { protocolVersion: cursor.uint16Little(), options: cursor.uint16Little() };
  else if (refused) cursor.at = end;
  else if (command === COMMANDS['list_identity'] && !toServer) identities = items(cursor, IDENTITY_ITEM, identity);
  else if (command === COMMANDS['list_services'] && !toServer) services = items(cursor, SERVICES_ITEM, service);
  else if (command === COMMANDS['send_rr_data'] || command === COMMANDS['send_unit_data']) {
    cursor.skip(6); // interface and time-out
    cip = carried(cursor);
  }
  return { command, session, status, context, registration, identities, services, cip, damaged: cursor.short };
}

function items<Item>(cursor: Cursor, wanted: number, read: (cursor: Cursor) => Item): Item[] {
  const found: Item[] = [];
  const count = Math.min(cursor.uint16Little(), MOST_ITEMS);
  for (let index = 0; index < count && !cursor.short; index++) {
    const type = cursor.uint16Little();
    const length = cursor.uint16Little();
    const inner = new Cursor(cursor.bytes, cursor.at, Math.min(cursor.end, cursor.at + length));
    cursor.skip(length);
    if (type !== wanted) continue;
    const item = read(inner);
    if (inner.short) cursor.short = true;
    else found.push(item);
  }
  return found;
}

function identity(cursor: Cursor): Identity {
  const protocolVersion = cursor.uint16Little();
  cursor.skip(SOCKET_ADDRESS);
  const vendor = cursor.uint16Little();
  const deviceType = cursor.uint16Little();
  const productCode = cursor.uint16Little();
  const revision = cursor.uint16();
  const status = cursor.uint16Little();
  const serial = cursor.uint32Little();
  const productName = cursor.latin1(cursor.uint8());
  return { protocolVersion, vendor, deviceType, productCode, revision, status, serial, productName, state: cursor.uint8() };
}

function service(cursor: Cursor): Service {
  const protocolVersion = cursor.uint16Little();
  const capabilities = cursor.uint16Little();
  const name = cursor.latin1(Math.min(SERVICE_NAME, cursor.left));
  const zero = name.indexOf('\0');
  return { protocolVersion, capabilities, name: zero === -1 ? name : name.slice(0, zero) };
}

/** The message of the first data item. */
function carried(cursor: Cursor): CipMessage | undefined {
  const count = Math.min(cursor.uint16Little(), MOST_ITEMS);
  for (let index = 0; index < count && !cursor.short; index++) {
    const type = cursor.uint16Little();
    const length = cursor.uint16Little();
    const inner = new Cursor(cursor.bytes, cursor.at, Math.min(cursor.end, cursor.at + length));
    cursor.skip(length);
    if (type === CONNECTED_ITEM)
      inner.skip(2); // a number
    else if (type !== UNCONNECTED_ITEM) continue;
    const message = readCip(inner);
    if (message === undefined) cursor.short = true;
    return message;
  }
  return undefined;
}
