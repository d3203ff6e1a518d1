/** The command line as a user meets it: exit codes, messages, files. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const WEEK = join(ROOT, 'examples', '2024-03-08');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sigwright(...args: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'sigwright'), args, {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, SIGWRIGHT_CACHE: join(folder, 'cache') },
  });
  return { status, out: stdout, error: stderr };
}

const RULES = join(WEEK, 'rules', 'malware.rules');
const CAPTURE = join(WEEK, 'week.pcap');

describe('sigwright', () => {
  test('names its verbs, and says when a verb is none', () => {
    expect(sigwright().out).toContain('explain');
    expect(sigwright('dance')).toMatchObject({ status: 2 });
  });

  test('run writes whole EVE lines; triage judges them', () => {
    const out = join(folder, 'run');
    expect(sigwright('run', '-r', CAPTURE, '-S', RULES, '-l', out, '--home-net', '10.3.8.0/24')).toMatchObject({ status: 0, error: '' });
    const lines = readFileSync(join(out, 'eve.json'), 'utf8').trimEnd().split('\n');
    const types = new Set(lines.map((line) => (JSON.parse(line) as { event_type: string }).event_type));
    for (const type of ['alert', 'dns', 'tls', 'http', 'flow']) expect(types).toContain(type);
    expect(sigwright('triage', join(out, 'eve.json'), '--home-net', '10.3.8.0/24').out).toContain('check this host for compromise');
  });

  test.each([
    ['no such capture', ['run', '-r', 'nowhere.pcap', '-S', RULES], /does not exist/],
    ['no such rules', ['run', '-r', CAPTURE, '-S', 'nowhere.rules'], /does not exist/],
    ['no repository', ['prove', '-C', '.'], /no ruleset.yaml/],
    ['unknown option', ['run', '--dance'], /dance/],
  ])('%s', (_why, args, message) => {
    const { status, error } = sigwright(...args);
    expect(status).not.toBe(0);
    expect(error).toMatch(message);
    expect(error).not.toMatch(/ {4}at /);
  });

  test.each([
    ['an empty file', Buffer.alloc(0), /empty/],
    ['no capture at all', Buffer.from('this is a letter, not a capture, and quite long enough'), /neither pcap nor pcapng/],
    ['a capture cut off', readFileSync(CAPTURE).subarray(0, 50_001), /cut off/],
  ])('%s: a message, exit 1, whole lines', (name, bytes, message) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.pcap`);
    writeFileSync(path, bytes);
    const { status, error } = sigwright('run', '-r', path, '-S', RULES, '-l', join(folder, 'bad'));
    expect(status).toBe(1);
    expect(error).toMatch(message);
    for (const line of readFileSync(join(folder, 'bad', 'eve.json'), 'utf8').split('\n')) if (line !== '') expect(() => JSON.parse(line)).not.toThrow();
  });

  test('a refused rule is said and not loaded', () => {
    const path = join(folder, 'odd.rules');
    writeFileSync(path, 'alert tcp any any -> any any (msg:"x"; no.such.keyword; sid:1;)\nalert tcp any any -> any any (msg:"y"; content:"a"; sid:2;)\n');
    expect(sigwright('run', '-r', CAPTURE, '-S', path).error).toMatch(/odd.rules:1: sid 1: .*no\.such\.keyword.*not loaded/);
    expect(sigwright('suricata', '-T', '-S', path, '-l', folder).status).toBe(1);
    expect(sigwright('suricata', '-r', CAPTURE, '-S', path, '-l', folder, '--init-errors-fatal').status).toBe(1);
  });

  test('explain says which condition stood in the way', () => {
    const silent = join(WEEK, 'evidence', '1240301', 'no-uuid.pcap');
    const { status, out } = sigwright('explain', '-r', silent, '-S', RULES, '--sid', '1240301', '--home-net', '10.3.8.0/24');
    expect(status).toBe(0);
    expect(out).toMatch(/did not fire: http.header/);
  });

  test('a full disk: exit 1, a message', () => {
    if (!existsSync('/dev/full')) return;
    const { status, error } = sigwright('suricata', '-r', CAPTURE, '-S', RULES, '-l', folder, '--set', 'outputs.0.eve-log.filename=/dev/full');
    expect(status).toBe(1);
    expect(error).toMatch(/could not be written/);
  });

  test('told to stop, it finishes what it read', async () => {
    const out = join(folder, 'stopped');
    const child = spawn(join(ROOT, 'sigwright'), ['suricata', '-r', '-', '-S', RULES, '-l', out], { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin.write(readFileSync(CAPTURE).subarray(0, 100_000));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill('SIGTERM');
    setTimeout(() => child.stdin.end(), 200);
    const status = await new Promise((resolve) => child.once('exit', resolve));
    expect(status).toBe(0);
    const lines = readFileSync(join(out, 'eve.json'), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });
});
