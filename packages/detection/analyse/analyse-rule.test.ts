import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';
import { analyseRule, buildPlan, usePlan } from '../index.ts';

function analysed(text: string): Record<string, unknown> {
  const build = buildPlan([{ path: 'test', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS);
  expect(build.problems.filter((one) => one.diagnostics.some((diagnostic) => diagnostic.severity === 'error'))).toEqual([]);
  return analyseRule(usePlan(build.data, catalogue, DEFAULT_SETTINGS).rule(0));
}

// Suricata user guide, "Rule Types and Categorization".
const TYPES: readonly (readonly [type: string, rule: string])[] = [
  ['ip_only', 'alert ip any any -> any any (sid:1;)'],
  ['ip_only', 'alert tcp any any -> any 22 (sid:1;)'],
  ['like_ip_only', 'alert tcp any any -> !10.0.0.0/8 any (sid:1;)'],
  ['pd_only', 'alert tcp any any -> any any (app-layer-protocol:http; sid:1;)'],
  ['app_layer', 'alert http any any -> any any (sid:1;)'],
  ['app_tx', 'alert http any any -> any any (http.uri; content:"/abc"; sid:1;)'],
  ['app_tx', 'alert dns any any -> any any (frame:dns.pdu; content:"abc"; sid:1;)'],
  ['pkt', 'alert tcp any any -> any any (flags:S; sid:1;)'],
  ['pkt', 'alert udp any any -> any any (content:"abc"; sid:1;)'],
  ['stream', 'alert tcp any any -> any any (content:"abc"; sid:1;)'],
  ['pkt_stream', 'alert tcp any any -> any any (content:"abc"; depth:8; sid:1;)'],
  ['de_only', 'alert pkthdr any any -> any any (decode-event:ipv4.trunc_pkt; sid:1;)'],
  // What is remembered may change with each packet; setting it changes no type.
  ['pkt', 'alert pkthdr any any -> any any (decode-event:ipv4.trunc_pkt; flowbits:isset,a; sid:1;)'],
  ['pkt', 'alert ip any any -> any any (xbits:isset,a,track ip_src; sid:1;)'],
  ['pkt', 'alert ip any any -> any any (hostbits:isnotset,a; sid:1;)'],
  ['ip_only', 'alert ip any any -> any any (hostbits:set,a; sid:1;)'],
  ['pkt', 'alert tcp any any -> any any (app-layer-protocol:http; flowbits:isset,a; sid:1;)'],
  ['pkt', 'alert tcp any any -> any any (app-layer-protocol:http; flowint:a,>,1; sid:1;)'],
  ['pd_only', 'alert tcp any any -> any any (app-layer-protocol:http; flowint:a,=,1; sid:1;)'],
  ['pkt', 'alert tls any any -> any any (flowint:a,isset; sid:1;)'],
  ['app_layer', 'alert tls any any -> any any (flowint:a,=,0; sid:1;)'],
  ['pkt', 'alert tls any any -> any any (flow:established; sid:1;)'],
  ['pkt', 'alert udp any any -> any any (flow:to_server; sid:1;)'],
];

for (const [type, rule] of TYPES) test(`${rule} is ${type}`, () => expect(analysed(rule)['type']).toBe(type));

test('bytes that would need an escape are shown in hex', () => {
  const { mpm } = analysed('alert tcp any any -> any any (content:"a b|3a|c"; sid:1;)');
  expect(mpm).toMatchObject({ buffer: 'payload', pattern: 'a|20|b|3A|c', length: 5 });
});

test('what the author chose is looked for first', () => {
  const { mpm, engines } = analysed('alert http any any -> any any (http.uri; content:"longest"; content:"abc"; fast_pattern; sid:1;)');
  expect(mpm).toMatchObject({ buffer: 'http_uri', pattern: 'abc' });
  // Rules for HTTP look at HTTP/2 as well.
  expect(engines).toMatchObject([
    { name: 'http_uri', app_proto: 'http2', direction: 'toserver', is_mpm: true },
    { name: 'http_uri', app_proto: 'http', direction: 'toserver', is_mpm: true },
  ]);
});

test.each<readonly [why: string, options: string, buffer: string, pattern: string]>([
  ['buffers come before the payload, however short', 'content:"abcdef"; http.uri; content:"/a";', 'http_uri', '/a'],
  ['and before the method', 'http.method; content:"POST"; http.uri; content:"/a";', 'http_uri', '/a'],
  ['the method and the payload are alike: the longer one', 'content:"abcdef"; http.method; content:"POST";', 'payload', 'abcdef'],
  ['of two the longer one', 'http.uri; content:"abc"; content:"defg";', 'http_uri', 'defg'],
  ['of as long ones that of more kinds of bytes', 'http.uri; content:"aaaa"; content:"abcd";', 'http_uri', 'abcd'],
  ['signs tell more than letters', 'http.uri; content:"abcd"; content:"/.?=";', 'http_uri', '/.?='],
  ['else the first', 'http.uri; content:"abcd"; content:"bcda";', 'http_uri', 'abcd'],
])('what is looked for first: %s', (_why, options, buffer, pattern) => {
  expect(analysed(`alert http any any -> any any (flow:to_server; ${options} sid:1;)`)['mpm']).toMatchObject({ buffer, pattern });
});

test('what must be missing is looked for where there is nothing else, and not at a place', () => {
  expect(analysed('alert http any any -> any any (file.magic; content:!"pdf"; sid:1;)')['mpm']).toMatchObject({ buffer: 'file.magic', negated: true });
  expect(analysed('alert http any any -> any any (file.magic; content:!"pdf"; depth:4; sid:1;)')['mpm']).toBeUndefined();
});

test('what a pattern says in vain is noted', () => {
  expect(analysed('alert http any any -> any any (file.magic; pcre:"/one/B"; sid:1;)')['notes']).toEqual([expect.stringContaining('rawbytes')]);
  expect(analysed('alert http any any -> any any (file.magic; pcre:"/one/i"; sid:1;)')['notes']).toBeUndefined();
});

test('bits are shown where they are asked and where they are set', () => {
  const { lists } = analysed('alert tcp any any -> any any (flowbits:isset,a|b; flowbits:set,c; sid:1;)');
  expect(lists).toMatchObject({
    packet: { matches: [{ name: 'flowbits', flowbits: { cmd: 'isset', names: ['a', 'b'], operator: 'or' } }] },
    postmatch: { matches: [{ name: 'flowbits', flowbits: { cmd: 'set', names: ['c'] } }] },
  });
});

test('rules of a large generator are told apart', () => {
  const text = [1, 2, 3].map((sid) => `alert tcp any any -> any any (gid:10000002; sid:${sid};)`).join('\n');
  expect(buildPlan([{ path: 'test', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS).loaded).toBe(3);
});

test.each<readonly [why: string, options: string, shown: object]>([
  ['within without anything before it counts from the beginning', 'content:"abc"; within:8;', { lists: { payload: { matches: [{ content: { depth: 8 } }] } } }],
  ['an empty payload is asked for', 'dsize:0;', { requirements: ['no_payload'] }],
  ['a size below something may be none', 'dsize:<9;', { requirements: ['real_pkt'] }],
  ['prefilter behind a condition of packets', 'stream_size:server,<,9; prefilter;', { prefilter: { buffer: 'packet', name: 'stream_size' } }],
  ['prefilter behind a content is fast_pattern', 'content:"abc"; content:"d"; prefilter;', { mpm: { pattern: 'd' } }],
  ['events of packets stand with what is asked of packets', 'decode-event:ipv4.trunc_pkt;', { lists: { packet: { matches: [{ name: 'decode-event' }] } } }],
  ['bits of hosts are called as they were written', 'hostbits:set,a,src;', { lists: { postmatch: { matches: [{ name: 'hostbits' }] } } }],
  ['bits of hosts by their other name', 'xbits:set,a,track ip_src;', { lists: { postmatch: { matches: [{ name: 'xbits' }] } } }],
  ['letters in any order', 'pcre:"/abc/Ri";', { lists: { payload: { matches: [{ pcre: { nocase: true, relative: true } }] } } }],
  ['the order of bytes', 'byte_test:2,>,1,0,little;', { lists: { payload: { matches: [{ byte_test: { flags: ['little_endian'] } }] } } }],
  ['a header is a place of its own', 'tcp.hdr; content:"abc";', { pkt_engines: [{ name: 'tcp.hdr', is_mpm: true }], mpm: { buffer: 'tcp.hdr' } }],
  ['frames, too', 'frame:http1.request; content:"abc";', { frame_engines: [{ name: 'http1.request', is_mpm: true }], mpm: { buffer: 'http1.request' } }],
  ['nothing of packets or frames', 'http.uri; bsize:>5;', { pkt_engines: [], frame_engines: [], engines: [{ matches: [{ bsize: { gt: 5 } }] }, {}] }],
  ['flags in their order', 'flow:to_server; flags:S; noalert;', { flags: ['src_any', 'dst_any', 'sp_any', 'dp_any', 'noalert', 'need_packet', 'toserver'] }],
])('%s', (_why, options, shown) => expect(analysed(`alert tcp any any -> any any (${options} sid:1;)`)).toMatchObject(shown));

test('a rule without words has none', () => {
  expect(analysed('alert tcp any any -> any any (sid:1;)')).not.toHaveProperty('msg');
});

test('contents beside a transaction are looked for in the stream', () => {
  const { engines } = analysed('alert http1 any any -> any any (flow:to_server; http.method; content:"GET"; pkt_data; content:"abc"; sid:1;)');
  expect(engines).toMatchObject([
    { name: 'http_method', is_mpm: true },
    { name: 'stream', is_mpm: false },
  ]);
});
