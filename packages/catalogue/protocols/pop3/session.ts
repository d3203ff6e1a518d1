/** The dialogue of POP3 (RFC 1939, extensions of RFC 2449, AUTH of RFC 5034): a transaction for each command with the server's response. */
import { shownText } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { LineSession } from '../../formats/lines/line-session.ts';
import { close, MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';

/** RFC 2449 §4, line ends included. */
const LONGEST_COMMAND = 255;
const LONGEST_STATUS = 512;
const LINE_END = 2;
/** What records keep of a response of several lines: a mail may be of any length. */
const MOST_KEPT = 65_536;
const MOST_LINES = 1024;
const DOT = 0x2e;

/** Known commands, and between which numbers of arguments each takes. */
const COMMANDS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ['APOP', [2, 2]],
  ['AUTH', [1, 2]],
  ['CAPA', [0, 0]],
  ['DELE', [1, 1]],
  ['LIST', [0, 1]],
  ['NOOP', [0, 0]],
  ['PASS', [1, 1]],
  ['QUIT', [0, 0]],
  ['RETR', [1, 1]],
  ['RSET', [0, 0]],
  ['SASL', [1, Number.POSITIVE_INFINITY]],
  ['STAT', [0, 0]],
  ['STLS', [0, 0]],
  ['TOP', [2, 2]],
  ['UIDL', [0, 1]],
  ['USER', [1, 1]],
]);

/** Their positive responses go on up to a line with a dot; those of the second kind only where the command has no argument. */
const WITH_LINES: ReadonlySet<string> = new Set(['CAPA', 'RETR', 'TOP']);
const WITH_LINES_ALONE: ReadonlySet<string> = new Set(['LIST', 'UIDL', 'AUTH']);

/** What stands for the command where the client answers a challenge of AUTH. */
const CHALLENGE_ANSWER = '<SASL DATA>';

const KEYWORD = /^[A-Za-z0-9]+$/;
const STATUS = /^(\+OK|-ERR|\+)(?: ([\s\S]*))?$/;

export interface PopResponse {
  readonly success: boolean;
  readonly header: string;
  readonly lines: string[];
}

export class PopTransaction extends Transaction {
  /** undefined where the server spoke unasked */
  readonly command: string | undefined;
  readonly words: readonly string[];
  response: PopResponse | undefined = undefined;
  /** the server wants something more to go on with AUTH */
  challenged = false;
  kept = 0;

  constructor(id: number, time: number, command: string | undefined, words: readonly string[]) {
    super(id, time);
    this.command = command;
    this.words = words;
    this.changed[TO_CLIENT] = false;
    this.advance(TO_SERVER, MESSAGE_COMPLETE);
  }

  /** in capitals, for looking up */
  get verb(): string {
    return this.command?.toUpperCase() ?? '';
  }
}

export class PopSession extends LineSession<PopTransaction> {
  /** its response has lines to come */
  #listing: PopTransaction | undefined = undefined;
  #greeted = false;
  /** the newest command */
  #newest: PopTransaction | undefined = undefined;

  protected line(direction: Direction, bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void {
    if (direction === TO_SERVER) this.#request(bytes, start, end, cut, time);
    else if (this.#listing !== undefined) this.#listed(this.#listing, bytes, start, end);
    else this.#status(bytes, start, end, cut, time);
  }

  #request(bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void {
    if (this.#newest?.challenged === true) {
      this.#begin(CHALLENGE_ANSWER, [], time);
      return;
    }
    if (end === start) return;
    const [command, ...words] = shownText(bytes, start, end).split(' ');
    if (!KEYWORD.test(command)) {
      this.stopped = true;
      return;
    }
    const transaction = this.#begin(
      command,
      words.filter((word) => word !== ''),
      time,
    );
    const known = COMMANDS.get(transaction.verb);
    const count = transaction.words.length;
    if (known === undefined) transaction.raise('unknown_command');
    else if (count < known[0] || count > known[1]) transaction.raise('incorrect_argument_count');
    if (cut || end - start + LINE_END > LONGEST_COMMAND) transaction.raise('request_too_long');
  }

  #begin(command: string | undefined, words: readonly string[], time: number): PopTransaction {
    const transaction = this.open(new PopTransaction(this.count, time, command, words));
    if (this.transactions.length > this.mostOpen) transaction.raise('too_many_transactions');
    this.#newest = transaction;
    return transaction;
  }

  #status(bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void {
    const [, status, header = ''] = STATUS.exec(shownText(bytes, start, end)) ?? [];
    if (status === undefined) {
      this.stopped = true;
      return;
    }
    const greets = !this.#greeted;
    this.#greeted = true;
    let transaction = this.transactions.find((one) => one.progress[TO_CLIENT] < MESSAGE_COMPLETE);
    // A server speaks first to greet, which answers nothing.
    if (transaction === undefined && greets) return;
    transaction ??= this.#begin(undefined, [], time);
    const success = status !== '-ERR';
    transaction.response = { success, header, lines: [] };
    transaction.challenged = status === '+';
    if (cut || end - start + LINE_END > LONGEST_STATUS) transaction.raise('response_too_long');
    const { verb, words } = transaction;
    const hasLines = WITH_LINES.has(verb) || (WITH_LINES_ALONE.has(verb) && words.length === 0);
    if (success && hasLines && !transaction.challenged) {
      this.#listing = transaction;
      return;
    }
    transaction.advance(TO_CLIENT, MESSAGE_COMPLETE);
    if (success && verb === 'STLS') this.nextProtocol = 'tls';
  }

  #listed(transaction: PopTransaction, bytes: Uint8Array, start: number, end: number): void {
    const dotted = end > start && bytes[start] === DOT;
    if (dotted && end - start === 1) {
      this.#listing = undefined;
      transaction.advance(TO_CLIENT, MESSAGE_COMPLETE);
      return;
    }
    const lines = transaction.response?.lines;
    // A dot was put before lines that begin with one (RFC 1939 §3).
    const from = dotted ? start + 1 : start;
    transaction.kept += end - from;
    if (lines !== undefined && lines.length < MOST_LINES && transaction.kept <= MOST_KEPT) lines.push(shownText(bytes, from, end));
  }

  /** Lost lines of a mail do no harm. */
  override skip(direction: Direction = TO_SERVER): boolean {
    return direction === TO_CLIENT && this.#listing !== undefined;
  }

  protected close(transaction: PopTransaction): void {
    if (this.#listing === transaction) this.#listing = undefined;
    close(transaction);
  }
}
