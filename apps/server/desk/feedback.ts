/** Feedback on rules: what people report about them, tried on the rule as it is now, and the answers to it. */
import { failure, type Result, success } from '@sigwright/contracts';
import { answerFeedback, type FeedbackReceipt, type FeedbackReport, feedbackStatus, LARGEST_SLICE, type Principal, takeFeedback } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';
import type { CaptureDesk } from './captures.ts';

/** A report as its reporter and the reviewers see it. */
export interface FeedbackEntry {
  readonly reference: string;
  readonly sid: number;
  readonly rev?: number;
  readonly kind: string;
  readonly reporter: string;
  /** ISO day */
  readonly date: string;
  readonly comment: string;
  /** of trying it */
  readonly outcome: string;
  /** what came of it */
  readonly status: string;
  readonly answered: boolean;
}

export class FeedbackDesk {
  readonly #base: DeskBase;
  readonly #captures: CaptureDesk;

  constructor(base: DeskBase, captures: CaptureDesk) {
    this.#base = base;
    this.#captures = captures;
  }

  /** Newest first. */
  list(): readonly FeedbackEntry[] {
    const repository = this.#base.repository();
    return (repository?.feedback ?? [])
      .map((one) => ({
        reference: one.file.replace(/\.yaml$/, ''),
        sid: one.sid,
        ...(one.rev === undefined ? {} : { rev: one.rev }),
        kind: one.kind,
        reporter: one.reporter,
        date: one.date,
        comment: one.comment,
        outcome: one.outcome ?? 'not tried',
        status: feedbackStatus(repository!, one),
        answered: one.answer !== undefined,
      }))
      .reverse();
  }

  /**
   * A report about a rule: tried on the slice that came with it, or on the packets of the newest alert of `host`, and kept in the
   * repository, where the review queue sees it.
   */
  async add(who: Principal, { host, ...report }: Omit<FeedbackReport, 'reporter'> & { readonly host?: string }): Promise<Result<FeedbackReceipt>> {
    const { options, store } = this.#base;
    const { runner } = options;
    if (runner === undefined) return failure('desk/no-repository', 'there is no engine to try reports with');
    const slice = report.slice ?? (host === undefined ? undefined : await this.#packetsOf(report.sid, host));
    const taken = await this.#base.change(who, `Feedback on ${report.sid}: ${report.kind.replaceAll('_', ' ')}`, (repository) =>
      takeFeedback(repository, { ...report, ...(slice === undefined ? {} : { slice }), reporter: who.name }, runner(), this.#base.today(), {
        sliceNeeded: false,
      }),
    );
    if (taken.ok && taken.value.fresh) await store.people.note(who.name, 'feedback', String(report.sid), { ...report, slice: slice?.length ?? 0 });
    return taken;
  }

  /** Accepted, a slice becomes evidence of the rule; either way whoever reported it can read what came of it. */
  async answer(who: Principal, reference: string, decision: 'accepted' | 'declined', note: string): Promise<Result<undefined>> {
    const answered = await this.#base.change(
      who,
      `Feedback ${reference} ${decision}`,
      (repository) => answerFeedback(repository, { reference, decision, note, by: who.name, today: this.#base.today() }) ?? success(undefined),
    );
    if (answered.ok) await this.#base.store.people.note(who.name, `feedback ${decision}`, reference);
    return answered;
  }

  /** base64 */
  async #packetsOf(sid: number, host: string): Promise<string | undefined> {
    const [alert] = (await this.#base.store.alertRecords({ sid, host }, 1)).slice(0, 1);
    const packets = alert === undefined ? undefined : await this.#captures.packetsOf(alert);
    return packets === undefined || packets.length > LARGEST_SLICE ? undefined : Buffer.from(packets).toString('base64');
  }
}
