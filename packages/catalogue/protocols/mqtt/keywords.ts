/** What rules see of MQTT. Suricata user guide, "MQTT Keywords". */
import { fromLatin1 } from '@sigwright/bytes';
import { type ArgumentGrammar, asKeywords, type KeywordDefinition, keyword, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { type Flags, flagsOf } from '../../arguments/flags.ts';
import { compares, comparison, custom, describeComparison } from '../../arguments/index.ts';
import { describeSeveral, holdsForSeveral, severalNumbers } from '../../arguments/several-numbers.ts';
import { MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import type { MqttTransaction } from './session.ts';
import { CONNECT_FLAGS, type Connect, type MqttMessage, type MqttType, TYPES } from './wire.ts';

const text = (value: string | undefined): Uint8Array | undefined => (value === undefined || value === '' ? undefined : fromLatin1(value));

const ofConnect =
  (read: (connect: Connect) => string | undefined) =>
  (one: MqttTransaction): Uint8Array | undefined =>
    text(one.messages.map((message) => (message.connect === undefined ? undefined : read(message.connect))).find((value) => value !== undefined));

const topics =
  (type: MqttType) =>
  (one: MqttTransaction, index: number): Uint8Array | undefined =>
    text(one.messages.find((message) => message.type === type)?.topics[index]?.topic);

const { buffers, keywords: sticky } = textBuffers<MqttTransaction>('mqtt', [
  { name: 'mqtt.connect.clientid', summary: 'identifier the client gives itself', since: '6.0', read: ofConnect((one) => one.clientId) },
  { name: 'mqtt.connect.username', summary: 'name the client logs on with', since: '6.0', read: ofConnect((one) => one.username) },
  { name: 'mqtt.connect.password', summary: 'password the client logs on with', since: '6.0', read: ofConnect((one) => one.password) },
  { name: 'mqtt.connect.willtopic', summary: 'topic of the message for when the client is lost', since: '6.0', read: ofConnect((one) => one.will?.topic) },
  { name: 'mqtt.connect.willmessage', summary: 'message for when the client is lost', since: '6.0', read: ofConnect((one) => one.will?.message) },
  { name: 'mqtt.connect.protocol_string', summary: 'name of the protocol', since: '7.0', read: ofConnect((one) => one.protocol) },
  { name: 'mqtt.publish.topic', summary: 'topic of a publication', since: '6.0', read: (one) => text(published(one)?.topic) },
  { name: 'mqtt.publish.message', summary: 'what is published', since: '6.0', read: (one) => published(one)?.payload },
  { name: 'mqtt.subscribe.topic', summary: 'a topic subscribed to', since: '6.0', multiple: true, read: topics('subscribe') },
  { name: 'mqtt.unsubscribe.topic', summary: 'a topic no longer wanted', since: '6.0', multiple: true, read: topics('unsubscribe') },
]);

export { buffers };

function published(one: MqttTransaction): MqttMessage | undefined {
  return one.messages.find((message) => message.type === 'publish');
}

function condition<Value>(
  name: string,
  summary: string,
  argument: ArgumentGrammar<Value>,
  examples: readonly string[],
  broken: string,
  describe: (wanted: Value) => string,
  holds: (wanted: Value, message: MqttMessage, transaction: MqttTransaction) => boolean,
  aliases?: readonly string[],
): KeywordDefinition<never> {
  return keyword<Value>({
    name,
    ...(aliases === undefined ? {} : { aliases }),
    family: 'mqtt',
    since: '6.0',
    summary,
    kind: 'condition',
    protocol: 'mqtt',
    argument,
    examples: examples.map((example) => `${name}:${example};`),
    broken: [{ options: `${name}:${broken};`, code: `${name}/argument` }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: name,
        describes: `${summary}: ${describe(wanted)}`,
        protocol: 'mqtt',
        progress: MESSAGE_COMPLETE,
        directions: [TO_SERVER, TO_CLIENT],
        test(transaction) {
          const one = transaction as MqttTransaction;
          return one.messages.some((message) => holds(wanted, message, one));
        },
      });
    },
  });
}

const DUP = 0x08;
const RETAIN = 0x01;
const HEAD_FLAGS = { dup: DUP, retain: RETAIN };

function headFlags(message: MqttMessage): number {
  return (message.dup ? DUP : 0) | (message.qos << 1) | (message.retain ? RETAIN : 0);
}

const told = ({ describes }: Flags): string => describes;

const yesOrNo = custom('yes|no|true|false', ['yes', 'false'], (written) => {
  const word = written.trim().toLowerCase();
  if (['yes', 'true'].includes(word)) return { value: true };
  return ['no', 'false'].includes(word) ? { value: false } : { problem: `\`${written}\` is neither yes nor no` };
});

const LAST_QOS = 2;
const MOST_BYTE = 255;

export const keywords = asKeywords(
  ...sticky,
  condition(
    'mqtt.type',
    'kind of a message',
    comparison(0, TYPES.length - 1, Object.fromEntries(TYPES.map((type, number) => [type, number]))),
    ['PUBLISH', 'connack', '!pingreq', '3'],
    'HELLO',
    describeComparison,
    (wanted, message) => compares(wanted, TYPES.indexOf(message.type)),
  ),
  condition(
    'mqtt.qos',
    'quality of service',
    { ...comparison(0, LAST_QOS), samples: ['1', '>0'] },
    ['0', '2', '>0'],
    '3',
    describeComparison,
    (wanted, message) => compares(wanted, message.qos),
  ),
  condition(
    'mqtt.reason_code',
    'return or reason code',
    severalNumbers(comparison(0, MOST_BYTE)),
    ['0', '>127', '>127,all', 'count>1'],
    '256',
    describeSeveral,
    (wanted, _message, { messages }) =>
      holdsForSeveral(
        wanted,
        messages.flatMap(({ codes }) => codes),
      ),
    ['mqtt.connack.return_code'],
  ),
  condition(
    'mqtt.protocol_version',
    'version of the protocol',
    comparison(0, MOST_BYTE),
    ['5', '<5'],
    'five',
    describeComparison,
    (wanted, _message, transaction) => compares(wanted, transaction.version),
  ),
  condition('mqtt.flags', 'flags of a message', flagsOf(HEAD_FLAGS), ['retain', '!dup,retain', '&8=8'], 'will', told, (wanted, message) =>
    wanted.holds(headFlags(message)),
  ),
  condition(
    'mqtt.connect.flags',
    'flags of a logon',
    flagsOf(CONNECT_FLAGS),
    ['username,!password', 'will', '&0xc0=0x80'],
    'dup',
    told,
    (wanted, { connect }) => connect !== undefined && wanted.holds(connect.flagBits),
  ),
  condition(
    'mqtt.connack.session_present',
    'the server knows the session',
    yesOrNo,
    ['yes', 'false'],
    'perhaps',
    String,
    (wanted, message) => message.sessionPresent === wanted,
  ),
);
