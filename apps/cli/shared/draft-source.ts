/** What `sigwright draft` is given → a draft: a report (file or standard input). */
import { type Draft, type DraftOptions, draftRules } from '@sigwright/workbench';
import { type ReadingAbout, readingOf } from './report.ts';

export async function draftOf(path: string, about: ReadingAbout, options: DraftOptions): Promise<Draft> {
  return draftRules(await readingOf(path, about), options);
}
