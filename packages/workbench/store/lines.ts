/** Chunks of bytes → whole lines, with the offset after each taken part. A line that does not end in time is passed over. */

/** Suricata writes lines of some hundred KiB at most (payloads in base64). */
const LONGEST_LINE = 8 * 1024 * 1024;
const NEWLINE = 10;

export interface Taken {
  readonly lines: readonly string[];
  /** offset after the last of them */
  readonly end: number;
  readonly tooLong: number;
}

export class LineCutter {
  readonly #decoder = new TextDecoder();
  #parts: Uint8Array[] = [];
  #held = 0;
  /** the line at hand is too long: its rest is passed over */
  #skipping = false;
  #tooLong = 0;
  #at: number;
  readonly #lines: { readonly text: string; readonly end: number; readonly tooLong: number }[] = [];
  #next = 0;

  /** `offset`: of the first byte that will be pushed. */
  constructor(offset = 0) {
    this.#at = offset;
  }

  /** `chunk` may be used again afterwards. */
  push(chunk: Uint8Array): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, end));
      this.#end(this.#at + end + 1);
      from = end + 1;
    }
    if (from < chunk.length) this.#add(chunk.slice(from));
    this.#at += chunk.length;
  }

  /** No more comes: what is left is a line, too. */
  finish(): void {
    if (this.#held > 0 || this.#skipping) this.#end(this.#at);
  }

  /** Whole lines, at most so many; undefined: none is there. */
  take(most: number): Taken | undefined {
    if (this.#next === this.#lines.length) {
      this.#lines.length = 0;
      this.#next = 0;
      return undefined;
    }
    const taken = this.#lines.slice(this.#next, this.#next + most);
    this.#next += taken.length;
    return {
      lines: taken.filter(({ text }) => text.trim() !== '').map(({ text }) => text),
      end: taken[taken.length - 1].end,
      tooLong: taken.reduce((sum, one) => sum + one.tooLong, 0),
    };
  }

  #add(part: Uint8Array): void {
    if (this.#skipping || part.length === 0) return;
    this.#held += part.length;
    if (this.#held > LONGEST_LINE) {
      this.#skipping = true;
      this.#parts = [];
      this.#tooLong = 1;
      return;
    }
    this.#parts.push(part);
  }

  #end(end: number): void {
    let text = '';
    if (!this.#skipping && this.#held > 0) {
      let line = this.#parts[0];
      if (this.#parts.length > 1) {
        line = new Uint8Array(this.#held);
        let at = 0;
        for (const part of this.#parts) {
          line.set(part, at);
          at += part.length;
        }
      }
      text = this.#decoder.decode(line);
      if (text.endsWith('\r')) text = text.slice(0, -1);
    }
    this.#lines.push({ text, end, tooLong: this.#tooLong });
    this.#parts = [];
    this.#held = 0;
    this.#skipping = false;
    this.#tooLong = 0;
  }
}
