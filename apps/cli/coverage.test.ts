/** `sigwright coverage` as it is typed: every kind of question, with its exit code. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const WEEK = join(root, 'examples', '2024-03-08');
const RULES = join(WEEK, 'rules', 'malware.rules');

function coverage(input: string, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'apps', 'cli', 'main.ts'), 'coverage', '-S', RULES, ...options], {
    encoding: 'utf8',
    input,
  });
  return { status, out: stdout, error: stderr };
}

test.each<readonly [why: string, options: readonly string[], status: number, out: RegExp]>([
  ['a defanged domain', ['blockchain-newtech[.]com'], 0, /\(domain\): 2 rules/],
  ['a digest', ['a0a3ab98d2cf869aec830a98d4be2dfa'], 0, /\(md5\): 3 rules/],
  ['a URL of no rule', ['http://nowhere.example/none'], 1, /\(url\): not covered/],
  ['a capture', ['-r', join(WEEK, 'evidence', '1240301', 'request.pcap'), '--home-net', '10.3.8.0/24'], 0, /fires\s+1240301/],
  ['a draft in quotes', ['alert http any any -> any any (msg:"x"; http.uri; content:"/bot/data"; sid:1;)'], 0, /overlapping\s+1240301/],
  ['lines of standard input, as JSON', ['-', '--json'], 0, /"what":"x\.example".*"covered":false[\s\S]*"covered":true/],
])('%s', (_why, options, status, out) => {
  const ran = coverage('x.example\nblockchain-newtech.com\n', ...options);
  expect(ran.out).toMatch(out);
  expect({ status: ran.status, error: ran.error }).toEqual({ status, error: '' });
});

test('nothing to look for: exit 2', () => {
  expect(coverage('').status).toBe(2);
});
