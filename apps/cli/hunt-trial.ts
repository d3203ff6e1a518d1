/**
 * A hunt in which everybody is killed: workers, who minds the hunt, and the broker, once with an empty disk afterwards. What the store
 * says in the end is compared with what one engine says of each capture. For tests.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HuntRow, openStore } from '@sigwright/workbench';
import type { OwnNats } from '../../packages/workbench/hunt/own-nats.ts';
import { archiveAt, capturesOf } from './shared/archive.ts';
import { huntEngine } from './shared/hunt-engine.ts';

const SOURCES = join(import.meta.dirname, 'main.ts');

export interface HuntTrial {
  readonly kills: number;
  readonly captures: number;
  readonly state: string;
  readonly done: number;
  readonly aside: readonly string[];
  /** `sid captures alerts` */
  readonly found: readonly string[];
  readonly expected: readonly string[];
  /** the hunt, in milliseconds */
  readonly time: number;
  /** seconds of processor time of each worker, of who minds the hunt, and of the broker, where the system tells (Linux) */
  readonly workerSeconds: readonly number[];
  readonly minderSeconds: number;
  readonly brokerSeconds: number;
}

export interface TrialOptions {
  readonly archive: string;
  readonly rules: string;
  readonly workers: number;
  /** how often somebody is killed before they are left to finish */
  readonly kills: number;
  /** the same hunt before, which is not timed: workers run for weeks, so their code is compiled and their rules are read */
  readonly warm?: boolean;
  /** what is run; the sources where left out */
  readonly main?: string;
}

export async function huntTrial(nats: OwnNats, { archive, rules, workers, kills: most, warm = false, main = SOURCES }: TrialOptions): Promise<HuntTrial> {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-hunt-trial-'));
  const store = join(folder, 'store.db');
  const rulesFile = join(folder, 'trial.rules');
  writeFileSync(rulesFile, rules);
  const start = (...args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
    ends.set(child, new Promise((resolve) => child.once('exit', resolve)));
    return child;
  };
  const ends = new WeakMap<ChildProcess, Promise<unknown>>();
  /** One listener a process, however often it is asked for. */
  const ended = (child: ChildProcess): Promise<unknown> => ends.get(child)!;
  const kill = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
  };
  const startWorker = (): ChildProcess => start('worker', '--nats', nats.url, '--archive', archive, '--patience', '6');
  const crew = Array.from({ length: workers }, startWorker);
  const options = ['--nats', nats.url, '--store', store];
  const begin = (): ChildProcess => start('hunt', ...options, '--archive', archive, '-S', rulesFile);
  if (warm) await ended(begin());
  const before = crew.map(({ pid }) => cpuSecondsOf(pid) ?? 0);
  const brokerBefore = cpuSecondsOf(nats.pid) ?? 0;
  const endedBefore = endedCpuSeconds() ?? 0;
  const begun = performance.now();
  let minder = begin();
  let kills = 0;
  try {
    for (let restarts = 0; ; ) {
      await Promise.race([ended(minder), new Promise((resolve) => setTimeout(resolve, LOOK_EVERY))]);
      if (minder.exitCode !== null || minder.signalCode !== null) {
        // Who minds a hunt gives up where the broker stays away too long; whoever runs it starts it again.
        const state = (await huntOf(store))?.state;
        if (state === undefined || state === 'done' || restarts++ >= MOST_RESTARTS) break;
        minder = start('hunt', ...options, '--go-on');
      }
      // By how far the hunt is, not by the clock: a slow machine is killed as often as a fast one, and comes on between.
      if (kills >= most) continue;
      const hunt = await huntOf(store);
      if (hunt?.state !== 'running' || hunt.done < (hunt.total * kills) / (most + 1)) continue;
      kills++;
      if (kills % 7 === 3) await nats.crash(true);
      else if (kills === 6) await nats.crash(false);
      else if (kills % 7 === 5) {
        await kill(minder);
        minder = start('hunt', ...options, '--go-on');
      } else {
        const victim = kills % crew.length;
        await kill(crew[victim]);
        crew[victim] = startWorker();
      }
    }
    const time = performance.now() - begun;
    const workerSeconds = crew.flatMap(({ pid }, at) => (cpuSecondsOf(pid) ?? before[at]) - before[at]);
    // Who minds it has ended by itself where nobody was killed.
    const minderSeconds = (endedCpuSeconds() ?? endedBefore) - endedBefore;
    const brokerSeconds = (cpuSecondsOf(nats.pid) ?? brokerBefore) - brokerBefore;
    const opened = await openStore({ sqlite: store });
    const hunt = (await opened.hunts.list())[0];
    const found = (await opened.hunts.hits(hunt.job)).map((hit) => `${hit.sid} ${hit.captures} ${hit.alerts}`);
    const aside = (await opened.hunts.captures(hunt.job)).filter((one) => one.state === 'aside').map((one) => `${one.capture}: ${one.said}`);
    await opened.close();
    const expected = await alone(archive, rules);
    return {
      kills,
      captures: capturesOf(archive).length,
      state: hunt.state,
      done: hunt.done,
      aside,
      found: [...found].sort(),
      expected,
      time,
      workerSeconds,
      minderSeconds,
      brokerSeconds,
    };
  } finally {
    for (const child of [minder, ...crew]) await kill(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From proc(5): user and system time are the 14th and 15th value, in hundredths of a second; the two after them are of children that ended. */
function cpuSecondsOf(pid: number | undefined, ended = false): number | undefined {
  try {
    const [, user, system, endedUser, endedSystem] = /\) \S(?: \S+){10} (\d+) (\d+) (\d+) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))!;
    return (ended ? Number(endedUser) + Number(endedSystem) : Number(user) + Number(system)) / 100;
  } catch {
    return undefined;
  }
}

function endedCpuSeconds(): number | undefined {
  return cpuSecondsOf(process.pid, true);
}

/** On a slow machine. */
const MOST_RESTARTS = 50;
/** Milliseconds between looks at the hunt. */
const LOOK_EVERY = 150;

/** Undefined where none was written down. */
async function huntOf(place: string): Promise<HuntRow | undefined> {
  const store = await openStore({ sqlite: place });
  const [hunt] = await store.hunts.list();
  await store.close();
  return hunt;
}

/** One engine, one capture after the other. */
async function alone(archive: string, rules: string): Promise<string[]> {
  const engine = huntEngine(archiveAt(archive, ''))(rules, undefined);
  const sums = new Map<number, { captures: number; alerts: number }>();
  for (const { name } of capturesOf(archive)) {
    for (const { sid, alerts } of (await engine(name, { stopped: false })).hits) {
      const sum = sums.get(sid) ?? { captures: 0, alerts: 0 };
      sum.captures++;
      sum.alerts += alerts;
      sums.set(sid, sum);
    }
  }
  return [...sums].map(([sid, sum]) => `${sid} ${sum.captures} ${sum.alerts}`).sort();
}
