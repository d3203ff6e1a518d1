/**
 * What a second worker is worth: node benches/hunt.bench.ts ARCHIVE RULES [TIMES]. The hunt with one worker and with two: by workers that
 * start with it, and by workers that had a hunt before, as those of a service have. A worker that starts spends some three seconds of
 * processor time on compiling its own code while it works, so a hunt of seconds says more about that than about captures. What was found
 * is compared with a single engine. TIMES: the archive so often, under other names. What `npm ci` built is run, else the sources.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { huntTrial } from '../apps/cli/hunt-trial.ts';
import { startNats } from '../packages/workbench/hunt/own-nats.ts';

const [given, rulesPath, times = '1'] = process.argv.slice(2);
const nats = await startNats();
if (nats === undefined) throw new Error('nats-server could not be started');
const rules = readFileSync(rulesPath, 'utf8');
const built = join(import.meta.dirname, '..', 'dist', 'cli', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-hunt-bench-'));
try {
  for (let at = 0; at < Number(times); at++) cpSync(given, join(folder, String(at)), { recursive: true });
  for (const warm of [false, true]) {
    const taken: number[] = [];
    for (const workers of [1, 2]) {
      const load = loadavg()[0].toFixed(1);
      const trial = await huntTrial(nats, { archive: folder, rules, workers, kills: 0, warm, ...(existsSync(built) ? { main: built } : {}) });
      const right = JSON.stringify(trial.found) === JSON.stringify(trial.expected);
      taken.push(trial.time);
      const seconds = trial.workerSeconds.map((one) => one.toFixed(1)).join(' + ');
      console.log(
        `${workers} ${warm ? 'warm ' : ''}workers: ${trial.done} of ${trial.captures} captures in ${(trial.time / 1000).toFixed(1)} s, ${seconds} s of ` +
          `processor time, ${trial.minderSeconds.toFixed(1)} s of who minds it, ${trial.brokerSeconds.toFixed(1)} s of the broker; ${right ? 'right' : 'WRONG'} (load before: ${load} on ${availableParallelism()} cores)`,
      );
    }
    console.log(`two take ${(taken[1] / taken[0]).toFixed(2)} of one's time`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await nats.stop();
}
