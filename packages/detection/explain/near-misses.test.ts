/**
 * Rules that just miss traffic which is made for them: what is told of the condition that failed is what stands there, and the smallest
 * change that makes the rule fire is smaller than leaving the condition out wherever there is such a change.
 */
import { gzipSync } from 'node:zlib';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture, type HttpRequest, type HttpResponse } from '@sigwright/traffic';
import { describe, expect, it } from 'vitest';
import { explainRule } from './explain-rule.ts';
import type { NotFiredReason } from './rule-explanation.ts';

const CLIENT = '10.3.8.31';
const SERVER = '203.0.113.11';
const settings = { ...DEFAULT_SETTINGS, addressGroups: { ...DEFAULT_SETTINGS.addressGroups, HOME_NET: '10.3.8.0/24', EXTERNAL_NET: '!$HOME_NET' } };
const SUPPRESSED: EngineSettings = {
  ...settings,
  globalThresholds: [{ gid: 1, sid: 1, threshold: undefined, suppress: { side: 'either', addresses: '' } }],
};

function http(...exchanges: readonly { readonly request: HttpRequest; readonly response?: HttpResponse }[]): Uint8Array {
  const capture = composeCapture({ seed: 5 });
  capture.httpExchange({ client: CLIENT, server: SERVER, exchanges });
  return capture.finish();
}

function get(uri: string, headers: HttpRequest['headers'] = [['Host', 'a.example']]): HttpRequest {
  return { method: 'GET', uri, headers };
}

function post(body: string): HttpRequest {
  return { method: 'POST', uri: '/x', headers: [['Host', 'a.example']], body };
}

function sent(bytes: string, segmentSize = 1460): Uint8Array {
  const capture = composeCapture({ seed: 5 });
  capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 4444, exchanges: [{ from: 'client', bytes, segmentSize }] });
  return capture.finish();
}

function answered(bytes: string): Uint8Array {
  const capture = composeCapture({ seed: 5 });
  const exchanges = [
    { from: 'client' as const, bytes: 'hello' },
    { from: 'server' as const, bytes },
  ];
  capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 443, exchanges });
  return capture.finish();
}

function lookup(name: string): Uint8Array {
  const capture = composeCapture({ seed: 5 });
  capture.dnsLookup({ client: CLIENT, resolver: SERVER, name });
  return capture.finish();
}

/** /login and /cmd: on one connection, or on two, `seconds` apart */
function loginThenCommand(connections: 1 | 2 = 1, seconds = 0): Uint8Array {
  const capture = composeCapture({ seed: 5 });
  const exchanges = ['/login', '/cmd'].map((uri) => ({ request: get(uri), response: { status: 200, body: 'ok' } }));
  if (connections === 1) capture.httpExchange({ client: CLIENT, server: SERVER, exchanges });
  else
    for (const exchange of exchanges) {
      capture.httpExchange({ client: CLIENT, server: SERVER, exchanges: [exchange] });
      capture.wait(seconds * 1e6);
    }
  return capture.finish();
}

const TCP = 'alert tcp any any -> any any (flow:established,to_server; ';
const HTTP = 'alert http $HOME_NET any -> $EXTERNAL_NET any (flow:established,to_server; ';
const ANSWER = 'alert http $EXTERNAL_NET any -> $HOME_NET any (flow:established,to_client; ';
const COMMAND = `${HTTP}flowbits:isset,seen; http.uri; content:"/cmd"; sid:1;)`;
const LOGIN = `${HTTP}http.uri; content:"/login"; flowbits:set,seen; flowbits:noalert; sid:2;)`;
const HELLO = sent('HELLO WORLD and more');
const LENGTH = sent('LEN\x00\x10rest');
const GZIP: HttpResponse = { status: 200, headers: [['Content-Encoding', 'gzip']], body: gzipSync('<html>evil script here</html>') };

interface Case {
  readonly why: string;
  readonly rules: string;
  readonly capture: Uint8Array;
  readonly reason: NotFiredReason;
  readonly verdict: RegExp;
  readonly change: RegExp;
  readonly setter?: RegExp;
  readonly bare?: true;
  readonly settings?: EngineSettings;
}

const CASES: readonly Case[] = [
  // Windows
  {
    why: 'behind its offset',
    rules: `${TCP}content:"WORLD"; offset:10; sid:1;)`,
    capture: HELLO,
    reason: 'outside-window',
    verdict: /from offset 6 to 11; .* from offset 10 to 20 only/,
    change: /^write `offset:6` instead of `offset:10`$/,
  },
  {
    why: 'both offset and depth',
    rules: `${TCP}content:"WORLD"; offset:1; depth:5; sid:1;)`,
    capture: HELLO,
    reason: 'outside-window',
    verdict: /from offset 1 to 6 only/,
    change: /^write `depth:10` instead of `depth:5`$/,
  },
  {
    why: 'nearer than its distance',
    rules: `${TCP}content:"HELLO"; content:"WORLD"; distance:4; sid:1;)`,
    capture: HELLO,
    reason: 'outside-window',
    verdict: /counted from offset 5/,
    change: /^write `distance:1` instead of `distance:4`$/,
  },
  {
    why: 'before the match that it is to follow',
    rules: `${TCP}content:"WORLD"; content:"HELLO"; distance:0; sid:1;)`,
    capture: HELLO,
    reason: 'outside-window',
    verdict: /from offset 0 to 5, before that/,
    change: /^take out `distance:0`$/,
  },
  {
    why: 'a distance that was read from the traffic',
    rules: `${TCP}content:"LEN"; byte_extract:1,0,n,relative; content:"END"; distance:n; within:3; sid:1;)`,
    capture: sent('LEN\x03abcdeEND'),
    reason: 'outside-window',
    verdict: /distance 3 \(a variable\)/,
    change: /^write `within:5`/,
  },
  {
    why: 'other letters, and not where they are to be',
    rules: `${HTTP}http.uri; content:"CMD"; startswith; sid:1;)`,
    capture: http({ request: get('/cmd') }),
    reason: 'other-case',
    verdict: /"cmd"; nor is that where the rule looks/,
    change: /^add `nocase` to `content:"CMD"` and take out `startswith`$/,
  },
  {
    why: 'most of it is there',
    rules: `${TCP}content:"HELLO WORLDS"; sid:1;)`,
    capture: HELLO,
    reason: 'not-there',
    verdict: /first 11 of its 12 bytes are at offset 0, then comes " " where the rule has "S"/,
    change: /take out/,
    bare: true,
  },
  // Numbers
  {
    why: 'a number that is compared',
    rules: `${TCP}content:"LEN"; byte_test:2,>,1000,0,relative; sid:1;)`,
    capture: LENGTH,
    reason: 'condition',
    verdict: /they are 16 \(0x10\)/,
    change: /^write `byte_test:2,>,15,0,relative`/,
  },
  {
    why: 'a number behind the end',
    rules: `${TCP}content:"LEN"; byte_test:4,>,1000,10,relative; sid:1;)`,
    capture: LENGTH,
    reason: 'condition',
    verdict: /no number can be read at offset 13 of the 9 bytes/,
    change: /^take out `byte_test/,
  },
  {
    why: 'a jump that leads outside',
    rules: `${TCP}content:"LEN"; byte_jump:2,0,relative; content:"rest"; distance:0; sid:1;)`,
    capture: sent('LEN\x10\x04rest'),
    reason: 'condition',
    verdict: /they are 4100 \(0x1004\), which leads to offset 4105/,
    change: /^take out `byte_jump/,
  },
  {
    why: 'the length of the payload',
    rules: `${TCP}dsize:<20; content:"HELLO"; sid:1;)`,
    capture: HELLO,
    reason: 'condition',
    verdict: /it is 20$/,
    change: /^write `dsize:<21` instead of `dsize:<20`$/,
  },
  {
    why: 'the length of the buffer, of the transaction that has the content',
    rules: `${HTTP}urilen:>9; http.uri; content:"/cmd"; sid:1;)`,
    capture: loginThenCommand(),
    reason: 'condition',
    verdict: /it has 4$/,
    change: /^write `urilen:>3`/,
  },
  {
    why: 'a range of lengths',
    rules: `${HTTP}http.uri; bsize:3<>8; content:"/bot/"; sid:1;)`,
    capture: http({ request: get('/bot/report/') }),
    reason: 'condition',
    verdict: /it has 12$/,
    change: /^write `bsize:3<>13`/,
  },
  {
    why: 'a field of the packet',
    rules: `${TCP}ttl:>200; content:"HELLO"; sid:1;)`,
    capture: HELLO,
    reason: 'condition',
    verdict: /it is 64$/,
    change: /^write `ttl:>63`/,
  },
  {
    why: 'a number of a transaction',
    rules: 'alert dns any any -> any any (dns.opcode:4; dns.query; content:"example"; sid:1;)',
    capture: lookup('a.example'),
    reason: 'condition',
    verdict: /it is 0$/,
    change: /^write `dns.opcode:0`/,
  },
  // Forms
  {
    why: 'decoded, and in other letters',
    rules: `${HTTP}http.request_body; content:"data="; base64_decode:bytes 30, offset 0, relative; base64_data; content:"SECRET"; sid:1;)`,
    capture: http({ request: post(`data=${Buffer.from('secret=1&user=me').toString('base64')}`) }),
    reason: 'other-case',
    verdict: /decoded \(content "SECRET"\) .* "secret"/,
    change: /^add `nocase`/,
  },
  {
    why: 'nothing to decode',
    rules: `${HTTP}http.request_body; content:"data="; base64_decode:bytes 30, offset 0, relative; base64_data; content:"secret"; sid:1;)`,
    capture: http({ request: post('data=!!!!!!!!') }),
    reason: 'condition',
    verdict: /nothing can be decoded there: "!!!!!!!!"/,
    change: /^take out `base64_decode:.*`, `base64_data`, `content:"secret"`$/,
  },
  {
    why: 'the payload of what is compressed',
    rules: `${ANSWER}content:"evil script"; sid:1;)`,
    capture: http({ request: get('/x'), response: GZIP }),
    reason: 'other-buffer',
    verdict: /is in `http\.response_body`.*decompressed/,
    change: /in `http\.response_body`$/,
  },
  {
    why: 'what was sent, in what is decompressed',
    rules: `${ANSWER}file.data; content:"|1f 8b 08|"; sid:1;)`,
    capture: http({ request: get('/x'), response: GZIP }),
    reason: 'before-normalisation',
    verdict: /it was sent, in the payload of packet \d+/,
    change: /^look at `pkt_data` instead of `file\.data`$/,
  },
  {
    why: 'the dot that `dotprefix` would put there',
    rules: 'alert dns any any -> any any (dns.query; content:".evil.example"; endswith; sid:1;)',
    capture: lookup('evil.example'),
    reason: 'not-there',
    verdict: /but for its first dot/,
    change: /^add `dotprefix` to `dns\.query`$/,
  },
  {
    why: 'the only content, behind a transform',
    rules: 'alert dns any any -> any any (dns.query; dotprefix; content:".evil.example"; endswith; sid:1;)',
    capture: lookup('notevil.example'),
    reason: 'not-there',
    verdict: /dns\.query\|dotprefix \(/,
    change: /^take out `dns\.query`, `dotprefix`, `content/,
    bare: true,
  },
  {
    why: 'capitals where the host has none',
    rules: `${HTTP}http.host; content:"A.Example"; sid:1;)`,
    capture: http({ request: get('/x') }),
    reason: 'refused',
    verdict: /upper case/,
    change: /^write `content:"a\.example"`/,
  },
  {
    why: 'split over packets',
    rules: 'alert tcp-pkt any any -> any any (content:"HELLO WORLD"; sid:1;)',
    capture: sent('xx HELLO WORLD', 7),
    reason: 'not-there',
    verdict: /payload \(content "HELLO WORLD"\)/,
    change: /^write `tcp` for the protocol/,
  },
  // Regular expressions
  {
    why: 'a pattern in other letters',
    rules: `${HTTP}http.uri; pcre:"/\\/BOT\\/data/"; sid:1;)`,
    capture: http({ request: get('/bot/data') }),
    reason: 'not-there',
    verdict: /no match in 9 bytes/,
    change: /^write `pcre:"\/\\\/BOT\\\/data\/i"`/,
  },
  {
    why: 'a pattern in another buffer',
    rules: `${HTTP}http.uri; pcre:"/Mozilla\\/[0-9.]+/"; sid:1;)`,
    capture: http({ request: get('/x', [['User-Agent', 'Mozilla/5.0']]) }),
    reason: 'other-buffer',
    verdict: /`http\.user_agent`/,
    change: /^look at `http\.user_agent`/,
  },
  {
    why: 'a negated pattern',
    rules: `${HTTP}http.uri; content:"/x"; pcre:!"/y$/"; sid:1;)`,
    capture: http({ request: get('/x.y') }),
    reason: 'is-there',
    verdict: /it matches, at offset 3/,
    change: /^take out `pcre/,
  },
  // Other places
  {
    why: 'the same buffer of the other direction',
    rules: `${HTTP}http.header; content:"X-Answer"; sid:1;)`,
    capture: http({ request: get('/x'), response: { status: 200, headers: [['X-Answer', '1']], body: 'ok' } }),
    reason: 'other-buffer',
    verdict: /in `http\.header` of the other direction \(to_client\)/,
    change: /take out/,
    bare: true,
  },
  {
    why: 'another protocol has it',
    rules: 'alert tls any any -> any any (tls.sni; content:"a.example"; sid:1;)',
    capture: http({ request: get('/x') }),
    reason: 'other-protocol',
    verdict: /taken for http; there, what the rule looks for is in `http\.host`, not `tls\.sni`/,
    change: /^write `http` for the protocol and look at `http\.host` instead of `tls\.sni`$/,
  },
  {
    why: 'a related protocol has the same buffer',
    rules: 'alert http2 any any -> any any (http.uri; content:"/cmd"; sid:1;)',
    capture: loginThenCommand(),
    reason: 'other-protocol',
    verdict: /taken for http$/,
    change: /^write `http` for the protocol$/,
  },
  {
    why: 'another transport',
    rules: 'alert udp any any -> any any (content:"HELLO"; sid:1;)',
    capture: HELLO,
    reason: 'transport',
    verdict: /over tcp, not udp/,
    change: /^write `tcp` for the protocol$/,
  },
  {
    why: 'sent by the other end, which header and flow both say',
    rules: 'alert tcp $HOME_NET any -> $EXTERNAL_NET 443 (flow:established,to_server; dsize:<20; content:"|06|Vanish"; startswith; sid:1;)',
    capture: answered('\x06Vanish'),
    reason: 'direction',
    verdict: /the header asks for the other direction/,
    change: /both directions, write `flow:established,to_client`$/,
  },
  {
    why: 'a variable that nobody set',
    rules: 'alert http $NOPE any -> any any (http.uri; content:"/cmd"; sid:1;)',
    capture: loginThenCommand(),
    reason: 'refused',
    verdict: /`\$NOPE` is not set/,
    change: /^write `any` for the source/,
  },
  {
    why: 'both directions in one rule',
    rules: 'alert http any any -> any any (http.uri; content:"/cmd"; http.stat_code; content:"200"; sid:1;)',
    capture: loginThenCommand(),
    reason: 'refused',
    verdict: /`http\.stat_code` does not exist/,
    change: /^take out `http\.uri`, `content:"\/cmd"`$/,
  },
  {
    why: 'a frame',
    rules: 'alert http any any -> any any (frame:http1.request; content:"GET /cmd"; startswith; content:"nowhere"; sid:1;)',
    capture: loginThenCommand(),
    reason: 'not-there',
    verdict: /http1\.request \(content "nowhere"\)/,
    change: /^take out `content:"nowhere"`$/,
  },
  // State
  {
    why: 'the setter holds later',
    rules: `${COMMAND.replace('/cmd', '/login')}\n${LOGIN.replace('/login', '/cmd')}`,
    capture: loginThenCommand(),
    reason: 'bit',
    verdict: /would be set by 2/,
    change: /take out `flowbits/,
    setter: /held only later, at packet 11; this rule asked at packet 7/,
  },
  {
    why: 'the setter holds on another flow',
    rules: `${COMMAND}\n${LOGIN}`,
    capture: loginThenCommand(2),
    reason: 'bit',
    verdict: /would be set by 2/,
    change: /take out `flowbits/,
    setter: /on another flow: 10\.3\.8\.31/,
  },
  {
    why: 'the setter is refused',
    rules: `${COMMAND}\n${LOGIN.replace('http.uri', 'http.urj')}`,
    capture: loginThenCommand(),
    reason: 'bit',
    verdict: /would be set by 2/,
    change: /take out `flowbits/,
    setter: /refused: keyword `http\.urj` is not known/,
  },
  {
    why: 'a bit that is not to be set is set',
    rules: `${COMMAND.replace('isset', 'isnotset')}\n${LOGIN}`,
    capture: loginThenCommand(),
    reason: 'bit',
    verdict: /a rule had set it before: 2$/,
    change: /take out `flowbits/,
    setter: /so it was set/,
  },
  {
    why: 'a bit that another rule takes away on the same packet',
    rules: `${COMMAND}\n${LOGIN}\n${HTTP}http.uri; content:"/cmd"; flowbits:unset,seen; flowbits:noalert; sid:3;)`,
    capture: loginThenCommand(),
    reason: 'bit',
    verdict: /rule 3 changes the state/,
    change: /take out `flowbits/,
  },
  {
    why: 'a bit that is kept for the other address',
    rules: `${HTTP}xbits:isset,seen,track ip_src; http.uri; content:"/cmd"; sid:1;)\n${HTTP}http.uri; content:"/login"; xbits:set,seen,track ip_dst,expire 60; sid:2;)`,
    capture: loginThenCommand(2),
    reason: 'bit',
    verdict: /address bit \(isset seen for the source address\)/,
    change: /take out `xbits/,
    setter: /sets it for `ip_dst`, and this rule asks for `ip_src`/,
  },
  {
    why: 'a bit that expired',
    rules: `${HTTP}xbits:isset,seen,track ip_src; http.uri; content:"/cmd"; sid:1;)\n${HTTP}http.uri; content:"/login"; xbits:set,seen,track ip_src,expire 1; sid:2;)`,
    capture: loginThenCommand(2, 10),
    reason: 'bit',
    verdict: /would be set by 2/,
    change: /take out `xbits/,
    setter: /it had expired \(after 1 s\)/,
  },
  {
    why: 'a number that is counted',
    rules: `${HTTP}flowint:n,>,3; http.uri; content:"/cmd"; sid:1;)\n${HTTP}http.uri; content:"/login"; flowint:n,+,1; sid:2;)`,
    capture: loginThenCommand(),
    reason: 'bit',
    verdict: /it is 1; it would be set by 2/,
    change: /take out `flowint/,
    setter: /held once/,
  },
  // What keeps alerts back
  {
    why: 'two pass rules, each enough',
    rules: `pass http any any -> any any (http.host; content:"a.example"; sid:9;)\npass ip 10.0.0.0/8 any -> any any (sid:10;)\n${HTTP}http.uri; content:"/cmd"; sid:1;)`,
    capture: loginThenCommand(),
    reason: 'passed',
    verdict: /rules 9 and 10 pass/,
    change: /^disable the pass rules 9, 10$/,
  },
  {
    why: 'a pass rule, and a threshold behind it',
    rules: `pass http any any -> any any (http.host; content:"a.example"; sid:9;)\n${HTTP}http.uri; content:"/cmd"; threshold:type both,track by_src,count 3,seconds 60; sid:1;)`,
    capture: loginThenCommand(),
    reason: 'passed',
    verdict: /rule 9 passes/,
    change: /^disable the pass rule 9, take out `threshold/,
  },
  {
    why: 'a line of the configuration',
    rules: `${HTTP}http.uri; content:"/cmd"; sid:1;)`,
    capture: loginThenCommand(),
    settings: SUPPRESSED,
    reason: 'threshold',
    verdict: /a `suppress` of the configuration/,
    change: /thresholds of the configuration/,
  },
];

describe('a rule that just misses', () => {
  it.each(CASES)('$why', ({ rules, capture, reason, verdict, change, setter, bare, settings: own }) => {
    const found = explainRule({ rules: parseRules(rules).rules, sid: 1, capture }, catalogue, own ?? settings)!;
    expect(found.verdict).toMatch(verdict);
    expect(found.reason).toBe(reason);
    expect(found.change?.steps.join(', ')).toMatch(change);
    expect(found.change?.alerts).toBeGreaterThan(0);
    expect(found.change?.bare).toBe(bare ?? false);
    if (setter !== undefined) expect(found.setters[0].verdict).toMatch(setter);
  });

  it('packets with wrong checksums: that is what is told, and what looks at them', () => {
    const capture = sent('HELLO WORLD and more');
    // Of the checksum of each TCP segment that carries data.
    for (let at = 24; at < capture.length; ) {
      const length = new DataView(capture.buffer, capture.byteOffset).getUint32(at + 8, true);
      if (length > 14 + 20 + 20) capture[at + 16 + 14 + 20 + 16] ^= 0xff;
      at += 16 + length;
    }
    const rules = parseRules(`${TCP}content:"HELLO"; sid:1;)`).rules;
    const checked = explainRule({ rules, sid: 1, capture }, catalogue, { ...settings, verifyChecksums: true })!;
    expect(checked.reason).toBe('checksums');
    expect(checked.verdict).toContain('wrong checksums');
    expect(checked.change?.alerts).toBeGreaterThan(0);
    const other = parseRules(`${TCP}content:"NOWHERE"; sid:1;)`).rules;
    const missing = explainRule({ rules: other, sid: 1, capture }, catalogue, { ...settings, verifyChecksums: true })!;
    expect(missing.verdict).toContain('packets with wrong checksums were not looked at');
  });

  it('what is there is shown, not what was searched, where the place or the letters are wrong', () => {
    const found = explainRule({ rules: parseRules(`${TCP}content:"WORLD"; depth:8; sid:1;)`).rules, sid: 1, capture: HELLO }, catalogue, settings)!;
    const failed = found.nearest!.steps.find(({ verdict }) => verdict === 'fails')!;
    expect([failed.found!.start, failed.found!.end]).toEqual([6, 11]);
  });
});
