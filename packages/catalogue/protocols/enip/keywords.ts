/** Keywords of EtherNet/IP and CIP. Suricata user guide, "ENIP/CIP Keywords". */
import { fromLatin1 } from '@sigwright/bytes';
import { type Direction, keyword, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';
import { MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { type NumberKeyword, numberKeywords } from '../../formats/messages/number-keywords.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { type CipMessage, everyService, type SegmentType } from './cip.ts';
import { COMMANDS, type Identity, STATUSES } from './encapsulation.ts';
import type { EnipTransaction } from './session.ts';

const BYTE = 255;
const WORD = 65_535;
const LONG = 4_294_967_295;

function services(transaction: EnipTransaction, direction: Direction): CipMessage[] {
  const cip = transaction.of(direction)?.cip;
  return cip === undefined ? [] : [...everyService(cip)];
}

function pathValues(transaction: EnipTransaction, direction: Direction, type: SegmentType): number[] {
  return services(transaction, direction).flatMap(({ path }) => path.filter((one) => one.type === type).map(({ value }) => value));
}

function ofIdentity(name: string, summary: string, maximum: number, read: (identity: Identity) => number): NumberKeyword<EnipTransaction> {
  return {
    name: `enip.${name}`,
    summary: `${summary} of a device that tells its identity`,
    since: '8.0',
    maximum,
    read: (one, direction) => one.of(direction)?.identities.map(read),
  };
}

const numbers: readonly NumberKeyword<EnipTransaction>[] = [
  {
    name: 'enip_command',
    aliases: ['enip.command'],
    summary: 'command of a packet',
    since: '3.2',
    maximum: WORD,
    words: COMMANDS,
    read: (one, direction) => one.of(direction)?.command,
  },
  { name: 'enip.status', summary: 'status of a packet', since: '8.0', maximum: LONG, words: STATUSES, read: (one, direction) => one.of(direction)?.status },
  {
    name: 'enip.protocol_version',
    summary: 'version of the protocol, where a packet tells it',
    since: '8.0',
    maximum: WORD,
    read(one, direction) {
      const packet = one.of(direction);
      if (packet === undefined) return undefined;
      const told = [...packet.identities, ...packet.services].map(({ protocolVersion }) => protocolVersion);
      return packet.registration === undefined ? told : [packet.registration.protocolVersion, ...told];
    },
  },
  ofIdentity('revision', 'revision', WORD, ({ revision }) => revision),
  ofIdentity('identity_status', 'status', WORD, ({ status }) => status),
  ofIdentity('state', 'state', BYTE, ({ state }) => state),
  ofIdentity('serial', 'serial number', LONG, ({ serial }) => serial),
  ofIdentity('product_code', 'product code', WORD, ({ productCode }) => productCode),
  ofIdentity('device_type', 'type', WORD, ({ deviceType }) => deviceType),
  ofIdentity('vendor_id', 'vendor', WORD, ({ vendor }) => vendor),
  {
    name: 'enip.capabilities',
    summary: 'capabilities of a service',
    since: '8.0',
    maximum: WORD,
    read: (one, direction) => one.of(direction)?.services.map(({ capabilities }) => capabilities),
  },
  {
    name: 'enip.cip_attribute',
    summary: 'attribute that a request names',
    since: '8.0',
    maximum: LONG,
    read: (one, direction) => [...pathValues(one, direction, 'attribute'), ...services(one, direction).flatMap(({ attributes }) => attributes)],
  },
  { name: 'enip.cip_class', summary: 'class that a request names', since: '8.0', maximum: LONG, read: (one, direction) => pathValues(one, direction, 'class') },
  {
    name: 'enip.cip_instance',
    summary: 'instance that a request names',
    since: '8.0',
    maximum: LONG,
    read: (one, direction) => pathValues(one, direction, 'instance'),
  },
  {
    name: 'enip.cip_status',
    summary: 'status of a service',
    since: '8.0',
    maximum: BYTE,
    read: (one, direction) =>
      services(one, direction)
        .filter(({ isResponse }) => isResponse)
        .map(({ status }) => status),
  },
  {
    name: 'enip.cip_extendedstatus',
    summary: 'extended status of a service',
    since: '8.0',
    maximum: WORD,
    read: (one, direction) => services(one, direction).flatMap(({ extendedStatus }) => extendedStatus),
  },
];

const texts = textBuffers<EnipTransaction>('enip', [
  {
    name: 'enip.product_name',
    summary: 'name of a product that tells its identity',
    since: '8.0',
    multiple: true,
    read: (one, index, direction) => bytesOf(one.of(direction)?.identities[index]?.productName),
  },
  {
    name: 'enip.service_name',
    summary: 'name of a service',
    since: '8.0',
    multiple: true,
    read: (one, index, direction) => bytesOf(one.of(direction)?.services[index]?.name),
  },
]);

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : fromLatin1(text);
}

interface WantedService {
  readonly service: number;
  readonly classNumber: number | undefined;
  readonly attribute: number | undefined;
}

function serviceArgument(written: string): { readonly value: WantedService } | { readonly problem: string } {
  const [service, classNumber, attribute, more] = written.split(',').map(numberIn);
  const parts = written.split(',').length;
  const sound = service !== undefined && service <= BYTE && (parts < 2 || (classNumber ?? LONG) <= WORD) && (parts < 3 || (attribute ?? LONG) <= WORD);
  if (!sound || parts > 3 || more !== undefined) return { problem: `\`${written}\` is not a service, or a service, class and attribute` };
  return { value: { service, classNumber, attribute } };
}

function names(message: CipMessage, type: SegmentType, wanted: number): boolean {
  if (type === 'attribute' && message.attributes.includes(wanted)) return true;
  return message.path.some((one) => one.type === type && one.value === wanted);
}

const cipService = keyword({
  name: 'cip_service',
  family: 'enip',
  since: '3.2',
  summary: 'a service of CIP, and the class and attribute it is asked of',
  kind: 'condition',
  protocol: 'enip',
  argument: custom('<service>[,<class>[,<attribute>]]', ['75', '16,246,6'], serviceArgument),
  examples: ['cip_service:75;', 'cip_service:16,246,6;'],
  broken: [
    { options: 'cip_service:read;', code: 'cip_service/argument' },
    { options: 'cip_service:1,2,3,4;', code: 'cip_service/argument' },
  ],
  apply({ service, classNumber, attribute }, builder) {
    builder.addTransaction({
      keyword: 'cip_service',
      describes: `service ${service}`,
      protocol: 'enip',
      progress: MESSAGE_COMPLETE,
      directions: [TO_SERVER, TO_CLIENT],
      test: (transaction: Transaction, direction) =>
        services(transaction as EnipTransaction, direction).some(
          (one) =>
            one.service === service &&
            (classNumber === undefined || names(one, 'class', classNumber)) &&
            (attribute === undefined || names(one, 'attribute', attribute)),
        ),
    });
  },
});

export const buffers = texts.buffers;
export const keywords = [...numberKeywords('enip', numbers), ...texts.keywords, cipService];
