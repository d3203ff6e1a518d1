/** Reports: what one says, and the rules that are drafted from it. */
import { catalogue, refang } from '@sigwright/catalogue';
import { buildRuleCoverage, type Draft, draftRules, freeSids, type ReportReading, readReport } from '@sigwright/workbench';
import type { DeskBase } from './base.ts';

export class ReportDesk {
  readonly #base: DeskBase;

  constructor(base: DeskBase) {
    this.#base = base;
  }

  /** What a report says, and rules drafted from it. Nothing is written, no link is followed. */
  read(text: string): { readonly reading: ReportReading; readonly draft: Draft } {
    const reading = readReport(text, { definitions: catalogue.indicators, refang });
    const repository = this.#base.repository();
    if (repository === undefined) return { reading, draft: { rules: [], skipped: [] } };
    const sids = freeSids(repository);
    const draft = draftRules(reading, {
      prefix: repository.settings['message-prefix'],
      nextSid: () => sids.next().value ?? undefined,
      date: this.#base.today(),
      coverage: buildRuleCoverage(repository.rules.map(({ rule }) => rule)),
    });
    return { reading, draft };
  }
}
