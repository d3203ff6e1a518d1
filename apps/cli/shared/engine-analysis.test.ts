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

function analysed(options: string | readonly string[], configuration = '{}'): string {
  const folder = mkdtempSync(join(root, 'run-'));
  const path = join(folder, 'a.rules');
  const each = typeof options === 'string' ? [options] : options;
  writeFileSync(path, each.map((one, at) => `alert tcp any any -> any any (${one} sid:${at + 1};)\n`).join(''));
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
  expect(readdirSync(analysed('content:"a";', 'engine-analysis: { rules: no, rules-fast-pattern: no }')).sort()).toEqual([
    'a.rules',
    'patterns.json',
    'rules.json',
  ]);
});

test('patterns in use: by buffer, with the rules that have them and those whose fast pattern they are', () => {
  const folder = analysed([
    'flow:established,to_server; http.method; content:"POST"; fast_pattern; http.uri; content:"/a/long/one"; nocase;',
    'flow:established,to_server; http.uri; content:"/a/long/one"; nocase;',
    'content:"a|00|bc"; content:"a|00|bc"; distance:4; content:!"no";',
    'dsize:1;',
  ]);
  const { buffers } = JSON.parse(readFileSync(join(folder, 'patterns.json'), 'utf8'));
  expect(buffers).toEqual([
    { name: 'http_method', patterns: [pattern('POST', 4, 1, 1)] },
    { name: 'http_uri', patterns: [pattern('/a/long/one', 11, 2, 1, 'nocase')] },
    { name: 'payload', patterns: [pattern('a|00|bc', 4, 1, 1), pattern('no', 2, 1, 0, 'negated')] },
  ]);
});

function pattern(text: string, patlen: number, cnt: number, mpm: number, ...flags: readonly string[]): object {
  return { pattern: text, patlen, cnt, mpm, flags };
}
