/**
 * Minds the work of a store that workers do: sends what waits, a little at a time; takes results into the store; sends anew what the
 * broker lost; ends what was given up. It holds nothing that is not in store or broker, so it may be killed, and several may run.
 */
import type { Store } from '../store/store.ts';
import { type Broker, CANCELLED, digestOf, haveCollector, isLate, pause, putRules, RESULTS, resultsOf, setAside, WORK } from './broker.ts';
import { HuntResults, type HuntTask } from './shapes.ts';

export interface MindOptions {
  readonly signal: AbortSignal;
  readonly tell?: (words: string) => void;
  /** ends when no work of the store is left */
  readonly untilDone?: boolean;
  /** ends when this job does */
  readonly until?: number;
}

/** Items that wait in the broker at a time, for each hunt. */
const WINDOW = 4000;
/** A message: so many captures, or so many bytes of them, whichever comes first; some tenths of a second of work. */
const MOST_CAPTURES = 250;
const MOST_CAPTURE_BYTES = 8 * 1024 * 1024;
/** And no more than this part of what is left, so that all workers have something to do until the end. */
const SHARE = 32;
/** Rules a message: one may take seconds. */
const MOST_RULES = 8;
const MOST_MESSAGES = 20;
const ROUND = 300;
const AGAIN = 500;
/** Milliseconds between looks whether the broker lost something. */
const LOOK_EVERY = 2000;

export async function mindHunts(store: Store, broker: Broker, { signal, tell = () => {}, untilDone = false, until }: MindOptions): Promise<void> {
  const id = await store.id();
  const bases = new Map<string, Omit<HuntTask, 'items'>>();
  const minded = new Set<string>();
  let looked = 0;
  let anew = true;
  const isOver = async (): Promise<boolean> => (until !== undefined || untilDone) && !(await store.hunts.anyRuns(until));
  let collector = '';
  /** What all messages of a hunt say; its rules are with the broker then. */
  const baseOf = async (job: number, key: string): Promise<Omit<HuntTask, 'items'>> => {
    const known = bases.get(key);
    if (known !== undefined) return known;
    const { kind, rules, networks } = (await store.hunts.rulesOf(job))!;
    const base = { hunt: key, kind, store: id, ...(await putRules(broker, rules)), ...(networks === null ? {} : { networks }) };
    bases.set(key, base);
    return base;
  };
  const sendMore = async (): Promise<boolean> => {
    const running = await store.hunts.list(true);
    for (const key of minded)
      if (!running.some((hunt) => hunt.key === key)) {
        await broker.manager.streams.purge(WORK, { filter: `sigwright.work.${key}` });
        broker.connection.publish(CANCELLED, key);
        minded.delete(key);
        bases.delete(key);
      }
    for (const { job, key, done, total } of running) {
      minded.add(key);
      const free = WINDOW - (await store.hunts.count(job, 'sent'));
      if (free < WINDOW / 4) continue;
      const waiting = await store.hunts.waiting(job, free);
      if (waiting.length === 0) continue;
      const base = await baseOf(job, key);
      const share = Math.ceil((total - done) / SHARE);
      for (const some of batchesOf(waiting, Math.max(1, Math.min(share, base.kind === 'hunt' ? MOST_CAPTURES : MOST_RULES)))) {
        const items = some.map(({ capture }) => capture);
        const tries = Math.max(...some.map((one) => one.tries));
        const task: HuntTask = { ...base, items };
        // The same number twice is taken once: two who mind the same hunt, or one that was killed before it wrote down what it sent.
        await broker.streams.publish(`sigwright.work.${key}`, JSON.stringify(task), { msgID: `${digestOf(items.join('\n'))} ${key} ${tries}` });
        await store.hunts.sent(job, items);
      }
    }
    return running.length > 0;
  };
  /** Read in the order that work takes: what is in neither stream, and was not settled, is lost. */
  const lookForLost = async (): Promise<void> => {
    for (const { job, key } of await store.hunts.list(true)) {
      if ((await store.hunts.count(job, 'sent')) === 0) continue;
      if ((await waitsAt(broker, WORK, `sigwright.work.${key}`)) || (await waitsAt(broker, RESULTS, resultsOf(id, key)))) continue;
      if ((await store.hunts.count(job, 'sent')) === 0) continue;
      tell(`${job}: the broker lost what it was given; it is sent anew`);
      bases.delete(key);
      await store.hunts.sendAgain(job);
    }
  };
  while (!signal.aborted) {
    try {
      // A broker that came back with an empty disk has no streams.
      if (anew) {
        await broker.haveStreams();
        collector = await haveCollector(broker, id);
      }
      anew = false;
      const runs = await sendMore();
      if (await isOver()) return;
      const consumer = await broker.streams.consumers.get(RESULTS, collector);
      let settled = 0;
      for await (const message of await consumer.fetch({ max_messages: MOST_MESSAGES, expires: 1000 })) {
        let results: HuntResults;
        try {
          results = HuntResults.parse(message.json());
        } catch {
          tell(`a message that is no result was set aside: ${message.subject}`);
          await setAside(broker, message, 'it is no result');
          continue;
        }
        try {
          settled += await store.hunts.settle(results);
        } catch (problem) {
          // The store is well, and can not hold this: it would come again for ever.
          await store.ready();
          tell(`results that the store can not hold were set aside: ${(problem as Error).message}`);
          await setAside(broker, message, (problem as Error).message);
          continue;
        }
        message.ack();
        if (settled >= WINDOW / 4) {
          settled = 0;
          await sendMore();
        }
        // Nobody waits for what this pull may still bring.
        if (await isOver()) return;
      }
      if (Date.now() - looked > LOOK_EVERY) {
        looked = Date.now();
        await lookForLost();
      }
      if (!runs) await pause(ROUND);
    } catch (problem) {
      if (signal.aborted || broker.connection.isClosed()) return;
      if (isLate(problem)) continue;
      tell(`${(problem as Error).message}; it is tried again`);
      anew = true;
      await pause(AGAIN);
    }
  }
}

async function waitsAt(broker: Broker, stream: string, subject: string): Promise<boolean> {
  const { subjects = {} } = (await broker.manager.streams.info(stream, { subjects_filter: subject })).state;
  return Object.keys(subjects).length > 0;
}

type Waiting = Awaited<ReturnType<Store['hunts']['waiting']>>[number];

/** In order; a batch holds one item at least. */
function* batchesOf(waiting: readonly Waiting[], most: number): Generator<readonly Waiting[]> {
  let some: Waiting[] = [];
  let bytes = 0;
  for (const one of waiting) {
    if (some.length > 0 && (some.length >= most || bytes + one.bytes > MOST_CAPTURE_BYTES)) {
      yield some;
      [some, bytes] = [[], 0];
    }
    some.push(one);
    bytes += one.bytes;
  }
  if (some.length > 0) yield some;
}
