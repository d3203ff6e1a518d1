/**
 * Offsets ⇄ lines and characters (both from 0, characters in UTF-16 units), as editors count them: a line ends with `\n`, `\r\n` or a
 * `\r` alone (Language Server Protocol 3.17, `EOL`).
 */
import { leading } from '@sigwright/bytes';
import { type Span, span } from '@sigwright/contracts';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export class LineTable {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    const starts = this.#starts;
    let returned = text.indexOf('\r');
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      for (; returned !== -1 && returned < at; returned = text.indexOf('\r', returned + 1)) if (returned + 1 !== at) starts.push(returned + 1);
      starts.push(at + 1);
    }
    for (; returned !== -1; returned = text.indexOf('\r', returned + 1)) starts.push(returned + 1);
  }

  /** Line ends in the text. */
  get ends(): number {
    return this.#starts.length - 1;
  }

  position(offset: number): Position {
    const starts = this.#starts;
    const line = Math.max(0, leading(starts, (start) => start <= offset) - 1);
    return { line, character: offset - starts[line] };
  }

  /** A position outside the text counts as the nearest inside, one behind the end of its line as that end. */
  offset({ line, character }: Position): number {
    if (line < 0) return 0;
    if (line >= this.#starts.length) return this.#text.length;
    const start = this.#starts[line];
    const next = this.#starts[line + 1];
    let end = this.#text.length;
    if (next !== undefined) end = this.#text.startsWith('\r\n', next - 2) ? next - 2 : next - 1;
    return Math.min(end, start + Math.max(0, character));
  }
}

export function shifted({ start, end }: Span, by: number): Span {
  return span(start + by, end + by);
}
