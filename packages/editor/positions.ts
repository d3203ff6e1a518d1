/** Offsets ⇄ lines and characters (both from 0, characters in UTF-16 units), as editors count them. */
import { type Span, span } from '@sigwright/contracts';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export class LineTable {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(text: string) {
    this.#length = text.length;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  position(offset: number): Position {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - starts[low] };
  }

  /** A position outside the text counts as the nearest inside. */
  offset({ line, character }: Position): number {
    if (line < 0) return 0;
    if (line >= this.#starts.length) return this.#length;
    const next = line + 1 < this.#starts.length ? this.#starts[line + 1] - 1 : this.#length;
    return Math.min(next, this.#starts[line] + Math.max(0, character));
  }
}

export function shifted({ start, end }: Span, by: number): Span {
  return span(start + by, end + by);
}
