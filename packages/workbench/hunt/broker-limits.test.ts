/** Brokers that take little, hold little, end, and forget: nothing is lost or counted twice, and what holds things up is said. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { openStore, type Store } from '../store/index.ts';
import { ASIDE, type Broker, EVE, getRules, openBroker, putRules, RESULTS, WORK } from './broker.ts';
import { collectEve, shipEve } from './eve-stream.ts';
import { mindHunts } from './mind-hunts.ts';
import { type OwnNats, startNats } from './own-nats.ts';
import type { HuntOutcome } from './shapes.ts';
import { work } from './worker.ts';

const there = await startNats();
await there?.stop();
if (there === undefined) console.warn('left out: brokers with limits, since nats-server could not be started (Debian: apt-get install nats-server)');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-limits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SMALL_MESSAGES = 'max_payload: 16384';
const SMALL_DISK = 'jetstream { max_file_store: 24MB }';

let nats: OwnNats;
let broker: Broker;
let store: Store;
const stop: AbortController[] = [];
async function withBroker(limits: string): Promise<void> {
  nats = (await startNats(limits))!;
  broker = await openBroker({ url: nats.url, patience: 2 });
  store = await openStore({ sqlite: ':memory:' });
}
afterEach(async () => {
  for (const one of stop.splice(0)) one.abort();
  await broker?.close();
  await store?.close();
  await nats?.stop();
});

/** A worker that finds as many alerts, of as many bytes, as a capture's name says. */
function worker(lines: number, bytes: number): Promise<number> {
  const controller = new AbortController();
  stop.push(controller);
  const outcome: HuntOutcome = { packets: 1, bytes: 1, hits: [{ sid: 1, signature: 's', alerts: lines }], lines: Array(lines).fill('x'.repeat(bytes)) };
  return work(broker, { name: 'w', signal: controller.signal, engine: () => async () => outcome });
}

const hunt = (items: readonly string[], rules = 'r'): Promise<number> => store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules, items });
const items = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}.pcap`);

/** Lines of EVE, so many bytes at least. */
function eveFile(name: string, bytes: number): { readonly path: string; readonly lines: number } {
  const line = (at: number): string =>
    `${JSON.stringify({ timestamp: '2024-03-08T09:03:00.0+0000', event_type: 'flow', flow_id: at, src_ip: '10.0.0.1', filler: 'x'.repeat(2000) })}\n`;
  const all: string[] = [];
  for (let size = 0; size < bytes; size += all.at(-1)!.length) all.push(line(all.length));
  writeFileSync(join(folder, name), all.join(''));
  return { path: join(folder, name), lines: all.length };
}

const ship = (path: string, tell?: (words: string) => void): Promise<number> =>
  shipEve(broker, path, { sensor: 'one', state: `${path}.state`, signal: new AbortController().signal, once: true, ...(tell === undefined ? {} : { tell }) });

describe.skipIf(there === undefined)('a broker', { timeout: 120_000 }, () => {
  test('that takes small messages: rules, results and lines are cut to fit; what can not be cut is said', async () => {
    await withBroker(SMALL_MESSAGES);
    // Hardly to be compressed, so that they are many parts.
    const rules = Array.from({ length: 4000 }, () => crypto.randomUUID()).join('\n');
    const { rules: digest, parts } = await putRules(broker, rules);
    expect(parts).toBeGreaterThan(3);
    expect(await getRules(broker, digest, parts)).toBe(rules);
    const job = await hunt(items(60), rules);
    void worker(50, 1000);
    await mindHunts(store, broker, { signal: new AbortController().signal, until: job });
    // All are counted, though not all lines fit.
    expect(await store.hunts.hits(job)).toMatchObject([{ captures: 60, alerts: 3000 }]);
    const { path, lines } = eveFile('small.json', 200_000);
    const long = `${JSON.stringify({ event_type: 'flow', filler: 'x'.repeat(40_000) })}\n`;
    writeFileSync(path, long, { flag: 'a' });
    const said: string[] = [];
    await ship(path, (words) => void said.push(words));
    expect(await collectEve(store, broker, { signal: new AbortController().signal, once: true })).toBe(lines);
    expect(said.join()).toMatch(/a line longer than \d+ bytes, which the broker does not take/);
    await broker.streams.publish('sigwright.work.strange', 'x'.repeat(16_000));
    const other = await hunt(items(1));
    await mindHunts(store, broker, { signal: new AbortController().signal, until: other });
    expect((await broker.manager.streams.info(ASIDE)).state.messages).toBe(1);
  });

  test('whose disk is small takes what it can hold; a sensor waits, says why, and goes on when there is room: every line once', async () => {
    await withBroker(SMALL_DISK);
    const room = (await broker.manager.streams.info(EVE)).config.max_bytes;
    expect(room).toBeLessThan(24e6);
    const { path, lines } = eveFile('full.json', room * 1.5);
    const said: string[] = [];
    const shipping = ship(path, (words) => void said.push(words));
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(said[0]).toMatch(/SIGWRIGHT_EVE: .*maximum bytes exceeded.*it is tried again/);
    let added = 0;
    let shipped = false;
    void shipping.then(() => {
      shipped = true;
    });
    do added += await collectEve(store, broker, { signal: new AbortController().signal, once: true });
    while (!shipped);
    added += await collectEve(store, broker, { signal: new AbortController().signal, once: true });
    expect(added).toBe(lines);
  });

  test('whose results are not taken makes workers wait, and loses none of them', async () => {
    await withBroker(SMALL_DISK);
    const room = (await broker.manager.streams.info(RESULTS)).config.max_bytes;
    const job = await hunt(items(40));
    // Results of some 0.5 MB, more than there is room for.
    void worker(5, 100_000);
    expect(40 * 500_000).toBeGreaterThan(room);
    await mindHunts(store, broker, { signal: new AbortController().signal, until: job });
    expect(await store.hunts.hits(job)).toMatchObject([{ captures: 40, alerts: 200 }]);
  });

  test('that says nothing for a moment, as on a busy machine, is waited for, and nobody is troubled with it', async () => {
    await withBroker('');
    const job = await hunt(items(20));
    const said: string[] = [];
    const minding = mindHunts(store, broker, { signal: new AbortController().signal, until: job, tell: (words) => void said.push(words) });
    // What it was given is with the broker, and nobody works yet.
    while ((await store.hunts.count(job, 'sent')) < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    process.kill(nats.pid!, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    process.kill(nats.pid!, 'SIGCONT');
    void worker(1, 10);
    await minding;
    expect(await store.hunts.hits(job)).toMatchObject([{ captures: 20, alerts: 20 }]);
    expect(said).toEqual([]);
  });

  test('that ends, and whose streams somebody deletes, while a hunt goes on: every capture counts once', async () => {
    await withBroker('');
    const job = await hunt(items(400));
    const said: string[] = [];
    void worker(1, 10);
    const minding = mindHunts(store, broker, { signal: new AbortController().signal, until: job, tell: (words) => void said.push(words) });
    const untilDone = async (count: number): Promise<void> => {
      while ((await store.hunts.list())[0].done < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await untilDone(25);
    await broker.manager.streams.delete(WORK);
    await untilDone(100);
    await broker.manager.streams.delete(RESULTS);
    await untilDone(200);
    await nats.crash(true);
    await minding;
    expect(await store.hunts.hits(job)).toMatchObject([{ captures: 400, alerts: 400 }]);
  });
});
