/** The newcomer's path, as docs/drafting.md says it: an empty folder, an invented report, and rules on a sensor, nothing edited by hand. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');
let home = '';
let server: ChildProcess | undefined;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'sigwright-newcomer-'));
  writeFileSync(
    join(home, 'report.md'),
    `# QuietRAT comes by mail

Source: https://blog.small-lab.example/quietrat

Found by @one_researcher. The loader gets hxxp://down.quiet-two[.]top/files/setup.exe and asks its C2 quiet[.]top for work. Another
server is 45.137.21[.]9:4443, and cold.hopto[.]org has a page.
`,
  );
});
afterAll(() => {
  server?.kill();
  rmSync(home, { recursive: true, force: true });
});

function sigwright(...argv: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...argv], { encoding: 'utf8', cwd: home });
  return { status, out: stdout, error: stderr };
}

const C = ['-C', 'acme'];
const filesOf = (...path: string[]): string[] => readdirSync(join(home, 'acme', ...path)).filter((name) => !name.startsWith('.'));

describe('from nothing to a sensor', () => {
  test('init: a repository that every verb takes', () => {
    expect(sigwright('init', 'acme', '--prefix', 'ACME', '--sids', '1500000-1500099')).toMatchObject({ status: 0, out: expect.stringContaining('-C acme') });
    expect(sigwright('lint', ...C).status).toBe(0);
    expect(sigwright('prove', ...C)).toMatchObject({ status: 0, error: '' });
  });

  test('draft --write: rules, evidence, the report', () => {
    const { status, out, error } = sigwright('draft', 'report.md', '--write', '--date', '2024-03-08', ...C);
    expect(status).toBe(0);
    const rules = readFileSync(join(home, 'acme', 'rules', 'malware.rules'), 'utf8');
    expect(rules).toBe(out);
    expect([...rules.matchAll(/sid:(\d+);/g)].map(([, sid]) => Number(sid))).toEqual(Array.from({ length: 8 }, (_, at) => 1_500_000 + at));
    expect(error).toContain('reports/2024-03-08-quietrat-comes-by-mail');
    expect(filesOf('evidence')).toHaveLength(8);
    const evidence = readFileSync(join(home, 'acme', 'evidence', '1500000', 'expect.yaml'), 'utf8');
    expect(evidence).toMatch(/silent-glued-before\.pcap.*synthesized: true/);
    const report = readFileSync(join(home, 'acme', 'reports', '2024-03-08-quietrat-comes-by-mail', 'report.yaml'), 'utf8');
    expect(report).toContain('{ sid: 1500000, role: lookup, alerts-on: quiet.top }');
    expect(report).toContain('@one_researcher');
    expect(filesOf('reports', '2024-03-08-quietrat-comes-by-mail').sort()).toEqual(['report.yaml', 'source.md']);
  });

  test('the same report again: all of it is covered, nothing changes', () => {
    const path = join(home, 'acme', 'rules', 'malware.rules');
    const before = readFileSync(path, 'utf8');
    const { status, error } = sigwright('draft', 'report.md', '--write', '--date', '2024-03-09', ...C);
    expect(status).toBe(0);
    expect(error).toMatch(/0 rules drafted[^\n]*\nnothing to write\n/);
    expect(error.match(/covered already by 15000/g)).toHaveLength(8);
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(filesOf('reports')).toHaveLength(1);
  });

  test('a report that grew: new rules behind the old ones, in the same report.yaml', () => {
    writeFileSync(join(home, 'report.md'), `${readFileSync(join(home, 'report.md'), 'utf8')}\nSince yesterday it also asks loud-three[.]top.\n`);
    expect(sigwright('draft', 'report.md', '-w', '--date', '2024-03-09', ...C).status).toBe(0);
    const [slug, ...more] = filesOf('reports');
    expect(more).toEqual([]);
    const report = readFileSync(join(home, 'acme', 'reports', slug, 'report.yaml'), 'utf8');
    expect(report).toContain('sid: 1500009');
    expect(report).toContain('# what to do when one fires');
  });

  test('lint, format and prove have nothing to say', () => {
    expect(sigwright('lint', '--reading', ...C)).toMatchObject({ status: 0, out: '0 cannot work, 0 mislead, 0 are hard to read (--reading)\n' });
    expect(sigwright('format', '--check', ...C)).toMatchObject({ status: 0, out: '' });
    expect(sigwright('prove', ...C)).toMatchObject({ status: 0, out: expect.stringContaining('10 of 10 rules proved') });
  });

  test('release, signed; a sensor takes it', async () => {
    expect(sigwright('key', 'new', 'release.key').status).toBe(0);
    expect(sigwright('release', ...C, '--version', '1', '--date', '2024-03-09', '--key', 'release.key', '--proved').status).toBe(0);
    server = spawn(process.execPath, [MAIN, 'serve-rules', ...C, '--port', '0'], { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
    const address = await new Promise<string>((resolve) => {
      let said = '';
      server!.stdout!.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /http:\/\/[\d.]+:\d+/.exec(said);
        if (found !== null) resolve(found[0]);
      });
    });
    const url = `${address}/suricata-7.0.3/acme.rules.tar.gz`;
    const { status } = sigwright(
      'update',
      '--url',
      url,
      '-D',
      'sensor',
      '-o',
      'sensor/rules',
      '--public-key',
      'release.key.pub',
      '--suricata-version',
      '7.0.3',
    );
    expect(status).toBe(0);
    const rules = readFileSync(join(home, 'sensor', 'rules', 'suricata.rules'), 'utf8');
    expect(rules.match(/^alert /gm)).toHaveLength(10);
  });
});

describe('a rule changes, and what was made for it is stale', () => {
  const git = (...words: string[]) => spawnSync('git', ['-C', join(home, 'acme'), '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);
  const path = () => join(home, 'acme', 'rules', 'malware.rules');

  test('prove names it and says what makes it anew; without git nothing is replaced', () => {
    writeFileSync(path(), readFileSync(path(), 'utf8').replace('content:".quiet.top"; nocase; endswith;', 'content:".quiet.example"; nocase; endswith;'));
    const { status, error } = sigwright('prove', ...C);
    expect(status).toBe(1);
    expect(error).toContain('captures that were made fail 1500000: where the rule is right, sigwright synthesize --renew');
    expect(sigwright('synthesize', '--renew', ...C)).toMatchObject({
      status: 1,
      out: expect.stringMatching(/1500000 not renewed: the repository is not in git/),
    });
  });

  test('in git it is made anew; what somebody saw stays', () => {
    const evidence = join(home, 'acme', 'evidence', '1500000');
    const seen = join(evidence, 'expect.yaml');
    writeFileSync(join(evidence, 'seen.pcap'), readFileSync(join(home, 'acme', 'evidence', '1500001', 'fires.pcap')));
    writeFileSync(
      seen,
      readFileSync(seen, 'utf8').replace('silent:\n', 'silent:\n  - { capture: seen.pcap, because: "another protocol" } # from the office\n'),
    );
    git('init', '-q');
    git('add', '-A');
    expect(sigwright('synthesize', '--renew', ...C).out).toMatch(/1500000 not renewed: .*not committed/);
    git('commit', '-qm', 'first');
    expect(sigwright('synthesize', '--renew', ...C)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^1500000 renewed: .*1 that were seen stay[^\n]*\n1 of 1 renewed\n$/),
    });
    expect(readFileSync(seen, 'utf8')).toContain('# from the office');
    expect(sigwright('prove', ...C).status).toBe(0);
    expect(sigwright('synthesize', '--renew', ...C)).toMatchObject({ status: 0, out: '0 of 0 renewed\n' });
  });
});

describe('init refuses', () => {
  test.each([
    ['a repository', ['acme'], 'is a ruleset repository already'],
    ['a folder with something in it', ['.'], 'is not empty'],
    ['numbers from high to low', ['other', '--sids', '9-1'], '--sids 9-1'],
    ['a word that no message begins with', ['other', '--prefix', 'acme'], '--prefix acme'],
    ['networks that are none', ['other', '--home-net', 'house'], 'no list of networks'],
  ])('%s', (_why, argv, word) => {
    const { status, error } = sigwright('init', ...argv);
    expect(status).not.toBe(0);
    expect(error).toContain(word);
    expect(existsSync(join(home, 'other'))).toBe(false);
  });

  test('--beside keeps what is there', () => {
    mkdirSync(join(home, 'beside'));
    writeFileSync(join(home, 'beside', 'README.md'), 'ours\n');
    expect(sigwright('init', 'beside', '--beside')).toMatchObject({ status: 0, out: expect.stringContaining('kept: README.md') });
    expect(readFileSync(join(home, 'beside', 'README.md'), 'utf8')).toBe('ours\n');
    expect(existsSync(join(home, 'beside', 'ruleset.yaml'))).toBe(true);
  });
});
