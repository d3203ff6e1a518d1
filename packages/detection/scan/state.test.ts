/** What rules remember and how often they speak: bits of addresses with their scopes and expiry, numbers of a flow, thresholds by type and track. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, Engine, usePlan } from '../index.ts';

const START = 1_709_888_400_000_000;
type Word = readonly [client: string, server: string, word: string, seconds: number];

/** Connections that carry one word each, begun so many seconds after the first. */
function words(...list: readonly Word[]): Uint8Array {
  const capture = composeCapture({ seed: 21 });
  for (const [client, server, word, seconds] of list)
    capture.tcpConversation({ client, server, serverPort: 9000, startTime: START + seconds * 1e6, exchanges: [{ from: 'client', bytes: bytesOf(word) }] });
  return capture.finish();
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function alertsOf(rules: readonly string[], capture: Uint8Array): number[] {
  const build = buildPlan([{ path: 'test', rules: parseRules(rules.join('\n')).rules }], catalogue, DEFAULT_SETTINGS);
  expect(build.problems.flatMap((one) => one.diagnostics.filter(({ severity }) => severity === 'error'))).toEqual([]);
  const sids: number[] = [];
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, { alert: ({ rule }) => sids.push(rule.sid) });
  expect(engine.feed(capture)).toBeUndefined();
  expect(engine.finish()).toBeUndefined();
  return sids;
}

const rule = (word: string, options: string, sid: number): string =>
  `alert tcp any any -> any any (msg:"t"; flow:established,to_server; content:"${word}"; ${options} sid:${sid}; rev:1;)`;

const A = '10.0.0.5';
const B = '10.0.0.6';
const S = '203.0.113.9';
const T = '203.0.113.10';

describe('texts that patterns captured', () => {
  const SET = rule('user ', 'pcre:"/user (\\w+)/, flow:user"; noalert;', 1);
  const OF_PACKET = rule('user ', 'pcre:"/user (\\w+)/, pkt:user"; noalert;', 1);
  test.each<readonly [why: string, rules: readonly string[], word: string, fires: boolean]>([
    ['the text is there', [SET, rule('user', 'flowvar:user,"root";', 2)], 'user root', true],
    ['it is part of what was captured', [SET, rule('user', 'flowvar:user,"oo";', 2)], 'user root', true],
    ['in hex', [SET, rule('user', 'flowvar:user,"|72 6f|";', 2)], 'user root', true],
    ['another text', [SET, rule('user', 'flowvar:user,"root";', 2)], 'user guest', false],
    ['another name', [SET, rule('user', 'flowvar:name,"root";', 2)], 'user root', false],
    ['who asks is asked after who captures, wherever they stand', [rule('user', 'flowvar:user,"root";', 2), SET], 'user root', true],
    ['of the packet', [OF_PACKET, rule('user', 'pktvar:user,"root";', 2)], 'user root', true],
    ['what the flow keeps is not the packet’s', [SET, rule('user', 'pktvar:user,"root";', 2)], 'user root', false],
  ])('%s', (_why, rules, word, fires) => {
    expect(alertsOf(rules, words([A, S, word, 0]))).toEqual(fires ? [2] : []);
  });
});

describe('the order in which rules are asked', () => {
  const ALL = 'user root';
  test.each<readonly [why: string, first: string, second: string, sids: readonly number[]]>([
    ['bits: who sets comes before who reads', 'flowbits:isset,a', 'flowbits:set,a', [2, 1]],
    ['numbers, too', 'flowint:a,isset', 'flowint:a,=,1', [2, 1]],
    ['bits of hosts', 'xbits:isset,a,track ip_src', 'xbits:set,a,track ip_src', [2, 1]],
    ['who does something with bits of flows comes before who does something with numbers', 'flowint:a,=,1', 'flowbits:isnotset,b', [2, 1]],
    ['then comes what is more urgent', 'priority:3', 'priority:1', [2, 1]],
    ['bits count more than what is urgent', 'priority:1', 'flowbits:set,a; priority:3', [2, 1]],
    ['else as they stand', 'priority:2', 'priority:2', [1, 2]],
  ])('%s', (_why, first, second, sids) => {
    expect(alertsOf([rule('user', `${first};`, 1), rule('root', `${second};`, 2)], words([A, S, ALL, 0]))).toEqual(sids);
  });
});

describe('bits of addresses', () => {
  test.each<readonly [why: string, set: string, check: string, first: Word, second: Word, fires: boolean]>([
    ['same source', 'xbits:set,b,track ip_src', 'xbits:isset,b,track ip_src', [A, S, 'one', 0], [A, T, 'two', 5], true],
    ['other source', 'xbits:set,b,track ip_src', 'xbits:isset,b,track ip_src', [A, S, 'one', 0], [B, S, 'two', 5], false],
    ['same destination', 'xbits:set,b,track ip_dst', 'xbits:isset,b,track ip_dst', [A, S, 'one', 0], [B, S, 'two', 5], true],
    ['other destination', 'xbits:set,b,track ip_dst', 'xbits:isset,b,track ip_dst', [A, S, 'one', 0], [A, T, 'two', 5], false],
    ['same pair', 'xbits:set,b,track ip_pair', 'xbits:isset,b,track ip_pair', [A, S, 'one', 0], [A, S, 'two', 5], true],
    ['the pair has no direction', 'xbits:set,b,track ip_pair', 'xbits:isset,b,track ip_pair', [A, S, 'one', 0], [S, A, 'two', 5], true],
    ['other pair', 'xbits:set,b,track ip_pair', 'xbits:isset,b,track ip_pair', [A, S, 'one', 0], [A, T, 'two', 5], false],
    ['other name', 'xbits:set,b,track ip_src', 'xbits:isset,c,track ip_src', [A, S, 'one', 0], [A, S, 'two', 5], false],
    ['not expired', 'xbits:set,b,track ip_src,expire 10', 'xbits:isset,b,track ip_src', [A, S, 'one', 0], [A, S, 'two', 9], true],
    ['expired', 'xbits:set,b,track ip_src,expire 10', 'xbits:isset,b,track ip_src', [A, S, 'one', 0], [A, S, 'two', 11], false],
    ['expired is not set', 'xbits:set,b,track ip_src,expire 10', 'xbits:isnotset,b,track ip_src', [A, S, 'one', 0], [A, S, 'two', 11], true],
    ['half a minute where nothing is said', 'xbits:set,b,track ip_src', 'xbits:isset,b,track ip_src', [A, S, 'one', 0], [A, S, 'two', 31], false],
    ['host of the destination', 'hostbits:set,b,dst', 'hostbits:isset,b,dst', [A, S, 'one', 0], [B, S, 'two', 5], true],
    ['host bits and bits of addresses of one name', 'hostbits:set,b,src', 'hostbits:isset,b,src', [A, S, 'one', 0], [B, S, 'two', 5], false],
  ])('%s', (_why, set, check, first, second, fires) => {
    expect(alertsOf([rule('one', `${set}; noalert;`, 1), rule('two', `${check};`, 2)], words(first, second))).toEqual(fires ? [2] : []);
  });

  test('unset and toggle', () => {
    const capture = words([A, S, 'one', 0], [A, S, 'off', 1], [A, S, 'two', 2]);
    const reader = rule('two', 'xbits:isset,b,track ip_src;', 3);
    expect(alertsOf([rule('one', 'xbits:set,b,track ip_src; noalert;', 1), rule('off', 'xbits:unset,b,track ip_src; noalert;', 2), reader], capture)).toEqual(
      [],
    );
    expect(
      alertsOf([rule('one', 'xbits:toggle,b,track ip_src; noalert;', 1), rule('off', 'xbits:toggle,b,track ip_src; noalert;', 2), reader], capture),
    ).toEqual([]);
    expect(alertsOf([rule('one', 'xbits:toggle,b,track ip_src; noalert;', 1), reader], capture)).toEqual([3]);
  });
});

describe('thresholds', () => {
  const five = (client: (turn: number) => string, server: (turn: number) => string, gap: number): Uint8Array =>
    words(...[0, 1, 2, 3, 4].map((turn): Word => [client(turn), server(turn), 'again', turn * gap]));
  const one = (): string => A;
  const far = (): string => S;
  const each = (turn: number): string => `10.0.0.${turn + 20}`;
  test.each<readonly [why: string, options: string, capture: Uint8Array, count: number]>([
    ['limit: the first ones', 'threshold:type limit, track by_src, count 2, seconds 60;', five(one, far, 1), 2],
    ['limit: each source has its own', 'threshold:type limit, track by_src, count 1, seconds 60;', five(each, far, 1), 5],
    ['limit: one destination', 'threshold:type limit, track by_dst, count 1, seconds 60;', five(each, far, 1), 1],
    ['limit: both ends', 'threshold:type limit, track by_both, count 1, seconds 60;', five(each, far, 1), 5],
    ['limit: the rule as a whole', 'threshold:type limit, track by_rule, count 1, seconds 60;', five(each, far, 1), 1],
    ['limit: a new window speaks again', 'threshold:type limit, track by_src, count 1, seconds 60;', five(one, far, 61), 5],
    ['threshold: every second one', 'threshold:type threshold, track by_src, count 2, seconds 60;', five(one, far, 1), 2],
    ['threshold: too slow', 'threshold:type threshold, track by_src, count 2, seconds 60;', five(one, far, 61), 0],
    ['both: once a window', 'threshold:type both, track by_src, count 2, seconds 60;', five(one, far, 1), 1],
    ['detection filter: those beyond the count', 'detection_filter:track by_src, count 2, seconds 60;', five(one, far, 1), 3],
    ['detection filter: ports that differ', 'detection_filter:track by_dst, count 2, seconds 60, unique_on src_port;', five(each, far, 1), 3],
    ['detection filter: one port', 'detection_filter:track by_dst, count 1, seconds 60, unique_on dst_port;', five(each, far, 1), 0],
    ['detection filter: never reached', 'detection_filter:track by_src, count 5, seconds 60;', five(one, far, 1), 0],
  ])('%s', (_why, options, capture, count) => {
    expect(alertsOf([rule('again', options, 1)], capture)).toHaveLength(count);
  });
});

test('backoff: the first, second and fourth of five in a flow', () => {
  const capture = composeCapture({ seed: 23 });
  const exchanges = [0, 1, 2, 3, 4].map(() => ({ from: 'client', bytes: bytesOf('again') }) as const);
  capture.udpExchange({ client: A, server: S, serverPort: 9000, startTime: START, exchanges });
  const udp = 'alert udp any any -> any any (msg:"t"; content:"again"; threshold:type backoff, track by_flow, count 1, multiplier 2; sid:1;)';
  expect(alertsOf([udp], capture.finish())).toHaveLength(3);
});

test('what is over is swept away with many hosts, what is not stays', () => {
  const capture = composeCapture({ seed: 24 });
  // 3,000 hosts, one a second; the first host speaks again and again.
  for (let turn = 0; turn < 3000; turn++)
    capture.udpExchange({
      client: turn % 500 === 0 ? A : `10.1.${turn >> 8}.${turn & 255}`,
      server: S,
      serverPort: 9000,
      startTime: START + turn * 1e6,
      exchanges: [{ from: 'client', bytes: bytesOf(turn === 0 ? 'first' : 'again') }],
    });
  const udp = (options: string, sid: number): string => `alert udp any any -> any any (msg:"t"; ${options} sid:${sid};)`;
  const alerts = alertsOf(
    [
      udp('threshold:type limit, track by_src, count 1, seconds 3600;', 1),
      udp('threshold:type threshold, track by_src, count 6, seconds 3600;', 2),
      udp('threshold:type limit, track by_src, count 1, seconds 400;', 3),
      udp('content:"first"; xbits:set,long,track ip_src,expire 3600; xbits:set,short,track ip_src,expire 400; noalert;', 4),
      udp('xbits:set,each,track ip_src,expire 60; noalert;', 5),
      udp('content:"again"; xbits:isset,long,track ip_src;', 6),
      udp('content:"again"; xbits:isset,short,track ip_src;', 7),
    ],
    capture.finish(),
  );
  const count = (sid: number): number => alerts.filter((one) => one === sid).length;
  expect([1, 2, 3, 6, 7].map(count)).toEqual([2995, 1, 3000, 5, 0]);
});

describe('numbers of a flow', () => {
  const capture = composeCapture({ seed: 22 });
  capture.tcpConversation({
    client: A,
    server: S,
    serverPort: 9000,
    exchanges: ['aa', 'bb', 'cc'].flatMap((text) => [
      { from: 'client' as const, bytes: bytesOf(`<${text}>`) },
      { from: 'server' as const, bytes: bytesOf('ok') },
    ]),
  });
  const bytes = capture.finish();
  const counter = 'alert tcp-pkt any any -> any any (msg:"t"; flow:to_server; content:"<"; flowint:n,+,1; noalert; sid:1;)';
  const reads = (test: string): string => `alert tcp-pkt any any -> any any (msg:"t"; flow:to_server; content:"<cc>"; flowint:n,${test}; sid:2;)`;
  test.each([
    ['>=,3', true],
    ['>,3', false],
    ['==,3', true],
    ['isset', true],
    ['notset', false],
  ])('after three: %s', (condition, fires) => {
    expect(alertsOf([counter, reads(condition)], bytes)).toEqual(fires ? [2] : []);
  });
});

test('an interim response does not hide the one that follows in a packet of its own', () => {
  const capture = composeCapture({ seed: 23 });
  capture.tcpConversation({
    client: A,
    server: S,
    serverPort: 80,
    exchanges: [
      { from: 'client', bytes: bytesOf('POST /u HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n') },
      { from: 'server', bytes: bytesOf('HTTP/1.1 100 Continue\r\n\r\n') },
      { from: 'client', bytes: bytesOf('abc') },
      { from: 'server', bytes: bytesOf('HTTP/1.1 404 Not Found\r\nServer: late\r\nContent-Length: 2\r\n\r\nno') },
    ],
  });
  const rules = [
    'alert http any any -> any any (msg:"t"; http.stat_code; content:"404"; sid:1;)',
    'alert http any any -> any any (msg:"t"; http.server; content:"late"; sid:2;)',
    'alert http any any -> any any (msg:"t"; http.stat_code; content:"100"; http.server; content:"none"; sid:3;)',
  ];
  expect(alertsOf(rules, capture.finish()).sort()).toEqual([1, 2]);
});

describe('flowbits that are there, and that are not, spare rules', () => {
  const waits = 'alert tcp any any -> any any (msg:"t"; flow:established,to_server; flowbits:isset,b; dsize:>0; sid:2;)';

  /** Rules asked, and alerts, for ten packets of one connection. */
  function counted(...rules: string[]): { readonly asked: number; readonly alerts: number } {
    const capture = composeCapture({ seed: 21 });
    const exchanges = Array.from({ length: 10 }, () => ({ from: 'client' as const, bytes: bytesOf('word') }));
    capture.tcpConversation({ client: A, server: S, serverPort: 9000, exchanges });
    const build = buildPlan([{ path: 'test', rules: parseRules(rules.join('\n')).rules }], catalogue, DEFAULT_SETTINGS);
    const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {});
    engine.feed(capture.finish());
    engine.finish();
    return { asked: engine.counters.evaluations, alerts: engine.counters.alerts };
  }
  const sets = (options: string): string => `alert tcp any any -> any any (msg:"t"; flow:established,to_server; dsize:>0; ${options} sid:1;)`;

  test.each<readonly [why: string, rules: readonly string[], asked: number, alerts: number]>([
    ['what only sets a bit is asked until it is set', [sets('flowbits:set,b; noalert;')], 1, 0],
    ['what alerts is asked again', [sets('flowbits:set,b;')], 10, 10],
    ['what unsets another bit, too', [sets('flowbits:set,b; flowbits:unset,c; noalert;')], 10, 0],
    ['what has a threshold, too', [sets('flowbits:set,b; noalert; threshold:type limit,track by_src,count 1,seconds 60;')], 10, 0],
    ['what waits for a bit is not asked without it', [waits], 0, 0],
    ['and with every packet once it is set', [sets('flowbits:set,b; noalert;'), waits], 11, 10],
  ])('%s', (_why, rules, asked, alerts) => expect(counted(...rules)).toEqual({ asked, alerts }));
});
