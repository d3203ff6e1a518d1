/** The weekly community review: written from the reports, or as somebody edited it, which is kept as a file of the repository. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { failure, type Result, success } from '@sigwright/contracts';
import { communityReview, type Principal, postFile, type Repository, writeWhole } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';

export interface CommunityPost {
  readonly day: string;
  /** Markdown */
  readonly text: string;
  readonly isKept: boolean;
  /** of what is kept; '' where nobody kept it yet */
  readonly digest: string;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

export class CommunityDesk {
  readonly #base: DeskBase;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  /** Undefined: `day` is no day. */
  post(day: string): CommunityPost | undefined {
    const repository = this.#base.repository();
    return repository === undefined || !isDay(day) ? undefined : postOf(repository, day);
  }

  /** Days of which a post is kept, newest first. */
  days(): readonly string[] {
    const { folder } = this.#base.options;
    const kept = folder === undefined ? undefined : join(folder, 'community');
    if (kept === undefined || !existsSync(kept)) return [];
    const days = readdirSync(kept).flatMap((name) => /^(\d{4}-\d\d-\d\d)\.md$/.exec(name)?.[1] ?? []);
    return days.sort().reverse();
  }

  /** `text` undefined: the edited one goes, and the reports write it again. `seen`: digest of what was edited. */
  async keep(who: Principal, day: string, text: string | undefined, seen: string): Promise<Result<undefined>> {
    if (!isDay(day)) return failure('post/day', `\`${day.slice(0, 20)}\` is no day`);
    const kept = await this.#base.change(who, `Community review of ${day}`, (repository) => {
      const { digest, isKept } = postOf(repository, day);
      if (digest !== seen) return failure('post/conflict', `somebody else changed the review of ${day} meanwhile`);
      const file = postFile(repository.folder, day);
      if (text === undefined) rmSync(file, { force: true });
      else {
        const failed = writeWhole(file, `${text.replaceAll('\r\n', '\n').trimEnd()}\n`);
        if (failed !== undefined) return failed;
      }
      return success(text !== undefined || isKept);
    });
    if (!kept.ok) return kept;
    if (kept.value) await this.#base.store.people.note(who.name, text === undefined ? 'review written anew' : 'review edited', day);
    return success(undefined);
  }
}

function isDay(day: string): boolean {
  return DAY.test(day) && !Number.isNaN(Date.parse(day));
}

function postOf(repository: Repository, day: string): CommunityPost {
  const isKept = existsSync(postFile(repository.folder, day));
  const text = communityReview(repository, day);
  return { day, text, isKept, digest: isKept ? createHash('sha256').update(text).digest('hex') : '' };
}
