/** The site: hostile words of rules, reports and traffic never become markup, links lead somewhere, and the playbook is read again and used. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import type { Repository } from '../repository/repository.ts';
import { playbookFacts, playbookOf, readPlaybook } from './playbook.ts';
import { dump, seenTogether } from './rule-page.ts';
import { type SiteOptions, siteOf } from './site.ts';

const HOSTILE = '<script>alert(1)</script>"\'&\u202e\u0007';

function hostileRepository(): Repository {
  const text = `alert dns any any -> any any (msg:"SW ${HOSTILE}"; dns.query; content:"evil"; reference:url,javascript:alert(1); metadata:role lookup, malware_family ${HOSTILE}; sid:7; rev:1;)`;
  return {
    folder: '/nowhere',
    settings: {
      name: 'trial',
      title: HOSTILE,
      licence: 'BSD',
      copyright: '',
      'message-prefix': 'SW',
      'sid-ranges': [],
      engines: [],
      networks: {},
      'time-to-review': {},
      review: { policy: [], 'four-eyes': [] },
    },
    rules: parseRules(text).rules.map((rule) => ({ rule, category: 'malware', path: 'rules/malware.rules', line: 1 })),
    reports: [
      {
        slug: 'one',
        title: HOSTILE,
        date: '2024-03-08',
        source: { url: 'javascript:alert(1)', kind: 'post', publisher: HOSTILE },
        credits: [{ handle: HOSTILE, name: HOSTILE, where: HOSTILE }],
        campaign: '',
        families: [HOSTILE],
        actors: [HOSTILE],
        summary: HOSTILE,
        indicators: [{ type: 'domain', value: HOSTILE, role: 'indicator', note: HOSTILE }],
        rules: [{ sid: 7, role: 'lookup', 'alerts-on': HOSTILE }],
        'emerging-threats': [],
        correlate: HOSTILE,
        playbook: HOSTILE,
      },
    ],
    evidence: new Map([[7, { sid: 7, fires: [{ capture: 'a.pcap', alerts: 1, shows: HOSTILE }], silent: [{ capture: 'b.pcap', because: HOSTILE }] }]]),
    feedback: [],
    lock: { rules: {} },
    lockBroken: false,
    problems: [],
    files: new Map(),
  };
}

const bytes = new TextEncoder().encode(HOSTILE);
const OPTIONS: SiteOptions = {
  date: '2024-03-08',
  base: 'https://rules.example',
  seen: () => [{ where: HOSTILE, condition: HOSTILE, found: { bytes, from: 0, start: 0, end: 8, length: bytes.length } }],
  cost: () => undefined,
  history: () => [HOSTILE],
};

describe('site', () => {
  const repository = hostileRepository();
  const files = [...siteOf(repository, OPTIONS)];

  test('nothing from outside becomes markup, a link that runs, or a character that hides', () => {
    expect(repository.rules.length).toBe(1);
    const pages = files.filter(({ path }) => /\.(html|rss|atom)$/.test(path));
    expect(pages.length).toBeGreaterThan(6);
    for (const { path, content } of pages) {
      expect(content, path).not.toContain('<script>alert');
      expect(content, path).not.toContain('href="javascript');
      expect(content, path).not.toContain('\u202e');
      expect(content, path).not.toContain('\u0007');
    }
    expect(files.find(({ path }) => path === 'search-index.js')?.content).not.toContain('<script');
  });

  test('every link within the site leads to a file of it', () => {
    const paths = new Set(files.map(({ path }) => path));
    let links = 0;
    for (const { path, content } of files)
      if (path.endsWith('.html'))
        for (const [, target] of content.matchAll(/(?:href|src)="([^":]+)"/g)) {
          expect(paths, `${path} → ${target}`).toContain(posix.join(posix.dirname(path), target));
          links++;
        }
    expect(links).toBeGreaterThan(30);
  });

  test('the same repository and day give the same bytes', () => {
    expect([...siteOf(hostileRepository(), OPTIONS)]).toEqual(files);
  });

  test('matched bytes stand in a mark, as hex and as text', () => {
    const { markup } = dump({ bytes: new TextEncoder().encode('ab<c'), from: 10, start: 12, end: 13, length: 14 });
    expect(markup).toContain('61 62 <mark>3c</mark> 63');
    expect(markup).toContain('ab<mark>&lt;</mark>c');
  });

  test('what conditions match in the same bytes is shown once, each match marked', () => {
    const buffer = new TextEncoder().encode('abcdef');
    const seen = [
      [0, 1],
      [4, 6],
    ].map(([start, end], at) => ({ where: 'http.uri', condition: `c${at}`, found: { bytes: buffer.slice(), from: 0, start, end, length: 6 } }));
    const other = { where: 'http.method', condition: 'm', found: seen[0].found };
    const [together, apart] = seenTogether([...seen, other]);
    expect([together.conditions, apart.conditions]).toEqual([['c0', 'c1'], ['m']]);
    expect(dump(together.found, together.ranges).markup).toContain('<mark>61</mark> 62 63 64 <mark>65</mark> <mark>66</mark>');
  });

  test('a rule without report and a report without words still say what to do', () => {
    const bare = { ...hostileRepository(), reports: [] };
    const said = (one: Repository): string => [...siteOf(one, OPTIONS)].find(({ path }) => path === 'sid/7.html')?.content ?? '';
    expect(said(bare)).toContain('A lookup alone is worth a look');
    expect(said(bare)).toContain('nobody is named');
    const [report] = hostileRepository().reports;
    expect(said({ ...bare, reports: [{ ...report, playbook: '', source: { url: '', kind: 'post', publisher: '' } }] })).toContain(
      'A lookup alone is worth a look',
    );
    expect(said({ ...bare, reports: [{ ...report, source: { url: '', kind: 'post', publisher: '' } }] })).not.toContain('Source:');
  });

  test('each release has a page with its changelog, and the feeds lead there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigwright-site-'));
    for (const version of ['1', '2']) {
      mkdirSync(join(folder, 'releases', version), { recursive: true });
      writeFileSync(join(folder, 'releases', version, 'version.txt'), version);
      writeFileSync(join(folder, 'releases', version, 'manifest.json'), JSON.stringify({ date: `2024-03-0${version}`, rules: [{}] }));
      writeFileSync(join(folder, 'releases', version, 'changelog.md'), `# what <b>${version}</b> brought`);
    }
    mkdirSync(join(folder, 'releases', '3.7.tmp'));
    const made = new Map([...siteOf({ ...hostileRepository(), folder }, OPTIONS)].map(({ path, content }) => [path, content]));
    rmSync(folder, { recursive: true });
    expect([...made.keys()].filter((path) => path.startsWith('release/'))).toEqual(['release/2.html', 'release/1.html']);
    expect(made.get('release/1.html')).toContain('# what &lt;b&gt;1&lt;/b&gt; brought');
    expect(made.get('index.html')).toContain('<a href="release/2.html">2</a>');
    for (const feed of ['feed.rss', 'feed.atom', 'feed.json']) expect(made.get(feed), feed).toContain('https://rules.example/release/2.html');
  });
});

describe('playbook', () => {
  test('is written, read again, and tells triage what to do', () => {
    const made = playbookOf(hostileRepository());
    const read = readPlaybook(JSON.stringify(made));
    expect(read.ok && read.value).toEqual(made);
    expect(playbookFacts(made)(7)?.report).toEqual({ slug: 'one', title: HOSTILE, playbook: made.families[0].playbook, correlate: made.families[0].correlate });
    expect(playbookFacts(made)(8)).toBeUndefined();
  });

  test.each([
    ['half a file', '{"format":'],
    ['another format', '{"format":"other","ruleset":"a","families":[]}'],
    ['no families', '{"format":"sigwright-playbook-1","ruleset":"a"}'],
  ])('%s is refused with a reason', (_why, text) => {
    const read = readPlaybook(text);
    expect(read.ok).toBe(false);
    expect(!read.ok && read.message).not.toBe('');
  });
});
