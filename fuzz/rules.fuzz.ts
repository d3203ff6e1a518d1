/** Damaged rules: reading and compiling never throw, every refused rule says why, what loads can be used. node fuzz/rules.fuzz.ts [SECONDS] [SEED] */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, usePlan } from '@sigwright/detection';
import { parseRules, printDocument } from '@sigwright/rule-language';
import { fuzz, fuzzArguments, mutateText } from './harness.ts';

const folder = join(import.meta.dirname, '..', 'examples', '2024-03-08', 'rules');
const seeds = ['malware.rules', 'info.rules', 'hunting.rules']
  .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  .filter((line) => line !== '');
const examples = [...new Set(catalogue.keywords.values())].flatMap((definition) => [
  ...definition.examples,
  ...(definition.broken ?? []).map((one) => one.options),
]);
const words = [...catalogue.keywords.keys(), ...examples, '|0d 0a|', '";', '\\', '$HOME_NET', '[', '!', '<>', '=>', '4294967296', '-1', '(?:', ')+', '\n'];

const { seconds, seed } = fuzzArguments();
process.exitCode = fuzz(
  'rules',
  seconds,
  seed,
  (random) => {
    const base = random.once(2)
      ? seeds[random.below(seeds.length)]
      : `alert ip any any -> any any (msg:"x"; ${examples[random.below(examples.length)]} sid:1;)`;
    return mutateText(random, base, words, 20_000);
  },
  (text) => {
    const { rules, document, diagnostics } = parseRules(text);
    if (printDocument(document) !== text) return 'the tree does not print what was read';
    for (const { at } of diagnostics) if (at.start < 0 || at.end > text.length) return `a diagnostic lies at ${at.start} to ${at.end}`;
    const build = buildPlan([{ path: 'fuzz', rules }], catalogue, DEFAULT_SETTINGS);
    if (build.refused > 0 && build.problems.every((one) => one.diagnostics.every((diagnostic) => diagnostic.severity !== 'error')))
      return 'a rule was refused without a word';
    const plan = usePlan(build.data, catalogue, DEFAULT_SETTINGS);
    for (let index = 0; index < build.loaded; index++) plan.rule(index);
    return undefined;
  },
  (text) => text.length + 4096,
);
