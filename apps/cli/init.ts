/** `sigwright init [FOLDER]`: a ruleset repository to begin with. Nothing that is there is written over. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { insideOf, newRepositoryFiles, readSettings, writeWhole } from '@sigwright/workbench';
import { argumentsOf, InputProblem, UsageProblem } from './shared/arguments.ts';
import { dayOf } from './shared/repository.ts';

const DEFAULT_FROM = 1_000_001;
const DEFAULT_TO = 1_009_999;
const DEFAULT_HOME = '[10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7]';
const HIGHEST_SID = 4_294_967_295;
/** What may be there: git's own. */
const IS_GIT = /^\.git$/;
const MOST_NAMED = 5;

const USAGE = `sigwright init [FOLDER] [options]

Begins a ruleset repository in an empty folder (default: this one), or in one that holds nothing but .git: ruleset.yaml with a word on
each setting, the folders rules, reports and evidence, .gitignore, .gitattributes and a README for the team.

      --name NAME        what the ruleset is called: a-z, 0-9 and dashes (default: the folder's name)
      --prefix WORD      first word of every message: A-Z and 0-9 (default: LOCAL)
      --sids FROM-TO     the numbers of its rules (default: ${DEFAULT_FROM}-${DEFAULT_TO})
      --home-net NETS    HOME_NET for proofs (default: ${DEFAULT_HOME})
      --beside           a folder that is not empty is fine: what is there stays as it is

  sigwright init acme-rules --prefix ACME --sids 1500000-1500999
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      prefix: { type: 'string', default: 'LOCAL' },
      sids: { type: 'string', default: `${DEFAULT_FROM}-${DEFAULT_TO}` },
      'home-net': { type: 'string', default: DEFAULT_HOME },
      beside: { type: 'boolean' },
    },
  });
  if (positionals.length > 1) throw new UsageProblem('name one folder', USAGE);
  const folder = positionals[0] ?? '.';
  const name = values.name ?? nameOf(folder);
  if (!/^[a-z0-9-]+$/.test(name)) throw new UsageProblem(`--name ${name}: only a-z, 0-9 and dashes`, USAGE);
  if (!/^[A-Z][A-Z0-9]*$/.test(values.prefix)) throw new UsageProblem(`--prefix ${values.prefix}: only A-Z and 0-9`, USAGE);
  if (insideOf(values['home-net']) === undefined) throw new UsageProblem(`--home-net ${values['home-net']} is no list of networks`, USAGE);
  const [from, to] = rangeOf(values.sids);
  const there = existsSync(folder) ? readdirSync(folder).filter((one) => !IS_GIT.test(one)) : [];
  if (there.includes('ruleset.yaml')) throw new InputProblem(`${folder} is a ruleset repository already: ruleset.yaml is there`);
  if (there.length > 0 && !values.beside)
    throw new InputProblem(
      `${folder} is not empty (${there.slice(0, MOST_NAMED).join(', ')}${there.length > MOST_NAMED ? ' …' : ''}), so nothing is written; --beside writes what is missing`,
    );
  for (const [path, content] of newRepositoryFiles({ name, prefix: values.prefix, from, to, homeNet: values['home-net'], date: dayOf(undefined) })) {
    const target = join(folder, path);
    if (existsSync(target)) {
      process.stdout.write(`kept: ${path}\n`);
      continue;
    }
    const failed = writeWhole(target, content);
    if (failed !== undefined) throw new InputProblem(failed.message);
    process.stdout.write(`written: ${path}\n`);
  }
  const read = readSettings(folder);
  if (!read.ok) throw new InputProblem(read.message);
  const written = /^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`;
  const at = relative('.', folder) === '' ? '' : ` -C ${written}`;
  process.stdout.write(`
${name} is ready: messages begin with ${values.prefix}, numbers are ${from} to ${to}; ruleset.yaml says so, change it as you like.
${existsSync(join(folder, '.git')) ? '' : `Next: git init${at === '' ? '' : ` ${written}`}, then\n`}  sigwright draft REPORT --write${at}
  sigwright prove${at}
`);
  return 0;
}

/** Of the folder's name what may be a name. */
function nameOf(folder: string): string {
  const words = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return words === '' ? 'rules' : words;
}

function rangeOf(written: string): readonly [from: number, to: number] {
  const match = /^(\d{1,10})-(\d{1,10})$/.exec(written);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || from < 1 || to < from || to > HIGHEST_SID)
    throw new UsageProblem(`--sids ${written}: write FROM-TO, both from 1 to ${HIGHEST_SID}`, USAGE);
  return [from, to];
}
