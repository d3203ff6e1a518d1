/** Every form in which reports come: what is read out of it, who is credited, what the form itself calls harmless. */
import { catalogue, refang } from '@sigwright/catalogue';
import { describe, expect, test } from 'vitest';
import { type Form, readReportOf } from './forms.ts';

const options = { definitions: catalogue.indicators, refang };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (value: unknown): string => JSON.stringify(value);

/** One page with the given lines in Helvetica; offsets are left wrong, as many writers do: readers rebuild the table. */
const pdf = (...lines: readonly string[]): string => {
  const stream = `BT /F1 12 Tf 72 720 Td 14 TL ${lines.map((line) => `(${line}) Tj T*`).join(' ')} ET`;
  return `%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>> endobj
4 0 obj <</Length ${stream.length}>> stream
${stream}
endstream endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
trailer <</Root 1 0 R>>
`;
};

interface Case {
  readonly why: string;
  readonly input: string;
  readonly name?: string;
  readonly form: Form;
  /** values whose role is indicator, in order, each once */
  readonly indicators: readonly string[];
  readonly title?: string;
  readonly source?: string;
  readonly credits?: readonly string[];
  readonly leftOut?: readonly string[];
  readonly published?: string;
  readonly problem?: RegExp;
  readonly encoding?: 'utf-16le' | 'latin1';
}

const SHA256 = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';
const MD5 = 'a0a3ab98d2cf869aec830a98d4be2dfa';

const CASES: readonly Case[] = [
  { why: 'text stays text', input: 'The loader talks to evil-one[.]xyz', form: 'text', indicators: ['evil-one.xyz'] },
  { why: 'PDF', input: pdf('The loader talks to evil-one[.]xyz'), form: 'pdf', indicators: ['evil-one.xyz'] },
  {
    why: 'a mail in quoted-printable, its sender credited',
    input:
      'From: Ada <ada@example.org>\r\nSubject: New loader\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nServer: evil-=\r\none[.]xyz\r\n',
    form: 'email',
    indicators: ['evil-one.xyz'],
    title: 'New loader',
    credits: ['Ada'],
  },
  {
    why: 'a Discourse topic: every post, its authors credited',
    input: json({
      title: 'SocGholish domains',
      post_stream: {
        posts: [
          { username: 'one', cooked: '<p>Seen: evil-one[.]xyz</p>' },
          { username: 'two', cooked: '<p>and evil-two[.]xyz</p>' },
        ],
      },
    }),
    form: 'discourse',
    indicators: ['evil-one.xyz', 'evil-two.xyz'],
    title: 'SocGholish domains',
    credits: ['@one', '@two'],
  },
  {
    why: 'a Mastodon boost credits the one who wrote it',
    input: json({
      account: { acct: 'booster' },
      content: '',
      reblog: { account: { acct: 'author@infosec.exchange' }, url: 'https://infosec.exchange/@author/1', content: '<p>C2: evil-one[.]xyz</p>' },
    }),
    form: 'mastodon',
    indicators: ['evil-one.xyz'],
    source: 'https://infosec.exchange/@author/1',
    credits: ['@author@infosec.exchange'],
  },
  {
    why: 'RSS',
    input:
      '<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title><item><title>Loader</title><link>https://blog.example.org/1</link><description>&lt;p&gt;C2 evil-one[.]xyz&lt;/p&gt;</description></item></channel></rss>',
    form: 'feed',
    indicators: ['evil-one.xyz'],
    title: 'Blog',
  },
  {
    why: 'Atom',
    input:
      '<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title><entry><title>Loader</title><author><name>Ada</name></author><content type="text">C2 evil-one[.]xyz</content></entry></feed>',
    form: 'feed',
    indicators: ['evil-one.xyz'],
    credits: ['Ada'],
  },
  {
    why: 'a MISP event: composite values, objects, and what is not meant for detection',
    input: json({
      Event: {
        info: 'Loader campaign',
        Orgc: { name: 'CERT X' },
        Attribute: [
          { type: 'domain', value: 'evil-one.xyz', to_ids: true, category: 'Network activity' },
          { type: 'domain', value: 'harmless.example.org', to_ids: false, category: 'Network activity' },
          { type: 'ip-dst|port', value: '203.0.114.7|8443', to_ids: true },
        ],
        Object: [{ name: 'file', Attribute: [{ type: 'md5', value: MD5, to_ids: true }] }],
      },
    }),
    form: 'misp',
    indicators: ['evil-one.xyz', '203.0.114.7', MD5],
    title: 'Loader campaign',
    credits: ['CERT X'],
    leftOut: ['harmless.example.org: the event does not mean it for detection'],
  },
  {
    why: 'a STIX 2.1 bundle: patterns, and a revoked indicator',
    input: json({
      type: 'bundle',
      id: 'bundle--1',
      objects: [
        { type: 'report', name: 'Loader campaign', description: 'What it does.' },
        { type: 'identity', name: 'CERT X' },
        { type: 'indicator', pattern: `[domain-name:value = 'evil-one.xyz' OR file:hashes.'MD5' = '${MD5}']` },
        { type: 'indicator', revoked: true, pattern: "[domain-name:value = 'evil-two.xyz']" },
      ],
    }),
    form: 'stix',
    indicators: ['evil-one.xyz', MD5],
    title: 'Loader campaign',
    credits: ['CERT X'],
    leftOut: ['evil-two.xyz: the indicator is revoked'],
  },
  {
    why: 'Hatching Triage: what its targets and configurations name',
    input: json({
      sample: { id: '240308-abcd12efgh', target: 'loader.exe', md5: MD5 },
      analysis: { family: ['marioloader'] },
      targets: [{ iocs: { domains: ['evil-one.xyz'], urls: ['http://evil-two.xyz/bot/data'] } }],
      extracted: [{ config: { family: 'marioloader', c2: ['203.0.114.7:8443'] } }],
    }),
    form: 'triage',
    indicators: ['loader.exe', MD5, 'evil-one.xyz', 'http://evil-two.xyz/bot/data', '203.0.114.7'],
    source: 'https://tria.ge/240308-abcd12efgh',
  },
  {
    why: 'ANY.RUN: what it knows as harmless is left out',
    input: json({
      data: {
        analysis: { permanentUrl: 'https://app.any.run/tasks/1', content: { mainObject: { filename: 'loader.exe', hashes: { md5: MD5 } } } },
        network: {
          dnsRequests: [
            { domain: 'evil-one.xyz', reputation: 'malicious' },
            { domain: 'settings-win.data.microsoft.com', reputation: 'whitelisted' },
          ],
        },
      },
    }),
    form: 'anyrun',
    indicators: ['loader.exe', MD5, 'evil-one.xyz'],
    source: 'https://app.any.run/tasks/1',
    leftOut: ['settings-win.data.microsoft.com: the sandbox knows it as harmless'],
  },
  {
    why: 'CSV: quoted cells, nothing sticks to its neighbour',
    input: 'type,value,note\nurl,http://evil-two.xyz/a,"first, of two"\ndomain,"evil-one.xyz",seen\n',
    name: 'list.csv',
    form: 'csv',
    indicators: ['http://evil-two.xyz/a', 'evil-one.xyz'],
  },
  { why: 'JSON of no known form is read as text', input: json({ domain: 'evil-one.xyz' }), form: 'text', indicators: ['evil-one.xyz'] },
  {
    why: 'broken JSON is read as text, which is said',
    input: '{"Event": {"info": "x", evil-one[.]xyz',
    form: 'text',
    indicators: ['evil-one.xyz'],
    problem: /JSON is broken/,
  },
  {
    why: 'PDF: names and digests that its lines divide',
    input: pdf('It asks panel.cold-', 'rain[.]xyz there.', 'SHA-256', SHA256.slice(0, 40), SHA256.slice(40), 'end'),
    form: 'pdf',
    indicators: ['panel.cold-rain.xyz', SHA256],
  },
  { why: 'a PDF that is none says so', input: '%PDF-1.4 evil-one[.]xyz', form: 'pdf', indicators: [], problem: /^the PDF can not be read: / },
  { why: 'a PDF cut in the middle', input: pdf('The loader talks to evil-one[.]xyz').slice(0, 120), form: 'pdf', indicators: [], problem: /PDF/ },
  {
    why: 'a broken feed is read as far as it goes, or as what it looks like',
    input: '<rss evil-one[.]xyz',
    form: 'text',
    indicators: ['evil-one.xyz'],
    problem: /feed is broken/,
  },
  {
    why: 'a mail with a page, a mail, a list and a program attached: what is a report is read, all are named with their digest',
    input: [
      'From: "Ada" <ada@small-lab.net>',
      'Date: Fri, 8 Mar 2024 12:00:00 +0000',
      'Subject: =?utf-8?Q?K=C3=A4lte?=',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: multipart/alternative; boundary=c',
      '',
      '--c',
      'Content-Type: text/plain',
      '',
      'See page.',
      '--c',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      btoa('<p>It asks evil-one[.]xyz, and it does so every hour of the day.</p>'),
      '--c--',
      '--b',
      'Content-Type: text/csv',
      'Content-Disposition: attachment; filename=list.csv',
      '',
      'domain,"evil-two.xyz"',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'From: x@small-lab.net',
      'Subject: inner',
      '',
      'evil-three[.]xyz',
      '--b',
      'Content-Type: application/octet-stream',
      'Content-Disposition: attachment; filename=invoice.exe',
      'Content-Transfer-Encoding: base64',
      '',
      'TVo=',
      '--b--',
      '',
    ].join('\r\n'),
    form: 'email',
    title: 'Kälte',
    published: '2024-03-08T12:00:00.000Z',
    credits: ['Ada'],
    indicators: ['evil-one.xyz', 'evil-two.xyz', 'evil-three.xyz', 'invoice.exe', '9b8db510ef42b8ed54a3712636fda55a4f8cfcd5493e20b74ab00cd4f3979f2d'],
  },
  {
    why: 'a page: menus, side columns and related posts are no part of it, rows stay rows, hidden mail is seen',
    input: `<!doctype html><html><head><title>Cold rain</title><meta property="article:published_time" content="2024-03-08"><meta name="author" content="Ada"></head><body class="has-sidebar">
<nav><a href="https://shop.small-lab.net/">Shop</a> nav.small-lab.net</nav><div class="cookie-banner">cookies.small-lab.net</div>
<main><article><header><h1>Cold rain</h1></header><p>${'The loader waits for rain. '.repeat(12)}</p>
<table><tr><td>evil-<b>one</b>[.]xyz</td><td>C2</td></tr></table><p>Write to <a class="__cf_email__" data-cfemail="422d2c2702273427316c3a3b38">[hidden]</a></p></article></main>
<aside class="related">related.small-lab.net</aside><footer>foot.small-lab.net</footer></body></html>`,
    form: 'html',
    title: 'Cold rain',
    published: '2024-03-08',
    credits: ['Ada'],
    indicators: ['evil-one.xyz'],
  },
  {
    why: 'a page that is nothing but what looks like furniture is read whole',
    input: '<html><body><div class="menu"><p>It asks evil-one[.]xyz</p></div></body></html>',
    form: 'html',
    indicators: ['evil-one.xyz'],
  },
  {
    why: 'a page with an element that is never closed is read whole',
    input: `<html><body><nav><p>${'It rains. '.repeat(40)}It asks evil-one[.]xyz</p></body></html>`,
    form: 'html',
    indicators: ['evil-one.xyz'],
  },
  { why: 'UTF-16 by its mark', input: '\ufeffIt asks evil-one[.]xyz', encoding: 'utf-16le', form: 'text', indicators: ['evil-one.xyz'] },
  {
    why: 'letters of the page that says so',
    input: '<html><head><meta charset="windows-1252"><title>K\u00e4lte</title></head><body><p>evil-one[.]xyz</p></body></html>',
    encoding: 'latin1',
    form: 'html',
    title: 'Kälte',
    indicators: ['evil-one.xyz'],
  },
  { why: 'an office document is none of the forms', input: 'PK\u0003\u0004 evil-one[.]xyz', form: 'text', indicators: [], problem: /ZIP archive/ },
  { why: 'a program is none either', input: 'MZ\u0000\u0001 evil-one[.]xyz', form: 'text', indicators: [], problem: /Windows program/ },
  {
    why: 'RSS with the article in an extension and its author in another',
    input:
      '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Blog</title><item><title>Loader</title><link>https://blog.small-lab.net/1</link><dc:creator>Ada</dc:creator><pubDate>Fri, 08 Mar 2024 12:00:00 GMT</pubDate><description>short</description><content:encoded><![CDATA[<p>C2 evil-one[.]xyz</p>]]></content:encoded></item></channel></rss>',
    form: 'feed',
    indicators: ['evil-one.xyz'],
    credits: ['Ada'],
    published: 'Fri, 08 Mar 2024 12:00:00 GMT',
  },
  {
    why: 'a JSON feed',
    input: json({
      version: 'https://jsonfeed.org/version/1.1',
      title: 'Blog',
      items: [{ id: '1', content_html: '<p>C2 evil-one[.]xyz</p>', authors: [{ name: 'Ada' }] }],
    }),
    form: 'feed',
    indicators: ['evil-one.xyz'],
    credits: ['Ada'],
  },
  {
    why: 'MISP: an IPv6 address with a port, a report within the event, names of galaxies',
    input: json({
      response: [
        {
          Event: {
            info: 'x',
            date: '2024-03-08',
            Galaxy: [{ GalaxyCluster: [{ value: 'Emotet' }] }],
            Attribute: [{ type: 'ip-dst|port', value: '2a0d:5600::7|8443', to_ids: true }],
            EventReport: [{ content: 'It asks evil-one[.]xyz, too.' }],
          },
        },
      ],
    }),
    form: 'misp',
    indicators: ['2a0d:5600::7', 'evil-one.xyz'],
    published: '2024-03-08',
  },
  {
    why: 'STIX: lists of values, what is not meant, and rules of other languages',
    input: json({
      type: 'bundle',
      objects: [
        {
          type: 'indicator',
          pattern_type: 'stix',
          created: '2024-03-08T00:00:00Z',
          pattern: "[domain-name:value IN ('evil-one.xyz', 'evil-two.xyz') AND url:value != 'http://good.xyz/']",
        },
        { type: 'indicator', name: 'a rule', pattern_type: 'yara', pattern: "rule x { strings: $a = 'http://no.xyz/' condition: $a }" },
      ],
    }),
    form: 'stix',
    indicators: ['evil-one.xyz', 'evil-two.xyz'],
    published: '2024-03-08T00:00:00Z',
    leftOut: ['http://good.xyz/: the pattern says that it is not this', 'a rule: a pattern in the language yara'],
  },
  {
    why: 'Triage: flows, notes of ransom, droppers, techniques',
    input: json({
      sample: { id: '240308-abcd12efgh', target: 'a.exe' },
      network: { flows: [{ dst: '203.0.114.7:443', tls_sni: 'evil-one.xyz', tls_ja3: MD5 }] },
      signatures: [{ ttp: ['T1059'] }],
      extracted: [{ dropper: { urls: [{ type: 'exe.dropper', url: 'http://evil-two.xyz/a' }] }, ransom_note: { emails: ['joe@evil-three.xyz'] } }],
    }),
    form: 'triage',
    indicators: ['a.exe', 'http://evil-two.xyz/a', 'joe@evil-three.xyz', 'evil-one.xyz', MD5, '203.0.114.7'],
  },
  {
    why: 'MISP: a path and a user agent of a request',
    input: json({
      Event: {
        info: 'x',
        Attribute: [{ type: 'uri', value: '/up/gate', to_ids: true }],
        Object: [
          {
            name: 'http-request',
            Attribute: [
              { type: 'uri', value: '/x/login?phone=', to_ids: true },
              { type: 'user-agent', value: 'Quiet/1.0', to_ids: true },
            ],
          },
        ],
      },
    }),
    form: 'misp',
    indicators: ['/up/gate', '/x/login?phone=', 'Quiet/1.0'],
  },
  {
    why: 'STIX: a quotation mark within an address',
    input: json({ type: 'bundle', objects: [{ type: 'indicator', pattern: "[url:value = 'http://evil-one.xyz/a\\'b/c']" }] }),
    form: 'stix',
    indicators: ["http://evil-one.xyz/a'b/c"],
  },
  {
    why: 'STIX: the path of a request',
    input: json({
      type: 'bundle',
      objects: [{ type: 'indicator', pattern: "[network-traffic:extensions.'http-request-ext'.request_value = '/up/gate']" }],
    }),
    form: 'stix',
    indicators: ['/up/gate'],
  },
  {
    why: 'the list of indicators of ANY.RUN',
    input: json([
      { category: 'DNS requests', type: 'domain', ioc: 'evil-one.xyz', reputation: 2 },
      { category: 'DNS requests', type: 'domain', ioc: 'good.xyz', reputation: 4 },
    ]),
    form: 'anyrun',
    indicators: ['evil-one.xyz'],
    leftOut: ['good.xyz: the sandbox knows it as harmless'],
  },
  {
    why: 'a thread of Mastodon',
    input: json({ ancestors: [], descendants: [{ account: { acct: 'ada' }, created_at: '2024-03-08', content: '<p>C2 evil-one[.]xyz</p>' }] }),
    form: 'mastodon',
    indicators: ['evil-one.xyz'],
    credits: ['@ada'],
    published: '2024-03-08',
  },
  {
    why: 'CSV with comments before it and semicolons',
    input: '# list, of, all\nurl;note\nhttp://evil-one.xyz/a;"x;y"\n',
    name: 'a.csv',
    form: 'csv',
    indicators: ['http://evil-one.xyz/a'],
  },
  { why: 'tabs', input: 'evil-one.xyz\tC2\n', name: 'a.tsv', form: 'csv', indicators: ['evil-one.xyz'] },
];

describe('forms', () => {
  test.each(CASES)('$why', async ({ input, name, form, indicators, title, source, credits, leftOut, published, problem, encoding }) => {
    const reading = await readReportOf(encoding === undefined ? bytes(input) : Buffer.from(input, encoding), options, name === undefined ? {} : { name });
    expect(reading.form).toBe(form);
    expect([...new Set(reading.indicators.filter((one) => one.role === 'indicator').map((one) => one.value))]).toEqual(indicators);
    if (title !== undefined) expect(reading.title).toBe(title);
    if (source !== undefined) expect(reading.source).toBe(source);
    if (credits !== undefined) expect(reading.credits).toEqual(credits);
    expect(reading.leftOut).toEqual(leftOut ?? []);
    expect(reading.published).toBe(published ?? reading.published);
    expect(reading.problem ?? '').toMatch(problem ?? /^$/);
  });
});

test('a file read by Node is a PDF, too', async () => {
  const reading = await readReportOf(Buffer.from(pdf('It asks evil-one[.]xyz')), options);
  expect(reading).toMatchObject({ form: 'pdf', indicators: [{ value: 'evil-one.xyz' }] });
  expect(reading.problem).toBeUndefined();
});

test('every form is tested', () => {
  const tested = new Set<string>(CASES.map((one) => one.form));
  // HTML has its own tests beside text-of.ts.
  for (const form of ['pdf', 'email', 'discourse', 'mastodon', 'feed', 'misp', 'stix', 'triage', 'anyrun', 'csv']) expect(tested).toContain(form);
});

test.each([
  null,
  1,
  [],
  {},
  [null],
  { Event: null },
  { Event: { info: 'x', Attribute: 'y' } },
  { type: 'bundle', objects: [null, 1, {}] },
  { post_stream: { posts: [3] } },
  { sample: {}, targets: [{ iocs: [] }] },
  { data: { analysis: {}, network: 7 } },
])('JSON of the wrong shape harms nothing: %j', async (value) => {
  expect((await readReportOf(bytes(json(value)), options)).indicators).toEqual([]);
});

test.each<readonly [why: string, name: string, text: string, found: readonly string[]]>([
  [
    'the port of the column beside an address is its own; a port of clients is not, nor what is no port',
    'c2.csv',
    'first_seen,src_ip,src_port,dst_ip,dst_port\n2024,192.168.7.1,50000,45.137.21.9,4443\n2024,192.168.7.1,50000,2a0f:5707:ab80::1,443\n2024,192.168.7.1,1,45.137.21.8,-\n',
    ['45.137.21.9 4443', '2a0f:5707:ab80::1 443', '45.137.21.8 undefined'],
  ],
  ['a port before its address', 'c2.csv', 'port;ip\n8080;45.137.21.9\n70000;45.137.21.8\n', ['45.137.21.9 8080', '45.137.21.8 undefined']],
  [
    'an address and the port of the same pattern belong together; a URL that ends in a sign does not run on into the next line',
    'a.json',
    json({
      type: 'bundle',
      id: 'bundle--1',
      objects: [
        { type: 'indicator', pattern_type: 'stix', pattern: "[url:value = 'http://evil-one.xyz/a?q=']" },
        { type: 'indicator', pattern_type: 'stix', pattern: "[network-traffic:dst_ref.value = '45.137.21.9' AND network-traffic:dst_port = 8088]" },
      ],
    }),
    ['http://evil-one.xyz/a?q= undefined', '45.137.21.9 8088'],
  ],
])('ports: %s', async (_why, name, text, found) => {
  const { indicators } = await readReportOf(bytes(text), options, { name });
  expect(indicators.filter(({ role }) => role === 'indicator').map(({ value, port }) => `${value} ${port}`)).toEqual(found);
});
