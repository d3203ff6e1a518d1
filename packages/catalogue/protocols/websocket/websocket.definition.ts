/** WebSocket (RFC 6455), spoken once an HTTP server has agreed to it; never recognised by itself. */
import { base64, utf8 } from '@sigwright/bytes';
import { isOn, NOT_THIS, type ProtocolDefinition, type Transaction } from '@sigwright/contracts';
import { COMPLETE } from '../../formats/messages/framed-session.ts';
import { buffers, keywords } from './keywords.ts';
import { WebSocketSession, type WebSocketTransaction } from './session.ts';
import { FIN, OPCODES } from './wire.ts';

function body(transaction: Transaction): Record<string, unknown> {
  const { frame } = (transaction as WebSocketTransaction).content;
  const record: Record<string, unknown> = { fin: (frame.flags & FIN) !== 0 };
  if (frame.mask !== undefined) record['mask'] = frame.mask;
  record['opcode'] = OPCODES[frame.opcode] ?? `unknown-${frame.opcode}`;
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'websocket',
  recordName: 'websocket',
  transport: ['tcp'],
  summary: 'messages in both directions after an HTTP request',
  ports: [],
  anyPort: false,
  recognise: () => NOT_THIS,
  open: () => new WebSocketSession(),
  complete: COMPLETE,
  frames: ['header', 'pdu', 'data'],
  buffers,
  keywords,
  anomalies: [
    { name: 'skip_end_of_payload', summary: 'a payload longer than is kept' },
    { name: 'reassembly_limit_reached', summary: 'a message of several frames longer than is kept' },
    { name: 'malformed_data', summary: 'a frame with a length that can not be' },
  ],
  records: (transaction) => [{ type: 'websocket', body: body(transaction), direction: (transaction as WebSocketTransaction).direction }],
  context: body,
  alertDetail(transaction, options) {
    const { payload } = (transaction as WebSocketTransaction).content;
    return {
      ...(isOn(options['websocket-payload'], false) ? { payload_base64: base64(payload) } : {}),
      ...(isOn(options['websocket-payload-printable'], false) ? { payload_printable: utf8(payload) } : {}),
    };
  },
};
