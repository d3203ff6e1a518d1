/** The dialogue of RFC 5321: one transaction a mail, from the first command to the end of its text. BDAT is RFC 3030's. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, FileTransfer, type Frame, type FrameSink, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { LineSession, LONGEST_LINE } from '../../formats/lines/line-session.ts';
import { MailReader } from '../../formats/mime/mail.ts';

/** Progress: commands, the text, then all is over; to the client, until the text was asked for, and answered. */
export const MAIL_TEXT = 1;
export const MAIL_OVER = 2;
/** Suricata's name for the text of a mail as one file (`raw-extraction`). */
const WHOLE_NAME = 'rawmsg';
const DOT = 0x2e;
const CARRIAGE_RETURN = 0x0d;
const MOST_RECIPIENTS = 256;

export class SmtpTransaction extends Transaction {
  helo = '';
  from: string | undefined = undefined;
  readonly recipients: string[] = [];
  mail: MailReader | undefined = undefined;
  /** the text as one file, where mails are not taken apart */
  whole: FileTransfer | undefined = undefined;
  /** its text has begun */
  begun = false;
  /** DATA was said, and not refused */
  dataAsked = false;
  /** no command belongs to it any more */
  over = false;
}

interface Awaited {
  readonly command: string;
  readonly transaction: SmtpTransaction;
  /** its reply answers the mail as a whole */
  readonly last: boolean;
}

/** A peer that never answers must not make the list grow. */
const MOST_AWAITED = 64;
/** Of a reply no more is read: its code and the name of an extension. */
const LONGEST_KEYWORD = 32;
const DATA_FOLLOWS = 354;
const READY = 220;
/** RFC 3030 does not limit chunks; larger ones are nobody's. */
const LARGEST_CHUNK = 999_999_999;

export class SmtpSession extends LineSession<SmtpTransaction> {
  override readonly rawWaitsFor = 'chunk';
  readonly #settings: EngineSettings;
  #helo = '';
  /** the last one; a new mail begins with the next command after it is over */
  #current: SmtpTransaction | undefined = undefined;
  #inText = false;
  /** the text's line goes on */
  #inLine = false;
  /** bytes of a BDAT chunk still to come, and whether it is the last */
  #chunk = 0;
  #lastChunk = false;
  /** an incomplete line at the end of a chunk */
  #held = '';
  #welcomed: boolean;
  /** the server said that it takes commands without waiting (RFC 2920) */
  #pipelining = false;
  /** commands without a reply yet, oldest first: clients need not wait (RFC 2920) */
  readonly #awaited: Awaited[] = [];
  /** of the line at hand, and of the text; where the text ends */
  #lineFrame: Frame | undefined = undefined;
  #textFrame: Frame | undefined = undefined;
  #textEnd = 0;

  /** `goesOn`: the server's welcome was seen before */
  constructor(settings: EngineSettings, goesOn = false) {
    super();
    this.#settings = settings;
    this.#welcomed = goesOn;
  }

  protected line(direction: Direction, bytes: Uint8Array, start: number, end: number, cut: boolean, time: number): void {
    if (direction === TO_CLIENT) this.#reply(latin1(bytes, start, Math.min(end, start + LONGEST_KEYWORD)), cut, time);
    else if (this.#inText) this.#text(bytes, start, end, cut);
    else this.#command(latin1(bytes, start, end), cut, time);
  }

  protected override tellLine(frames: FrameSink, direction: Direction, start: number, next: number): void {
    if (direction === TO_CLIENT) this.#lineFrame = frames.begin(direction, 'response_line', start, next - start);
    else if (!this.#inText) this.#lineFrame = frames.begin(direction, 'command_line', start, next - start);
    else {
      this.#textFrame ??= frames.begin(direction, 'data', start, -1, this.#current);
      this.#textEnd = start;
    }
  }

  protected override tellRaw(frames: FrameSink, direction: Direction, start: number, end: number): void {
    this.#textFrame ??= frames.begin(direction, 'data', start, -1, this.#current);
    this.#textEnd = end;
  }

  protected override keepsLongLines(direction: Direction): boolean {
    return direction === TO_SERVER && this.#inText;
  }

  protected override rawLength(direction: Direction): number {
    return direction === TO_SERVER ? this.#chunk : 0;
  }

  protected override raw(_direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    this.#chunk -= end - start;
    const lines = (this.#held + latin1(bytes, start, end)).split('\n');
    this.#held = lines.pop() ?? '';
    for (const line of lines) {
      const text = this.#pieces(line);
      if (text.endsWith('\r')) this.#mailLine(text.slice(0, -1), '\r\n');
      else this.#mailLine(text, '\n');
    }
    this.#held = this.#pieces(this.#held);
    if (this.#chunk > 0 || !this.#lastChunk) return;
    if (this.#held !== '') this.#mailLine(this.#held, '');
    this.#held = '';
    this.#endOfMail();
  }

  /** A line that does not end must not grow: it is given in pieces. */
  #pieces(line: string): string {
    let rest = line;
    for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) this.#mailLine(rest.slice(0, LONGEST_LINE), '');
    return rest;
  }

  #mailLine(text: string, lineEnd: string): void {
    const bytes = fromLatin1(text);
    this.#piece(bytes, 0, bytes.length, lineEnd);
  }

  /** A line of the mail's text, or a part of one. */
  #piece(bytes: Uint8Array, start: number, end: number, lineEnd: string): void {
    const transaction = this.#current;
    if (transaction === undefined) return;
    transaction.mail?.line(bytes, start, end, lineEnd);
    if (transaction.whole !== undefined) {
      transaction.whole.append(bytes, start, end);
      transaction.whole.append(fromLatin1(lineEnd), 0, lineEnd.length);
    }
    transaction.changed[TO_SERVER] = true;
  }

  #begin(time: number): SmtpTransaction {
    if (this.#current === undefined || this.#current.over) {
      this.#current = this.open(new SmtpTransaction(this.count, time));
      this.#current.helo = this.#helo;
      if (this.transactions.length > this.mostOpen) this.#current.raise('too_many_transactions');
    }
    return this.#current;
  }

  #await(command: string, transaction: SmtpTransaction, last = false): void {
    // RFC 2920 §3.1: what stands behind these depends on their reply.
    const before = this.#awaited[this.#awaited.length - 1]?.command;
    if (before === 'DATA' || before === 'STARTTLS') transaction.raise('invalid_pipelined_sequence');
    if (this.#awaited.length >= MOST_AWAITED) this.#awaited.shift();
    this.#awaited.push({ command, transaction, last });
  }

  #command(text: string, cut: boolean, time: number): void {
    const [word] = /^[A-Za-z]*/.exec(text) ?? [''];
    const command = word.toUpperCase();
    // These say nothing about a next mail, nor does an empty line.
    const isNoMail = command === 'RSET' || command === 'QUIT' || text.trim() === '';
    const transaction = isNoMail && this.#current !== undefined ? this.#current : this.#begin(time);
    if (this.#lineFrame !== undefined) this.#lineFrame.transaction = transaction;
    if (cut) transaction.raise('max_command_line_len_exceeded');
    if (command === 'DATA' && transaction.dataAsked) {
      transaction.raise('unparsable_content');
      return;
    }
    const chunk = command === 'BDAT' ? /^BDAT +(\d+)(?: +(LAST))? *$/i.exec(text) : null;
    this.#await(command, transaction, chunk?.[2] !== undefined);
    switch (command) {
      case 'HELO':
      case 'EHLO':
        // Without a name the server refuses it, and what was said before holds.
        if (text.slice(5).trim() === '') transaction.raise('unparsable_content');
        else transaction.helo = this.#helo = text.slice(5).trim();
        break;
      case 'MAIL': {
        const sender = afterColon(text, /^MAIL +FROM:/i);
        if (sender === undefined) transaction.raise('unparsable_content');
        else if (transaction.from !== undefined) transaction.raise('duplicate_fields');
        // The server refuses a second one.
        transaction.from ??= sender;
        break;
      }
      case 'RCPT': {
        const recipient = afterColon(text, /^RCPT +TO:/i);
        if (recipient === undefined) transaction.raise('unparsable_content');
        else if (transaction.recipients.length < MOST_RECIPIENTS) transaction.recipients.push(recipient);
        break;
      }
      case 'DATA':
        transaction.advance(TO_SERVER, MAIL_TEXT);
        transaction.dataAsked = true;
        // A client that pipelines need not wait for the reply, and where no reply is seen none can be waited for.
        if (this.#pipelining || !this.#welcomed) this.#beginText(transaction);
        break;
      case 'BDAT':
        if (chunk === null) {
          transaction.raise('invalid_bdat');
          break;
        }
        this.#chunk = Number(chunk[1]);
        if (this.#chunk > LARGEST_CHUNK) {
          transaction.raise('bdat_chunk_len_exceeded');
          this.#chunk = LARGEST_CHUNK;
        }
        this.#lastChunk = chunk[2] !== undefined;
        this.#mail(transaction);
        if (this.#chunk === 0 && this.#lastChunk) this.#endOfMail();
        break;
      case 'RSET':
        // Before a mail there is nothing to take back.
        if (!transaction.over && transaction.from !== undefined) this.close(transaction);
        break;
    }
    transaction.changed[TO_SERVER] = true;
  }

  #beginText(transaction: SmtpTransaction): void {
    this.#inText = true;
    this.#mail(transaction);
  }

  #mail(transaction: SmtpTransaction): void {
    const { fileLimit, followFile, mail } = this.#settings;
    transaction.advance(TO_SERVER, MAIL_TEXT);
    transaction.begun = true;
    if (mail.reading === 'whole') {
      transaction.whole ??= new FileTransfer(TO_SERVER, WHOLE_NAME, fileLimit, followFile);
      transaction.files = [transaction.whole];
    }
    if (mail.reading !== 'parts') return;
    transaction.mail ??= new MailReader(TO_SERVER, { fileLimit, followFile, mail }, (anomaly) => transaction.raise(anomaly));
    transaction.files = transaction.mail.files;
  }

  #text(bytes: Uint8Array, start: number, end: number, cut: boolean): void {
    const fresh = !this.#inLine;
    this.#inLine = cut;
    if (fresh && !cut && end - start === 1 && bytes[start] === DOT) {
      this.#inText = false;
      const mail = this.#current;
      this.#endOfMail();
      // The text as a whole is answered once more.
      if (mail !== undefined) this.#await('', mail, true);
      return;
    }
    const lineEnd = cut ? '' : bytes[end] === CARRIAGE_RETURN ? '\r\n' : '\n';
    // A dot at the beginning was doubled for transport (RFC 5321 §4.5.2).
    this.#piece(bytes, fresh && bytes[start] === DOT && end > start ? start + 1 : start, end, lineEnd);
  }

  #endOfMail(): void {
    if (this.#current === undefined) return;
    if (this.#textFrame !== undefined) this.frames?.endAt(this.#textFrame, this.#textEnd);
    this.#textFrame = undefined;
    this.#current.mail?.finish();
    this.#current.whole?.close('CLOSED');
    this.#current.over = true;
    this.#current.advance(TO_SERVER, MAIL_OVER);
  }

  #reply(line: string, cut: boolean, time: number): void {
    const head = line.slice(0, 4);
    if (!/^[2-5]\d\d/.test(head)) {
      if (this.#current !== undefined) this.#current.raise('invalid_reply');
      return;
    }
    const code = Number(head.slice(0, 3));
    const welcome = !this.#welcomed;
    if (welcome && code !== READY) this.#begin(time).raise('no_server_welcome_message');
    if (cut) this.#begin(time).raise('max_reply_line_len_exceeded');
    if (/^250[- ]PIPELINING\s*$/i.test(line)) this.#pipelining = true;
    if (this.#lineFrame !== undefined) this.#lineFrame.transaction = this.#awaited[0]?.transaction ?? this.#current;
    // A line with a hyphen is not the last of its reply.
    if (head[3] === '-') return;
    this.#welcomed = true;
    if (welcome && code === READY) return;
    const awaited = this.#awaited.shift();
    if (awaited === undefined) {
      this.#current?.raise('unable_to_match_reply_with_request');
      return;
    }
    const { command, transaction } = awaited;
    transaction.changed[TO_CLIENT] = true;
    if (command === 'DATA' || command === 'BDAT') transaction.advance(TO_CLIENT, MAIL_TEXT);
    if (awaited.last) transaction.advance(TO_CLIENT, MAIL_OVER);
    if (command === 'DATA') {
      if (code === DATA_FOLLOWS) {
        // A client that did not wait may have ended the text before its permission came.
        if (!this.#inText && !transaction.over && !transaction.begun) this.#beginText(transaction);
      } else {
        transaction.dataAsked = false;
        if (!transaction.over) this.#inText = false;
        transaction.raise('data_command_rejected');
      }
    }
    if (command !== 'STARTTLS') return;
    if (code === READY) {
      this.close(transaction);
      this.nextProtocol = 'tls';
    } else transaction.raise('tls_rejected');
  }

  protected close(transaction: SmtpTransaction): void {
    transaction.over = true;
    transaction.mail?.abort();
    transaction.whole?.close('TRUNCATED');
    transaction.advance(TO_SERVER, MAIL_OVER);
    transaction.advance(TO_CLIENT, MAIL_OVER);
  }
}

function afterColon(text: string, command: RegExp): string | undefined {
  const match = command.exec(text);
  // Parameters behind the address (RFC 5321 §4.1.1.11) begin with a blank.
  return match === null ? undefined : (/^\s*(<[^>]*>?|\S*)/.exec(text.slice(match[0].length))?.[1] ?? '');
}
