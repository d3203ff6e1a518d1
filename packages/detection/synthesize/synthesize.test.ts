/** Traffic for rules of every shape: it fires in the engine, its broken twins do not, and what can not be solved is said. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { buildPlan, Engine, Synthesizer, usePlan } from '../index.ts';

function alertsOf(text: string, capture: Uint8Array, sid: number): number {
  let count = 0;
  const plan = usePlan(buildPlan([{ path: 'rules', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
  const engine = new Engine(plan, catalogue, DEFAULT_SETTINGS, {
    alert: ({ rule }) => {
      if (rule.sid === sid) count++;
    },
  });
  engine.feed(capture);
  engine.finish();
  return count;
}

const cases: readonly (readonly [shows: string, rules: string, fewestSilent: number])[] = [
  ['a domain and all below it', 'alert dns $HOME_NET any -> any any (msg:"a"; dns.query; dotprefix; content:".evil.example"; nocase; endswith; sid:9;)', 1],
  [
    'a name of known length',
    'alert tls $HOME_NET any -> $EXTERNAL_NET any (msg:"a"; flow:established,to_server; tls.sni; bsize:12; content:"evil.example"; sid:9;)',
    1,
  ],
  [
    'a server of IPv6, where the network has such addresses too',
    'alert tcp [10.0.0.0/8,fd00::/8] any -> 2001:db8:9::1 443 (msg:"a"; flow:established,to_server; sid:9;)',
    2,
  ],
  ['a name asked for over IPv6', 'alert dns [fd12::1,fd12::2] any -> any 53 (msg:"a"; dns.query; content:"evil.example"; sid:9;)', 2],
  ['an ending alone', 'alert dns any any -> any any (msg:"a"; dns.query; content:".coin"; endswith; sid:9;)', 1],
  [
    'a request with method, path, agent and headers in order',
    'alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"a"; flow:established,to_server; http.method; content:"POST"; http.uri; content:"/gate"; startswith; content:".php"; endswith; pcre:"/^\\/gate\\d{3}\\.php$/"; http.user_agent; content:"Updater"; bsize:7; http.header_names; content:"|0d 0a|User-Agent|0d 0a|Host|0d 0a|"; startswith; content:!"Referer"; http.request_body; content:"id="; startswith; content:"&os="; distance:4; within:8; sid:9;)',
    5,
  ],
  [
    'old modifiers',
    'alert http any any -> any any (msg:"a"; flow:to_server; content:"/index"; http_uri; nocase; content:"Foo|3a| bar"; http_header; sid:9;)',
    2,
  ],
  [
    'a response',
    'alert http $EXTERNAL_NET any -> $HOME_NET any (msg:"a"; flow:established,to_client; http.stat_code; content:"404"; http.content_type; content:"text/x"; startswith; file.data; content:"MZ"; depth:2; content:"PE|00 00|"; distance:60; sid:9;)',
    4,
  ],
  [
    'a port group and bytes at a place',
    'alert tcp any any -> $HOME_NET [445,139] (msg:"a"; flow:to_server,established; content:"|ff|SMB"; offset:4; depth:4; content:"|25|"; distance:0; within:1; sid:9;)',
    3,
  ],
  [
    'numbers',
    'alert udp any any -> any 7777 (msg:"a"; content:"HD"; depth:2; byte_test:2,>,500,0,relative; byte_jump:1,2,relative; content:"END"; distance:2; within:3; sid:9;)',
    2,
  ],
  ['bits of one byte', 'alert udp any any -> any 7777 (msg:"a"; byte_test:1,!&,128,0; byte_test:1,&,4,0; byte_test:1,&,2,0; dsize:9; sid:9;)', 1],
  [
    'base64',
    'alert tcp any any -> any 8080 (msg:"a"; flow:to_server; content:"auth "; base64_decode:offset 0,relative; base64_data; content:"admin"; sid:9;)',
    1,
  ],
  ['the server speaks', 'alert tcp any 6667 -> $HOME_NET any (msg:"a"; flow:established,from_server; content:":!cmd "; sid:9;)', 1],
  [
    'a certificate',
    'alert tls any any -> any any (msg:"a"; flow:established,to_client; tls.cert_subject; content:"O=Evil"; content:"CN=evil.example"; sid:9;)',
    1,
  ],
  [
    'bytes of a certificate',
    'alert tls any any -> any any (msg:"a"; flow:established,to_client; tls.certs; content:"|55 04 03|"; content:"|0c|evil.example"; distance:1; within:14; sid:9;)',
    1,
  ],
  [
    'a threshold',
    'alert tcp any any -> any 23 (msg:"a"; flow:to_server,established; content:"root"; threshold:type both, track by_src, count 5, seconds 60; sid:9;)',
    3,
  ],
  ['an echo request', 'alert icmp any any -> any any (msg:"a"; itype:8; content:"knock"; sid:9;)', 1],
  ['mail', 'alert smtp any any -> any any (msg:"a"; flow:to_server,established; content:"Subject|3a| invoice"; sid:9;)', 1],
  [
    'the GUID of a server of SMB, by its place',
    'alert smb any any -> $HOME_NET any (msg:"a"; flow:established,to_client; content:"|fe|SMB"; offset:4; depth:4; content:"|00 00|"; offset:16; depth:2; content:"|00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f|"; offset:76; depth:16; sid:9;)',
    2,
  ],
  [
    'the GUID of a server of SMB, behind the length of its header',
    'alert smb any any -> $HOME_NET any (msg:"a"; flow:established,to_client; content:"SMB"; offset:5; depth:3; byte_jump:2,0,relative,little,post_offset 2; content:"|41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50|"; within:16; sid:9;)',
    2,
  ],
  [
    'packets of SMB',
    'alert tcp-pkt any any -> any any (msg:"a"; flow:established,to_client; app-layer-protocol:smb; content:"|fe|SMB"; offset:4; depth:4; content:"|41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50|"; offset:76; depth:16; sid:9;)',
    2,
  ],
  [
    'the GUID of a client of SMB',
    'alert smb $HOME_NET any -> any any (msg:"a"; flow:established,to_server; content:"|fe|SMB"; offset:4; depth:4; content:"|00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f|"; offset:80; depth:16; sid:9;)',
    2,
  ],
  [
    'a ClientHello of which the text of JA3 is known, and with it the digest',
    'alert tls any any -> any any (msg:"a"; flow:established,to_server; ja3.string; content:"771,4865-49195-47,0-23-65281-10-11-13-43-51,29-23,0"; bsize:51; ja3.hash; content:"64ee642955851146f17260e9ae556528"; sid:9;)',
    1,
  ],
  [
    'a ClientHello of which the text of JA3 is known in part',
    'alert tls any any -> any any (msg:"a"; ja3.string; content:"771,49192-49191-49172"; startswith; sid:9;)',
    1,
  ],
  [
    'a certificate by issuer and serial number',
    'alert tls any any -> any any (msg:"a"; flow:established,to_client; tls.cert_issuer; bsize:8; content:"CN=quiet"; tls.cert_serial; bsize:8; content:"00|3a|AB|3a|CD"; sid:9;)',
    1,
  ],
  ['an address of a list', 'alert ip [198.18.7.1,198.18.9.0/24] any -> $HOME_NET any (msg:"a"; sid:9;)', 1],
  [
    'a chain of bits over request and response',
    [
      'alert http any any -> any any (msg:"1"; flow:to_server,established; http.uri; content:"/first"; flowbits:set,EX.one; flowbits:noalert; sid:7;)',
      'alert http any any -> any any (msg:"2"; flow:to_client,established; flowbits:isset,EX.one; http.stat_code; content:"500"; flowbits:set,EX.two; sid:8;)',
      'alert http any any -> any any (msg:"3"; flow:to_server,established; flowbits:isset,EX.two; http.uri; content:"/third"; sid:9;)',
    ].join('\n'),
    2,
  ],
];

describe('traffic that fires', () => {
  test.each(cases)('%s', (_shows, text, fewestSilent) => {
    const { rules } = parseRules(text);
    const result = new Synthesizer(rules, catalogue).synthesize(rules.find((rule) => rule.sid === 9)!);
    if ('problem' in result) throw new Error(result.problem);
    expect(alertsOf(text, result.fires, 9)).toBe(result.alerts);
    expect(result.alerts).toBeGreaterThan(0);
    for (const { capture, because } of result.silent) expect(alertsOf(text, capture, 9), because).toBe(0);
    expect(result.silent.length).toBeGreaterThanOrEqual(fewestSilent);
    expect(new Set(result.silent.map((one) => one.because)).size).toBe(result.silent.length);
  });
});

describe('what the rule does not ask for makes a whole message of it', () => {
  test.each<readonly [shows: string, rule: string, reader: string]>([
    [
      'a question of DNS that the rule names the labels of',
      'alert udp any any -> any 53 (msg:"a"; content:"|01 00 00 01 00 00 00 00 00 00|"; offset:2; depth:10; content:"|04|evil|07|example|00|"; distance:0; sid:9;)',
      'alert dns any any -> any any (dns.query; content:"evil.example"; bsize:12; sid:5;)',
    ],
    [
      'a question of DNS that the rule names a part of',
      'alert udp any any -> any 53 (msg:"a"; content:"verylongname"; nocase; sid:9;)',
      'alert dns any any -> any any (dns.query; content:"verylongname"; startswith; sid:5;)',
    ],
    [
      'an answer of DNS with the records that it promises',
      'alert udp any 53 -> any any (msg:"a"; flow:from_server; content:"|81 80 00 01 00 01|"; offset:2; depth:6; content:"|04|evil|07|example|00|"; sid:9;)',
      'alert dns any any -> any any (flow:to_client; dns.answers.rrname; content:"evil.example"; sid:5;)',
    ],
    [
      'an answer of DNS by a rule that writes its source port and no flow',
      'alert udp any 53 -> any any (msg:"a"; pcre:"/^..[\\x81-\\x87]\\x83/"; sid:9;)',
      'alert udp any 53 -> any any (content:"|83 00 01|"; offset:3; depth:3; content:"|00 00 01 00 01|"; distance:6; sid:5;)',
    ],
    [
      'labels where a pattern asks for letters alone',
      'alert udp any any -> any 53 (msg:"a"; content:"|01 00 00 01 00 00 00 00 00 01|"; depth:10; offset:2; pcre:"/^[^\\x00]+?\\x00/R"; content:"|00 ff 00 01 00 00 29|"; within:7; sid:9;)',
      'alert dns any any -> any any (dns.query; content:"a"; bsize:1; sid:5;)',
    ],
    [
      'a name that the rule forbids to end',
      'alert udp any any -> any 53 (msg:"a"; content:"|09|wordpress|03|com"; content:!"|00|"; within:1; sid:9;)',
      'alert dns any any -> any any (dns.query; content:"wordpress.com.net"; bsize:17; sid:5;)',
    ],
    [
      'a name of NetBIOS and its type',
      'alert udp any any -> any 137 (msg:"a"; content:"FHFAEBE"; sid:9;)',
      'alert udp any any -> any 137 (content:"|20|FHFAEBE"; offset:12; content:"|00 00 20 00 01|"; endswith; sid:5;)',
    ],
    [
      'a private message of NTP, which says that nothing follows',
      'alert udp any 123 -> any any (msg:"a"; content:"|00 03 2a|"; offset:1; depth:3; byte_test:1,&,128,0; byte_test:1,&,4,0; byte_test:1,&,2,0; byte_test:1,&,1,0; sid:9;)',
      'alert udp any 123 -> any any (dsize:8; content:"|00 00 00 00|"; endswith; sid:5;)',
    ],
    [
      'the block of an acknowledgement of TFTP',
      'alert udp any any -> any 69 (msg:"a"; content:"|00 04|"; depth:2; sid:9;)',
      'alert udp any any -> any 69 (content:"|00 04 00 01|"; startswith; dsize:4; sid:5;)',
    ],
    [
      'the headers of SIP around one of them',
      'alert udp any any -> any 5060 (msg:"a"; content:"From|3A 20 22|nobody"; sid:9;)',
      'alert sip any any -> any any (sip.method; content:"OPTIONS"; sid:5;)',
    ],
    [
      'a lease of DHCP with its options and their end',
      'alert udp any 67 -> any 68 (msg:"a"; content:"|02 01|"; depth:2; content:"evil"; sid:9;)',
      'alert udp any 67 -> any 68 (content:"|63 82 53 63 35 01 05 72 04|evil|ff|"; offset:236; depth:14; sid:5;)',
    ],
    [
      'the length of an ISAKMP message and of its fragment',
      'alert udp any any -> any 500 (msg:"a"; content:"|84 20|"; offset:16; depth:2; byte_test:2,<,9,12,relative; sid:9;)',
      'alert udp any any -> any 500 (content:"|00 00 00 24 00 00 00 08|"; offset:24; depth:8; dsize:36; sid:5;)',
    ],
    [
      'a question of the DHT to its end',
      'alert udp any any -> any any (msg:"a"; content:"d1|3a|ad2|3a|id20|3a|"; depth:12; sid:9;)',
      'alert udp any any -> any any (content:"e1|3a|q4|3a|ping1|3a|t2|3a|aa1|3a|y1|3a|qe"; endswith; sid:5;)',
    ],
    [
      'the length of a packet of Oracle',
      'alert tcp any any -> any 1521 (msg:"a"; flow:established,to_server; content:"evil"; sid:9;)',
      'alert tcp any any -> any 1521 (flow:established,to_server; content:"|00 0e 00 00 06|"; startswith; content:"evil"; offset:10; depth:4; sid:5;)',
    ],
    [
      'the packet that an ICMP error quotes',
      'alert icmp any any -> any any (msg:"a"; itype:3; icode:1; sid:9;)',
      'alert icmp any any -> any any (content:"|45 00 00 3c|"; startswith; sid:5;)',
    ],
    [
      'file and mode of TFTP',
      'alert udp any any -> any 69 (msg:"a"; content:"|00 01|evil.bin"; depth:10; sid:9;)',
      'alert udp any any -> any 69 (content:"evil.bin|00|octet|00|"; endswith; sid:5;)',
    ],
    [
      'the frame of SMB says how long the message is',
      'alert smb any any -> any any (msg:"a"; flow:established,to_client; content:"|fe|SMB"; offset:4; depth:4; content:"|05 05|"; offset:160; depth:2; sid:9;)',
      'alert tcp any any -> any any (content:"|00 00 00|"; startswith; content:"|9e|"; within:1; content:"|fe|SMB"; within:4; sid:5;)',
    ],
    [
      'the algorithms of SSH',
      'alert ssh any any -> any any (msg:"a"; flow:to_server; ssh.software; content:"evilssh"; sid:9;)',
      'alert ssh any any -> any any (flow:to_server; ssh.hassh.string; content:"curve25519-sha256"; startswith; sid:5;)',
    ],
  ])('%s', (_shows, text, reader) => {
    const { rules } = parseRules(text);
    const result = new Synthesizer(rules, catalogue).synthesize(rules[0]);
    if ('problem' in result) throw new Error(result.problem);
    expect(alertsOf(reader, result.fires, 5)).toBeGreaterThan(0);
  });
});

test('a rule that leaves no room for a whole message says so', () => {
  const { rules } = parseRules('alert udp any any -> any 123 (msg:"a"; dsize:1; content:"|17|"; sid:9;)');
  expect(new Synthesizer(rules, catalogue).synthesize(rules[0])).toMatchObject({
    shows: expect.stringMatching(/no whole message of NTP was found that fulfils the rule/),
  });
});

test('a rule on a message that is not composed says so', () => {
  const { rules } = parseRules('alert smb any any -> any any (msg:"a"; flow:to_server,established; content:"|ff|SMB|73|"; content:"NTLMSSP"; sid:9;)');
  expect(new Synthesizer(rules, catalogue).synthesize(rules[0])).toMatchObject({
    shows: expect.stringMatching(/of SMB only NEGOTIATE of version 2 is composed/),
  });
});

test('a rule that never alerts is solved as if it did', () => {
  const { rules } = parseRules('alert http any any -> any any (msg:"a"; http.uri; content:"/x1"; flowbits:set,EX.a; flowbits:noalert; sid:9;)');
  expect(new Synthesizer(rules, catalogue).synthesize(rules[0])).toMatchObject({ alerts: 1 });
});

test('the same rule gives the same bytes', () => {
  const { rules } = parseRules('alert http any any -> any any (msg:"a"; http.uri; pcre:"/^\\/[a-z]{8}\\?k=[0-9a-f]{32}$/"; sid:9;)');
  expect(new Synthesizer(rules, catalogue).synthesize(rules[0])).toEqual(new Synthesizer(rules, catalogue).synthesize(rules[0]));
});

describe('what can not be solved is said', () => {
  test.each([
    ['contradiction', 'alert http any any -> any any (msg:"a"; http.uri; content:"/a"; startswith; content:"/b"; startswith; sid:9;)', /http\.uri/],
    ['a digest', 'alert tls any any -> any any (msg:"a"; ja3.hash; content:"e7d705a3286e19ea42f587b344ee6865"; sid:9;)', /digest.*capture that was seen/],
    ['a certificate by its digest', 'alert tls any any -> any any (msg:"a"; tls.cert_fingerprint; content:"11|3a|22"; sid:9;)', /no certificate can be made/],
    ['a bit that nobody sets', 'alert tcp any any -> any any (msg:"a"; flowbits:isset,EX.no; content:"a"; sid:9;)', /EX\.no/],
    [
      'headers that exclude each other',
      'alert tcp 10.9.9.9 any -> any any (msg:"a"; flow:to_client; flowbits:isset,EX.a; content:"a"; sid:9;)\nalert tcp 10.1.1.1 any -> any any (msg:"b"; flow:to_client; content:"b"; flowbits:set,EX.a; sid:8;)',
      /address/,
    ],
  ])('%s', (_why, text, said) => {
    const { rules } = parseRules(text);
    expect(new Synthesizer(rules, catalogue).synthesize(rules[0])).toMatchObject({ problem: expect.stringMatching(said) });
  });
});
