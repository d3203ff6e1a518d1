/** SMTP (RFC 5321) with mails as RFC 5322 and MIME write them; recognised by the client's greeting or the server's 220 on mail ports. */
import { fromLatin1, hex, md5, shownTexts } from '@sigwright/bytes';
import {
  hooks,
  IS_THIS,
  isOn,
  listed,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type RecordOptions,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import type { MailReader } from '../../formats/mime/mail.ts';
import { startsLike } from '../../formats/recognised-only.ts';
import { MAIL_OVER, MAIL_TEXT, SmtpSession, type SmtpTransaction } from './session.ts';

const PORTS = [25, 465, 587];

const text = (value: string | undefined): Uint8Array | undefined => (value === undefined || value === '' ? undefined : fromLatin1(value));

const HEADERS = [
  ['from', 'from'],
  ['subject', 'subject'],
  ['to', 'to'],
  ['cc', 'cc'],
  ['date', 'date'],
  ['message_id', 'message-id'],
  ['x_mailer', 'x-mailer'],
] as const;

const { buffers, keywords } = textBuffers<SmtpTransaction>('smtp', [
  { name: 'smtp.helo', summary: 'name that the client gives itself', since: '8.0', directions: [TO_SERVER], progress: 0, read: (one) => text(one.helo) },
  { name: 'smtp.mail_from', summary: 'sender of the envelope', since: '8.0', directions: [TO_SERVER], progress: 0, read: (one) => text(one.from) },
  {
    name: 'smtp.rcpt_to',
    summary: 'a recipient of the envelope',
    since: '8.0',
    directions: [TO_SERVER],
    multiple: true,
    // There may be more until the text begins.
    progress: MAIL_TEXT,
    read: (one, index) => text(one.recipients[index]),
  },
  ...HEADERS.map(([name, header]) => ({
    name: `email.${name}`,
    summary: `header ${header} of the mail`,
    since: '8.0',
    directions: [TO_SERVER] as const,
    progress: MAIL_OVER,
    read: (one: SmtpTransaction) => text(one.mail?.value(header)),
  })),
  {
    name: 'email.received',
    summary: 'a header received of the mail',
    since: '8.0',
    directions: [TO_SERVER],
    multiple: true,
    progress: MAIL_OVER,
    read: (one, index) => text(one.mail?.headers.filter(([name]) => name === 'received')[index]?.[1]),
  },
  {
    name: 'email.body_md5',
    summary: 'MD5 digest of the text behind the headers, in hexadecimal',
    since: '8.0',
    directions: [TO_SERVER],
    progress: MAIL_OVER,
    read: (one) => text(one.mail?.bodyDigest),
  },
  {
    name: 'email.url',
    summary: 'an address in the text of the mail, without its scheme',
    since: '8.0',
    directions: [TO_SERVER],
    multiple: true,
    progress: MAIL_OVER,
    read: (one, index) => text(one.mail?.urls[index]),
  },
]);

function envelope(transaction: Transaction): Record<string, unknown> {
  const one = transaction as SmtpTransaction;
  const body: Record<string, unknown> = {};
  if (one.helo !== '') body['helo'] = one.helo;
  if (one.from !== undefined) body['mail_from'] = one.from;
  if (one.recipients.length > 0) body['rcpt_to'] = one.recipients;
  return shownTexts(body);
}

function addresses(value: string): string[] {
  return value.split(',').map((one) => one.trim());
}

/** Shown where the output's `extended` asks for more. */
const EXTENDED_FIELDS = ['bcc', 'message-id', 'subject', 'x-mailer', 'user-agent'];

/** Shown where the output's `custom` names them. */
const FIELDS = [
  ...EXTENDED_FIELDS,
  'reply-to',
  'received',
  'x-originating-ip',
  'in-reply-to',
  'references',
  'importance',
  'priority',
  'sensitivity',
  'organization',
  'content-md5',
  'date',
];

/** Without options of an output, the extended form. */
function wantedFields(options: RecordOptions | undefined): readonly string[] {
  if (options === undefined) return EXTENDED_FIELDS;
  const asked = listed(options['custom'])?.map((name) => name.replaceAll('_', '-')) ?? [];
  const extended = isOn(options['extended'], false);
  return FIELDS.filter((name) => asked.includes(name) || (extended && EXTENDED_FIELDS.includes(name)));
}

/** One value as it is written, but the copies that nobody sees, and each `received` by itself. */
function field(mail: MailReader, name: string): string | readonly string[] | undefined {
  const value = mail.value(name);
  if (value === undefined) return undefined;
  return name === 'bcc' ? addresses(value) : name === 'received' ? mail.values(name) : value;
}

/** `fields`: headers shown beside those that always are. */
function email(one: SmtpTransaction, fields: readonly string[], digests: readonly string[] = []): Record<string, unknown> | undefined {
  const { mail } = one;
  if (mail === undefined) return undefined;
  const body: Record<string, unknown> = { status: mail.status };
  const from = mail.value('from');
  const to = mail.value('to');
  const copies = mail.value('cc');
  if (from !== undefined) body['from'] = from;
  if (to !== undefined) body['to'] = addresses(to);
  if (copies !== undefined) body['cc'] = addresses(copies);
  for (const name of fields) {
    const value = field(mail, name);
    if (value !== undefined) body[name.replaceAll('-', '_')] = value;
  }
  if (mail.attachments.length > 0) body['attachment'] = mail.attachments;
  if (mail.urls.length > 0) body['url'] = mail.urls;
  if (digests.includes('body') && mail.bodyDigest !== undefined) body['body_md5'] = mail.bodyDigest;
  const subject = mail.value('subject');
  if (digests.includes('subject') && subject !== undefined) body['subject_md5'] = hex(md5(fromLatin1(subject)));
  return shownTexts(body);
}

/** A mail that has begun; before, there is nothing to tell. */
function emailBeside(transaction: Transaction, fields: readonly string[], digests?: readonly string[]): Record<string, unknown> | undefined {
  const mail = email(transaction as SmtpTransaction, fields, digests);
  return mail === undefined ? undefined : { email: mail };
}

export const protocol: ProtocolDefinition = {
  name: 'smtp',
  carriesFiles: true,
  recordName: 'smtp',
  transport: ['tcp'],
  summary: 'mail transport',
  ports: PORTS,
  anyPort: true,
  recognise(bytes, start, end, direction, flow) {
    const like = startsLike(
      bytes,
      start,
      end,
      direction === TO_SERVER ? ['EHLO ', 'HELO ', 'ehlo ', 'helo ', 'QUIT\r', 'quit\r'] : PORTS.includes(flow.destinationPort) ? ['220 ', '220-'] : [],
    );
    return like === 'yes' ? IS_THIS : like === 'maybe' ? NEED_MORE : NOT_THIS;
  },
  // After a STARTTLS that was followed by no TLS the dialogue goes on.
  open: (flow, settings) => new SmtpSession(settings, flow.originalProtocol === 'smtp'),
  complete: [MAIL_OVER, MAIL_OVER],
  hooks: [
    hooks({ request_started: 0, request_data: MAIL_TEXT, request_complete: MAIL_OVER }),
    hooks({ response_started: 0, response_data: MAIL_TEXT, response_complete: MAIL_OVER }),
  ],
  frames: ['command_line', 'data', 'response_line'],
  buffers,
  keywords,
  anomaliesInCapitals: true,
  anomalies: [
    { name: 'unable_to_match_reply_with_request', summary: 'a reply without a command' },
    { name: 'duplicate_fields', summary: 'a second sender within one mail' },
    { name: 'unparsable_content', summary: 'a greeting, sender or recipient without content' },
    { name: 'bdat_chunk_len_exceeded', summary: 'a chunk longer than is read' },
    { name: 'mime_long_line', summary: 'a line longer than RFC 5322 allows' },
    { name: 'mime_long_enc_line', summary: 'an encoded line longer than RFC 2045 allows' },
    { name: 'mime_long_header_name', summary: 'a name of a header longer than a line' },
    { name: 'mime_long_header_value', summary: 'a header longer than is read' },
    { name: 'mime_long_boundary', summary: 'a boundary longer than RFC 2046 allows' },
    { name: 'mime_long_filename', summary: 'a name of a file longer than is kept' },
    { name: 'mime_invalid_base64', summary: 'characters that are no base64' },
    { name: 'mime_invalid_qp', summary: 'an escape that is no quoted-printable' },
    { name: 'invalid_reply', summary: 'a reply without a code' },
    { name: 'no_server_welcome_message', summary: 'the server’s first reply is not 220' },
    { name: 'max_command_line_len_exceeded', summary: 'a command longer than is read' },
    { name: 'max_reply_line_len_exceeded', summary: 'a reply longer than is read' },
    { name: 'data_command_rejected', summary: 'the server does not want the text of the mail' },
    { name: 'invalid_pipelined_sequence', summary: 'a command behind one whose reply decides what comes next' },
    { name: 'invalid_bdat', summary: 'a chunk without a length, or with more than that' },
    { name: 'failed_protocol_change', summary: 'a change of protocol after one that failed' },
    { name: 'tls_rejected', summary: 'the server does not want encryption' },
    { name: 'too_many_transactions', summary: 'more mails without a reply than are kept' },
  ],
  records(transaction, _flow, options) {
    const beside = emailBeside(transaction, wantedFields(options), listed(options?.['md5']));
    return [{ type: 'smtp', body: envelope(transaction), direction: TO_SERVER, ...(beside === undefined ? {} : { beside }) }];
  },
  fields: (transaction) => (transaction as SmtpTransaction).mail?.fields ?? [],
  context: envelope,
  contextBeside: (transaction) => emailBeside(transaction, []),
};
