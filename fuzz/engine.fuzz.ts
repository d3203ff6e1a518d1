/** Damaged captures through the whole engine with the example week's rules: no exception, the same alerts however the file is cut. node fuzz/engine.fuzz.ts [SECONDS] [SEED] */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, EveWriter, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { decompressors } from '../apps/cli/shared/decompressors.ts';
import { fuzz, fuzzArguments, mutateBytes, randomPieces } from './harness.ts';

const root = join(import.meta.dirname, '..', 'examples', '2024-03-08');
const text = globSync('rules/*.rules', { cwd: root })
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .join('\n');
const settings = { ...DEFAULT_SETTINGS, verifyChecksums: false, decompressors };
const build = buildPlan([{ path: 'week', rules: parseRules(text).rules }], catalogue, settings);
const plan = usePlan(build.data, catalogue, settings);
const seeds = globSync('evidence/*/*.pcap', { cwd: root })
  .sort()
  .map((path) => new Uint8Array(readFileSync(join(root, path))));

function records(pieces: readonly Uint8Array[]): string {
  const lines: string[] = [];
  const engine = new Engine(plan, catalogue, settings, new EveWriter((record) => lines.push(JSON.stringify(record)), settings, catalogue.protocols));
  for (const piece of pieces) if (engine.feed(piece) !== undefined) break;
  engine.finish();
  return lines.join('\n');
}

const { seconds, seed } = fuzzArguments();
process.exitCode = fuzz(
  'engine',
  seconds,
  seed,
  (random) => {
    let input = mutateBytes(random, seeds[random.below(seeds.length)], seeds, 100_000);
    for (let rounds = random.below(6); rounds > 0; rounds--) input = mutateBytes(random, input, seeds, 100_000);
    return input;
  },
  (input, random) => (records([input]) === records(randomPieces(random, input)) ? undefined : 'the cut changes the records'),
);
