/** Kerberos 5 (RFC 4120) over UDP and TCP: a transaction for each question to the key distribution centre and each answer. */
import { fromLatin1, uint32 } from '@sigwright/bytes';
import {
  asKeywords,
  type Direction,
  IS_THIS,
  keyword,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type Recognition,
  TO_CLIENT,
  TO_SERVER,
} from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';
import { Asn1Walker, contextTag, type Element, INTEGER, SEQUENCE } from '../../formats/asn1/asn1.ts';
import { COMPLETE, FramedSession, LENGTH_UNKNOWN, MESSAGE_COMPLETE, Message, NO_MESSAGE, wholeDatagram } from '../../formats/messages/framed-session.ts';
import { numberKeywords } from '../../formats/messages/number-keywords.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';

/** RFC 4120 §5.10; the tag of a message is its number, constructed, of class application */
const KINDS: ReadonlyMap<number, string> = new Map([
  [10, 'KRB_AS_REQ'],
  [11, 'KRB_AS_REP'],
  [12, 'KRB_TGS_REQ'],
  [13, 'KRB_TGS_REP'],
  [14, 'KRB_AP_REQ'],
  [15, 'KRB_AP_REP'],
  [30, 'KRB_ERROR'],
]);
const ERROR = 30;
const ANSWERS: ReadonlySet<number> = new Set([11, 13, ERROR]);
const QUESTIONS: ReadonlySet<number> = new Set([10, 12, 14]);
/** Questions that say who asks for what (§5.4.1). */
const READ_QUESTIONS: ReadonlySet<number> = new Set([10, 12]);
const APPLICATION = 0x60;
const MOST_NUMBER = 2_147_483_647;
/** A prefix of four bytes tells the length on TCP (RFC 4120 §7.2.2). */
const PREFIX = 4;
const LONGEST = 16_777_216;

/** RFC 3961 §8, RFC 8009, RFC 4757 */
const ENCRYPTIONS: ReadonlyMap<number, string> = new Map([
  [1, 'des-cbc-crc'],
  [2, 'des-cbc-md4'],
  [3, 'des-cbc-md5'],
  [5, 'des3-cbc-md5'],
  [7, 'des3-cbc-sha1'],
  [16, 'des3-cbc-sha1-kd'],
  [17, 'aes128-cts-hmac-sha1-96'],
  [18, 'aes256-cts-hmac-sha1-96'],
  [19, 'aes128-cts-hmac-sha256-128'],
  [20, 'aes256-cts-hmac-sha384-192'],
  [23, 'rc4-hmac'],
  [24, 'rc4-hmac-exp'],
]);
const WEAK: ReadonlySet<number> = new Set([1, 2, 3, 5, 7, 23, 24]);

/** RFC 4120 §7.5.9, those met in practice */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [6, 'KDC_ERR_C_PRINCIPAL_UNKNOWN'],
  [7, 'KDC_ERR_S_PRINCIPAL_UNKNOWN'],
  [12, 'KDC_ERR_POLICY'],
  [13, 'KDC_ERR_BADOPTION'],
  [14, 'KDC_ERR_ETYPE_NOSUPP'],
  [18, 'KDC_ERR_CLIENT_REVOKED'],
  [23, 'KDC_ERR_KEY_EXPIRED'],
  [24, 'KDC_ERR_PREAUTH_FAILED'],
  [25, 'KDC_ERR_PREAUTH_REQUIRED'],
  [31, 'KRB_AP_ERR_BAD_INTEGRITY'],
  [32, 'KRB_AP_ERR_TKT_EXPIRED'],
  [37, 'KRB_AP_ERR_SKEW'],
  [41, 'KRB_AP_ERR_MODIFIED'],
  [52, 'KRB_ERR_RESPONSE_TOO_BIG'],
  [60, 'KRB_ERR_GENERIC'],
  [68, 'KDC_ERR_WRONG_REALM'],
]);

interface KerberosMessage {
  readonly kind: number;
  readonly question: number;
  readonly realm: string | undefined;
  readonly client: readonly string[];
  readonly server: readonly string[];
  readonly encryption: number | undefined;
  readonly ticketEncryption: number | undefined;
  readonly error: number | undefined;
}

/** The message's number; -1 where it is none. */
function kindAt(bytes: Uint8Array, at: number): number {
  const kind = bytes[at] & 0x1f;
  return (bytes[at] & 0xe0) === APPLICATION && KINDS.has(kind) ? kind : -1;
}

/** What stands in field `[number]` of a sequence. */
function field(walker: Asn1Walker, fields: readonly Element[], number: number): Element | undefined {
  const found = fields.find((one) => one.tag === contextTag(number));
  return found === undefined ? undefined : walker.element(found.start, found.end);
}

function wholeNumber(walker: Asn1Walker, element: Element | undefined): number | undefined {
  if (element?.tag !== INTEGER) return undefined;
  let value = 0;
  for (let at = element.start; at < Math.min(element.end, element.start + 4); at++) value = value * 256 + walker.bytes[at];
  return value;
}

/** PrincipalName: kind and parts */
function principal(walker: Asn1Walker, element: Element | undefined): string[] {
  const parts = element?.tag === SEQUENCE ? field(walker, walker.children(element), 1) : undefined;
  return parts === undefined ? [] : walker.children(parts).map((part) => walker.text(part));
}

/** EncryptedData: its kind of encryption */
function encryption(walker: Asn1Walker, element: Element | undefined): number | undefined {
  return element?.tag === SEQUENCE ? wholeNumber(walker, field(walker, walker.children(element), 0)) : undefined;
}

/** Fields that are not optional (RFC 4120 §5.4.1, §5.4.2 and §5.9.1), by the tags they have. */
const IN_BODY = [0, 2, 5, 7, 8];
const IN_REPLY = [0, 1, 3, 4, 5, 6];
const IN_ERROR = [0, 1, 4, 5, 6, 9, 10];

function hasAll(fields: readonly Element[], numbers: readonly number[]): boolean {
  return numbers.every((number) => fields.some(({ tag, whole }) => tag === contextTag(number) && whole));
}

function readMessage(bytes: Uint8Array, start: number, end: number, question: number): KerberosMessage | undefined {
  const walker = new Asn1Walker(bytes);
  const outer = walker.element(start, end);
  const sequence = outer === undefined ? undefined : walker.element(outer.start, outer.end);
  if (sequence?.tag !== SEQUENCE) return undefined;
  const fields = walker.children(sequence);
  const kind = bytes[start] & 0x1f;
  const text = (number: number): string | undefined => {
    const found = field(walker, fields, number);
    return found === undefined ? undefined : walker.text(found);
  };
  if (READ_QUESTIONS.has(kind)) {
    const asked = field(walker, fields, 4);
    const inBody = asked?.tag === SEQUENCE ? walker.children(asked) : [];
    if (!hasAll(inBody, IN_BODY)) return undefined;
    const realm = field(walker, inBody, 2);
    return {
      kind,
      question: kind,
      realm: realm === undefined ? undefined : walker.text(realm),
      client: principal(walker, field(walker, inBody, 1)),
      server: principal(walker, field(walker, inBody, 3)),
      encryption: undefined,
      ticketEncryption: undefined,
      error: undefined,
    };
  }
  if (!hasAll(fields, kind === ERROR ? IN_ERROR : IN_REPLY)) return undefined;
  if (kind === ERROR) {
    return {
      kind,
      question,
      // As Suricata tells errors: whom they are about is in the question.
      realm: undefined,
      client: [],
      server: principal(walker, field(walker, fields, 10)),
      encryption: undefined,
      ticketEncryption: undefined,
      error: wholeNumber(walker, field(walker, fields, 6)),
    };
  }
  const wrapped = field(walker, fields, 5);
  const ticket = wrapped === undefined ? undefined : walker.element(wrapped.start, wrapped.end);
  const inTicket = ticket === undefined ? [] : walker.children(ticket);
  return {
    kind,
    question,
    realm: text(3),
    client: principal(walker, field(walker, fields, 4)),
    server: principal(walker, field(walker, inTicket, 2)),
    encryption: encryption(walker, field(walker, fields, 6)),
    ticketEncryption: encryption(walker, field(walker, inTicket, 3)),
    error: undefined,
  };
}

class KerberosSession extends FramedSession<Message<KerberosMessage>> {
  readonly #datagrams: boolean;
  #question = 0;

  constructor(datagrams: boolean) {
    super();
    this.#datagrams = datagrams;
  }

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    if (this.#datagrams) return wholeDatagram(bytes, at, end);
    if (end - at < PREFIX) return LENGTH_UNKNOWN;
    const length = uint32(bytes, at);
    return length > LONGEST ? NO_MESSAGE : PREFIX + length;
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const from = this.#datagrams ? start : start + PREFIX;
    if (from >= end) return true;
    const kind = kindAt(bytes, from);
    if (QUESTIONS.has(kind)) this.#question = kind;
    if (!ANSWERS.has(kind) && !READ_QUESTIONS.has(kind)) return kind >= 0;
    const content = readMessage(bytes, from, end, this.#question);
    if (ANSWERS.has(kind)) this.#question = 0;
    if (content === undefined) return false;
    const message = this.open(new Message(this.count, time, direction, content));
    if (content.encryption !== undefined && WEAK.has(content.encryption)) message.raise('weak_encryption');
    return true;
  }
}

const { buffers, keywords } = textBuffers<Message<KerberosMessage>>('krb5', [
  {
    name: 'krb5.cname',
    aliases: ['krb5_cname'],
    summary: 'a part of the client’s name in an answer',
    directions: [TO_CLIENT],
    since: '4.1',
    multiple: true,
    read: ({ content }, index) => part(content.client, index),
  },
  {
    name: 'krb5.sname',
    aliases: ['krb5_sname'],
    summary: 'a part of the service’s name in an answer',
    directions: [TO_CLIENT],
    since: '4.1',
    multiple: true,
    read: ({ content }, index) => part(content.server, index),
  },
]);

function part(parts: readonly string[], index: number): Uint8Array | undefined {
  return index < parts.length ? fromLatin1(parts[index]) : undefined;
}

const conditions = [
  ...numberKeywords<Message<KerberosMessage>>('krb5', [
    { name: 'krb5_msg_type', summary: 'kind of message', since: '4.1', maximum: 255, read: ({ content }) => content.kind },
    { name: 'krb5_err_code', summary: 'code of an error', since: '4.1', maximum: MOST_NUMBER, read: ({ content }) => content.error },
  ]),
  ...asKeywords(
    keyword({
      name: 'krb5.ticket_encryption',
      family: 'krb5',
      since: '7.0',
      summary: 'method that the ticket is encrypted by',
      kind: 'condition',
      protocol: 'krb5',
      argument: custom('[!]weak|<method>[,…]', ['weak', '23', 'rc4-hmac,18'], methodsArgument),
      examples: ['krb5.ticket_encryption:weak;', 'krb5.ticket_encryption:rc4-hmac,18;', 'krb5.ticket_encryption:!weak;'],
      broken: [{ options: 'krb5.ticket_encryption:strong;', code: 'krb5.ticket_encryption/argument' }],
      apply({ negated, methods }, builder) {
        builder.addTransaction({
          keyword: 'krb5.ticket_encryption',
          describes: `a ticket ${negated ? 'not ' : ''}encrypted by one of ${[...methods].join(', ')}`,
          protocol: 'krb5',
          progress: MESSAGE_COMPLETE,
          directions: [TO_SERVER, TO_CLIENT],
          test(transaction) {
            const method = (transaction as Message<KerberosMessage>).content.ticketEncryption;
            return method !== undefined && methods.has(method) !== negated;
          },
        });
      },
    }),
  ),
];

/** Numbers, names, or all that are weak. */
function methodsArgument(
  written: string,
): { readonly value: { readonly negated: boolean; readonly methods: ReadonlySet<number> } } | { readonly problem: string } {
  const negated = written.startsWith('!');
  const methods = new Set<number>();
  const parts = written.slice(negated ? 1 : 0).split(/[\s,]+/);
  for (const part of parts.filter((one) => one !== '')) {
    const named = [...ENCRYPTIONS].find(([, name]) => name === part)?.[0] ?? numberIn(part);
    if (part === 'weak') for (const method of WEAK) methods.add(method);
    else if (named === undefined) return { problem: `\`${part}\` is no method of encryption` };
    else methods.add(named);
  }
  return methods.size > 0 ? { value: { negated, methods } } : { problem: 'a method of encryption is missing' };
}

function body({ content }: Message<KerberosMessage>): Record<string, unknown> {
  const record: Record<string, unknown> = { msg_type: KINDS.get(content.kind) };
  if (content.error !== undefined) {
    record['failed_request'] = KINDS.get(content.question) ?? 'UNKNOWN';
    record['error_code'] = ERRORS.get(content.error) ?? String(content.error);
  }
  record['cname'] = content.client.length > 0 ? content.client.join('/') : '<empty>';
  record['realm'] = content.realm ?? '<empty>';
  record['sname'] = content.server.length > 0 ? content.server.join('/') : '<empty>';
  record['encryption'] = content.encryption === undefined ? '<none>' : (ENCRYPTIONS.get(content.encryption) ?? String(content.encryption));
  record['weak_encryption'] = content.encryption !== undefined && WEAK.has(content.encryption);
  if (content.ticketEncryption !== undefined) {
    record['ticket_encryption'] = ENCRYPTIONS.get(content.ticketEncryption) ?? String(content.ticketEncryption);
    record['ticket_weak_encryption'] = WEAK.has(content.ticketEncryption);
  }
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'krb5',
  recordName: 'krb5',
  transport: ['udp', 'tcp'],
  summary: 'Kerberos tickets',
  ports: [88],
  anyPort: false,
  recognise(bytes, start, end, _direction, flow): Recognition {
    if (flow.protocol === 17) return kindAt(bytes, start) >= 0 ? IS_THIS : NOT_THIS;
    if (end - start <= PREFIX) return NEED_MORE;
    return uint32(bytes, start) <= LONGEST && kindAt(bytes, start + PREFIX) >= 0 ? IS_THIS : NOT_THIS;
  },
  open: (flow) => new KerberosSession(flow.protocol === 17),
  complete: COMPLETE,
  buffers,
  keywords: [...keywords, ...conditions],
  anomalies: [
    { name: 'weak_encryption', summary: 'the answer is encrypted by a weak method' },
    { name: 'malformed_data', summary: 'a message that can not be read' },
  ],
  records: (transaction) => {
    const message = transaction as Message<KerberosMessage>;
    return [{ type: 'krb5', body: body(message), direction: message.direction }];
  },
  context: (transaction) => body(transaction as Message<KerberosMessage>),
};
