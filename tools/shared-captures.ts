/**
 * Runs all rules over every capture of a folder in one process and writes what each raised, in the form that the reference
 * comparison reads: node tools/shared-captures.ts CAPTURES RULES OUT.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { Engine, EveWriter, usePlan } from '@sigwright/detection';
import { buildAll, eve, settings } from './all-rules.ts';

const [folder, rulesPath, out] = process.argv.slice(2);
const build = buildAll(rulesPath);
const plan = usePlan(build.data, catalogue, settings);
process.stderr.write(`${build.loaded} rules, ${build.refused} refused\n`);

const expected = JSON.parse(readFileSync(join(folder, '..', 'expected.json'), 'utf8')) as Record<string, unknown>;
const results: Record<string, { alerts: Record<string, number>; events: Record<string, number>; error?: string }> = {};
for (const name of Object.keys(expected)) {
  const alerts: Record<string, number> = {};
  const events: Record<string, number> = {};
  const result: (typeof results)[string] = { alerts, events };
  results[name] = result;
  const writer = new EveWriter(
    (record) => {
      const type = record['event_type'] as string;
      if (type === 'alert') {
        const sid = String((record['alert'] as { signature_id: number }).signature_id);
        alerts[sid] = (alerts[sid] ?? 0) + 1;
      } else events[type] = (events[type] ?? 0) + 1;
    },
    settings,
    catalogue.protocols,
    eve.options,
  );
  const started = performance.now();
  try {
    const engine = new Engine(plan, catalogue, settings, writer);
    engine.feed(readFileSync(join(folder, name)));
    engine.finish();
  } catch (problem) {
    result.error = (problem as Error).stack?.split('\n').slice(0, 4).join(' | ');
    process.stderr.write(`${name}: ${result.error}\n`);
  }
  const took = performance.now() - started;
  if (took > 3000) process.stderr.write(`${name}: ${(took / 1000).toFixed(1)} s\n`);
}
writeFileSync(out, JSON.stringify(results));
