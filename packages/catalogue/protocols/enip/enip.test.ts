/** EtherNet/IP: packets in pairs, identities, services of CIP and what they carry; the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import {
  type BufferDefinition,
  type Direction,
  Flow,
  IS_THIS,
  IS_THIS_REVERSED,
  type KeywordDefinition,
  NEED_MORE,
  NOT_THIS,
  type RuleBuilder,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  type TransactionCondition,
  UDP,
} from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './enip.definition.ts';

const { enip } = SAMPLES;
const bodies = (turns: Turns) => tell(protocol, whole(turns)).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

const dialogue: Turns = [
  ['client', enip.register],
  ['server', enip.registered],
  ['client', enip.askIdentity],
  ['server', enip.identity],
  ['client', enip.askServices],
  ['server', enip.services],
  ['client', enip.multiple],
  ['server', enip.multipleDone],
  ['client', enip.sent],
  ['client', enip.leave],
];

describe('a dialogue', () => {
  test('is read', () => {
    expect(bodies(dialogue)).toMatchObject([
      {
        request: { command: 'register_session', status: 'success', register_session: { protocol_version: 1, options: 0 } },
        response: { command: 'register_session' },
      },
      {
        request: { command: 'list_identity' },
        response: {
          identity: {
            protocol_version: 1,
            revision: '4.3',
            vendor_id: 'unknown-9',
            device_type: 'Communications Adapter',
            product_code: 58,
            status: 48,
            serial: 0x01020304,
            product_name: 'Gate',
            state: 3,
          },
        },
      },
      { response: { list_services: { protocol_version: 1, capabilities: 0x120, service_name: 'Communications' } } },
      {
        request: {
          command: 'send_unit_data',
          cip: {
            service: 'multiple_service',
            multiple: [
              {
                service: 'get_attr_list',
                path: [
                  { segment_type: 'class', value: 1 },
                  { segment_type: 'instance', value: 2 },
                ],
                class_name: 'identity',
              },
              {
                service: 'get_attr_single',
                path: [
                  { segment_type: 'class', value: 300 },
                  { segment_type: 'attribute', value: 4 },
                ],
              },
            ],
          },
        },
        response: {
          cip: {
            service: 'multiple_service',
            status: 'success',
            multiple: [{ status: 'success' }, { status: 'service_not_supported', status_extended: '2104' }],
          },
        },
      },
      { request: { command: 'send_rr_data', cip: { service: 'unconnected_send', multiple: [{ service: 'reset' }] } } },
      { request: { command: 'unregister_session' } },
    ]);
  });

  test('why a connection failed is said', () => {
    const told = bodies([['server', enip.multipleDone.replace('\x08\x01\x04\x21', '\x01\x01\x07\x01')]]) as [{ response: object }];
    expect(told[0].response).toMatchObject({ cip: { multiple: [{}, { status: 'connection_failure', status_extended_meaning: 'connection_not_found' }] } });
  });

  test('a service that a vendor made up is text, too', () => {
    const [{ request }] = bodies([['client', enip.sent.replace('\x05\x02\x20\x01', '\x4c\x02\x20\x01')]]) as [{ request: object }];
    expect(request).toMatchObject({ cip: { multiple: [{ service: 'unknown-76' }] } });
  });

  test('is the same at every split', () => {
    const told = tell(protocol, whole(dialogue));
    expect(told.transactions.map((one) => one.anomalies)).toEqual([[], [], [], [], [], []]);
    for (const pieces of everySplit(dialogue)) expect(tell(protocol, pieces)).toEqual(told);
  });

  test('gives names to rules', () => {
    expect(
      tell(protocol, whole(dialogue))
        .transactions.map((one) => one.buffers)
        .filter((one) => Object.keys(one).length > 0),
    ).toEqual([{ 'enip.product_name<': ['Gate'] }, { 'enip.service_name<': ['Communications'] }]);
  });
});

/** In which of the dialogue's transactions, and directions, does a keyword hold? */
function found(name: string, argument: string): string[] {
  const definition = protocol.keywords.find((one) => one.name === name) as unknown as KeywordDefinition<unknown>;
  const read = definition.argument.read(argument);
  if (!('value' in read)) throw new Error(read.problem);
  const made: TransactionCondition[] = [];
  definition.apply(read.value, { addTransaction: (one: TransactionCondition) => made.push(one) } as unknown as RuleBuilder);
  const flow = new Flow();
  flow.protocol = TCP;
  const session = protocol.open(flow, {} as never);
  for (const [direction, bytes] of whole(dialogue)) session.consume(direction, bytes, 0, bytes.length, false, 1);
  return session.transactions.flatMap((transaction) =>
    ([TO_SERVER, TO_CLIENT] as Direction[])
      .filter((direction) => made[0].test(transaction, direction, flow) === true)
      .map((direction) => `${transaction.id}${direction === TO_SERVER ? '>' : '<'}`),
  );
}

test.each<[name: string, argument: string, where: readonly string[]]>([
  ['enip_command', '99', ['1>', '1<']],
  ['enip_command', 'send_unit_data', ['3>', '3<']],
  ['enip.status', 'success', ['0>', '0<', '1>', '1<', '2>', '2<', '3>', '3<', '4>', '5>']],
  ['enip.protocol_version', '1', ['0>', '0<', '1<', '2<']],
  ['enip.revision', '0x403', ['1<']],
  ['enip.serial', '>0x01020303', ['1<']],
  ['enip.capabilities', '0x120', ['2<']],
  ['enip.cip_attribute', '7', ['3>']],
  ['enip.cip_attribute', '4', ['3>']],
  ['enip.cip_class', '300', ['3>']],
  ['enip.cip_instance', '2', ['3>']],
  ['enip.cip_status', '8', ['3<']],
  ['enip.cip_extendedstatus', '0x2104', ['3<']],
  ['cip_service', '10', ['3>', '3<']],
  ['cip_service', '3,1,7', ['3>']],
  ['cip_service', '3,1,8', []],
  ['cip_service', '5', ['4>']],
])('%s:%s', (name, argument, where) => {
  expect(found(name, argument)).toEqual(where);
});

test.each<[why: string, turns: Turns, told: unknown]>([
  [
    'a packet that lacks what its command says',
    [['client', `${enip.register.slice(0, 2)}\0\0${enip.register.slice(4, 24)}`]],
    { transactions: [{ anomalies: ['invalid_pdu'] }] },
  ],
  ['no packet', [['client', 'x'.repeat(24)]], { broken: true, anomalies: ['invalid_pdu'] }],
])('%s is told', (_why, turns, told) => {
  expect(tell(protocol, whole(turns))).toMatchObject(told as object);
});

test('requests that nobody answers are bounded, and that is told', () => {
  const told = tell(protocol, whole([['client', enip.askIdentity.repeat(257)]]));
  expect(told.transactions[256].anomalies).toEqual(['too_many_transactions']);
});

test('every buffer reads either direction', () => {
  expect(protocol.buffers.map((one: BufferDefinition) => one.name)).toEqual(['enip.product_name', 'enip.service_name']);
});

test.each([
  ['a packet', enip.askIdentity, UDP, 5000, IS_THIS],
  ['half a packet', enip.register.slice(0, 20), TCP, 5000, NEED_MORE],
  ['half a datagram', enip.register.slice(0, 20), UDP, 5000, NOT_THIS],
  ['a server heard first', enip.identity, TCP, 44_818, IS_THIS_REVERSED],
  ['HTTP', 'GET / HTTP/1.1\r\nHost: example.org\r\n', TCP, 5000, NOT_THIS],
] as const)('recognises %s', (_why, text, transport, port, answer) => {
  const flow = new Flow();
  flow.protocol = transport;
  flow.sourcePort = port;
  flow.destinationPort = port === 44_818 ? 5000 : 44_818;
  expect(protocol.recognise(fromLatin1(text), 0, text.length, TO_SERVER, flow)).toBe(answer);
});
