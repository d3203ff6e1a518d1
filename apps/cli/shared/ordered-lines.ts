/** Lines that several threads write, in the order in which one thread would have written them. */
import type { ThresholdQuestion } from '@sigwright/detection';
import { LINE_END, WIDEST } from './line-writer.ts';
import { compareMoments, type Moment } from './moments.ts';

/** An alert that is one if a threshold says so, once it is known what came before. */
export interface AskedAlert {
  /** of all that this thread asked, from 1; 0 where nobody will ask for the answer */
  readonly number: number;
  readonly question: ThresholdQuestion;
  readonly hosts: string;
}

/** What lines depend on. */
export type Condition =
  | { readonly kind: 'alert'; readonly alert: AskedAlert }
  /** The last word about a flow: its first `length` bytes are written if one of these was an alert, otherwise the others. */
  | { readonly kind: 'flow'; readonly asked: readonly number[]; readonly length: number };

/** Some of the lines of one thread; all that it writes before `upTo` is in this or in earlier ones. */
export interface LinesPart {
  /** of each run of lines at one moment: its number, last time, first packet, and bytes */
  readonly runs: Float64Array;
  /** by place in `runs`, of those that have one */
  readonly conditions: ReadonlyMap<number, Condition>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly upTo: Moment;
}

const NUMBERS = 4;
const FIRST_ROOM = 65_536;
/** Bytes of lines that are sent at the latest. */
const MOST_KEPT = 262_144;

/** The lines of one thread. */
export class ThreadLines {
  #bytes = Buffer.allocUnsafeSlow(FIRST_ROOM);
  #length = 0;
  #runs: number[] = [];
  #conditions = new Map<number, Condition>();
  readonly #send: (part: LinesPart) => void;

  constructor(send: (part: LinesPart) => void) {
    this.#send = send;
  }

  line(text: string, { number, lastTime, firstPacket }: Moment): void {
    const length = this.#append(text);
    const runs = this.#runs;
    const last = runs.length - NUMBERS;
    const goesOn = last >= 0 && runs[last] === number && runs[last + 1] === lastTime && runs[last + 2] === firstPacket && !this.#conditions.has(last);
    if (goesOn) runs[last + 3] += length;
    else runs.push(number, lastTime, firstPacket, length);
    if (this.#length >= MOST_KEPT) this.pass({ number, lastTime, firstPacket });
  }

  /** Lines of an alert that may be none. */
  alert(texts: readonly string[], moment: Moment, alert: AskedAlert): void {
    this.#open(moment, { kind: 'alert', alert });
    for (const text of texts) this.#runs[this.#runs.length - 1] += this.#append(text);
  }

  /** Lines of a flow that alerted, or not, as is known once `asked` are answered. */
  flow(alerted: readonly string[], silent: readonly string[], moment: Moment, asked: readonly number[]): void {
    const from = this.#length;
    for (const text of alerted) this.#append(text);
    const length = this.#length - from;
    for (const text of silent) this.#append(text);
    this.#open(moment, { kind: 'flow', asked, length });
    this.#runs[this.#runs.length - 1] = this.#length - from;
  }

  #open({ number, lastTime, firstPacket }: Moment, condition: Condition): void {
    this.#conditions.set(this.#runs.length, condition);
    this.#runs.push(number, lastTime, firstPacket, 0);
  }

  /** Gives its bytes. */
  #append(text: string): number {
    const most = text.length * WIDEST + 1;
    if (this.#length + most > this.#bytes.length) this.#makeRoom(most);
    const length = this.#bytes.write(text, this.#length) + 1;
    this.#length += length;
    this.#bytes[this.#length - 1] = LINE_END;
    return length;
  }

  #makeRoom(more: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + more));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** No line of a moment before this one will come. */
  pass(moment: Moment): void {
    const bytes = new Uint8Array(this.#length);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#send({ runs: Float64Array.from(this.#runs), conditions: this.#conditions, bytes, upTo: moment });
    this.#length = 0;
    this.#runs = [];
    this.#conditions = new Map();
  }
}

interface Run {
  readonly at: Moment;
  readonly bytes: Uint8Array;
  readonly condition: Condition | undefined;
}

export interface MergeHandlers {
  write(lines: Uint8Array): void;
  /** Is it an alert? Asked in the order of alerts. */
  answer(alert: AskedAlert, at: Moment): boolean;
}

export class LineMerge {
  readonly #handlers: MergeHandlers;
  readonly #queues: Run[][];
  readonly #heads: number[];
  readonly #upTo: (Moment | undefined)[];
  /** by thread: which of those that it asked for were alerts, until their flows are told of */
  readonly #alerts: Set<number>[];
  /** bytes that wait for lines of other threads */
  held = 0;

  constructor(threads: number, handlers: MergeHandlers) {
    this.#handlers = handlers;
    this.#queues = Array.from({ length: threads }, () => []);
    this.#heads = new Array(threads).fill(0);
    this.#upTo = new Array(threads).fill(undefined);
    this.#alerts = Array.from({ length: threads }, () => new Set());
  }

  /** Writes what no other thread can have lines before. */
  add(thread: number, { runs, conditions, bytes, upTo }: LinesPart): void {
    let from = 0;
    for (let at = 0; at < runs.length; at += NUMBERS) {
      const to = from + runs[at + 3];
      const moment = { number: runs[at], lastTime: runs[at + 1], firstPacket: runs[at + 2] };
      this.#queues[thread].push({ at: moment, bytes: bytes.subarray(from, to), condition: conditions.get(at) });
      from = to;
    }
    this.#upTo[thread] = upTo;
    this.held += bytes.length;
    for (let next = this.#first(); next >= 0; next = this.#first()) this.#write(next, this.#queues[next][this.#heads[next]++]);
    for (const [index, queue] of this.#queues.entries()) {
      queue.splice(0, this.#heads[index]);
      this.#heads[index] = 0;
    }
  }

  #write(thread: number, { at, bytes, condition }: Run): void {
    this.held -= bytes.length;
    const alerts = this.#alerts[thread];
    if (condition === undefined) this.#handlers.write(bytes);
    else if (condition.kind === 'alert') {
      const { alert } = condition;
      if (!this.#handlers.answer(alert, at)) return;
      if (alert.number > 0) alerts.add(alert.number);
      this.#handlers.write(bytes);
    } else {
      const { asked, length } = condition;
      const alerted = asked.some((number) => alerts.has(number));
      for (const number of asked) alerts.delete(number);
      this.#handlers.write(alerted ? bytes.subarray(0, length) : bytes.subarray(length));
    }
  }

  /** The thread whose line comes next, -1 where that is not known yet. */
  #first(): number {
    let first = -1;
    for (const [thread, queue] of this.#queues.entries()) {
      const run: Run | undefined = queue[this.#heads[thread]];
      if (run !== undefined && (first < 0 || compareMoments(run.at, this.#queues[first][this.#heads[first]].at) < 0)) first = thread;
    }
    if (first < 0) return -1;
    const { at } = this.#queues[first][this.#heads[first]];
    for (const [thread, upTo] of this.#upTo.entries()) {
      if (this.#heads[thread] === this.#queues[thread].length && (upTo === undefined || compareMoments(upTo, at) < 0)) return -1;
    }
    return first;
  }
}
