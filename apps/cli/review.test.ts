/** `review` asks sensors when they last saw a rule: from the workbench's store and from EVE files, which have to say the same. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-review-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
cpSync(join(ROOT, 'examples', '2024-03-08'), at('week'), { recursive: true });

const SID = 1240330;
const line = (day: string, sid: number): string =>
  JSON.stringify({
    timestamp: `${day}T10:00:00.000000+0000`,
    event_type: 'alert',
    src_ip: '10.3.8.5',
    dest_ip: '203.0.113.9',
    alert: { signature_id: sid, rev: 1 },
  });
writeFileSync(at('eve.json'), `${line('2024-03-25', SID)}\n${line('2024-03-20', SID)}\n{"event_type":"dns"}\nbroken\n`);

const sigwright = (...args: readonly string[]) => spawnSync(join(ROOT, 'sigwright'), args, { encoding: 'utf8', cwd: folder });
const due = (...args: readonly string[]): unknown => {
  const run = sigwright('review', '-C', 'week', '--today', '2024-04-10', '--json', ...args);
  expect(run.stderr).toBe('');
  return (JSON.parse(run.stdout) as { sid: number; due: string; why: string }[]).find(({ sid }) => sid === SID);
};

test('from a store as from the file that it was filled with', () => {
  expect(sigwright('ingest', '--store', 'store.db', 'eve.json').status).toBe(0);
  const byStore = due('--store', 'store.db');
  expect(byStore).toMatchObject({ due: '2024-04-22', why: expect.stringContaining('seen on 2024-03-25') });
  expect(due('--eve', 'eve.json')).toEqual(byStore);
  expect(due()).toMatchObject({ due: '2024-04-05' });
});

test.each<readonly [why: string, args: readonly string[], said: RegExp]>([
  ['a store that is not there is not made', ['--store', 'none.db'], /none\.db does not exist/],
  ['a file that is no store', ['--store', 'eve.json'], /the store \S+ can not be opened: .* it is no SQLite file/],
  ['an EVE file that is not there', ['--eve', 'none.json'], /none\.json/],
])('%s', (_why, args, said) => {
  const run = sigwright('review', '-C', 'week', ...args);
  expect(run.status).toBe(1);
  expect(run.stderr).toMatch(said);
  expect(run.stderr).not.toMatch(/^\s+at /m);
  expect(existsSync(at('none.db'))).toBe(false);
});
