/**
 * What `sigwright draft` is given → a draft: a report (file or standard input), a capture, or what `sigwright intake CAPTURE --json`
 * wrote of one, which a person may have shortened to what belongs to the threat.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Draft, type DraftOptions, draftCandidates, draftRules, type ReportReading } from '@sigwright/workbench';
import { InputProblem } from './arguments.ts';
import { candidatesOf, isCapture } from './capture-intake.ts';
import { intakeOptions, type ReadingAbout, readingOf } from './report.ts';

/** `reading` is undefined where the draft is of a capture. */
export interface SourcedDraft {
  readonly draft: Draft;
  readonly reading?: ReportReading;
}

export async function draftOf(path: string, about: ReadingAbout, options: DraftOptions): Promise<SourcedDraft> {
  const isFile = path !== '-' && existsSync(path) && statSync(path).isFile();
  if (isFile && isCapture(path)) {
    const { found, problem } = await candidatesOf(path);
    if (problem !== undefined) process.stderr.write(`${path}: ${problem.message}; what came before is used\n`);
    return { draft: draftCandidates(found.list(), { ...options, intake: intakeOptions(about) }) };
  }
  const written = isFile && path.endsWith('.json') ? writtenCandidates(path) : undefined;
  if (written !== undefined) return { draft: draftCandidates(written, { ...options, intake: intakeOptions(about) }) };
  const reading = await readingOf(path, about);
  return { draft: draftRules(reading, options), reading };
}

/** Undefined where the file is something else than candidates of a capture. */
function writtenCandidates(path: string): readonly { readonly kind: string; readonly value: string }[] | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null || !('candidates' in content) || !('capture' in content)) return undefined;
  const { candidates } = content;
  if (!Array.isArray(candidates)) throw new InputProblem(`${path}: \`candidates\` is no list`);
  return candidates.map((one: unknown, at) => {
    const { kind, value } = (one ?? {}) as { kind?: unknown; value?: unknown };
    if (typeof kind !== 'string' || typeof value !== 'string') throw new InputProblem(`${path}: candidate ${at + 1} has no \`kind\` and \`value\``);
    return { kind, value };
  });
}
