/**
 * A release in the layout that ET's users know, byte for byte the same whenever it is built from the same repository, version and
 * date: the rules as they are written, and a folder for each engine with them in its words (see rule-folder.ts), beside version,
 * changelogs and a manifest that answers for every file.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileText } from '@sigwright/bytes';
import { type Catalogue, type Classification, type Failure, failure, type Result, success } from '@sigwright/contracts';
import { checkLock, ruleHash, writeLock } from '../repository/lock.ts';
import type { Repository } from '../repository/repository.ts';
import { changelogMarkdown, changelogText, compareReleases, enginesMarkdown, type ReleaseDifference, type ReleaseRule } from './compare.ts';
import { type EngineSet, rulesForEngines } from './engines.ts';
import { digest, manifestOf } from './manifest.ts';
import { compareLines, contentOf, NO_LINES, readRelease } from './release-content.ts';
import { ruleFolder } from './rule-folder.ts';
import { signBytes } from './signature.ts';

export interface ReleaseRequest {
  readonly version: string;
  /** ISO date: the only time that enters the files */
  readonly date: string;
  readonly classifications: ReadonlyMap<string, Classification>;
  /** what engines know; rules are put into the words of those that ruleset.yaml names */
  readonly catalogue: Catalogue;
  /** PKCS#8 PEM of an Ed25519 key: archives and manifest are signed with it */
  readonly signingKey?: string;
}

export interface ReleaseResult {
  /** path within the release → content */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly difference: ReleaseDifference;
  readonly previous: string | undefined;
  readonly engines: readonly EngineSet[];
  readonly rules: number;
  readonly enabled: number;
}

export const MANIFEST = 'manifest.json';
const VERSION_FORM = /^[0-9A-Za-z][0-9A-Za-z._-]*$/;

/** The rules as they stand in the repository, each in the file in which a release has it. */
export function writtenRules({ settings, rules }: Repository): ReleaseRule[] {
  return rules.map(({ rule, category }) => ({ rule, file: `${settings.name}-${category}.rules` })).sort((a, b) => a.rule.sid - b.rule.sid);
}

export async function buildRelease(repository: Repository, request: ReleaseRequest): Promise<Result<ReleaseResult>> {
  if (!VERSION_FORM.test(request.version)) return failure('release/version', `\`${request.version}\` is no version that a folder can be named after`);
  const wrong = [...repository.problems, ...checkLock(repository)];
  if (wrong.length > 0) return failure('release/problems', wrong.map((one) => `${one.path}:${one.line}: ${one.message}`).join('\n'));
  const { title } = repository.settings;
  const written = writtenRules(repository);
  const engines = rulesForEngines(repository, written, request.catalogue);
  const files = new Map<string, Uint8Array>();
  const published: string[] = [];
  const text = (path: string, content: string): void => {
    files.set(path, new TextEncoder().encode(content));
  };
  for (const { engine, rules } of [{ engine: '', rules: written }, ...engines]) {
    const made = await ruleFolder(repository, { ...request, engine, rules });
    const place = engine === '' ? '' : `${engine}/`;
    for (const [path, bytes] of made.files) files.set(`${place}${path}`, bytes);
    published.push(...made.published.map((path) => `${place}${path}`));
  }
  text('version.txt', `${request.version}\n`);
  const previous = previousRelease(repository.folder, request.version);
  const before = previous === undefined ? undefined : readRelease(join(repository.folder, 'releases', previous));
  const difference = compareReleases(before?.rules ?? [], written);
  // Everything is new in a first release; of its licence nobody needs to be told.
  const lines = before === undefined ? NO_LINES : compareLines(before, contentOf(textsOf(files), request.version));
  const heading = `${title} ${request.version} of ${request.date}`;
  text('changelog.txt', changelogText(difference, `Results of ${heading}`, lines));
  text('changelog.md', changelogMarkdown(difference, heading, thanksFor(repository, difference), lines) + enginesMarkdown(engines));
  const manifest = manifestOf(repository, written, files, { version: request.version, date: request.date, previous, engines });
  text(MANIFEST, `${JSON.stringify(manifest, undefined, 1)}\n`);
  for (const path of [...published, MANIFEST]) {
    const bytes = files.get(path)!;
    text(`${path}.md5`, `${digest('md5', bytes)}\n`);
    text(`${path}.sha256`, `${digest('sha256', bytes)}  ${basename(path)}\n`);
    if (request.signingKey === undefined) continue;
    const signature = signBytes(bytes, request.signingKey, `file:${path} version:${request.version} date:${request.date}`);
    if (!signature.ok) return signature;
    text(`${path}.minisig`, signature.value);
  }
  return success({ files, difference, previous, engines, rules: written.length, enabled: written.filter(({ rule }) => rule.enabled).length });
}

/** Files below `rules/` by their names there. */
function* textsOf(files: ReadonlyMap<string, Uint8Array>): Iterable<readonly [string, string]> {
  for (const [path, bytes] of files) if (path.startsWith('rules/')) yield [path.slice('rules/'.length), fileText(bytes)];
}

/** Who is credited in the reports behind new rules. */
function thanksFor({ reports }: Repository, { added }: ReleaseDifference): readonly string[] {
  const fresh = new Set(added.map(({ rule }) => rule.sid));
  return [...new Set(reports.filter(({ rules }) => rules.some(({ sid }) => fresh.has(sid))).flatMap(({ credits }) => credits.map(({ handle }) => handle)))];
}

/**
 * Puts a built release into `releases/<version>/`, whole or not at all, and brings the lock up to date. The lock is written when all
 * files lie ready and before they get their name: what sensors can fetch is always locked, wherever this is killed.
 */
export function writeRelease(repository: Repository, version: string, release: ReleaseResult): Failure | undefined {
  const target = join(repository.folder, 'releases', version);
  if (existsSync(target)) {
    const same = [...release.files].every(([path, bytes]) => existsSync(join(target, path)) && Buffer.compare(readFileSync(join(target, path)), bytes) === 0);
    if (!same)
      return failure('release/exists', `releases/${version} is there already and differs; a release never changes, take a new version`, { path: target });
    return lockRelease(repository, version);
  }
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    for (const [path, bytes] of release.files) {
      mkdirSync(dirname(join(temporary, path)), { recursive: true });
      writeFileSync(join(temporary, path), bytes, { flush: true });
    }
    const failed = lockRelease(repository, version);
    if (failed === undefined) renameSync(temporary, target);
    else rmSync(temporary, { recursive: true, force: true });
    return failed;
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    return failure('release/write', `releases/${version} could not be written: ${(cause as Error).message}`, { path: target, cause });
  }
}

function lockRelease(repository: Repository, version: string): Failure | undefined {
  const rules = { ...repository.lock.rules };
  for (const { rule, category } of repository.rules) {
    const key = String(rule.sid);
    rules[key] = {
      ...rules[key],
      decisions: rules[key]?.decisions ?? [],
      rev: rule.rev,
      hash: ruleHash(rule),
      message: rule.message,
      category,
      released: rules[key]?.released ?? version,
    };
  }
  return writeLock(repository.folder, { rules });
}

/** Released versions, newest first by natural order; half-written ones are passed over. */
export function releasedVersions(folder: string): readonly string[] {
  const base = join(folder, 'releases');
  if (!existsSync(base)) return [];
  const order = new Intl.Collator('en', { numeric: true });
  return readdirSync(base)
    .filter((name) => VERSION_FORM.test(name) && !name.endsWith('.tmp') && existsSync(join(base, name, 'version.txt')))
    .sort((a, b) => order.compare(b, a));
}

function previousRelease(folder: string, version: string): string | undefined {
  const order = new Intl.Collator('en', { numeric: true });
  return releasedVersions(folder).find((name) => order.compare(name, version) < 0);
}
