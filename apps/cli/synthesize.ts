/** `sigwright synthesize -S RULES -o DIR`: for each rule traffic that fires it, and traffic with one condition broken. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { failure, type Result, type Rule, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { capturesOf, type EvidenceTools, insideOf, makeEvidence, prove, type Repository, renewEvidence, synthesizedEvidence } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { synthesisByWorkers, WORKERS_OPTIONS, WORKERS_USAGE, workersOf } from './shared/by-workers.ts';
import { FilesRead } from './shared/data-files.ts';
import { evidenceTools } from './shared/evidence-tools.ts';
import { changing, repositoryAt } from './shared/repository.ts';
import { type SynthesisPlace, synthesisHere } from './shared/synthesis.ts';

const USAGE = `sigwright synthesize [SID …] -S RULES -o FOLDER [options]
sigwright synthesize [SID …] -C FOLDER [options]
sigwright synthesize [SID …] -C FOLDER --renew

Writes for each rule FOLDER/<sid>/fires.pcap, which fires it, silent-<n>.pcap, which do not since one condition is broken, and
expect.yaml, which says what each shows; sigwright prove reads it as evidence. Bits that other rules must set are set by their
traffic. Every capture was tried in the engine. What could not be solved is said, with the condition that defeats it; exit 1 then.

With -C the rules and networks are those of a ruleset repository, and rules without evidence get it, in evidence/<sid>/. With --renew
what was made before (synthesized: true) is made anew for rules that it does not prove any more, or for those named; captures that
somebody saw stay. Only what git has is replaced, so that git gives it back.

  -C, --folder FOLDER    a ruleset repository (default: this folder, where no rules are named)
  -S, --rules FILE       rules; may stand several times
      --renew            make anew what was made and does not hold any more
  -o, --output FOLDER    where to write; left out: only say what can be solved
      --disabled         rules that are commented out as well
      --no-silent        only what fires
  -c, --config FILE      a suricata.yaml
      --home-net NETS    what HOME_NET is
      --json             one JSON object for each rule
${WORKERS_USAGE}`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values: named, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      folder: { type: 'string', short: 'C' },
      rules: { type: 'string', short: 'S', multiple: true },
      renew: { type: 'boolean' },
      output: { type: 'string', short: 'o' },
      disabled: { type: 'boolean' },
      'no-silent': { type: 'boolean' },
      config: { type: 'string', short: 'c' },
      'home-net': { type: 'string' },
      json: { type: 'boolean' },
      ...WORKERS_OPTIONS,
    },
  });
  // As for every verb of a repository: this folder, where it is one.
  const folder = named.folder ?? (named.rules === undefined && existsSync('ruleset.yaml') ? '.' : undefined);
  const values = { ...named, folder };
  if ((values.rules === undefined) === (values.folder === undefined)) throw new UsageProblem('name rules (-S FILE) or a ruleset repository (-C FOLDER)', USAGE);
  if (values.renew) {
    if (values.folder === undefined || values.output !== undefined || values.workers)
      throw new UsageProblem('--renew is for the evidence of a ruleset repository, here: -C FOLDER', USAGE);
    return renewIn(values.folder, sidsOf(positionals, USAGE));
  }
  const repository = values.folder === undefined ? undefined : repositoryAt(values.folder, 'synthesize');
  if (values.folder !== undefined && repository === undefined) return 1;
  const sids = new Set(sidsOf(positionals, USAGE));
  const homeNet = values['home-net'];
  if (homeNet !== undefined && insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  const workers = workersOf(values, USAGE);
  const ruleFiles = values.rules ?? [join(values.folder ?? '.', 'any.rules')];
  const networks = { ...repository?.settings.networks, ...(homeNet === undefined ? {} : { HOME_NET: homeNet }) };
  const rules = repository?.rules.map(({ rule }) => rule) ?? ruleFiles.flatMap((path) => parseRules(readFileSync(path, 'utf8')).rules);
  const asked = rules.filter((rule) => (sids.size > 0 ? sids.has(rule.sid) : rule.enabled || values.disabled));
  const output = values.output ?? (values.folder === undefined ? undefined : join(values.folder, 'evidence'));
  // What somebody made as evidence is not written over.
  const wanted = asked.filter(({ sid }) => repository === undefined || values.output !== undefined || !existsSync(join(output ?? '', String(sid))));
  const missing = [...sids].find((sid) => !rules.some((rule) => rule.sid === sid));
  if (missing !== undefined) throw new UsageProblem(`no rule has sid ${missing}`, USAGE);
  const files = new FilesRead();
  const place: SynthesisPlace = { rules, ruleFiles, networks, files, ...(values.config === undefined ? {} : { config: values.config }) };
  const silent = !values['no-silent'];
  const results =
    workers === undefined
      ? synthesisHere(place, wanted, silent)
      : synthesisByWorkers(workers, place, wanted, { silent, ...(repository === undefined ? {} : { repository }) });
  let solved = 0;
  for await (const result of results) {
    const { sid } = result;
    if ('problem' in result) {
      if (values.json) process.stdout.write(`${JSON.stringify({ sid, solved: false, problem: result.problem })}\n`);
      else process.stdout.write(`${sid} not solved: ${result.problem}\n`);
      continue;
    }
    solved++;
    if (values.json) {
      const { alerts, shows, silent } = result;
      process.stdout.write(`${JSON.stringify({ sid, solved: true, alerts, shows, silent: silent.map((one) => one.because) })}\n`);
    }
    if (output === undefined) continue;
    const folder = join(output, String(sid));
    mkdirSync(folder, { recursive: true });
    const { fires, silent } = capturesOf(result);
    for (const [name, content] of synthesizedEvidence(sid, fires, silent)) writeFileSync(join(folder, name), content);
  }
  if (!values.json) {
    const had = asked.length - wanted.length;
    process.stdout.write(`${solved} of ${counted(wanted.length, 'rule')} solved${had > 0 ? `; ${had} had evidence before` : ''}\n`);
  }
  return solved === wanted.length ? 0 : 1;
}

async function renewIn(folder: string, sids: readonly number[]): Promise<number> {
  const done = await changing(folder, 'synthesize', (repository) => success(renewAll(repository, sids)));
  if (done.ok) return done.value;
  process.stderr.write(`sigwright synthesize: ${done.message}\n`);
  return 1;
}

/** 1 where something that was asked for could not be done. */
function renewAll(repository: Repository, sids: readonly number[]): number {
  const tools = evidenceTools(repository);
  const rules = repository.rules.map(({ rule }) => rule);
  const unknown = sids.find((sid) => !rules.some((rule) => rule.sid === sid));
  if (unknown !== undefined) throw new UsageProblem(`no rule has sid ${unknown}`, USAGE);
  const stale = (): number[] =>
    prove(repository, tools.run)
      .rules.filter(({ ok, checks }) => !ok && checks.length > 0)
      .map(({ sid }) => sid);
  const wanted = sids.length > 0 ? sids : stale();
  let renewed = 0;
  for (const sid of wanted) {
    const said = renewOne(repository, rules.find((rule) => rule.sid === sid)!, rules, tools);
    if (said.ok) renewed++;
    process.stdout.write(`${sid} ${said.ok ? '' : 'not renewed: '}${said.ok ? said.value : said.message}\n`);
  }
  process.stdout.write(`${renewed} of ${wanted.length} renewed\n`);
  return renewed === wanted.length ? 0 : 1;
}

function renewOne(repository: Repository, rule: Rule, rules: readonly Rule[], tools: EvidenceTools): Result<string> {
  const { sid } = rule;
  const place = join('evidence', String(sid));
  const unsafe = whyNotInGit(repository.folder, place);
  if (unsafe !== undefined) return failure('evidence/git', unsafe);
  const made = makeEvidence(repository, rule, rules, tools);
  if ('problem' in made) return failure('evidence/unsolved', made.problem);
  const renewed = renewEvidence(repository, sid, made.fires, made.silent);
  if ('message' in renewed) return renewed;
  return success(
    `renewed: ${made.fires.length} captures that fire it, ${made.silent.length} that leave it silent, in the place of ${renewed.gone}; ${renewed.kept} that were seen stay; git checkout -- ${place} takes it back`,
  );
}

/** What is replaced must be in git as it stands. */
function whyNotInGit(folder: string, place: string): string | undefined {
  const git = (...words: string[]) => spawnSync('git', ['-C', folder, ...words], { encoding: 'utf8' });
  const { status, stdout, error } = git('status', '--porcelain', '--ignored', '--', place);
  if (error !== undefined || status !== 0) return 'the repository is not in git, which would keep what is replaced';
  if (stdout.trim() !== '') return `${place} has changes that are not committed; commit them first`;
  return git('ls-files', '--error-unmatch', '--', join(place, 'expect.yaml')).status === 0 ? undefined : `${place} is not in git; commit it first`;
}
