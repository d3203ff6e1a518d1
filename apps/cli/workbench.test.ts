/** `workbench --static` as it is called: one page with its own policy, with what it was given, and what it says where it can not. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-static-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function call(...args: string[]): { status: number | null; out: string; problem: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'apps', 'cli', 'main.ts'), 'workbench', ...args], { encoding: 'utf8' });
  return { status, out: stdout, problem: stderr };
}

test('one file: the rules and the capture are in it, no other script than its own may run, and nothing may be connected to', () => {
  const rules = join(folder, 'own.rules');
  writeFileSync(rules, 'alert http $HOME_NET any -> any any (msg:"</textarea><script>alert(1)</script>"; http.uri; content:"/x"; sid:1;)\n');
  const capture = join(root, 'examples', '2024-03-08', 'week.pcap');
  const made = call('--static', join(folder, 'site'), '-S', rules, '-r', capture, '-C', join(root, 'examples', '2024-03-08'), '--home-net', '10.3.8.0/24');
  expect(made).toMatchObject({ status: 0, problem: '' });
  expect(readdirSync(join(folder, 'site'))).toEqual(['index.html']);
  const page = readFileSync(join(folder, 'site', 'index.html'), 'utf8');
  const policy = /<meta http-equiv="content-security-policy" content="([^"]*)"/.exec(page)![1].replaceAll('&#39;', "'");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/connect-src|unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|https?:/);
  const script = page.slice(page.lastIndexOf('<script>') + '<script>'.length, page.lastIndexOf('</script>'));
  expect(policy).toContain(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  expect(page).toContain('&#60;/textarea&#62;&#60;script&#62;alert(1)');
  expect(page).toContain(readFileSync(capture).toString('base64').slice(0, 1000));
  expect(page).toContain('10.3.8.0/24');
});

test('what it can not do is said', () => {
  expect(call()).toMatchObject({ status: 2, problem: expect.stringContaining('--static DIR') });
  expect(call('--static', folder, '-S', join(folder, 'none.rules'))).toMatchObject({ status: 1, problem: expect.stringContaining('does not exist') });
  const large = join(folder, 'large.pcap');
  writeFileSync(large, '');
  truncateSync(large, 33 * 1024 * 1024);
  expect(call('--static', folder, '-r', large)).toMatchObject({ status: 1, problem: expect.stringContaining('32 MiB') });
});
