/** EtherNet/IP and CIP (ODVA), recognised on its port by the header of an encapsulation packet. */
import { IS_THIS, IS_THIS_REVERSED, NEED_MORE, NOT_THIS, type ProtocolDefinition, TCP, TO_SERVER } from '@sigwright/contracts';
import { COMPLETE } from '../../formats/messages/framed-session.ts';
import { HEADER, isHeader } from './encapsulation.ts';
import { buffers, keywords } from './keywords.ts';
import { enipBody } from './records.ts';
import { EnipSession, type EnipTransaction } from './session.ts';

const PORT = 44_818;

export const protocol: ProtocolDefinition = {
  name: 'enip',
  recordName: 'enip',
  transport: ['tcp', 'udp'],
  summary: 'industrial controllers: EtherNet/IP and CIP',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction, flow) {
    if (end - start < HEADER) return flow.protocol === TCP ? NEED_MORE : NOT_THIS;
    // Heard from the middle on: the first whom we heard may be the server.
    const reversed = direction === TO_SERVER && flow.sourcePort === PORT && flow.destinationPort !== PORT;
    if (!isHeader(bytes, start, direction === TO_SERVER && !reversed)) return NOT_THIS;
    return reversed ? IS_THIS_REVERSED : IS_THIS;
  },
  open: () => new EnipSession(),
  complete: COMPLETE,
  buffers,
  keywords,
  anomalies: [
    { name: 'too_many_transactions', summary: 'more requests without a response than are kept' },
    { name: 'invalid_pdu', summary: 'a packet that is not what its command says, or no packet' },
  ],
  frames: ['hdr', 'data', 'pdu'],
  records: (transaction) => [{ type: 'enip', body: enipBody(transaction as EnipTransaction), direction: TO_SERVER }],
  context: (transaction) => enipBody(transaction as EnipTransaction),
};
