/**
 * DNS messages → transactions (RFC 1035 §4.2). Over UDP a datagram is a message; over TCP each has its length before it, and
 * several may follow each other without waiting. One transaction a message, as Suricata has it.
 */
import { uint16 } from '@sigwright/bytes';
import { type Direction, type FrameSink, type ProtocolSession, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { announcesTooMuch, HEADER_LENGTH, looksLikeDns, RESPONSE } from '../../formats/dns-message/dns-message.ts';
import { type DnsTransaction, dnsTransaction } from '../../formats/dns-message/dns-transaction.ts';

const LENGTH_FIELD = 2;
/** Requests of one conversation that wait for their answers; resolvers have a few under way. */
const MOST_UNANSWERED = 64;

const NOTHING_ASKED: DnsTransaction[] = [];

export class DnsSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count: number;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  readonly #framed: boolean;
  /** requests without an answer, each number once, the oldest first */
  #asked: DnsTransaction[] = NOTHING_ASKED;
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
    for (const request of this.#asked) if (request.unrecorded) return false;
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
    const transaction = announcesTooMuch(bytes, start, end) ? undefined : dnsTransaction(this.count, time, bytes, start, end, direction);
    this.frames?.begin(direction, 'pdu', start, end - start, transaction);
    if (transaction?.message.sound !== true) {
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
    const asked = this.#asked;
    const at = this.#indexOf(request.message.id);
    if (at >= 0) asked[at] = request;
    else if (asked.length === 0) this.#asked = [request];
    else if (asked.push(request) > MOST_UNANSWERED) asked.shift();
  }

  /** What a rule decided about the records of a request holds for its answer. */
  #answer(response: DnsTransaction): void {
    const at = this.#indexOf(response.message.id);
    if (at < 0) return;
    if (this.#asked[at].unrecorded) response.unrecorded = true;
    this.#asked.splice(at, 1);
  }

  #indexOf(id: number): number {
    const asked = this.#asked;
    for (let at = 0; at < asked.length; at++) if (asked[at].message.id === id) return at;
    return -1;
  }

  skip(direction: Direction): boolean {
    this.#searching[direction] = true;
    return true;
  }

  finish(): void {}
}

/** Bytes of a framed message's beginning that recognition wants to see. */
export const FRAMED_HEADER = LENGTH_FIELD + HEADER_LENGTH;
