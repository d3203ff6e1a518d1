/**
 * DNS transaction → EVE records (Suricata user guide, "Event type: DNS"). Version 3 shows a whole message; version 2 gives a record a
 * question, and answers under the first name that was asked for, with the addresses as in the request. Alerts show version 3.
 */
import { shownText } from '@sigwright/bytes';
import { isOn, listed, type NamedBit, type ProtocolRecord, type RecordOptions, showBits, TO_SERVER } from '@sigwright/contracts';
import {
  AUTHORITATIVE,
  type DnsMessage,
  opcodeOf,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  RESERVED,
  RESPONSE,
  type ResourceRecord,
  responseCodeOf,
  TRUNCATED,
} from './dns-message.ts';
import type { DnsTransaction } from './dns-transaction.ts';
import { dataAsText, extensionOptions, hostKeyFingerprint, service, startOfAuthority, textStrings } from './record-data.ts';
import { OPT, recordTypeName, responseCodeName, SOA, SRV, SSHFP, TXT } from './tables.ts';

const VERSION = 3;
const OLD_VERSION = 2;

/** The data of a record under the key it is shown with; one entry a string for TXT, none where nothing is shown. */
function data(message: DnsMessage, record: ResourceRecord): readonly (readonly [string, unknown])[] {
  switch (record.type) {
    case SOA:
      return entry('soa', startOfAuthority(message, record));
    case SRV:
      return entry('srv', service(message, record));
    case SSHFP:
      return entry('sshfp', hostKeyFingerprint(message, record));
    case OPT:
      return entry('opt', extensionOptions(message, record));
    case TXT:
      return textStrings(message, record).map((text) => ['rdata', text] as const);
    default:
      return entry('rdata', dataAsText(message, record));
  }
}

function entry(key: string, value: unknown): readonly (readonly [string, unknown])[] {
  return value === undefined ? [] : [[key, value]];
}

function section(message: DnsMessage, records: readonly ResourceRecord[]): Record<string, unknown>[] {
  return records.flatMap((record) => {
    const head: Record<string, unknown> = { rrname: shownText(record.name), rrtype: recordTypeName(record.type) };
    // In OPT the time to live is something else (RFC 6891 §6.1.3).
    if (record.type !== OPT) head['ttl'] = record.ttl;
    const shown = data(message, record);
    return shown.length === 0 ? [head] : shown.map(([key, value]) => ({ ...head, [key]: value }));
  });
}

function grouped(message: DnsMessage): Record<string, unknown[]> {
  const groups: Record<string, unknown[]> = {};
  for (const record of message.answers) {
    for (const [, value] of data(message, record)) {
      const type = recordTypeName(record.type);
      groups[type] ??= [];
      groups[type].push(value);
    }
  }
  return groups;
}

function shownFlags(flags: number): Record<string, unknown> {
  const shown: Record<string, unknown> = { flags: flags.toString(16) };
  showBits(flags, FLAGS, shown);
  shown['opcode'] = opcodeOf(flags);
  return shown;
}

const FLAGS: readonly NamedBit[] = [
  { name: 'qr', bit: RESPONSE },
  { name: 'aa', bit: AUTHORITATIVE },
  { name: 'tc', bit: TRUNCATED },
  { name: 'rd', bit: RECURSION_DESIRED },
  { name: 'ra', bit: RECURSION_AVAILABLE },
  { name: 'z', bit: RESERVED },
];

/** The records that an output wants of a message: `requests`, `responses`, `types`, `version`, `formats`. */
export function dnsRecords(transaction: DnsTransaction, options: RecordOptions = {}): readonly ProtocolRecord[] {
  const { message, direction } = transaction;
  if (!message.sound) return [];
  const isResponse = (message.flags & RESPONSE) !== 0;
  if (!isOn(options[isResponse ? 'responses' : 'requests'], true)) return [];
  const types = listed(options['types']);
  const wanted = ({ type }: { type: number }): boolean => types === undefined || types.includes(recordTypeName(type).toLowerCase());
  if (types !== undefined && !message.questions.some(wanted)) return [];
  if (Number(options['version'] ?? VERSION) !== OLD_VERSION) return [{ type: 'dns', body: dnsBody(transaction, listed(options['formats'])), direction }];
  if (isResponse) return [{ type: 'dns', body: oldAnswer(message, listed(options['formats'])), direction: TO_SERVER }];
  return message.questions.filter(wanted).map((question) => ({
    type: 'dns',
    body: {
      type: 'query',
      id: message.id,
      rrname: shownText(question.name),
      rrtype: recordTypeName(question.type),
      tx_id: transaction.id,
      ...((message.flags & RESERVED) === 0 ? {} : { z: true }),
      opcode: opcodeOf(message.flags),
    },
    direction: TO_SERVER,
  }));
}

/** `formats`: records one by one (`detailed`), or their data by type (`grouped`); both where nothing is said. */
function oldAnswer(message: DnsMessage, formats: readonly string[] | undefined): Record<string, unknown> {
  const record: Record<string, unknown> = { version: OLD_VERSION, type: 'answer', id: message.id, ...shownFlags(message.flags) };
  const asked = message.questions[0];
  if (asked !== undefined) {
    record['rrname'] = shownText(asked.name);
    record['rrtype'] = recordTypeName(asked.type);
  }
  record['rcode'] = responseCodeName(responseCodeOf(message.flags));
  if (message.answers.length > 0) {
    if (shows(formats, 'detailed')) record['answers'] = section(message, message.answers);
    const groups = shows(formats, 'grouped') ? grouped(message) : {};
    if (Object.keys(groups).length > 0) record['grouped'] = groups;
  }
  if (message.authorities.length > 0) record['authorities'] = section(message, message.authorities);
  return record;
}

function shows(formats: readonly string[] | undefined, format: string): boolean {
  return formats === undefined || formats.length === 0 || formats.includes(format);
}

export function dnsBody(transaction: DnsTransaction, formats?: readonly string[]): Record<string, unknown> {
  const { message } = transaction;
  const { flags } = message;
  const isResponse = (flags & RESPONSE) !== 0;
  const record: Record<string, unknown> = {
    version: VERSION,
    type: isResponse ? 'response' : 'request',
    tx_id: transaction.id,
    id: message.id,
    ...shownFlags(flags),
    rcode: responseCodeName(responseCodeOf(flags)),
  };
  if (message.questions.length > 0)
    record['queries'] = message.questions.map((question) => ({ rrname: shownText(question.name), rrtype: recordTypeName(question.type) }));
  if (message.answers.length > 0) {
    if (shows(formats, 'detailed')) record['answers'] = section(message, message.answers);
    const groups = shows(formats, 'grouped') ? grouped(message) : {};
    if (Object.keys(groups).length > 0) record['grouped'] = groups;
  }
  if (message.authorities.length > 0) record['authorities'] = section(message, message.authorities);
  if (message.additionals.length > 0) record['additionals'] = section(message, message.additionals);
  return record;
}
