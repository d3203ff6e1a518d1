/** Proofs and syntheses by workers that are killed: what comes out is what comes out here. Left out aloud where there is no nats-server. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hunting, openRepository, openStore, packBundle, proofOf, unpackBundle } from '@sigwright/workbench';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '../../packages/workbench/hunt/own-nats.ts';
import { beginProof, beginSynthesis, synthesizedOf } from '../../packages/workbench/hunt/rule-work.ts';
import { workEngines } from './shared/work-engines.ts';

const nats = await startNats();
if (nats === undefined) console.warn('left out: proofs by workers at a NATS broker, which could not be started (Debian: apt-get install nats-server)');
const MAIN = join(import.meta.dirname, 'main.ts');
const WEEK = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-by-workers-'));
const crew: ChildProcess[] = [];
afterAll(async () => {
  for (const child of crew) child.kill('SIGKILL');
  await nats?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const startWorker = (): ChildProcess => spawn(process.execPath, [MAIN, 'worker', '--nats', nats!.url, '--patience', '2'], { stdio: 'ignore' });

/** Standard output and exit code. */
function sigwright(...args: readonly string[]): Promise<{ readonly out: string; readonly code: number }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 28 }, (problem, out) => resolve({ out, code: problem === null ? 0 : Number(problem.code) }));
  });
}

describe('a bundle of files', () => {
  test('comes out as it went in, and no path leads out of its folder', () => {
    const text = packBundle({ options: { a: 'b' }, files: [{ path: 'rules/a.rules', bytes: new Uint8Array([0, 255]) }] });
    const place = join(folder, 'bundle');
    expect(unpackBundle(text, place)).toEqual({ a: 'b' });
    expect([...readFileSync(join(place, 'rules', 'a.rules'))]).toEqual([0, 255]);
    for (const path of ['../out', '/etc/out', 'a/../../out'])
      expect(() => unpackBundle(packBundle({ options: {}, files: [{ path, bytes: new Uint8Array(1) }] }), place), path).toThrow();
    for (const broken of ['', 'nonsense', text.slice(0, -20)]) expect(() => unpackBundle(broken, place)).toThrow();
  });
});

describe.skipIf(nats === undefined)('at a broker', { timeout: 240_000 }, () => {
  beforeAll(() => {
    crew.push(startWorker(), startWorker());
  });

  test('a proof says what it says here, though a worker is killed again and again, and the broker once with its disk lost', async () => {
    const here = await sigwright('prove', '-C', WEEK, '--json');
    let ended = false;
    const there = sigwright('prove', '-C', WEEK, '--json', '--workers', '--nats', nats!.url, '--store', join(folder, 'store.db')).finally(() => {
      ended = true;
    });
    for (let kills = 0; !ended && kills < 4; kills++) {
      await Promise.race([there, new Promise((resolve) => setTimeout(resolve, 700))]);
      if (kills === 2) await nats!.crash(false);
      crew[kills % 2].kill('SIGKILL');
      crew[kills % 2] = startWorker();
    }
    const { out, code } = await there;
    expect(code).toBe(here.code);
    expect(JSON.parse(out)).toEqual(JSON.parse(here.out));
  });

  test('traffic for rules is the same, byte for byte, and what can not be solved is said', async () => {
    const rules = join(folder, 'some.rules');
    const impossible = 'alert tcp any any -> any any (msg:"waits for a bit that nobody sets"; flowbits:isset,never; sid:7;)';
    writeFileSync(
      rules,
      `${readFileSync(join(WEEK, 'rules', 'malware.rules'), 'utf8')
        .split('\n')
        .slice(0, 12)
        .join('\n')}\n${impossible}\n`,
    );
    const [here, there] = [join(folder, 'here'), join(folder, 'there')];
    const first = await sigwright('synthesize', '-S', rules, '-o', here);
    const second = await sigwright('synthesize', '-S', rules, '-o', there, '--workers', '--nats', nats!.url, '--store', join(folder, 'store.db'));
    expect(first.code).toBe(1);
    expect(second.code).toBe(1);
    expect(second.out.split('\n').sort()).toEqual(first.out.split('\n').sort());
    const files = (readdirSync(here, { recursive: true, withFileTypes: true }) ?? []).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(20);
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath.replace(here, there), name)).equals(readFileSync(join(parentPath, name))), `${parentPath}/${name}`).toBe(true);
  });

  test('given up, nothing more is done; what was not reached is said, and late results count nothing', async () => {
    const { openBroker, mindHunts, work } = await hunting();
    const repository = openRepository(WEEK);
    if (!repository.ok) throw new Error(repository.message);
    const own = (await startNats())!;
    const broker = await openBroker({ url: own.url });
    const store = await openStore({ sqlite: ':memory:' });
    const job = await beginProof(store, repository.value, { by: 'me' });
    const stop = new AbortController();
    let proved = 0;
    const working = work(broker, {
      name: 'w',
      signal: stop.signal,
      engine: (...asked) => {
        const engine = workEngines(undefined)(...asked);
        return async (sid, signal) => {
          const outcome = await engine(sid, signal);
          if (++proved === 3) await store.hunts.cancel(job);
          return outcome;
        };
      },
    });
    await mindHunts(store, broker, { signal: stop.signal, until: job });
    const report = await proofOf(store, job, repository.value);
    stop.abort();
    await working;
    expect(report.ok).toBe(false);
    expect(report.rules.length).toBe(repository.value.rules.length);
    expect(report.rules.filter((one) => one.missing[0] === 'it was given up before a worker came to it').length).toBeGreaterThan(0);
    expect((await store.hunts.list())[0]).toMatchObject({ kind: 'prove', state: 'cancelled' });
    await store.close();
    await broker.close();
    await own.stop();
  });

  test('what is no bundle, and captures without an archive, are set aside with the reason; results that are none are no proof', async () => {
    const { openBroker, mindHunts, work } = await hunting();
    const own = (await startNats())!;
    const broker = await openBroker({ url: own.url });
    const store = await openStore({ sqlite: ':memory:' });
    const broken = await store.hunts.begin({ key: crypto.randomUUID(), kind: 'prove', by: 'me', title: 't', rules: 'no bundle', items: ['1'] });
    const hunt = await store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules: 'alert ip any any -> any any (sid:1;)', items: ['a.pcap'] });
    const files = [{ path: 'rules/a.rules', bytes: Buffer.from('alert tcp any any -> any any (content:"x"; sid:5;)') }];
    const made = await beginSynthesis(store, { by: 'me', title: 't', sids: [5, 6], files, networks: {}, silent: false });
    const stop = new AbortController();
    const working = work(broker, { name: 'w', signal: stop.signal, engine: workEngines(undefined) });
    await mindHunts(store, broker, { signal: stop.signal, untilDone: true });
    expect((await store.hunts.captures(broken))[0]).toMatchObject({ state: 'aside', said: expect.any(String) });
    expect((await store.hunts.captures(hunt))[0]).toMatchObject({ state: 'aside', said: 'this worker has no archive: start it with --archive' });
    const results = [];
    for await (const one of synthesizedOf(store, made)) results.push(one);
    expect(results).toMatchObject([
      { sid: 5, alerts: 1 },
      { sid: 6, problem: 'workers set it aside: no rule has sid 6' },
    ]);
    stop.abort();
    await working;
    await store.close();
    await broker.close();
    await own.stop();
  });
});
