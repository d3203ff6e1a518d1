/** Lines into a Unix stream socket on which somebody listens (`filetype: unix_stream`), or to a service in a form of its own (`redis`). */
import { createConnection, type NetConnectOpts, type Socket } from 'node:net';
import type { Failure } from '@sigwright/contracts';
import { LineStream } from './line-stream.ts';

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

export class LineSocket extends LineStream {
  readonly ended: Promise<void>;
  protected readonly output: Socket;
  readonly #form: LineForm | undefined;
  readonly #longestSilence: number;

  /** `name`: what the other side is called where it is no file. `form`: undefined for plain lines. */
  constructor(to: NetConnectOpts, name: string, form?: LineForm, longestSilence = LONGEST_SILENCE) {
    super(name, 'output/socket');
    this.#form = form;
    this.#longestSilence = longestSilence;
    this.output = createConnection(to);
    this.ended = new Promise((resolve) => this.output.once('close', () => resolve()));
    this.output.on('error', (cause) => this.fail(cause.message, cause));
    // Without a reader the end of the other side would not be seen.
    this.output.setEncoding('latin1');
    this.output.on('data', (text: string) => {
      const problem = form?.heard?.(text);
      if (problem === undefined) return;
      this.fail(problem);
      this.output.destroy();
    });
  }

  close(): Failure | undefined {
    this.flush();
    const last = this.#form?.last ?? '';
    this.output.setTimeout(this.#longestSilence, () => {
      // Who was only to read has it all; of who was to answer nothing is known.
      if (this.output.writableLength > 0 || last !== '') this.fail('it neither reads on nor ends the connection');
      this.output.destroy();
    });
    this.output.end(last);
    return this.failure;
  }

  protected override formed(lines: readonly string[]): string {
    return this.#form?.of(lines) ?? super.formed(lines);
  }
}
