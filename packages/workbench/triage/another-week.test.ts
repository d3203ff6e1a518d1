/**
 * A week that no ruleset of the examples knows: every host has alerts as Suricata writes them, and what a careful analyst concludes. Judged
 * twice, from the records and from a store, which must agree.
 */
import type { EveRecord } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { openStore } from '../store/index.ts';
import { insideOf } from './inside.ts';
import { triage } from './triage.ts';

const RESOLVER = '10.4.0.2';
const SERVER = '10.4.0.80';
const OUTSIDE = '203.0.113.50';
let sids = 5_000_000;
const known = new Map<string, number>();
function sidOf(signature: string): number {
  if (!known.has(signature)) known.set(signature, sids++);
  return known.get(signature)!;
}

let flows = 1;
interface More extends Record<string, unknown> {
  readonly severity?: string;
  /** `role` in the rule's metadata */
  readonly role?: string;
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly target?: string;
}
/** An alert on a request of `from` to `to`, unless said otherwise. */
function alert(signature: string, { severity, role, at = '10:00:00', from = '10.4.0.5', to = OUTSIDE, target, ...more }: More = {}): EveRecord {
  return {
    timestamp: at.includes('T') ? at : `2024-06-14T${at}.000000+0000`,
    event_type: 'alert',
    flow_id: flows++,
    src_ip: from,
    src_port: 50_123,
    dest_ip: to,
    dest_port: 80,
    proto: 'TCP',
    app_proto: 'http',
    direction: 'to_server',
    ...more,
    alert: {
      signature_id: sidOf(signature),
      rev: 1,
      signature,
      ...(target === undefined ? {} : { target: { ip: target } }),
      metadata: { ...(severity === undefined ? {} : { signature_severity: [severity] }), ...(role === undefined ? {} : { role: [role] }) },
    },
  };
}
function asked(name: string, from: string, to = RESOLVER, at = '10:00:00', type = 'dns'): EveRecord {
  const time = `2024-06-14T${at}.000000+0000`;
  const base = { timestamp: time, event_type: type, flow_id: flows++, src_ip: from, src_port: 40_000, dest_ip: to, dest_port: 53, proto: 'UDP' };
  return type === 'dns'
    ? { ...base, dns: { type: 'query', rrname: name } }
    : { ...base, app_proto: 'dns', flow: { start: time, end: `2024-06-14T${at}.500000+0000` } };
}
const question = (name: string) => ({ app_proto: 'dns', dest_port: 53, proto: 'UDP', dns: { query: [{ type: 'query', rrname: name }] } });
const lookup = (name: string, more: More = {}): EveRecord =>
  alert(`ET MALWARE Evil Domain in DNS Lookup (${name})`, { ...question(name), to: RESOLVER, ...more });
const sni = (more: More = {}): EveRecord =>
  alert('ET MALWARE Observed Evil Domain (evil .top in TLS SNI)', { app_proto: 'tls', dest_port: 443, tls: { sni: 'evil.top' }, ...more });
/** The far end speaks. */
const answer = (from = OUTSIDE, to = '10.4.0.5') => ({ from, to, src_port: 80, dest_port: 50_123, direction: 'to_client' });
const inbound = (to = SERVER) => ({ from: OUTSIDE, to });

const CHECK = 'check this host for compromise';
type Case = readonly [why: string, records: readonly EveRecord[], host: string, judgement: string];

const CASES: readonly Case[] = [
  ['a scanner outside is on every address: context', [alert('ET SCAN Potential SSH Scan', { ...inbound(), severity: 'Major' })], SERVER, 'context only'],
  [
    'a list of bad addresses that knock says nothing of the host',
    [alert('ET DROP Spamhaus DROP Listed Traffic Inbound group 3', inbound())],
    SERVER,
    'context only',
  ],
  ['ours that scans is looked at', [alert('ET SCAN Potential SSH Scan OUTBOUND')], '10.4.0.5', 'watch'],
  ['an attack from outside may have failed', [alert('ET WEB_SPECIFIC_APPS Foo RCE Attempt Inbound (CVE-2024-1)', inbound())], SERVER, 'watch'],
  ['also where the rule names its target', [alert('ET EXPLOIT Foo Arbitrary File Upload (CVE-2024-2)', { ...inbound(), target: SERVER })], SERVER, 'watch'],
  [
    'attacked, then it talks to a threat: the attack worked',
    [alert('ET EXPLOIT Foo RCE', { ...inbound(), at: '10:00:00' }), sni({ from: SERVER, at: '10:05:00' })],
    SERVER,
    CHECK,
  ],
  [
    'attacked, then it asks for a name of a threat',
    [alert('ET EXPLOIT Foo RCE', inbound()), lookup('evil.top', { from: SERVER, at: '10:30:00' })],
    SERVER,
    CHECK,
  ],
  [
    'a name of a threat before any attack is no answer to it',
    [alert('ET EXPLOIT Foo RCE', { ...inbound(), at: '15:00:00' }), lookup('evil.top', { from: SERVER, at: '10:30:00' })],
    SERVER,
    'watch',
  ],
  ['the service gave the answer of one that fell', [alert('ET WEB_SPECIFIC_APPS Foo Successful Auth Bypass', answer(SERVER, OUTSIDE))], SERVER, CHECK],
  [
    'a service answers an attack as only a vulnerable one does',
    [alert('ET EXPLOIT Foo Authentication Bypass Server Response', answer(SERVER, OUTSIDE))],
    SERVER,
    CHECK,
  ],
  ['ours that attacks others outside', [alert('ET EXPLOIT Attempted Foo RCE Outbound')], '10.4.0.5', CHECK],
  ['ours that attacks another of ours: the attacker', [alert('ET EXPLOIT Foo SMB RCE', { to: SERVER, dest_port: 445 })], '10.4.0.5', CHECK],
  ["somebody else's bot knocks", [alert('ET MALWARE ELF/Mirai Variant User-Agent (Inbound)', { ...inbound(), severity: 'Major' })], SERVER, 'watch'],
  ['a command to a web shell of ours', [alert('ET MALWARE Foo Backdoor Command (Inbound)', inbound())], SERVER, CHECK],
  ['an exploit that a page sends', [alert('ET WEB_CLIENT Foo Browser Exploit', answer())], '10.4.0.5', 'watch'],
  ['a page of a traffic distributor', [alert('ET EXPLOIT_KIT Parrot TDS Check', answer()), sni()], '10.4.0.5', 'watch'],
  ['a kit delivers', [alert('ET EXPLOIT_KIT Fake Update Payload Download', answer())], '10.4.0.5', CHECK],
  ['a phishing page was seen', [alert('ET PHISHING Generic Credential Phish Landing Page 2024-06-10', answer())], '10.4.0.5', 'watch'],
  ['a phishing page was filled in', [alert('ET PHISHING Successful Generic Credential Phish 2024-06-10')], '10.4.0.5', CHECK],
  [
    'unwanted programs, however many, are no compromise',
    [
      alert('ET ADWARE_PUP Foo Checkin', { severity: 'Minor' }),
      alert('ET ADWARE_PUP Bar Activity', { severity: 'Minor' }),
      alert('ET ADWARE_PUP Foo Domain in DNS Lookup', question('foo.com')),
    ],
    '10.4.0.5',
    'watch',
  ],
  ['one rule for hunting', [alert('ET HUNTING Suspicious Thing', { severity: 'Major' })], '10.4.0.5', 'watch'],
  ['hunting that calls itself informational', [alert('ET HUNTING Something', { severity: 'Informational' })], '10.4.0.5', 'context only'],
  ['hunting and a name of a threat agree', [alert('ET HUNTING One'), alert('ET HUNTING Two'), sni()], '10.4.0.5', CHECK],
  [
    'information and policy, many',
    [
      alert('ET INFO DYNAMIC_DNS Query to a *.x .com Domain', question('a.x.com')),
      alert('ET POLICY curl'),
      alert('ET TA_ABUSED_SERVICES Telegram API'),
      alert('SURICATA STREAM excessive retransmissions'),
    ],
    '10.4.0.5',
    'context only',
  ],
  [
    'informational rules whose authors call them lookup, contact and check-in',
    [
      alert('SW INFO Domain in DNS Lookup (x.com)', { ...question('x.com'), role: 'lookup' }),
      alert('SW INFO Observed Domain (x.com in TLS SNI)', { role: 'contact', severity: 'Informational' }),
      alert('SW MALWARE Something Common Seen', { role: 'check_in', severity: 'Informational' }),
    ],
    '10.4.0.5',
    'context only',
  ],
  ['a user agent of a known tool', [alert('ET USER_AGENTS Observed Malicious User-Agent (CobaltStrike)', { severity: 'Major' })], '10.4.0.5', CHECK],
  ['a user agent that is odd', [alert('ET USER_AGENTS Suspicious User-Agent (example/1.0)', { severity: 'Minor' })], '10.4.0.5', 'context only'],
  ["a check-in through a proxy of ours is the client's", [alert('ET MALWARE Evil CnC Checkin', { to: '10.4.0.3', dest_port: 3128 })], '10.4.0.5', CHECK],
  ['the proxy says whom it speaks for', [alert('ET MALWARE Evil CnC Checkin', { from: '10.4.0.3', xff: '10.4.0.9' })], '10.4.0.9', CHECK],
  ['data goes out over another host of ours', [alert('ET MALWARE Evil Data Exfiltration Attempt', { to: SERVER, dest_port: 445 })], '10.4.0.5', CHECK],
  ['a command that comes back through a relay of ours', [alert('ET MALWARE Evil - Command Sent to Client', answer('10.4.0.3'))], '10.4.0.5', CHECK],
  [
    'DNS that carries data is more than a lookup',
    [alert('ET MALWARE Evil DNS Tunneling Activity', { ...question('aaaa.evil.top'), to: RESOLVER })],
    '10.4.0.5',
    CHECK,
  ],
  [
    'an address on a list of controlling servers',
    [alert('ET Threatview.io High Confidence Cobalt Strike C2 IP group 1', { dest_port: 443 })],
    '10.4.0.5',
    'watch',
  ],
  ['a name in a request', [alert('ET MALWARE Observed Evil Domain in HTTP (evil .top)', { http: { hostname: 'evil.top' } })], '10.4.0.5', 'watch'],
  ['a lookup, hours later a connection', [lookup('evil.top', { at: '09:00:00' }), sni({ at: '16:00:00' })], '10.4.0.5', 'watch'],
  [
    'the sensor sits behind the resolver: its client asked a moment before',
    [asked('evil.top', '10.4.0.7'), lookup('evil.top', { from: RESOLVER, to: '9.9.9.9', at: '10:00:01' })],
    '10.4.0.7',
    'watch',
  ],
  [
    'over TCP, in IPv6, in capitals',
    [asked('EVIL.top.', 'fd00::7', 'fd00::2'), lookup('evil.top', { from: 'fd00::2', to: '2001:db8::53', at: '10:00:01', proto: 'TCP' })],
    'fd00::7',
    'watch',
  ],
  [
    'who asked the day before is not blamed',
    [asked('evil.top', '10.4.0.7', RESOLVER, '01:00:00'), lookup('evil.top', { from: RESOLVER, to: '9.9.9.9', at: '10:00:01' })],
    RESOLVER,
    'watch',
  ],
  [
    "the answer of the resolver is its client's",
    [lookup('evil.top', { ...answer(RESOLVER, '10.4.0.5'), src_port: 53, dest_port: 50_123 })],
    '10.4.0.5',
    'watch',
  ],
  [
    'times of another zone are compared by the clock',
    [alert('ET EXPLOIT Foo RCE', { ...inbound(), at: '2024-06-14T12:00:00.000000+0200' }), sni({ from: SERVER, at: '2024-06-14T05:05:00.000000-0500' })],
    SERVER,
    CHECK,
  ],
  [
    "of Suricata before 7, which says no direction: the higher port is the client's",
    [alert('ET MALWARE Evil CnC Checkin', { to: '10.4.0.3', dest_port: 8080, direction: undefined })],
    '10.4.0.5',
    CHECK,
  ],
];

test.each(CASES)('%s', async (_why, records, host, judgement) => {
  const inside = insideOf(undefined)!;
  const worst = triage(records, { isInside: inside })[0];
  expect([worst.host, worst.judgement]).toEqual([host, judgement]);
  expect(worst.reasons.join('; ')).not.toBe('');
  const store = await openStore({ sqlite: ':memory:' }, { now: () => Date.parse('2024-06-15T00:00:00Z') });
  await store.ingest([new TextEncoder().encode(records.map((record) => `${JSON.stringify(record)}\n`).join(''))], 'sensor');
  const [first] = (await store.hosts()).hosts;
  await store.close();
  expect([first.host, first.judgement]).toEqual([host, judgement]);
});

test('where questions were not written down, the only client that spoke with the resolver then is the one', () => {
  const records = [asked('', '10.4.0.7', RESOLVER, '10:00:01', 'flow'), lookup('evil.top', { from: RESOLVER, to: '9.9.9.9', at: '10:00:01' })];
  expect(triage(records, { isInside: insideOf(undefined)! })[0].host).toBe('10.4.0.7');
  const two = [asked('', '10.4.0.8', RESOLVER, '10:00:01', 'flow'), ...records];
  expect(triage(two, { isInside: insideOf(undefined)! })[0].host).toBe(RESOLVER);
});

test("a record that two files have counts once, and a loader's check-in is not told as data that left", () => {
  const one = alert('ET MALWARE Evil Stealer CnC Checkin');
  const [host] = triage([one, structuredClone(one)], { isInside: insideOf(undefined)! });
  expect([host.alerts, host.rules[0].role]).toEqual([1, 'check_in']);
});
