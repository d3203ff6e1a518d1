/**
 * The files around the rules: which belong to the set, what the configuration says, where a variable is set, which other files name a
 * rule. Reads, never writes.
 */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings } from '@sigwright/contracts';
import type { EditorEnvironment, Located } from '@sigwright/editor';
import { formatRules, openRepository, type Repository, suffixList } from '@sigwright/workbench';
import { configurationOf } from '../cli/shared/configuration.ts';
import { readYaml } from '../cli/shared/configuration-tree.ts';

export interface ServerOptions {
  /** a suricata.yaml; one in the workspace is found by itself */
  readonly configuration?: string;
  /** the oldest Suricata that must load the rules */
  readonly target?: string;
  /** lints left out everywhere */
  readonly allow?: readonly string[];
}

/** Larger files are no rules and no documents. */
const LARGEST_FILE = 64 * 1024 * 1024;
const LARGEST_DOCUMENT = 1024 * 1024;
const MOST_FILES = 5000;
const LEFT_OUT = /(?:^|[\\/])(?:node_modules|\.git|out|dist)(?:[\\/]|$)/;
const OURS = join(import.meta.dirname, '..', 'cli', 'suricata.yaml');

export interface Workspace {
  readonly folders: readonly string[];
  readonly settings: EngineSettings;
  readonly environment: EditorEnvironment;
  /** the first folder that is a ruleset repository */
  readonly repository: Repository | undefined;
  /** what of the configuration could not be read */
  readonly problems: readonly string[];
}

export function readWorkspace(folders: readonly string[], options: ServerOptions): Workspace {
  const problems: string[] = [];
  const repository = folders.map((folder) => openRepository(folder)).find((one) => one.ok);
  const settings = settingsOf(folders, options, problems);
  const networks = repository?.ok ? repository.value.settings.networks : {};
  const all = { ...settings, addressGroups: { ...settings.addressGroups, ...networks } };
  return {
    folders,
    settings: all,
    repository: repository?.ok ? repository.value : undefined,
    problems,
    environment: {
      catalogue,
      settings: all,
      registrableDomain: suffixList(),
      format: (text) => formatRules(text).text,
      allow: new Set(options.allow ?? []),
      ...(options.target === undefined ? {} : { target: options.target }),
      ...(folders.length === 0 ? { part: true } : {}),
      ...(repository?.ok ? { sidRanges: repository.value.settings['sid-ranges'] } : {}),
    },
  };
}

function settingsOf(folders: readonly string[], { configuration }: ServerOptions, problems: string[]): EngineSettings {
  const found = configuration ?? folders.map((folder) => join(folder, 'suricata.yaml')).find((path) => existsSync(path));
  if (found !== undefined) {
    try {
      return configurationOf(readYaml(found), { verifyChecksums: true, inline: false }).settings;
    } catch (problem) {
      problems.push(`${found} could not be read: ${(problem as Error).message}`);
    }
  }
  return configurationOf(readYaml(OURS), { verifyChecksums: true, inline: false }).settings;
}

/** Addresses of files below the folders by ending, those of build folders left out. */
export function filesBelow(folders: readonly string[], endings: readonly string[]): string[] {
  const found: string[] = [];
  for (const folder of folders) {
    for (const ending of endings) {
      for (const path of globSync(`**/*${ending}`, { cwd: folder, exclude: (name) => LEFT_OUT.test(name) })) {
        if (!LEFT_OUT.test(path)) found.push(join(folder, path));
        if (found.length >= MOST_FILES) return found;
      }
    }
  }
  return found;
}

export function uriOf(path: string): string {
  return pathToFileURL(path).href;
}

/** Path of a file on this machine; undefined for what is kept elsewhere, or nowhere yet. */
export function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
}

/** One address for one file: editors escape more or less of it. */
export function ownUri(uri: string): string {
  const path = pathOf(uri);
  return path === undefined ? uri : uriOf(path);
}

export function isBelow(folders: readonly string[], path: string): boolean {
  return folders.some((folder) => {
    const way = relative(folder, path);
    return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  });
}

/** Text of a file; undefined where it is gone, too large or no file. */
export function textOf(path: string, largest = LARGEST_FILE): string | undefined {
  try {
    return statSync(path).size > largest ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const DOCUMENTS = ['.yaml', '.yml', '.lock', '.conf', '.config', '.md'];

/** Places in configurations, evidence, reports and the lock that name a rule by its number. */
export function placesOfSid(folders: readonly string[], sid: string): (Located & { readonly text: string })[] {
  return placesOf(folders, new RegExp(`(?<![\\w.])${sid}(?![\\w.])`, 'g'), DOCUMENTS);
}

/** Where a variable is set: `NAME:` in a YAML file. */
export function placesOfVariable(folders: readonly string[], name: string): (Located & { readonly text: string })[] {
  return placesOf(folders, new RegExp(`(?<=^[ \\t]+)${name}(?=[ \\t]*:)`, 'gm'), ['.yaml', '.yml']);
}

function placesOf(folders: readonly string[], pattern: RegExp, endings: readonly string[]): (Located & { readonly text: string })[] {
  const found: (Located & { text: string })[] = [];
  for (const path of filesBelow(folders, endings)) {
    const text = textOf(path, LARGEST_DOCUMENT);
    if (text === undefined) continue;
    for (const match of text.matchAll(pattern)) found.push({ path: uriOf(path), span: { start: match.index, end: match.index + match[0].length }, text });
  }
  return found;
}
