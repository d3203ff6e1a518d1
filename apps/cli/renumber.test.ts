/** Two branches that took the same numbers: one of them takes others, with all that hangs on them, and then both merge and prove. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const home = mkdtempSync(join(tmpdir(), 'sigwright-renumber-'));
const folder = join(home, 'week');
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (program: string, ...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(program, args, { encoding: 'utf8', cwd: folder });
const sigwright = (...args: readonly string[]): ReturnType<typeof run> => run(join(ROOT, 'sigwright'), ...args);
const git = (...args: readonly string[]): ReturnType<typeof run> => run('git', '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args);
const rules = (): string => readFileSync(at('rules', 'malware.rules'), 'utf8');

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(ROOT, 'examples', '2024-03-08'), folder, { recursive: true });
});

describe('renumber', () => {
  test('rule, evidence, what shares it, and report go along; the other branch keeps its numbers', () => {
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    git('commit', '-qm', 'week');
    const taken = Number(/is (\d+) now/.exec(sigwright('renumber', '1240301').stdout)?.[1]);
    git('checkout', '-q', '--', '.');
    git('clean', '-qfd');
    writeFileSync(at('rules', 'malware.rules'), `${rules()}alert tcp any any -> any any (msg:"SW MALWARE other"; content:"other"; sid:${taken}; rev:1;)\n`);
    git('commit', '-qam', 'they took the number');
    const theirs = git('rev-parse', 'HEAD').stdout.trim();
    git('reset', '-q', '--hard', 'HEAD~1');
    const sharing = at('evidence', '1240302', 'expect.yaml');
    writeFileSync(sharing, `${readFileSync(sharing, 'utf8')}# as in ../1240301/request.pcap and ../12403011/a.pcap\n`);

    const done = sigwright('renumber', '1240301', '--beside', theirs);
    const now = Number(/^1240301 is (\d+) now\n$/.exec(done.stdout)?.[1]);
    expect(now).toBeGreaterThan(taken);
    expect(rules()).toContain(`sid:${now};`);
    expect(rules()).not.toContain('sid:1240301;');
    expect(existsSync(at('evidence', '1240301'))).toBe(false);
    expect(readFileSync(at('evidence', String(now), 'expect.yaml'), 'utf8')).toContain(`sid: ${now}`);
    expect(readFileSync(sharing, 'utf8')).toContain(`as in ../${now}/request.pcap and ../12403011/a.pcap`);
    expect(readFileSync(at('reports', '2024-03-08-marioloader', 'report.yaml'), 'utf8')).toContain(`sid: ${now}`);
    expect(sigwright('prove', String(now))).toMatchObject({ status: 0, stdout: expect.stringContaining('1 of 1 rule proved') });
  }, 60_000);

  test.each<readonly [why: string, args: readonly string[], status: number, says: string]>([
    ['no number', [], 2, 'name the rules'],
    ['an unknown rule', ['7'], 1, 'no rule has sid 7'],
    ['a branch that is none', ['1240301', '--beside', '--output=x'], 2, "--beside' argument is ambiguous"],
    ['a commit that is none', ['1240301', '--beside', 'nowhere'], 1, 'git knows no commit or branch `nowhere`'],
  ])('refuses %s', (_why, args, status, says) => {
    const before = rules();
    expect(sigwright('renumber', ...args)).toMatchObject({ status, stderr: expect.stringContaining(says) });
    expect(rules()).toBe(before);
  });

  test('a number that was released, or stands twice, stays', () => {
    writeFileSync(
      at('rules', 'malware.rules'),
      `${rules()}${rules()
        .split('\n')
        .find((line) => line.includes('sid:1240302;'))}\n`,
    );
    expect(sigwright('renumber', '1240302').stderr).toContain('take the merge back');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(ROOT, 'examples', '2024-03-08'), folder, { recursive: true });
    expect(sigwright('release', '--version', '1', '--date', '2024-03-08').status).toBe(0);
    expect(sigwright('renumber', '1240301').stderr).toContain('sensors know it by its number');
  }, 60_000);
});
