/** Properties of MQTT 5 (OASIS MQTT 5.0 §2.2.2): what each number is called in records, and how its value is written. */
import type { Cursor } from '@sigwright/bytes';

type Form = 'byte' | 'two bytes' | 'four bytes' | 'variable' | 'text' | 'pair';

const PROPERTIES: Readonly<Record<number, readonly [name: string, form: Form]>> = {
  1: ['payload_format_indicator', 'byte'],
  2: ['message_expiry_interval', 'four bytes'],
  3: ['content_type', 'text'],
  8: ['response_topic', 'text'],
  9: ['correlation_data', 'text'],
  11: ['subscription_identifier', 'variable'],
  17: ['session_expiry_interval', 'four bytes'],
  18: ['assigned_client_identifier', 'text'],
  19: ['server_keep_alive', 'two bytes'],
  21: ['authentication_method', 'text'],
  22: ['authentication_data', 'text'],
  23: ['request_problem_information', 'byte'],
  24: ['will_delay_interval', 'four bytes'],
  25: ['request_response_information', 'byte'],
  26: ['response_information', 'text'],
  28: ['server_reference', 'text'],
  31: ['reason_string', 'text'],
  33: ['receive_maximum', 'two bytes'],
  34: ['topic_alias_maximum', 'two bytes'],
  35: ['topic_alias', 'two bytes'],
  36: ['maximum_qos', 'byte'],
  37: ['retain_available', 'byte'],
  38: ['user_property', 'pair'],
  39: ['maximum_packet_size', 'four bytes'],
  40: ['wildcard_subscription_available', 'byte'],
  41: ['subscription_identifier_available', 'byte'],
  42: ['shared_subscription_available', 'byte'],
};

/** Properties kept of one message. */
const MOST_PROPERTIES = 256;
const LENGTH_BYTES = 4;

/** A length of one to four bytes, seven bits each, the lowest first (§1.5.5); -1 where a fourth byte promises a fifth. */
export function variableLength(cursor: Cursor): number {
  let value = 0;
  for (let count = 0; count < LENGTH_BYTES; count++) {
    const byte = cursor.uint8();
    value += (byte & 0x7f) * 128 ** count;
    if (byte < 0x80) return value;
  }
  return -1;
}

export function textOf(cursor: Cursor): string {
  return cursor.latin1(cursor.uint16());
}

/** The properties that begin here, empty where there are none; undefined where they are not sound. */
export function properties(cursor: Cursor): Record<string, unknown> | undefined {
  const length = variableLength(cursor);
  if (length < 0 || !cursor.has(length)) return undefined;
  const end = cursor.at + length;
  const found: [string, unknown][] = [];
  while (cursor.at < end) {
    const known = PROPERTIES[variableLength(cursor)];
    if (known === undefined) return undefined;
    const one = read(cursor, known[0], known[1]);
    if (cursor.short || cursor.at > end) return undefined;
    if (found.length < MOST_PROPERTIES) found.push(one);
  }
  return Object.fromEntries(found);
}

function read(cursor: Cursor, name: string, form: Form): [string, unknown] {
  switch (form) {
    case 'byte':
      return [name, cursor.uint8()];
    case 'two bytes':
      return [name, cursor.uint16()];
    case 'four bytes':
      return [name, cursor.uint32()];
    case 'variable':
      return [name, variableLength(cursor)];
    case 'text':
      return [name, textOf(cursor)];
    case 'pair':
      return [textOf(cursor), textOf(cursor)];
  }
}
