/** Retro-hunts: new rules over the archive of captures, begun and cancelled. */
import { randomUUID } from 'node:crypto';
import { failure, type Result, success } from '@sigwright/contracts';
import { type HuntItem, insideOf, type Principal } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';
import { rulesIn } from './rules.ts';

export interface HuntWanted {
  readonly title: string;
  readonly rules: string;
  /** what $HOME_NET is: as the server has it where left out */
  readonly networks?: string;
}

export class HuntDesk {
  readonly #base: DeskBase;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  /** Rules over the archive; workers do it. */
  async begin(who: Principal, wanted: HuntWanted): Promise<Result<number>> {
    const { options, store } = this.#base;
    const { archive } = options;
    if (archive === undefined) return failure('hunt/no-archive', 'there is no archive to hunt in: start the server with --nats and --archive');
    const read = rulesIn(wanted.rules);
    if (!read.ok) return read;
    if (wanted.networks !== undefined && insideOf(wanted.networks) === undefined)
      return failure('hunt/networks', `\`${wanted.networks}\` is no list of networks`);
    let captures: readonly HuntItem[];
    try {
      captures = await archive();
    } catch (problem) {
      return failure('hunt/archive', (problem as Error).message);
    }
    const job = await store.hunts.begin({ ...wanted, key: randomUUID(), by: who.name, items: captures });
    await store.people.note(who.name, 'hunt', String(job), { title: wanted.title, rules: read.value.length, captures: captures.length });
    return success(job);
  }

  async cancel(who: Principal, job: number): Promise<Result<undefined>> {
    const { store } = this.#base;
    if ((await store.hunts.cancel(job)) === undefined) return failure('hunt/none', `hunt ${job} does not run`);
    await store.people.note(who.name, 'hunt cancelled', String(job));
    return success(undefined);
  }
}
