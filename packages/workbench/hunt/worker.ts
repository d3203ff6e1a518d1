/**
 * Takes one capture at a time from the broker, inspects it, and says what came out. A message is acknowledged only when its result is
 * safe in the broker: whoever is killed before that leaves it to another. What nobody can finish is set aside with the reason.
 */
import type { JsMsg } from '@nats-io/jetstream';
import { type Broker, CANCELLED, getRules, pause, RESULTS, setAside, WORK } from './broker.ts';
import { type HuntOutcome, type HuntResult, HuntTask, staysInside } from './shapes.ts';

/** Inspects captures with the rules it was made for. */
export type HuntEngine = (capture: string, signal: { readonly stopped: boolean }) => Promise<HuntOutcome>;

export interface WorkerOptions {
  readonly name: string;
  /** compiles rules; rejects where none of them can be used */
  readonly engine: (rules: string, networks: string | undefined) => Promise<HuntEngine> | HuntEngine;
  /** aborted: finish nothing more; what is at hand goes back to the broker */
  readonly signal: AbortSignal;
  /** ends when nothing waited for so many milliseconds; never where left out */
  readonly idle?: number;
  readonly tell?: (words: string) => void;
}

/** Deliveries of a message whose takers ended or fell silent each time. */
export const MOST_TRIES = 5;
/** Compiled rule sets that are kept. */
const MOST_ENGINES = 2;
/** A result must fit the broker's megabyte. */
const LONGEST_LINES = 600_000;
const WAIT = 2000;
const AGAIN = 500;

export async function work(broker: Broker, options: WorkerOptions): Promise<number> {
  const { name, signal, tell = () => {} } = options;
  const cancelled = new Set<string>();
  const news = broker.connection.subscribe(CANCELLED, { callback: (problem, message) => void (problem === null && cancelled.add(message.string())) });
  const engines = new Map<string, Promise<HuntEngine>>();
  const engineOf = (task: HuntTask): Promise<HuntEngine> => {
    const key = `${task.rules} ${task.networks ?? ''}`;
    let known = engines.get(key);
    if (known === undefined) {
      if (engines.size >= MOST_ENGINES) engines.delete(engines.keys().next().value!);
      known = getRules(broker, task.rules, task.parts).then((rules) => options.engine(rules, task.networks));
      engines.set(key, known);
      known.catch(() => engines.delete(key));
    }
    return known;
  };
  /** Again and again until the broker has it: full or away, the work is not lost. */
  const report = async (result: HuntResult, message: JsMsg): Promise<void> => {
    const subject = `sigwright.results.${result.hunt}`;
    while (!signal.aborted) {
      try {
        await broker.streams.publish(subject, JSON.stringify(result));
        await message.ackAck();
        return;
      } catch (problem) {
        tell(`${RESULTS}: ${(problem as Error).message}; it is tried again`);
        await pause(AGAIN);
      }
    }
  };
  const one = async (message: JsMsg): Promise<void> => {
    const task = taskOf(message);
    if (task === undefined) {
      tell(`a message that is no task was set aside: ${message.subject}`);
      return setAside(broker, message, 'it is no task');
    }
    const aside = (why: string): Promise<void> => report({ hunt: task.hunt, capture: task.capture, worker: name, aside: why.slice(0, 1000) }, message);
    if (cancelled.has(task.hunt)) return message.ack();
    if (!staysInside(task.capture)) return aside('its name leads out of the archive');
    if (message.info.deliveryCount > MOST_TRIES) return aside(`given up after ${MOST_TRIES} tries: whoever took it ended, or fell silent`);
    const stop = {
      get stopped() {
        return signal.aborted || cancelled.has(task.hunt);
      },
    };
    const beat = setInterval(() => message.working(), broker.patience / 3);
    try {
      let outcome: HuntOutcome;
      try {
        const engine = await engineOf(task);
        outcome = await engine(task.capture, stop);
      } catch (problem) {
        // The broker is away: that says nothing about the capture.
        if (broker.connection.isClosed() || isAway(problem)) return void message.nak(AGAIN);
        return await aside((problem as Error).message);
      }
      if (stop.stopped) return void (signal.aborted ? message.nak() : message.ack());
      await report({ hunt: task.hunt, capture: task.capture, worker: name, outcome: fitting(outcome) }, message);
    } finally {
      clearInterval(beat);
    }
  };

  let done = 0;
  let quiet = 0;
  while (!signal.aborted && (options.idle === undefined || quiet < options.idle)) {
    try {
      const consumer = await broker.streams.consumers.get(WORK, 'workers');
      while (!signal.aborted && (options.idle === undefined || quiet < options.idle)) {
        const message = await consumer.next({ expires: WAIT });
        if (message === null) {
          quiet += WAIT;
          continue;
        }
        quiet = 0;
        await one(message);
        done++;
      }
    } catch (problem) {
      if (broker.connection.isClosed()) break;
      tell(`${WORK}: ${(problem as Error).message}; it is tried again`);
      await pause(AGAIN);
    }
  }
  news.unsubscribe();
  return done;
}

function taskOf(message: JsMsg): HuntTask | undefined {
  try {
    return HuntTask.parse(message.json());
  } catch {
    return undefined;
  }
}

function isAway(problem: unknown): boolean {
  return /timeout|disconnect|no responders|connection|draining|closed/i.test(`${(problem as Error).name} ${(problem as Error).message}`);
}

/** All counts, and as many lines as a message carries. */
function fitting(outcome: HuntOutcome): HuntOutcome {
  let size = 0;
  const lines = outcome.lines.filter((line) => {
    size += Buffer.byteLength(line) * 1.2 + 4;
    return size < LONGEST_LINES;
  });
  return { ...outcome, lines };
}
