/** SMB 1, 2 and 3 over TCP 445 or NetBIOS sessions (MS-CIFS, MS-SMB, MS-SMB2, RFC 1002), recognised by the header behind the length. */
import { fromLatin1 } from '@sigwright/bytes';
import {
  asKeywords,
  type Direction,
  IS_THIS,
  IS_THIS_REVERSED,
  keyword,
  listed,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { wholeNumber } from '../../arguments/index.ts';
import { callBody } from '../../formats/dcerpc/calls.ts';
import { COMPLETE, MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import type { SmbTransaction } from './conversation.ts';
import { isMarked, SMB1_MARK, SMB2_MARK, SmbSession } from './session.ts';
import { shownExact } from './text.ts';

const PORTS = [139, 445];
const SESSION_MESSAGE = 0;
const SESSION_REQUEST = 0x81;
const POSITIVE_RESPONSE = 0x82;
const LARGEST_VERSION = 2;

const UNTOLD = -1;

/** Which side sends such a message, UNTOLD where it does not say; undefined: too little is there. */
function senderOf(bytes: Uint8Array, start: number, end: number): Direction | typeof UNTOLD | undefined {
  const message = start + 4;
  const [at, flag] = bytes[message] === SMB1_MARK ? [message + 9, 0x80] : bytes[message] === SMB2_MARK ? [message + 16, 1] : [-1, 0];
  if (at < 0) return UNTOLD;
  if (at >= end) return undefined;
  return (bytes[at] & flag) !== 0 ? TO_CLIENT : TO_SERVER;
}

const text = (value: string | undefined): Uint8Array | undefined => (value === undefined || value === '' ? undefined : fromLatin1(value));

const { buffers, keywords } = textBuffers<SmbTransaction>('smb', [
  {
    name: 'smb.named_pipe',
    aliases: ['smb_named_pipe'],
    summary: 'path of a tree of pipes',
    since: '4.1',
    directions: [TO_SERVER],
    read: (one) => (one.isPipe ? text(one.path) : undefined),
  },
  {
    name: 'smb.share',
    aliases: ['smb_share'],
    summary: 'path of a share',
    since: '4.1',
    directions: [TO_SERVER],
    read: (one) => (one.isPipe ? undefined : text(one.path)),
  },
  { name: 'smb.ntlmssp_user', summary: 'user who logs on', since: '7.0', directions: [TO_SERVER], read: (one) => text(one.user) },
  { name: 'smb.ntlmssp_domain', summary: 'domain of the user who logs on', since: '7.0', directions: [TO_SERVER], read: (one) => text(one.domain) },
]);

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

const VERSION = keyword({
  name: 'smb.version',
  family: 'smb',
  since: '8.0',
  summary: 'version of a message: 1, or 2 for all later ones',
  kind: 'condition',
  protocol: 'smb',
  argument: wholeNumber(1, LARGEST_VERSION),
  examples: ['smb.version:1;', 'smb.version:2;'],
  broken: [
    { options: 'smb.version:3;', code: 'smb.version/argument' },
    { options: 'smb.version:1; smb.version:2;', code: 'smb.version/twice' },
  ],
  apply(version, builder) {
    if (builder.rule.options.filter((one) => one.name === 'smb.version').length > 1) {
      builder.problem('twice', 'a message has one version, but the keyword stands here more than once');
      return;
    }
    builder.addTransaction({
      keyword: 'smb.version',
      describes: `version ${version}`,
      protocol: 'smb',
      progress: MESSAGE_COMPLETE,
      directions: BOTH,
      test: (transaction) => (transaction as SmbTransaction).version === version,
    });
  },
});

function body(transaction: Transaction): Record<string, unknown> {
  const one = transaction as SmbTransaction;
  const record: Record<string, unknown> = { id: one.id + 1, dialect: one.conversation.dialect, command: one.command };
  if (one.status !== undefined) {
    record['status'] = one.status;
    record['status_code'] = one.statusCode;
  }
  record['session_id'] = shownExact(one.session);
  record['tree_id'] = one.tree;
  if (one.path !== undefined) record[one.isPipe ? 'named_pipe' : 'share'] = one.path;
  Object.assign(record, one.details);
  if (one.call !== undefined) record['dcerpc'] = callBody(one.call, true);
  return record;
}

/** Kinds of transactions that an output may list under `types`, by what their commands end in. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ['negotiate', /_NEGOTIATE(?:_PROTOCOL)?$/],
  ['session_setup', /_SESSION_SETUP(?:_ANDX)?$/],
  ['tree_connect', /_TREE_CONNECT(?:_ANDX)?$/],
  ['create', /_(?:NT_)?CREATE(?:_ANDX)?$/],
  ['ioctl', /_IOCTL$/],
  ['rename', /_RENAME$/],
  ['set_file_path_info', /_SET_(?:INFO|FILE_INFO|PATH_INFO)$/],
];

function kindOf(one: SmbTransaction): string {
  if (one.call !== undefined) return 'dcerpc';
  if (one.files !== undefined && one.files.length > 0) return 'file';
  return KINDS.find(([, pattern]) => pattern.test(one.command))?.[0] ?? 'generic';
}

export const protocol: ProtocolDefinition = {
  name: 'smb',
  carriesFiles: true,
  recordName: 'smb',
  transport: ['tcp'],
  summary: 'file sharing',
  ports: PORTS,
  anyPort: true,
  recognise(bytes, start, end, direction, flow) {
    const onPort = PORTS.includes(flow.destinationPort);
    if (onPort && (bytes[start] === SESSION_REQUEST || bytes[start] === POSITIVE_RESPONSE)) return IS_THIS;
    if (bytes[start] !== SESSION_MESSAGE) return NOT_THIS;
    if (end - start < 8) return NEED_MORE;
    if (!isMarked(bytes, start + 4)) return NOT_THIS;
    // Heard from the middle on: the first whom we heard may be the server.
    const sender = senderOf(bytes, start, end);
    if (sender === undefined) return NEED_MORE;
    // What is encrypted does not say who speaks; the server's port does.
    const reversed = sender === UNTOLD ? PORTS.includes(flow.sourcePort) && !PORTS.includes(flow.destinationPort) : sender !== direction;
    return reversed ? IS_THIS_REVERSED : IS_THIS;
  },
  open: (_flow, settings) => new SmbSession(settings),
  complete: COMPLETE,
  frames: ['nbss.pdu', 'nbss.hdr', 'nbss.data', ...['smb1', 'smb2', 'smb3'].flatMap((version) => [`${version}.pdu`, `${version}.hdr`, `${version}.data`])],
  buffers,
  keywords: [...keywords, ...asKeywords(VERSION)],
  anomalies: [
    { name: 'internal_error', summary: 'more commands in one frame than are read' },
    { name: 'malformed_data', summary: 'bytes that are no message' },
    { name: 'record_overflow', summary: 'data that reach beyond their frame' },
    { name: 'malformed_ntlmssp_request', summary: 'NTLMSSP that can not be read' },
    { name: 'negotiate_malformed_dialects', summary: 'a list of dialects that can not be read' },
    { name: 'file_overlap', summary: 'bytes of a file that were there before' },
    { name: 'request_to_client', summary: 'a request from the server' },
    { name: 'response_to_server', summary: 'an answer from the client' },
    { name: 'negotiate_max_read_size_too_large', summary: 'the server offers reads larger than are usual' },
    { name: 'negotiate_max_write_size_too_large', summary: 'the server offers writes larger than are usual' },
    { name: 'read_request_too_large', summary: 'a read asks for more than was agreed' },
    { name: 'read_response_too_large', summary: 'a read brings more than was agreed' },
    { name: 'read_queue_size_exceeded', summary: 'too many bytes were read out of order' },
    { name: 'read_queue_cnt_exceeded', summary: 'too many pieces were read out of order' },
    { name: 'write_request_too_large', summary: 'a write brings more than was agreed' },
    { name: 'write_queue_size_exceeded', summary: 'too many bytes were written out of order' },
    { name: 'write_queue_cnt_exceeded', summary: 'too many pieces were written out of order' },
    { name: 'too_many_transactions', summary: 'too many requests without an answer' },
  ],
  records(transaction, _flow, options) {
    const wanted = listed(options?.['types']);
    if (wanted !== undefined && !wanted.includes(kindOf(transaction as SmbTransaction))) return [];
    return [{ type: 'smb', body: body(transaction), direction: TO_SERVER }];
  },
  context: body,
};
