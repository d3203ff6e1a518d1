/**
 * A text that was rewritten in places, and where each of its characters stood before. Only the places are kept: a report of megabytes
 * has a few thousand, and finders ask in the order of the text.
 */
export interface Rewritten {
  readonly text: string;
  /** where the character at `at` began in the original */
  startOf(at: number): number;
  /** where what ends before `at` ended in the original */
  endOf(at: number): number;
  /** was anything between these offsets (of the new text) written otherwise on purpose, not by an accident of copying or encoding? */
  changed(start: number, end: number): boolean;
}

/** Takes edits in the order of the text; they do not overlap. */
export class Rewriter {
  readonly #original: string;
  readonly #parts: string[] = [];
  readonly #newStarts: number[] = [];
  readonly #newEnds: number[] = [];
  readonly #oldStarts: number[] = [];
  readonly #oldEnds: number[] = [];
  /** starts, in the new text, of what was written otherwise on purpose */
  readonly #meant: number[] = [];
  #length = 0;
  /** up to where the original is used up */
  taken = 0;

  constructor(original: string) {
    this.#original = original;
  }

  replace(start: number, end: number, by: string, onPurpose: boolean): void {
    if (start > this.taken) {
      this.#parts.push(this.#original.slice(this.taken, start));
      this.#length += start - this.taken;
    }
    if (onPurpose) this.#meant.push(this.#length);
    this.#newStarts.push(this.#length);
    this.#oldStarts.push(start);
    if (by !== '') this.#parts.push(by);
    this.#length += by.length;
    this.#newEnds.push(this.#length);
    this.#oldEnds.push(end);
    this.taken = end;
  }

  finish(): Rewritten {
    if (this.#newStarts.length === 0) return { text: this.#original, startOf: same, endOf: same, changed: never };
    this.#parts.push(this.#original.slice(this.taken));
    const newStarts = Uint32Array.from(this.#newStarts);
    const newEnds = Uint32Array.from(this.#newEnds);
    const oldStarts = Uint32Array.from(this.#oldStarts);
    const oldEnds = Uint32Array.from(this.#oldEnds);
    const meant = Uint32Array.from(this.#meant);
    let last = 0;
    const editAt = (at: number): number => (last = lastUpTo(newStarts, at, last));
    return {
      text: this.#parts.join(''),
      startOf(at) {
        const edit = editAt(at);
        if (edit < 0) return at;
        return at < newEnds[edit] ? oldStarts[edit] : oldEnds[edit] + at - newEnds[edit];
      },
      endOf(at) {
        const edit = editAt(at - 1);
        const end = edit < 0 ? at : at <= newEnds[edit] ? oldEnds[edit] : oldEnds[edit] + at - newEnds[edit];
        // What was taken out right behind it (`[.com]`: the closing bracket) belongs to it.
        return newStarts[edit + 1] === at && newEnds[edit + 1] === at && oldStarts[edit + 1] === end ? oldEnds[edit + 1] : end;
      },
      changed(start, end) {
        const first = lastUpTo(meant, end - 1, -1);
        return first >= 0 && meant[first] >= start;
      },
    };
  }
}

const same = (at: number): number => at;
const never = (): boolean => false;

/** Index of the last value that is at most `at`, -1 for none. `guess` is tried first, and the one behind it. */
function lastUpTo(values: Uint32Array, at: number, guess: number): number {
  if (guess >= 0 && values[guess] <= at) {
    if (guess + 1 === values.length || values[guess + 1] > at) return guess;
    if (guess + 2 >= values.length || values[guess + 2] > at) return guess + 1;
  }
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
