/**
 * PostgreSQL messages → transactions: a request and all that the server says until it awaits the next one ("Message Flow" in the
 * PostgreSQL documentation). Extended queries (Parse, Bind, Execute …) are passed over.
 */
import { uint32 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { close, FramedSession, MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { type Authentication, METHODS, messageLength, type Request, type Response, readRequest, readResponse } from './wire.ts';

/** Of one exchange: parameters, faults, notices; a server sends about fifteen. */
const MOST_LISTED = 128;
const YES = 0x53;
const NO = 0x4e;

export class PgsqlTransaction extends Transaction {
  /** undefined: the server spoke unasked */
  readonly request: Request | undefined;
  readonly showsPasswords: boolean;
  /** all but rows and copied data, which are counted */
  readonly responses: Response[] = [];
  rows = 0;
  rowBytes = 0;
  copiedOut = 0;
  copiedOutBytes = 0;
  copiedIn = 0;
  copiedInBytes = 0;
  /** how the client ended what it copied */
  copyEnd: Request | undefined = undefined;

  constructor(id: number, time: number, request: Request | undefined, showsPasswords: boolean) {
    super(id, time);
    this.request = request;
    this.showsPasswords = showsPasswords;
    this.changed[TO_CLIENT] = false;
    this.advance(TO_SERVER, MESSAGE_COMPLETE);
  }

  get isOpen(): boolean {
    return this.progress[TO_CLIENT] < MESSAGE_COMPLETE;
  }
}

const WITHOUT_ANSWER: ReadonlySet<Request['kind']> = new Set(['terminate', 'cancel']);
const LOGS_ON: ReadonlySet<Request['kind'] | undefined> = new Set(['startup', 'password', 'sasl-initial', 'sasl'] as const);

export class PgsqlSession extends FramedSession<PgsqlTransaction> {
  protected override readonly crowded = 'too_many_transactions';
  readonly #showsPasswords: boolean;
  #authentication: Authentication = 'none';
  #length = 0;

  constructor(settings: EngineSettings) {
    super();
    this.#showsPasswords = settings.pgsql.passwords;
  }

  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    if (consumed < 0) {
      this.anomalies.length = 0;
      this.anomalies.push(direction === TO_SERVER ? 'malformed_request' : 'malformed_response');
    }
    return consumed;
  }

  protected frame(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    if (direction === TO_CLIENT && this.#awaitsOneByte() && (bytes[at] === YES || bytes[at] === NO)) this.#length = 1;
    else this.#length = messageLength(bytes, at, end, direction === TO_SERVER);
    return this.#length;
  }

  #awaitsOneByte(): boolean {
    const request = this.#asked()?.request;
    return request?.kind === 'ssl' || request?.kind === 'gss';
  }

  #asked(): PgsqlTransaction | undefined {
    return this.transactions.find((one) => one.isOpen);
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    if (direction === TO_SERVER) return this.#request(bytes, start, end, time);
    if (this.#length === 1) {
      this.#encryption(bytes[start] === YES);
      return true;
    }
    const response = readResponse(bytes, start, end, this.#length);
    if (response !== undefined) this.#response(response);
    return response !== undefined;
  }

  #request(bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const request = readRequest(bytes, start, end, this.#authentication);
    if (request === undefined) return false;
    switch (request.kind) {
      case 'other':
        return true;
      case 'copy-data':
        this.#copying(time).copiedIn++;
        this.#copying(time).copiedInBytes += uint32(bytes, start + 1) - 4;
        return true;
      case 'copy-done':
      case 'copy-fail':
        this.#copying(time).copyEnd = request;
        return true;
    }
    const transaction = this.#begin(request, time);
    if (WITHOUT_ANSWER.has(request.kind)) close(transaction);
    return true;
  }

  #begin(request: Request, time: number): PgsqlTransaction {
    return this.open(new PgsqlTransaction(this.count, time, request, this.#showsPasswords));
  }

  /** The transaction of the data that the client copies. */
  #copying(time: number): PgsqlTransaction {
    const last = this.transactions[this.transactions.length - 1];
    return last?.isOpen === true && last.request?.kind === 'copy-data' ? last : this.#begin({ kind: 'copy-data' }, time);
  }

  #encryption(accepted: boolean): void {
    const transaction = this.#asked();
    if (transaction === undefined) return;
    transaction.responses.push({ kind: 'encryption', accepted });
    close(transaction);
    if (!accepted) return;
    if (transaction.request?.kind === 'ssl') this.nextProtocol = 'tls';
    else this.done = true;
  }

  #response(response: Response): void {
    if (response.kind === 'authentication') this.#authentication = authenticationOf(response.method);
    const transaction = this.#asked();
    // Nobody asked: the answer to an extended query, or a notification.
    if (transaction === undefined || response.kind === 'notification') return;
    if (response.kind === 'row') {
      transaction.rows++;
      transaction.rowBytes += response.size;
    } else if (response.kind === 'copy-data') {
      transaction.copiedOut++;
      transaction.copiedOutBytes += response.size;
    } else if (response.kind !== 'other' && transaction.responses.length < MOST_LISTED) transaction.responses.push(response);
    if (isLast(response, transaction)) transaction.advance(TO_CLIENT, MESSAGE_COMPLETE);
  }
}

function authenticationOf(method: number): Authentication {
  switch (method) {
    case METHODS.ok:
    case METHODS.saslFinal:
      return 'none';
    case METHODS.sasl:
      return 'sasl';
    case METHODS.saslContinued:
      return 'sasl-continued';
    default:
      return 'password';
  }
}

/** The client's turn comes after it. */
function isLast(response: Response, { request }: PgsqlTransaction): boolean {
  switch (response.kind) {
    case 'ready':
    case 'copy-in':
    case 'copy-both':
      return true;
    case 'authentication':
      return response.method !== METHODS.ok && response.method !== METHODS.saslFinal;
    case 'fault':
      // A refused logon ends the connection; after a query that failed the server says that it is ready.
      return LOGS_ON.has(request?.kind) || request?.kind === 'ssl' || request?.kind === 'gss';
    default:
      return false;
  }
}
