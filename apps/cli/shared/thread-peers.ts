/**
 * Threads that read one capture, each with an engine of its own (decisions/0014). Memory that they share says how far each of them is; what one
 * decides for all goes to the others through ports, before it goes on. Whoever has to decide waits for those that are behind; the thread that
 * is behind all others waits for nobody.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Decision, Peers } from '@sigwright/detection';
import { HostShare } from '@sigwright/traffic';
import { InputProblem } from './arguments.ts';
import { BEGINNING, compareMoments, type Moment } from './moments.ts';

// Words of the shared memory.
const STOPPED = 0;
const ENDED = 1;
const NEXT_CAPTURE = 2;
const FIRST_OF_THREADS = 3;
/** of each thread: odd while its moment is written; how much it told; another number whenever it is to look again */
const SEQUENCE = 0;
const TOLD = 1;
const WAKE = 2;
const WORDS = 3;
/** of each thread: its moment, and the number of the packet at which it waits for others */
const WANTED = 3;
const NUMBERS = 4;
const NOTHING = -1;
/** With so many bytes of lines that wait for others, no thread begins another capture; their number stands behind those of all threads. */
const MOST_HELD = 64 * 1024 * 1024;

export class SharedProgress {
  readonly count: number;
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly memory: SharedArrayBuffer;

  /** Without `memory`: a new one. */
  constructor(count: number, memory?: SharedArrayBuffer) {
    const numbers = NUMBERS * count + 1;
    this.count = count;
    this.memory = memory ?? new SharedArrayBuffer(numbers * 8 + (FIRST_OF_THREADS + WORDS * count) * 4);
    this.numbers = new Float64Array(this.memory, 0, numbers);
    this.words = new Int32Array(this.memory, numbers * 8);
    if (memory === undefined) for (let thread = 0; thread < count; thread++) this.numbers[thread * NUMBERS + WANTED] = NOTHING;
  }

  get stopped(): boolean {
    return Atomics.load(this.words, STOPPED) !== 0;
  }

  /** Everybody finishes what was read. */
  stop(): void {
    Atomics.store(this.words, STOPPED, 1);
  }

  /** The capture can not be shared, or a thread is gone. */
  get ended(): boolean {
    return Atomics.load(this.words, ENDED) !== 0;
  }

  end(): void {
    Atomics.store(this.words, ENDED, 1);
    for (let thread = 0; thread < this.count; thread++) this.wake(thread);
  }

  set held(bytes: number) {
    this.numbers[NUMBERS * this.count] = bytes;
  }

  /** Number of the next capture that nobody has taken. Others than the first thread wait where too much is held. */
  take(thread: number): number {
    while (thread !== 0 && this.numbers[NUMBERS * this.count] > MOST_HELD && !this.ended) {
      const wake = placeOf(thread, WAKE);
      Atomics.wait(this.words, wake, Atomics.load(this.words, wake), WAIT);
    }
    return Atomics.add(this.words, NEXT_CAPTURE, 1);
  }

  /** Grows with each step of a thread. */
  get sequences(): number {
    let sum = 0;
    for (let thread = 0; thread < this.count; thread++) sum += Atomics.load(this.words, placeOf(thread, SEQUENCE));
    return sum;
  }

  wake(thread: number): void {
    const at = placeOf(thread, WAKE);
    Atomics.add(this.words, at, 1);
    Atomics.notify(this.words, at);
  }
}

function placeOf(thread: number, word: number): number {
  return FIRST_OF_THREADS + thread * WORDS + word;
}

/** The capture is not shared any longer; `why` is said by who ended it, the others do not know. */
export class SharingEnded extends Error {
  readonly why: string | undefined;

  constructor(why?: string) {
    super(why ?? 'the capture is not shared any longer');
    this.why = why;
  }
}

interface Told {
  readonly at: Moment;
  readonly decision: Decision;
}

/** How far a thread is, is told once in so many moments; once in so many others it is looked how far the others are. */
const TELL_INTERVAL = 16;
const LOOK_INTERVAL = 1024;
/** So many packets, and at the end flows, one thread may be ahead of another: what it found is kept until the other one is as far. */
const MOST_AHEAD = 32_768;
/** Milliseconds after which a wait is looked at again, and waits in a row in which no thread got any further until one of them is thought gone. */
const WAIT = 2;
const LONGEST_SILENCE = 30_000;

export class ThreadPeers implements Peers {
  readonly share: HostShare;
  take: (decision: Decision) => void = () => {};
  /** told now and then: what was found before is not added to */
  passed: () => void = () => {};
  number = 0;
  lastTime = 0;
  firstPacket = 0;
  readonly #progress: SharedProgress;
  readonly #index: number;
  /** to each other thread, by its number */
  readonly #ports: ReadonlyMap<number, MessagePort>;
  /** by thread: how much of what it told was received */
  readonly #received: number[];
  readonly #waiting: Told[][];
  #moments = 0;

  constructor(progress: SharedProgress, index: number, ports: ReadonlyMap<number, MessagePort>) {
    this.share = new HostShare(index, progress.count);
    this.#progress = progress;
    this.#index = index;
    this.#ports = ports;
    this.#received = new Array(progress.count).fill(0);
    this.#waiting = Array.from({ length: progress.count }, () => []);
  }

  get moment(): Moment {
    const { number, lastTime, firstPacket } = this;
    return { number, lastTime, firstPacket };
  }

  at(number: number, lastTime: number, firstPacket: number): void {
    this.number = number;
    this.lastTime = lastTime;
    this.firstPacket = firstPacket;
    this.#moments++;
    if (this.#moments % TELL_INTERVAL !== 0) return;
    this.#publish();
    if (this.#moments % LOOK_INTERVAL !== 0) return;
    if (this.#progress.ended) throw new SharingEnded();
    this.passed();
    // At the end of the capture flows end in the order of their first packets.
    const isEnd = number === Number.POSITIVE_INFINITY;
    const notBefore = isEnd ? { number, lastTime, firstPacket: firstPacket - MOST_AHEAD } : { ...BEGINNING, number: number - MOST_AHEAD };
    if (firstPacket !== number || !isEnd) for (const thread of this.#ports.keys()) this.#waitFor(thread, notBefore);
  }

  /** The engine has finished: nothing more will be decided here. */
  over(): void {
    this.#publish();
    this.passed();
  }

  catchUp(): void {
    this.#publish();
    const { moment } = this;
    for (const [thread, port] of this.#ports) {
      this.#waitFor(thread, moment);
      this.#receive(thread, port);
    }
    for (;;) {
      let first: Told[] | undefined;
      for (const queue of this.#waiting) {
        if (queue.length > 0 && compareMoments(queue[0].at, moment) < 0 && (first === undefined || compareMoments(queue[0].at, first[0].at) < 0)) first = queue;
      }
      if (first === undefined) return;
      this.take(first.shift()!.decision);
    }
  }

  tell(decision: Decision): void {
    const told: Told = { at: this.moment, decision };
    for (const port of this.#ports.values()) port.postMessage(told);
    Atomics.add(this.#progress.words, placeOf(this.#index, TOLD), 1);
  }

  giveUp(why: string): never {
    this.#progress.end();
    throw new SharingEnded(why);
  }

  #receive(thread: number, port: MessagePort): void {
    const told = Atomics.load(this.#progress.words, placeOf(thread, TOLD));
    while (this.#received[thread] !== told) {
      const received = receiveMessageOnPort(port) as { message: Told } | undefined;
      if (received === undefined) throw new Error('what another thread told did not arrive');
      this.#waiting[thread].push(received.message);
      this.#received[thread] = (this.#received[thread] + 1) | 0;
    }
  }

  #publish(): void {
    const { words, numbers, count } = this.#progress;
    const { number } = this;
    const sequence = placeOf(this.#index, SEQUENCE);
    const at = this.#index * NUMBERS;
    Atomics.add(words, sequence, 1);
    numbers[at] = number;
    numbers[at + 1] = this.lastTime;
    numbers[at + 2] = this.firstPacket;
    Atomics.add(words, sequence, 1);
    for (let thread = 0; thread < count; thread++) {
      const wanted = numbers[thread * NUMBERS + WANTED];
      if (wanted !== NOTHING && number >= wanted) this.#progress.wake(thread);
    }
  }

  /** Until the thread is as far as `moment`, or further. */
  #waitFor(thread: number, moment: Moment): void {
    if (this.#isAt(thread, moment)) return;
    const { words, numbers } = this.#progress;
    const wake = placeOf(this.#index, WAKE);
    const wanted = this.#index * NUMBERS + WANTED;
    let silence = 0;
    let heard = this.#progress.sequences;
    // Others may wait for this one in the meantime.
    this.#publish();
    while (!this.#isAt(thread, moment)) {
      if (this.#progress.ended) throw new SharingEnded();
      const seen = Atomics.load(words, wake);
      numbers[wanted] = moment.number;
      if (!this.#isAt(thread, moment)) Atomics.wait(words, wake, seen, WAIT);
      numbers[wanted] = NOTHING;
      const sequences = this.#progress.sequences;
      silence = sequences === heard ? silence + 1 : 0;
      heard = sequences;
      if (silence > LONGEST_SILENCE) throw new InputProblem('a thread does not answer any more');
    }
  }

  #isAt(thread: number, { number, lastTime, firstPacket }: Moment): boolean {
    const { words, numbers } = this.#progress;
    const at = thread * NUMBERS;
    for (;;) {
      const sequence = Atomics.load(words, placeOf(thread, SEQUENCE));
      if ((sequence & 1) !== 0) continue;
      const itsNumber = numbers[at];
      const itsTime = numbers[at + 1];
      const itsFirst = numbers[at + 2];
      if (Atomics.load(words, placeOf(thread, SEQUENCE)) !== sequence) continue;
      if (itsNumber !== number) return itsNumber > number;
      if (itsTime !== lastTime) return itsTime > lastTime;
      return itsFirst >= firstPacket;
    }
  }
}
