/** What compiled functions work on: frames of calls with slots and cells, and what the control flow does after a statement. */
import type { Activation, Value } from './values.ts';

export class Cell {
  value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** One call. */
export interface Frame extends Activation {
  readonly slots: (Value | Cell)[];
  readonly outer: readonly Cell[];
  /** filled where a coroutine runs it */
  readonly held: Value[];
}

export const NOTHING: readonly Value[] = [];
/** Nothing is held by calls that can not wait. */
export const NONE_HELD: Value[] = [];

export const BREAK = Symbol('break');
export class Goto {
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }
}
/** undefined: go on; an array: return these */
export type Outcome = undefined | typeof BREAK | Goto | readonly Value[];
export type Run = (frame: Frame) => Outcome;
export type Evaluate = (frame: Frame) => Value;
export type EvaluateAll = (frame: Frame) => readonly Value[];
