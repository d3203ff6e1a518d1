/**
 * Proofs of every rule of the repository against its evidence: begun here, or made elsewhere and handed in. They hold until somebody
 * changes the repository.
 */
import { failure, type Result, success } from '@sigwright/contracts';
import { beginProof, type Principal, type ProofReport, proofOf, prove, type Repository } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';

/** Milliseconds between looks at a job that workers do. */
const LOOK_EVERY = 1000;

export class ProofDesk {
  readonly #base: DeskBase;
  #kept: { readonly report: ProofReport; readonly changes: number } | undefined = undefined;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  /** The newest proofs; undefined: nothing was proved since the last change. */
  report(): ProofReport | undefined {
    return this.#kept?.changes === this.#base.changes ? this.#kept.report : undefined;
  }

  keep(report: ProofReport): void {
    this.#kept = { report, changes: this.#base.changes };
  }

  /** Proves every rule against its evidence, as a job. */
  async begin(who: Principal): Promise<Result<number>> {
    const { options, store } = this.#base;
    const { runner } = options;
    const repository = this.#base.repository();
    if (repository === undefined || runner === undefined) return failure('desk/no-repository', 'there is no ruleset repository to prove');
    const note = (): Promise<void> => store.people.note(who.name, 'prove', repository.settings.name);
    if (options.workers === true) {
      const job = await beginProof(store, repository, { by: who.name });
      await note();
      void this.#await(job, repository);
      return success(job);
    }
    const { id } = await store.job('prove', who.name, async () => {
      const report = prove(repository, runner());
      this.keep(report);
      const good = report.rules.filter((one) => one.ok).length;
      return `${good} of ${report.rules.length} rules proved on ${report.captures} captures`;
    });
    await note();
    return success(id);
  }

  /** A job whose end another server saw, or that was given up, changes nothing here. */
  async #await(job: number, repository: Repository): Promise<void> {
    const { store } = this.#base;
    try {
      while (await store.hunts.anyRuns(job)) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY).unref());
      if ((await store.hunts.list()).find((one) => one.job === job)?.state === 'done') this.keep(await proofOf(store, job, repository));
    } catch {
      // The store was closed: the server ends.
    }
  }
}
