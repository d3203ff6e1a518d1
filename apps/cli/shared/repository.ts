/** Opens the ruleset repository that a verb works on, and says what is wrong with it. */
import type { Result } from '@sigwright/contracts';
import { changeRepository, openRepository, type Repository } from '@sigwright/workbench';
import { InputProblem } from './arguments.ts';

/** Undefined after a message on standard error. */
export function repositoryAt(folder: string | undefined, verb: string): Repository | undefined {
  const opened = openRepository(folder ?? '.');
  if (!opened.ok) {
    process.stderr.write(`sigwright ${verb}: ${opened.message}\n${folder === undefined ? `name the folder: sigwright ${verb} -C FOLDER\n` : ''}`);
    return undefined;
  }
  for (const problem of opened.value.problems) process.stderr.write(`${problem.path}:${problem.line}: ${problem.message}\n`);
  return opened.value;
}

/** A change of the repository that nobody else makes at the same time; who has to wait is told. */
export function changing<Value>(
  folder: string,
  verb: string,
  change: (repository: Repository) => Result<Value> | Promise<Result<Value>>,
): Promise<Result<Value>> {
  return changeRepository(folder, change, {
    onWait: () => void process.stderr.write(`sigwright ${verb}: ${folder} is being changed by somebody else; waiting\n`),
  });
}

/** Today, or the day given: the only place where verbs learn the date. */
export function dayOf(given: string | undefined): string {
  if (given === undefined) return new Date().toISOString().slice(0, 10);
  const time = /^\d{4}-\d{2}-\d{2}$/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== given) throw new InputProblem(`\`${given}\` is no day: write YYYY-MM-DD`);
  return given;
}
