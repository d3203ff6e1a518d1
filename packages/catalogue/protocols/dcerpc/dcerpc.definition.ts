/** DCE/RPC over TCP and UDP (C706, MS-RPCE), recognised by version and a known packet type. What pipes carry is read by those who carry it. */
import { type Direction, IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_SERVER, type Transaction, UDP } from '@sigwright/contracts';
import { callBody } from '../../formats/dcerpc/calls.ts';
import { looksLikeHeader } from '../../formats/dcerpc/pdu.ts';
import { COMPLETE } from '../../formats/messages/framed-session.ts';
import { DatagramSession, looksLikeDatagram } from './datagrams.ts';
import { keywords, STUB_DATA } from './keywords.ts';
import { DcerpcSession, type DcerpcTransaction } from './session.ts';

const LENGTH_KNOWN = 10;

function body(transaction: Transaction): Record<string, unknown> {
  const { call, activity } = transaction as DcerpcTransaction;
  const record = callBody(call);
  if (activity !== undefined) {
    delete record['call_id'];
    delete record['interfaces'];
    record['activityuuid'] = activity;
    record['seqnum'] = call.id;
  }
  record['rpc_version'] = call.version;
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'dcerpc',
  recordName: 'dcerpc',
  transport: ['tcp', 'udp'],
  summary: 'remote procedure calls',
  carriedBy: ['smb'],
  ports: [135],
  anyPort: true,
  recognise(bytes: Uint8Array, start: number, end: number, _direction: Direction, flow) {
    if (flow.protocol === UDP) return looksLikeDatagram(bytes, start, end) ? IS_THIS : NOT_THIS;
    if (bytes[start] !== 5) return NOT_THIS;
    if (end - start < LENGTH_KNOWN) return NEED_MORE;
    // A length that is none ends the reading, not the recognising: so Suricata takes answers of SOCKS 5 for units.
    return looksLikeHeader(bytes, start) ? IS_THIS : NOT_THIS;
  },
  open: (flow) => (flow.protocol === UDP ? new DatagramSession() : new DcerpcSession()),
  complete: COMPLETE,
  frames: ['pdu', 'hdr', 'data'],
  buffers: [STUB_DATA],
  keywords,
  anomalies: [
    { name: 'malformed_data', summary: 'bytes that are no unit' },
    { name: 'too_many_transactions', summary: 'more calls without an answer than are kept' },
  ],
  records: (transaction) => [{ type: 'dcerpc', body: body(transaction), direction: TO_SERVER }],
  context: body,
};
