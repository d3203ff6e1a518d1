/** What opening a ruleset repository says of reports that nobody described yet: one line for all of them, not one for each. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRepository } from './repository.ts';

test('reports without report.yaml are told in one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-repository-'));
  try {
    cpSync(join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08'), folder, { recursive: true });
    const before = openRepository(folder);
    if (!before.ok) throw new Error(before.message);
    for (const slug of ['a-one', 'a-two', 'a-three', 'a-four']) mkdirSync(join(folder, 'reports', slug));
    const opened = openRepository(folder);
    if (!opened.ok) throw new Error(opened.message);
    expect(opened.value.reports).toEqual(before.value.reports);
    expect(opened.value.problems).toHaveLength(before.value.problems.length + 1);
    expect(opened.value.problems.map(({ message }) => message).join('\n')).toContain('4 reports without report.yaml');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
