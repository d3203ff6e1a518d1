/**
 * Lines that are sent as the event loop turns, to whoever reads them: a socket, another program. What can not be sent is a failure that is
 * told, and everything after it is left out.
 */
import type { Writable } from 'node:stream';
import { type Failure, failure } from '@sigwright/contracts';

/** Bytes that wait for a slow reader; beyond it the reader is given up. */
const MOST_WAITING = 64 * 1_048_576;
/** Characters that are sent together. */
const FLUSH_AT = 65_536;

export abstract class LineStream {
  failure: Failure | undefined = undefined;
  /** everything was sent, or is known not to be */
  abstract readonly ended: Promise<void>;
  protected abstract readonly output: Writable;
  readonly #name: string;
  readonly #code: string;
  #pending: string[] = [];
  #length = 0;

  /** `name`: what the other side is called in words for the user; `code`: of its failures. */
  constructor(name: string, code: string) {
    this.#name = name;
    this.#code = code;
  }

  line(text: string): void {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length >= FLUSH_AT) this.flush();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const text = this.formed(this.#pending);
    this.#pending = [];
    this.#length = 0;
    if (this.failure !== undefined) return;
    this.output.write(text);
    if (this.output.writableLength <= MOST_WAITING) return;
    this.fail('its reader is too slow');
    this.output.destroy();
  }

  /** What is still on its way is told by `ended`. */
  abstract close(): Failure | undefined;

  /** What is sent for lines that come together. */
  protected formed(lines: readonly string[]): string {
    return `${lines.join('\n')}\n`;
  }

  protected fail(why: string, cause?: Error): void {
    this.failure ??= failure(this.#code, `${this.#name} could not be written: ${why}`, { path: this.#name, cause });
  }
}
