/** Which files of rules `lint` and `format` work on: those that are named, else all of a ruleset repository. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type RulesetSettings, readSettings } from '@sigwright/workbench';
import { InputProblem, UsageProblem } from './arguments.ts';

export interface RulesFiles {
  readonly paths: readonly string[];
  /** of the repositories that the files lie in; empty where they lie in none */
  readonly rulesets: readonly RulesetSettings[];
}

/** `named` goes before `folder`; with neither, this folder, where it is a ruleset repository. */
export function rulesFilesOf(folder: string | undefined, named: readonly string[], usage: string): RulesFiles {
  if (folder !== undefined && named.length > 0) throw new UsageProblem('name files, or a ruleset repository (-C FOLDER), not both', usage);
  if (named.length > 0) {
    const roots = new Set(named.filter((path) => path !== '-').map((path) => dirname(dirname(resolve(path)))));
    const found = [...roots].filter((root) => existsSync(join(root, 'ruleset.yaml'))).map((root) => readSettings(root));
    return { paths: named, rulesets: found.flatMap((one) => (one.ok ? [one.value] : [])) };
  }
  const root = folder ?? '.';
  if (folder === undefined && !existsSync(join(root, 'ruleset.yaml'))) throw new UsageProblem('name rules files, or a ruleset repository: -C FOLDER', usage);
  const settings = readSettings(root);
  if (!settings.ok) throw new InputProblem(settings.message);
  const rules = join(root, 'rules');
  const names = existsSync(rules) ? readdirSync(rules).filter((name) => name.endsWith('.rules')) : [];
  return { paths: names.sort().map((name) => join(rules, name)), rulesets: [settings.value] };
}
