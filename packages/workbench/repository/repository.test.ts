/** Opening a ruleset repository: reports that nobody described yet are told in one line for all; opened again, only what changed is read. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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

test('opened again with what changed, it is as if it were opened anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-repository-'));
  try {
    cpSync(join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08'), folder, { recursive: true });
    const opened = openRepository(folder);
    if (!opened.ok) throw new Error(opened.message);
    const before = opened.value;
    const [sid, other] = [...before.evidence.keys()];
    const [first] = before.files.keys();
    const changed = [`evidence/${sid}/expect.yaml`, `evidence/${other}/expect.yaml`, `rules/${basename(first)}`];
    appendFileSync(join(folder, changed[0]), '\nnonsense: [\n');
    rmSync(join(folder, 'evidence', String(other)), { recursive: true });
    appendFileSync(first, '\nalert tcp any any -> any any (msg:"twice"; sid:1240301;)\n');
    const again = openRepository(folder, { before, changed });
    const anew = openRepository(folder);
    if (!again.ok || !anew.ok) throw new Error('it does not open');
    expect(again.value.evidence).toEqual(anew.value.evidence);
    expect(again.value.problems).toEqual(anew.value.problems);
    expect(again.value.problems.length).toBeGreaterThan(before.problems.length);
    expect(again.value.rules.map(({ rule, line }) => [rule.text, line])).toEqual(anew.value.rules.map(({ rule, line }) => [rule.text, line]));
    // What did not change was not read again.
    const [kept] = [...before.evidence].filter(([one]) => one !== sid && one !== other);
    expect(again.value.evidence.get(kept[0])).toBe(kept[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
