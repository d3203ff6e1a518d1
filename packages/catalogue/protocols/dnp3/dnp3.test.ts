/** DNP3: frames and messages put together from them, objects of every kind of range and prefix, and what is wrong with them. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Direction, Flow, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { readMessage } from './application.ts';
import { protocol } from './dnp3.definition.ts';
import { checksum } from './link.ts';

const { dnp3 } = SAMPLES;
const little = (value: number): string => String.fromCharCode(value & 255, value >>> 8);
const summed = (text: string): string => text + little(checksum(fromLatin1(text), 0, text.length));

/** A frame from master 3 to station 4. */
function frame(data: string): string {
  const blocks = data.match(/[\s\S]{1,16}/g) ?? [];
  return summed(`\x05\x64${String.fromCharCode(5 + data.length)}\xc4\x04\0\x03\0`) + blocks.map(summed).join('');
}

const turns: Turns = [
  ['client', dnp3.write],
  ['server', dnp3.response],
];
const anomalies = (...client: readonly string[]) => tell(protocol, whole([['client', client.join('')]])).transactions.map((one) => one.anomalies);
const objects = (text: string) => readMessage(fromLatin1(`\xc0${text}`))?.objects;

test('a request and its response are told', () => {
  expect(tell(protocol, whole(turns)).transactions.flatMap((one) => one.records)).toMatchObject([
    {
      body: {
        type: 'request',
        src: 3,
        dst: 4,
        control: { dir: true, pri: true, function_code: 4 },
        application: {
          control: { fir: true, fin: true, sequence: 1 },
          function_code: 2,
          objects: [{ group: 50, variation: 1, count: 1, points: [{ index: 0, prefix: 0, timestamp: 0x013478563412 }] }],
          complete: true,
        },
      },
    },
    {
      body: {
        type: 'response',
        iin: { indicators: ['need_time', 'device_restart', 'object_unknown'] },
        application: {
          objects: [
            {
              start: 3,
              stop: 4,
              points: [
                { index: 3, online: 1, state: 1 },
                { index: 4, online: 1, state: 0 },
              ],
            },
          ],
        },
      },
    },
  ]);
});

test('scripts have the parts of a message as they came', () => {
  const session = protocol.open(new Flow(), DEFAULT_SETTINGS);
  const feed = (direction: Direction, text: string): number => session.consume(direction, fromLatin1(text), 0, text.length, false, 0);
  feed(TO_SERVER, dnp3.write);
  feed(TO_CLIENT, dnp3.response);
  expect(session.transactions.map((one) => protocol.scripted?.(one))).toMatchObject([
    {
      tx_num: 0,
      is_request: true,
      request: {
        done: true,
        complete: true,
        link_header: { control: 0xc4, dst: 4, src: 3 },
        transport_header: expect.any(Number),
        application_header: { control: 0xc1, function_code: 2 },
        objects: [{ group: 50, variation: 1, points: [{ index: 0, timestamp: 0x013478563412 }] }],
      },
    },
    { tx_num: 1, is_request: false, response: { indicators: 0x9002, objects: [{ points: [{ index: 3, online: 1, state: 1 }, { index: 4 }] }] } },
  ]);
});

test('the same at every split', () => {
  const told = tell(protocol, whole(turns));
  for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
});

test('segments are put together without their checksums', () => {
  const parts = frame('\x40\xc0\x02\x46\x08\x5b\x01\x04\0ab') + frame('\x81cd');
  const [transaction] = tell(protocol, whole([['client', parts]])).transactions;
  expect(transaction.anomalies).toEqual([]);
  expect(transaction.buffers['dnp3_data']).toEqual(['\xc0\x02\x46\x08\x5b\x01\x04\0abcd']);
  expect(transaction.records).toMatchObject([{ body: { application: { objects: [{ points: [{ size: 4, file_specification: 'abcd' }] }] } } }]);
});

test.each<[why: string, text: string, objects: readonly unknown[]]>([
  ['all there is', '\x01\x3c\x02\x06', [{ group: 60, variation: 2, qualifier: 6, count: 0, points: [] }]],
  ['a range of two bytes that is asked for has no values', '\x01\x1e\x01\x01\x05\0\x07\x01', [{ start: 5, stop: 263, count: 259, points: [] }]],
  [
    'one bit each',
    '\x02\x50\x01\x00\x07\x09\x05',
    [
      {
        points: [
          { index: 7, state: 1 },
          { index: 8, state: 0 },
          { index: 9, state: 1 },
        ],
      },
    ],
  ],
  ['numbers below zero', '\x02\x1e\x04\x17\x01\x09\xfe\xff', [{ points: [{ prefix: 9, index: 9, value: -2 }] }]],
  ['fractions', '\x02\x1e\x05\x07\x01\x01\0\0\xc0\x3f', [{ points: [{ index: 0, online: 1, value: 1.5 }] }]],
])('objects: %s', (_why, text, expected) => {
  expect(objects(text)).toMatchObject(expected);
});

test('what is wrong is told with the message', () => {
  const sound = frame('\xc0\xc0\x01\x3c\x01\x06');
  expect(anomalies(sound)).toEqual([[]]);
  expect(anomalies(`${sound.slice(0, 8)}xx${sound.slice(10)}`)).toEqual([['bad_link_crc']]);
  expect(anomalies(`${sound.slice(0, -2)}xx`)).toEqual([['bad_transport_crc']]);
  expect(anomalies(sound, '\x05\x64\x04\xc4\x04\0\x03\0\0\0')).toEqual([['len_too_small']]);
  expect(anomalies(frame('\xc0\xc0\x02\xf7\x01\x07\x01'))).toEqual([['unknown_object']]);
  expect(anomalies(frame('\xc0\xc0\x02\x01\x02\x08\xff\xff'))).toEqual([['too_many_points']]);
  expect(
    anomalies(...Array.from({ length: 70 }, (_none, index) => frame(String.fromCharCode(index === 0 ? 0x40 : index & 0x3f) + '\xc0\x01'.padEnd(249, '\0')))),
  ).toEqual([['too_long_reassembly']]);
});

test('noise before a frame is passed over', () => {
  expect(tell(protocol, whole([['client', `xyz\x05${dnp3.write}`]])).transactions).toHaveLength(1);
});

test('questions that nobody answers end the reading', () => {
  const told = anomalies(...Array.from({ length: 40 }, () => dnp3.write));
  expect(told).toHaveLength(33);
  expect(told[32]).toEqual(['flooded']);
});

test('cut anywhere, nothing throws', () => {
  const message = latin1(fromLatin1('\xc0\x02\x0c\x01\x28\x01\x00\x01\x00\x03\x01\x64\x00\x00\x00\x64\x00\x00\x00\x00'), 0, 20);
  for (let length = 0; length < message.length; length++) readMessage(fromLatin1(message.slice(0, length)));
});
