/** The dialogue of RFC 5321: one transaction a mail, from the first command to the end of its text. BDAT is RFC 3030's. */
import { latin1 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { LineSession } from '../../formats/lines/line-session.ts';
import { MailReader } from '../../formats/mime/mail.ts';

/** Progress: commands until the text begins, then all. */
export const MAIL_OVER = 1;
const MOST_RECIPIENTS = 256;

export class SmtpTransaction extends Transaction {
  helo = '';
  from: string | undefined = undefined;
  readonly recipients: string[] = [];
  mail: MailReader | undefined = undefined;
  over = false;
}

/** A peer that never answers must not make the list grow. */
const MOST_AWAITED = 64;
const DATA_FOLLOWS = 354;
const READY = 220;

export class SmtpSession extends LineSession<SmtpTransaction> {
  readonly #settings: EngineSettings;
  #helo = '';
  /** the last one; a new mail begins with the next command after it is over */
  #current: SmtpTransaction | undefined = undefined;
  #inText = false;
  /** bytes of a BDAT chunk still to come, and whether it is the last */
  #chunk = 0;
  #lastChunk = false;
  /** an incomplete line at the end of a chunk */
  #held = '';
  #welcomed = false;
  /** commands without a reply yet, oldest first: clients need not wait (RFC 2920) */
  readonly #awaited: string[] = [];

  constructor(settings: EngineSettings) {
    super();
    this.#settings = settings;
  }

  protected line(direction: Direction, bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void {
    if (direction === TO_CLIENT) this.#reply(latin1(bytes, start, Math.min(end, start + 4)), cut, time);
    else if (this.#inText) this.#text(bytes, start, end);
    else this.#command(latin1(bytes, start, end), cut, time);
  }

  protected override rawLength(direction: Direction): number {
    return direction === TO_SERVER ? this.#chunk : 0;
  }

  protected override raw(_direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    this.#chunk -= end - start;
    const lines = (this.#held + latin1(bytes, start, end)).split('\n');
    this.#held = lines.pop() ?? '';
    for (const line of lines) this.#mailLine(line.replace(/\r$/, ''));
    // A line that never ends must not grow.
    if (this.#held.length > this.#settings.fileLimit) {
      this.#mailLine(this.#held);
      this.#held = '';
    }
    if (this.#chunk > 0 || !this.#lastChunk) return;
    if (this.#held !== '') this.#mailLine(this.#held);
    this.#held = '';
    this.#endOfMail();
  }

  #mailLine(text: string): void {
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    this.#current?.mail?.line(bytes, 0, bytes.length);
  }

  #begin(time: number): SmtpTransaction {
    if (this.#current === undefined || this.#current.over) {
      this.#current = this.open(new SmtpTransaction(this.count, time));
      this.#current.helo = this.#helo;
    }
    return this.#current;
  }

  #command(text: string, cut: boolean, time: number): void {
    const [word] = /^[A-Za-z]*/.exec(text) ?? [''];
    const command = word.toUpperCase();
    // These say nothing about a next mail.
    const transaction = (command === 'RSET' || command === 'QUIT') && this.#current !== undefined ? this.#current : this.#begin(time);
    if (cut) transaction.raise('max_command_line_len_exceeded');
    if (this.#awaited.length >= MOST_AWAITED) this.#awaited.shift();
    this.#awaited.push(command);
    switch (command) {
      case 'HELO':
      case 'EHLO':
        this.#helo = text.slice(5).trim();
        transaction.helo = this.#helo;
        break;
      case 'MAIL':
        transaction.from = afterColon(text, /^MAIL +FROM:/i);
        break;
      case 'RCPT': {
        const recipient = afterColon(text, /^RCPT +TO:/i);
        if (recipient !== undefined && transaction.recipients.length < MOST_RECIPIENTS) transaction.recipients.push(recipient);
        break;
      }
      case 'DATA':
        this.#inText = true;
        this.#mail(transaction);
        break;
      case 'BDAT': {
        const match = /^BDAT +(\d{1,9})( +LAST)?/i.exec(text);
        if (match === null) break;
        this.#chunk = Number(match[1]);
        this.#lastChunk = match[2] !== undefined;
        this.#mail(transaction);
        if (this.#chunk === 0 && this.#lastChunk) this.#endOfMail();
        break;
      }
      case 'RSET':
        this.close(transaction);
        break;
    }
    transaction.changed[TO_SERVER] = true;
  }

  #mail(transaction: SmtpTransaction): void {
    transaction.mail ??= new MailReader(TO_SERVER, this.#settings.fileLimit);
    transaction.files = transaction.mail.files;
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    if (end - start === 1 && bytes[start] === 0x2e) {
      this.#inText = false;
      this.#endOfMail();
      return;
    }
    // A dot at the beginning was doubled for transport (RFC 5321 §4.5.2).
    this.#current?.mail?.line(bytes, bytes[start] === 0x2e && end > start ? start + 1 : start, end);
    if (this.#current !== undefined) this.#current.changed[TO_SERVER] = true;
  }

  #endOfMail(): void {
    // The text as a whole is answered once more.
    this.#awaited.push('');
    this.#current?.mail?.finish();
    if (this.#current !== undefined) this.close(this.#current);
  }

  #reply(head: string, cut: boolean, time: number): void {
    if (!/^[2-5]\d\d/.test(head)) {
      if (this.#current !== undefined) this.#current.raise('invalid_reply');
      return;
    }
    const code = Number(head.slice(0, 3));
    const welcome = !this.#welcomed;
    if (welcome && code !== READY) this.#begin(time).raise('no_server_welcome_message');
    if (cut) this.#begin(time).raise('max_reply_line_len_exceeded');
    // A line with a hyphen is not the last of its reply.
    if (head[3] === '-') return;
    this.#welcomed = true;
    if (welcome && code === READY) return;
    if (this.#current !== undefined) this.#current.changed[TO_CLIENT] = true;
    const awaited = this.#awaited.shift();
    if (awaited === 'DATA' && code !== DATA_FOLLOWS && this.#inText) {
      this.#inText = false;
      this.#begin(time).raise('data_command_rejected');
    }
    if (awaited !== 'STARTTLS') return;
    if (code === READY) {
      if (this.#current !== undefined) this.close(this.#current);
      this.nextProtocol = 'tls';
    } else this.#begin(time).raise('tls_rejected');
  }

  protected close(transaction: SmtpTransaction): void {
    if (transaction.over) return;
    transaction.over = true;
    transaction.mail?.abort();
    transaction.advance(TO_SERVER, MAIL_OVER);
    transaction.advance(TO_CLIENT, MAIL_OVER);
  }
}

function afterColon(text: string, command: RegExp): string | undefined {
  const match = command.exec(text);
  // Parameters behind the address (RFC 5321 §4.1.1.11) begin with a blank.
  return match === null ? undefined : (/^\s*(<[^>]*>?|\S*)/.exec(text.slice(match[0].length))?.[1] ?? '');
}
