/**
 * DNS over UDP and TCP (RFC 1035, 6891) on port 53, which is where Suricata's packaged configuration looks for it. A message that
 * can not be read is no transaction; its anomaly is told with the one before, where that is not over.
 */
import { uint16 } from '@sigwright/bytes';
import {
  type AnomalyDefinition,
  type Direction,
  type Flow,
  IS_THIS,
  IS_THIS_REVERSED,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type Recognition,
  TO_SERVER,
  UDP,
} from '@sigwright/contracts';
import { type Fault, looksLikeDns, RESPONSE, readDnsMessage } from '../../formats/dns-message/dns-message.ts';
import { type DnsTransaction, MESSAGE_READ } from '../../formats/dns-message/dns-transaction.ts';
import { dnsBody, dnsRecords } from '../../formats/dns-message/records.ts';
import { buffers, keywords } from './keywords.ts';
import { DnsSession, FRAMED_HEADER } from './transactions.ts';

const PORT = 53;
const UNREADABLE: ReadonlySet<Fault> = new Set(['malformed_data', 'invalid_authorities', 'invalid_additionals']);

const anomalies: readonly AnomalyDefinition[] = [
  { name: 'malformed_data', summary: 'header, questions or answers can not be read' },
  { name: 'not_request', summary: 'a response where a request should be' },
  { name: 'not_response', summary: 'a request where a response should be' },
  { name: 'z_flag_set', summary: 'the reserved bit is set' },
  { name: 'invalid_opcode', summary: 'an operation that is not assigned' },
  { name: 'name_too_long', summary: 'a name longer than is read' },
  { name: 'infinite_loop', summary: 'compression pointers that lead nowhere' },
  { name: 'too_many_labels', summary: 'a name of more labels than are read' },
  { name: 'invalid_authorities', summary: 'the authority section can not be read' },
  { name: 'invalid_additionals', summary: 'the additional section can not be read' },
];

function recognise(bytes: Uint8Array, start: number, end: number, direction: Direction, flow: Flow): Recognition {
  let at = start;
  let to = end;
  let whole = true;
  if (flow.protocol !== UDP) {
    if (end - start < FRAMED_HEADER) return NEED_MORE;
    const length = uint16(bytes, start);
    at = start + 2;
    whole = end - at >= length;
    to = Math.min(end, at + length);
  }
  const found = looksLikeDns(bytes, at, to, whole);
  if (found <= 0) return found < 0 ? NEED_MORE : NOT_THIS;
  // What begins a conversation over UDP has to be readable to its end.
  if (flow.protocol === UDP && !isReadable(bytes, at, to)) return NOT_THIS;
  // A capture may begin with the answer; the peer that sends it is the server.
  const isResponse = (uint16(bytes, at + 2) & RESPONSE) !== 0;
  return isResponse === (direction === TO_SERVER) ? IS_THIS_REVERSED : IS_THIS;
}

/** Is all there that the counts of a message announce? Of one question alone it is known already. */
function isReadable(bytes: Uint8Array, start: number, end: number): boolean {
  const isOneQuestion = uint16(bytes, start + 4) === 1 && uint16(bytes, start + 6) + uint16(bytes, start + 8) + uint16(bytes, start + 10) === 0;
  return isOneQuestion || readDnsMessage(bytes, start, end)?.faults.some((fault) => UNREADABLE.has(fault)) === false;
}

export const protocol: ProtocolDefinition = {
  name: 'dns',
  recordName: 'dns',
  transport: ['udp', 'tcp'],
  summary: 'names looked up: queries and responses over UDP and TCP',
  carriedBy: ['doh2'],
  ports: [PORT],
  anyPort: false,
  recognise,
  open: (flow) => new DnsSession(flow.protocol !== UDP),
  resume: (flow, _settings, count) => new DnsSession(flow.protocol !== UDP, count),
  complete: [MESSAGE_READ, MESSAGE_READ],
  frames: ['pdu'],
  buffers,
  keywords,
  anomalies,
  records: (transaction, _flow, options) => dnsRecords(transaction as DnsTransaction, options),
  context: (transaction) => dnsBody(transaction as DnsTransaction),
};
