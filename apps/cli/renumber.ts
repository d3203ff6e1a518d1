/** `sigwright renumber SID… [--beside BRANCH] [-C FOLDER]`: other numbers for rules that were never released. */
import { spawnSync } from 'node:child_process';
import { freeSids, renumber } from '@sigwright/workbench';
import { argumentsOf, InputProblem, sidsOf, UsageProblem } from './shared/arguments.ts';
import { changing, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright renumber SID… [--beside BRANCH] [-C FOLDER]

Gives rules that were never released the next free numbers: in the rule, its evidence and the reports. For two branches that took the
same numbers: before they are merged, on one of them,

  sigwright renumber 1500012 1500013 --beside main

      --beside BRANCH    numbers that this branch or commit uses are taken, too
  -C, --folder FOLDER    a ruleset repository (default: this folder)
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: { beside: { type: 'string' }, folder: { type: 'string', short: 'C' } },
  });
  if (positionals.length === 0) throw new UsageProblem('name the rules: sigwright renumber SID…', USAGE);
  const sids = sidsOf(positionals, USAGE);
  const repository = repositoryAt(values.folder, 'renumber');
  if (repository === undefined) return 1;
  const taken = values.beside === undefined ? new Set<number>() : numbersIn(repository.folder, values.beside);
  const done = await changing(repository.folder, 'renumber', (current) => renumber(current, sids, untaken(freeSids(current), taken)));
  if (!done.ok) {
    process.stderr.write(`sigwright renumber: ${done.message}\n`);
    return 1;
  }
  for (const [before, after] of done.value) process.stdout.write(`${before} is ${after} now\n`);
  return 0;
}

function* untaken(free: Iterable<number>, taken: ReadonlySet<number>): Generator<number> {
  for (const sid of free) if (!taken.has(sid)) yield sid;
}

/** Numbers of rules in another state of the repository. */
function numbersIn(folder: string, named: string): Set<number> {
  const git = (...args: readonly string[]) => spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const commit = git('rev-parse', '--verify', '--quiet', '--end-of-options', `${named}^{commit}`);
  if (commit.status !== 0) throw new InputProblem(`--beside: git knows no commit or branch \`${named}\` in ${folder}`);
  const found = git('grep', '-hoE', '-e', '\\bsid: *[0-9]+ *;', commit.stdout.trim(), '--', 'rules');
  return new Set(Array.from(found.stdout.matchAll(/\d+(?= *;)/g), ([number]) => Number(number)));
}
