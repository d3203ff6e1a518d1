/** FTP control connections (RFC 959), recognised by the client's first command or the server's greeting on port 21. */
import { fromLatin1, shownTexts } from '@sigwright/bytes';
import { hooks, IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { startsLike } from '../../formats/recognised-only.ts';
import { conditions } from './keywords.ts';
import { ANSWERED, COMMAND, FtpSession, type FtpTransaction } from './session.ts';

const PORTS = [21];

const text = (value: string | undefined): Uint8Array | undefined => (value === undefined || value === '' ? undefined : fromLatin1(value));

const { buffers, keywords } = textBuffers<FtpTransaction>('ftp', [
  { name: 'ftp.command', summary: 'the command', since: '8.0', directions: [TO_SERVER], read: (one) => text(one.command) },
  { name: 'ftp.command_data', summary: 'what stands behind the command', since: '8.0', directions: [TO_SERVER], read: (one) => text(one.argument) },
  { name: 'ftp.reply', summary: 'a line of the reply', since: '8.0', directions: [TO_CLIENT], multiple: true, read: (one, index) => text(one.replies[index]) },
  {
    name: 'ftp.completion_code',
    summary: 'a code of the reply',
    since: '8.0',
    directions: [TO_CLIENT],
    multiple: true,
    read: (one, index) => text(one.codes[index]),
  },
]);

function body(transaction: Transaction): Record<string, unknown> {
  const one = transaction as FtpTransaction;
  const record: Record<string, unknown> = {};
  if (one.command !== '') {
    record['command'] = one.command;
    if (one.argument !== '') record['command_data'] = one.argument;
    record['command_truncated'] = one.commandCut;
  }
  if (one.replies.length > 0) record['reply'] = one.replies;
  if (one.codes.length > 0) record['completion_code'] = one.codes;
  if (one.dynamicPort > 0) {
    record['dynamic_port'] = one.dynamicPort;
    record['mode'] = one.mode;
  }
  record['reply_received'] = one.replies.length > 0 ? 'yes' : 'no';
  record['reply_truncated'] = one.replyCut;
  return shownTexts(record);
}

export const protocol: ProtocolDefinition = {
  name: 'ftp',
  recordName: 'ftp',
  transport: ['tcp'],
  summary: 'file transfer, control connection',
  ports: PORTS,
  anyPort: true,
  recognise(bytes, start, end, direction, flow) {
    const onPort = PORTS.includes(flow.destinationPort);
    const like = startsLike(
      bytes,
      start,
      end,
      direction === TO_SERVER ? ['USER ', 'PASS ', 'PORT ', 'FEAT', 'AUTH TLS', 'AUTH SSL'] : onPort ? ['220 ', '220-'] : [],
    );
    return like === 'yes' ? IS_THIS : like === 'maybe' ? NEED_MORE : NOT_THIS;
  },
  open: (_flow, settings) => new FtpSession(settings),
  complete: [ANSWERED, ANSWERED],
  hooks: [hooks({ request_started: 0, request_complete: COMMAND }), hooks({ response_started: 0, response_complete: ANSWERED })],
  buffers,
  keywords: [...keywords, ...conditions],
  anomalies: [
    { name: 'too_many_transactions', summary: 'more commands without a reply than are followed' },
    { name: 'file_before_port', summary: 'a transfer without a data connection that was agreed on' },
    { name: 'request_command_too_long', summary: 'a command longer than is read' },
    { name: 'response_command_too_long', summary: 'a reply longer than is read' },
  ],
  records: (transaction) => [{ type: 'ftp', body: body(transaction), direction: TO_SERVER }],
  context: body,
};
