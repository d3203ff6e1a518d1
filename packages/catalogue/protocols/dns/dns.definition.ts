/**
 * DNS over UDP and TCP. One transaction a message, as Suricata has it: queries to the server, responses to the client.
 * Progress: 1 once the message was read, which is all there is.
 */
import { latin1, printable, uint16 } from '@sigwright/bytes';
import {
  asKeywords,
  type BufferDefinition,
  type Direction,
  type Flow,
  fillWindow,
  IS_THIS,
  keyword,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type ProtocolRecord,
  type ProtocolSession,
  TO_CLIENT,
  TO_SERVER,
  Transaction,
  type TransactionBuffer,
  UDP,
} from '@sigwright/contracts';
import { compares, comparison, describeComparison, none } from '../../arguments/index.ts';
import { type DnsMessage, looksLikeDns, opcodeOf, RESPONSE, RESPONSE_CODES, type ResourceRecord, readDns, TYPES, typeName } from './wire.ts';

const DONE = 1;
const PORTS = [53];
const LONGEST_MESSAGE = 65_535;

class DnsTransaction extends Transaction {
  readonly message: DnsMessage;
  readonly direction: Direction;

  constructor(id: number, time: number, message: DnsMessage, direction: Direction) {
    super(id, time);
    this.message = message;
    this.direction = direction;
    this.advance(TO_SERVER, DONE);
    this.advance(TO_CLIENT, DONE);
    this.changed[direction === TO_SERVER ? TO_CLIENT : TO_SERVER] = false;
  }
}

class DnsSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  readonly #framed: boolean;

  /** `framed`: over TCP, each message has its length before it (RFC 1035 §4.2.2). */
  constructor(framed: boolean) {
    this.#framed = framed;
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, _atEnd: boolean, time: number): number {
    if (!this.#framed) {
      this.#message(direction, bytes, start, end, time);
      return end;
    }
    let at = start;
    while (end - at >= 2) {
      const length = uint16(bytes, at);
      if (end - at - 2 < length) break;
      if (length > 0) this.#message(direction, bytes, at + 2, at + 2 + length, time);
      at += 2 + length;
    }
    return at;
  }

  #message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): void {
    const message = readDns(bytes, start, end);
    if (message === undefined) {
      this.anomalies.push('malformed_data');
      return;
    }
    const transaction = new DnsTransaction(this.count++, time, message, direction);
    if (message.malformed) transaction.raise('malformed_data');
    if ((message.flags & 0x40) !== 0) transaction.raise('z_flag_set');
    if (opcodeOf(message.flags) >= 7) transaction.raise('invalid_opcode');
    const isResponse = (message.flags & RESPONSE) !== 0;
    if (direction === TO_SERVER && isResponse) transaction.raise('not_request');
    if (direction === TO_CLIENT && !isResponse) transaction.raise('not_response');
    this.transactions.push(transaction);
  }

  skip(): boolean {
    return false;
  }

  finish(): void {}
}

function names(
  name: string,
  summary: string,
  directions: readonly Direction[],
  list: (message: DnsMessage) => readonly { readonly name: Uint8Array }[],
): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape: 'name',
    protocol: 'dns',
    directions,
    multiple: true,
    progress: () => DONE,
    read(transaction, _direction, index, window) {
      return fillWindow(window, list((transaction as DnsTransaction).message)[index]?.name);
    },
  };
}

const REQUEST: readonly Direction[] = [TO_SERVER];
const RESPONSES: readonly Direction[] = [TO_CLIENT];
const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

const buffers: readonly BufferDefinition[] = [
  names('dns.query', 'names asked for', REQUEST, (message) => message.questions),
  names('dns.queries.rrname', 'names in the question section', BOTH, (message) => message.questions),
  names('dns.answers.rrname', 'names in the answer section', BOTH, (message) => message.answers),
  names('dns.authorities.rrname', 'names in the authority section', BOTH, (message) => message.authorities),
  names('dns.additionals.rrname', 'names in the additional section', BOTH, (message) => message.additionals),
  names('dns.response.rrname', 'all names of a response, also those it points at', RESPONSES, (message) => {
    const all: { name: Uint8Array }[] = [...message.questions, ...message.answers, ...message.authorities, ...message.additionals];
    for (const record of [...message.answers, ...message.authorities, ...message.additionals]) {
      if (typeof record.data === 'string' && NAME_TYPES.has(record.type)) all.push({ name: Uint8Array.from(record.data, (letter) => letter.charCodeAt(0)) });
    }
    return all;
  }),
];

const NAME_TYPES: ReadonlySet<number> = new Set([2, 5, 12, 15, 39]);

function numberKeyword(name: string, summary: string, read: (message: DnsMessage) => readonly number[], named: Readonly<Record<string, number>> = {}) {
  return keyword({
    name,
    family: 'dns',
    since: name === 'dns.opcode' ? '5.0' : '7.0',
    summary,
    kind: 'condition',
    protocol: 'dns',
    argument: comparison(0, 65535, named),
    examples: [`${name}:1;`],
    broken: [{ options: `${name}:x y;`, code: `${name}/argument` }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: name,
        describes: `${summary} is ${describeComparison(wanted)}`,
        protocol: 'dns',
        progress: DONE,
        directions: BOTH,
        test: (transaction) => read((transaction as DnsTransaction).message).some((value) => compares(wanted, value)),
      });
    },
  });
}

const lowerNames = (table: Readonly<Record<number, string>>): Record<string, number> =>
  Object.fromEntries(Object.entries(table).map(([number, name]) => [name.toLowerCase(), Number(number)]));

const ALIASES: Record<string, readonly string[]> = { 'dns.query': ['dns_query'] };

const keywords = asKeywords(
  ...buffers.map((buffer) =>
    keyword({
      name: buffer.name,
      ...(ALIASES[buffer.name] === undefined ? {} : { aliases: ALIASES[buffer.name] }),
      family: 'dns',
      since: buffer.name === 'dns.query' ? '5.0' : '8.0',
      summary: buffer.summary,
      kind: 'sticky-buffer' as const,
      protocol: 'dns',
      argument: none(),
      examples: [`${buffer.name}; content:"example.com";`],
      broken: [{ options: `${buffer.name}:1;`, code: `${buffer.name}/argument` }],
      apply(_none, builder) {
        builder.selectBuffer(buffer.name);
      },
    }),
  ),
  numberKeyword('dns.opcode', 'operation code', (message) => [opcodeOf(message.flags)]),
  numberKeyword('dns.rcode', 'response code', (message) => ((message.flags & RESPONSE) === 0 ? [] : [message.flags & 15]), lowerNames(RESPONSE_CODES)),
  numberKeyword('dns.rrtype', 'type asked for or answered', (message) => [...message.questions, ...message.answers].map((one) => one.type), lowerNames(TYPES)),
);

function shown(name: Uint8Array): string {
  for (const byte of name) if (byte < 0x20 || byte > 0x7e) return printable(name);
  return latin1(name);
}

function answer(record: ResourceRecord): Record<string, unknown> {
  const shownRecord: Record<string, unknown> = { rrname: shown(record.name), rrtype: typeName(record.type), ttl: record.ttl };
  if (record.type === 6) shownRecord['soa'] = record.data;
  else if (record.type === 33) shownRecord['srv'] = record.data;
  else if (record.data !== undefined) shownRecord['rdata'] = record.data;
  else if (record.type === 41) return { rrname: shown(record.name), rrtype: 'OPT' };
  return shownRecord;
}

/** Version 3 of Suricata's DNS records. */
function body(transaction: DnsTransaction): Record<string, unknown> {
  const { message } = transaction;
  const isResponse = (message.flags & RESPONSE) !== 0;
  const record: Record<string, unknown> = {
    version: 3,
    type: isResponse ? 'response' : 'request',
    tx_id: transaction.id,
    id: message.id,
    flags: message.flags.toString(16),
  };
  if (isResponse) record['qr'] = true;
  if ((message.flags & 0x400) !== 0) record['aa'] = true;
  if ((message.flags & 0x200) !== 0) record['tc'] = true;
  if ((message.flags & 0x100) !== 0) record['rd'] = true;
  if ((message.flags & 0x80) !== 0) record['ra'] = true;
  if ((message.flags & 0x40) !== 0) record['z'] = true;
  record['opcode'] = opcodeOf(message.flags);
  record['rcode'] = RESPONSE_CODES[message.flags & 15] ?? `UNKNOWN(${message.flags & 15})`;
  if (!isResponse) delete record['rcode'];
  if (message.questions.length > 0)
    record['queries'] = message.questions.map((question) => ({ rrname: shown(question.name), rrtype: typeName(question.type) }));
  if (message.answers.length > 0) {
    record['answers'] = message.answers.map(answer);
    const grouped: Record<string, unknown[]> = {};
    for (const one of message.answers) {
      if (one.data === undefined) continue;
      const type = typeName(one.type);
      grouped[type] ??= [];
      grouped[type].push(one.data);
    }
    if (Object.keys(grouped).length > 0) record['grouped'] = grouped;
  }
  if (message.authorities.length > 0) record['authorities'] = message.authorities.map(answer);
  if (message.additionals.length > 0) record['additionals'] = message.additionals.map(answer);
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'dns',
  recordName: 'dns',
  transport: ['udp', 'tcp'],
  summary: 'DNS over UDP and TCP',
  ports: PORTS,
  anyPort: true,
  recognise(bytes, start, end, _direction, flow: Flow) {
    const onPort = PORTS.includes(flow.destinationPort) || PORTS.includes(flow.sourcePort);
    if (flow.protocol === UDP) {
      if (flow.destinationPort === 5353 || flow.sourcePort === 5353) return NOT_THIS;
      return looksLikeDns(bytes, start, end) ? IS_THIS : NOT_THIS;
    }
    if (!onPort) return NOT_THIS;
    if (end - start < 14) return NEED_MORE;
    const length = uint16(bytes, start);
    if (length < 12 || length > LONGEST_MESSAGE) return NOT_THIS;
    return looksLikeDns(bytes, start + 2, Math.min(end, start + 2 + length)) ? IS_THIS : NOT_THIS;
  },
  open: (flow) => new DnsSession(flow.protocol !== UDP),
  complete: [DONE, DONE],
  buffers,
  keywords,
  anomalies: [
    { name: 'malformed_data', summary: 'the message ends or contradicts itself too early' },
    { name: 'z_flag_set', summary: 'the reserved bit is set' },
    { name: 'invalid_opcode', summary: 'an operation that is not assigned' },
    { name: 'not_request', summary: 'a response where a request should be' },
    { name: 'not_response', summary: 'a request where a response should be' },
  ],
  records(transaction): readonly ProtocolRecord[] {
    const one = transaction as DnsTransaction;
    return [{ type: 'dns', body: body(one), direction: one.direction }];
  },
  context: (transaction) => body(transaction as DnsTransaction),
};
