/** `sigwright release [-C FOLDER] --version V [--date DATE] [--key FILE]`: a release in ET's layout, reproducible, signed, with its changelog. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildRelease, writeRelease } from '@sigwright/workbench';
import { argumentsOf, InputProblem, UsageProblem } from './shared/arguments.ts';
import { DEFAULT_CLASSIFICATIONS } from './shared/classifications.ts';
import { dayOf, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright release --version V [-C FOLDER] [options]

A release in the layout of Emerging Threats, the same bytes whenever it is built: rules by category, maps, archives, digests, manifest,
changelog; signed where a key is named.

  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --version V        the name of the release: letters, digits, dots and dashes
      --date DATE        the day it is made (YYYY-MM-DD, default: today)
      --key FILE         sign with this key (see sigwright key)
      --dry-run          say what would be written
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      folder: { type: 'string', short: 'C' },
      version: { type: 'string' },
      date: { type: 'string' },
      key: { type: 'string' },
      'dry-run': { type: 'boolean' },
    },
  });
  const repository = repositoryAt(values.folder, 'release');
  if (repository === undefined) return 1;
  if (values.version === undefined) {
    throw new UsageProblem('name a version: --version 1', USAGE);
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(values.version)) throw new UsageProblem(`\`${values.version}\` is no name for a release`, USAGE);
  if (values.key !== undefined && !existsSync(values.key))
    throw new InputProblem(`${values.key} does not exist; \`sigwright key new ${values.key}\` makes one`);
  const built = await buildRelease(repository, {
    version: values.version,
    date: dayOf(values.date),
    classifications: DEFAULT_CLASSIFICATIONS,
    ...(values.key === undefined ? {} : { signingKey: readFileSync(values.key, 'utf8') }),
  });
  if (!built.ok) {
    process.stderr.write(`sigwright release: ${built.message}\n`);
    return 1;
  }
  const { files, difference, rules, enabled, previous } = built.value;
  if (!values['dry-run']) {
    const failed = writeRelease(repository, values.version, built.value);
    if (failed !== undefined) {
      process.stderr.write(`sigwright release: ${failed.message}\n`);
      return 1;
    }
  }
  process.stdout.write(
    `${values['dry-run'] ? 'would write' : 'wrote'} ${join(repository.folder, 'releases', values.version)}: ${files.size} files, ${rules} rules, ${enabled} enabled, ${values.key === undefined ? 'not signed (name a key: --key FILE)' : 'signed'}\n`,
  );
  process.stdout.write(
    `against ${previous ?? 'nothing'}: ${difference.added.length} added, ${difference.modifiedActive.length + difference.modifiedInactive.length} modified, ${difference.disabled.length + difference.disabledAndModified.length} disabled, ${difference.removed.length} removed\n`,
  );
  return 0;
}
