/**
 * Lines into a Unix stream socket on which somebody listens (`filetype: unix_stream`), or to a service in a form of its own (`redis`). They
 * are sent as the event loop turns; what can not be sent is a failure that is told, and everything after it is left out.
 */
import { createConnection, type NetConnectOpts, type Socket } from 'node:net';
import { type Failure, failure } from '@sigwright/contracts';

/** Bytes that wait for a slow reader; beyond it the reader is given up. */
const MOST_WAITING = 64 * 1_048_576;
/** Characters that are sent together. */
const FLUSH_AT = 65_536;
/** Milliseconds without a byte in either direction, once all is said, after which the other side is taken for gone. */
const LONGEST_SILENCE = 30_000;

/** How a service wants its lines. */
export interface LineForm {
  /** what is sent for lines that come together */
  of(lines: readonly string[]): string;
  /** what is sent before the connection is closed */
  readonly last: string;
  /** Something came back; the answer is what is wrong, if anything. */
  heard?(text: string): string | undefined;
}

const PLAIN: LineForm = { of: (lines) => `${lines.join('\n')}\n`, last: '' };

export class LineSocket {
  failure: Failure | undefined = undefined;
  /** everything was sent, or is known not to be */
  readonly ended: Promise<void>;
  readonly #path: string;
  readonly #socket: Socket;
  readonly #form: LineForm;
  readonly #longestSilence: number;
  #pending: string[] = [];
  #length = 0;

  /** `name`: what the other side is called where it is no file. */
  constructor(to: NetConnectOpts, name: string, form = PLAIN, longestSilence = LONGEST_SILENCE) {
    this.#path = name;
    this.#form = form;
    this.#longestSilence = longestSilence;
    this.#socket = createConnection(to);
    this.ended = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.on('error', (cause) => this.#fail(cause.message, cause));
    // Without a reader the end of the other side would not be seen.
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      const problem = form.heard?.(text);
      if (problem === undefined) return;
      this.#fail(problem);
      this.#socket.destroy();
    });
  }

  line(text: string): void {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length >= FLUSH_AT) this.flush();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const text = this.#form.of(this.#pending);
    this.#pending = [];
    this.#length = 0;
    if (this.failure !== undefined) return;
    this.#socket.write(text);
    if (this.#socket.writableLength <= MOST_WAITING) return;
    this.#fail('its reader is too slow');
    this.#socket.destroy();
  }

  /** What is still on its way is told by `ended`. */
  close(): Failure | undefined {
    this.flush();
    this.#socket.setTimeout(this.#longestSilence, () => {
      // Who was only to read has it all; of who was to answer nothing is known.
      if (this.#socket.writableLength > 0 || this.#form.last !== '') this.#fail('it neither reads on nor ends the connection');
      this.#socket.destroy();
    });
    this.#socket.end(this.#form.last);
    return this.failure;
  }

  #fail(why: string, cause?: Error): void {
    this.failure ??= failure('output/socket', `${this.#path} could not be written: ${why}`, { path: this.#path, cause });
  }
}
