/** EtherNet/IP transaction → EVE record. */
import type { CipMessage } from './cip.ts';
import { COMMANDS, type EnipPacket, type Identity, type Service, STATUSES } from './encapsulation.ts';
import { CIP_STATUSES, CLASSES, CONNECTION_FAILURES, DEVICE_TYPES, SERVICES, VENDORS } from './names.ts';
import type { EnipTransaction } from './session.ts';

type Body = Record<string, unknown>;

const named = (table: Readonly<Record<string, number>>): ReadonlyMap<number, string> => new Map(Object.entries(table).map(([name, number]) => [number, name]));
const COMMAND_NAMES = named(COMMANDS);
const STATUS_NAMES = named(STATUSES);

/** Text, too, so that a field is of one type. */
function unknown(number: number): string {
  return `unknown-${number}`;
}

const CONNECTION_FAILURE = 1;

function cipBody({ service, isResponse, path, status, extendedStatus, inner }: CipMessage): Body {
  const classNumber = path.find(({ type }) => type === 'class')?.value;
  const meaning = status === CONNECTION_FAILURE ? CONNECTION_FAILURES[extendedStatus[0]] : undefined;
  return {
    service: SERVICES[service] ?? unknown(service),
    ...(isResponse ? { status: CIP_STATUSES[status] ?? unknown(status) } : {}),
    ...(extendedStatus.length > 0 ? { status_extended: extendedStatus.map((word) => word.toString(16).padStart(4, '0')).join('') } : {}),
    ...(meaning === undefined ? {} : { status_extended_meaning: meaning }),
    ...(path.length > 0 ? { path: path.map(({ type, value }) => ({ segment_type: type, value })) } : {}),
    ...(classNumber === undefined ? {} : { class_name: CLASSES[classNumber] ?? unknown(classNumber) }),
    ...(inner.length > 0 ? { multiple: inner.map(cipBody) } : {}),
  };
}

function identityBody(one: Identity): Body {
  return {
    protocol_version: one.protocolVersion,
    revision: `${one.revision >> 8}.${one.revision & 255}`,
    vendor_id: VENDORS[one.vendor] ?? unknown(one.vendor),
    device_type: DEVICE_TYPES[one.deviceType] ?? unknown(one.deviceType),
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
