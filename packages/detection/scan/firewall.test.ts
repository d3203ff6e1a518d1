/** What the firewall lets through: hooks of packets and transactions, scopes of what rules do, default policies, and the rules behind it. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings, type FirewallPolicies, type FirewallPolicy } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildFirewall, buildPlan, Engine, usePlan } from '../index.ts';

const CLIENT = '10.0.0.5';
const SERVER = '203.0.113.9';
const policy = (action: 'accept' | 'drop', scope: FirewallPolicy['scope'], alert = false): FirewallPolicy => ({ action, scope, alert, pass: 'none' });
const POLICIES: FirewallPolicies = {
  preFlow: policy('accept', 'hook'),
  preStream: policy('accept', 'hook'),
  filter: policy('drop', 'packet'),
  application: policy('drop', 'flow'),
  hooks: new Map(),
};

function settingsWith(policies: Partial<FirewallPolicies>): EngineSettings {
  return { ...DEFAULT_SETTINGS, inline: true, ips: true, firewall: { ...POLICIES, ...policies } };
}

interface Seen {
  /** sid, and behind a slash the hook where the firewall alerted */
  readonly alerts: string[];
  /** the first reason why a packet was dropped, and how many were dropped */
  readonly drops: readonly [reason: string | undefined, count: number];
  /** of each flow: its verdict, or `accept` */
  readonly flows: string[];
}

const PACKETS = 'accept:hook tcp:all any any -> any any (sid:1;)';
const STARTED = 'accept:hook http1:request_started any any -> any any (sid:2;)';
const ANSWER = ['started', 'line', 'headers', 'body', 'trailer', 'complete'].map(
  (state, at) => `accept:hook http1:response_${state} any any -> any any (sid:${20 + at};)`,
);

function watch(firewall: readonly string[], behind: readonly string[], policies: Partial<FirewallPolicies>, capture: Uint8Array): Seen {
  const settings = settingsWith(policies);
  const wall = buildFirewall([{ path: 'firewall', rules: parseRules(firewall.join('\n')).rules }], catalogue, settings);
  expect(wall.problems).toEqual([]);
  const build = buildPlan([{ path: 'test', rules: parseRules(behind.join('\n')).rules }], catalogue, settings);
  expect(build.problems).toEqual([]);
  const alerts: string[] = [];
  const drops: string[] = [];
  const flows: string[] = [];
  const engine = new Engine({ ...usePlan(build.data, catalogue, settings), firewall: wall.rules }, catalogue, settings, {
    alert: ({ rule, hook }) => alerts.push(hook === undefined ? String(rule.sid) : `${rule.sid}/${hook}`),
    dropped: (packet) => drops.push(packet.dropReason),
    flow: (flow) => flows.push(flow.accepted && flow.verdict !== 'drop' ? 'accept' : flow.verdict),
  });
  expect(engine.feed(capture)).toBeUndefined();
  expect(engine.finish()).toBeUndefined();
  return { alerts, drops: [drops[0], drops.length], flows };
}

const REQUEST = 'GET /a HTTP/1.1\r\nHost: example.com\r\nUser-Agent: probe\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A connection with one request and its response. */
function exchange(request = REQUEST): Uint8Array {
  const capture = composeCapture({ seed: 8 });
  capture.tcpConversation({
    client: CLIENT,
    server: SERVER,
    serverPort: 80,
    exchanges: [
      { from: 'client', bytes: request },
      { from: 'server', bytes: RESPONSE },
    ],
  });
  return capture.finish();
}

const packetsOf = watch([], [], {}, exchange()).drops[1];

describe('packets', () => {
  test.each<readonly [why: string, rules: readonly string[], policies: Partial<FirewallPolicies>, reason: string | undefined, dropped: number, flow: string]>([
    ['nothing is let through unless a rule says so', [], {}, 'firewall default packet policy', packetsOf, 'none'],
    ['each packet on its own', ['accept:packet tcp:all any any <> any 80 (sid:1;)'], {}, undefined, 0, 'none'],
    ['the whole flow from its first packet', ['accept:flow tcp:flow_start any any -> any 80 (flow:to_server; sid:1;)'], {}, undefined, 0, 'accept'],
    ['a flow that is dropped stays so', ['drop:flow tcp:flow_start any any -> any any (sid:1;)'], {}, 'firewall rules', packetsOf, 'drop'],
    [
      'the first rule that holds decides',
      ['drop:packet tcp:all any any -> any any (sid:1;)', 'accept:flow tcp:all any any -> any any (sid:2;)'],
      {},
      'firewall rules',
      packetsOf,
      'none',
    ],
    [
      'before the stream',
      ['accept:packet tcp:all any any <> any any (sid:1;)', 'drop:packet tcp:pre_stream any any -> any any (flags:S; sid:2;)'],
      {},
      'firewall pre stream hook',
      1,
      'none',
    ],
    ['a policy that lets flows through', [], { filter: policy('accept', 'flow') }, undefined, 0, 'accept'],
  ])('%s', (_why, rules, policies, reason, dropped, flow) => {
    expect(watch(rules, [], policies, exchange())).toEqual({ alerts: [], drops: [reason, dropped], flows: [flow] });
  });

  test('what is no IP needs a word of its own', () => {
    const capture = composeCapture({ seed: 8 });
    capture.arp({ sender: CLIENT, target: SERVER });
    const asked = capture.finish();
    const all = watch([], [], {}, asked).drops[1];
    expect(watch(['accept:packet ip:all any any -> any any (sid:1;)'], [], {}, asked).drops).toEqual(['firewall default packet policy', all]);
    expect(watch(['accept:packet arp:all any any -> any any (sid:1;)'], [], {}, asked).drops[1]).toBe(0);
    expect(watch(['accept:packet ether:all any any -> any any (sid:1;)'], [], {}, asked).drops[1]).toBe(0);
  });

  test('a packet may be left without a flow', () => {
    const rules = [
      'accept:packet tcp:all any any <> any 80 (sid:1;)',
      'config:packet ip:pre_flow any any <> any 80 (config:tracking disable, type flow, scope packet; sid:2;)',
    ];
    expect(watch(rules, [], {}, exchange())).toEqual({ alerts: [], drops: [undefined, 0], flows: [] });
  });

  test('before the flow: there is none', () => {
    const { drops, flows } = watch(['drop:packet tcp:pre_flow any any <> any 80 (sid:1;)'], [], {}, exchange());
    expect(drops).toEqual(['firewall pre flow hook', packetsOf]);
    expect(flows).toEqual([]);
  });

  test('a policy may tell of itself', () => {
    const { alerts } = watch([], [], { filter: policy('accept', 'packet', true) }, exchange());
    expect(alerts).toEqual(new Array(packetsOf).fill('2201000/packet:filter'));
  });
});

describe('transactions', () => {
  const every = (state: string, sid: number, options = ''): string => `accept:hook,alert http1:${state} any any -> any any (${options} sid:${sid};)`;
  const whole = ['started', 'line', 'headers', 'body', 'trailer', 'complete'].map((state, at) => every(`request_${state}`, 10 + at));

  test('each state is evaluated once, in order, where all is there with one packet', () => {
    const { alerts, drops } = watch([PACKETS, ...whole, ...ANSWER], [], {}, exchange());
    expect(alerts.map((one) => one.slice(one.indexOf('_') + 1))).toEqual(['started', 'line', 'headers', 'body', 'trailer', 'complete']);
    expect(drops[1]).toBe(0);
  });

  test('a state lasts while no news come, and is evaluated once more when it is left', () => {
    const capture = composeCapture({ seed: 8 });
    const parts = ['GET /a HTTP/1.1\r\nHost: example.com\r\n', 'User-Agent: probe\r\n\r\n'];
    capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 80, exchanges: parts.map((bytes) => ({ from: 'client', bytes })) });
    const { alerts } = watch([PACKETS, ...whole], [], {}, capture.finish());
    expect(alerts.filter((one) => one === '11/http:request_line')).toHaveLength(2);
    expect(alerts.filter((one) => one === '12/http:request_headers')).toHaveLength(1);
  });

  test.each<
    readonly [why: string, rules: readonly string[], policies: Partial<FirewallPolicies>, alerts: readonly string[], reason: string | undefined, flow: string]
  >([
    ['a state that no rule lets through', [STARTED], {}, [], 'firewall default app policy', 'drop'],
    ['what a rule asks for is not there', [STARTED, every('request_line', 3, 'http.method; content:"POST";')], {}, [], 'firewall default app policy', 'drop'],
    [
      'a rule drops',
      [STARTED, 'drop:flow http1:request_line any any -> any any (http.uri; content:"/a"; alert; sid:3;)'],
      {},
      ['3/http:request_line'],
      'firewall rules',
      'drop',
    ],
    ['the transaction as a whole', [STARTED, 'accept:tx http1:request_line any any -> any any (http.uri; content:"/a"; sid:3;)'], {}, [], undefined, 'none'],
    ['the flow as a whole', [STARTED, 'accept:flow http1:request_line any any -> any any (http.uri; content:"/a"; sid:3;)'], {}, [], undefined, 'accept'],
    ['and all states before', ['accept:tx http1:<request_headers any any -> any any (http.user_agent; content:"probe"; sid:3;)'], {}, [], undefined, 'none'],
    [
      'a bit of the transaction',
      [every('request_started', 2, 'xbits:set,seen,track tx;'), 'accept:tx http1:request_line any any -> any any (xbits:isset,seen,track tx; sid:3;)'],
      {},
      ['2/http:request_started'],
      undefined,
      'none',
    ],
    [
      'a policy for one state',
      [],
      { hooks: new Map([['http:request_started', policy('accept', 'tx', true)]]) },
      ['2201001/http:request_started'],
      undefined,
      'none',
    ],
    ['a policy for all states of a protocol', [], { hooks: new Map([['http', policy('accept', 'hook')]]) }, [], undefined, 'none'],
    ['a policy for all protocols', [], { application: policy('accept', 'flow') }, [], undefined, 'accept'],
  ])('%s', (_why, rules, policies, alerts, reason, flow) => {
    const seen = watch([PACKETS, ...rules], [], policies, exchange());
    expect(seen.alerts).toEqual(alerts);
    expect(seen.drops[0]).toBe(reason);
    expect(seen.flows).toEqual([flow]);
  });
});

describe('the rules behind it', () => {
  const ALERT = 'alert http any any -> any any (http.uri; content:"/a"; sid:90;)';
  const ACCEPT = 'accept:flow tcp:flow_start any any -> any any (flow:to_server; sid:1;)';

  test.each<readonly [why: string, rules: readonly string[], behind: string, alerts: readonly string[], flow: string]>([
    ['see what is let through', [ACCEPT], ALERT, ['90'], 'accept'],
    ['never see what is dropped', [PACKETS], ALERT, [], 'drop'],
    ['may drop it all the same', [ACCEPT], ALERT.replace('alert', 'drop'), ['90'], 'drop'],
    ['are passed over where a rule says so', [ACCEPT.replace('accept:flow', 'accept:flow,pass:flow')], ALERT.replace('alert', 'drop'), [], 'accept'],
    [
      'drop a packet before its transactions are looked at',
      [PACKETS, STARTED.replace('accept:hook', 'accept:flow,alert')],
      'drop:packet tcp-pkt any any -> any any (content:"GET"; startswith; sid:90;)',
      ['90'],
      'drop',
    ],
  ])('%s', (_why, rules, behind, alerts, flow) => {
    const seen = watch(rules, [behind], {}, exchange());
    expect(seen.alerts).toEqual(alerts);
    expect(seen.flows).toEqual([flow]);
  });
});

describe('rules that are refused', () => {
  test.each<readonly [why: string, rule: string, code: string]>([
    ['no scope', 'accept tcp:all any any -> any any (sid:1;)', 'rule/firewall-scope'],
    ['no hook', 'accept:hook tcp any any -> any any (sid:1;)', 'rule/firewall-hook'],
    ['an unknown hook', 'accept:hook tls:client_hello any any -> any any (sid:1;)', 'rule/unknown-hook'],
    ['an unknown hook of packets', 'accept:hook tcp:some any any -> any any (sid:1;)', 'rule/unknown-hook'],
    ['an alert alone', 'alert:packet tcp:all any any -> any any (sid:1;)', 'rule/firewall-action'],
    ['a transaction at packets', 'accept:tx tcp:all any any -> any any (sid:1;)', 'rule/scope'],
    ['a drop of a hook', 'drop:hook tcp:all any any -> any any (sid:1;)', 'rule/scope'],
    ['a further action that is none', 'accept:hook,drop:flow tcp:all any any -> any any (sid:1;)', 'rule/firewall-action'],
  ])('%s', (_why, rule, code) => {
    const { problems, refused } = buildFirewall([{ path: 'firewall', rules: parseRules(rule).rules }], catalogue, settingsWith({}));
    expect(problems.flatMap(({ diagnostics }) => diagnostics.map((one) => one.code))).toContain(code);
    expect(refused).toBe(1);
  });

  test.each<readonly [why: string, rule: string, code: string]>([
    ['`accept` outside of the firewall', 'accept:flow tcp:all any any -> any any (sid:1;)', 'rule/accept'],
    ['several actions', 'drop:flow,alert tcp any any -> any any (sid:1;)', 'rule/several-actions'],
    ['a scope of the firewall', 'pass:hook tcp any any -> any any (sid:1;)', 'rule/scope'],
    ['a hook of the firewall', 'drop tcp:pre_flow any any -> any any (sid:1;)', 'rule/firewall-hook'],
  ])('%s', (_why, rule, code) => {
    const { problems } = buildPlan([{ path: 'test', rules: parseRules(rule).rules }], catalogue, DEFAULT_SETTINGS);
    expect(problems.flatMap(({ diagnostics }) => diagnostics.map((one) => one.code))).toContain(code);
  });

  test('an unknown scope is the reader’s to refuse', () =>
    expect(parseRules('drop:all tcp any any -> any any (sid:1;)').diagnostics.map((one) => one.code)).toEqual(['rule/unknown-scope']));
});
