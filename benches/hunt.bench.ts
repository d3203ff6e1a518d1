/**
 * What a second worker is worth: node benches/hunt.bench.ts ARCHIVE RULES. The hunt with one worker and with two, workers started and
 * rules compiled within the time, as somebody waits for it; what was found is compared with a single engine.
 */
import { readFileSync } from 'node:fs';
import { huntTrial } from '../apps/cli/hunt-trial.ts';
import { startNats } from '../packages/workbench/hunt/own-nats.ts';

const [archive, rulesPath] = process.argv.slice(2);
const nats = await startNats();
if (nats === undefined) throw new Error('nats-server could not be started');
const rules = readFileSync(rulesPath, 'utf8');
const times: number[] = [];
for (const workers of [1, 2]) {
  const trial = await huntTrial(nats, { archive, rules, workers, kills: 0, killEvery: 500 });
  const right = JSON.stringify(trial.found) === JSON.stringify(trial.expected);
  times.push(trial.time);
  console.log(`${workers} workers: ${trial.done} of ${trial.captures} captures in ${(trial.time / 1000).toFixed(1)} s; ${right ? 'right' : 'WRONG'}`);
}
console.log(`two take ${(times[1] / times[0]).toFixed(2)} of one's time`);
await nats.stop();
