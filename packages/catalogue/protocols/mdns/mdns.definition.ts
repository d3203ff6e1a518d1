/**
 * Multicast DNS (RFC 6762) on UDP port 5353: DNS messages that ask and tell everybody on a link. One transaction a message. Its
 * EVE record names types in small letters and shows record data under the type's name.
 */
import { shownText } from '@sigwright/bytes';
import {
  type Direction,
  type FrameSink,
  IS_THIS,
  NOT_THIS,
  type ProtocolDefinition,
  type ProtocolRecord,
  type ProtocolSession,
  type Transaction,
} from '@sigwright/contracts';
import { type DnsMessage, looksLikeDns, opcodeOf, RESPONSE, type ResourceRecord, responseCodeOf } from '../../formats/dns-message/dns-message.ts';
import { type DnsTransaction, dnsTransaction, MESSAGE_READ, sectionBuffers, stickyKeywords } from '../../formats/dns-message/dns-transaction.ts';
import { dataAsText, hostKeyFingerprint, service, startOfAuthority, textStrings } from '../../formats/dns-message/record-data.ts';
import { recordTypeName, SOA, SRV, SSHFP, TXT } from '../../formats/dns-message/tables.ts';

const PORT = 5353;

class MdnsSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, _atEnd: boolean, time: number): number {
    const transaction = dnsTransaction(this.count, time, bytes, start, end, direction);
    this.frames?.begin(direction, 'pdu', start, end - start, transaction);
    if (transaction === undefined) this.anomalies.push('malformed_data');
    else {
      this.count++;
      this.transactions.push(transaction);
    }
    return end;
  }

  skip(): boolean {
    return true;
  }

  finish(): void {}
}

function data(message: DnsMessage, record: ResourceRecord): unknown {
  switch (record.type) {
    case SOA:
      return startOfAuthority(message, record);
    case SRV:
      return service(message, record);
    case SSHFP:
      return hostKeyFingerprint(message, record);
    case TXT:
      return textStrings(message, record);
    default:
      return dataAsText(message, record);
  }
}

function section(message: DnsMessage, records: readonly ResourceRecord[]): Record<string, unknown>[] {
  return records.map((record) => {
    const type = recordTypeName(record.type).toLowerCase();
    const shown: Record<string, unknown> = { rrname: shownText(record.name), rrtype: type };
    const value = data(message, record);
    if (value !== undefined) shown[type] = value;
    return shown;
  });
}

function body(transaction: DnsTransaction): Record<string, unknown> {
  const { message } = transaction;
  const record: Record<string, unknown> = { type: (message.flags & RESPONSE) !== 0 ? 'response' : 'request' };
  if (message.id !== 0) record['id'] = message.id;
  if (opcodeOf(message.flags) !== 0) record['opcode'] = opcodeOf(message.flags);
  if (responseCodeOf(message.flags) !== 0) record['rcode'] = responseCodeOf(message.flags);
  if (message.questions.length > 0)
    record['queries'] = message.questions.map((question) => ({ rrname: shownText(question.name), rrtype: recordTypeName(question.type).toLowerCase() }));
  if (message.answers.length > 0) record['answers'] = section(message, message.answers);
  if (message.authorities.length > 0) record['authorities'] = section(message, message.authorities);
  if (message.additionals.length > 0) record['additionals'] = section(message, message.additionals);
  return record;
}

const buffers = sectionBuffers('mdns');

export const protocol: ProtocolDefinition = {
  name: 'mdns',
  recordName: 'mdns',
  transport: ['udp'],
  summary: 'names and services of a link, by multicast DNS',
  ports: [PORT],
  anyPort: false,
  recognise: (bytes, start, end, _direction, flow) => (flow.destinationPort === PORT && looksLikeDns(bytes, start, end, true) === 1 ? IS_THIS : NOT_THIS),
  open: () => new MdnsSession(),
  complete: [MESSAGE_READ, MESSAGE_READ],
  frames: ['pdu'],
  buffers,
  keywords: stickyKeywords('mdns', buffers, () => '8.0'),
  anomalies: [
    { name: 'malformed_data', summary: 'header, questions or answers can not be read' },
    { name: 'z_flag_set', summary: 'the reserved bit is set' },
    { name: 'invalid_opcode', summary: 'an operation that is not assigned' },
    { name: 'name_too_long', summary: 'a name longer than is read' },
    { name: 'infinite_loop', summary: 'compression pointers that lead nowhere' },
    { name: 'too_many_labels', summary: 'a name of more labels than are read' },
    { name: 'invalid_authorities', summary: 'the authority section can not be read' },
    { name: 'invalid_additionals', summary: 'the additional section can not be read' },
  ],
  records(transaction): readonly ProtocolRecord[] {
    const one = transaction as DnsTransaction;
    return one.message.sound ? [{ type: 'mdns', body: body(one), direction: one.direction }] : [];
  },
  context: (transaction) => body(transaction as DnsTransaction),
};
