/** The weekly community review: written from the reports, or as somebody edited it, which is kept as a file of the repository. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { failure, type Result, success } from '@sigwright/contracts';
import { communityReview, type Principal, postFile, writeWhole } from '@sigwright/workbench';
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
    if (repository === undefined || !DAY.test(day) || Number.isNaN(Date.parse(day))) return undefined;
    const isKept = existsSync(postFile(repository.folder, day));
    const text = communityReview(repository, day);
    return { day, text, isKept, digest: isKept ? createHash('sha256').update(text).digest('hex') : '' };
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
    const before = this.post(day);
    if (before === undefined) return failure('post/day', `\`${day.slice(0, 20)}\` is no day, or there is no ruleset repository`);
    if (before.digest !== seen) return failure('post/conflict', `somebody else changed the review of ${day} meanwhile`);
    const file = postFile(this.#base.options.folder!, day);
    if (text === undefined) rmSync(file, { force: true });
    const failed =
      (text === undefined ? undefined : writeWhole(file, `${text.replaceAll('\r\n', '\n').trimEnd()}\n`)) ??
      this.#base.commit(who, `Community review of ${day}`);
    if (failed !== undefined) return failed;
    await this.#base.store.people.note(who.name, text === undefined ? 'review written anew' : 'review edited', day);
    return success(undefined);
  }
}
