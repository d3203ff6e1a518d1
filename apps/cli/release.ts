/** `sigwright release [-C FOLDER] --version V [--date DATE] [--key FILE]`: a release in ET's layout, reproducible, signed, with its changelog. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { AS_WRITTEN, buildRelease, DIALECTS, MANIFEST, prove, type ReleaseRequest, writeRelease } from '@sigwright/workbench';
import { argumentsOf, InputProblem, UsageProblem } from './shared/arguments.ts';
import { DEFAULT_CLASSIFICATIONS } from './shared/classifications.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { changing, dayOf, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright release --version V [-C FOLDER] [options]

A release in the layout of Emerging Threats, the same bytes whenever it is built: rules by category, maps, archives, digests, manifest,
changelogs; signed where a key is named. Beside the rules as they are written, each engine that ruleset.yaml names (\`engines\`, default
all: ${DIALECTS.join(', ')}) has a folder with them in its words, proved on their evidence;
what an engine can not say is left out, and the manifest says why.

  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --version V        the name of the release: letters, digits, dots and dashes
      --date DATE        the day it is made (YYYY-MM-DD, default: today)
      --key FILE         sign with this key (see sigwright key)
      --proved           only where every enabled rule is proved by its evidence (see sigwright prove)
      --dry-run          say what would be written
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      folder: { type: 'string', short: 'C' },
      version: { type: 'string' },
      date: { type: 'string' },
      key: { type: 'string' },
      proved: { type: 'boolean' },
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
  const { version } = values;
  if (values.proved) {
    const { rules } = prove(repository, proofRunner(), { sids: new Set(repository.rules.filter(({ rule }) => rule.enabled).map(({ rule }) => rule.sid)) });
    const unproved = rules.filter(({ ok }) => !ok);
    if (unproved.length > 0) {
      process.stderr.write(
        `sigwright release: ${counted(unproved.length, 'enabled rule')} not proved, so nothing is released: ${listed(unproved)}\nsigwright prove -C ${repository.folder} says why\n`,
      );
      return 1;
    }
  }
  const request: ReleaseRequest = {
    version,
    date: dayOf(values.date),
    classifications: DEFAULT_CLASSIFICATIONS,
    catalogue,
    ...(values.key === undefined ? {} : { signingKey: readFileSync(values.key, 'utf8') }),
  };
  const built = values['dry-run']
    ? await buildRelease(repository, request)
    : await changing(repository.folder, 'release', async (current) => {
        const release = await buildRelease(current, request);
        return release.ok ? (writeRelease(current, version, release.value) ?? release) : release;
      });
  if (!built.ok) {
    process.stderr.write(`sigwright release: ${built.message}\n`);
    return 1;
  }
  const { files, difference, rules, enabled, previous, engines } = built.value;
  process.stdout.write(
    `${values['dry-run'] ? 'would write' : 'wrote'} ${join(repository.folder, 'releases', values.version)}: ${counted(files.size, 'file')}, ${counted(rules, 'rule')}, ${enabled} enabled, ${values.key === undefined ? 'not signed (name a key: --key FILE)' : 'signed'}\n`,
  );
  process.stdout.write(
    `against ${previous ?? 'nothing'}: ${difference.added.length} added, ${difference.modifiedActive.length + difference.modifiedInactive.length} modified, ${difference.disabled.length + difference.disabledAndModified.length} disabled, ${difference.removed.length} removed\n`,
  );
  for (const { engine, rules: said, refused } of engines) {
    const unproved = said.filter(({ proof }) => proof.startsWith('not proved')).length;
    const other = said.filter(({ proof }) => proof !== AS_WRITTEN).length;
    process.stdout.write(
      `${engine}: ${counted(said.length, 'rule')}, ${other} in other words${unproved === 0 ? '' : ` (${unproved} not proved)`}, ${refused.size} left out (why: ${MANIFEST})\n`,
    );
  }
  const bare = repository.rules
    .map(({ rule }) => rule)
    .filter(({ enabled: isEnabled, sid }) => isEnabled && (repository.evidence.get(sid)?.fires.length ?? 0) === 0);
  if (bare.length > 0)
    process.stderr.write(`${counted(bare.length, 'enabled rule')} with no evidence that ${bare.length === 1 ? 'it fires' : 'they fire'}: ${listed(bare)}\n`);
  return 0;
}

const MOST_LISTED = 10;

function listed(rules: readonly { readonly sid: number }[]): string {
  const shown = rules.slice(0, MOST_LISTED).map(({ sid }) => sid);
  return `${shown.join(', ')}${rules.length > MOST_LISTED ? ` and ${rules.length - MOST_LISTED} more` : ''}`;
}
