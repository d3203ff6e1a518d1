/** DNS transaction → EVE record, version 3 of Suricata's format (user guide, "Event type: DNS"). */
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
} from '../../formats/dns-message/dns-message.ts';
import type { DnsTransaction } from '../../formats/dns-message/dns-transaction.ts';
import { dataAsText, hostKeyFingerprint, service, shownText, startOfAuthority, textStrings } from '../../formats/dns-message/record-data.ts';
import { OPT, recordTypeName, responseCodeName, SOA, SRV, SSHFP, TXT } from '../../formats/dns-message/tables.ts';

const VERSION = 3;

/** The data of a record under the key it is shown with; one entry a string for TXT, none where nothing is shown. */
function data(message: DnsMessage, record: ResourceRecord): readonly (readonly [string, unknown])[] {
  switch (record.type) {
    case SOA:
      return entry('soa', startOfAuthority(message, record));
    case SRV:
      return entry('srv', service(message, record));
    case SSHFP:
      return entry('sshfp', hostKeyFingerprint(message, record));
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

export function dnsBody(transaction: DnsTransaction): Record<string, unknown> {
  const { message } = transaction;
  const { flags } = message;
  const isResponse = (flags & RESPONSE) !== 0;
  const record: Record<string, unknown> = {
    version: VERSION,
    type: isResponse ? 'response' : 'request',
    tx_id: transaction.id,
    id: message.id,
    flags: flags.toString(16),
  };
  if (isResponse) record['qr'] = true;
  if ((flags & AUTHORITATIVE) !== 0) record['aa'] = true;
  if ((flags & TRUNCATED) !== 0) record['tc'] = true;
  if ((flags & RECURSION_DESIRED) !== 0) record['rd'] = true;
  if ((flags & RECURSION_AVAILABLE) !== 0) record['ra'] = true;
  if ((flags & RESERVED) !== 0) record['z'] = true;
  record['opcode'] = opcodeOf(flags);
  record['rcode'] = responseCodeName(responseCodeOf(flags));
  if (message.questions.length > 0)
    record['queries'] = message.questions.map((question) => ({ rrname: shownText(question.name), rrtype: recordTypeName(question.type) }));
  if (message.answers.length > 0) {
    record['answers'] = section(message, message.answers);
    const groups = grouped(message);
    if (Object.keys(groups).length > 0) record['grouped'] = groups;
  }
  if (message.authorities.length > 0) record['authorities'] = section(message, message.authorities);
  if (message.additionals.length > 0) record['additionals'] = section(message, message.additionals);
  return record;
}
