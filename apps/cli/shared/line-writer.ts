/** Lines into a file, many at a time. When the disk is full the file is cut back to its last whole line. */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type Failure, failure } from '@sigwright/contracts';

/** Bytes that are kept before they are written. */
const ROOM = 262_144;
/** Milliseconds: whoever follows what is written of a live capture sees each record within this time. */
export const FLUSH_INTERVAL = 1000;
/** Bytes that one unit of a string takes at most. */
export const WIDEST = 3;
export const LINE_END = 10;

export class LineWriter {
  failure: Failure | undefined = undefined;
  lines = 0;
  readonly #path: string;
  readonly #fd: number;
  /** Bytes rather than strings: those would be carried along by the collector until they are written. */
  #pending: Buffer | undefined;
  #length = 0;
  /** bytes of the file that are whole lines */
  #written = 0;

  constructor(path: string, append = false) {
    this.#path = path;
    this.#fd = openSync(path, append ? 'a' : 'w');
    if (append) this.#written = fstatSync(this.#fd).size;
  }

  line(text: string): void {
    this.lines++;
    const most = text.length * WIDEST + 1;
    if (this.#length + most > ROOM) this.flush();
    if (most > ROOM) {
      this.#write(Buffer.from(`${text}\n`));
      return;
    }
    this.#pending ??= Buffer.allocUnsafe(ROOM);
    this.#length += this.#pending.write(text, this.#length);
    this.#pending[this.#length++] = LINE_END;
  }

  /** Lines that are bytes already, the end of the last one too. */
  whole(bytes: Uint8Array): void {
    if (this.#length + bytes.length > ROOM) this.flush();
    if (bytes.length > ROOM) {
      this.#write(Buffer.from(bytes));
      return;
    }
    this.#pending ??= Buffer.allocUnsafe(ROOM);
    this.#pending.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  flush(): void {
    if (this.#pending === undefined || this.#length === 0) return;
    const bytes = this.#pending.subarray(0, this.#length);
    this.#length = 0;
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    if (this.failure !== undefined) return;
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
      this.#written += bytes.length;
    } catch (cause) {
      const whole = bytes.lastIndexOf(LINE_END, Math.max(0, done - 1)) + 1;
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
