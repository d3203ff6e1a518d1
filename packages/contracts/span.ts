/**
 * Positions in a text. Inside the code a position is always an offset in UTF-16 units of the text it belongs to;
 * line and column exist only where something is printed.
 */
import { leading } from '@sigwright/bytes';

export interface Span {
  /** first unit */
  readonly start: number;
  /** one past the last unit */
  readonly end: number;
}

export function span(start: number, end: number): Span {
  return { start, end };
}

/** Line and column (both from 1) of an offset, for printing. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

/** `lineAndColumn` for many offsets of one text: line starts are found once. */
export function linePlaces(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const line = Math.max(
      1,
      leading(starts, (start) => start <= offset),
    );
    return { line, column: offset - starts[line - 1] + 1 };
  };
}
