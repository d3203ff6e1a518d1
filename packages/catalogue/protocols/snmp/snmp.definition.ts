/** SNMP 1, 2c and 3 (RFC 1157, RFC 3416, RFC 3412): one transaction a message, with community or user, kind and asked variables. */
import { fromLatin1, latin1, shownLatin1 } from '@sigwright/bytes';
import { type Direction, IS_THIS, NOT_THIS, type ProtocolDefinition } from '@sigwright/contracts';
import { Asn1Walker, contextTag, type Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE } from '../../formats/asn1/asn1.ts';
import { COMPLETE, type Message, MessageSession } from '../../formats/messages/framed-session.ts';
import { numberKeywords } from '../../formats/messages/number-keywords.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';

const KINDS: readonly string[] = [
  'get_request',
  'get_next_request',
  'response',
  'set_request',
  'trap_v1',
  'get_bulk_request',
  'inform_request',
  'trap_v2',
  'report',
];
const TRAP_V1 = 4;
/** RFC 1157 §4.1.6: generic-trap */
const TRAP_TYPES: readonly string[] = ['coldstart', 'warmstart', 'linkdown', 'linkup', 'authenticationfailure', 'egpneighborloss', 'enterprisespecific'];
/** RFC 3416 §3: error-status */
const ERRORS: readonly string[] = [
  'NoError',
  'TooBig',
  'NoSuchName',
  'BadValue',
  'ReadOnly',
  'GenErr',
  'NoAccess',
  'WrongType',
  'WrongLength',
  'WrongEncoding',
  'WrongValue',
  'NoCreation',
  'InconsistentValue',
  'ResourceUnavailable',
  'CommitFailed',
  'UndoFailed',
  'AuthorizationError',
  'NotWritable',
  'InconsistentName',
];
/** Place of generic-trap among the fields of a trap of version 1: enterprise, agent, generic-trap, specific-trap, time. */
const TRAP_TYPE_FIELD = 2;
/** Variables shown of one message. */
const MOST_VARIABLES = 256;
/** RFC 3412 §6.4: scoped data is encrypted. */
const PRIVATE = 2;

interface SnmpMessage {
  /** 1, 2 or 3 */
  readonly version: number;
  readonly kind: string;
  readonly community: string | undefined;
  readonly user: string | undefined;
  readonly errorStatus: number;
  /** of a trap of version 1 */
  readonly trapType: number | undefined;
  readonly trapAddress: string | undefined;
  readonly trapIdentifier: string | undefined;
  readonly variables: readonly string[];
}

function numberOf(bytes: Uint8Array, element: Element): number {
  let value = 0;
  for (let at = element.start; at < element.end && at < element.start + 4; at++) value = value * 256 + bytes[at];
  return value;
}

function kindOf(element: Element | undefined): number {
  return element === undefined || element.tag < contextTag(0) || element.tag >= contextTag(KINDS.length) ? -1 : element.tag - contextTag(0);
}

const NO_TRAP = { trapType: undefined, trapAddress: undefined, trapIdentifier: undefined } as const;

/**
 * Request id, error status, error index and the bindings; traps of version 1 have other fields before the bindings. Undefined where
 * the list holds something else, or a binding reaches beyond it.
 */
function bindings(
  walker: Asn1Walker,
  body: Element,
  kind: number,
): Pick<SnmpMessage, 'errorStatus' | 'variables' | 'trapType' | 'trapAddress' | 'trapIdentifier'> | undefined {
  const fields = walker.children(body);
  const list = fields.find((field) => field.tag === SEQUENCE);
  const variables: string[] = [];
  if (list !== undefined) {
    const all = walker.children(list);
    if (all.some((binding) => binding.tag !== SEQUENCE || !binding.whole)) return undefined;
    for (const binding of all.slice(0, MOST_VARIABLES)) {
      const name = walker.element(binding.start, binding.end);
      if (name?.tag === OBJECT_IDENTIFIER) variables.push(walker.identifier(name));
    }
  }
  const status = fields[1];
  if (kind !== TRAP_V1) return { ...NO_TRAP, errorStatus: status?.tag === INTEGER ? numberOf(walker.bytes, status) : 0, variables };
  const [identifier, agent] = fields;
  const type = fields[TRAP_TYPE_FIELD];
  return {
    errorStatus: 0,
    variables,
    trapType: type?.tag === INTEGER ? numberOf(walker.bytes, type) : undefined,
    trapAddress: agent !== undefined && agent.end - agent.start === 4 ? walker.bytes.subarray(agent.start, agent.end).join('.') : undefined,
    trapIdentifier: identifier?.tag === OBJECT_IDENTIFIER ? walker.identifier(identifier) : undefined,
  };
}

function read(bytes: Uint8Array, start: number, end: number): SnmpMessage | undefined {
  const walker = new Asn1Walker(bytes);
  const outer = walker.element(start, end);
  if (outer?.tag !== SEQUENCE || !outer.whole) return undefined;
  const [version, second, third, fourth] = walker.children(outer);
  if (version?.tag !== INTEGER || second === undefined || third === undefined) return undefined;
  const number = numberOf(bytes, version);
  if (number === 0 || number === 1) {
    const kind = kindOf(third);
    if (second.tag !== OCTET_STRING || kind < 0) return undefined;
    const bound = bindings(walker, third, kind);
    if (bound === undefined) return undefined;
    return { version: number + 1, kind: KINDS[kind], community: latin1(bytes, second.start, second.end), user: undefined, ...bound };
  }
  if (number !== 3 || second.tag !== SEQUENCE || fourth === undefined) return undefined;
  const parameters = walker.element(third.start, third.end);
  const user = parameters === undefined ? undefined : walker.children(parameters)[3];
  const shownUser = user === undefined ? '' : latin1(bytes, user.start, user.end);
  const flags = walker.children(second)[2];
  const hidden = flags !== undefined && (bytes[flags.start] & PRIVATE) !== 0 && fourth.tag === OCTET_STRING;
  if (hidden) return { version: 3, kind: 'encrypted', community: undefined, user: shownUser, errorStatus: 0, variables: [], ...NO_TRAP };
  const body = walker.children(fourth)[2];
  const kind = kindOf(body);
  if (body === undefined || kind < 0) return undefined;
  const bound = bindings(walker, body, kind);
  return bound === undefined ? undefined : { version: 3, kind: KINDS[kind], community: undefined, user: shownUser, ...bound };
}

/** A conversation keeps to the version that it began with. */
class SnmpSession extends MessageSession<SnmpMessage> {
  #version = 0;

  constructor() {
    super(read);
  }

  protected override message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    if (!super.message(direction, bytes, start, end, time)) return false;
    const message = this.transactions[this.transactions.length - 1];
    if (this.#version === 0) this.#version = message.content.version;
    else if (message.content.version !== this.#version) message.raise('version_mismatch');
    return true;
  }
}

function looksLikeSnmp(bytes: Uint8Array, start: number, end: number): boolean {
  const walker = new Asn1Walker(bytes);
  const outer = walker.element(start, end);
  const version = outer?.tag === SEQUENCE ? walker.element(outer.start, outer.end) : undefined;
  return version?.tag === INTEGER && version.end - version.start === 1 && [0, 1, 3].includes(bytes[version.start]);
}

const { buffers, keywords } = textBuffers<Message<SnmpMessage>>('snmp', [
  {
    name: 'snmp.community',
    summary: 'community of a message of version 1 or 2c',
    since: '5.0',
    read: ({ content }) => (content.community === undefined ? undefined : fromLatin1(content.community)),
  },
  {
    name: 'snmp.usm',
    summary: 'user of a message of version 3',
    since: '7.0',
    read: ({ content }) => (content.user === undefined ? undefined : fromLatin1(content.user)),
  },
]);

const numbers = numberKeywords<Message<SnmpMessage>>('snmp', [
  { name: 'snmp.version', summary: 'version: 1, 2 or 3', since: '5.0', maximum: 255, read: ({ content }) => content.version },
  {
    name: 'snmp.pdu_type',
    summary: 'kind of message',
    since: '5.0',
    maximum: KINDS.length,
    words: Object.fromEntries(KINDS.map((kind, number) => [kind, number])),
    read: ({ content }) => (KINDS.includes(content.kind) ? KINDS.indexOf(content.kind) : undefined),
  },
  {
    name: 'snmp.trap_type',
    summary: 'kind of a trap of version 1',
    since: '8.0',
    maximum: 255,
    words: Object.fromEntries(TRAP_TYPES.map((type, number) => [type, number])),
    read: ({ content }) => content.trapType,
  },
]);

function body({ content }: Message<SnmpMessage>): Record<string, unknown> {
  const record: Record<string, unknown> = { version: content.version };
  if (content.kind !== '') record['pdu_type'] = content.kind;
  if (content.trapType !== undefined) record['trap_type'] = TRAP_TYPES[content.trapType] ?? 'unknown';
  if (content.trapIdentifier !== undefined) record['trap_oid'] = content.trapIdentifier;
  if (content.trapAddress !== undefined) record['trap_address'] = content.trapAddress;
  if (content.errorStatus > 0 && content.kind === 'response') record['error'] = ERRORS[content.errorStatus] ?? `Unknown(${content.errorStatus})`;
  if (content.community !== undefined) record['community'] = shownLatin1(content.community);
  if (content.user !== undefined) record['usm'] = shownLatin1(content.user);
  if (content.variables.length > 0) record['vars'] = content.variables;
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'snmp',
  recordName: 'snmp',
  transport: ['udp'],
  summary: 'management of network devices',
  ports: [161, 162],
  anyPort: false,
  recognise: (bytes, start, end) => (looksLikeSnmp(bytes, start, end) ? IS_THIS : NOT_THIS),
  open: () => new SnmpSession(),
  complete: COMPLETE,
  buffers,
  keywords: [...keywords, ...numbers],
  anomalies: [
    { name: 'malformed_data', summary: 'a message that can not be read' },
    { name: 'version_mismatch', summary: 'a message of another version than the first one' },
  ],
  records: (transaction) => {
    const message = transaction as Message<SnmpMessage>;
    return [{ type: 'snmp', body: body(message), direction: message.direction }];
  },
  context: (transaction) => body(transaction as Message<SnmpMessage>),
};
