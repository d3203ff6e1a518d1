/** Captures that were seen become evidence that proves: what fires a rule is cut to it, what does the other thing is refused, what stands there stays. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeCapture } from '@sigwright/traffic';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SIGWRIGHT = join(import.meta.dirname, '..', '..', 'sigwright');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-evidence-'));
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RULES = `alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"SW MALWARE sets"; http.uri; content:"/first"; flowbits:set,one; noalert; sid:1; rev:1;)
alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"SW MALWARE waits"; flowbits:isset,one; http.uri; content:"/second"; sid:2; rev:1;)
`;

beforeAll(() => {
  mkdirSync(at('rules'));
  writeFileSync(
    at('ruleset.yaml'),
    'name: small\ntitle: Small\nlicence: BSD-3-Clause\ncopyright: nobody\nmessage-prefix: SW\nsid-ranges: [{ from: 1, to: 99 }]\nnetworks: { HOME_NET: "10.3.8.0/24", EXTERNAL_NET: "!$HOME_NET" }\n',
  );
  writeFileSync(at('rules', 'malware.rules'), RULES);
  const request = (uri: string) => ({ request: { method: 'GET', uri, headers: [['Host', 'a.test']] as [string, string][] }, response: { status: 200 } });
  const capture = (client: string, ...uris: readonly string[]): Uint8Array => {
    const composer = composeCapture();
    for (let other = 0; other < 20; other++) composer.httpExchange({ client: '10.3.8.9', server: '203.0.113.9', exchanges: [request(`/other/${other}`)] });
    composer.httpExchange({ client, server: '203.0.113.7', exchanges: uris.map(request) });
    return composer.finish();
  };
  writeFileSync(at('seen.pcap'), capture('10.3.8.21', '/first', '/second', '/second'));
  writeFileSync(at('elsewhere.pcap'), capture('198.51.100.4', '/first', '/second'));
  writeFileSync(at('second only.pcap'), capture('10.3.8.21', '/second'));
});

function evidence(...args: readonly string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(SIGWRIGHT, ['evidence', ...args, '-C', folder], { encoding: 'utf8', cwd: folder });
  return { status, out: stdout, error: stderr };
}
const expectations = (): string => readFileSync(at('evidence', '2', 'expect.yaml'), 'utf8');

describe('evidence', () => {
  test.each<readonly [why: string, args: readonly string[], status: number, says: string]>([
    ['no capture', ['2'], 2, 'name a rule and captures'],
    ['no number', ['x', 'seen.pcap'], 2, 'is no sid'],
    ['no reason', ['2', 'seen.pcap', '--because', ' '], 2, 'wants a reason'],
    ['an unknown rule', ['7', 'seen.pcap'], 1, 'no rule has sid 7'],
    ['a file that is not there', ['2', 'none.pcap'], 1, 'none.pcap does not exist'],
    ['what is no capture', ['2', 'ruleset.yaml'], 1, 'ruleset.yaml: '],
    ['what leaves the rule silent', ['2', 'seen.pcap', 'second only.pcap'], 1, '2 stays silent on second only.pcap'],
    ['what fires it, to be silent', ['2', 'seen.pcap', '--because', 'no'], 1, '2 fires on seen.pcap (packet '],
  ])('refuses %s, and nothing is written', (_why, args, status, says) => {
    expect(evidence(...args)).toMatchObject({ status, error: expect.stringContaining(says) });
    expect(readdirSync(folder)).not.toContain('evidence');
  });

  test('what was seen is tried, cut, named, and proves', () => {
    expect(evidence('2', 'seen.pcap', '--shows', 'both: in order')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/2\/seen\.pcap \(\d+ bytes\): fires 2 times\n$/),
    });
    expect(statSync(at('evidence', '2', 'seen.pcap')).size).toBeLessThan(statSync(at('seen.pcap')).size / 4);
    writeFileSync(at('evidence', '2', 'expect.yaml'), `# mine\n${expectations()}`);
    expect(evidence('2', 'second only.pcap', '--because', 'nothing came before').status).toBe(0);
    expect(evidence('2', 'elsewhere.pcap').status).toBe(0);
    expect(evidence('2', 'seen.pcap')).toMatchObject({ status: 0, out: '1 capture there already\n' });
    expect(expectations()).toBe(`# mine
sid: 2
fires:
  - { capture: seen.pcap, alerts: 2, shows: "both: in order" }
  - { capture: elsewhere.pcap, alerts: 1, networks: { HOME_NET: any, EXTERNAL_NET: any } }
silent:
  - { capture: second_only.pcap, because: nothing came before }
`);
    // A rule that never alerts is tried as if it did.
    expect(evidence('1', 'seen.pcap').out).toContain('fires once');
    const proof = spawnSync(SIGWRIGHT, ['prove', '-C', folder], { encoding: 'utf8' });
    expect(proof.stdout).toContain('no capture must leave it silent (sigwright evidence 1 CAPTURE --because TEXT)');
    expect(proof.stdout).toContain('1 of 2 rules proved');
  }, 30_000);
});
