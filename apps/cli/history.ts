/** `sigwright history SID [-C FOLDER]`: the life of a rule from git and rules.lock: every revision with what it changed, every decision. */
import type { Rule } from '@sigwright/contracts';
import { changeLine, changesOf, isShallow, ruleHistory } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright history SID [-C FOLDER]

The life of a rule: every commit that changed it and what it changed, and what reviewers decided.

  -C, --folder FOLDER    a ruleset repository in git (default: this folder)
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, { allowPositionals: true, options: { folder: { type: 'string', short: 'C' } } });
  if (positionals.length !== 1) throw new UsageProblem('name one sid', USAGE);
  const [sid] = sidsOf(positionals, USAGE);
  const repository = repositoryAt(values.folder, 'history');
  if (repository === undefined) return 1;
  const history = ruleHistory(repository.folder, sid);
  if (!history.ok) {
    process.stderr.write(`sigwright history: ${history.message}\n`);
    return 1;
  }
  let before: (typeof history.value)[number]['rule'];
  for (const { commit, date, author, subject, file, rule } of history.value) {
    process.stdout.write(`${date.slice(0, 10)}  ${commit.slice(0, 10)}  ${author}: ${subject}\n`);
    tellChange(before, rule, file);
    before = rule;
  }
  const now = repository.rules.find(({ rule }) => rule.sid === sid);
  const isSame = now === undefined ? before === undefined : before?.text === now.rule.text && before.enabled === now.rule.enabled;
  if (!isSame) {
    process.stdout.write('not committed yet\n');
    tellChange(before, now?.rule, now === undefined ? undefined : `${now.category}.rules`);
  }
  if (isShallow(repository.folder))
    process.stderr.write('sigwright history: this clone is shallow, older commits are not here; git fetch --unshallow brings them\n');
  const locked = repository.lock.rules[String(sid)];
  for (const { date, decision, reason, by, note } of locked?.decisions ?? [])
    process.stdout.write(
      `${date}  decided: ${decision}${reason === '' ? '' : `, ${reason}`}${by === undefined ? '' : `, by ${by}`}${note === undefined ? '' : `: ${note}`}\n`,
    );
  if (history.value.length === 0 && locked === undefined && now === undefined) {
    process.stderr.write(`sigwright history: neither git nor rules.lock knows sid ${sid}\n`);
    return 1;
  }
  return 0;
}

function tellChange(before: Rule | undefined, rule: Rule | undefined, file: string | undefined): void {
  if (rule === undefined) process.stdout.write('    taken away\n');
  else if (before === undefined) process.stdout.write(`    ${rule.message} (${file}), rev ${rule.rev}${rule.enabled ? '' : ', disabled'}\n`);
  else {
    if (before.rev !== rule.rev) process.stdout.write(`    rev ${before.rev} → ${rule.rev}\n`);
    if (before.enabled !== rule.enabled) process.stdout.write(`    ${rule.enabled ? 'enabled' : 'disabled'}\n`);
    for (const change of changesOf(before, rule)) process.stdout.write(`    ${changeLine(change)}\n`);
  }
}
