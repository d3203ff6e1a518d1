/**
 * When flows end. Rows lie in spans of packet time, by when their silence will have lasted too long as far as was known when they were put
 * there: a packet moves nothing. When a span is over, flows that had packets since go to a later one, the others have ended. So a flow ends
 * when it should, whatever other flows there are.
 */
import { type FlowRows, KIND, LIST, LIST_SHIFT, NEWER, OLDER, placeOf } from './flow-rows.ts';

/** Microseconds; there is no need to look for flows that are over more often. */
export const SPAN = 250_000;

/** After so long a silence a flow is over. */
export interface Timeout {
  /** from 1 */
  readonly number: number;
  /** microseconds */
  readonly length: number;
}

/** Rows in the order in which they were put in, -1 where there is none. */
interface Span {
  readonly number: number;
  oldest: number;
  newest: number;
}

export class Timeouts {
  readonly #rows: FlowRows;
  readonly #timeouts: Timeout[] = [];
  readonly #spans = new Map<number, Span>();
  /** numbers of spans as a heap, the lowest first; of some there is no span any more */
  #order: number[] = [];
  /** the span used last: flows that come one after the other often share one */
  #known: Span | undefined = undefined;

  constructor(rows: FlowRows) {
    this.#rows = rows;
  }

  /** For flows that end after so many seconds. */
  of(seconds: number): Timeout {
    const length = seconds * 1e6;
    let timeout = this.#timeouts.find((one) => one.length === length);
    if (timeout === undefined) {
      timeout = { number: this.#timeouts.length + 1, length };
      this.#timeouts.push(timeout);
    }
    return timeout;
  }

  /** After what silence the row's flow is over; undefined where it was not put in. */
  after(row: number): Timeout | undefined {
    const number = (this.#rows.block(row)[placeOf(row) + KIND] & LIST) >>> LIST_SHIFT;
    return number === 0 ? undefined : this.#timeouts[number - 1];
  }

  add(row: number, timeout: Timeout): void {
    const rows = this.#rows;
    const time = rows.lastTime(row);
    const span = this.#at(spanOf(time + timeout.length));
    const words = rows.block(row);
    const at = placeOf(row);
    rows.setListedAt(row, time);
    words[at + KIND] = (words[at + KIND] & ~LIST) | (timeout.number << LIST_SHIFT);
    words[at + OLDER] = span.newest;
    words[at + NEWER] = -1;
    if (span.newest >= 0) rows.block(span.newest)[placeOf(span.newest) + NEWER] = row;
    else span.oldest = row;
    span.newest = row;
  }

  #at(number: number): Span {
    if (this.#known?.number === number) return this.#known;
    let span = this.#spans.get(number);
    if (span === undefined) {
      span = { number, oldest: -1, newest: -1 };
      this.#spans.set(number, span);
      // Spans that come and go leave their numbers behind.
      if (this.#order.length > MOST_LEFT_BEHIND + 2 * this.#spans.size) this.#order = [...this.#spans.keys()].sort((a, b) => a - b);
      else push(this.#order, number);
    }
    this.#known = span;
    return span;
  }

  /** Where the row was put in. */
  remove(row: number): void {
    const timeout = this.after(row);
    if (timeout === undefined) return;
    const rows = this.#rows;
    const words = rows.block(row);
    const at = placeOf(row);
    const older = words[at + OLDER];
    const newer = words[at + NEWER];
    if (older >= 0) rows.block(older)[placeOf(older) + NEWER] = newer;
    if (newer >= 0) rows.block(newer)[placeOf(newer) + OLDER] = older;
    words[at + KIND] &= ~LIST;
    if (older >= 0 && newer >= 0) return;
    const span = this.#at(spanOf(rows.listedAt(row) + timeout.length));
    if (older < 0) span.oldest = newer;
    if (newer < 0) span.newest = older;
    if (span.oldest < 0) this.#forget(span);
  }

  #forget(span: Span): void {
    this.#spans.delete(span.number);
    this.#known = undefined;
  }

  /** Takes out the rows of flows that are over at `now`, in no order. */
  over(now: number): readonly number[] {
    const current = spanOf(now);
    let found: number[] | undefined;
    for (let span = this.#before(current); span !== undefined; span = this.#before(current)) {
      while (span.oldest >= 0) {
        const row = span.oldest;
        const timeout = this.after(row)!;
        this.remove(row);
        if (spanOf(this.#rows.lastTime(row) + timeout.length) >= current) this.add(row, timeout);
        else {
          found ??= [];
          found.push(row);
        }
      }
    }
    return found ?? NONE;
  }

  /** The row whose flow is over first, -1 where there is none. */
  first(): number {
    for (;;) {
      const span = this.#before(Number.POSITIVE_INFINITY);
      if (span === undefined) return -1;
      const row = span.oldest;
      const timeout = this.after(row)!;
      if (spanOf(this.#rows.lastTime(row) + timeout.length) === span.number) return row;
      this.remove(row);
      this.add(row, timeout);
    }
  }

  /** The first span with rows before that of this number. */
  #before(number: number): Span | undefined {
    const order = this.#order;
    while (order.length > 0 && order[0] < number) {
      const span = this.#spans.get(order[0]);
      if (span !== undefined) return span;
      pop(order);
    }
    return undefined;
  }
}

const MOST_LEFT_BEHIND = 1024;
const NONE: readonly number[] = [];

function spanOf(time: number): number {
  return Math.floor(time / SPAN);
}

/** Into a binary heap, the lowest number first. */
function push(heap: number[], number: number): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    if (heap[parent] <= number) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = number;
}

/** Takes the lowest number out. */
function pop(heap: number[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= last) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
}
