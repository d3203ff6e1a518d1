/** The site: hostile words of rules, reports and traffic never become markup, links lead somewhere, and the playbook is read again and used. */
import { posix } from 'node:path';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import type { Repository } from '../repository/repository.ts';
import { playbookFacts, playbookOf, readPlaybook } from './playbook.ts';
import { dump, type SiteOptions, siteOf } from './site.ts';

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
