/**
 * The control connection of RFC 959 and RFC 2428: a transaction for each command, with the lines of its reply, and the data connections
 * that are agreed on. As in Suricata, AUTH TLS changes nothing: what follows is cut into lines too.
 */
import { latin1 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, type Expectation, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { LineSession } from '../../formats/lines/line-session.ts';

/** Progress: command read; answered, whether it is of interest to the one direction or the other. */
export const COMMAND = 1;
export const ANSWERED = 2;
/** Lines kept of one reply. */
const MOST_LINES = 256;

/** Commands that use a data connection; the name that stands for a file without one. */
const TRANSFERS: ReadonlyMap<string, string> = new Map([
  ['RETR', ''],
  ['STOR', ''],
  ['APPE', ''],
  ['STOU', '<stou>'],
  ['LIST', ''],
  ['NLST', ''],
  ['MLSD', ''],
]);
const LISTINGS: ReadonlySet<string> = new Set(['LIST', 'NLST', 'MLSD']);

/** What a data connection is told about itself. */
export interface FtpTransfer {
  readonly command: string;
  /** empty for listings */
  readonly fileName: string;
}

export class FtpTransaction extends Transaction {
  command = '';
  argument = '';
  commandCut = false;
  replyCut = false;
  readonly codes: string[] = [];
  readonly replies: string[] = [];
  /** port of the data connection that was agreed on, and who opens it */
  dynamicPort = 0;
  mode: 'active' | 'passive' | undefined = undefined;
  /** address that the client asked the server to connect to (PORT), four numbers with dots */
  askedAddress: string | undefined = undefined;
}

const FIRST_FINAL = 200;

export class FtpSession extends LineSession<FtpTransaction> {
  override readonly rawWaitsFor = 'chunk';
  override readonly longestLine: number;
  override mostOpen: number;
  readonly expectations: Expectation[] = [];
  readonly #mostTransactions: number;
  /** agreed on last, until it is used */
  #port = 0;
  #mode: 'active' | 'passive' = 'active';
  /** its reply was not ended by a line that says so */
  #replied: FtpTransaction | undefined = undefined;
  /** the reply's last line says that more follow */
  #isContinued = false;

  constructor(settings: EngineSettings) {
    super();
    this.longestLine = settings.ftp.longestLine;
    this.mostOpen = settings.ftp.mostTransactions + 1;
    this.#mostTransactions = settings.ftp.mostTransactions;
  }

  /** As in Suricata, a reply ends with what comes at once, unless that is cut within a line: lines that come later are a reply of their own. */
  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    if (direction === TO_CLIENT && this.#replied !== undefined && (consumed === end || !this.#isContinued)) {
      this.close(this.#replied);
      this.#replied = undefined;
    }
    return consumed;
  }

  protected line(direction: Direction, bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void {
    const text = latin1(bytes, start, end);
    if (direction === TO_SERVER) this.#command(text, cut, time);
    else this.#reply(text, cut, time);
  }

  #command(text: string, cut: boolean, time: number): void {
    const [, word, argument] = /^(\S*)\s*([\s\S]*)$/.exec(text) ?? ['', '', ''];
    if (word === '') return;
    const newest = this.transactions[this.transactions.length - 1];
    if (this.#unanswered() >= this.#mostTransactions) {
      newest.raise('too_many_transactions');
      newest.changed[TO_SERVER] = true;
      this.stopped = true;
      return;
    }
    const transaction = this.open(new FtpTransaction(this.count, time));
    transaction.command = word.toUpperCase();
    transaction.argument = argument.trimEnd();
    transaction.commandCut = cut;
    if (cut) transaction.raise('request_command_too_long');
    const port = transaction.command === 'PORT' ? portOf(argument) : transaction.command === 'EPRT' ? extendedPort(argument) : 0;
    if (port > 0) this.#agree(transaction, port, 'active');
    if (transaction.command === 'PORT') transaction.askedAddress = /^(\d+,\d+,\d+,\d+),/.exec(argument)?.[1].replaceAll(',', '.');
    this.#transfer(transaction);
    transaction.advance(TO_SERVER, COMMAND);
  }

  #unanswered(): number {
    let open = 0;
    for (const transaction of this.transactions) if (transaction.progress[TO_CLIENT] < ANSWERED) open++;
    return open;
  }

  #agree(transaction: FtpTransaction, port: number, mode: 'active' | 'passive'): void {
    transaction.dynamicPort = this.#port = port;
    transaction.mode = this.#mode = mode;
  }

  #transfer(transaction: FtpTransaction): void {
    const { command, argument } = transaction;
    const standIn = TRANSFERS.get(command);
    if (standIn === undefined) return;
    if (this.#port === 0) {
      transaction.raise('file_before_port');
      return;
    }
    const detail: FtpTransfer = { command, fileName: LISTINGS.has(command) ? '' : argument === '' ? standIn : argument };
    this.expectations.push({ protocol: 'ftp-data', listener: this.#mode === 'passive' ? 'server' : 'client', port: this.#port, detail });
    this.#port = 0;
  }

  /** A reply belongs to the oldest command without one; a greeting comes before all. */
  #reply(text: string, cut: boolean, time: number): void {
    if (text === '') return;
    let transaction = this.transactions.find((one) => one.progress[TO_CLIENT] < ANSWERED);
    if (transaction === undefined) {
      transaction = this.open(new FtpTransaction(this.count, time));
      transaction.advance(TO_SERVER, COMMAND);
    }
    const match = /^(\d{3})([ -]?)(.*)$/.exec(text);
    if (transaction.replies.length < MOST_LINES) transaction.replies.push(match?.[3] ?? text);
    if (cut) {
      transaction.replyCut = true;
      transaction.raise('response_command_too_long');
    }
    transaction.changed[TO_CLIENT] = true;
    this.#replied = match === null || match[2] === '-' ? transaction : undefined;
    if (match !== null) this.#isContinued = match[2] === '-';
    if (match === null) return;
    const [, code, mark, words] = match;
    if (!transaction.codes.includes(code) && transaction.codes.length < MOST_LINES) transaction.codes.push(code);
    const port = code === '227' ? portOf(words) : code === '229' ? extendedPort(words) : 0;
    if (port > 0) this.#agree(transaction, port, 'passive');
    if (mark === '-' || Number(code) < FIRST_FINAL) return;
    this.close(transaction);
  }

  protected close(transaction: FtpTransaction): void {
    transaction.advance(TO_SERVER, ANSWERED);
    transaction.advance(TO_CLIENT, ANSWERED);
  }
}

/** `h1,h2,h3,h4,p1,p2` anywhere in the words */
function portOf(words: string): number {
  const match = /(?<!\d)\d+,\d+,\d+,\d+,(\d{1,3}),(\d{1,3})/.exec(words);
  return match === null ? 0 : (Number(match[1]) & 255) * 256 + (Number(match[2]) & 255);
}

/** RFC 2428: fields between a mark of the peer's choice, `|1|10.0.0.1|6446|` or `|||6446|`; the fields before the port have no more than 48 characters. */
function extendedPort(words: string): number {
  const match = /([^\w\s])[^()]{0,64}\1(\d{1,5})\1/.exec(words);
  return match === null ? 0 : Number(match[2]) & 0xffff;
}
