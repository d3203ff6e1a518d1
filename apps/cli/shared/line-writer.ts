/** Lines into a file, many at a time. When the disk is full the file is cut back to its last whole line. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type Failure, failure } from '@sigwright/contracts';

const FLUSH_AT = 262_144;

export class LineWriter {
  failure: Failure | undefined = undefined;
  lines = 0;
  readonly #path: string;
  readonly #fd: number;
  #pending: string[] = [];
  #pendingLength = 0;
  #written = 0;

  constructor(path: string, append = false) {
    this.#path = path;
    this.#fd = openSync(path, append ? 'a' : 'w');
  }

  line(text: string): void {
    this.lines++;
    this.#pending.push(text);
    this.#pendingLength += text.length;
    if (this.#pendingLength >= FLUSH_AT) this.flush();
  }

  flush(): void {
    if (this.#pending.length === 0 || this.failure !== undefined) return;
    const bytes = Buffer.from(`${this.#pending.join('\n')}\n`);
    this.#pending = [];
    this.#pendingLength = 0;
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
      this.#written += bytes.length;
    } catch (cause) {
      const whole = bytes.lastIndexOf(10, Math.max(0, done - 1)) + 1;
      try {
        ftruncateSync(this.#fd, this.#written + whole);
      } catch {
        // A pipe can not be cut; its reader sees the break.
      }
      this.failure = failure('output/write', `${this.#path} could not be written: ${(cause as Error).message}; it ends with its last whole line`, {
        path: this.#path,
        cause,
      });
    }
  }

  close(): Failure | undefined {
    this.flush();
    closeSync(this.#fd);
    return this.failure;
  }
}
