/** `sigwright prove [SID …] [-C FOLDER] [--json]`: every rule against its evidence. Exit 1 where one fails. */
import { parseArgs } from 'node:util';
import { prove } from '@sigwright/workbench';
import { proofRunner } from './shared/proof-runner.ts';
import { repositoryAt } from './shared/repository.ts';

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { folder: { type: 'string', short: 'C' }, json: { type: 'boolean' }, verbose: { type: 'boolean', short: 'v' } },
  });
  const repository = repositoryAt(values.folder, 'prove');
  if (repository === undefined) return 1;
  const sids = positionals.length === 0 ? undefined : new Set(positionals.map(Number));
  const report = prove(repository, proofRunner(), sids);
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
  const good = report.rules.filter((proof) => proof.ok).length;
  const checks = report.rules.reduce((sum, proof) => sum + proof.checks.length, 0);
  process.stdout.write(`${good} of ${report.rules.length} rules proved, ${checks} checks on ${report.captures} captures\n`);
  return report.ok && repository.problems.length === 0 ? 0 : 1;
}
