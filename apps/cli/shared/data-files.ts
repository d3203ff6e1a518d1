/** Files that rules name (sets, lists of digests): looked for beside the rules, then in the folder of data; sets are saved to the latter. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { dataSetsToSave } from '@sigwright/catalogue';
import type { DataFiles, EngineSettings } from '@sigwright/contracts';
import { at, isYes, type Tree } from './configuration.ts';
import { scriptLimitsOf } from './lua-settings.ts';

export function dataFilesOf(tree: Tree, ruleFiles: readonly string[], dataFolder: string, absolute?: (path: string) => void): DataFiles {
  const rules = at(tree, 'default-rule-path');
  const folders = [...new Set([...ruleFiles.map((path) => dirname(path)), dataFolder, ...(typeof rules === 'string' ? [rules] : []), '.'])];
  return {
    read(path) {
      for (const candidate of isAbsolute(path) ? [path] : folders.map((folder) => join(folder, path)))
        if (existsSync(candidate)) return readFileSync(candidate);
      return undefined;
    },
    mayWrite: isYes(at(tree, 'datasets.rules.allow-write'), true),
    mayBeAbsolute: isYes(at(tree, 'datasets.rules.allow-absolute-filenames'), false),
    ...(absolute === undefined ? {} : { absolute }),
  };
}

/** For verbs that read rules once: files that rules name, and what scripts among them may do. */
export function withFilesOfRules(settings: EngineSettings, tree: Tree, ruleFiles: readonly string[]): EngineSettings {
  return { ...settings, dataFiles: dataFilesOf(tree, ruleFiles, '.'), scripts: { ...settings.scripts, ...scriptLimitsOf(tree) } };
}

/** What rules put into their sets, for the next run. */
export function saveDataSets(settings: EngineSettings, dataFolder: string): void {
  for (const { path, lines } of dataSetsToSave(settings)) {
    const target = isAbsolute(path) ? path : join(dataFolder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, lines.map((line) => `${line}\n`).join(''));
  }
}
