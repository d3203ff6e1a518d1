/** MQTT transaction → EVE record (Suricata user guide, "Event type: MQTT"): one object a message, under the name of its type. */
import { latin1, shownTexts } from '@sigwright/bytes';
import type { MqttTransaction } from './session.ts';
import type { Connect, MqttMessage } from './wire.ts';

type Body = Record<string, unknown>;

export function mqttBody(transaction: MqttTransaction): Body {
  const record: Body = {};
  for (const message of transaction.messages) record[message.type] = shownTexts(messageBody(message, transaction));
  return record;
}

function messageBody(message: MqttMessage, transaction: MqttTransaction): Body {
  const body: Body = { qos: message.qos, retain: message.retain, dup: message.dup };
  if (message.skipped !== undefined) return { ...body, truncated: true, skipped_length: message.skipped };
  const { shownText } = transaction.settings;
  if (message.connect !== undefined) connectBody(body, message.connect, transaction.settings.passwords);
  if (message.sessionPresent !== undefined) body['session_present'] = message.sessionPresent;
  if (message.topic !== undefined) body['topic'] = cut(message.topic, shownText);
  if (message.id !== undefined) body['message_id'] = message.id;
  if (message.payload !== undefined) body['message'] = cut(latin1(message.payload, 0, message.payload.length), shownText);
  if (message.type === 'subscribe') body['topics'] = topics(message, shownText).map((topic, index) => ({ topic, qos: message.topics[index].qos }));
  if (message.type === 'unsubscribe') body['topics'] = topics(message, shownText);
  codes(body, message);
  if (Object.keys(message.properties).length > 0) body['properties'] = message.properties;
  return body;
}

function codes(body: Body, { type, codes: [first, ...more] }: MqttMessage): void {
  if (first === undefined) return;
  if (type === 'suback') body['qos_granted'] = [first, ...more];
  else if (type === 'unsuback') body['reason_codes'] = [first, ...more];
  else body[type === 'connack' ? 'return_code' : 'reason_code'] = first;
}

function connectBody(body: Body, connect: Connect, withPassword: boolean): void {
  body['protocol_string'] = connect.protocol;
  body['protocol_version'] = connect.version;
  body['flags'] = { ...connect.flags };
  body['client_id'] = connect.clientId;
  if (connect.username !== undefined) body['username'] = connect.username;
  if (withPassword && connect.password !== undefined) body['password'] = connect.password;
  if (connect.will === undefined) return;
  const { topic, message, properties } = connect.will;
  body['will'] = { topic, message, ...(Object.keys(properties).length > 0 ? { properties } : {}) };
}

/** Topics of a list share the characters that are shown; those behind are left out. */
function topics(message: MqttMessage, most: number): string[] {
  let left = most;
  const shown: string[] = [];
  for (const { topic } of message.topics) {
    if (left <= 0) break;
    shown.push(cut(topic, left));
    left -= topic.length;
  }
  return shown;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}[truncated ${text.length - most} additional bytes]`;
}
