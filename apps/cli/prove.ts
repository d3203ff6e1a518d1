/** `sigwright prove [SID …] [-C FOLDER] [--json]`: every rule against its evidence. Exit 1 where one fails. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { githubAnnotationsOf, junitOf, prove } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright prove [SID …] [-C FOLDER] [options]

Every rule against its evidence: fires where it must, as often as it must; silent where it must. Exit 1 where one does not.

  -C, --folder FOLDER    a ruleset repository (default: this folder)
  -v, --verbose          the rules that are proved as well
      --json             the whole report as JSON
      --junit FILE       the report as JUnit XML as well
      --github           failures as annotations of a GitHub workflow as well
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      folder: { type: 'string', short: 'C' },
      json: { type: 'boolean' },
      junit: { type: 'string' },
      github: { type: 'boolean' },
      verbose: { type: 'boolean', short: 'v' },
    },
  });
  if (values.json && values.github) throw new UsageProblem('--json and --github both write to standard output; choose one', USAGE);
  const sids = sidsOf(positionals, USAGE);
  const repository = repositoryAt(values.folder, 'prove');
  if (repository === undefined) return 1;
  const report = prove(repository, proofRunner(), sids.length === 0 ? undefined : new Set(sids));
  if (values.junit !== undefined) writeFileSync(values.junit, junitOf(report));
  if (values.json) {
    process.stdout.write(`${JSON.stringify(report, undefined, 1)}\n`);
    return report.ok ? 0 : 1;
  }
  for (const proof of report.rules) {
    if (proof.ok && !values.verbose) continue;
    process.stdout.write(`${proof.ok ? 'ok  ' : 'FAIL'}  ${proof.sid} ${proof.message}\n`);
    for (const missing of proof.missing) process.stdout.write(`        ${missing}\n`);
    for (const check of proof.checks) {
      if (!check.ok) process.stdout.write(`        ${check.capture}: ${check.reason}\n`);
      else if (values.verbose) process.stdout.write(`        ${check.capture}: ${check.kind === 'fires' ? `fires ${check.got} ×` : 'silent'}, ${check.says}\n`);
    }
  }
  if (values.github) process.stdout.write(githubAnnotationsOf(report, relative(process.cwd(), values.folder ?? '.')));
  const good = report.rules.filter((proof) => proof.ok).length;
  const checks = report.rules.reduce((sum, proof) => sum + proof.checks.length, 0);
  process.stdout.write(`${good} of ${report.rules.length} rules proved, ${checks} checks on ${report.captures} captures\n`);
  return report.ok && repository.problems.length === 0 ? 0 : 1;
}
