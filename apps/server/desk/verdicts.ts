/** Verdicts on alerts: set and taken back. */
import { failure, type Result, success } from '@sigwright/contracts';
import { type Principal, type VerdictRequest, verdictLacks } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';

const DAY = 86_400_000;

export class VerdictDesk {
  readonly #base: DeskBase;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  async set(who: Principal, request: Omit<VerdictRequest, 'by' | 'expires'> & { readonly days?: number }): Promise<Result<number>> {
    const lacks = verdictLacks(request);
    if (lacks !== undefined) return failure('verdict/incomplete', lacks);
    const { store } = this.#base;
    const { days, ...rest } = request;
    const id = await store.addVerdict({ ...rest, by: who.name, ...(days === undefined ? {} : { expires: this.#base.now() + days * DAY }) });
    await store.people.note(who.name, 'verdict', String(id), request);
    return success(id);
  }

  async takeBack(who: Principal, id: number): Promise<Result<undefined>> {
    const { store } = this.#base;
    if (!(await store.takeBackVerdict(id, who.name))) return failure('verdict/none', `there is no verdict ${id} that could be taken back`);
    await store.people.note(who.name, 'verdict taken back', String(id));
    return success(undefined);
  }
}
