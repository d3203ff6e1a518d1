/** Retro-hunts by workers at a broker: nothing lost, nothing counted twice, whoever is killed. Left out aloud where there is no nats-server. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hunting, openStore } from '@sigwright/workbench';
import { afterAll, describe, expect, test } from 'vitest';
import { startNats } from '../../packages/workbench/hunt/own-nats.ts';
import { huntTrial } from './hunt-trial.ts';
import { archiveAt } from './shared/archive.ts';
import { huntEngine } from './shared/hunt-engine.ts';

const nats = await startNats();
if (nats === undefined) console.warn('left out: hunts at a NATS broker, which could not be started (Debian: apt-get install nats-server)');
const WEEK = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
const rules = readFileSync(join(WEEK, 'rules', 'malware.rules'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-hunts-'));
afterAll(async () => {
  await nats?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const GOOD = '01890000-0000-7000-8000-000000000001';
const HIT = { sid: 1, signature: 'one', alerts: 3 };

describe('what a store makes of results', () => {
  test('a capture is settled once: its alerts do not count again when the result arrives again', async () => {
    const store = await openStore({ sqlite: ':memory:' });
    const job = await store.hunts.begin({ key: GOOD, by: 'me', title: 't', rules: '', items: ['a.pcap', 'b.pcap'] });
    const result = { hunt: GOOD, item: 'a.pcap', worker: 'w', outcome: { packets: 1, bytes: 1, hits: [HIT], lines: ['{}'] } };
    expect([await store.hunts.settle([result, result]), await store.hunts.settle([result])]).toEqual([1, 0]);
    expect(await store.hunts.hits(job)).toEqual([{ sid: 1, signature: 'one', captures: 1, alerts: 3 }]);
    expect((await store.hunts.list())[0]).toMatchObject({ done: 1, total: 2, state: 'running' });
    await store.hunts.settle([{ hunt: GOOD, item: 'b.pcap', worker: 'w', aside: 'why' }]);
    expect((await store.hunts.list())[0]).toMatchObject({ done: 2, state: 'done' });
    await store.close();
  });

  test('after a hunt was given up its late results change nothing, and what was found stays', async () => {
    const store = await openStore({ sqlite: ':memory:' });
    const job = await store.hunts.begin({ key: GOOD, by: 'me', title: 't', rules: '', items: ['a.pcap', 'b.pcap'] });
    const outcome = { packets: 1, bytes: 1, hits: [HIT], lines: [] };
    await store.hunts.settle([{ hunt: GOOD, item: 'a.pcap', worker: 'w', outcome }]);
    expect(await store.hunts.cancel(job)).toBe(GOOD);
    expect(await store.hunts.settle([{ hunt: GOOD, item: 'b.pcap', worker: 'w', outcome }])).toBe(0);
    expect(await store.hunts.hits(job)).toHaveLength(1);
    expect(await store.hunts.cancel(job)).toBeUndefined();
    await store.close();
  });
});

describe.skipIf(nats === undefined)('at a broker', { timeout: 240_000 }, () => {
  test('workers, minder and broker are killed again and again, the disk of the broker is lost: every capture counts once', async () => {
    const archive = join(folder, 'killed');
    mkdirSync(join(archive, 'below'), { recursive: true });
    for (let at = 0; at < 300; at++) copyFileSync(join(WEEK, 'week.pcap'), join(archive, at % 2 === 0 ? 'below' : '', `${at}.pcap`));
    const trial = await huntTrial(nats!, { archive, rules, workers: 2, kills: 7 });
    expect({ ...trial, time: 0, workerSeconds: [], kills: trial.kills >= 3 }).toEqual({
      ...trial,
      time: 0,
      workerSeconds: [],
      kills: true,
      done: 300,
      captures: 300,
      state: 'done',
      aside: [],
      found: trial.expected,
    });
    expect(trial.expected.length).toBeGreaterThan(10);
  });

  test('what no worker can do is set aside with the reason, and the rest goes on', async () => {
    const { ASIDE, WORK, openBroker, mindHunts, work } = await hunting();
    const archive = join(folder, 'poison');
    mkdirSync(archive);
    copyFileSync(join(WEEK, 'week.pcap'), join(archive, 'good.pcap'));
    writeFileSync(join(archive, 'torn.pcap'), 'this is no capture');
    const broker = await openBroker({ url: nats!.url });
    const store = await openStore({ sqlite: ':memory:' });
    const captures = ['../outside.pcap', 'good.pcap', 'missing.pcap', 'throws.pcap', 'torn.pcap'];
    const job = await store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules, items: captures });
    await broker.streams.publish('sigwright.work.strange', '{"not": "a task"');
    await broker.streams.publish(`sigwright.results.${await store.id()}.strange`, 'not a result');
    const stop = new AbortController();
    const engine = huntEngine(archiveAt(archive, ''));
    const working = work(broker, {
      name: 'w',
      signal: stop.signal,
      engine: (_kind, text, networks) => {
        const made = engine(text, networks);
        return (capture, signal) => (capture === 'throws.pcap' ? Promise.reject(new Error('a fault of the engine')) : made(capture, signal));
      },
    });
    await mindHunts(store, broker, { signal: stop.signal, untilDone: true });
    const said = (await store.hunts.captures(job)).map((one) => `${one.capture} ${one.state}: ${one.said}`);
    expect(said.sort()).toEqual([
      '../outside.pcap aside: its name leads out of the archive',
      expect.stringMatching(/^good.pcap done: $/),
      expect.stringMatching(/^missing.pcap done: .*can not be opened/),
      'throws.pcap aside: a fault of the engine',
      'torn.pcap done: this is neither pcap nor pcapng',
    ]);
    stop.abort();
    await working;
    expect((await broker.manager.streams.info(WORK, { subjects_filter: '>' })).state.subjects ?? {}).toEqual({});
    expect((await broker.manager.streams.info(ASIDE)).state.messages).toBe(2);
    await store.close();
    await broker.close();
  });

  test('a capture that its takers can not finish is set aside alone, after some tries; those that came with it are done', async () => {
    const { openBroker, mindHunts, work } = await hunting();
    const broker = await openBroker({ url: nats!.url });
    const store = await openStore({ sqlite: ':memory:' });
    const items = Array.from({ length: 300 }, (_, at) => `${at}.pcap`);
    const job = await store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules, items });
    const stop = new AbortController();
    const tries = new Map<string, number>();
    const working = work(broker, {
      name: 'w',
      signal: stop.signal,
      // What looks like a broker that is away is given back, as if its taker had ended.
      engine: () => async (capture) => {
        tries.set(capture, (tries.get(capture) ?? 0) + 1);
        if (capture === '4.pcap') throw new Error('connection lost');
        return { packets: 1, bytes: 1, hits: [HIT], lines: [] };
      },
    });
    await mindHunts(store, broker, { signal: stop.signal, untilDone: true });
    expect((await store.hunts.captures(job)).filter((one) => one.state === 'aside')).toMatchObject([
      { capture: '4.pcap', said: 'given up after 5 tries: whoever took it ended, or fell silent' },
    ]);
    expect(await store.hunts.hits(job)).toMatchObject([{ captures: 299, alerts: 897 }]);
    expect([tries.get('4.pcap'), tries.get('9.pcap')]).toEqual([6, 1]);
    stop.abort();
    await working;
    await store.close();
    await broker.close();
  });

  test('two stores have hunts at one broker, and each gets its own results', async () => {
    const { openBroker, mindHunts, work } = await hunting();
    const broker = await openBroker({ url: nats!.url });
    const stop = new AbortController();
    const working = work(broker, {
      name: 'w',
      signal: stop.signal,
      engine: () => async (capture) => ({ packets: 1, bytes: 1, hits: [{ ...HIT, signature: capture }], lines: [] }),
    });
    const stores = await Promise.all(['one', 'two'].map(() => openStore({ sqlite: ':memory:' })));
    const found = await Promise.all(
      stores.map(async (store, which) => {
        const items = Array.from({ length: 60 }, (_, at) => `${which}-${at}.pcap`);
        const job = await store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules, items });
        await mindHunts(store, broker, { signal: stop.signal, untilDone: true });
        return (await store.hunts.hits(job))[0].captures;
      }),
    );
    expect(found).toEqual([60, 60]);
    stop.abort();
    await working;
    for (const store of stores) await store.close();
    await broker.close();
  });

  test('results that no store can hold are set aside, and do not come again for ever', async () => {
    const { ASIDE, openBroker, mindHunts } = await hunting();
    const broker = await openBroker({ url: nats!.url });
    const store = await openStore({ sqlite: ':memory:' });
    const hunt = crypto.randomUUID();
    await store.hunts.begin({ key: hunt, by: 'me', title: 't', rules, items: ['a.pcap'] });
    const before = (await broker.manager.streams.info(ASIDE)).state.messages;
    const said: string[] = [];
    const stop = new AbortController();
    const subject = `sigwright.results.${await store.id()}.${hunt}`;
    await broker.streams.publish(
      subject,
      JSON.stringify([{ hunt, item: 'a.pcap', worker: 'w', outcome: { packets: 2 ** 70, bytes: 1, hits: [HIT, HIT], lines: [] } }]),
    );
    await broker.streams.publish(subject, JSON.stringify([{ hunt, item: 'a.pcap', worker: 'w', aside: 'why' }]));
    await mindHunts(store, broker, { signal: stop.signal, untilDone: true, tell: (words) => void said.push(words) });
    expect((await store.hunts.list())[0].state).toBe('done');
    expect((await broker.manager.streams.info(ASIDE)).state.messages).toBe(before + 1);
    expect(said.join()).toContain('set aside');
    await store.close();
    await broker.close();
  });

  test('rules that are nothing set every capture aside instead of stopping workers', async () => {
    const { openBroker, mindHunts, work } = await hunting();
    const broker = await openBroker({ url: nats!.url });
    const store = await openStore({ sqlite: ':memory:' });
    const job = await store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules: 'alert nonsense', items: ['a.pcap'] });
    const stop = new AbortController();
    const working = work(broker, { name: 'w', signal: stop.signal, engine: (_kind, text, networks) => huntEngine(archiveAt(folder, ''))(text, networks) });
    await mindHunts(store, broker, { signal: stop.signal, untilDone: true });
    expect((await store.hunts.captures(job))[0]).toMatchObject({ state: 'aside', said: expect.stringContaining('none of the rules can be used') });
    stop.abort();
    await working;
    await store.close();
    await broker.close();
  });

  test('lines of sensors count once, though they are sent twice and the broker is killed between', async () => {
    const { collectEve, openBroker, shipEve } = await hunting();
    const eve = join(folder, 'eve.json');
    const line = (at: number): string =>
      `${JSON.stringify({ timestamp: '2024-03-08T09:03:00.0+0000', event_type: 'flow', flow_id: at, src_ip: '10.0.0.1', dest_ip: '10.0.0.2' })}\n`;
    writeFileSync(eve, Array.from({ length: 5000 }, (_, at) => line(at)).join(''));
    const { signal } = new AbortController();
    const broker = await openBroker({ url: nats!.url });
    await shipEve(broker, eve, { sensor: 'one', state: join(folder, 'state'), signal, once: true });
    await nats!.crash(true);
    // As if it was killed before it wrote down how far it was.
    rmSync(join(folder, 'state'));
    await shipEve(broker, eve, { sensor: 'one', state: join(folder, 'state'), signal, once: true });
    expect(await shipEve(broker, eve, { sensor: 'one', state: join(folder, 'state'), signal, once: true })).toBe(0);
    const store = await openStore({ sqlite: ':memory:' });
    expect(await collectEve(store, broker, { signal, once: true })).toBe(5000);
    expect((await store.sensors()).map((one) => one.name)).toEqual(['one']);
    await store.close();
    await broker.close();
  });

  // Whoever minds services starts again what ended; what hangs with an open connection stays dead.
  test.each([
    [
      'a database that is away',
      ['serve', '--store', 'postgres://nobody@127.0.0.1:1/none'],
      1,
      /the store postgres:.* can not be opened: connect ECONNREFUSED.*; see that PostgreSQL runs/,
    ],
    ['the same for a hunt', ['hunt', '--go-on', '--store', 'postgres://nobody@127.0.0.1:1/none'], 1, /can not be opened: connect ECONNREFUSED/],
    ['a store of a newer version', ['serve', '--store', 'newer.db'], 1, /the store newer.db can not be opened: .*; a newer version of sigwright/],
    ['networks that are none', ['serve', '--store', 'one.db', '--home-net', 'nonsense'], 2, /--home-net nonsense is no list of networks/],
    ['a port that is taken', ['serve', '--store', 'one.db', '--port', 'TAKEN'], 1, /^sigwright serve: port \d+ of 127.0.0.1 is taken$/m],
  ] as const)(
    'with %s it says so and ends, though the broker answers',
    async (_why, args, status, said) => {
      rmSync(join(folder, 'newer.db'), { force: true });
      const store = await openStore({ sqlite: join(folder, 'newer.db') });
      await store.close();
      const db = new DatabaseSync(join(folder, 'newer.db'));
      db.exec(`insert into kysely_migration values ('9999 of tomorrow', '2026-01-01')`);
      db.close();
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
      const port = String((taken.address() as { port: number }).port);
      const argv = [...args.map((one) => (one === 'TAKEN' ? port : one)), '--nats', nats!.url];
      const ran = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...argv], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
      taken.close();
      expect([ran.signal, ran.status]).toEqual([null, status]);
      expect(ran.stderr).toMatch(said);
    },
    60_000,
  );
});
