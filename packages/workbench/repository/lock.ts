/** rules.lock: what each SID was when it was last released. A changed rule needs a new `rev`; a SID is never reused, a rule never just vanishes. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Failure, Rule } from '@sigwright/contracts';
import { stringify } from 'yaml';
import { type Lock, type Repository, type RepositoryProblem, writeWhole } from './repository.ts';

/** Digest of what a rule does: blanks between options, `rev` and lifecycle metadata do not count. */
export function ruleHash(rule: Rule): string {
  const body = rule.options
    .filter((option) => option.name !== 'rev' && option.name !== 'metadata')
    .map((option) => `${option.name}:${option.value ?? ''}`)
    .join(';');
  const header = [rule.action, rule.protocol, rule.source.text, rule.sourcePorts.text, rule.direction, rule.destination.text, rule.destinationPorts.text].join(
    ' ',
  );
  return createHash('sha256').update(`${header} ${body}`).digest('hex').slice(0, 32);
}

export function checkLock(repository: Repository): readonly RepositoryProblem[] {
  const problems: RepositoryProblem[] = [];
  const present = new Set<string>();
  for (const one of repository.rules) {
    const key = String(one.rule.sid);
    present.add(key);
    const locked = repository.lock.rules[key];
    if (locked === undefined) continue;
    const say = (message: string): void => {
      problems.push({ path: one.path, line: one.line, message });
    };
    if (one.rule.rev < locked.rev) say(`sid ${key}: rev ${one.rule.rev} is below the released rev ${locked.rev}`);
    else if (ruleHash(one.rule) !== locked.hash && one.rule.rev === locked.rev) say(`sid ${key}: the rule changed but rev is still ${locked.rev}; raise it`);
  }
  for (const key of Object.keys(repository.lock.rules)) {
    if (!present.has(key))
      problems.push({ path: join(repository.folder, 'rules.lock'), line: 1, message: `sid ${key} was released and is gone; retire it instead of removing it` });
  }
  return problems;
}

export function writeLock(folder: string, lock: Lock): Failure | undefined {
  const sorted = Object.fromEntries(Object.entries(lock.rules).sort(([a], [b]) => Number(a) - Number(b)));
  return writeWhole(
    join(folder, 'rules.lock'),
    `# Written by sigwright: what each SID was when it was released, and what was decided since.\n${stringify({ rules: sorted })}`,
  );
}
