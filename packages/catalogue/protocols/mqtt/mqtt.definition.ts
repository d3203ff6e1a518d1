/** MQTT 3.1, 3.1.1 and 5 (OASIS), recognised by the name in a CONNECT, and on its port by any sound fixed header. */
import { latin1 } from '@sigwright/bytes';
import { type Direction, type Flow, IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, type Recognition, TO_SERVER } from '@sigwright/contracts';
import { COMPLETE } from '../../formats/messages/framed-session.ts';
import { buffers, keywords } from './keywords.ts';
import { mqttBody } from './records.ts';
import { MqttSession, type MqttTransaction } from './session.ts';
import { messageLength, PUBLISH } from './wire.ts';

const PORT = 1883;
const CONNECT = 0x10;
const NAMES = ['\0\x04MQTT', '\0\x06MQIsdp'];
/** Low bits of the first byte that are fixed (OASIS MQTT 5.0 §2.1.3), by type. */
const FIXED_FLAGS: Readonly<Record<number, number>> = { 6: 2, 8: 2, 10: 2 };

function recognise(bytes: Uint8Array, start: number, end: number, direction: Direction, flow: Flow): Recognition {
  const type = bytes[start] >> 4;
  if (type === 0) return NOT_THIS;
  const isConnect = bytes[start] === CONNECT && direction === TO_SERVER;
  if (!isConnect && flow.destinationPort !== PORT) return NOT_THIS;
  const length = messageLength(bytes, start, end);
  if (length <= 0) return length < 0 ? NOT_THIS : NEED_MORE;
  if (!isConnect) return type === PUBLISH || (bytes[start] & 15) === (FIXED_FLAGS[type] ?? 0) ? IS_THIS : NOT_THIS;
  let at = start + 1;
  while (bytes[at] >= 0x80) at++;
  const shown = latin1(bytes, at + 1, Math.min(end, at + 1 + NAMES[1].length));
  if (NAMES.some((name) => shown.startsWith(name))) return IS_THIS;
  return NAMES.some((name) => name.startsWith(shown)) ? NEED_MORE : NOT_THIS;
}

export const protocol: ProtocolDefinition = {
  name: 'mqtt',
  recordName: 'mqtt',
  transport: ['tcp'],
  summary: 'messages of devices, by topic',
  ports: [PORT],
  anyPort: true,
  recognise,
  open: (_flow, settings) => new MqttSession(settings),
  complete: COMPLETE,
  frames: ['pdu', 'header', 'data'],
  buffers,
  keywords,
  anomalies: [
    { name: 'missing_connect', summary: 'a logon answered that was not seen' },
    { name: 'missing_publish', summary: 'a publication answered that was not seen' },
    { name: 'missing_subscribe', summary: 'a subscription answered that was not seen' },
    { name: 'missing_unsubscribe', summary: 'the end of a subscription answered that was not seen' },
    { name: 'double_connect', summary: 'a second logon' },
    { name: 'unintroduced_message', summary: 'a message before the logon was answered' },
    { name: 'invalid_qos_level', summary: 'a quality of service that does not exist' },
    { name: 'missing_msg_id', summary: 'a message without the identifier it needs' },
    { name: 'unassigned_msg_type', summary: 'a kind of message that does not exist' },
    { name: 'too_many_transactions', summary: 'more exchanges open than are kept' },
    { name: 'malformed_traffic', summary: 'a message that can not be read' },
  ],
  records: (transaction) => {
    const one = transaction as MqttTransaction;
    return one.messages.length === 0 ? [] : [{ type: 'mqtt', body: mqttBody(one), direction: one.direction }];
  },
  context: (transaction) => mqttBody(transaction as MqttTransaction),
};
