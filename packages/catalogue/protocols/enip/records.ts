/** EtherNet/IP transaction → EVE record. */
import type { CipMessage } from './cip.ts';
import { COMMANDS, type EnipPacket, type Identity, type Service, STATUSES } from './encapsulation.ts';
import type { EnipTransaction } from './session.ts';

type Body = Record<string, unknown>;

const named = (table: Readonly<Record<string, number>>): ReadonlyMap<number, string> => new Map(Object.entries(table).map(([name, number]) => [number, name]));
const COMMAND_NAMES = named(COMMANDS);
const STATUS_NAMES = named(STATUSES);

/** Services that every object may have (volume 1, appendix A), and those of connections. */
const SERVICES: Readonly<Record<number, string>> = {
  1: 'get_attr_all',
  2: 'set_attr_all',
  3: 'get_attr_list',
  4: 'set_attr_list',
  5: 'reset',
  6: 'start',
  7: 'stop',
  8: 'create',
  9: 'delete',
  10: 'multiple_service',
  13: 'apply_attributes',
  14: 'get_attr_single',
  16: 'set_attr_single',
  17: 'find_next_object',
  21: 'restore',
  22: 'save',
  23: 'nop',
  24: 'get_member',
  25: 'set_member',
  26: 'insert_member',
  27: 'remove_member',
  28: 'group_sync',
  78: 'forward_close',
  82: 'unconnected_send',
  84: 'forward_open',
  91: 'large_forward_open',
};

/** Text, too, so that a field is of one type. */
function unknown(number: number): string {
  return `unknown-${number}`;
}

function cipBody({ service, isResponse, path, attributes, status, extendedStatus, inner }: CipMessage): Body {
  return {
    service: SERVICES[service] ?? unknown(service),
    ...(isResponse ? { status } : {}),
    ...(extendedStatus.length > 0 ? { status_extended: extendedStatus } : {}),
    ...(path.length > 0 ? { path: path.map(({ type, value }) => ({ segment_type: type, value })) } : {}),
    ...(attributes.length > 0 ? { attributes } : {}),
    ...(inner.length > 0 ? { multiple: inner.map(cipBody) } : {}),
  };
}

function identityBody(one: Identity): Body {
  return {
    protocol_version: one.protocolVersion,
    revision: `${one.revision >> 8}.${one.revision & 255}`,
    vendor_id: one.vendor,
    device_type: one.deviceType,
    product_code: one.productCode,
    status: one.status,
    serial: one.serial,
    product_name: one.productName,
    state: one.state,
  };
}

function serviceBody({ protocolVersion, capabilities, name }: Service): Body {
  return { protocol_version: protocolVersion, capabilities, service_name: name };
}

function packetBody({ command, status, registration, identities, services, cip }: EnipPacket): Body {
  const [identity] = identities;
  const [service] = services;
  return {
    command: COMMAND_NAMES.get(command) ?? unknown(command),
    status: STATUS_NAMES.get(status) ?? unknown(status),
    ...(registration === undefined ? {} : { register_session: { protocol_version: registration.protocolVersion, options: registration.options } }),
    ...(identity === undefined ? {} : { identity: identityBody(identity) }),
    ...(service === undefined ? {} : { list_services: serviceBody(service) }),
    ...(cip === undefined ? {} : { cip: cipBody(cip) }),
  };
}

export function enipBody({ request, response }: EnipTransaction): Body {
  return {
    ...(request === undefined ? {} : { request: packetBody(request) }),
    ...(response === undefined ? {} : { response: packetBody(response) }),
  };
}
