/** The life of a rule where git has all of it, where its file was renamed, where something is not committed yet, and where git has less. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SIGWRIGHT = join(import.meta.dirname, '..', '..', 'sigwright');
const home = mkdtempSync(join(tmpdir(), 'sigwright-history-'));
const whole = join(home, 'whole');
afterAll(() => rmSync(home, { recursive: true, force: true }));

const git = (...args: readonly string[]) => spawnSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=a@example.org', ...args], { cwd: whole });
const rule = (port: number, rev: number): string => `alert tcp any any -> any ${port} (msg:"SW MALWARE one"; content:"one"; sid:1; rev:${rev};)\n`;
function history(folder: string, sid = '1'): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(SIGWRIGHT, ['history', sid, '-C', folder], { encoding: 'utf8' });
  return { status, out: stdout, error: stderr };
}

beforeAll(() => {
  mkdirSync(join(whole, 'rules'), { recursive: true });
  writeFileSync(
    join(whole, 'ruleset.yaml'),
    'name: small\ntitle: Small\nlicence: BSD-3-Clause\ncopyright: nobody\nmessage-prefix: SW\nsid-ranges: [{ from: 1, to: 99 }]\n',
  );
  git('init', '-q');
  for (const [port, rev] of [
    [80, 1],
    [81, 2],
  ]) {
    writeFileSync(join(whole, 'rules', 'malware.rules'), rule(port, rev));
    git('add', '-A');
    git('commit', '-qm', `rev ${rev}`);
  }
  git('mv', 'rules/malware.rules', 'rules/phishing.rules');
  git('commit', '-qm', 'another category');
});

describe('history', () => {
  test('each commit with what it changed, over a renamed file', () => {
    const { status, out, error } = history(whole);
    expect([status, error]).toEqual([0, '']);
    expect(out).toMatch(/Ada: rev 1\n {4}SW MALWARE one \(malware\.rules\), rev 1\n.*Ada: rev 2\n {4}rev 1 → 2\n {4}destination ports? .*80.*81/s);
    expect(out).not.toContain('taken away');
    expect(out).not.toContain('not committed');
  });

  test('what is not committed yet is said, a rule that git never saw too', () => {
    writeFileSync(join(whole, 'rules', 'phishing.rules'), `#${rule(82, 3)}${rule(9, 1).replace('sid:1', 'sid:2')}`);
    expect(history(whole).out).toMatch(/not committed yet\n {4}rev 2 → 3\n {4}disabled\n/);
    expect(history(whole, '2')).toMatchObject({ status: 0, out: expect.stringContaining('not committed yet\n    SW MALWARE one (phishing.rules), rev 1') });
    git('checkout', '-q', '--', '.');
  });

  test('a shallow clone says that it is one; where there is no git, that', () => {
    const shallow = join(home, 'shallow');
    spawnSync('git', ['clone', '-q', '--depth', '1', `file://${whole}`, shallow]);
    expect(history(shallow)).toMatchObject({ status: 0, error: expect.stringContaining('git fetch --unshallow') });
    rmSync(join(shallow, '.git'), { recursive: true });
    expect(history(shallow)).toMatchObject({ status: 1, error: expect.stringContaining('git can not tell the history') });
  });
});
