/**
 * What lies in the rules of a release: the rules, and the lines that are none (comments, classes, references, licences), compared
 * with those of another release. Maps say of each rule what the rule says and are left out, and so is the line that dates a file.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRules } from '@sigwright/rule-language';
import type { ReleaseRule } from './compare.ts';

export interface ReleaseContent {
  readonly rules: readonly ReleaseRule[];
  /** file → its lines that are no rules, blank ones left out */
  readonly lines: ReadonlyMap<string, readonly string[]>;
}

/** A line and the files that it came to, or went from. */
export interface LineChange {
  readonly line: string;
  readonly files: readonly string[];
}

export interface LineDifference {
  readonly added: readonly LineChange[];
  readonly removed: readonly LineChange[];
}

export const NO_LINES: LineDifference = { added: [], removed: [] };

const OF_RELEASES = /\.(?:rules|config|conf|txt)$|^LICENSE$/;

/** Reads a release folder or a folder of rules; empty where it is not there. */
export function readRelease(folder: string): ReleaseContent {
  const base = existsSync(join(folder, 'rules')) ? join(folder, 'rules') : folder;
  if (!existsSync(base)) return { rules: [], lines: new Map() };
  const stamp = join(folder, 'version.txt');
  const files = readdirSync(base, { withFileTypes: true }).filter((entry) => !entry.isDirectory() && OF_RELEASES.test(entry.name));
  const names = files.map(({ name }) => name).sort();
  return contentOf(
    names.map((name) => [name, readFileSync(join(base, name), 'utf8')]),
    existsSync(stamp) ? readFileSync(stamp, 'utf8').trim() : '',
  );
}

export function rulesOfRelease(folder: string): ReleaseRule[] {
  return [...readRelease(folder).rules];
}

/** `files`: names within the folder of rules, and texts. `version`: of the release; comments that name it are left out. */
export function contentOf(files: Iterable<readonly [name: string, text: string]>, version: string): ReleaseContent {
  const rules: ReleaseRule[] = [];
  const lines = new Map<string, readonly string[]>();
  for (const [file, text] of files) {
    if (!OF_RELEASES.test(file)) continue;
    const others: string[] = [];
    let from = 0;
    const take = (end: number): void => {
      for (const line of text.slice(from, end).split('\n')) if (!/^[#\s]*$/.test(line)) others.push(line.trim());
    };
    if (file.endsWith('.rules')) {
      for (const rule of parseRules(text).rules) {
        rules.push({ rule, file });
        take(rule.span.start);
        from = rule.span.end;
      }
    }
    take(text.length);
    const dated = (line: string): boolean => version !== '' && (line === version || (line.startsWith('#') && line.split(/[\s,]+/).includes(version)));
    lines.set(
      file,
      others.filter((line) => !dated(line)),
    );
  }
  return { rules, lines };
}

/**
 * In order of the first file and of place in it; the same line of several files is told once. What a new or a removed file has in
 * common with another one of the other release (a licence above its rules) is no news.
 */
export function compareLines(before: ReleaseContent, after: ReleaseContent): LineDifference {
  return { added: onlyIn(after, before), removed: onlyIn(before, after) };
}

function onlyIn(one: ReleaseContent, other: ReleaseContent): readonly LineChange[] {
  const found = new Map<string, Set<string>>();
  const known = new Set([...other.lines.values()].flat().map(bare));
  for (const [file, lines] of one.lines) {
    const there = other.lines.get(file);
    const left = new Map<string, number>();
    for (const line of there ?? []) left.set(line, (left.get(line) ?? 0) + 1);
    for (const line of lines) {
      const count = left.get(line) ?? 0;
      if (count > 0) left.set(line, count - 1);
      else if (there !== undefined || !known.has(bare(line))) found.set(line, (found.get(line) ?? new Set()).add(file));
    }
  }
  return [...found].map(([line, files]) => ({ line, files: [...files] }));
}

/** A licence stands in its own file as it is, and above rules as a comment. */
function bare(line: string): string {
  return line.replace(/^#\s*/, '');
}
