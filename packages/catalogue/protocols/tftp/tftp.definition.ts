/** TFTP (RFC 1350): requests to read or write a file. The transfer itself uses other ports. */
import { latin1, shownLatin1 } from '@sigwright/bytes';
import { IS_THIS, NOT_THIS, type ProtocolDefinition, TO_SERVER } from '@sigwright/contracts';
import { COMPLETE, type Message, MessageSession } from '../../formats/messages/framed-session.ts';

const READ = 1;
const WRITE = 2;
/** data, acknowledgement and error follow */
const LAST_OPERATION = 5;
/** RFC 1350 §5 has three; peers send them in any case. */
const MODES = ['netascii', 'octet', 'mail'];

interface TftpRequest {
  readonly packet: 'read' | 'write';
  readonly file: string;
  readonly mode: string;
}

function read(bytes: Uint8Array, start: number, end: number): TftpRequest | undefined {
  const operation = (bytes[start] << 8) | bytes[start + 1];
  if (operation !== READ && operation !== WRITE) return undefined;
  const [file, mode] = latin1(bytes, start + 2, end).split('\0');
  if (mode === undefined || !MODES.includes(mode.toLowerCase())) return undefined;
  return { packet: operation === READ ? 'read' : 'write', file, mode };
}

function body({ content }: Message<TftpRequest>): Record<string, unknown> {
  return { packet: content.packet, file: shownLatin1(content.file), mode: content.mode };
}

export const protocol: ProtocolDefinition = {
  name: 'tftp',
  recordName: 'tftp',
  transport: ['udp'],
  summary: 'trivial file transfer',
  ports: [69],
  anyPort: false,
  recognise: (bytes, start, end, direction) =>
    direction === TO_SERVER && end - start >= 4 && bytes[start] === 0 && bytes[start + 1] >= READ && bytes[start + 1] <= LAST_OPERATION ? IS_THIS : NOT_THIS,
  open: () => new MessageSession(read),
  complete: COMPLETE,
  buffers: [],
  keywords: [],
  anomalies: [{ name: 'malformed_data', summary: 'a message that is no request' }],
  records: (transaction) => {
    const message = transaction as Message<TftpRequest>;
    return [{ type: 'tftp', body: body(message), direction: message.direction }];
  },
  context: (transaction) => body(transaction as Message<TftpRequest>),
};
