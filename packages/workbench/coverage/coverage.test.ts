import { parseRules } from '@sigwright/rule-language';
import { describe, expect, it } from 'vitest';
import { buildCoverage } from './coverage.ts';

const MD5 = '5f4dcc3b5aa765d61d8327deb882cf99';

/** Rules by what they test; sids from 1 up. */
function covering(bodies: readonly string[]): ReturnType<typeof buildCoverage> {
  const text = bodies
    .map((body, index) =>
      body.includes('(') ? body.replace(')', ` sid:${index + 1}; rev:1;)`) : `alert http any any -> any any (msg:"x"; ${body} sid:${index + 1}; rev:1;)`,
    )
    .join('\n');
  const { rules, diagnostics } = parseRules(text);
  expect(diagnostics).toEqual([]);
  expect(rules).toHaveLength(bodies.length);
  return buildCoverage(rules);
}

describe('one rule, one question', () => {
  const cases: readonly (readonly [why: string, rule: string, type: string, value: string, how: string | undefined])[] = [
    ['whole by length', 'dns.query; bsize:9; content:"quiet.top"; nocase;', 'domain', 'quiet.top', 'exact'],
    ['length behind the content', 'tls.sni; content:"quiet.top"; bsize:9;', 'domain', 'quiet.top', 'exact'],
    ['whole by both ends', 'tls.sni; content:"quiet.top"; startswith; endswith;', 'domain', 'quiet.top', 'exact'],
    ['whole does not cover what lies below', 'dns.query; bsize:9; content:"quiet.top"; nocase;', 'domain', 'a.quiet.top', undefined],
    ['whole below is narrower', 'dns.query; bsize:11; content:"a.quiet.top"; nocase;', 'domain', 'quiet.top', 'narrower'],
    ['suffix, itself', 'dns.query; dotprefix; content:".quiet.top"; nocase; endswith;', 'domain', 'quiet.top', 'exact'],
    ['suffix, below', 'dns.query; dotprefix; content:".quiet.top"; nocase; endswith;', 'domain', 'b.a.quiet.top', 'broader'],
    ['suffix, another name that ends so', 'dns.query; dotprefix; content:".quiet.top"; nocase; endswith;', 'domain', 'xxquiet.top', undefined],
    ['below only, itself', 'http.host; content:".quiet.top"; endswith;', 'domain', 'quiet.top', 'narrower'],
    ['below only, below', 'http.host; content:".quiet.top"; endswith;', 'domain', 'a.quiet.top', 'broader'],
    ['loose end covers more', 'dns.query; content:"quiet.top"; nocase; endswith;', 'domain', 'xxquiet.top', 'broader'],
    ['anywhere', 'tls.sni; content:"quiet.top";', 'domain', 'a.quiet.top.b.top', 'broader'],
    ['old sticky form', 'dns_query; content:"quiet.top"; nocase; isdataat:!1,relative;', 'domain', 'a.quiet.top', 'broader'],
    ['old form, whole', 'tls_sni; content:"quiet.top"; depth:9; isdataat:!1,relative;', 'domain', 'quiet.top', 'exact'],
    ['content modifier', 'content:"quiet.top"; http_host; depth:9; isdataat:!1,relative;', 'domain', 'quiet.top', 'exact'],
    ['hex in the name', 'dns.query; bsize:9; content:"quiet|2e|top"; nocase;', 'domain', 'quiet.top', 'exact'],
    ['capitals in the rule', 'dns.query; bsize:9; content:"Quiet.Top"; nocase;', 'domain', 'quiet.top', 'exact'],
    ['more demands', 'http.host; bsize:9; content:"quiet.top"; http.user_agent; content:"x";', 'domain', 'quiet.top', 'narrower'],
    ['a path beside', 'http.uri; content:"/gate"; http.host; bsize:9; content:"quiet.top";', 'domain', 'quiet.top', 'narrower'],
    ['negated names cover nothing', 'http.host; content:!"quiet.top";', 'domain', 'quiet.top', undefined],
    ['another buffer', 'http.user_agent; content:"quiet.top";', 'domain', 'quiet.top', undefined],
    [
      'URL, whole',
      'http.method; content:"GET"; http.uri; bsize:9; content:"/gate.php"; http.host; bsize:9; content:"quiet.top";',
      'url',
      'http://quiet.top/gate.php',
      'exact',
    ],
    ['URL, other path', 'http.uri; bsize:9; content:"/gate.php"; http.host; bsize:9; content:"quiet.top";', 'url', 'http://quiet.top/gate.htm', undefined],
    ['URL, host alone', 'http.host; bsize:9; content:"quiet.top";', 'url', 'http://quiet.top/gate.php', 'broader'],
    ['URL, path alone', 'http.uri; content:"/gate.php"; endswith;', 'url', 'http://loud.top/a/gate.php', 'broader'],
    ['URL, path alone and more', 'http.uri; content:"/gate.php"; endswith; http.request_body; content:"id=";', 'url', 'http://loud.top/a/gate.php', 'narrower'],
    ['URL with port and user', 'http.host; bsize:9; content:"quiet.top";', 'url', 'http://u@quiet.top:8080/x', 'broader'],
    [
      'URL without its scheme, as references have it',
      'http.uri; content:"/a/b/list/"; startswith; content:".txt"; endswith; http.host; content:"quiet.top";',
      'url',
      'quiet.top/a/b/list/x.txt',
      'broader',
    ],
    ['host and port without a scheme', 'http.host; bsize:9; content:"quiet.top";', 'url', 'quiet.top:8080/x', 'broader'],
    ['path of a rule for one host', 'http.uri; content:"/gate.php"; http.host; bsize:9; content:"quiet.top";', 'uri-path', '/gate.php', 'narrower'],
    ['digest in a reference', `content:"x"; reference:md5,${MD5};`, 'md5', MD5, 'exact'],
    ['digest in a link', `content:"x"; reference:url,www.virustotal.com/gui/file/${MD5};`, 'md5', MD5, 'exact'],
    ['CVE', 'content:"x"; reference:cve,2024-1708;', 'cve', 'CVE-2024-1708', 'exact'],
    ['address in a group', 'alert ip [198.18.7.9,198.18.7.10] any -> $HOME_NET any (msg:"x";)', 'ipv4', '198.18.7.10', 'exact'],
    ['network', 'alert ip $HOME_NET any -> 198.18.0.0/16 any (msg:"x";)', 'ipv4', '198.18.7.10', 'broader'],
    ['addresses in a network', 'alert ip [198.18.7.9,198.19.7.9] any -> $HOME_NET any (msg:"x";)', 'ipv4', '198.18.7.0/24', 'narrower'],
    ['a range in a network', 'alert ip 198.18.7.64/26 any -> $HOME_NET any (msg:"x";)', 'ipv4', '198.18.0.0/16', 'narrower'],
    ['addresses beside a network', 'alert ip [198.18.7.9,198.19.7.9] any -> $HOME_NET any (msg:"x";)', 'ipv4', '198.18.8.0/24', undefined],
    ['excluded address', 'alert ip $HOME_NET any -> [198.18.0.0/16,!198.18.7.10] any (msg:"x";)', 'ipv4', '198.18.7.10', undefined],
    ['one port only', 'alert tcp $HOME_NET any -> 198.18.7.9 4443 (msg:"x";)', 'ipv4', '198.18.7.9', 'narrower'],
    ['address as host', 'http.host; bsize:10; content:"198.18.7.9";', 'ipv4', '198.18.7.9', 'exact'],
    ['no such type', 'dns.query; bsize:9; content:"quiet.top";', 'handle', 'quiet.top', undefined],
  ];
  for (const [why, rule, type, value, how] of cases) it(why, () => expect(covering([rule]).find({ type, value })[0]?.how).toBe(how));
});

describe('many rules', () => {
  it('exact ones first, each rule once, with its state', () => {
    const { rules } = parseRules(
      [
        'alert dns any any -> any any (msg:"B"; dns.query; dotprefix; content:".top"; nocase; endswith; sid:1; rev:1;)',
        '#alert dns any any -> any any (msg:"A"; dns.query; bsize:9; content:"quiet.top"; nocase; sid:2; rev:1;)',
        'alert dns any any -> any any (msg:"C"; dns.query; dotprefix; content:".quiet.top"; nocase; endswith; content:"quiet"; sid:3; rev:1;)',
      ].join('\n'),
    );
    const found = buildCoverage(rules).find({ type: 'domain', value: 'quiet.top' });
    expect(found.map((one) => [one.sid, one.how, one.enabled, one.buffer])).toEqual([
      [2, 'exact', false, 'dns.query'],
      [3, 'narrower', true, 'dns.query'],
    ]);
    expect(found[0].rule.sid).toBe(2);
  });
});
