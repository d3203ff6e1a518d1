import { catalogue, refang } from '@sigwright/catalogue';
import { describe, expect, it } from 'vitest';
import { type IntakeOptions, indexNames, indexWarningLists, readReport, registrable, sharedParent } from './intake.ts';

const options: IntakeOptions = { definitions: catalogue.indicators, refang };

/** `role type value` of network values, in order. */
function roles(text: string, more: Partial<IntakeOptions> = {}): string[] {
  return readReport(text, { ...options, ...more }).indicators.map((one) => `${one.role} ${one.type} ${one.value}`);
}

const DEFANGED = 'Servers: one-quiet[.]top, two-quiet[.]top, three-quiet[.]top.\n';
const AS_INDICATORS = ['indicator domain one-quiet.top', 'indicator domain two-quiet.top', 'indicator domain three-quiet.top'];
const MD5 = '5f4dcc3b5aa765d61d8327deb882cf99';

describe('roles', () => {
  const cases: readonly (readonly [why: string, text: string, ...expected: string[]])[] = [
    ['defanged is an indicator', 'The loader asks panel[.]quietharbor[.]top.', 'indicator domain panel.quietharbor.top'],
    ['live in a list is an indicator', '## Network\n* quietharbor.top\n', 'indicator domain quietharbor.top'],
    [
      'live in the text of an author who defangs is not',
      `${DEFANGED}Everything went through a customer of hosting-friend.top before it was gone.`,
      ...AS_INDICATORS,
      'reference domain hosting-friend.top',
    ],
    ['everybody uses it', 'It checks www.google[.]com first.', 'benign domain www.google.com'],
    ['the shared name itself', 'Names below hopto[.]org were used.', 'benign domain hopto.org'],
    ['a host on it', 'It asks cold-rain.hopto[.]org.', 'indicator domain cold-rain.hopto.org'],
    ['a path on a shared service, defanged', 'hxxps://gitlab[.]com/nobody/x/raw/main/a.txt', 'indicator url https://gitlab.com/nobody/x/raw/main/a.txt'],
    ['a link to a sandbox', 'See https://tria.ge/240301-abc for the run.', 'reference url https://tria.ge/240301-abc'],
    ['a post', 'Thanks to https://x.com/somebody/status/1 for the hint.', 'reference url https://x.com/somebody/status/1'],
    ['where it comes from', 'Source: https://blog.small-lab.top/quiet-rat\n', 'reference url https://blog.small-lab.top/quiet-rat'],
    [
      'a link in a sentence',
      'A colleague wrote about this at https://somewhere-else.top/post last year already.',
      'reference url https://somewhere-else.top/post',
    ],
    ['a Markdown link', 'They say [more words](https://somewhere-else.top/post) here.', 'reference url https://somewhere-else.top/post'],
    ['an AsciiDoc link', '* https://somewhere-else.top/post[more words]\n', 'reference url https://somewhere-else.top/post'],
    ['live in a list of addresses', 'URLs\n====\n\n* http://quietharbor.top/gate.php\n', 'indicator url http://quietharbor.top/gate.php'],
    [
      'below a heading that says whom it was aimed at',
      '## Targeted banks\n* first-bank.top\n\n## C2\n* quietharbor.top\n',
      'victim domain first-bank.top',
      'indicator domain quietharbor.top',
    ],
    ['pretending to be somebody', 'The page was impersonating first-bank.top and others.', 'victim domain first-bank.top'],
    ['said to be legitimate', 'It loads the legitimate site notes-app[.]top in a frame.', 'benign domain notes-app.top'],
    ['reserved address', 'Local 192.168.7.4 and example 203.0.113.9.', 'benign ipv4 192.168.7.4', 'benign ipv4 203.0.113.9'],
    ['open resolver', 'It asks 8.8.8[.]8 over UDP.', 'benign ipv4 8.8.8.8'],
    ['free mail is still somebody', 'Write to cold.rain@gmail[.]com to pay.', 'indicator email cold.rain@gmail.com'],
    ['where to write to', 'Questions? Contact us at lab@small-lab.top.', 'reference email lab@small-lab.top'],
    ['an empty file', 'd41d8cd98f00b204e9800998ecf8427e', 'benign md5 d41d8cd98f00b204e9800998ecf8427e'],
    ['a thumbprint', `Thumbprint: ${MD5}`, `indicator md5 ${MD5}`],
    ['a commit', `Fixed in commit ${MD5}`, `reference md5 ${MD5}`],
    ['a sample', `Sample ${MD5}`, `indicator md5 ${MD5}`],
    ['a file in the row of a sample', `${DEFANGED}| ${MD5} | mytool.pl | dropper |`, ...AS_INDICATORS, `indicator md5 ${MD5}`],
    ['names of others', '#CVE_2024_1708 by @palefinch, T1071', 'reference cve CVE-2024-1708', 'credit handle @palefinch', 'reference attack T1071'],
  ];
  for (const [why, text, ...expected] of cases) it(why, () => expect(roles(text)).toEqual(expected));

  it('gives a reason and a sentence for each', () => {
    const { indicators } = readReport('First words. The panel is panel[.]quietharbor[.]top,\nand it answers. Last words.', options);
    expect(indicators).toHaveLength(1);
    expect(indicators[0]).toMatchObject({
      written: 'panel[.]quietharbor[.]top',
      start: 26,
      end: 51,
      sentence: 'The panel is panel[.]quietharbor[.]top, and it answers.',
    });
    expect(indicators[0].reason).not.toBe('');
  });
});

describe('what a report says', () => {
  it('title, source, names, credits', () => {
    const reading = readReport(
      '# Cold RAT comes by mail\n\nSource: https://blog.small-lab.top/cold\n\nBy @palefinch. #NewLoader was used with Cobalt Strike by APT-29 and Mustang Panda; the royal family was not. CVE-2024-1708, T1105.',
      options,
    );
    expect(reading).toMatchObject({
      title: 'Cold RAT comes by mail',
      source: 'https://blog.small-lab.top/cold',
      families: expect.arrayContaining(['NewLoader', 'Cobalt Strike']),
      actors: expect.arrayContaining(['Mustang Panda']),
      cves: ['CVE-2024-1708'],
      techniques: ['T1105'],
      credits: ['@palefinch'],
      hashtags: ['NewLoader'],
    });
    expect(reading.families).not.toContain('Royal');
  });

  it('names given are looked for, longest first', () => {
    expect(readReport('Seen: grey heron loader.', { ...options, names: indexNames([{ name: 'Grey Heron' }], [{ name: 'Heron' }]) })).toMatchObject({
      families: ['Grey Heron'],
    });
  });

  it('HTML: text with breaks, links as references, scripts left out', () => {
    const reading = readReport(
      '<html><head><title>Cold &amp; quiet</title><link rel="canonical" href="https://blog.small-lab.top/cold"><script>var a="http://no.top/x"</script></head><body><p>It asks quiet&#91;.&#93;top.</p><ul><li>198.18.7[.]9</li></ul><a href="https://tria.ge/1">run</a></body></html>',
      options,
    );
    expect(reading.title).toBe('Cold & quiet');
    expect(reading.source).toBe('https://blog.small-lab.top/cold');
    expect(reading.references).toContain('https://tria.ge/1');
    expect(reading.indicators.map((one) => `${one.type} ${one.value}`)).toEqual(['domain quiet.top', 'ipv4 198.18.7.9']);
    for (const one of reading.indicators) expect(reading.text.slice(one.start, one.end)).toBe(one.written);
  });

  it('empty and odd texts', () => {
    for (const text of [
      '',
      ' ',
      '\u0000',
      '<',
      '<html',
      '@',
      '://',
      '....',
      '\ud800',
      '['.repeat(2000),
      'a.'.repeat(2000),
      'http://'.repeat(500),
      '('.repeat(3000) + ')'.repeat(3000),
    ]) {
      expect(readReport(text, options).indicators.filter((one) => one.role === 'indicator')).toEqual([]);
    }
  });
});

describe('warning lists', () => {
  const lists = [
    { name: 'Top sites', type: 'hostname', list: ['popular.top'] },
    { name: 'Known dynamic DNS', file: 'dynamic-dns.json', type: 'hostname', list: ['.dyn-names.top'] },
    { name: 'Known sinkholes', file: 'sinkholes.json', type: 'cidr', list: ['198.51.7.0/24'] },
    { name: 'A cloud', file: 'amazon-aws.json', type: 'cidr', list: ['45.137.0.0/16', '2a00:1::/32'] },
    { name: 'Ranges of a code host', type: 'cidr', list: ['20.151.0.0/16'] },
    { name: 'Public DNS resolvers', type: 'cidr', list: ['45.90.28.5/32'] },
    { name: 'Digests of system files', type: 'string', list: [MD5] },
    { name: 'Valid endings', file: 'tlds.json', type: 'string', list: ['top'] },
    { name: 'Broken', type: 'regex', list: ['/(/'] },
  ];
  const cases: readonly (readonly [why: string, value: string, effect: string | undefined])[] = [
    ['below a popular name', 'a.popular.top', 'benign'],
    ['not on a label boundary', 'unpopular.top', undefined],
    ['dynamic DNS', 'x.dyn-names.top', 'shared'],
    ['in a range', '198.51.7.200', 'sinkhole'],
    ['beside a range', '198.51.8.200', undefined],
    ['in a large range', '45.137.200.1', 'infrastructure'],
    ['IPv6 in a range', '2a00:1:2::9', 'infrastructure'],
    ['ranges of a company are rented out', '20.151.89.252', 'infrastructure'],
    ['a resolver', '45.90.28.5', 'benign'],
    ['digest in capitals', MD5.toUpperCase(), 'benign'],
    ['endings are no list of names', 'top', undefined],
  ];
  const index = indexWarningLists(lists);
  for (const [why, value, effect] of cases) it(why, () => expect(index.find(value)?.effect).toBe(effect));

  it('change roles', () => {
    const text = 'a.popular[.]top x.dyn-names[.]top dyn-names[.]top 198.51.7[.]200 45.137.2[.]1';
    expect(readReport(text, { ...options, warningLists: lists }).indicators.map((one) => `${one.role} ${one.benign} ${one.value}`)).toEqual([
      'benign true a.popular.top',
      'indicator false x.dyn-names.top',
      'benign true dyn-names.top',
      'benign true 198.51.7.200',
      'indicator true 45.137.2.1',
    ]);
  });
});

describe('names', () => {
  const cases: readonly (readonly [host: string, registered: string | undefined, shared: string | undefined])[] = [
    ['a.b.quiet.co.uk', 'quiet.co.uk', undefined],
    ['quiet.notatld', undefined, undefined],
    ['cold.hopto.org', 'hopto.org', 'hopto.org'],
    ['abc.github.io', 'github.io', 'github.io'],
    ['abcdefgh.onion', 'abcdefgh.onion', undefined],
  ];
  for (const [host, registered, shared] of cases) {
    it(host, () => {
      expect(registrable(host)).toBe(registered);
      expect(sharedParent(host)).toBe(shared);
    });
  }
});
