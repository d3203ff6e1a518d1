/** `sigwright cost -S RULES [-r CAPTURE]`: what each rule costs, and what would make it cheaper. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { type CompiledRule, CostMeter, costOf, Engine, patternsOf, type RuleCost } from '@sigwright/detection';
import { insideOf, type PatternRisk, patternRisk } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { configurationOf } from './shared/configuration.ts';
import { readYaml, setValue } from './shared/configuration-tree.ts';
import { withFilesOfRules } from './shared/data-files.ts';
import { loadRules } from './shared/plans.ts';
import { namedCaptures, runCapture, stopOnSignals } from './shared/run-capture.ts';

const USAGE = `sigwright cost [SID …] -S RULES [-r CAPTURE] [options]

What each rule costs, dearest first: the literal that its prefilter looks for and how rare it is (bits of surprise), how its
regular expressions may grow, a grade from A to E, and what would make it cheaper. With a capture also how often per MB the rule
becomes a candidate and is checked; the grade is made of that then. Patterns of rules that are named are asked about by \`recheck\`,
which finds a text that makes a backtracking engine run away, or that there is none.

  -S, --rules FILE       rules; may stand several times
  -r, --capture PATH     a capture, or a folder of them
      --all              every rule, not only the 25 dearest
      --recheck          ask about the patterns of all rules that may not be linear
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
      recheck: { type: 'boolean' },
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
    for (const capture of namedCaptures(values.capture)) {
      const engine = new Engine(meter.plan, catalogue, settings, {});
      const problem = await runCapture(engine, capture, signal);
      if (problem !== undefined) process.stderr.write(`sigwright cost: ${problem.message} (${capture})\n`);
      bytes += engine.counters.bytes;
    }
  }
  const costs: RiskyCost[] = [];
  const risks = new Map<string, PatternRisk | undefined>();
  for (let index = 0; index < plan.data.ruleCount; index++) {
    if (sids.size > 0 && !sids.has(plan.data.sids[index])) continue;
    const rule = plan.rule(index);
    const asked = sids.size > 0 || values.recheck === true ? await riskOf(rule, risks) : {};
    const cost = costOf(rule, values.capture === undefined ? undefined : meter.measured(index, bytes), ({ script }) => risks.get(script ?? '')?.growth);
    costs.push({ ...cost, ...asked });
  }
  costs.sort(dearestFirst);
  const shown = values.all || sids.size > 0 || values.json ? costs : costs.slice(0, SHOWN);
  for (const cost of shown) process.stdout.write(values.json ? `${JSON.stringify(cost)}\n` : linesOf(cost));
  if (!values.json) {
    const counts = ['A', 'B', 'C', 'D', 'E'].map((grade) => `${grade} ${costs.filter((cost) => cost.grade === grade).length}`);
    process.stdout.write(
      `${counted(costs.length, 'rule')}: ${counts.join(', ')}${values.capture === undefined ? '' : `; measured on ${counted(bytes, 'byte')}`}\n`,
    );
  }
  return 0;
}

interface RiskyCost extends RuleCost {
  /** of its worst pattern, where that was asked; `undecided`: not in the time given, so that our own reading stands */
  readonly risk?: PatternRisk | 'undecided';
}

const SEVERITY = { linear: 0, polynomial: 1, exponential: 2 };

/** Only what our own reading does not clear is asked, each pattern once. */
async function riskOf(rule: CompiledRule, known: Map<string, PatternRisk | undefined>): Promise<Pick<RiskyCost, 'risk'>> {
  let worst: PatternRisk | undefined;
  let undecided = false;
  for (const { growth, script } of patternsOf(rule)) {
    if (growth === 'linear') continue;
    if (script !== undefined && !known.has(script)) known.set(script, await patternRisk(script));
    const risk = script === undefined ? undefined : known.get(script);
    if (risk === undefined) undecided = true;
    else if (worst === undefined || SEVERITY[risk.growth] > SEVERITY[worst.growth]) worst = risk;
  }
  if (undecided && worst?.growth !== 'exponential') return { risk: 'undecided' };
  return worst === undefined ? {} : { risk: worst };
}

function riskLine(risk: RiskyCost['risk']): string {
  if (risk === undefined) return '';
  if (risk === 'undecided') return '     recheck could not decide about its pattern: the growth is our own, cautious reading\n';
  if (risk.growth === 'linear') return '     recheck: its pattern can not run away\n';
  const degree = risk.degree === undefined ? '' : ` of degree ${risk.degree}`;
  return `     recheck: ${risk.growth}${degree}, as on ${risk.attack ?? 'some text'}\n`;
}

/** Our own reading of a pattern errs on the side of caution: what `recheck` was not asked about is not claimed. */
function growthWords({ patternGrowth, risk }: RiskyCost): string {
  const isSure = patternGrowth === 'linear' || (risk !== undefined && risk !== 'undecided');
  return isSure ? `${patternGrowth}` : `${patternGrowth} at worst${risk === undefined ? ' (--recheck says for sure)' : ''}`;
}

function dearestFirst(a: RuleCost, b: RuleCost): number {
  if (a.grade !== b.grade) return a.grade < b.grade ? 1 : -1;
  const checks = (b.perMegabyte?.checks ?? 0) - (a.perMegabyte?.checks ?? 0);
  return checks !== 0 ? checks : (a.prefilter?.rarity ?? 0) - (b.prefilter?.rarity ?? 0);
}

function linesOf(cost: RiskyCost): string {
  const { prefilter, perMegabyte } = cost;
  const looked =
    prefilter === undefined ? 'no literal' : `"${prefilter.literal}" in ${prefilter.where}, ${prefilter.shape}, ${counted(prefilter.rarity, 'bit')}`;
  const packets =
    cost.inPackets === undefined ? '' : ` (in single packets "${cost.inPackets.literal}", ${cost.inPackets.shape}, ${counted(cost.inPackets.rarity, 'bit')})`;
  const measured = perMegabyte === undefined ? '' : `; ${perMegabyte.candidates.toFixed(1)} candidates, ${perMegabyte.checks.toFixed(1)} checks per MB`;
  const patterns = cost.patterns === 0 ? '' : `; ${counted(cost.patterns, 'pattern')}, ${growthWords(cost)}`;
  return `${cost.grade}  ${cost.sid} ${cost.message}\n     ${looked}${packets}${measured}${patterns}\n${riskLine(cost.risk)}${cost.advice.map((line) => `     - ${line}\n`).join('')}`;
}
