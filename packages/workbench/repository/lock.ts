/** rules.lock: what each SID was when it was last released. A changed rule needs a new `rev`; a SID is never reused, a rule never just vanishes. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure, Rule } from '@sigwright/contracts';
import { stringify } from 'yaml';
import { LOCK_END, type Lock, type Repository, type RepositoryProblem, writeWhole } from './repository.ts';

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
    if (locked.message !== undefined && !sameSubject(locked.message, one.rule.message))
      say(`sid ${key} was released as "${locked.message}" and now stands for something else; a number is not used again`);
    else if (one.rule.rev < locked.rev) say(`sid ${key}: rev ${one.rule.rev} is below the released rev ${locked.rev}`);
    else if (ruleHash(one.rule) !== locked.hash && one.rule.rev === locked.rev) say(`sid ${key}: the rule changed but rev is still ${locked.rev}; raise it`);
  }
  for (const [key, { message = '' }] of Object.entries(repository.lock.rules)) {
    if (present.has(key)) continue;
    const path = join(repository.folder, 'rules.lock');
    const named = message === '' ? '' : ` (${message})`;
    problems.push({ path, line: lineOf(path, key), message: `sid ${key}${named} was released and is gone; take its line back from git, and retire it` });
  }
  return problems;
}

/** Line of a number in the lock. */
function lineOf(path: string, key: string): number {
  return (existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []).findIndex((line) => line.trim() === `"${key}":`) + 1 || 1;
}

/** Words that every message of a category shares say nothing about what a rule is for. */
const SHARED_WORDS = 2;

/** Whether two messages speak of the same thing: behind ruleset and category they share a word, or one of them has nothing else. */
function sameSubject(before: string, after: string): boolean {
  const words = (message: string): string[] =>
    message
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== '')
      .slice(SHARED_WORDS);
  const old = words(before);
  const now = new Set(words(after));
  return old.length === 0 || now.size === 0 || old.some((word) => now.has(word));
}

export function writeLock(folder: string, lock: Lock): Failure | undefined {
  return writeWhole(...lockFile(folder, lock));
}

/** The same content is the same bytes, in whatever order it was put together. YAML's end mark shows that nothing was cut off. */
export function lockFile(folder: string, lock: Lock): readonly [path: string, content: string] {
  const rules = Object.fromEntries(
    Object.entries(lock.rules)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([sid, { rev, hash, released, category, message, decisions, proposal }]) => [
        sid,
        {
          rev,
          hash,
          ...(released === undefined ? {} : { released }),
          category,
          ...(message === undefined ? {} : { message }),
          decisions: decisions.map(inOrder),
          ...(proposal === undefined ? {} : { proposal: { ...inOrder(proposal), ...(proposal.hash === undefined ? {} : { hash: proposal.hash }) } }),
        },
      ]),
  );
  return [
    join(folder, 'rules.lock'),
    `# Written by sigwright: what each SID was when it was released, and what was decided since.\n${stringify({ rules })}${LOCK_END}`,
  ];
}

type Decided = Lock['rules'][string]['decisions'][number];

function inOrder({ date, decision, reason, note, by }: Decided): Decided {
  return { date, decision, reason, ...(note === undefined ? {} : { note }), ...(by === undefined ? {} : { by }) };
}
