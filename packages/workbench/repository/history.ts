/** The life of one rule, read from git: every commit that changed its text, oldest first. The repository on disk is left alone. */
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { failure, type Result, type Rule, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';

export interface RuleRevision {
  readonly commit: string;
  /** ISO 8601 */
  readonly date: string;
  readonly author: string;
  readonly subject: string;
  /** name of the file it stood in; undefined where the commit took it away */
  readonly file: string | undefined;
  readonly rule: Rule | undefined;
}

/** Whether commits before the oldest one here are missing: a shallow clone. */
export function isShallow(folder: string): boolean {
  try {
    return (
      execFileSync('git', ['-C', folder, 'rev-parse', '--is-shallow-repository'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() === 'true'
    );
  } catch {
    return false;
  }
}

/** Bytes of git's answer that are read; a rule is a line. */
const LONGEST_ANSWER = 64 * 1024 * 1024;

export function ruleHistory(folder: string, sid: number): Result<readonly RuleRevision[]> {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', maxBuffer: LONGEST_ANSWER, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const log = git('log', '--reverse', '--format=%H%x09%cI%x09%an%x09%s', '-G', `sid: *${sid} *;`, '--', 'rules');
    const revisions: RuleRevision[] = [];
    for (const line of log.split('\n')) {
      const [commit, date, author, ...subject] = line.split('\t');
      if (author === undefined) continue;
      revisions.push({ commit, date, author, subject: subject.join('\t'), ...standing(git, commit, sid) });
    }
    return success(revisions);
  } catch (cause) {
    const said = String((cause as { stderr?: unknown }).stderr ?? (cause as Error).message)
      .trim()
      .split('\n')[0];
    return failure('repository/history', `git can not tell the history: ${said}`, { path: folder, cause });
  }
}

function standing(git: (...args: readonly string[]) => string, commit: string, sid: number): { file: string | undefined; rule: Rule | undefined } {
  let found = '';
  try {
    found = git('grep', '-z', '-E', `sid: *${sid} *;`, commit, '--', 'rules');
  } catch (cause) {
    // Exit 1 is git's word for "no such line".
    if ((cause as { status?: number }).status !== 1) throw cause;
  }
  const [place, text] = found.split('\n')[0].split('\0');
  const [rule] = parseRules(text ?? '').rules;
  return { file: rule === undefined ? undefined : basename(place), rule };
}
