/** LDAP messages → transactions: a request and every message of its answer (RFC 4511 §4.1.1.1), matched by message identifier. */
import { type Direction, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { close, FramedSession, MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { type LdapMessage, messageLength, readMessage } from './wire.ts';

/** Answers kept of one request; a search may give any number of entries. */
const MOST_RESPONSES = 256;
/** RFC 4511 §4.14 */
const START_TLS = '1.3.6.1.4.1.1466.20037';

/** An answer has as many messages as there are entries: it begins with the first one. */
export const ANSWER_BEGUN = 1;
export const ANSWER_COMPLETE = 2;
export const COMPLETE: readonly [number, number] = [MESSAGE_COMPLETE, ANSWER_COMPLETE];

const WITHOUT_ANSWER: ReadonlySet<string> = new Set(['unbind_request', 'abandon_request']);
/** More follows these. */
const PARTIAL: ReadonlySet<string> = new Set(['search_result_entry', 'search_result_reference', 'intermediate_response']);

export class LdapTransaction extends Transaction {
  request: LdapMessage | undefined = undefined;
  readonly responses: LdapMessage[] = [];
  over = false;
}

export class LdapSession extends FramedSession<LdapTransaction> {
  protected override readonly crowded = 'too_many_transactions';
  protected override readonly complete = COMPLETE;
  readonly #isDatagram: boolean;

  constructor(isDatagram: boolean) {
    super();
    this.#isDatagram = isDatagram;
  }

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    const length = messageLength(bytes, at, end);
    // A datagram that was cut is read as far as it goes.
    return this.#isDatagram && length > 0 ? Math.min(length, end - at) : length;
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const message = readMessage(bytes, start, end);
    if (message === undefined) {
      const transaction = this.open(new LdapTransaction(this.count, time));
      transaction.raise('invalid_data');
      this.#close(transaction);
      return true;
    }
    if (message.isRequest) this.#request(message, direction, time);
    else this.#response(message, time);
    return true;
  }

  #request(message: LdapMessage, direction: Direction, time: number): void {
    const transaction = this.open(new LdapTransaction(this.count, time));
    transaction.request = message;
    transaction.changed[TO_CLIENT] = false;
    if (direction === TO_CLIENT) transaction.raise('request_to_client');
    if (WITHOUT_ANSWER.has(message.operation)) this.#close(transaction);
    else transaction.advance(TO_SERVER, MESSAGE_COMPLETE);
  }

  #response(message: LdapMessage, time: number): void {
    const asked = this.transactions.find((one) => !one.over && one.request?.id === message.id);
    const transaction = asked ?? this.open(new LdapTransaction(this.count, time));
    if (transaction.responses.length < MOST_RESPONSES) transaction.responses.push(message);
    // Identifier 0 is a notice that nobody asked for (§4.4).
    if (asked === undefined && message.id !== 0) transaction.raise('request_not_found');
    transaction.advance(TO_CLIENT, ANSWER_BEGUN);
    if (PARTIAL.has(message.operation)) return;
    this.#close(transaction);
    const isStartTls = transaction.request?.fields?.['name'] === START_TLS;
    if (isStartTls && message.operation === 'extended_response' && message.result?.code === 0) this.nextProtocol = 'tls';
  }

  #close(transaction: LdapTransaction): void {
    transaction.over = true;
    close(transaction, COMPLETE);
  }
}
