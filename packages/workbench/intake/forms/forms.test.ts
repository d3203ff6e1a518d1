/** Every form in which reports come: what is read out of it, who is credited, what the form itself calls harmless. */
import { catalogue, refang } from '@sigwright/catalogue';
import { describe, expect, test } from 'vitest';
import { type Form, readReportOf } from './forms.ts';

const options = { definitions: catalogue.indicators, refang };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (value: unknown): string => JSON.stringify(value);

/** One page with the given line in Helvetica; offsets are left wrong, as many writers do: readers rebuild the table. */
const pdf = (line: string): string => {
  const stream = `BT /F1 12 Tf 72 720 Td (${line}) Tj ET`;
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
}

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
  { why: 'broken JSON is read as text', input: '{"Event": {"info": "x", evil-one[.]xyz', form: 'text', indicators: ['evil-one.xyz'] },
  { why: 'a PDF that is none is read as text', input: '%PDF-1.4 evil-one[.]xyz', form: 'text', indicators: ['evil-one.xyz'] },
  { why: 'a broken feed is read as far as it goes, or as what it looks like', input: '<rss evil-one[.]xyz', form: 'text', indicators: ['evil-one.xyz'] },
];

describe('forms', () => {
  test.each(CASES)('$why', async ({ input, name, form, indicators, title, source, credits, leftOut }) => {
    const reading = await readReportOf(bytes(input), options, name === undefined ? {} : { name });
    expect(reading.form).toBe(form);
    expect([...new Set(reading.indicators.filter((one) => one.role === 'indicator').map((one) => one.value))]).toEqual(indicators);
    if (title !== undefined) expect(reading.title).toBe(title);
    if (source !== undefined) expect(reading.source).toBe(source);
    if (credits !== undefined) expect(reading.credits).toEqual(credits);
    expect(reading.leftOut).toEqual(leftOut ?? []);
  });
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
