/**
 * Other numbers for rules that were never released, as two branches need that took the same ones: in the rule, its evidence, the reports
 * and what other evidence shares with it. A number that sensors know stays.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { failure, type Result, success } from '@sigwright/contracts';
import { isMap, isSeq, parseDocument } from 'yaml';
import type { FileToWrite } from './add-rules.ts';
import { writeTogether } from './change.ts';
import type { Repository, RepositoryRule } from './repository.ts';

/** Within `changeRepository`. `free`: numbers that nobody uses, in order. Answers with old and new numbers. */
export function renumber(repository: Repository, sids: readonly number[], free: Iterator<number>): Result<ReadonlyMap<number, number>> {
  const numbers = new Map<number, number>();
  const chosen: RepositoryRule[] = [];
  for (const sid of new Set(sids)) {
    const rules = repository.rules.filter(({ rule }) => rule.sid === sid);
    if (rules.length === 0) return failure('renumber/unknown-sid', `no rule has sid ${sid}`);
    if (rules.length > 1)
      return failure(
        'renumber/twice',
        `two rules have sid ${sid}, and their evidence lies in one folder: take the merge back (git merge --abort), renumber on one of the branches`,
      );
    if (repository.lock.rules[String(sid)]?.released !== undefined)
      return failure('renumber/released', `sid ${sid} was released; sensors know it by its number`);
    if (repository.feedback.some((report) => report.sid === sid)) return failure('renumber/reported', `sid ${sid} has feedback; its number is known`);
    const next = free.next();
    if (next.done === true) return failure('renumber/no-number', 'the ranges in ruleset.yaml have no number left');
    numbers.set(sid, next.value);
    chosen.push(rules[0]);
  }
  const files = new Map<string, string | Uint8Array>();
  for (const [path, list] of Map.groupBy(chosen, (one) => one.path)) {
    const text = withNumbers(readFileSync(path, 'utf8'), list, numbers);
    if (text === undefined) return failure('renumber/changed', `${path} was changed meanwhile; nothing is done`);
    files.set(path, text);
  }
  for (const [path, content] of evidenceFiles(repository, numbers)) files.set(path, content);
  for (const [path, content] of reportFiles(repository, numbers)) files.set(path, content);
  const failed = writeTogether(repository.folder, [...files]);
  if (failed !== undefined) return failed;
  // Killed before this, the old folders are left: evidence of nobody, which the next look at the repository names.
  for (const sid of numbers.keys()) rmSync(join(repository.folder, 'evidence', String(sid)), { recursive: true, force: true });
  return success(numbers);
}

/** Undefined where the file is not as it was read. */
function withNumbers(source: string, rules: readonly RepositoryRule[], numbers: ReadonlyMap<number, number>): string | undefined {
  let text = source;
  // From the end, so that the places before stay.
  for (const { rule } of [...rules].sort((a, b) => b.rule.span.start - a.rule.span.start)) {
    if (!source.startsWith(rule.text, rule.span.start)) return undefined;
    const renumbered = rule.text.replace(/\bsid:(\s*)\d+(\s*);/, (_all, before: string, after: string) => `sid:${before}${numbers.get(rule.sid)}${after};`);
    text = text.slice(0, rule.span.start) + renumbered + text.slice(rule.span.start + rule.text.length);
  }
  return text;
}

/** All of the evidence under the new numbers, and what names it from elsewhere (`../1700056/fires.pcap`). */
function* evidenceFiles({ folder }: Repository, numbers: ReadonlyMap<number, number>): Generator<FileToWrite> {
  const evidence = join(folder, 'evidence');
  const shared = (text: string): string =>
    text.replace(/\.\.\/(\d+)\//g, (all, sid: string) => (numbers.has(Number(sid)) ? `../${numbers.get(Number(sid))}/` : all));
  for (const name of existsSync(evidence) ? readdirSync(evidence) : []) {
    const renumbered = numbers.get(Number(name));
    const at = join(evidence, name);
    const expectations = join(at, 'expect.yaml');
    if (renumbered === undefined) {
      const text = existsSync(expectations) ? readFileSync(expectations, 'utf8') : '';
      if (shared(text) !== text) yield [expectations, shared(text)];
      continue;
    }
    for (const file of readdirSync(at)) {
      const bytes = readFileSync(join(at, file));
      const content = file === 'expect.yaml' ? shared(bytes.toString('utf8')).replace(/^sid:\s*\d+/m, `sid: ${renumbered}`) : bytes;
      yield [join(evidence, String(renumbered), file), content];
    }
  }
}

function* reportFiles({ folder, reports }: Repository, numbers: ReadonlyMap<number, number>): Generator<FileToWrite> {
  for (const { slug, rules } of reports) {
    if (!rules.some(({ sid }) => numbers.has(sid))) continue;
    const path = join(folder, 'reports', slug, 'report.yaml');
    const document = parseDocument(readFileSync(path, 'utf8'));
    const list = document.get('rules');
    for (const item of isSeq(list) ? list.items : []) {
      const next = isMap(item) ? numbers.get(Number(item.get('sid'))) : undefined;
      if (isMap(item) && next !== undefined) item.set('sid', next);
    }
    yield [path, document.toString({ lineWidth: 0 })];
  }
}
