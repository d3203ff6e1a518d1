/**
 * Holds the engine against its oracle on real traffic: every rule of a file over every capture of a folder, once found by tables and once
 * asked of everything. node tools/oracle-agreement.ts CAPTURES RULES [LARGEST_CAPTURE_IN_BYTES [ONE_CAPTURE_OF]]; captures of more than
 * 100,000 bytes are passed over where nothing is said.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { Engine, type PlanUse, usePlan } from '@sigwright/detection';
import { buildAll, settings } from './all-rules.ts';

const [folder, rulesPath, largest = '100000', oneOf = '1'] = process.argv.slice(2);
const planOf = (naive: boolean): PlanUse => usePlan(buildAll(rulesPath, naive).data, catalogue, settings);
const plans = [planOf(false), planOf(true)];

function alertsOf(plan: PlanUse, capture: Uint8Array): string[] {
  const alerts: string[] = [];
  const engine = new Engine(plan, catalogue, settings, {
    alert: ({ rule, transaction, direction }, packet) => alerts.push(`${packet.number} ${direction} ${rule.sid} ${transaction?.id ?? '-'}`),
  });
  engine.feed(capture);
  engine.finish();
  return alerts;
}

let looked = 0;
let total = 0;
let different = 0;
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
for (const [number, name] of names.entries()) {
  if (!/\.(pcap|pcapng|cap)$/.test(name) || number % Number(oneOf) !== 0) continue;
  const capture = readFileSync(join(folder, name));
  if (capture.length > Number(largest)) continue;
  const [found, asked] = plans.map((plan) => alertsOf(plan, capture));
  looked++;
  total += asked.length;
  const missed = asked.filter((one) => !found.includes(one));
  const extra = found.filter((one) => !asked.includes(one));
  if (missed.length + extra.length === 0 && found.length === asked.length) continue;
  different++;
  console.log(`${name}\n  only the oracle: ${missed.slice(0, 12).join(', ')}\n  only the engine: ${extra.slice(0, 12).join(', ')}`);
}
console.log(`${looked} captures, ${total} alerts; ${different} captures differ`);
if (different > 0) process.exitCode = 1;
