/** The reports of `--engine-analysis`: the examples of the user guide's chapter, and what turns a report off. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Tree } from './configuration-tree.ts';
import { writeEngineAnalysis } from './engine-analysis.ts';
import { loadRules } from './plans.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-analysis-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function analysed(options: string, configuration = '{}'): string {
  const folder = mkdtempSync(join(root, 'run-'));
  const path = join(folder, 'a.rules');
  writeFileSync(path, `alert tcp any any -> any any (${options} sid:1;)\n`);
  const rules = loadRules([path], DEFAULT_SETTINGS, { cache: false });
  expect(writeEngineAnalysis(rules.plan, rules.loaded, folder, false, parse(configuration) as Tree)).toBeUndefined();
  return folder;
}

test.each<readonly [options: string, told: readonly string[]]>([
  ['content:"Volume Serial Number";', ['set: no', 'only set: no', 'chop set: no', 'Content negated: no', 'Original content: Volume Serial Number']],
  ['content:"abc"; content:"defghi";', ['set: no', 'Original content: defghi', 'Final content: defghi']],
  ['content:"abc"; fast_pattern:only; content:"defghi";', ['Fast pattern set: yes', 'only set: yes', 'Final content: abc']],
  ['content:"abc"; fast_pattern; content:"defghi";', ['Fast pattern set: yes', 'only set: no', 'Final content: abc']],
  ['content:"abc"; fast_pattern:1,2; content:"defghi";', ['chop set: yes', 'offset, length: 1, 2', 'Original content: abc', 'Final content: bc']],
  ['content:"a|00|bc"; fast_pattern:1,2;', ['Original content: a|00|bc', 'Final content: |00|b']],
  ['http.uri; content:!"abc";', ['matcher: http_uri', 'Content negated: yes']],
  ['flow:established;', ['No Fast Pattern present']],
])('%s', (options, told) => {
  const text = readFileSync(join(analysed(options), 'rules_fast_pattern.txt'), 'utf8');
  expect(text).toMatch(/^== Sid: 1 ==\n/);
  for (const line of told) expect(text).toContain(line);
});

test('reports that the configuration does not want are not written', () => {
  expect(readdirSync(analysed('content:"a";', 'engine-analysis: { rules: no, rules-fast-pattern: no }')).sort()).toEqual(['a.rules', 'rules.json']);
});
