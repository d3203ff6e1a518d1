/**
 * What DNS and multicast DNS have in common above the wire: one transaction a message, and buffers over its names.
 * Progress: 1 once the message was read, which is all there is.
 */
import {
  type BufferDefinition,
  type Direction,
  fillWindow,
  type KeywordDefinition,
  keyword,
  TO_CLIENT,
  TO_SERVER,
  Transaction,
  type TransactionBuffer,
} from '@sigwright/contracts';
import { none } from '../../arguments/index.ts';
import { type DnsMessage, opcodeOf, RESERVED, readDnsMessage } from './dns-message.ts';
import { nameInData } from './record-data.ts';
import { DNAME } from './tables.ts';

export const MESSAGE_READ = 1;
/** Operations from here on are not assigned. */
const FIRST_FREE_OPCODE = 7;

export class DnsTransaction extends Transaction {
  readonly message: DnsMessage;
  readonly direction: Direction;
  #responseNames: readonly Uint8Array[] | undefined = undefined;

  constructor(id: number, time: number, message: DnsMessage, direction: Direction) {
    super(id, time);
    this.message = message;
    this.direction = direction;
    this.advance(TO_SERVER, MESSAGE_READ);
    this.advance(TO_CLIENT, MESSAGE_READ);
    // It exists in its own direction only: nothing to be looked at in the other.
    this.changed[direction === TO_SERVER ? TO_CLIENT : TO_SERVER] = false;
    for (const fault of message.faults) this.raise(fault);
    if ((message.flags & RESERVED) !== 0) this.raise('z_flag_set');
    if (opcodeOf(message.flags) >= FIRST_FREE_OPCODE) this.raise('invalid_opcode');
  }

  /** Every name of the message, and those in record data that rules may look at. */
  responseNames(): readonly Uint8Array[] {
    if (this.#responseNames === undefined) {
      const { message } = this;
      const names = message.questions.map((question) => question.name);
      for (const section of [message.answers, message.authorities, message.additionals]) {
        for (const record of section) {
          names.push(record.name);
          const pointed = record.type === DNAME ? undefined : nameInData(message, record);
          if (pointed !== undefined) names.push(pointed);
        }
      }
      this.#responseNames = names;
    }
    return this.#responseNames;
  }
}

/** Reads bytes[start, end) as one message; undefined where there is no header. */
export function dnsTransaction(id: number, time: number, bytes: Uint8Array, start: number, end: number, direction: Direction): DnsTransaction | undefined {
  const message = readDnsMessage(bytes, start, end);
  return message === undefined ? undefined : new DnsTransaction(id, time, message, direction);
}

export function nameBuffer(
  protocol: string,
  name: string,
  summary: string,
  directions: readonly Direction[],
  instance: (transaction: DnsTransaction, index: number) => Uint8Array | undefined,
): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape: 'name',
    protocol,
    directions,
    multiple: true,
    progress: () => MESSAGE_READ,
    read: (transaction, _direction, index, window) => fillWindow(window, instance(transaction as DnsTransaction, index)),
  };
}

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

/** `queries.rrname`, `answers.rrname`, … of one of the two protocols. */
export function sectionBuffers(protocol: string): readonly BufferDefinition[] {
  return [
    nameBuffer(protocol, `${protocol}.queries.rrname`, 'names in the question section', BOTH, (one, index) => one.message.questions[index]?.name),
    nameBuffer(protocol, `${protocol}.answers.rrname`, 'names in the answer section', BOTH, (one, index) => one.message.answers[index]?.name),
    nameBuffer(protocol, `${protocol}.authorities.rrname`, 'names in the authority section', BOTH, (one, index) => one.message.authorities[index]?.name),
    nameBuffer(protocol, `${protocol}.additionals.rrname`, 'names in the additional section', BOTH, (one, index) => one.message.additionals[index]?.name),
    nameBuffer(
      protocol,
      `${protocol}.response.rrname`,
      'all names of a response, also those that CNAME, PTR, MX, NS and SOA records point at',
      protocol === 'dns' ? [TO_CLIENT] : BOTH,
      (one, index) => one.responseNames()[index],
    ),
  ];
}

export function stickyKeywords(
  family: string,
  buffers: readonly BufferDefinition[],
  since: (name: string) => string,
  aliases: Readonly<Record<string, readonly string[]>> = {},
): readonly KeywordDefinition<never>[] {
  return buffers.map((buffer) =>
    keyword({
      name: buffer.name,
      ...(aliases[buffer.name] === undefined ? {} : { aliases: aliases[buffer.name] }),
      family,
      since: since(buffer.name),
      summary: buffer.summary,
      kind: 'sticky-buffer' as const,
      protocol: family,
      argument: none(),
      examples: [`${buffer.name}; content:"example.com";`],
      broken: [{ options: `${buffer.name}:1;`, code: `${buffer.name}/argument` }],
      apply(_none, builder) {
        builder.selectBuffer(buffer.name);
      },
    }),
  );
}
