/** `sigwright cost -S RULES [-r CAPTURE]`: what each rule costs, and what would make it cheaper. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { CostMeter, costOf, Engine, type RuleCost } from '@sigwright/detection';
import { insideOf } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { configurationOf, readYaml, setValue } from './shared/configuration.ts';
import { withFilesOfRules } from './shared/data-files.ts';
import { loadRules } from './shared/plans.ts';
import { capturesIn, runCapture, stopOnSignals } from './shared/run-capture.ts';

const USAGE = `sigwright cost [SID …] -S RULES [-r CAPTURE] [options]

What each rule costs, dearest first: the literal that its prefilter looks for and how rare it is (bits of surprise), how its
regular expressions may grow, a grade from A to E, and what would make it cheaper. With a capture also how often per MB the rule
becomes a candidate and is checked; the grade is made of that then.

  -S, --rules FILE       rules; may stand several times
  -r, --capture PATH     a capture, or a folder of them
      --all              every rule, not only the 25 dearest
  -c, --config FILE      a suricata.yaml
  -k, --checksums MODE   all (default) or none
      --home-net NETS    what HOME_NET is
      --json             one JSON object for each rule
`;

const SHOWN = 25;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      rules: { type: 'string', short: 'S', multiple: true },
      capture: { type: 'string', short: 'r' },
      all: { type: 'boolean' },
      config: { type: 'string', short: 'c' },
      checksums: { type: 'string', short: 'k' },
      'home-net': { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (values.rules === undefined) throw new UsageProblem('name rules: -S FILE', USAGE);
  const sids = new Set(sidsOf(positionals, USAGE));
  const homeNet = values['home-net'];
  if (homeNet !== undefined && insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  const tree = readYaml(values.config ?? join(import.meta.dirname, 'suricata.yaml'));
  if (homeNet !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${homeNet}`);
  const settings = withFilesOfRules(configurationOf(tree, { verifyChecksums: values.checksums !== 'none', inline: false }).settings, tree, values.rules);
  const { plan } = loadRules(values.rules, settings);
  const meter = new CostMeter(plan);
  let bytes = 0;
  if (values.capture !== undefined) {
    statSync(values.capture);
    const signal = stopOnSignals();
    for (const capture of capturesIn(values.capture)) {
      const engine = new Engine(meter.plan, catalogue, settings, {});
      const problem = await runCapture(engine, capture, signal);
      if (problem !== undefined) process.stderr.write(`sigwright cost: ${problem.message} (${capture})\n`);
      bytes += engine.counters.bytes;
    }
  }
  const costs: RuleCost[] = [];
  for (let index = 0; index < plan.data.ruleCount; index++) {
    if (sids.size > 0 && !sids.has(plan.data.sids[index])) continue;
    costs.push(costOf(plan.rule(index), values.capture === undefined ? undefined : meter.measured(index, bytes)));
  }
  costs.sort(dearestFirst);
  const shown = values.all || sids.size > 0 || values.json ? costs : costs.slice(0, SHOWN);
  for (const cost of shown) process.stdout.write(values.json ? `${JSON.stringify(cost)}\n` : linesOf(cost));
  if (!values.json) {
    const counts = ['A', 'B', 'C', 'D', 'E'].map((grade) => `${grade} ${costs.filter((cost) => cost.grade === grade).length}`);
    process.stdout.write(`${costs.length} rules: ${counts.join(', ')}${values.capture === undefined ? '' : `; measured on ${bytes} bytes`}\n`);
  }
  return 0;
}

function dearestFirst(a: RuleCost, b: RuleCost): number {
  if (a.grade !== b.grade) return a.grade < b.grade ? 1 : -1;
  const checks = (b.perMegabyte?.checks ?? 0) - (a.perMegabyte?.checks ?? 0);
  return checks !== 0 ? checks : (a.prefilter?.rarity ?? 0) - (b.prefilter?.rarity ?? 0);
}

function linesOf(cost: RuleCost): string {
  const { prefilter, perMegabyte } = cost;
  const looked = prefilter === undefined ? 'no literal' : `"${prefilter.literal}" in ${prefilter.where}, ${prefilter.shape}, ${prefilter.rarity} bits`;
  const measured = perMegabyte === undefined ? '' : `; ${perMegabyte.candidates.toFixed(1)} candidates, ${perMegabyte.checks.toFixed(1)} checks per MB`;
  const patterns = cost.patterns === 0 ? '' : `; ${cost.patterns} patterns, ${cost.patternGrowth}`;
  return `${cost.grade}  ${cost.sid} ${cost.message}\n     ${looked}${measured}${patterns}\n${cost.advice.map((line) => `     - ${line}\n`).join('')}`;
}
