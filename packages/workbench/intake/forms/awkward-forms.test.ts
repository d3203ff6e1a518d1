/** Forms as tools really write them, with what an eager reader takes for an indicator, a source or a name, and a lazy one loses. Invented. */
import { catalogue, refang } from '@sigwright/catalogue';
import { describe, expect, it } from 'vitest';
import { readReportOf } from './forms.ts';

const MD5 = '5f4dcc3b5aa765d61d8327deb882cf99';
const SHA1 = '5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8';
const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

interface Case {
  readonly why: string;
  readonly input: unknown;
  readonly name?: string;
  /** `role type value` in the order of the text */
  readonly found: readonly string[];
  readonly also?: object;
}

const CASES: readonly Case[] = [
  {
    why: 'STIX: patterns with AND, OR and FOLLOWEDBY, ranges, properties of traffic; what is excluded is said; a URL is not where the bundle comes from',
    input: {
      type: 'bundle',
      objects: [
        {
          type: 'indicator',
          pattern_type: 'stix',
          pattern:
            "[url:value = 'http://cold-rain.top/gate.php'] FOLLOWEDBY [domain-name:value='evil-otter.com' AND ipv4-addr:value = '45.137.21.9'] WITHIN 600 SECONDS",
        },
        {
          type: 'indicator',
          pattern_type: 'stix',
          pattern: `[file:hashes.'SHA-256' = '${SHA256}' OR file:hashes.MD5 = '${MD5}'] OR [x509-certificate:hashes.'SHA-1' = '${SHA1}']`,
        },
        { type: 'indicator', pattern_type: 'stix', pattern: "[network-traffic:dst_ref.value = '45.137.22.7' AND network-traffic:dst_port = 4444]" },
        {
          type: 'indicator',
          pattern_type: 'stix',
          pattern: "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'QuietClient/2.0 (x)']",
        },
        { type: 'indicator', pattern_type: 'stix', pattern: "[ipv4-addr:value ISSUBSET '185.215.112.0/24']" },
        { type: 'indicator', pattern_type: 'stix', pattern: "[domain-name:value != 'good-one.xyz' AND domain-name:value NOT = 'good-two.xyz']" },
      ],
    },
    found: [
      'indicator url http://cold-rain.top/gate.php',
      'indicator domain evil-otter.com',
      'indicator ipv4 45.137.21.9',
      `indicator sha256 ${SHA256}`,
      `indicator md5 ${MD5}`,
      `indicator sha1 ${SHA1} tls-certificate`,
      'indicator ipv4 45.137.22.7',
      'indicator user-agent QuietClient/2.0 (x)',
      'indicator ipv4 185.215.112.0/24',
    ],
    also: {
      source: undefined,
      leftOut: ['good-one.xyz: the pattern says that it is not this', 'good-two.xyz: the pattern says that it is not this'],
    },
  },
  {
    why: 'MISP: fingerprints that look like digests, whom it was aimed at, weaknesses that nobody detects',
    input: {
      Event: {
        info: 'Cold',
        Attribute: [
          { type: 'hostname|port', value: 'c2.evil-otter.com|4443', to_ids: true },
          { type: 'x509-fingerprint-sha1', value: SHA1, to_ids: true },
          { type: 'ja3-fingerprint-md5', value: MD5, to_ids: true },
          { type: 'hassh-md5', value: `${MD5.slice(2)}aa`, to_ids: true },
          { type: 'domain', category: 'Targeting data', value: 'first-bank.top', to_ids: true },
          { type: 'vulnerability', value: 'CVE-2024-1709', to_ids: false },
        ],
      },
    },
    found: [
      'indicator domain c2.evil-otter.com',
      `indicator sha1 ${SHA1} tls-certificate`,
      `indicator ja3 ${MD5}`,
      `reference md5 ${MD5.slice(2)}aa`,
      'victim domain first-bank.top',
      'reference cve CVE-2024-1709',
    ],
  },
  {
    why: 'Triage: the family in small letters, and where a stealer sends what it took',
    input: {
      sample: { id: '240308-abcd12efgh', target: 'a.exe' },
      analysis: { tags: ['stealer'] },
      extracted: [
        { config: { family: 'tinotter', c2: ['tcp://c2.evil-otter.com:9000'] } },
        { credentials: { protocol: 'smtp', host: 'mail.cold-rain.top', port: 587, username: 'joe@cold-rain.top' } },
      ],
    },
    found: ['indicator file a.exe', 'indicator url tcp://c2.evil-otter.com:9000', 'indicator domain mail.cold-rain.top', 'indicator email joe@cold-rain.top'],
    also: { families: ['tinotter'] },
  },
  {
    why: 'ANY.RUN: a family as a tag, the user agent of a request',
    input: {
      data: {
        analysis: { uuid: 'u', tags: [{ tag: 'lumma' }], content: { mainObject: { filename: 'a.exe' } } },
        network: { httpRequests: [{ url: 'http://cold-rain.top/a', 'user-agent': 'QuietClient/1.0' }] },
      },
    },
    found: ['indicator file a.exe', 'indicator url http://cold-rain.top/a', 'indicator user-agent QuietClient/1.0'],
    also: { families: ['Lumma Stealer'] },
  },
  {
    why: 'Mastodon: pages of tags and people are no reading',
    input: {
      url: 'https://infosec.exchange/@ada/1',
      account: { acct: 'ada' },
      content:
        '<p><a href="https://infosec.exchange/tags/ColdOtter" class="mention hashtag" rel="tag">#<span>ColdOtter</span></a> evil-otter[.]com<br>cc <a class="u-url mention" href="https://infosec.exchange/@bob">@<span>bob</span></a></p>',
    },
    found: ['indicator domain evil-otter.com', 'credit handle @bob'],
    also: { references: [], hashtags: ['ColdOtter'], credits: ['@ada', '@bob'] },
  },
  {
    why: 'a mail, quoted-printable: a wrapped address and digest, a quoted mail; whose mail it is, is no indicator',
    input: `From: Ada <Ada@small-lab.net>
Subject: Cold
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

It fetches hxxps://cold-rain[.]top/long/path/th=
at/wraps.php?id=3D7 and asks 45.137.21[.]9:8443.
SHA256: ${SHA256.slice(0, 50)}=
${SHA256.slice(50)}
> C2 is evil-otter[.]com
Ada, ada@small-lab.net

--b1--
`,
    found: [
      'indicator url https://cold-rain.top/long/path/that/wraps.php?id=7',
      'indicator ipv4 45.137.21.9',
      `indicator sha256 ${SHA256}`,
      'indicator domain evil-otter.com',
      'reference email ada@small-lab.net',
    ],
  },
  {
    why: 'a list with bars between, quotes within quotes, and a comma in an address',
    name: 'list.csv',
    input: 'indicator|comment\n"evil-otter[.]com"|"C2; since ""March"""\nhttps://cold-rain.top/a,b|x\n',
    found: ['indicator domain evil-otter.com', 'indicator url https://cold-rain.top/a,b'],
    also: { source: undefined },
  },
  {
    why: 'a text whose first line is an indicator under the word URL',
    input: `URL: http://cold-rain.top/gate.php\nMD5: ${MD5}\n`,
    found: ['indicator url http://cold-rain.top/gate.php', `indicator md5 ${MD5}`],
    also: { source: undefined },
  },
  {
    why: 'a page with a megabyte of blanks in a row: looking for those at the ends of lines from each blank anew took minutes',
    input: `<html><body><article><p>evil-one[.]xyz${' '.repeat(1_000_000)}|</p></article></body></html>`,
    name: 'report.html',
    found: ['indicator domain evil-one.xyz'],
  },
];

describe('awkward forms', () => {
  for (const { why, input, name, found, also } of CASES)
    it(why, async () => {
      const bytes = new TextEncoder().encode(typeof input === 'string' ? input : JSON.stringify(input));
      const { source, ...reading } = await readReportOf(bytes, { definitions: catalogue.indicators, refang }, name === undefined ? {} : { name });
      expect(reading.indicators.map(({ role, type, value, of }) => `${role} ${type} ${value}${of === undefined ? '' : ` ${of}`}`)).toEqual(found);
      for (const one of reading.indicators) expect(reading.text.slice(one.start, one.end)).toBe(one.written);
      expect({ source, ...reading }).toMatchObject(also ?? {});
    });
});
