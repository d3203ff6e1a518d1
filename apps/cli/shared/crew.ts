/**
 * The threads of `run --threads`: the first one is the process's own, reads the command line, and writes; each other one reads the same command
 * line, and sends what it finds. Of one capture every thread reads the packets of some hosts (thread-peers.ts); of several, whole captures.
 */
import { isMainThread, MessageChannel, type MessagePort, parentPort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import type { RuleChecks } from '@sigwright/detection';
import type { RuleAlerts } from './alert-summary.ts';
import type { LinesPart } from './ordered-lines.ts';
import type { CaptureResult } from './run-output.ts';
import { SharedProgress } from './thread-peers.ts';

export type FromThread =
  | { readonly kind: 'lines'; readonly part: LinesPart }
  | { readonly kind: 'captured'; readonly result: CaptureResult }
  | { readonly kind: 'over'; readonly alerts: readonly RuleAlerts[]; readonly costs: readonly RuleChecks[] }
  /** the capture can not be shared, and who found out says why */
  | { readonly kind: 'ended'; readonly why: string | undefined }
  | { readonly kind: 'failed'; readonly why: string };

/** A thread among others, as it sees itself. */
export interface Seat {
  /** 0 is the process's own thread */
  readonly index: number;
  readonly captures: readonly string[];
  readonly progress: SharedProgress;
  /** to the other threads, by number */
  readonly ports: ReadonlyMap<number, MessagePort>;
  send(message: FromThread): void;
  /** Hears what others sent, where this is the first one; between two packets, when nothing else would. */
  listen(): void;
}

interface Begin {
  readonly captures: readonly string[];
  readonly ports: ReadonlyMap<number, MessagePort>;
  /** to the first thread */
  readonly voice: MessagePort;
}

interface Given {
  readonly crewOf: number;
  readonly index: number;
  readonly memory: SharedArrayBuffer;
}

/** Is this one of the threads that a crew began? Gives its place once the crew begins. */
export function givenSeat(): (() => Promise<Seat>) | undefined {
  const given = workerData as Partial<Given> | undefined | null;
  if (isMainThread || typeof given?.crewOf !== 'number' || !(given.memory instanceof SharedArrayBuffer)) return undefined;
  const { crewOf, index, memory } = given as Given;
  const begun = new Promise<Begin>((resolve) => parentPort!.once('message', resolve));
  return async () => {
    const { captures, ports, voice } = await begun;
    return { index, captures, progress: new SharedProgress(crewOf, memory), ports, send: (message) => voice.postMessage(message), listen: () => {} };
  };
}

export class Crew {
  readonly count: number;
  readonly progress: SharedProgress;
  readonly #workers: Worker[] = [];
  /** of each worker: why it ended, where it did so without a word */
  readonly #gone: Promise<string>[] = [];
  #over: readonly Promise<void>[] = [];

  /** Begins `count` - 1 threads, which make themselves ready and wait. */
  constructor(count: number) {
    this.count = count;
    this.progress = new SharedProgress(count);
    for (let index = 1; index < count; index++) {
      const workerData: Given = { crewOf: count, index, memory: this.progress.memory };
      const worker = new Worker(process.argv[1], { argv: process.argv.slice(2), workerData });
      // Where nothing comes of it, the process is not to wait for them.
      worker.unref();
      this.#workers.push(worker);
      this.#gone.push(
        new Promise((resolve) => {
          worker.once('error', (problem) => resolve(problem.message));
          worker.once('exit', () => resolve('it ended without a word'));
        }),
      );
    }
  }

  /** The others begin; `hear` is told what each thread sends, the first one, too. Gives the first one's place. */
  begin(captures: readonly string[], hear: (thread: number, message: FromThread) => void): Seat {
    const ports = Array.from({ length: this.count }, () => new Map<number, MessagePort>());
    for (let one = 0; one < this.count; one++) {
      for (let other = one + 1; other < this.count; other++) {
        const { port1, port2 } = new MessageChannel();
        ports[one].set(other, port1);
        ports[other].set(one, port2);
      }
    }
    const over = this.#workers.map(() => Promise.withResolvers<void>());
    const listens: (() => void)[] = [];
    for (const [at, worker] of this.#workers.entries()) {
      const thread = at + 1;
      const { port1: voice, port2: ear } = new MessageChannel();
      let isOver = false;
      const told = (message: FromThread): void => {
        hear(thread, message);
        if (message.kind === 'lines' || message.kind === 'captured') return;
        isOver = true;
        ear.close();
        over[at].resolve();
      };
      const listen = (): void => {
        for (let next = isOver ? undefined : receiveMessageOnPort(ear); next !== undefined; next = isOver ? undefined : receiveMessageOnPort(ear))
          told(next.message as FromThread);
      };
      ear.on('message', told);
      listens.push(listen);
      void this.#gone[at].then((why) => {
        // What it said last may have come meanwhile.
        listen();
        if (isOver) return;
        this.progress.end();
        told({ kind: 'failed', why });
      });
      worker.postMessage({ captures, ports: ports[thread], voice } satisfies Begin, [...ports[thread].values(), voice]);
    }
    this.#over = over.map(({ promise }) => promise);
    return {
      index: 0,
      captures,
      progress: this.progress,
      ports: ports[0],
      send: (message) => hear(0, message),
      listen: () => {
        for (const listen of listens) listen();
      },
    };
  }

  /** All that the others send has come. */
  async finished(): Promise<void> {
    await Promise.all(this.#over);
  }

  /** Nobody needs the others any more. */
  async dismiss(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
