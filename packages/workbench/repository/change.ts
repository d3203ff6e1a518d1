/**
 * One change of a ruleset repository at a time, whoever makes it: two reviewers at two terminals, a server and a release. Whoever
 * changes something holds `.sigwright/lock` meanwhile and reads the repository anew, so that nobody writes over what another has just
 * written. The lock is that of an empty SQLite database: the operating system lets go of it however its holder ends, so that none is
 * ever left over. It is as good as the file system's locks are: on some network file systems that is not at all.
 */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Failure, failure, type Result } from '@sigwright/contracts';
import { openRepository, type Repository, writeWhole } from './repository.ts';

/** Milliseconds to wait for another change to end; a release of a large ruleset takes minutes. */
const PATIENCE = 300_000;
const PAUSE = 25;
/** Milliseconds after which whoever waits is told why. */
const TELL_AFTER = 1000;

export interface ChangeOptions {
  /** milliseconds to wait for another change to end */
  readonly patience?: number;
  /** called once, where it takes longer */
  readonly onWait?: () => void;
}

/** Opens the repository for a change; what `change` gives is given. Nothing is done where rules.lock can not be believed. */
export async function changeRepository<Value>(
  folder: string,
  change: (repository: Repository) => Result<Value> | Promise<Result<Value>>,
  { patience = PATIENCE, onWait }: ChangeOptions = {},
): Promise<Result<Value>> {
  if (!existsSync(join(folder, 'ruleset.yaml'))) return openRepository(folder) as Failure;
  const held = await hold(folder, patience, onWait);
  if (!('close' in held)) return held;
  try {
    finishRenames(folder);
    removeLeftovers(folder);
    const opened = openRepository(folder);
    if (!opened.ok) return opened;
    const broken = opened.value.lockBroken ? opened.value.problems.find(({ path }) => path.endsWith('rules.lock')) : undefined;
    if (broken !== undefined) return failure('repository/lock', `${broken.path}:${broken.line}: ${broken.message}`, { path: broken.path });
    return await change(opened.value);
  } finally {
    held.close();
  }
}

async function hold(folder: string, patience: number, onWait: (() => void) | undefined): Promise<DatabaseSync | Failure> {
  const own = join(folder, '.sigwright');
  let database: DatabaseSync;
  try {
    // Nothing in it belongs into git.
    const failed = existsSync(join(own, '.gitignore')) ? undefined : writeWhole(join(own, '.gitignore'), '*\n');
    if (failed !== undefined) throw failed.cause;
    database = new DatabaseSync(join(own, 'lock'));
    database.exec('pragma busy_timeout = 0');
  } catch (cause) {
    return failure('repository/hold', `${own} is needed for changes and can not be written: ${(cause as Error).message}`, { path: own, cause });
  }
  for (let waited = 0; ; waited += PAUSE) {
    try {
      database.exec('begin exclusive');
      return database;
    } catch (cause) {
      if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY || waited >= patience) {
        database.close();
        const busy = (cause as { errcode?: number }).errcode === SQLITE_BUSY;
        return failure('repository/busy', busy ? `${folder} is being changed by somebody else; try again` : `${own}/lock: ${(cause as Error).message}`, {
          cause,
        });
      }
      if (waited === TELL_AFTER) onWait?.();
      await sleep(PAUSE);
    }
  }
}

const SQLITE_BUSY = 5;

/**
 * Writes several files, all or none: each beside its place, then a list of the renames to come, then the renames. Killed before the
 * list stands, nothing has changed; killed behind it, the next change makes the renames that are left.
 */
export function writeTogether(folder: string, files: readonly (readonly [path: string, content: string | Uint8Array])[]): Failure | undefined {
  const renames = files.map(([path]): readonly [string, string] => [`${path}.${process.pid}.tmp`, path]);
  let at = '';
  try {
    for (const [index, [path, content]] of files.entries()) {
      at = path;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(renames[index][0], content, { flush: true });
    }
    at = join(folder, RENAMES);
    const failed = writeWhole(at, JSON.stringify(renames.map((pair) => pair.map((path) => relative(folder, path)))));
    if (failed !== undefined) throw failed.cause;
  } catch (cause) {
    for (const [temporary] of renames) rmSync(temporary, { force: true });
    return failure('repository/write', `${at} could not be written, nothing is changed: ${(cause as Error).message}`, { path: at, cause });
  }
  try {
    finishRenames(folder);
    return undefined;
  } catch (cause) {
    return failure('repository/write', `the change is not finished, the next one will do it first: ${(cause as Error).message}`, { path: folder, cause });
  }
}

const RENAMES = join('.sigwright', 'renames.json');

function finishRenames(folder: string): void {
  const list = join(folder, RENAMES);
  if (!existsSync(list)) return;
  for (const [temporary, path] of JSON.parse(readFileSync(list, 'utf8')) as [string, string][])
    if (existsSync(join(folder, temporary))) renameSync(join(folder, temporary), join(folder, path));
  rmSync(list);
}

/** What a change that was killed had begun to write. Who holds the lock is the only one who writes. */
function removeLeftovers(folder: string): void {
  for (const name of globSync(['*.tmp', '{rules,feedback,releases}/*.tmp', '{evidence,reports}/*/*.tmp'], { cwd: folder }))
    if (LEFTOVER.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Behind the name the process that wrote it; see `writeWhole` and `writeRelease`. */
const LEFTOVER = /\.\d+\.tmp$/;
