/** The chain's second half on a copy of the example week and on alerts made for the purpose. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue, refang } from '@sigwright/catalogue';
import type { EveRecord } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  buildCoverage,
  buildRelease,
  checkLock,
  communityReview,
  decide,
  digest,
  draftRules,
  newSigningKey,
  openRepository,
  type ReleaseManifest,
  type Repository,
  readReport,
  reviewQueue,
  sidRanges,
  triage,
  verifyBytes,
  writeRelease,
} from './index.ts';

const WEEK = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-test-'));
  cpSync(WEEK, folder, { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function repository(): Repository {
  const opened = openRepository(folder);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

const REQUEST = { version: '1', date: '2024-03-08', classifications: new Map(), catalogue };

describe('repository and release', () => {
  test('the example week has no problems', () => {
    expect(repository().problems).toEqual([]);
    expect(repository().rules.length).toBeGreaterThanOrEqual(40);
  });

  test('a release is the same bytes whenever it is built', async () => {
    const [one, two] = [await buildRelease(repository(), REQUEST), await buildRelease(repository(), REQUEST)];
    if (!one.ok || !two.ok) throw new Error('no release');
    expect([...one.value.files.keys()]).toEqual([...two.value.files.keys()]);
    for (const [path, bytes] of one.value.files) expect(Buffer.compare(bytes, two.value.files.get(path)!), path).toBe(0);
    expect([...one.value.files.keys()]).toContain('rules/sid-msg.map');
  });

  test('signed releases: every archive and the manifest, and the manifest answers for every file', async () => {
    const key = newSigningKey();
    const built = await buildRelease(repository(), { ...REQUEST, signingKey: key.secret });
    if (!built.ok) throw new Error(built.message);
    const { files } = built.value;
    const text = (path: string): string => new TextDecoder().decode(files.get(path));
    for (const path of ['example-week.rules.tar.gz', 'example-week.rules.zip', 'manifest.json'])
      expect(verifyBytes(files.get(path)!, text(`${path}.minisig`), key.public), path).toMatchObject({
        ok: true,
        value: `file:${path} version:1 date:2024-03-08`,
      });
    const manifest = JSON.parse(text('manifest.json')) as ReleaseManifest;
    for (const [path, { sha256 }] of Object.entries(manifest.files)) expect(digest('sha256', files.get(path)!), path).toBe(sha256);
    expect(manifest.rules.every((rule) => rule.report !== undefined && rule.evidence.length >= 2)).toBe(true);
  });

  test('a release that was killed before the lock was written is finished by the next try', async () => {
    const built = await buildRelease(repository(), REQUEST);
    if (!built.ok) throw new Error(built.message);
    expect(writeRelease(repository(), '1', built.value)).toBeUndefined();
    rmSync(join(folder, 'rules.lock'));
    expect(writeRelease(repository(), '1', built.value)).toBeUndefined();
    expect(Object.keys(repository().lock.rules)).toHaveLength(repository().rules.length);
  });

  test('the next release says what changed; a changed rule needs a new rev', async () => {
    const built = await buildRelease(repository(), REQUEST);
    if (!built.ok) throw new Error(built.message);
    expect(writeRelease(repository(), '1', built.value)).toBeUndefined();
    expect(checkLock(repository())).toEqual([]);
    const path = join(folder, 'rules', 'malware.rules');
    const before = readFileSync(path, 'utf8');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(path, before.replace('content:"POST"', 'content:"PUT"'));
    expect(checkLock(repository())).toHaveLength(1);
    expect((await buildRelease(repository(), { ...REQUEST, version: '2' })).ok).toBe(false);
    writeFileSync(path, before.replace('content:"POST"', 'content:"PUT"').replace('rev:1;', 'rev:2;'));
    const next = await buildRelease(repository(), { ...REQUEST, version: '2' });
    if (!next.ok) throw new Error(next.message);
    expect(next.value.previous).toBe('1');
    expect(next.value.difference.modifiedActive).toHaveLength(1);
    expect(next.value.difference.added).toHaveLength(0);
  });
});

describe('time to review', () => {
  test('infrastructure is due in weeks, behaviour in months, with the reason in words', () => {
    const queue = reviewQueue(repository(), '2024-04-10');
    const due = queue.filter((item) => item.overdue >= 0);
    expect(new Set(due.map((item) => item.role))).toEqual(new Set(['lookup', 'contact']));
    expect(due[0].why).toMatch(/looked at every 28 days/);
  });

  test('decisions are written into rule and lock; moves that make no sense are refused', () => {
    const [first, second] = repository().rules.map((one) => one.rule.sid);
    expect(decide(repository(), { sid: first, decision: 'disable', reason: '', today: '2024-04-10' })).toMatchObject({ code: 'review/no-reason' });
    expect(decide(repository(), { sid: first, decision: 'disable', reason: 'Age', today: '2024-04-10' })).toMatchObject({ value: 'done' });
    const disabled = repository().rules.find((one) => one.rule.sid === first);
    expect(disabled?.rule.enabled).toBe(false);
    expect(disabled?.rule.text).toContain('deprecation_reason Age');
    expect(repository().lock.rules[String(first)].decisions[0]).toMatchObject({ decision: 'disable', reason: 'Age' });
    expect(decide(repository(), { sid: first, decision: 'disable', reason: 'Age', today: '2024-04-10' })).toMatchObject({ code: 'review/not-allowed' });
    expect(decide(repository(), { sid: second, decision: 'retire', reason: 'Relevance', today: '2024-04-10' })).toMatchObject({ value: 'done' });
    expect(repository().rules.find((one) => one.rule.sid === second)?.category).toBe('retired');
    expect(repository().problems).toEqual([]);
    expect(decide(repository(), { sid: second, decision: 'keep', reason: '', today: '2024-04-10' })).toMatchObject({ code: 'review/not-allowed' });
  });
});

describe('community review', () => {
  test('every campaign is named, credited and linked', () => {
    const post = communityReview(repository(), '2024-03-08');
    for (const report of repository().reports) {
      expect(post).toContain(report.title);
      for (const { handle } of report.credits) expect(post).toContain(handle);
    }
  });

  test('a title from somebody else’s page brings no tag into the post', () => {
    const all = repository();
    const [first, ...others] = all.reports;
    const post = communityReview({ ...all, reports: [{ ...first, title: 'A <img src=x onerror=alert(1)> loader' }, ...others] }, '2024-03-08');
    expect(post).toContain('## A &lt;img');
    expect(post).not.toContain('<img');
  });

  test('a post is about its week, or about the last one that brought anything', () => {
    const all = repository();
    const [old, ...week] = all.reports;
    const aged = { ...all, reports: [{ ...old, date: '2024-02-23' }, ...week] };
    for (const day of ['2024-03-08', '2024-03-14', '2024-05-01']) {
      const post = communityReview(aged, day);
      expect(post).not.toContain(old.title);
      for (const report of week) expect(post).toContain(report.title);
    }
    expect(communityReview(aged, '2024-02-25')).toContain(old.title);
    expect(communityReview(aged, '2024-02-01')).not.toContain('Thanks');
  });

  test.each([
    [[1, 2, 3], '1-3'],
    [[1, 2], '1 & 2'],
    [[5, 1, 2, 3, 9], '1-3, 5 & 9'],
    [[7], '7'],
  ])('ranges of %j', (sids, text) => {
    expect(sidRanges(sids)).toBe(text);
  });
});

describe('triage', () => {
  const inside = { isInside: (address: string) => address.startsWith('10.') };
  const alert = (signature: string, more: EveRecord = {}): EveRecord => ({
    timestamp: '2024-03-08T10:00:00.000000+0000',
    event_type: 'alert',
    src_ip: '10.0.0.5',
    dest_ip: '203.0.113.9',
    dest_port: 443,
    alert: { signature_id: signature.length, signature, metadata: {} },
    ...more,
  });
  const dns = { app_proto: 'dns', dest_ip: '10.0.0.2', dest_port: 53 };
  test.each([
    ['INFO alone is context', [alert('ET INFO Something')], 'context only'],
    ['many INFO alerts are still context', [alert('ET INFO Something'), alert('ET POLICY Other thing')], 'context only'],
    ['a lookup is worth watching', [alert('ET MALWARE Evil Domain in DNS Lookup (evil .com)', dns)], 'watch'],
    [
      'lookups and contacts alone stay watch',
      [alert('ET MALWARE Evil Domain in DNS Lookup (evil .com)', dns), alert('ET MALWARE Observed Evil Domain (evil .com in TLS SNI)', { app_proto: 'tls' })],
      'watch',
    ],
    ['a check-in raises', [alert('ET MALWARE Evil CnC Checkin', { app_proto: 'http' })], 'check this host for compromise'],
    ['exfiltration raises', [alert('ET MALWARE Evil Data Exfiltration Attempt', { app_proto: 'http' })], 'check this host for compromise'],
    ['a retired rule alone is watch', [alert('ET RETIRED Evil CnC Checkin', { app_proto: 'http' })], 'watch'],
  ])('%s', (_why, records, judgement) => {
    expect(triage(records, inside)[0]).toMatchObject({ host: '10.0.0.5', judgement });
  });

  test('a lookup by the resolver belongs to the client that asked it', () => {
    const asked = {
      event_type: 'dns',
      timestamp: '2024-03-08T09:59:59.000000+0000',
      src_ip: '10.0.0.7',
      dest_ip: '10.0.0.2',
      dest_port: 53,
      dns: { queries: [{ rrname: 'evil.com' }] },
    };
    const raised = alert('ET MALWARE Evil Domain in DNS Lookup (evil .com)', {
      src_ip: '10.0.0.2',
      dest_ip: '8.8.8.8',
      dest_port: 53,
      app_proto: 'dns',
      dns: { queries: [{ rrname: 'evil.com' }] },
    });
    expect(triage([asked, raised], inside)[0]).toMatchObject({ host: '10.0.0.7', judgement: 'watch' });
  });
});

describe('intake and draft', () => {
  const options = { definitions: catalogue.indicators, refang };
  test.each([
    ['evil[.]example-site[.]top', 'domain', 'evil.example-site.top'],
    ['evil(dot)site(dot)top', 'domain', 'evil.site.top'],
    ['hxxps://evil[.]top/a.php?b=1', 'url', 'https://evil.top/a.php?b=1'],
    ['hXXp[://]evil[.]top/x', 'url', 'http://evil.top/x'],
    ['93[.]184[.]216[.]34', 'ipv4', '93.184.216.34'],
    ['bad[@]evil[.]top', 'email', 'bad@evil.top'],
    ['44D88612FEA8A8F36DE82E1278ABB02F', 'md5', '44d88612fea8a8f36de82e1278abb02f'],
    ['CVE-2024-1709', 'cve', 'CVE-2024-1709'],
  ])('%s is read as %s', (text, type, value) => {
    const input = `The sample used ${text} yesterday.`;
    const found = readReport(input, options).indicators.find((one) => one.type === type);
    expect(found?.value).toBe(value);
    expect(input.slice(found!.start, found!.end)).toBe(text);
  });

  test.each(['readme.md', 'libpanel.so', 'Agent.AE', 'version 1.2.3.4.5', 'e.g. this'])('%s holds no domain', (text) => {
    expect(readReport(`See ${text} for more.`, options).indicators.filter((one) => one.type === 'domain' || one.type === 'ipv4')).toEqual([]);
  });

  test('drafts compile into rules that neither over- nor under-match, and say what they leave out', () => {
    const reading = readReport('Loader at evil[.]top and known[.]top, like google[.]com. See https://www.zscaler.com/blogs/x for more words here.', options);
    const coverage = buildCoverage(parseRules('alert dns any any -> any any (msg:"x"; dns.query; dotprefix; content:".known.top"; endswith; sid:9;)').rules);
    let sid = 100;
    const draft = draftRules(reading, { prefix: 'SW', nextSid: () => sid++, date: '2024-03-08', coverage });
    const { rules, diagnostics } = parseRules(draft.rules.map((rule) => rule.text).join('\n'));
    expect(diagnostics).toEqual([]);
    // The pair for evil.top; of known.top only the DNS half is covered.
    expect(rules).toHaveLength(3);
    expect(draft.rules[2].text).toContain('tls.sni; dotprefix; content:".known.top"');
    expect(draft.rules[0].text).toContain('dns.query; dotprefix; content:".evil.top"; nocase; endswith;');
    expect(draft.skipped.map((one) => one.why).join('\n')).toMatch(/covered already by 9/);
  });
});
