/**
 * Whole-process figures of the engine: `node benches/engine.bench.ts RULES CAPTURE`. CPU seconds as a ratio to md5sum over the same
 * capture in the same run, medians of three; counts are checked between runs, since a fast wrong answer is no answer.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [rules, capture] = process.argv.slice(2);
if (rules === undefined || capture === undefined) {
  console.log('node benches/engine.bench.ts RULES CAPTURE');
  process.exit(2);
}
const root = join(import.meta.dirname, '..');
const out = mkdtempSync(join(tmpdir(), 'sigwright-bench-'));

interface Figures {
  readonly cpu: number;
  readonly wall: number;
}

function timed(command: string, args: readonly string[], cache: string): Figures {
  const started = performance.now();
  const run = spawnSync('/bin/sh', ['-c', 'times >/dev/null; exec "$0" "$@"', command, ...args], {
    stdio: 'ignore',
    env: { ...process.env, SIGWRIGHT_CACHE: cache },
  });
  if (run.status !== 0) throw new Error(`${command} ended with ${run.status}`);
  const usage = readFileSync(`/proc/self/stat`, 'utf8').split(' ');
  return { cpu: (Number(usage[15]) + Number(usage[16])) / 100, wall: (performance.now() - started) / 1000 };
}

/** Children's CPU time grows with every child: differences are what one took. */
let spent = 0;
function measure(command: string, args: readonly string[], cache: string): Figures {
  const { cpu, wall } = timed(command, args, cache);
  const own = cpu - spent;
  spent = cpu;
  return { cpu: own, wall };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const cache = join(out, 'cache');
const args = ['suricata', '-k', 'none', '-S', rules, '-r', capture, '-l', out];
const launcher = join(root, 'sigwright');
const cold = measure(launcher, args, cache);
const md5: number[] = [];
const ours: number[] = [];
const records = new Set<number>();
for (let round = 0; round < 3; round++) {
  md5.push(measure('md5sum', [capture], cache).cpu);
  // A log goes on where it ended.
  rmSync(join(out, 'eve.json'), { force: true });
  ours.push(measure(launcher, args, cache).cpu);
  records.add(readFileSync(join(out, 'eve.json'), 'utf8').split('\n').length - 1);
}
if (records.size !== 1) throw new Error(`runs differ: ${[...records].join(', ')} records`);
console.log(
  `records ${[...records][0]}; md5sum ${median(md5).toFixed(2)} s, sigwright ${median(ours).toFixed(2)} s (cold ${cold.cpu.toFixed(2)} s): ${(median(ours) / median(md5)).toFixed(1)} times md5sum`,
);
