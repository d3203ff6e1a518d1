/** Files that rules name (sets, lists of digests): looked for beside the rules, then in the folder of data; sets are saved to the latter. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { dataSetsToSave } from '@sigwright/catalogue';
import type { DataFiles, EngineSettings } from '@sigwright/contracts';
import { configurationOf } from './configuration.ts';
import { at, isYes, readYaml, setValue, type Tree } from './configuration-tree.ts';
import { scriptLimitsOf } from './lua-settings.ts';

/** Which files were read, to tell whether one of them is another one since. */
export class FilesRead {
  readonly #read = new Map<string, string>();

  add(path: string): void {
    this.#read.set(path, stampOf(path));
  }

  paths(): readonly string[] {
    return [...this.#read.keys()];
  }

  /** What the file system says of them now, as one text. */
  state(): string {
    return this.paths()
      .map((path) => `${path} ${stampOf(path)}`)
      .join('\n');
  }

  haveChanged(): boolean {
    for (const [path, stamp] of this.#read) if (stampOf(path) !== stamp) return true;
    return false;
  }
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}

export function dataFilesOf(
  tree: Tree,
  ruleFiles: readonly string[],
  dataFolder: string,
  { absolute, files }: { readonly absolute?: (path: string) => void; readonly files?: FilesRead | undefined } = {},
): DataFiles {
  const rules = at(tree, 'default-rule-path');
  const folders = [...new Set([...ruleFiles.map((path) => dirname(path)), dataFolder, ...(typeof rules === 'string' ? [rules] : []), '.'])];
  return {
    read(path) {
      for (const candidate of isAbsolute(path) ? [path] : folders.map((folder) => join(folder, path))) {
        // One that is not there yet may come.
        files?.add(candidate);
        if (existsSync(candidate)) return readFileSync(candidate);
      }
      return undefined;
    },
    mayWrite: isYes(at(tree, 'datasets.rules.allow-write'), true),
    mayBeAbsolute: isYes(at(tree, 'datasets.rules.allow-absolute-filenames'), false),
    ...(absolute === undefined ? {} : { absolute }),
  };
}

/** For verbs that read rules once: files that rules name, and what scripts among them may do. */
export function withFilesOfRules(settings: EngineSettings, tree: Tree, ruleFiles: readonly string[], files?: FilesRead): EngineSettings {
  return { ...settings, dataFiles: dataFilesOf(tree, ruleFiles, '.', { files }), scripts: { ...settings.scripts, ...scriptLimitsOf(tree) } };
}

export function ourTree(): Tree {
  return readYaml(join(import.meta.dirname, '..', 'suricata.yaml'));
}

/** As the engine is set where nobody says otherwise, for rules that stand in these files. */
export function ourSettings(
  ruleFiles: readonly string[],
  {
    verifyChecksums,
    homeNet,
    files,
    tree = ourTree(),
  }: { readonly verifyChecksums: boolean; readonly homeNet?: string | undefined; readonly files?: FilesRead; readonly tree?: Tree },
): EngineSettings {
  if (homeNet !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${homeNet}`);
  return withFilesOfRules(configurationOf(tree, { verifyChecksums, inline: false }).settings, tree, ruleFiles, files);
}

/** What rules put into their sets, for the next run. */
export function saveDataSets(settings: EngineSettings, dataFolder: string): void {
  for (const { path, lines } of dataSetsToSave(settings)) {
    const target = isAbsolute(path) ? path : join(dataFolder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, lines.map((line) => `${line}\n`).join(''));
  }
}
