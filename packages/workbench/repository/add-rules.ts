/**
 * New rules → the ruleset repository: each behind those of its category, with its evidence, and whatever else comes with them, in one
 * change: all of it or nothing. A number that is or was used and evidence that is there are refused; nothing is written over.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, failure } from '@sigwright/contracts';
import { writeTogether } from './change.ts';
import type { Repository } from './repository.ts';

export interface NewRule {
  readonly sid: number;
  readonly text: string;
  /** files of evidence/<sid>/ by name */
  readonly evidence?: ReadonlyMap<string, Uint8Array | string>;
}

export type FileToWrite = readonly [path: string, content: string | Uint8Array];

/** Where rules of a category stand; `category` in any case. */
export function rulesFileOf(repository: Repository, category: string): string {
  return join(repository.folder, 'rules', `${category.toLowerCase()}.rules`);
}

/** Within `changeRepository`. `more`: files that are changed with them. */
export function addRules(repository: Repository, category: string, rules: readonly NewRule[], more: readonly FileToWrite[] = []): Failure | undefined {
  const taken = new Set([...repository.rules.map(({ rule }) => rule.sid), ...Object.keys(repository.lock.rules).map(Number)]);
  const files: FileToWrite[] = [];
  for (const { sid, evidence } of rules) {
    if (taken.has(sid)) return failure('rule/conflict', `sid ${sid} is taken`);
    taken.add(sid);
    if (evidence === undefined) continue;
    const folder = join(repository.folder, 'evidence', String(sid));
    if (existsSync(folder)) return failure('rule/conflict', `${folder} is there already`, { path: folder });
    for (const [name, content] of evidence) files.push([join(folder, name), content]);
  }
  const path = rulesFileOf(repository, category);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  files.push(...more, [path, `${before}${gap}${rules.map(({ text }) => text).join('\n')}\n`]);
  return writeTogether(repository.folder, files);
}
