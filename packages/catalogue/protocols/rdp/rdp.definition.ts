/** RDP (MS-RDPBCGR): how connections begin, recognised on its port by X.224 connection requests and confirms. */
import { IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { COMPLETE, type Message } from '../../formats/messages/framed-session.ts';
import { rdpBody } from './records.ts';
import { RdpSession } from './session.ts';
import { isFirstPacket, type RdpMessage, TPKT_VERSION } from './wire.ts';

const PORT = 3389;
const WANTED_BYTES = 7;

function body(transaction: Transaction): Record<string, unknown> {
  return rdpBody(transaction.id, (transaction as Message<RdpMessage>).content);
}

export const protocol: ProtocolDefinition = {
  name: 'rdp',
  recordName: 'rdp',
  transport: ['tcp'],
  summary: 'remote desktops, up to where encryption or pictures begin',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction) {
    if (end - start >= WANTED_BYTES) return isFirstPacket(bytes, start, direction === TO_SERVER) ? IS_THIS : NOT_THIS;
    return bytes[start] === TPKT_VERSION ? NEED_MORE : NOT_THIS;
  },
  open: () => new RdpSession(),
  complete: COMPLETE,
  buffers: [],
  keywords: [],
  anomalies: [],
  records: (transaction) => [{ type: 'rdp', body: body(transaction), direction: (transaction as Message<RdpMessage>).direction }],
  context: body,
};
