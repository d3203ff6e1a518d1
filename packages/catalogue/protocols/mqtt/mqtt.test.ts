/** MQTT: what a dialogue gives, what is missed in half of one, that limits hold, and that all is the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './mqtt.definition.ts';
import { MqttSession } from './session.ts';

const { mqtt } = SAMPLES;

const dialogue: Turns = [
  ['client', mqtt.connect],
  ['server', mqtt.connected],
  ['client', mqtt.publish + mqtt.subscribe],
  ['server', mqtt.published + mqtt.subscribed],
  ['client', mqtt.unsubscribe],
  ['server', mqtt.unsubscribed],
  ['client', mqtt.ping + mqtt.leave],
];
const bodies = (turns: Turns, settings = DEFAULT_SETTINGS) =>
  tell(protocol, whole(turns), settings).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));
const anomalies = (...turns: Turns) => tell(protocol, whole(turns)).transactions.map((one) => one.anomalies);

test('a question and its answer are one record', () => {
  expect(bodies(dialogue)).toMatchObject([
    {
      connect: { protocol_string: 'MQTT', protocol_version: 5, client_id: 'sensor', username: 'alice', properties: { receive_maximum: 20 } },
      connack: { session_present: false, return_code: 0 },
    },
    {
      publish: { topic: 'room/1', message_id: 7, message: '21.5', qos: 1, properties: { payload_format_indicator: 1, unit: 'C' } },
      puback: { message_id: 7, reason_code: 16 },
    },
    {
      subscribe: {
        topics: [
          { topic: 'room/#', qos: 1 },
          { topic: 'hall', qos: 0 },
        ],
      },
      suback: { qos_granted: [1, 128] },
    },
    { unsubscribe: { topics: ['hall'] }, unsuback: { reason_codes: [0] } },
    { pingreq: { qos: 0 } },
    { disconnect: { reason_code: 4 } },
  ]);
  expect(tell(protocol, whole(dialogue)).transactions.flatMap((one) => one.anomalies)).toEqual([]);
});

test('is the same at every split', () => {
  const told = tell(protocol, whole(dialogue));
  for (const pieces of everySplit(dialogue)) expect(tell(protocol, pieces)).toEqual(told);
});

test('rules see topics and passwords; records keep passwords back where they are told to', () => {
  const [connect, publish, subscribe] = tell(protocol, whole(dialogue)).transactions;
  expect(connect.buffers['mqtt.connect.password']).toEqual(['secret']);
  expect(publish.buffers['mqtt.publish.message']).toEqual(['21.5']);
  expect(subscribe.buffers['mqtt.subscribe.topic']).toEqual(['room/#', 'hall']);
  expect(JSON.stringify(bodies(dialogue))).toContain('secret');
  expect(JSON.stringify(bodies(dialogue, { ...DEFAULT_SETTINGS, mqtt: { ...DEFAULT_SETTINGS.mqtt, passwords: false } }))).not.toContain('secret');
});

test('answers without a question, and what comes before the logon', () => {
  expect(anomalies(['server', mqtt.connected])).toEqual([['missing_connect']]);
  expect(anomalies(['client', mqtt.ping])).toEqual([['unintroduced_message']]);
  expect(anomalies(['client', mqtt.connect], ['server', mqtt.connected + mqtt.published])[1]).toEqual(['missing_publish']);
  expect(anomalies(['client', mqtt.connect + mqtt.connect])[1]).toEqual(['double_connect']);
});

test('what can not be read', () => {
  const start: Turns = [
    ['client', mqtt.connect],
    ['server', mqtt.connected],
  ];
  expect(anomalies(...start, ['client', '\x36\x05\0\x01a\0\x01'])[1]).toContain('invalid_qos_level');
  expect(anomalies(...start, ['client', '\x00\x00'])[1]).toEqual(['unassigned_msg_type']);
  // properties longer than the message
  expect(anomalies(...start, ['client', '\x30\x05\0\x01a\x7fx'])[1]).toEqual(['malformed_traffic']);
  // a length that does not end
  expect(anomalies(...start, ['client', '\x30\xff\xff\xff\xff\xff'])[1]).toEqual(['malformed_traffic']);
});

test('a reason for leaving counts where properties may follow', () => {
  const last = (leave: string) => bodies([['client', mqtt.connect + leave]]).at(-1);
  expect(last('\xe0\x02\x04\0')).toMatchObject({ disconnect: { reason_code: 4 } });
  expect(last('\xe0\x01\x04')).toMatchObject({ disconnect: { reason_code: 0 } });
});

test('a message above the limit is passed over, and what follows is read', () => {
  const settings = { ...DEFAULT_SETTINGS, mqtt: { ...DEFAULT_SETTINGS.mqtt, messageLimit: 200 } };
  const long: Turns = [['client', `${mqtt.connect}\x30\xac\x02\0\x01a\0${'z'.repeat(296)}${mqtt.ping}`]];
  expect(bodies(long, settings).slice(1)).toMatchObject([{ publish: { truncated: true, skipped_length: 303 } }, { pingreq: {} }]);
  const short: Turns = [['client', mqtt.publish]];
  expect(bodies(short, { ...settings, mqtt: { ...settings.mqtt, shownText: 2 } })).toMatchObject([{ publish: { topic: 'ro[truncated 4 additional bytes]' } }]);
  // The topics of a subscription share what is shown.
  expect(bodies([['client', mqtt.connect + mqtt.subscribe]], { ...settings, mqtt: { ...settings.mqtt, shownText: 8 } })[1]).toMatchObject({
    subscribe: { topics: [{ topic: 'room/#' }, { topic: 'ha[truncated 2 additional bytes]' }] },
  });
});

test('a chat in which bytes stand for lengths is not recognised', () => {
  const bytes = fromLatin1('\x10\x0cMQ not this');
  expect(protocol.recognise(bytes, 0, bytes.length, 0, { destinationPort: 80 } as never)).toBe(0);
});

test('identifiers that are missing, and more exchanges than are kept', () => {
  const subscribe = (id: number): string => `\x82\x07${String.fromCharCode(id >> 8, id & 255)}\0\0\x01a\0`;
  expect(anomalies(['client', mqtt.connect], ['server', mqtt.connected], ['client', subscribe(0)])[1]).toContain('missing_msg_id');
  const many = Array.from({ length: 300 }, (_one, at) => subscribe(at + 1)).join('');
  const told = anomalies(['client', mqtt.connect], ['server', mqtt.connected], ['client', many]);
  expect(told[1]).toContain('too_many_transactions');
  expect(told[300]).not.toContain('too_many_transactions');
});

test('frames of messages that are read at once: the data of each is counted from the first, as Suricata has it', () => {
  const told: string[] = [];
  const session = new MqttSession(DEFAULT_SETTINGS);
  session.frames = {
    begin(_direction, type, at, length) {
      told.push(`${type} ${at}+${length}`);
      return { length, transaction: undefined };
    },
    endAt() {},
  };
  const message = '\xa2\x05\0\x02\0\x01a';
  const both = fromLatin1(message + message);
  session.consume(TO_SERVER, both, 0, both.length, false, 0);
  expect(told).toEqual(['pdu 0+7', 'header 0+2', 'data 2+5', 'pdu 7+7', 'header 7+2', 'data 2+5']);
  told.length = 0;
  const alone = fromLatin1(message);
  session.consume(TO_SERVER, alone, 0, alone.length, false, 0);
  expect(told).toEqual(['pdu 0+7', 'header 0+2', 'data 2+5']);
});
