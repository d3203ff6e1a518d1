/**
 * What everything at the desk works on: the store, the clock, and the ruleset repository, which is read again where it changed, and changed
 * by one person at a time.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, failure, type Result } from '@sigwright/contracts';
import { changeRepository, openRepository, type Principal, type Repository, type Store } from '@sigwright/workbench';
import type { DeskOptions } from './options.ts';

/** Milliseconds for which the repository on disk is taken to be as it was read. */
const FRESH = 10_000;
/** Milliseconds that somebody at a page waits for another's change. */
const PATIENCE = 20_000;

export class DeskBase {
  readonly options: DeskOptions;
  readonly store: Store;
  #repository: { readonly at: number; readonly value: Repository | undefined; readonly stamps: ReadonlyMap<string, string> } | undefined = undefined;
  #changes = 0;

  constructor(options: DeskOptions) {
    this.options = options;
    this.store = options.store;
  }

  now(): number {
    return (this.options.now ?? Date.now)();
  }

  today(): string {
    return this.options.today?.() ?? new Date(this.now()).toISOString().slice(0, 10);
  }

  repository(): Repository | undefined {
    const { folder } = this.options;
    if (folder === undefined) return undefined;
    if (this.#repository === undefined || this.now() - this.#repository.at > FRESH) {
      const stamps = stampsOf(join(folder, 'rules'));
      const { value: before, stamps: known } = this.#repository ?? {};
      // Files of rules that did not change are not read again: they may be of many megabytes.
      const changed = [...stamps].filter(([name, stamp]) => known?.get(name) !== stamp).map(([name]) => `rules/${name}`);
      const evidence = [...(before?.evidence.keys() ?? [])].map((sid) => `evidence/${sid}`);
      const opened = openRepository(folder, before === undefined ? undefined : { before, changed: [...changed, ...evidence] });
      this.#repository = { at: this.now(), value: opened.ok ? opened.value : undefined, stamps };
    }
    return this.#repository.value;
  }

  /** How many changes of the repository were made from here, or tried: what holds of one state of it compares this number. */
  get changes(): number {
    return this.#changes;
  }

  /** Nobody else changes the repository meanwhile; what `change` did is committed. */
  async change<Value>(who: Principal, message: string, change: (repository: Repository) => Result<Value> | Promise<Result<Value>>): Promise<Result<Value>> {
    const { folder } = this.options;
    if (folder === undefined) return failure('desk/no-repository', 'there is no ruleset repository');
    try {
      return await changeRepository(
        folder,
        async (repository) => {
          const changed = await change(repository);
          return changed.ok ? (this.commit(who, message) ?? changed) : changed;
        },
        { patience: PATIENCE },
      );
    } finally {
      this.#repository = undefined;
      this.#changes++;
    }
  }

  /** Where the repository is in git, a change becomes a commit in the name of who made it. */
  commit(who: Principal, message: string): Failure | undefined {
    const { folder } = this.options;
    if (folder === undefined || !existsSync(join(folder, '.git'))) return undefined;
    const name = who.name.replace(/[<>\n]/g, '');
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', folder, '-c', `user.name=${name}`, '-c', `user.email=${encodeURIComponent(name)}@sigwright.invalid`, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    try {
      git('add', '-A');
      if (git('status', '--porcelain').trim() !== '') git('commit', '-q', '-m', message);
      return undefined;
    } catch (cause) {
      return failure('desk/commit', `the change is on disk and could not be committed: ${(cause as Error).message.split('\n')[0]}`, { cause });
    }
  }
}

/** What a file's bytes can not change without: by its name. */
function stampsOf(folder: string): ReadonlyMap<string, string> {
  const stamps = new Map<string, string>();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const { size, mtimeNs, ctimeNs, ino } = statSync(join(folder, name), { bigint: true });
    stamps.set(name, `${size} ${mtimeNs} ${ctimeNs} ${ino}`);
  }
  return stamps;
}
