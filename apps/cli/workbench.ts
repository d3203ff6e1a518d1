/** `sigwright workbench --static DIR`: the rule workbench as a page that needs no server. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { staticWorkbench } from '../server/static-workbench.ts';
import { argumentsOf, InputProblem, UsageProblem } from './shared/arguments.ts';
import { DEFAULT_CLASSIFICATIONS } from './shared/classifications.ts';
import { repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright workbench --static DIR [options]

The rule workbench as one file, DIR/index.html: the editor and the engine are in it. It works from a disk and from any web server,
sends nothing anywhere, and may connect to nothing. (With alerts, accounts and a repository: sigwright serve.)

      --static DIR       where it is written
  -S, --rules FILE       rules it opens with
  -r, --read FILE        a capture it opens with (at most 32 MiB): whoever gets the page gets the capture
  -C, --folder FOLDER    a ruleset repository, for its networks
      --home-net NETS    what $HOME_NET is
`;

const LARGEST_CAPTURE = 32 * 1024 * 1024;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      static: { type: 'string' },
      rules: { type: 'string', short: 'S' },
      read: { type: 'string', short: 'r' },
      folder: { type: 'string', short: 'C' },
      'home-net': { type: 'string' },
    },
  });
  if (values.static === undefined) throw new UsageProblem('name a folder to write to: --static DIR', USAGE);
  const repository = values.folder === undefined ? undefined : repositoryAt(values.folder, 'workbench');
  if (values.folder !== undefined && repository === undefined) return 1;
  const capture = values.read === undefined ? undefined : readFileSync(values.read);
  if (capture !== undefined && capture.length > LARGEST_CAPTURE) throw new InputProblem(`${values.read} is larger than a page should carry (32 MiB)`);
  const page = staticWorkbench({
    networks: {
      ...DEFAULT_SETTINGS.addressGroups,
      ...repository?.settings.networks,
      ...(values['home-net'] === undefined ? {} : { HOME_NET: values['home-net'] }),
    },
    classifications: DEFAULT_CLASSIFICATIONS.values(),
    ...(values.rules === undefined ? {} : { rules: readFileSync(values.rules, 'utf8') }),
    ...(capture === undefined ? {} : { capture }),
  });
  if (page === undefined) throw new InputProblem('the scripts of the page are not built: node tools/build.ts');
  mkdirSync(values.static, { recursive: true });
  const path = join(values.static, 'index.html');
  writeFileSync(path, page);
  process.stdout.write(`${path}: ${(Buffer.byteLength(page) / 1024 / 1024).toFixed(1)} MiB\n`);
  return 0;
}
