/** `sigwright prove [SID …] [-C FOLDER]`: every rule against its evidence, or those that a change can affect. Exit 1 where one fails. */

import { spawnSync } from 'node:child_process';
import { watch, writeFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { counted } from '@sigwright/bytes';
import { type Result, type Rule, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import {
  affectedByChange,
  githubAnnotationsOf,
  githubCommand,
  junitOf,
  openRepository,
  type ProofReport,
  type ProveOptions,
  proofSarifOf,
  prove,
  type Repository,
  RuleRelations,
  readRulesAgain,
} from '@sigwright/workbench';
import { argumentsOf, InputProblem, sidsOf, UsageProblem } from './shared/arguments.ts';
import { proofByWorkers, WORKERS_OPTIONS, WORKERS_USAGE, workersOf } from './shared/by-workers.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { repositoryAt } from './shared/repository.ts';
import { namedCaptures } from './shared/run-capture.ts';

const USAGE = `sigwright prove [SID …] [-C FOLDER] [options]

Every rule against its evidence: fires where it must, as often as it must; silent where it must. Exit 1 where one does not.
A rule that is not in use (disabled, retired, deleted) needs no evidence and is named where it has none; what it has must hold.

  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --changed COMMIT   only rules that the changes since this commit can affect (HEAD: what is not committed)
      --benign PATH      ordinary traffic, a capture or a folder: enabled rules may fire there only as often as their evidence allows
      --watch            prove what a change can affect whenever a file is saved
  -v, --verbose          the rules that are proved as well
      --json             the whole report as JSON
      --junit FILE       the report as JUnit XML as well
      --sarif FILE       failures as SARIF 2.1.0 as well
      --github           failures as annotations of a GitHub workflow as well
${WORKERS_USAGE}`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      folder: { type: 'string', short: 'C' },
      changed: { type: 'string' },
      benign: { type: 'string', multiple: true },
      watch: { type: 'boolean' },
      json: { type: 'boolean' },
      junit: { type: 'string' },
      sarif: { type: 'string' },
      github: { type: 'boolean' },
      verbose: { type: 'boolean', short: 'v' },
      ...WORKERS_OPTIONS,
    },
  });
  if (values.json && values.github) throw new UsageProblem('--json and --github both write to standard output; choose one', USAGE);
  if (values.json && values.watch) throw new UsageProblem('--json tells of one run; leave --watch out', USAGE);
  const workers = workersOf(values, USAGE);
  if (workers !== undefined && (values.watch || values.benign !== undefined))
    throw new UsageProblem('--watch and --benign are for proofs here; leave --workers out', USAGE);
  const sids = sidsOf(positionals, USAGE);
  if (sids.length > 0 && values.changed !== undefined) throw new UsageProblem('name rules or --changed, not both', USAGE);
  const folder = values.folder ?? '.';
  const repository = repositoryAt(values.folder, 'prove');
  if (repository === undefined) return 1;
  const unknown = sids.find((sid) => !repository.rules.some(({ rule }) => rule.sid === sid));
  if (unknown !== undefined) throw new InputProblem(`no rule has sid ${unknown}`);
  const benign = (values.benign ?? []).flatMap((path) => namedCaptures(path)).map((path) => ({ name: basename(path), path }));
  const runner = proofRunner();
  const changed = values.changed === undefined ? undefined : changedSince(repository, folder, values.changed);
  const chosen = sids.length > 0 ? new Set(sids) : changed;
  const options: ProveOptions = { benign, ...(chosen === undefined ? {} : { sids: chosen, alone: changed !== undefined }) };
  const report = workers === undefined ? prove(repository, runner, options) : await proofByWorkers(workers, repository, chosen);
  if (values.junit !== undefined) writeFileSync(values.junit, junitOf(report));
  if (values.sarif !== undefined) writeFileSync(values.sarif, `${JSON.stringify(proofSarifOf(report, placesOf(repository)), undefined, 1)}\n`);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(report, undefined, 1)}\n`);
    return report.ok ? 0 : 1;
  }
  tell(report, values.verbose === true);
  if (values.github) {
    for (const { path, line, message } of repository.problems)
      process.stdout.write(githubCommand({ level: 'error', path: relative(process.cwd(), path), line, title: 'ruleset', text: message }));
    process.stdout.write(githubAnnotationsOf(report, placesOf(repository)));
  }
  process.stdout.write(`${summaryOf(report)}${changed === undefined ? '' : `; ${repository.rules.length - report.rules.length} are not affected`}\n`);
  const made = report.rules.filter(({ sid, checks }) => checks.some(({ ok, capture }) => !ok && isMade(repository, sid, capture)));
  if (made.length > 0)
    process.stderr.write(
      `captures that were made fail ${made.map(({ sid }) => sid).join(', ')}: where the rule is right, sigwright synthesize --renew -C ${folder} makes them anew\n`,
    );
  if (report.rules.some(({ missing, checks }) => missing.length > 0 && checks.length === 0))
    process.stderr.write(`sigwright synthesize -C ${folder} makes evidence for rules that have none\n`);
  if (values.watch) await watchFolder(repository, folder, runner, benign, values.verbose === true);
  return report.ok && repository.problems.length === 0 ? 0 : 1;
}

function tell(report: ProofReport, verbose: boolean): void {
  for (const proof of report.rules) {
    if (proof.ok && !verbose) continue;
    process.stdout.write(`${proof.ok ? 'ok  ' : 'FAIL'}  ${proof.sid} ${proof.message}\n`);
    for (const missing of proof.missing) process.stdout.write(`        ${missing}\n`);
    for (const check of proof.checks) {
      if (!check.ok) process.stdout.write(`        ${check.capture}: ${check.reason}\n`);
      else if (verbose) process.stdout.write(`        ${check.capture}: ${check.got === 0 ? 'silent' : `fires ${check.got} ×`}, ${check.says}\n`);
    }
  }
}

function summaryOf(report: ProofReport): string {
  const good = report.rules.filter((proof) => proof.ok).length;
  const checks = report.rules.reduce((sum, proof) => sum + proof.checks.length, 0);
  const idle = report.rules.filter((proof) => proof.excused !== undefined);
  return `${good - idle.length} of ${counted(report.rules.length, 'rule')} proved, ${counted(checks, 'check')} on ${counted(report.captures, 'capture')}${idle.length === 0 ? '' : `; not in use and without evidence: ${listed(idle)}`}`;
}

function isMade(repository: Repository, sid: number, capture: string): boolean {
  const evidence = repository.evidence.get(sid);
  return evidence !== undefined && [...evidence.fires, ...evidence.silent].some((line) => line.capture === capture && line.synthesized === true);
}

const MOST_LISTED = 20;

function listed(proofs: ProofReport['rules']): string {
  const shown = proofs.slice(0, MOST_LISTED).map(({ sid, excused }) => `${sid} (${excused})`);
  return `${shown.join(', ')}${proofs.length > MOST_LISTED ? ` and ${proofs.length - MOST_LISTED} more` : ''}`;
}

/** Where rules stand, as seen from here. */
function placesOf(repository: Repository): Map<number, { path: string; line: number }> {
  return new Map(repository.rules.map(({ rule, path, line }) => [rule.sid, { path: relative(process.cwd(), path).replaceAll('\\', '/'), line }]));
}

/** Undefined: everything. */
function changedSince(repository: Repository, folder: string, commit: string): ReadonlySet<number> | undefined {
  const git = (...words: string[]): string => {
    const { status, stdout, stderr, error } = spawnSync('git', ['-C', folder, ...words], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, input: '' });
    if (error !== undefined) throw new InputProblem(`--changed needs git: ${error.message}`);
    if (status !== 0) throw new InputProblem(`--changed ${commit}: git says: ${stderr.trim().split('\n')[0]}`);
    return stdout;
  };
  const names = (text: string): string[] => text.split('\0').filter((name) => name !== '');
  // Nothing was there before a repository's first commit, nor before a branch that is new to a build server (a commit of zeros).
  const isFirst = /^0{40,64}$/.test(commit) || (commit === 'HEAD' && git('rev-list', '--all', '-n', '1').trim() === '');
  const base = isFirst ? git('hash-object', '-t', 'tree', '--stdin').trim() : git('rev-parse', '--verify', '--end-of-options', `${commit}^{commit}`).trim();
  const paths = [
    ...names(git('diff', '--name-only', '--relative', '-z', base, '--', '.')),
    ...names(git('ls-files', '--others', '--exclude-standard', '-z', '--', '.')),
  ];
  const before = names(git('ls-tree', '--name-only', '-z', base, '--', 'rules/'))
    .filter((name) => name.endsWith('.rules'))
    .flatMap((name) => parseRules(git('show', `${base}:./${name}`)).rules);
  return affectedByChange(before, rulesOf(repository), paths);
}

function rulesOf(repository: Repository): Rule[] {
  return repository.rules.map(({ rule }) => rule);
}

/** Editors write a file in several steps; they are one change. */
const SETTLED_MILLISECONDS = 15;

/** Without its line, which moves with what is written above. */
function keyOf({ path, message }: Repository['problems'][number]): string {
  return `${path} ${message}`;
}

/** Those of files that did not change are the same objects as before. */
function newProblems(before: Repository['problems'], after: Repository['problems']): Repository['problems'] {
  const same = new Set(before);
  const others = after.filter((problem) => !same.has(problem));
  if (others.length === 0) return [];
  const paths = new Set(others.map(({ path }) => path));
  const told = new Set(before.filter(({ path }) => paths.has(path)).map(keyOf));
  return others.filter((problem) => !told.has(keyOf(problem)));
}

/** Times that a thing is done before it is quick. */
const ROUNDS = 5;

/** The first save is to be answered as soon as the next: reads, compares and proves as if a rule had changed, and tells nothing. */
function prepare(repository: Repository, rules: readonly Rule[], relations: RuleRelations, runner: ReturnType<typeof proofRunner>): void {
  const proved = rules.filter(({ sid }) => repository.evidence.has(sid)).slice(0, ROUNDS);
  // Who sets and who asks for a bit is looked for among all rules.
  const bits = [/\bflowbits:\s*set\b/, /\bflowbits:\s*isset\b/].flatMap((pattern) => rules.find(({ text }) => pattern.test(text)) ?? []);
  for (const rule of [...bits, ...proved]) {
    readRulesAgain(repository, []);
    const changed = rules.map((one) => (one === rule ? { ...rule, text: `${rule.text} ` } : one));
    const affected = affectedByChange(rules, changed, [], relations);
    affectedByChange(changed, rules, [], relations);
    if (affected !== undefined) prove(repository, runner, { sids: new Set([rule.sid]), alone: true, relations });
  }
}

/** Until it is interrupted; what was wrong before is not told again. */
async function watchFolder(
  first: Repository,
  folder: string,
  runner: ReturnType<typeof proofRunner>,
  benign: NonNullable<ProveOptions['benign']>,
  verbose: boolean,
): Promise<never> {
  let known = first;
  let rules = rulesOf(first);
  const relations = new RuleRelations(rules);
  const paths = new Set<string>();
  let wake = (): void => {};
  watch(resolve(folder), { recursive: true }, (_event, name) => {
    if (name === null || /(?:^|[\\/])(?:\.git|releases|node_modules)(?:[\\/]|$)|\.tmp$|~$/.test(name)) return;
    paths.add(name.replaceAll('\\', '/'));
    wake();
  });
  prepare(first, rules, relations, runner);
  process.stdout.write(`watching ${folder}\n`);
  for (;;) {
    if (paths.size === 0)
      await new Promise<void>((resolved) => {
        wake = resolved;
      });
    const started = performance.now();
    await sleep(SETTLED_MILLISECONDS);
    const changed = [...paths];
    paths.clear();
    // Evidence and reports are many files: they are read again where one of them changed.
    const opened: Result<Repository> = changed.every((path) => path.startsWith('rules/'))
      ? success(readRulesAgain(known, changed))
      : openRepository(folder, { before: known, changed });
    if (!opened.ok) {
      process.stdout.write(`${opened.message}\n`);
      continue;
    }
    const repository = opened.value;
    const now = rulesOf(repository);
    const sids = affectedByChange(rules, now, changed, relations);
    rules = now;
    if (sids?.size !== 0) {
      const report = prove(repository, runner, { benign, relations, ...(sids === undefined ? {} : { sids, alone: true }) });
      tell(report, verbose);
      process.stdout.write(`${summaryOf(report)}, ${Math.round(performance.now() - started)} ms\n`);
    }
    // The verdict is waited for; what is wrong with numbers and messages of the whole can come behind it.
    for (const problem of newProblems(known.problems, repository.problems)) process.stdout.write(`${problem.path}:${problem.line}: ${problem.message}\n`);
    known = repository;
  }
}
