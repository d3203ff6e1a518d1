/**
 * DNS messages → transactions (RFC 1035 §4.2). Over UDP a datagram is a message; over TCP each has its length before it, and
 * several may follow each other without waiting. One transaction a message, as Suricata has it.
 */
import { uint16 } from '@sigwright/bytes';
import { type Direction, type FrameSink, type ProtocolSession, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { HEADER_LENGTH, looksLikeDns, RESPONSE } from '../../formats/dns-message/dns-message.ts';
import { type DnsTransaction, dnsTransaction } from '../../formats/dns-message/dns-transaction.ts';

const LENGTH_FIELD = 2;
/** Requests of one conversation that wait for their answers; resolvers have a few under way. */
const MOST_UNANSWERED = 64;

export class DnsSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count: number;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  readonly #framed: boolean;
  /** requests without an answer, by their number, the oldest first */
  readonly #asked = new Map<number, DnsTransaction>();
  /** bytes were lost: wait for something that looks like the beginning of a message */
  readonly #searching: [boolean, boolean] = [false, false];

  /** `framed`: over TCP; `count`: transactions before these */
  constructor(framed: boolean, count = 0) {
    this.#framed = framed;
    this.count = count;
  }

  get isAtRest(): boolean {
    if (this.#framed || this.transactions.length > 0 || this.anomalies.length > 0 || this.frames !== undefined) return false;
    // Of a request only what a rule decided about it matters to its answer.
    for (const request of this.#asked.values()) if (request.unrecorded) return false;
    return true;
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    if (!this.#framed) {
      this.#message(direction, bytes, start, end, time);
      return end;
    }
    let at = start;
    while (end - at >= LENGTH_FIELD) {
      const length = uint16(bytes, at);
      if (this.#searching[direction]) {
        const found = looksLikeDns(bytes, at + LENGTH_FIELD, Math.min(end, at + LENGTH_FIELD + length), end - at - LENGTH_FIELD >= length);
        if (found < 0 && !atEnd) return at;
        if (found <= 0) return end;
        this.#searching[direction] = false;
      }
      if (end - at - LENGTH_FIELD < length) break;
      if (length > 0) this.#message(direction, bytes, at + LENGTH_FIELD, at + LENGTH_FIELD + length, time);
      at += LENGTH_FIELD + length;
    }
    return at;
  }

  #message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): void {
    const transaction = dnsTransaction(this.count, time, bytes, start, end, direction);
    this.frames?.begin(direction, 'pdu', start, end - start, transaction);
    if (transaction === undefined) {
      this.anomalies.push('malformed_data');
      return;
    }
    this.count++;
    const isResponse = (transaction.message.flags & RESPONSE) !== 0;
    if (direction === TO_SERVER && isResponse) transaction.raise('not_request');
    if (direction !== TO_SERVER && !isResponse) transaction.raise('not_response');
    if (isResponse) this.#answer(transaction);
    else this.#ask(transaction);
    this.transactions.push(transaction);
  }

  #ask(request: DnsTransaction): void {
    this.#asked.set(request.message.id, request);
    if (this.#asked.size > MOST_UNANSWERED) for (const [oldest] of this.#asked) if (this.#asked.delete(oldest)) break;
  }

  /** What a rule decided about the records of a request holds for its answer. */
  #answer(response: DnsTransaction): void {
    if (this.#asked.get(response.message.id)?.unrecorded === true) response.unrecorded = true;
    this.#asked.delete(response.message.id);
  }

  skip(direction: Direction): boolean {
    this.#searching[direction] = true;
    return true;
  }

  finish(): void {}
}

/** Bytes of a framed message's beginning that recognition wants to see. */
export const FRAMED_HEADER = LENGTH_FIELD + HEADER_LENGTH;
