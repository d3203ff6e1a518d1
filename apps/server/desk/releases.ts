/** Releases of the ruleset: made, listed with their change logs and files, and the rules that each holds. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { type Result, success } from '@sigwright/contracts';
import { buildRelease, type Principal, type ReleaseRule, releasedVersions, rulesOfRelease, writeRelease, writtenRules } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';

export interface Release {
  readonly version: string;
  readonly changelog: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** The rules as they stand in the repository, released or not. */
export const TODAY = 'today';
const LONGEST_CHANGELOG = 200_000;

export class ReleaseDesk {
  readonly #base: DeskBase;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  /** Newest first. */
  list(): readonly Release[] {
    if (this.#base.options.folder === undefined) return [];
    const folder = join(this.#base.options.folder, 'releases');
    return releasedVersions(this.#base.options.folder).map((name) => {
      const changelog = join(folder, name, 'changelog.txt');
      const files = readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const path = join(entry.parentPath, entry.name);
          return { path: path.slice(join(folder, name).length + 1), bytes: statSync(path).size };
        });
      return {
        version: name,
        changelog: existsSync(changelog) ? readFileSync(changelog, 'utf8').slice(0, LONGEST_CHANGELOG) : '',
        files: files.sort((a, b) => a.path.localeCompare(b.path)),
      };
    });
  }

  /** Rules of a release, or of `today`; undefined: there is no such release. */
  rulesOf(version: string): readonly ReleaseRule[] | undefined {
    if (version === TODAY) {
      const repository = this.#base.repository();
      return repository === undefined ? undefined : writtenRules(repository);
    }
    if (!this.list().some((one) => one.version === version)) return undefined;
    return rulesOfRelease(join(this.#base.options.folder!, 'releases', version));
  }

  async make(who: Principal, version: string): Promise<Result<undefined>> {
    const { classifications } = this.#base.options;
    const made = await this.#base.change(who, `Release ${version}`, async (repository) => {
      const built = await buildRelease(repository, { version, date: this.#base.today(), classifications, catalogue });
      return built.ok ? (writeRelease(repository, version, built.value) ?? built) : built;
    });
    if (!made.ok) return made;
    await this.#base.store.people.note(who.name, 'release', version, { rules: made.value.rules });
    return success(undefined);
  }
}
