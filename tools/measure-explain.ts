/**
 * Does explain name what synthesize broke? Rules are picked at random, made silent in each way that synthesize knows, and explained:
 * the first condition that stood in the way must be of the place that was broken (the buffer, the bit, the threshold, the header).
 *
 *     node tools/measure-explain.ts RULES [--pairs N] [--seed N] [--show]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { catalogue } from '@sigwright/catalogue';
import { explainRule, type RuleExplanation, Synthesizer } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { SeededRandom } from '@sigwright/traffic';
import { configurationOf } from '../apps/cli/shared/configuration.ts';
import { readYaml } from '../apps/cli/shared/configuration-tree.ts';
import { withFilesOfRules } from '../apps/cli/shared/data-files.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' }, show: { type: 'boolean' } },
});
const [path] = positionals;
if (path === undefined) throw new Error('name a file of rules');
const tree = readYaml(`${import.meta.dirname}/../apps/cli/suricata.yaml`);
const settings = withFilesOfRules(configurationOf(tree, { verifyChecksums: true, inline: false }).settings, tree, [path]);
const { rules } = parseRules(readFileSync(path, 'utf8'));
const synthesizer = new Synthesizer(rules, catalogue, settings);
const random = new SeededRandom(Number(values.seed));

/** What was broken, in a word, and whether the explanation is of it. */
function judged(because: string, explanation: RuleExplanation): readonly [kind: string, agrees: boolean] {
  const first = explanation.nearest?.steps.find((step) => step.verdict === 'fails');
  const { reason } = explanation;
  if (/^the server's address|^the client's address/.test(because)) return ['address', reason === 'variables'];
  if (/^the server's port/.test(because)) return ['port', reason === 'ports' || first?.where === 'protocol'];
  if (/^the bit of/.test(because)) return ['bit', reason === 'bit'];
  if (/^it happens/.test(because)) return ['threshold', reason === 'threshold'];
  const [, place, condition] = /^([\w.]+): (.*) is broken: /.exec(because) ?? [];
  const steps = explanation.nearest?.steps.filter((step) => step.verdict === 'fails') ?? [];
  const samePlace = (where: string): boolean => where === place || where.split('|')[0] === place || (place === 'file.data' && where === 'http.response_body');
  const named = steps.some((step) => samePlace(step.where) && (step.condition === condition || step.condition.endsWith('conditions')));
  return [`bytes of ${place === 'payload' ? 'payload' : 'a buffer'}`, first !== undefined && samePlace(first.where) && named];
}

const tallies = new Map<string, { pairs: number; agree: number }>();
const wrong: string[] = [];
let pairs = 0;
let solved = 0;
while (pairs < Number(values.pairs)) {
  const rule = rules[random.below(rules.length)];
  const made = synthesizer.synthesize(rule);
  if ('problem' in made || made.silent.length === 0) continue;
  solved++;
  // Two of each rule, so that long rules do not outweigh the others.
  const first = random.below(made.silent.length);
  for (const at of new Set([first, (first + 1 + random.below(made.silent.length)) % made.silent.length])) {
    const { capture, because } = made.silent[at];
    const enabled = rules.map((one) => (one.sid === rule.sid ? { ...one, enabled: true } : one));
    const explanation = explainRule({ rules: enabled, sid: rule.sid, capture, withoutChange: true }, catalogue, settings);
    if (explanation === undefined) continue;
    const [kind, agrees] = judged(because, explanation);
    const tally = tallies.get(kind) ?? { pairs: 0, agree: 0 };
    tallies.set(kind, { pairs: tally.pairs + 1, agree: tally.agree + (agrees ? 1 : 0) });
    pairs++;
    if (!agrees) wrong.push(`${rule.sid} ${because}\n     ${explanation.reason}: ${explanation.verdict.slice(0, 300)}`);
  }
}
console.log(`${pairs} silent captures of ${solved} rules of ${path}, seed ${values.seed}`);
console.log('\nwhat was broken            pairs   explain names it');
let agree = 0;
for (const [kind, tally] of [...tallies].sort(([a], [b]) => a.localeCompare(b))) {
  agree += tally.agree;
  console.log(`${kind.padEnd(24)} ${String(tally.pairs).padStart(7)} ${String(tally.agree).padStart(18)}`);
}
console.log(`${'all'.padEnd(24)} ${String(pairs).padStart(7)} ${String(agree).padStart(18)}   ${((100 * agree) / pairs).toFixed(1)} %`);
if (values.show) console.log(`\n${wrong.join('\n')}`);
