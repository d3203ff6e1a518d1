/** QUIC over UDP: versions 1 and 2, their drafts, Google's versions; recognised by a long header that names a version. */
import { IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_SERVER } from '@sigwright/contracts';
import { COMPLETE } from '../../formats/messages/framed-session.ts';
import { buffers, keywords } from './keywords.ts';
import { quicBody } from './records.ts';
import { QuicSession, type QuicTransaction } from './session.ts';
import { isGoogle, NOT_GOOGLE, readPacket } from './wire.ts';

const PORTS = [443, 80];
const FIXED_BIT = 0x40;

export const protocol: ProtocolDefinition = {
  name: 'quic',
  recordName: 'quic',
  transport: ['udp'],
  summary: 'encrypted streams over UDP, up to where encryption begins',
  ports: PORTS,
  anyPort: false,
  recognise(bytes, start, end, direction) {
    const packet = readPacket(bytes, start, end);
    // It may be one of Google's that says no version: only the first ones do.
    if (packet?.kind === 'short' && direction === TO_SERVER && (bytes[start] & NOT_GOOGLE) === 0) return NEED_MORE;
    if (packet === undefined || packet.kind === 'short' || packet.kind === 'negotiation') return NOT_THIS;
    return packet.kind === 'google' || (bytes[start] & FIXED_BIT) !== 0 || isGoogle(packet.version) ? IS_THIS : NOT_THIS;
  },
  open: () => new QuicSession(),
  complete: COMPLETE,
  frames: ['pdu', 'header', 'data'],
  buffers,
  keywords,
  anomalies: [
    { name: 'error_on_header', summary: 'a header that can not be read' },
    { name: 'error_on_data', summary: 'frames of a hello that can not be read' },
    { name: 'failed_decrypt', summary: 'an Initial packet that its keys do not open' },
    { name: 'crypto_frag_too_long', summary: 'more pieces of a hello than are kept' },
  ],
  records: (transaction) => {
    const one = transaction as QuicTransaction;
    return [{ type: 'quic', body: quicBody(one), direction: one.direction }];
  },
  context: (transaction) => quicBody(transaction as QuicTransaction),
};
