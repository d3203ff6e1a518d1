/** `draft --captures` on made captures: rules, evidence in a repository that proves, and what it says of broken input. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeCapture } from '@sigwright/traffic';
import { openRepository, prove } from '@sigwright/workbench';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { behaviourDraft } from './draft-behaviour.ts';
import { proofRunner } from './proof-runner.ts';

let folder = '';
const said: string[] = [];
const told: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-draft-'));
  for (const [at, id] of ['9f86d081884c7d659a2feaa0c55ad015', '2c26b46b68ffc68ff99b453c1d304134', 'fcde2b2edba56bf408601fb721fe9b5c'].entries())
    writeFileSync(
      join(folder, `run-${at + 1}.pcap`),
      exchange(at + 1, 'POST', `/q/hello.php?bid=${id}`, 'QuietAgent/1.4', `{"mods":["kl","sc"],"n":${at * 17}}`),
    );
  mkdirSync(join(folder, 'office', 'monday'), { recursive: true });
  writeFileSync(join(folder, 'office', 'monday', 'a.pcap'), exchange(9, 'POST', '/search', 'Mozilla/5.0 (X11; Linux x86_64)', 'q=lunch'));
  writeFileSync(join(folder, 'office', 'notes.txt'), 'not a capture');
  writeFileSync(join(folder, 'cut.pcap'), readFileSync(join(folder, 'run-1.pcap')).subarray(0, 200));
  cpSync(join(import.meta.dirname, '../../../examples/2024-03-08/ruleset.yaml'), join(folder, 'ruleset.yaml'));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function exchange(seed: number, method: string, uri: string, agent: string, body: string): Uint8Array {
  const composer = composeCapture({ seed });
  composer.httpExchange({
    client: '10.3.8.21',
    server: `203.0.113.${seed}`,
    exchanges: [
      {
        request: {
          method,
          uri,
          headers: [
            ['Host', `host${seed}.test`],
            ['User-Agent', agent],
          ],
          body,
        },
        response: { status: 204 },
      },
    ],
  });
  return composer.finish();
}

async function draft(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  said.length = 0;
  told.length = 0;
  const paths = argv.map((word) => (/\.pcap$|^office$|\.txt$/.test(word) ? join(folder, word) : word));
  const code = await behaviourDraft('usage', [...paths, '-C', folder, '--date', '2024-03-08', '--family', 'QuietRAT']);
  return { code, out: said.join(''), err: told.join('') };
}

describe('draft --captures', () => {
  it('rules with their figures on standard output, what was done on standard error', async () => {
    const { code, out, err } = await draft('--captures', 'run-1.pcap', 'run-2.pcap', 'run-3.pcap', '--ordinary', 'office');
    expect(code).toBe(0);
    expect(out).toContain('# leave-one-out: 3 of 3 fire, 0 alerts on ordinary traffic');
    expect(out).toMatch(/^# weak: only 1 ordinary HTTP requests/m);
    expect(out).toMatch(/^alert http .*SW MALWARE QuietRAT CnC Checkin \(POST\)/m);
    expect(err).toContain('drafted from 3 captures, measured on 1 capture of ordinary traffic');
  });

  it('--json is the draft', async () => {
    const { out } = await draft('--captures', 'run-1.pcap', '--json', 'run-2.pcap');
    const [rule] = (JSON.parse(out) as { rules: { leaveOneOut: unknown; parts: { seen: number }[] }[] }).rules;
    expect(rule.leaveOneOut).toEqual({ fired: 2, of: 2 });
    expect(rule.parts.length).toBeGreaterThan(2);
  });

  it('a capture that breaks off is said', async () => {
    const { err } = await draft('--captures', 'cut.pcap', '--ordinary', 'office');
    expect(err).toMatch(/cut\.pcap: .*; used: \d+ packets before that/);
  });

  it('what is no capture is refused', async () => {
    writeFileSync(join(folder, 'x.txt'), 'text');
    await expect(draft('--captures', 'x.txt')).rejects.toThrow(/x\.txt is no capture/);
  });

  it('--write puts rules and evidence into the repository, and all of it proves', async () => {
    const { code, err } = await draft('--captures', 'run-1.pcap', 'run-2.pcap', 'run-3.pcap', '--ordinary', 'office', '--write');
    expect(code).toBe(0);
    expect(err).toMatch(/written: \d+, evidence: fires on 3 captures, silent on [1-4]\n/);
    const opened = openRepository(folder);
    if (!opened.ok) throw new Error(opened.message);
    expect(opened.value.problems).toEqual([]);
    expect(opened.value.rules.length).toBeGreaterThan(0);
    expect(opened.value.rules.every(({ category }) => category === 'malware')).toBe(true);
    const proof = prove(opened.value, proofRunner());
    expect(proof.rules.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('drafted again, what is there is not given a second number', async () => {
    const before = readFileSync(join(folder, 'rules', 'malware.rules'), 'utf8');
    await draft('--captures', 'run-1.pcap', 'run-2.pcap', '--ordinary', 'office', '--write');
    const after = readFileSync(join(folder, 'rules', 'malware.rules'), 'utf8');
    expect(after.startsWith(before)).toBe(true);
    const sids = [...after.matchAll(/sid:(\d+);/g)].map(([, sid]) => sid);
    expect(new Set(sids).size).toBe(sids.length);
  });
});
