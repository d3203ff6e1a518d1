/**
 * Takes some captures (or rules) at a time from the broker, does what is asked with each, and says what came out. A message is
 * acknowledged only when its results are safe in the broker: whoever is killed before that leaves it to another. A message that
 * comes a second time is taken apart, so that what ends its workers ends them alone; what nobody can finish is set aside with the reason.
 */
import type { JsMsg } from '@nats-io/jetstream';
import { type Broker, CANCELLED, digestOf, getRules, isLate, pause, RESULTS, resultsOf, setAside, WORK } from './broker.ts';
import { type HuntOutcome, type HuntResult, HuntTask, staysInside, type WorkKind } from './shapes.ts';

/** Does one item with the rules it was made for. */
export type HuntEngine = (item: string, signal: { readonly stopped: boolean }) => Promise<HuntOutcome>;

export interface WorkerOptions {
  readonly name: string;
  /** compiles rules, or opens a bundle of files; rejects where none of them can be used */
  readonly engine: (kind: WorkKind, rules: string, networks: string | undefined) => Promise<HuntEngine> | HuntEngine;
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
/** Results of one message, in bytes: they fit the broker's megabyte, or whatever it allows. */
const LONGEST_RESULTS = 600_000;
/** Of what a broker allows, the part that results may take: JSON around them grows a little. */
const ROOM = 0.8;
const WAIT = 2000;
const AGAIN = 500;

/** The answer is how many items were done. */
export async function work(broker: Broker, options: WorkerOptions): Promise<number> {
  const { name, signal, tell = () => {} } = options;
  const longest = Math.min(LONGEST_RESULTS, (broker.connection.info?.max_payload ?? Number.POSITIVE_INFINITY) * ROOM);
  const cancelled = new Set<string>();
  const news = broker.connection.subscribe(CANCELLED, { callback: (problem, message) => void (problem === null && cancelled.add(message.string())) });
  const engines = new Map<string, Promise<HuntEngine>>();
  const engineOf = (task: HuntTask): Promise<HuntEngine> => {
    const key = `${task.kind} ${task.rules} ${task.networks ?? ''}`;
    let known = engines.get(key);
    if (known === undefined) {
      if (engines.size >= MOST_ENGINES) engines.delete(engines.keys().next().value!);
      known = getRules(broker, task.rules, task.parts).then((rules) => options.engine(task.kind, rules, task.networks));
      engines.set(key, known);
      known.catch(() => engines.delete(key));
    }
    return known;
  };
  /** Again and again until the broker has them: full or away, the work is not lost. */
  const report = async (task: HuntTask, results: readonly string[]): Promise<void> => {
    while (!signal.aborted) {
      try {
        await broker.streams.publish(resultsOf(task.store, task.hunt), `[${results.join()}]`);
        return;
      } catch (problem) {
        tell(`${RESULTS}: ${(problem as Error).message}; it is tried again`);
        await broker.haveStreams().catch(() => {});
        await pause(AGAIN);
      }
    }
  };
  /** As JSON. Undefined: it is left to another, or nobody waits for it any more. */
  const oneItem = async (task: HuntTask, item: string, tries: number): Promise<string | undefined> => {
    const written = (result: HuntResult): string => JSON.stringify(result);
    const aside = (why: string): string => written({ hunt: task.hunt, item, worker: name, aside: why.slice(0, 1000) });
    if (task.kind === 'hunt' && !staysInside(item)) return aside('its name leads out of the archive');
    if (tries > MOST_TRIES) return aside(`given up after ${MOST_TRIES} tries: whoever took it ended, or fell silent`);
    const stop = {
      get stopped() {
        return signal.aborted || cancelled.has(task.hunt);
      },
    };
    let outcome: HuntOutcome;
    try {
      const engine = await engineOf(task);
      outcome = await engine(item, stop);
    } catch (problem) {
      // The broker is away: that says nothing about the item.
      if (broker.connection.isClosed() || isAway(problem)) throw problem;
      return aside((problem as Error).message);
    }
    if (stop.stopped) return undefined;
    const result = written({ hunt: task.hunt, item, worker: name, outcome: task.kind === 'hunt' ? fitting(outcome, longest) : outcome });
    const size = sizeOf(result);
    return size > longest ? aside(`what came out (${size} bytes) does not fit a message of the broker`) : result;
  };
  const one = async (message: JsMsg): Promise<number> => {
    const task = taskOf(message);
    if (task === undefined) {
      tell(`a message that is no task was set aside: ${message.subject}`);
      await setAside(broker, message, 'it is no task');
      return 0;
    }
    if (cancelled.has(task.hunt)) return ended(message);
    const tries = message.info.deliveryCount;
    if (tries > 1 && task.items.length > 1) {
      for (const item of task.items)
        await broker.streams.publish(message.subject, JSON.stringify({ ...task, items: [item] }), { msgID: `${message.seq} ${digestOf(item)} ${task.hunt}` });
      return ended(message);
    }
    const beat = setInterval(() => message.working(), broker.patience / 3);
    try {
      let results: string[] = [];
      let size = 0;
      for (const item of task.items) {
        const result = await oneItem(task, item, tries);
        if (result === undefined) {
          if (!signal.aborted) return ended(message);
          message.nak();
          return 0;
        }
        const own = sizeOf(result);
        if (size + own > longest && results.length > 0) {
          await report(task, results);
          [results, size] = [[], 0];
        }
        results.push(result);
        size += own;
      }
      await report(task, results);
      if (signal.aborted) {
        message.nak();
        return 0;
      }
      await message.ackAck();
      return task.items.length;
    } catch (problem) {
      message.nak(AGAIN);
      throw problem;
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
        done += await one(message);
      }
    } catch (problem) {
      if (broker.connection.isClosed()) break;
      if (isLate(problem)) {
        quiet += WAIT;
        continue;
      }
      tell(`${WORK}: ${(problem as Error).message}; it is tried again`);
      await broker.haveStreams().catch(() => {});
      await pause(AGAIN);
    }
  }
  news.unsubscribe();
  return done;
}

async function ended(message: JsMsg): Promise<number> {
  await message.ackAck();
  return 0;
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

function sizeOf(result: string): number {
  return Buffer.byteLength(result) + 1;
}

/** All counts, and as many lines as a message carries. */
function fitting(outcome: HuntOutcome, longest: number): HuntOutcome {
  if (outcome.lines.length === 0) return outcome;
  let size = Buffer.byteLength(JSON.stringify(outcome.hits));
  const lines = outcome.lines.filter((line) => {
    size += Buffer.byteLength(line) * 1.2 + 4;
    return size < longest * 0.9;
  });
  return { ...outcome, lines };
}
