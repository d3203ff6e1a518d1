/** A false positive from a sensor to evidence, through files and over HTTP, and what is refused on the way. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const SIGWRIGHT = join(ROOT, 'sigwright');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-feedback-'));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  rmSync(at('week'), { recursive: true, force: true });
  cpSync(join(ROOT, 'examples', '2024-03-08'), at('week'), { recursive: true });
});

const sigwright = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(SIGWRIGHT, args, { encoding: 'utf8', cwd: folder });

const SID = '1240301';
const rules = (): string => {
  const file = readdirSync(at('week/rules')).find((name) => readFileSync(join(at('week/rules'), name), 'utf8').includes(`sid:${SID};`));
  return join(at('week/rules'), file ?? '');
};
const report = (...more: readonly string[]): ReturnType<typeof sigwright> =>
  sigwright('feedback', 'new', '--sid', SID, '-r', at('week/week.pcap'), '-S', rules(), '--comment', 'our own updater', '--reporter', '@one', ...more);

describe('feedback', () => {
  test('a false positive becomes a slice, a review item, and evidence that the rule has to answer', () => {
    const made = report('-o', at('report.json'), '--redact');
    expect(made.stderr).toMatch(/the slice has \d+ packets of 3 conversations/);
    expect(made.status).toBe(0);
    const { slice, matched } = JSON.parse(readFileSync(at('report.json'), 'utf8')) as { slice: string; matched: string[] };
    expect(matched).toContain('http.method: POST');
    expect(Buffer.from(slice, 'base64').length).toBeLessThan(20_000);

    const taken = sigwright('feedback', 'take', at('report.json'), '-C', at('week'), '--today', '2024-04-01');
    expect(taken.stdout).toMatch(/^2024-04-01-1240301-\w{12}: rev 1 of 1240301 fires on this slice, as you say; it is due for review now/);
    expect(sigwright('feedback', 'take', at('report.json'), '-C', at('week'), '--today', '2024-04-02').stdout).toContain('(known): waits for review');
    expect(sigwright('review', '-C', at('week'), '--today', '2024-04-01').stdout).toMatch(/1240301[\s\S]*our own updater/);

    const [reference] = taken.stdout.split(':');
    expect(sigwright('feedback', 'decline', reference, '-C', at('week')).stderr).toContain('give a note');
    expect(sigwright('feedback', 'accept', reference, '-C', at('week'), '--note', 'thank you', '--by', '@two', '--today', '2024-04-03').stdout).toContain(
      'is accepted',
    );
    expect(sigwright('feedback', 'list', '-C', at('week')).stdout).toContain('accepted: the slice is evidence of the rule now (2024-04-03): thank you');
    const proof = sigwright('prove', '-C', at('week'), SID);
    expect(proof.status).toBe(1);
    expect(proof.stdout + proof.stderr).toContain('must stay silent, but fired');
    // What stood in the file is still there.
    expect(readFileSync(at(`week/evidence/${SID}/expect.yaml`), 'utf8')).toContain('the method is PUT, not POST');
  }, 60_000);

  test('a sensor whose networks are not private says so, and its redacted slice still shows it', () => {
    writeFileSync(at('one.rules'), 'alert udp $HOME_NET any -> $EXTERNAL_NET 53 (msg:"two"; content:"colleague"; sid:1000001; rev:1;)\n');
    const made = sigwright('synthesize', '1000001', '-S', at('one.rules'), '-o', at('made'), '--home-net', '192.0.2.0/24');
    expect(made.status).toBe(0);
    const capture = at('made/1000001/fires.pcap');
    const send = (...more: readonly string[]): ReturnType<typeof sigwright> =>
      sigwright('feedback', 'new', '--sid', '1000001', '-r', capture, '-S', at('one.rules'), '-o', at('home.json'), ...more);
    expect(send().stderr).toContain('--home-net');
    expect(send('--home-net', 'nowhere').status).toBe(2);
    const sent = send('--home-net', '192.0.2.0/24', '--redact');
    expect(sent.status).toBe(0);
    expect(sent.stderr).not.toContain('does not alert any more');
    // The same holds for what a release changes on traffic.
    writeFileSync(at('two.rules'), readFileSync(at('one.rules'), 'utf8').replace('content:"colleague"; sid', 'content:"somebody"; sid'));
    const compare = (...more: readonly string[]): string => sigwright('compare', at('one.rules'), at('two.rules'), '-r', capture, ...more).stdout;
    expect(compare('--home-net', '192.0.2.0/24')).toContain('1 fell silent');
    expect(compare()).toContain('0 fell silent');
  }, 60_000);

  test('that a rule is still seen, or its name sinkholed, is said without traffic; seen again, its time runs anew', () => {
    const said = (kind: string): void =>
      expect(sigwright('feedback', 'new', SID, '--kind', kind, '--reporter', '@one', '-o', at(`${kind}.json`)).status).toBe(0);
    const take = (kind: string, day: string): string => sigwright('feedback', 'take', at(`${kind}.json`), '-C', at('week'), '--today', day).stdout;
    const due = (): string => sigwright('review', '-C', at('week'), '--today', '2024-07-01', '--all').stdout.split(`${SID}  `)[1].split('\n')[1];
    said('seen');
    take('seen', '2024-04-01');
    expect(due()).toContain('seen on 2024-04-01');
    expect(take('seen', '2024-04-01')).toContain('(known)');
    expect(take('seen', '2024-06-01')).toContain('its time to review runs anew');
    expect(due()).toContain('seen on 2024-06-01');
    said('sinkholed');
    const [reference] = take('sinkholed', '2024-06-02').split(':');
    expect(due()).toContain('said to be sinkholed by @one on 2024-06-02');
    expect(sigwright('feedback', 'accept', reference, '-C', at('week'), '--today', '2024-06-03').stdout).toBe(`${reference} is accepted\n`);
    expect(sigwright('feedback', 'list', '-C', at('week')).stdout).not.toContain('evidence');
  }, 60_000);

  test.each<readonly [why: string, args: readonly string[], says: string]>([
    ['no rule', ['--kind', 'seen'], 'name one rule'],
    ['two rules', ['1', '--sid', '2'], 'name one rule'],
    ['a false positive without traffic', [SID], 'to report a false positive the traffic and the rules are needed'],
    ['another kind', [SID, '--kind', 'nice'], 'is none of'],
  ])('a report with %s is not understood', (_why, args, says) => {
    const { status, stderr } = sigwright('feedback', 'new', ...args);
    expect([status, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining(says)]);
  });

  test('what was declined does not make a rule due', () => {
    report('-o', at('report.json'));
    const [reference] = sigwright('feedback', 'take', at('report.json'), '-C', at('week'), '--today', '2024-03-10').stdout.split(':');
    sigwright('feedback', 'decline', reference, '-C', at('week'), '--note', 'this is the malware', '--today', '2024-03-11');
    expect(sigwright('review', '-C', at('week'), '--today', '2024-03-12').stdout).not.toContain(SID);
    expect(sigwright('feedback', 'accept', reference, '-C', at('week')).stderr).toContain('was declined on 2024-03-11');
  }, 60_000);

  test.each<readonly [why: string, text: string, says: string]>([
    ['no JSON', 'sid: 1', 'it is not JSON'],
    ['no number', '{"kind":"miss"}', 'sid'],
    ['an unknown rule', '{"sid":7,"kind":"seen"}', 'no rule here has sid 7'],
    ['no slice', `{"sid":${SID},"kind":"miss"}`, 'needs a slice'],
    ['a slice that is no capture', `{"sid":${SID},"kind":"miss","slice":"aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8="}`, 'can not be tried'],
    ['a field that nobody knows', `{"sid":${SID},"kind":"seen","path":"/etc/passwd"}`, 'no feedback report'],
  ])('refuses %s', (_why, text, says) => {
    writeFileSync(at('bad.json'), text);
    const { status, stderr } = sigwright('feedback', 'take', at('bad.json'), '-C', at('week'));
    expect(status).toBe(1);
    expect(stderr).toContain(says);
    expect(existsSync(at('week/feedback'))).toBe(false);
  });

  test('over HTTP, and the reporter asks what came of it', async () => {
    expect(sigwright('release', '-C', at('week'), '--version', '1', '--date', '2024-03-08').status).toBe(0);
    const server = spawn(SIGWRIGHT, ['serve-rules', '-C', at('week'), '--port', '0', '--take-feedback'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const address = await new Promise<string>((resolve, reject) => {
        server.once('exit', () => reject(new Error('serve-rules ended')));
        server.stdout.on('data', (chunk) => {
          const match = /http:\/\/[\d.:]+/.exec(String(chunk));
          if (match !== null) resolve(match[0]);
        });
      });
      const posted = report('--post', address);
      expect(posted.stdout).toContain('fires on this slice, as you say');
      const [link] = /http:\S+/.exec(posted.stdout) ?? [''];
      expect(await (await fetch(link)).json()).toMatchObject({ sid: Number(SID), status: 'waits for review' });
      expect((await fetch(`${address}/feedback/..%2f..%2fetc`)).status).toBe(405);
      expect((await fetch(`${address}/feedback/none`)).status).toBe(404);
      expect((await fetch(`${address}/feedback`, { method: 'POST', body: '{' })).status).toBe(400);
      expect((await fetch(`${address}/version.txt`)).status).toBe(200);
    } finally {
      server.kill();
    }
  }, 60_000);
});
