/** `sigwright triage EVE… [--home-net NETS] [--json]`: alerts → hosts, worst first, with a judgement and its reasons. */
import { readFileSync } from 'node:fs';
import type { EveRecord } from '@sigwright/contracts';
import { insideOf, renderTriage, triage } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { eveRecords } from './shared/eve-lines.ts';

const USAGE = `sigwright triage EVE… [options]

Alerts (EVE JSON lines from sigwright or Suricata; - for standard input) → hosts, worst first, each with a judgement and its reasons.

      --home-net NETS    which addresses are ours (default: the private ones)
      --resolver IP      a DNS resolver of ours, whose alerts belong to its clients; may be given several times
      --json             hosts as JSON
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: { 'home-net': { type: 'string' }, resolver: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  });
  if (positionals.length === 0) {
    throw new UsageProblem('name EVE files, or - for standard input', USAGE);
  }
  const inside = insideOf(values['home-net']);
  if (inside === undefined) {
    throw new UsageProblem(`--home-net ${values['home-net']} is no list of networks`, USAGE);
  }
  const records: EveRecord[] = [];
  let broken = 0;
  for (const path of positionals) {
    const read = eveRecords(readFileSync(path === '-' ? 0 : path, 'utf8'));
    for (const record of read.records) records.push(record);
    broken += read.broken;
  }
  if (broken > 0) process.stderr.write(`sigwright triage: ${broken} ${broken === 1 ? 'line is no JSON and was' : 'lines are no JSON and were'} passed over\n`);
  const hosts = triage(records, { isInside: inside, resolvers: new Set(values.resolver ?? []) });
  process.stdout.write(values.json ? `${JSON.stringify(hosts, undefined, 1)}\n` : renderTriage(hosts));
  return 0;
}
