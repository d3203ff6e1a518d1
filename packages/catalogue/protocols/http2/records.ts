/** HTTP/2 transactions → EVE (Suricata user guide, "Event type: HTTP"). */
import { latin1, shownText } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { HpackFault, HpackField } from './hpack.ts';
import type { FrameFacts, Http2Transaction } from './transactions.ts';
import { ERROR_CODES, SETTING_NAMES } from './wire.ts';

/** Header fields shown of one direction. */
const MOST_SHOWN = 512;

const FAULTS: Readonly<Record<HpackFault, string>> = {
  'bad index': 'HTTP2HeaderDecodeNotIndexed',
  'integer overflow': 'HTTP2HeaderDecodeIntegerOverflow',
  'bad text': 'HTTP2HeaderDecodeError',
  'cut short': 'HTTP2HeaderDecodeError',
};

function shownField({ name, value, tableSize, fault }: HpackField): Record<string, unknown> {
  if (fault !== undefined) return { error: FAULTS[fault] };
  return tableSize === undefined ? { name: shownText(name), value: shownText(value) } : { table_size_update: tableSize };
}

/** `SETTINGS_MAX_FRAME_SIZE` is shown as `SETTINGSMAXFRAMESIZE`. */
function closed(name: string): string {
  return name.replaceAll('_', '');
}

function frames(facts: FrameFacts): Record<string, unknown> | undefined {
  const shown: Record<string, unknown> = {};
  const settings = facts.settings.filter(({ id }) => SETTING_NAMES[id] !== undefined);
  if (settings.length > 0) shown['settings'] = settings.map(({ id, value }) => ({ settings_id: closed(SETTING_NAMES[id]), settings_value: value }));
  const [error] = facts.errorCodes;
  if (error !== undefined) shown['error_code'] = ERROR_CODES[error] === undefined ? `unknown-${error}` : closed(ERROR_CODES[error]);
  const [priority] = facts.priorities;
  if (priority !== undefined) shown['priority'] = priority;
  if (facts.errorCodes.length > 1) shown['has_multiple'] = 'error_code';
  else if (facts.priorities.length > 1) shown['has_multiple'] = 'priority';
  return Object.keys(shown).length > 0 ? shown : undefined;
}

/** Undefined where there is nothing to tell, as of most frames that concern the whole connection. */
export function http2Body(transaction: Http2Transaction): Record<string, unknown> | undefined {
  const record: Record<string, unknown> = { version: '2' };
  for (const direction of [TO_SERVER, TO_CLIENT] as const) {
    const { fields } = transaction.facts[direction];
    if (fields.length > 0) record[direction === TO_SERVER ? 'request_headers' : 'response_headers'] = fields.slice(0, MOST_SHOWN).map(shownField);
  }
  const text = (direction: Direction, key: string): string | undefined => {
    const value = transaction.message(direction).headers?.get(key);
    return value === undefined ? undefined : shownText(value);
  };
  const show = (name: string, value: unknown): void => {
    if (value !== undefined) record[name] = value;
  };
  show('hostname', text(TO_SERVER, 'host'));
  show('http_method', text(TO_SERVER, ':method'));
  show('url', text(TO_SERVER, ':path'));
  show('http_user_agent', text(TO_SERVER, 'user-agent'));
  const status = latin1(transaction.response.second);
  if (/^\d{1,3}$/.test(status)) record['status'] = Number(status);
  const length = text(TO_CLIENT, 'content-length') ?? text(TO_SERVER, 'content-length');
  if (length !== undefined && /^\d{1,15}$/.test(length)) record['length'] = Number(length);
  const http2: Record<string, unknown> = { stream_id: transaction.stream };
  const request = frames(transaction.facts[TO_SERVER]);
  const response = frames(transaction.facts[TO_CLIENT]);
  http2['request'] = request ?? {};
  http2['response'] = response ?? {};
  record['http2'] = http2;
  const says = record['request_headers'] !== undefined || record['response_headers'] !== undefined || request !== undefined || response !== undefined;
  return says ? record : undefined;
}
