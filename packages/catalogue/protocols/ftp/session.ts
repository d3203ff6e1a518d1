/** The control connection of RFC 959: a transaction for each command, with the lines of its reply. As in Suricata, AUTH TLS changes nothing: what follows is cut into lines too. */
import { latin1 } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { LineSession } from '../../formats/lines/line-session.ts';

export const ANSWERED = 1;
/** Lines kept of one reply. */
const MOST_LINES = 256;

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
}

const FIRST_FINAL = 200;

export class FtpSession extends LineSession<FtpTransaction> {
  override readonly rawInWholeChunks = true;

  protected line(direction: Direction, bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void {
    const text = latin1(bytes, start, end);
    if (direction === TO_SERVER) this.#command(text, cut, time);
    else this.#reply(text, cut, time);
  }

  #command(text: string, cut: boolean, time: number): void {
    const [, word, argument] = /^(\S*)\s*([\s\S]*)$/.exec(text) ?? ['', '', ''];
    if (word === '') return;
    const transaction = this.open(new FtpTransaction(this.count, time));
    transaction.command = word.toUpperCase();
    transaction.argument = argument.trimEnd();
    transaction.commandCut = cut;
    if (cut) transaction.raise('request_command_too_long');
    const port = transaction.command === 'PORT' ? portOf(argument) : transaction.command === 'EPRT' ? extendedPort(argument) : 0;
    if (port > 0) {
      transaction.dynamicPort = port;
      transaction.mode = 'active';
    }
    transaction.advance(TO_SERVER, ANSWERED);
  }

  /** A reply belongs to the oldest command without one; a greeting comes before all. */
  #reply(text: string, cut: boolean, time: number): void {
    if (text === '') return;
    let transaction = this.transactions.find((one) => one.progress[TO_CLIENT] < ANSWERED);
    if (transaction === undefined) {
      transaction = this.open(new FtpTransaction(this.count, time));
      transaction.advance(TO_SERVER, ANSWERED);
    }
    const match = /^(\d{3})([ -]?)(.*)$/.exec(text);
    if (transaction.replies.length < MOST_LINES) transaction.replies.push(match?.[3] ?? text);
    if (cut) {
      transaction.replyCut = true;
      transaction.raise('response_command_too_long');
    }
    transaction.changed[TO_CLIENT] = true;
    if (match === null) return;
    const [, code, mark, words] = match;
    if (!transaction.codes.includes(code) && transaction.codes.length < MOST_LINES) transaction.codes.push(code);
    const port = code === '227' ? portOf(words) : code === '229' ? extendedPort(words) : 0;
    if (port > 0) {
      transaction.dynamicPort = port;
      transaction.mode = 'passive';
    }
    if (mark === '-' || Number(code) < FIRST_FINAL) return;
    transaction.advance(TO_CLIENT, ANSWERED);
  }

  protected close(transaction: FtpTransaction): void {
    transaction.advance(TO_SERVER, ANSWERED);
    transaction.advance(TO_CLIENT, ANSWERED);
  }
}

/** `h1,h2,h3,h4,p1,p2` anywhere in the words */
function portOf(words: string): number {
  const match = /\d+,\d+,\d+,\d+,(\d{1,3}),(\d{1,3})/.exec(words);
  return match === null ? 0 : (Number(match[1]) & 255) * 256 + (Number(match[2]) & 255);
}

/** RFC 2428: fields between a mark of the peer's choice, `|1|10.0.0.1|6446|` or `|||6446|` */
function extendedPort(words: string): number {
  const match = /([^\w\s])[^()]*\1(\d{1,5})\1/.exec(words);
  return match === null ? 0 : Number(match[2]) & 0xffff;
}
