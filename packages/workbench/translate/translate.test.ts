/** Emissions by dialect, word for word, each proved on made-up traffic; refusals with their reasons; and a proof that fails. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { Synthesizer } from '@sigwright/detection';
import { parseRule } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { namesNear, probeFor } from '../draft/near-names.ts';
import { DIALECTS, type Dialect } from './dialects.ts';
import { translate } from './translate.ts';

const TAIL = 'classtype:domain-c2; sid:1000001; rev:1;';
const SNORT_TAIL = 'classtype:trojan-activity; sid:1000001; rev:1;';

function emission(text: string, dialect: Dialect) {
  return translate(parseRule(text).rule!, [dialect], { catalogue })[0];
}

const said: readonly (readonly [shows: string, dialect: Dialect, master: string, emitted: string])[] = [
  [
    'a domain and all below it, by labels',
    'snort-2.9',
    `alert dns $HOME_NET any -> any any (msg:"ET MALWARE x"; dns.query; dotprefix; content:".evil.example"; nocase; endswith; ${TAIL})`,
    `alert udp $HOME_NET any -> any 53 (msg:"ET TROJAN x"; content:"|01|"; offset:2; depth:1; content:"|00 01 00 00 00 00 00|"; distance:1; within:7; content:"|04|evil|07|example|00|"; nocase; distance:0; fast_pattern; ${SNORT_TAIL})`,
  ],
  [
    'a domain alone begins where the question begins',
    'snort-2.9',
    `alert dns $HOME_NET any -> any any (msg:"x"; dns.query; bsize:12; content:"evil.example"; nocase; ${TAIL})`,
    `alert udp $HOME_NET any -> any 53 (msg:"x"; content:"|01|"; offset:2; depth:1; content:"|00 01 00 00 00 00 00|"; distance:1; within:7; content:"|04|evil|07|example|00|"; nocase; distance:1; within:14; fast_pattern; ${SNORT_TAIL})`,
  ],
  [
    'only what lies below',
    'snort-2.9',
    `alert dns $HOME_NET any -> any any (msg:"x"; dns.query; content:".evil.example"; nocase; endswith; ${TAIL})`,
    `alert udp $HOME_NET any -> any 53 (msg:"x"; content:"|01|"; offset:2; depth:1; content:"|00 01 00 00 00 00 00|"; distance:1; within:7; content:"|04|evil|07|example|00|"; nocase; distance:3; fast_pattern; ${SNORT_TAIL})`,
  ],
  [
    'an ending: the length of its first label is not known',
    'snort-2.9',
    `alert dns $HOME_NET any -> any any (msg:"x"; dns.query; content:"evil.example"; nocase; endswith; ${TAIL})`,
    `alert udp $HOME_NET any -> any 53 (msg:"x"; content:"|01|"; offset:2; depth:1; content:"|00 01 00 00 00 00 00|"; distance:1; within:7; content:"evil|07|example|00|"; nocase; distance:0; fast_pattern; ${SNORT_TAIL})`,
  ],
  [
    'a server name behind its length',
    'snort-2.9',
    `alert tls $HOME_NET any -> $EXTERNAL_NET any (msg:"x"; flow:established,to_server; tls.sni; bsize:12; content:"evil.example"; fast_pattern; ${TAIL})`,
    `alert tcp $HOME_NET any -> $EXTERNAL_NET 443 (msg:"x"; flow:established,to_server; content:"|16|"; content:"|01|"; within:8; content:"|00 00 0c|evil.example"; distance:0; fast_pattern; ${SNORT_TAIL})`,
  ],
  [
    'a server name and what lies below it: its length leads to its end',
    'snort-2.9',
    `alert tls $HOME_NET any -> $EXTERNAL_NET any (msg:"x"; flow:established,to_server; tls.sni; dotprefix; content:".evil.example"; nocase; endswith; ${TAIL})`,
    `alert tcp $HOME_NET any -> $EXTERNAL_NET 443 (msg:"x"; flow:established,to_server; content:"|16|"; content:"|01|"; within:8; content:"|00 00|"; distance:0; content:"|00|"; distance:4; within:1; byte_jump:2,0,relative; content:"evil.example"; nocase; distance:-12; within:12; fast_pattern; pcre:"/[\\x2e\\x0c]evil\\x2eexample/i"; ${SNORT_TAIL})`,
  ],
  [
    'what lies below a server name',
    'snort-2.9',
    `alert tls $HOME_NET any -> $EXTERNAL_NET any (msg:"x"; flow:established,to_server; tls.sni; content:".evil.example"; endswith; ${TAIL})`,
    `alert tcp $HOME_NET any -> $EXTERNAL_NET 443 (msg:"x"; flow:established,to_server; content:"|16|"; content:"|01|"; within:8; content:"|00 00|"; distance:0; content:"|00|"; distance:4; within:1; byte_jump:2,0,relative; content:".evil.example"; distance:-13; within:13; fast_pattern; ${SNORT_TAIL})`,
  ],
  [
    'a request',
    'snort-2.9',
    `alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"x"; flow:established,to_server; http.method; content:"POST"; http.uri; content:"/gate"; startswith; content:".php"; endswith; http.user_agent; content:"Updater"; bsize:7; http.header_names; content:!"|0d 0a|Referer|0d 0a|"; target:src_ip; ${TAIL})`,
    `alert tcp $HOME_NET any -> $EXTERNAL_NET $HTTP_PORTS (msg:"x"; flow:established,to_server; content:"POST"; http_method; content:"/gate"; http_uri; depth:5; content:".php"; http_uri; pcre:"/\\x2ephp$/U"; content:"User-Agent|3a| Updater|0d 0a|"; http_header; pcre:!"/^Referer\\x3a/mH"; ${SNORT_TAIL})`,
  ],
  [
    'the body of a response',
    'snort-2.9',
    `alert http $EXTERNAL_NET any -> $HOME_NET any (msg:"x"; flow:established,to_client; file.data; content:"evil_marker"; nocase; ${TAIL})`,
    `alert tcp $EXTERNAL_NET $HTTP_PORTS -> $HOME_NET any (msg:"x"; flow:established,to_client; file_data; content:"evil_marker"; nocase; ${SNORT_TAIL})`,
  ],
  [
    'lower case in an older Suricata',
    'suricata-6',
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.header_names; to_lowercase; content:"|0d 0a|x-evil|0d 0a|"; http.uri; content:"/A"; ${TAIL})`,
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.header_names; content:"|0d 0a|x-evil|0d 0a|"; nocase; http.uri; content:"/A"; ${TAIL})`,
  ],
  [
    'one header among all, where an engine knows only all together',
    'suricata-6',
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.request_header; header_lowercase; content:"x-evil|3a 20|a"; ${TAIL})`,
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.header; content:"x-evil|3a 20|a"; nocase; ${TAIL})`,
  ],
  [
    'a header that is not there',
    'suricata-7',
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.user_agent; absent; http.uri; content:"/secret.bin"; ${TAIL})`,
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.header_names; content:!"|0d 0a|User-Agent|0d 0a|"; nocase; http.uri; content:"/secret.bin"; ${TAIL})`,
  ],
  [
    'a transform behind a content: before Suricata 8 it follows its buffer',
    'suricata-7',
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.uri; content:"/a"; url_decode; content:"bcd"; ${TAIL})`,
    `alert http any any -> any any (msg:"x"; flow:established,to_server; http.uri; content:"/a"; http.uri; url_decode; content:"bcd"; ${TAIL})`,
  ],
  [
    'younger names of old options',
    'snort-2.9',
    `alert tcp any any -> any any (msg:"x"; flow:established,to_server; tcp.flags:PA; content:"abcd"; ${TAIL})`,
    `alert tcp any any -> any any (msg:"x"; flow:established,to_server; flags:PA; content:"abcd"; ${SNORT_TAIL})`,
  ],
  [
    'the length of an address as Suricata counts it',
    'snort-2.9',
    `alert http any any -> any any (msg:"x"; flow:established,to_server; urilen:6; http.uri; content:"/a"; ${TAIL})`,
    `alert tcp any any -> any $HTTP_PORTS (msg:"x"; flow:established,to_server; urilen:6,norm; content:"/a"; http_uri; ${SNORT_TAIL})`,
  ],
  [
    'what an engine knows stays as it is',
    'suricata-8',
    `alert http any any -> any any (msg:"x"; http.header_names; to_lowercase; content:"x-evil"; ${TAIL})`,
    `alert http any any -> any any (msg:"x"; http.header_names; to_lowercase; content:"x-evil"; ${TAIL})`,
  ],
];

describe('is said, and proved', () => {
  test.each(said)('%s (%s)', (_shows, dialect, master, emitted) => {
    const result = emission(master, dialect);
    expect(result).toMatchObject({ text: emitted, refused: undefined });
    expect(result.proof).toMatch(/^fires on [1-9]\d*, silent on [1-9]/);
  });
});

describe('is refused', () => {
  test.each<readonly [string, Dialect, string, RegExp]>([
    ['a digest', 'snort-2.9', 'alert tls any any -> any any (msg:"x"; ja3.hash; content:"e7d705a3286e19ea42f587b344ee6865"; sid:1;)', /ja3/],
    ['an order of headers', 'snort-2.9', 'alert http any any -> any any (msg:"x"; http.header_names; content:"|0d 0a|A|0d 0a|B|0d 0a|"; sid:1;)', /order/],
    ['bits of hosts', 'snort-2.9', 'alert tcp any any -> any 80 (msg:"x"; content:"abc"; xbits:set,EX.a,track ip_src; sid:1;)', /xbits/],
    ['a keyword that is too new', 'suricata-5', 'alert http any any -> any any (msg:"x"; http.referer; absent; sid:1;)', /absent.*8\.0/],
    [
      'a header that is not there, of either direction',
      'suricata-7',
      'alert http any any -> any any (msg:"x"; http.user_agent; absent; sid:1;)',
      /absent.*8\.0/,
    ],
    [
      'a way of counting that is too new',
      'suricata-7',
      'alert tcp any any -> any any (msg:"x"; content:"abcd"; threshold:type backoff, track by_src, count 1, multiplier 10; sid:1;)',
      /backoff.*8\.0/,
    ],
    [
      'a way of counting that Snort has not',
      'snort-2.9',
      'alert tcp any any -> any any (msg:"x"; content:"abcd"; threshold:type limit, track by_both, count 1, seconds 60; sid:1;)',
      /by_both/,
    ],
    ['a set of addresses', 'suricata-6', 'alert http any any -> any any (msg:"x"; http.host; dataset:isset,bad,type ip; sid:1;)', /addresses.*7\.0/],
    ['a user who logs on', 'suricata-6', 'alert smb any any -> any any (msg:"x"; smb.ntlmssp_user; content:"alice"; sid:1;)', /7\.0/],
    ['capitals behind a transform', 'suricata-6', 'alert http any any -> any any (msg:"x"; http.uri; to_lowercase; content:"/A"; sid:1;)', /capitals/],
  ])('%s', (_why, dialect, master, reason) => {
    expect(emission(master, dialect)).toMatchObject({ text: undefined, refused: expect.stringMatching(reason) });
  });
});

test('a server name in the words of Snort: the names beside it', () => {
  const master = parseRule('alert tls $HOME_NET any -> $EXTERNAL_NET any (msg:"x"; tls.sni; dotprefix; content:".evil.example"; nocase; endswith; sid:1;)')
    .rule!;
  const evidence = namesNear('evil.example').map(({ near, name }) => {
    const probe = parseRule(probeFor('tls.sni', name, 9)).rule!;
    const made = new Synthesizer([probe], catalogue, DEFAULT_SETTINGS).synthesize(probe, { silent: false });
    if ('problem' in made) throw new Error(made.problem);
    return { name: near, capture: made.fires };
  });
  // Itself, in other letters and below; not glued before or behind, nor with a longer ending.
  expect(translate(master, ['snort-2.9'], { catalogue, evidence })).toMatchObject([
    { proof: 'fires on 3, silent on 3 captures, as the master', refused: undefined },
  ]);
});

test('where the words look at less, evidence beyond is named; elsewhere it has to be the same', () => {
  const master = parseRule('alert http any any -> any any (msg:"x"; flow:established,to_server; http.uri; content:"/evil"; sid:1;)').rule!;
  const onPort = (port: number) => {
    const narrow = parseRule(`alert http any any -> any ${port} (msg:"x"; flow:established,to_server; http.uri; content:"/evil"; sid:1;)`).rule!;
    const made = new Synthesizer([narrow], catalogue, DEFAULT_SETTINGS).synthesize(narrow);
    if ('problem' in made) throw new Error(made.problem);
    return { name: `port ${port}`, capture: made.fires };
  };
  const [usual] = translate(master, ['snort-2.9'], { catalogue, evidence: [onPort(8080)] });
  expect(usual).toMatchObject({ proof: 'fires on 1, silent on 0 captures, as the master', notes: [] });
  const [beyond] = translate(master, ['snort-2.9'], { catalogue, evidence: [onPort(8080), onPort(4321)] });
  expect(beyond).toMatchObject({ proof: expect.stringContaining('fires on 1'), notes: ['looks only at tcp, ports any to $HTTP_PORTS: silent on `port 4321`'] });
  const [nothing] = translate(master, ['snort-2.9'], { catalogue, evidence: [onPort(4321)] });
  expect(nothing).toMatchObject({ text: expect.any(String), proof: undefined });
});

test('what differs on evidence is refused', () => {
  const master = parseRule('alert http any any -> any any (msg:"x"; flow:to_server; http.user_agent; content:"evil"; endswith; sid:1;)').rule!;
  const [given] = translate(master, ['suricata-7'], { catalogue });
  expect(given.proof).toBeDefined();
  // On another port Snort's form does not look at it.
  const other = parseRule('alert http any any -> any 8081 (msg:"x"; flow:to_server; http.uri; content:"/evil"; sid:1;)').rule!;
  expect(translate(other, DIALECTS, { catalogue }).map((one) => [one.dialect, one.text !== undefined])).toEqual(DIALECTS.map((dialect) => [dialect, true]));
  const anyPort = parseRule('alert ssh any any -> any 2022 (msg:"x"; flow:to_server; content:"SSH-2.0-evil"; sid:1;)').rule!;
  const [ssh] = translate(anyPort, ['snort-2.9'], { catalogue });
  expect(ssh.text ?? ssh.refused).toMatch(/2022|evidence/);
});
