import { catalogue, refang } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, compileRule, Engine, HeaderResolver, Synthesizer, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, it } from 'vitest';
import { buildCoverage } from '../coverage/coverage.ts';
import { buildRuleCoverage } from '../coverage/rule-coverage.ts';
import { matchesOf } from '../coverage/rule-matches.ts';
import { formatRules } from '../format/format.ts';
import { readReport } from '../intake/intake.ts';
import { contentOf, spaced, standsForNamesBelow } from './bodies.ts';
import { type Draft, type DraftOptions, draftRules } from './draft.ts';
import { namesNear, probeFor } from './near-names.ts';

function draft(text: string, more: Partial<DraftOptions> = {}): Draft {
  let sid = 1_000_001;
  return draftRules(readReport(text, { definitions: catalogue.indicators, refang }), {
    prefix: 'SW',
    date: '2024-03-08',
    nextSid: () => sid++,
    family: 'QuietRAT',
    ...more,
  });
}

const DNS =
  'alert dns $HOME_NET any -> any any (msg:"SW MALWARE QuietRAT Domain in DNS Lookup (quiet .top)"; dns.query; dotprefix; content:".quiet.top"; nocase; endswith; reference:url,blog.small-lab.top/q; classtype:domain-c2; sid:1000001; rev:1; metadata:attack_target Client_Endpoint, created_at 2024_03_08, deployment Perimeter, malware_family QuietRAT, performance_impact Low, confidence High, role lookup, signature_severity Major, updated_at 2024_03_08; target:src_ip;)';
const SNI =
  'alert tls $HOME_NET any -> $EXTERNAL_NET any (msg:"SW MALWARE Observed QuietRAT Domain (quiet .top in TLS SNI)"; flow:established,to_server; tls.sni; dotprefix; content:".quiet.top"; fast_pattern; nocase; endswith; reference:url,blog.small-lab.top/q; classtype:domain-c2; sid:1000002; rev:1; metadata:attack_target Client_Endpoint, tls_state TLSEncrypt, created_at 2024_03_08, deployment Perimeter, malware_family QuietRAT, performance_impact Low, confidence High, role contact, signature_severity Major, updated_at 2024_03_08; target:src_ip;)';

describe('a name', () => {
  it('gives a pair, written as Emerging Threats write it', () => {
    expect(draft('quiet[.]top', { reference: 'https://blog.small-lab.top/q' }).rules.map((rule) => rule.text)).toEqual([DNS, SNI]);
  });
});

/** The tests of a rule, between flow and what every rule ends with. */
function tests(text: string): string {
  return text.replace(/^.*?msg:"[^"]*";\s*(?:flow:[^;]*;\s*)?/, '').replace(/\s*(?:threshold|reference|classtype):.*$/, '');
}

describe('matches', () => {
  const cases: readonly (readonly [why: string, text: string, ...expected: string[]])[] = [
    [
      'a registered name stands for all below it',
      'quiet[.]top',
      'dns.query; dotprefix; content:".quiet.top"; nocase; endswith;',
      'tls.sni; dotprefix; content:".quiet.top"; fast_pattern; nocase; endswith;',
    ],
    [
      'a host stands for what lies below it',
      'c2.quiet[.]top',
      'dns.query; dotprefix; content:".c2.quiet.top"; nocase; endswith;',
      'tls.sni; dotprefix; content:".c2.quiet.top"; fast_pattern; nocase; endswith;',
    ],
    [
      'www stands for itself',
      'www.quiet[.]top',
      'dns.query; bsize:13; content:"www.quiet.top"; nocase;',
      'tls.sni; bsize:13; content:"www.quiet.top"; fast_pattern; nocase;',
    ],
    [
      'a host on dynamic DNS stands for what lies below it: whoever has the name has it, too',
      'cold.hopto[.]org and c2.cold.hopto[.]org',
      'dns.query; dotprefix; content:".cold.hopto.org"; nocase; endswith;',
      'tls.sni; dotprefix; content:".cold.hopto.org"; fast_pattern; nocase; endswith;',
    ],
    ['the service itself gives nothing', 'hopto[.]org'],
    [
      'a name of another script goes over the wire in ASCII',
      'b\u00fccher-haus[.]top',
      'dns.query; dotprefix; content:".xn--bcher-haus-9db.top"; nocase; endswith;',
      'tls.sni; dotprefix; content:".xn--bcher-haus-9db.top"; fast_pattern; nocase; endswith;',
    ],
    [
      'a whole path on a shared service',
      'hxxps://gitlab[.]com/nobody/x/a.txt',
      'http.uri; bsize:15; content:"/nobody/x/a.txt"; fast_pattern; http.host; bsize:10; content:"gitlab.com";',
    ],
    ['an address of a reserved range', 'hxxp://198.18.8[.]9/x'],
    [
      'an address as host',
      'hxxp://45.137.21[.]9/gate.php?id=',
      'http.uri; content:"/gate.php?id="; fast_pattern; startswith; http.host; bsize:11; content:"45.137.21.9";',
    ],
    [
      'placeholders are jumped over',
      'hxxp://45.137.21[.]9/u/<id>/gate.php',
      'http.uri; content:"/u/"; startswith; content:"/gate.php"; distance:0; fast_pattern; endswith; http.host; bsize:11; content:"45.137.21.9";',
    ],
    ['percent signs', 'hxxp://45.137.21[.]9/a%20b', 'http.uri.raw; bsize:6; content:"/a%20b"; fast_pattern; http.host; bsize:11; content:"45.137.21.9";'],
    [
      'signs that a content must not hold',
      'hxxp://45.137.21[.]9/a;b:c',
      'http.uri; bsize:6; content:"/a|3b|b|3a|c"; fast_pattern; http.host; bsize:11; content:"45.137.21.9";',
    ],
    [
      'the method where the sentence names it',
      'It sends a POST to hxxp://45.137.21[.]9/gate.php now.',
      'http.method; content:"POST"; http.uri; bsize:9; content:"/gate.php"; fast_pattern; http.host; bsize:11; content:"45.137.21.9";',
    ],
    ['a path that every site has', 'hxxp://45.137.21[.]9/index.html'],
    ['an address with a port', '45.137.21[.]9:4443', ''],
    ['an address alone', '45.137.21[.]9', ''],
    ['a digest', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['benign', 'www.google[.]com and 192.168.1.1'],
  ];
  for (const [why, text, ...expected] of cases) it(why, () => expect(draft(text).rules.map((rule) => tests(rule.text))).toEqual(expected));
});

describe('a path without a host', () => {
  const cases: readonly (readonly [why: string, text: string, ...expected: string[]])[] = [
    ['alone', 'It beacons to /q7/beat.', 'http.uri; bsize:8; content:"/q7/beat"; fast_pattern;'],
    ['with its method', 'POST /q7/beat', 'http.method; content:"POST"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern;'],
    ['a query is a beginning', 'GET /q7/login?phone=', 'http.method; content:"GET"; http.uri; content:"/q7/login?phone="; fast_pattern; startswith;'],
    ['a directory is a beginning', 'PUT /q7/screen/', 'http.method; content:"PUT"; http.uri; content:"/q7/screen/"; fast_pattern; startswith;'],
    ['said to be an end', 'It requests a URI that ends with /q7/beat.php.', 'http.uri; content:"/q7/beat.php"; fast_pattern; endswith;'],
    [
      'placeholders',
      'GET /q7/<id>/beat',
      'http.method; content:"GET"; http.uri; content:"/q7/"; startswith; content:"/beat"; distance:0; fast_pattern; endswith;',
    ],
    [
      'a library as user agent: its version changes',
      'It sends a POST request to /q7/beat with the user agent okhttp/4.9.1.',
      'http.method; content:"POST"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern; http.user_agent; content:"okhttp/"; startswith;',
    ],
    [
      'another user agent, in the next sentence',
      'It sends a GET request to /q7/beat every hour. The user agent is "Quiet Client 1".',
      'http.method; content:"GET"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern; http.user_agent; bsize:14; content:"Quiet Client 1";',
    ],
    [
      'parameters of a body',
      'It sends a POST request to /q7/beat with the parameters `user` and `pass` in the body.',
      'http.method; content:"POST"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern; http.request_body; content:"user="; content:"pass=";',
    ],
    [
      'how a body begins',
      'It sends a POST request to /q7/beat with a body that begins with "do=check&mail=".',
      'http.method; content:"POST"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern; http.request_body; content:"do=check&mail="; startswith;',
    ],
    [
      'parameters of a query',
      'It sends a GET request to /q7/beat with "uid" and "ver" in the query.',
      'http.method; content:"GET"; http.uri; content:"/q7/beat"; fast_pattern; startswith; content:"uid="; content:"ver=";',
    ],
    [
      'an object, a header, a kind of content, no Referer',
      'It sends a POST request to /q7/beat with the header `X-Quiet: abc`, without a Referer, Content-Type: application/json, and the JSON keys `guid` and `host`.',
      'http.method; content:"POST"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern; http.header; content:"X-Quiet|3a 20|abc"; http.content_type; content:"application/json"; startswith; http.header_names; content:!"|0d 0a|Referer|0d 0a|"; http.request_body; content:"|22|guid|22|"; content:"|22|host|22|";',
    ],
    [
      'the request itself, at a known host: what is rarer than the path is looked for first',
      'POST /next.php HTTP/1.1\nHost: 45.137.21.9\nUser-Agent: Quiet Client 7\nContent-Type: application/x-www-form-urlencoded\n\ndo=check&mail=joe\n',
      'http.method; content:"POST"; http.uri; bsize:9; content:"/next.php"; http.host; bsize:11; content:"45.137.21.9"; http.user_agent; bsize:14; content:"Quiet Client 7"; fast_pattern; http.content_type; content:"application/x-www-form-urlencoded"; startswith; http.header_names; content:!"|0d 0a|Referer|0d 0a|"; http.request_body; content:"do="; startswith; content:"&mail=";',
      '',
    ],
    [
      'told twice, once with more',
      'It asks /q7/beat.php.\n\nPOST /q7/beat.php',
      'http.method; content:"POST"; http.uri; bsize:12; content:"/q7/beat.php"; fast_pattern;',
    ],
    [
      'two requests of one path',
      '* GET /q7/beat\n* PUT /q7/beat\n',
      'http.method; content:"GET"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern;',
      'http.method; content:"PUT"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern;',
    ],
    [
      'on a host that is told',
      'It sends a POST request to /q7/beat on quiet[.]top.',
      'dns.query; dotprefix; content:".quiet.top"; nocase; endswith;',
      'tls.sni; dotprefix; content:".quiet.top"; fast_pattern; nocase; endswith;',
      'http.method; content:"POST"; http.uri; bsize:8; content:"/q7/beat"; fast_pattern; http.host; bsize:9; content:"quiet.top";',
    ],
    ['on a host that is harmless', 'It sends a GET request to /q7/json at api.ipify[.]org.'],
    ['the same as it went over the wire', 'GET /q7/json HTTP/1.1\nHost: api.ipify.org\nAccept: */*\n'],
    ['what every site has', 'GET /index.php'],
    ['of a service that is attacked', 'Attackers exploit the vulnerable endpoint /cgi-bin/q7?cmd=x'],
  ];
  for (const [why, text, ...expected] of cases) it(why, () => expect(draft(text).rules.map((rule) => tests(rule.text))).toEqual(expected));

  it('says how sure it is, what is weak and what would make it sturdier', () => {
    const [common] = draft('It beacons to /gate.php').rules;
    expect(common.weak).toMatch(/^many sites have the path \/gate\.php, .* sturdier: the host, the method, the user agent/);
    expect(common.text).toMatch(/classtype:bad-unknown;.*confidence Low.*signature_severity Minor/);
    const [path] = draft('POST /q7/beat').rules;
    expect(path.weak).toMatch(/^nothing but method and path is known/);
    expect(path.text).toMatch(/"SW MALWARE QuietRAT Check-in \(POST \/q7\/beat\)".*confidence Low/);
    const [told] = draft('It sends a POST request to /q7/beat with the user agent QuietClient/1.').rules;
    expect(told.weak).toBeUndefined();
    expect(told.text).toMatch(/confidence Medium.*signature_severity Critical/);
  });
});

describe('a family that nobody knows', () => {
  const report = 'quiet[.]top, hxxp://loud[.]shop/verify/account.php, 45.61.3[.]7:8443';
  const cases: readonly (readonly [category: string, messages: readonly string[], roles: string])[] = [
    [
      'MALWARE',
      [
        'Unattributed Malware Domain in DNS Lookup (quiet .top)',
        'Observed Unattributed Malware Domain (quiet .top in TLS SNI)',
        'Unattributed Malware Domain in DNS Lookup (loud .shop)',
        'Observed Unattributed Malware Domain (loud .shop in TLS SNI)',
        'Unattributed Malware Related URL Requested (loud .shop)',
        'Connection to Unattributed Malware Server (45.61.3.7 port 8443)',
      ],
      'lookup contact lookup contact check_in contact',
    ],
    [
      'PHISHING',
      [
        'Phishing Domain in DNS Lookup (quiet .top)',
        'Observed Phishing Domain (quiet .top in TLS SNI)',
        'Phishing Domain in DNS Lookup (loud .shop)',
        'Observed Phishing Domain (loud .shop in TLS SNI)',
        'Phishing URL Requested (loud .shop)',
        'Connection to Phishing Server (45.61.3.7 port 8443)',
      ],
      'lookup contact lookup contact contact contact',
    ],
    [
      'INFO',
      [
        'Domain in DNS Lookup (quiet .top)',
        'Observed Domain (quiet .top in TLS SNI)',
        'HTTP Request to Domain (quiet .top)',
        'Domain in DNS Lookup (loud .shop)',
        'Observed Domain (loud .shop in TLS SNI)',
        'HTTP Request to Domain (loud .shop)',
        'URL Requested (loud .shop)',
        'Connection to Server (45.61.3.7 port 8443)',
      ],
      'context context context context context context context context',
    ],
  ];
  for (const [category, messages, roles] of cases)
    it(`${category}: is not made up, neither in messages nor in metadata, and the role is what the category admits`, () => {
      const { rules } = draft(report, { category, family: undefined });
      expect(rules.map(({ text }) => /msg:"SW [A-Z]+ ([^"]*)"/.exec(text)?.[1])).toEqual(messages);
      expect(rules.map(({ role }) => role).join(' ')).toBe(roles);
      for (const { text } of rules) expect(text).not.toContain('malware_family');
    });
});

describe('categories that say nothing bad', () => {
  it('a name is looked for in HTTP as well', () => {
    expect(draft('quiet[.]top', { category: 'INFO' }).rules.map((rule) => tests(rule.text))).toEqual([
      'dns.query; dotprefix; content:".quiet.top"; nocase; endswith;',
      'tls.sni; dotprefix; content:".quiet.top"; fast_pattern; nocase; endswith;',
      'http.host; dotprefix; content:".quiet.top"; fast_pattern; endswith;',
    ]);
  });
  it('a shared platform that is named on purpose has rules on what lies below it', () => {
    const { rules } = draft('The service hopto[.]org is used.', { category: 'INFO' });
    expect(rules.map(({ role }) => role)).toEqual(['context', 'context', 'context']);
    expect(tests(rules[0].text)).toBe('dns.query; content:".hopto.org"; nocase; endswith;');
    expect(rules[0].text).toContain('(*.hopto .org)');
    expect(draft('Register at hopto.org first.', { category: 'INFO' }).rules).toEqual([]);
  });
});

describe('names beside a name', () => {
  const sids = { 'dns.query': 1_000_001, 'tls.sni': 1_000_002, 'http.host': 1_000_003 } as const;
  const { rules } = parseRules(
    draft('quiet[.]top', { category: 'INFO' })
      .rules.map(({ text }) => text)
      .join('\n'),
  );
  for (const buffer of ['dns.query', 'tls.sni', 'http.host'] as const)
    for (const { near, name, fires } of namesNear('quiet.top'))
      it(`${buffer}: ${near} (${name}) ${fires === true ? 'fires' : 'is silent'}`, () => {
        const [probe] = parseRules(probeFor(buffer, name, 7)).rules;
        const made = new Synthesizer([probe], catalogue, DEFAULT_SETTINGS).synthesize(probe, { silent: false });
        if ('problem' in made) throw new Error(made.problem);
        const fired: number[] = [];
        const plan = usePlan(buildPlan([{ path: 'draft', rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
        const engine = new Engine(plan, catalogue, DEFAULT_SETTINGS, { alert: ({ rule }) => void fired.push(rule.sid) });
        engine.feed(made.fires);
        engine.finish();
        expect(fired).toEqual(fires === true ? [sids[buffer]] : []);
      });
});

describe('what is left out, and why', () => {
  const quiet = buildCoverage(
    parseRules(
      `${DNS}\nalert dns any any -> any any (msg:"ET INFO DYNAMIC_DNS Query to a *.hopto .org Domain"; dns.query; content:".hopto.org"; nocase; endswith; sid:9; rev:1;)`,
    ).rules,
  );
  const cases: readonly (readonly [why: string, text: string, options: Partial<DraftOptions>, skipped: RegExp[], roles: string[]])[] = [
    [
      'covered: only the other half is drafted',
      'quiet[.]top',
      { coverage: quiet },
      [/^domain quiet\.top \(DNS\): covered already by 1000001 \(exact\)/],
      ['contact'],
    ],
    ['covered by a name above', 'a.quiet[.]top', { coverage: quiet }, [/covered already by 1000001 \(broader\)/], ['contact']],
    ['an informational rule on the service covers nothing', 'cold.hopto[.]org', { coverage: quiet }, [], ['lookup', 'contact']],
    [
      'covered by this draft',
      'a.quiet[.]top and quiet[.]top',
      {},
      [/a\.quiet\.top \(DNS\): covered by 1000001, drafted here/, /a\.quiet\.top \(TLS\): covered by 1000002, drafted here/],
      ['lookup', 'contact'],
    ],
    ['twice in the text', 'quiet[.]top, quiet[.]top', {}, [], ['lookup', 'contact']],
    ['benign', 'www.google[.]com', {}, [/^domain www\.google\.com: benign: /], []],
    ['reference', 'https://tria.ge/240301-abc', {}, [/^url .*: reference: /], []],
    ['victim', '## Victims\n* first-bank.top', {}, [/^domain first-bank\.top: victim: /], []],
    ['digest', '5f4dcc3b5aa765d61d8327deb882cf99', {}, [/goes into references/], []],
    ['digest of a certificate that a server shows', 'TLS certificate (SHA1): 5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8', {}, [], ['contact']],
    ['thumbprint of who signed a program', 'Thumbprint: 5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8', {}, [/does not say that a server shows it/], []],
    ['JA4 for an engine that has none', 't13d1516h2_8daaf6152771_b186095e22b6', {}, [/needs Suricata 8 .*--engine 8/], []],
    ['JA4', 't13d1516h2_8daaf6152771_b186095e22b6', { engine: 8 }, [], ['contact']],
    ['no number left', 'quiet[.]top', { nextSid: () => undefined }, [/no free SID/, /no free SID/], []],
  ];
  for (const [why, text, options, skipped, roles] of cases) {
    it(why, () => {
      const result = draft(text, options);
      expect(result.rules.map((rule) => rule.role)).toEqual(roles);
      expect(result.skipped).toHaveLength(skipped.length);
      for (const [index, pattern] of skipped.entries()) expect(`${result.skipped[index].indicator}: ${result.skipped[index].why}`).toMatch(pattern);
    });
  }
});

describe('every rule', () => {
  const REPORT = `# Quiet\nSource: https://blog.small-lab.top/q;x\n* C2 quiet[.]top\n* www.loud[.]top\n* cold.hopto[.]org\n* hxxps://gitlab[.]com/n/x/a.ps1
* hxxp://down.quiet-two[.]top/a b\n* hxxp://45.137.21[.]9/a%20;?x=<id>&y="\n* 45.137.21[.]9:4443\n* 45.137.22[.]9\n* 2a00:1[:]2::9\n* JA3: 5f4dcc3b5aa765d61d8327deb882cf99\n* JA3S: 6f4dcc3b5aa765d61d8327deb882cf99\n* TLS certificate SHA1: 5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8\n* t13d1516h2_8daaf6152771_b186095e22b6, q13d0310h3_55b375c5d22e_cd85d2d88918\n* пример[.]рф
* POST /x/login?phone= with the user agent okhttp/4.9 and the parameters "a_b", \`c;d=\`
* GET /u/{GUID}/a%20b;c\n`;
  for (const category of ['MALWARE', 'MOBILE_MALWARE', 'PHISHING', 'EXPLOIT_KIT', 'ADWARE_PUP', 'COINMINER', 'INFO', 'POLICY', 'HUNTING']) {
    for (const engine of [7, 8] as const) {
      it(`compiles: ${category} for ${engine}`, () => {
        const { rules: drafted } = draft(REPORT, { category, engine, family: 'Quiet "RAT"; v2, new' });
        expect(drafted.length).toBeGreaterThan(12);
        const compiler = { catalogue, settings: DEFAULT_SETTINGS, headers: new HeaderResolver(DEFAULT_SETTINGS) };
        for (const one of drafted) {
          const { rules, diagnostics } = parseRules(one.text);
          expect(diagnostics).toEqual([]);
          expect(rules).toHaveLength(1);
          expect(rules[0].sid).toBe(one.sid);
          // `sigwright format --check` has nothing to say about a draft.
          expect(formatRules(one.text)).toEqual({ text: one.text, changed: [] });
          const result = compileRule(rules[0], compiler);
          expect(result.diagnostics.map((diagnostic) => `${one.text}: ${diagnostic.title}`)).toEqual([]);
          expect(result.compiled).toBeDefined();
        }
      });
    }
  }

  it('fingerprints look into their own buffer, on the side that sends them', () => {
    const texts = draft(REPORT, { engine: 8 }).rules.map(({ text }) => text);
    for (const [buffer, content, direction] of [
      ['ja3.hash', '5f4dcc3b5aa765d61d8327deb882cf99', 'to_server'],
      ['ja3s.hash', '6f4dcc3b5aa765d61d8327deb882cf99', 'to_client'],
      [
        'tls.cert_fingerprint',
        '5b|3a|aa|3a|61|3a|e4|3a|c9|3a|b9|3a|3f|3a|3f|3a|06|3a|82|3a|25|3a|0b|3a|6c|3a|f8|3a|33|3a|1b|3a|7e|3a|e6|3a|8f|3a|d8',
        'to_client',
      ],
      ['requires:version >= 8.0.0; ja4.hash', 't13d1516h2_8daaf6152771_b186095e22b6', 'to_server'],
    ])
      expect(
        texts.filter((text) => text.includes(`${buffer}; content:"${content}"`) && text.includes(direction)),
        buffer,
      ).toHaveLength(1);
    expect(texts.filter((text) => text.startsWith('alert quic ') && text.includes('ja4.hash'))).toHaveLength(1);
  });

  it('no name test is loose', () => {
    for (const one of draft(REPORT).rules) {
      for (const { anchor } of matchesOf(parseRules(one.text).rules[0]).names) expect(['exact', 'suffix']).toContain(anchor);
    }
  });

  it('the same report drafted again on top of the draft gives nothing', () => {
    const first = draft(REPORT);
    const coverage = buildRuleCoverage(parseRules(first.rules.map((rule) => rule.text).join('\n')).rules);
    const names = draft(REPORT, { coverage }).rules.filter(
      (rule) => rule.role === 'lookup' || rule.text.includes('tls.sni') || rule.text.includes('http.uri;'),
    );
    expect(names.map((rule) => rule.text)).toEqual([]);
  });
});

describe('parts', () => {
  it('blank before the last dot', () => expect(spaced('a.quiet.top')).toBe('a.quiet .top'));
  it('hex in contents', () => expect(contentOf('a"b\\c|d\u00e9')).toBe('a|22|b|5c|c|7c|d|c3 a9|'));
  for (const [host, expected] of [
    ['quiet.top', true],
    ['c2.quiet.top', true],
    ['www.quiet.top', false],
    ['x.github.io', true],
    ['github.io', false],
  ] as const) {
    it(`names below ${host}`, () => expect(standsForNamesBelow(host)).toBe(expected));
  }
});
