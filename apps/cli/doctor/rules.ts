/** Rules: the ruleset repository and its place in git, files of rules, a configuration for Suricata. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { buildPlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { openRepository } from '@sigwright/workbench';
import { configurationOf } from '../shared/configuration.ts';
import { checkConfiguration } from '../shared/configuration-check.ts';
import { readYaml } from '../shared/configuration-tree.ts';
import type { RuleProblem } from '../shared/loaded-rules.ts';
import { loadRules } from '../shared/plans.ts';
import { type Finding, Findings } from './findings.ts';

const MOST_NAMED = 5;

export function repositoryFindings(folder: string): readonly Finding[] {
  const found = new Findings('repository');
  const opened = openRepository(folder);
  if (!opened.ok) {
    found.wrong(opened.message, 'docs/ruleset-repository.md says what a repository holds; examples/2024-03-08 is one');
    return found.all;
  }
  const { rules, problems, evidence } = opened.value;
  for (const { path, line, message } of problems.slice(0, MOST_NAMED)) found.wrong(`${path}:${line}: ${message}`, 'correct the file');
  if (problems.length > MOST_NAMED) found.wrong(`${problems.length - MOST_NAMED} more such problems`, `sigwright prove -C ${folder} names them all`);
  const enabled = rules.filter(({ rule }) => rule.enabled);
  const bare = enabled.filter(({ rule }) => (evidence.get(rule.sid)?.fires.length ?? 0) === 0);
  found.good(`${counted(rules.length, 'rule')}, ${enabled.length} of them enabled, in ${folder}`);
  if (bare.length > 0)
    found.note(
      `${counted(bare.length, 'enabled rule')} without evidence`,
      `sigwright synthesize makes traffic that fires them; the first is ${bare[0].rule.sid}`,
    );
  found.all.push(...rulesFindings([...new Set(rules.map(({ path }) => path))].filter(existsSync), 'repository'));
  inGit(found, folder);
  return found.all;
}

function inGit(found: Findings, folder: string): void {
  if (!existsSync(join(folder, '.git'))) {
    found.note('the repository is not in git', 'git init there: then every change made in the workbench is a commit in the name of who made it');
    return;
  }
  try {
    const changed = execFileSync('git', ['-C', folder, 'status', '--porcelain'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
    if (changed === '') found.good('everything in it is committed');
    else
      found.note(
        `${counted(changed.split('\n').length, 'file')} in it are not committed`,
        'commit them: the next change made in the workbench would take them along',
      );
  } catch (problem) {
    const words = String((problem as { stderr?: unknown }).stderr ?? (problem as Error).message);
    if (/dubious ownership/.test(words))
      found.wrong('git refuses the repository, which belongs to another user', `chown it, or: git config --global --add safe.directory ${folder}`);
    else found.wrong(`git can not be asked: ${words.split('\n')[0]}`, 'install git, and see that this user may read the repository');
  }
}

export function rulesFindings(paths: readonly string[], area = 'rules'): readonly Finding[] {
  const found = new Findings(area);
  const there = paths.filter((path) => existsSync(path));
  for (const path of paths.filter((one) => !there.includes(one))) found.wrong(`${path} does not exist`, 'name another by -S, or run `sigwright update`');
  if (there.length === 0) return found.all;
  const { loaded, refused, skipped, problems } = loadRules(there, DEFAULT_SETTINGS);
  if (loaded === 0) found.wrong('none of the rules can be used', 'see below; `sigwright lint` says more');
  else found.good(`${counted(loaded, 'rule')} can be used${skipped > 0 ? `, ${skipped} are not for this engine by their own word` : ''}`);
  if (refused > 0) {
    const first = problems.find(({ diagnostic }) => diagnostic.severity === 'error');
    const where = first === undefined ? '' : `; the first: ${first.path}:${first.line}: ${first.diagnostic.title}`;
    found.note(`${counted(refused, 'rule')} can not be used${where}`, `sigwright lint ${lintOf(there, problems)} says it all`);
  }
  return found.all;
}

/** The files with rules that can not be used, as a command takes them. */
function lintOf(paths: readonly string[], problems: readonly RuleProblem[]): string {
  const broken = new Set(problems.filter(({ diagnostic }) => diagnostic.severity === 'error').map(({ path }) => path));
  const named = paths.filter((path) => broken.has(path));
  return named.length > MOST_NAMED ? `${named.slice(0, MOST_NAMED).join(' ')} …` : named.join(' ');
}

/** Groups that rules could not be loaded with: what a rule on each of them is told. */
function groupFindings(found: Findings, path: string, settings: EngineSettings): void {
  const groups = [
    ...Object.keys(settings.addressGroups).map((name) => ['vars.address-groups', name, `alert ip $${name} any -> any any`]),
    ...Object.keys(settings.portGroups).map((name) => ['vars.port-groups', name, `alert tcp any $${name} -> any any`]),
  ];
  for (const [where, name, header] of groups) {
    const { rules } = parseRules(`${header} (msg:"group"; sid:1;)`);
    const error = buildPlan([{ path: name, rules }], catalogue, settings).problems.flatMap(({ diagnostics }) => diagnostics)[0];
    if (error !== undefined) found.wrong(`${where}.${name}: ${error.title}`, `correct it in ${path}: no rule that names it can be used`);
  }
  for (const name of ['HOME_NET', 'EXTERNAL_NET'])
    if (!Object.hasOwn(settings.addressGroups, name))
      found.note(`vars.address-groups.${name} is not set`, `set it in ${path}: nearly every published rule names it`);
}

export function configurationFindings(path: string): readonly Finding[] {
  const found = new Findings('configuration');
  try {
    const tree = readYaml(path);
    const problems = checkConfiguration(tree);
    for (const { text, fatal } of problems)
      if (fatal === 'yes') found.wrong(text, `correct it in ${path}: no run begins with it`);
      else found.note(text, `correct it in ${path}`);
    const { eves, ruleFiles, settings } = configurationOf(tree, { verifyChecksums: false, inline: false });
    groupFindings(found, path, settings);
    found.good(`${path} can be read: ${counted(ruleFiles.length, 'file')} of rules, ${counted(eves.filter(({ enabled }) => enabled).length, 'EVE output')}`);
    if (!eves.some(({ enabled }) => enabled)) found.note('no EVE output is enabled', 'outputs: - eve-log: enabled: yes; the workbench reads nothing else');
    const missing = ruleFiles.filter((file) => !existsSync(file));
    if (missing.length > 0)
      found.wrong(
        `${missing[0]} is named in it and does not exist${missing.length > 1 ? `, and ${missing.length - 1} more` : ''}`,
        'see default-rule-path and rule-files',
      );
  } catch (problem) {
    found.wrong(`${path} can not be used: ${(problem as Error).message}`, 'suricata -T -c FILE, or `sigwright suricata -T -c FILE`, say more');
  }
  return found.all;
}
