/**
 * Minds the hunts of a store: sends what waits, a little at a time; takes results into the store; sends anew what the broker lost; ends
 * what was given up. It holds nothing that is not in store or broker, so it may be killed, and several may run.
 */
import type { Store } from '../store/store.ts';
import { type Broker, CANCELLED, digestOf, pause, putRules, RESULTS, setAside, WORK } from './broker.ts';
import { HuntResult, type HuntTask } from './shapes.ts';

export interface MindOptions {
  readonly signal: AbortSignal;
  readonly tell?: (words: string) => void;
  /** ends when no hunt runs */
  readonly untilDone?: boolean;
}

/** Captures that wait in the broker at a time, for each hunt. */
const WINDOW = 500;
const MOST_RESULTS = 100;
const ROUND = 300;
const AGAIN = 500;
/** Milliseconds between looks whether the broker lost something. */
const LOOK_EVERY = 2000;

export async function mindHunts(store: Store, broker: Broker, { signal, tell = () => {}, untilDone = false }: MindOptions): Promise<void> {
  const parts = new Map<string, number>();
  const minded = new Set<string>();
  let looked = 0;
  let anew = true;
  const sendMore = async (): Promise<boolean> => {
    const running = await store.hunts.list(true);
    for (const key of minded)
      if (!running.some((hunt) => hunt.key === key)) {
        await broker.manager.streams.purge(WORK, { filter: `sigwright.work.${key}` });
        broker.connection.publish(CANCELLED, key);
        minded.delete(key);
        parts.delete(key);
      }
    for (const { job, key } of running) {
      minded.add(key);
      const free = WINDOW - (await store.hunts.count(job, 'sent'));
      const waiting = free <= 0 ? [] : await store.hunts.waiting(job, free);
      if (waiting.length === 0) continue;
      const { rules, networks } = (await store.hunts.rulesOf(job))!;
      if (!parts.has(key)) parts.set(key, await putRules(broker, rules));
      const base = { hunt: key, rules: digestOf(rules), parts: parts.get(key)!, ...(networks === null ? {} : { networks }) };
      for (const { capture, tries } of waiting) {
        const task: HuntTask = { ...base, capture };
        // The same number twice is taken once: two who mind the same hunt, or one that was killed before it wrote down what it sent.
        await broker.streams.publish(`sigwright.work.${key}`, JSON.stringify(task), { msgID: `${digestOf(capture)} ${key} ${tries}` });
      }
      await store.hunts.sent(
        job,
        waiting.map(({ capture }) => capture),
      );
    }
    return running.length > 0;
  };
  /** Read in the order that work takes: what is in neither stream, and was not settled, is lost. */
  const lookForLost = async (): Promise<void> => {
    for (const { job, key } of await store.hunts.list(true)) {
      if ((await store.hunts.count(job, 'sent')) === 0) continue;
      const atWork = (await broker.manager.streams.info(WORK, { subjects_filter: `sigwright.work.${key}` })).state.subjects ?? {};
      if (Object.keys(atWork).length > 0) continue;
      if ((await broker.manager.streams.info(RESULTS)).state.messages > 0) continue;
      if ((await store.hunts.count(job, 'sent')) === 0) continue;
      tell(`hunt ${job}: the broker lost what it was given; it is sent anew`);
      parts.delete(key);
      await store.hunts.sendAgain(job);
    }
  };
  while (!signal.aborted) {
    try {
      // A broker that came back with an empty disk has no streams.
      if (anew) await broker.haveStreams();
      anew = false;
      const runs = await sendMore();
      if (untilDone && !runs) return;
      const consumer = await broker.streams.consumers.get(RESULTS, 'collectors');
      for await (const message of await consumer.fetch({ max_messages: MOST_RESULTS, expires: 1000 })) {
        let result: HuntResult | undefined;
        try {
          result = HuntResult.parse(message.json());
        } catch {
          tell(`a message that is no result was set aside: ${message.subject}`);
          await setAside(broker, message, 'it is no result');
          continue;
        }
        await store.hunts.settle(result);
        message.ack();
      }
      if (Date.now() - looked > LOOK_EVERY) {
        looked = Date.now();
        await lookForLost();
      }
      if (!runs) await pause(ROUND);
    } catch (problem) {
      if (signal.aborted || broker.connection.isClosed()) return;
      tell(`${(problem as Error).message}; it is tried again`);
      anew = true;
      await pause(AGAIN);
    }
  }
}
