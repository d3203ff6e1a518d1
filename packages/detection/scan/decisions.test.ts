/** What rules, thresholds and policies decide about packets and flows in IPS mode, and what is told of it. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, DROPPED, type EngineSettings, type GlobalThreshold, PASSED, REJECTED_TO_SOURCE } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, Engine, usePlan } from '../index.ts';

const CLIENT = '10.0.0.5';
const SERVER = '203.0.113.9';
const IPS: EngineSettings = { ...DEFAULT_SETTINGS, inline: true, ips: true };
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

interface Seen {
  readonly alerts: number[];
  /** why packets were dropped, in order */
  readonly drops: string[];
  /** verdict of each flow */
  readonly flows: string[];
  readonly decisions: number[];
  readonly tagged: number[];
}

function watch(rules: string, capture: Uint8Array, settings: EngineSettings = IPS): Seen {
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, settings);
  expect(build.problems.flatMap((one) => one.diagnostics.filter(({ severity }) => severity === 'error'))).toEqual([]);
  const seen: Seen = { alerts: [], drops: [], flows: [], decisions: [], tagged: [] };
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, {
    alert: ({ rule }) => seen.alerts.push(rule.sid),
    dropped: (packet) => seen.drops.push(packet.dropReason),
    decided: (packet) => seen.decisions.push(packet.decision),
    flow: (flow) => seen.flows.push(flow.verdict),
    tagged: (packet) => seen.tagged.push(packet.number),
  });
  expect(engine.feed(capture)).toBeUndefined();
  expect(engine.finish()).toBeUndefined();
  return seen;
}

/** One connection: the client says one word after the other, the server acknowledges. */
function conversation(...said: readonly string[]): Uint8Array {
  const capture = composeCapture({ seed: 5 });
  capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 9000, exchanges: said.map((text) => ({ from: 'client', bytes: bytesOf(text) })) });
  return capture.finish();
}

const on = (action: string, options: string, sid: number): string => `${action} tcp any any -> any any (${options} sid:${sid};)`;

describe('actions', () => {
  test('a drop in the stream drops the flow: nothing after it is looked at', () => {
    const { alerts, drops, flows } = watch(`${on('drop', 'content:"bad";', 1)}\n${on('alert', 'content:"later";', 2)}`, conversation('bad word', 'later on'));
    expect(alerts).toEqual([1]);
    expect(drops[0]).toBe('rules');
    expect(new Set(drops.slice(1))).toEqual(new Set(['flow drop']));
    expect(flows).toEqual(['drop']);
  });

  test('a drop of one packet leaves the flow', () => {
    const { drops, flows } = watch(on('drop', 'dsize:3;', 1), conversation('abc', 'defgh'));
    expect(drops).toEqual(['rules']);
    expect(flows).toEqual(['none']);
  });

  test('without IPS mode a drop is an alert', () => {
    const { alerts, drops, flows } = watch(on('drop', 'content:"bad";', 1), conversation('bad word'), DEFAULT_SETTINGS);
    expect(alerts).toEqual([1]);
    expect(drops).toEqual([]);
    expect(flows).toEqual(['none']);
  });

  test('a pass on addresses passes the flow and says nothing', () => {
    const { alerts, flows, decisions } = watch(`${on('pass', '', 1)}\n${on('alert', 'content:"word";', 2)}`, conversation('word'));
    expect(alerts).toEqual([]);
    expect(flows).toEqual(['pass']);
    expect(decisions[0]).toBe(PASSED);
  });

  test('a pass with `alert` passes and says so', () => expect(watch(on('pass', 'alert;', 1), conversation('word')).alerts.includes(1)).toBe(true));

  test('what is dropped is not let through by a pass that comes later in the order', () => {
    const settings: EngineSettings = { ...IPS, actionOrder: ['drop', 'pass', 'reject', 'alert'] };
    const { flows, drops } = watch(`${on('pass', '', 1)}\n${on('drop', 'flags:S+;', 2)}`, conversation('word'), settings);
    // SYN and answer: the first packet of either direction, with which rules for addresses are decided.
    expect(drops).toEqual(['rules', 'rules']);
    expect(flows).toEqual(['none']);
  });

  test('a rejection answers the sender and drops', () => {
    const { decisions } = watch(on('reject', 'content:"bad";', 1), conversation('bad word'));
    expect(decisions).toContain(DROPPED | REJECTED_TO_SOURCE);
  });
});

describe('scopes and hooks', () => {
  test.each<readonly [why: string, rule: string, drops: number, flow: string]>([
    ['a drop of a packet leaves the flow', 'drop:packet tcp-pkt any any -> any any (content:"bad"; sid:1;)', 1, 'none'],
    ['a drop of the flow for one packet', 'drop:flow tcp any any -> any any (dsize:8; sid:1;)', 2, 'drop'],
    ['the first packet of each direction', 'drop:packet tcp:flow_start any any -> any any (sid:1;)', 2, 'none'],
  ])('%s', (_why, rule, least, flow) => {
    const { drops, flows } = watch(rule, conversation('bad word', 'later on'));
    expect(flows).toEqual([flow]);
    expect(flow === 'drop' ? drops.length > least : drops.length === least).toBe(true);
  });

  test('a packet without a flow', () => {
    const { flows } = watch('config tcp:pre_flow any any <> any 9000 (config:tracking disable, type flow, scope packet; sid:1;)', conversation('word'));
    expect(flows).toEqual([]);
  });
});

describe('thresholds of the configuration', () => {
  const withThreshold = (entry: GlobalThreshold): EngineSettings => ({ ...IPS, globalThresholds: [entry] });
  const threshold = { type: 'limit', track: 'by_src', count: 1, seconds: 60 } as const;
  const RULE = on('alert', 'dsize:4;', 7);
  const FOUR = conversation('aaaa', 'bbbb', 'cccc');

  test.each<readonly [why: string, entry: GlobalThreshold, alerts: number]>([
    ['a limit', { gid: 1, sid: 7, threshold, suppress: undefined }, 1],
    ['of another signature', { gid: 1, sid: 8, threshold, suppress: undefined }, 3],
    ['of every signature', { gid: 1, sid: 0, threshold, suppress: undefined }, 1],
    ['suppressed for the source', { gid: 1, sid: 7, threshold: undefined, suppress: { side: 'source', addresses: '10.0.0.0/24' } }, 0],
    ['not for another source', { gid: 1, sid: 7, threshold: undefined, suppress: { side: 'source', addresses: SERVER } }, 3],
    ['suppressed for either end', { gid: 1, sid: 7, threshold: undefined, suppress: { side: 'either', addresses: SERVER } }, 0],
    ['suppressed for all', { gid: 0, sid: 0, threshold: undefined, suppress: { side: 'either', addresses: '' } }, 0],
  ])('%s', (_why, entry, alerts) => expect(watch(RULE, FOUR, withThreshold(entry)).alerts.length).toBe(alerts));

  test.each<readonly [why: string, entry: Pick<GlobalThreshold, 'gid' | 'sid'>, alerts: number]>([
    ['what is said of its signature goes before what the rule says', { gid: 1, sid: 7 }, 1],
    ['what is said of all does not', { gid: 1, sid: 0 }, 2],
    ['nor what is said of another signature', { gid: 1, sid: 8 }, 2],
  ])('%s', (_why, entry, alerts) => {
    const own = on('alert', 'dsize:4; threshold:type limit, track by_src, count 2, seconds 60;', 7);
    expect(watch(own, FOUR, withThreshold({ ...entry, threshold, suppress: undefined })).alerts).toHaveLength(alerts);
  });

  test('a suppressed rule still drops', () => {
    const settings = withThreshold({ gid: 1, sid: 7, threshold: undefined, suppress: { side: 'either', addresses: '' } });
    const { alerts, drops } = watch(on('drop', 'dsize:4;', 7), FOUR, settings);
    expect(alerts).toEqual([]);
    expect(drops).toEqual(['rules', 'rules', 'rules']);
  });

  test('a rate filter changes what the rule does beyond the count', () => {
    const rate = { type: 'rate', track: 'by_src', count: 2, seconds: 60, newAction: 'drop', timeout: 60 } as const;
    const { alerts, drops } = watch(RULE, FOUR, withThreshold({ gid: 1, sid: 7, threshold: rate, suppress: undefined }));
    expect(alerts).toEqual([7, 7, 7]);
    expect(drops).toEqual(['threshold detection_filter']);
  });
});

describe('exception policies', () => {
  /** The handshake is left out of the capture: classic file header of 24 bytes, then records. */
  function withoutHandshake(capture: Uint8Array): Uint8Array {
    const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
    const little = view.getUint32(0, true) === 0xa1b2c3d4;
    let at = 24;
    for (let packet = 0; packet < 3; packet++) at += 16 + view.getUint32(at + 8, little);
    const rest = new Uint8Array(24 + capture.length - at);
    rest.set(capture.subarray(0, 24));
    rest.set(capture.subarray(at), 24);
    return rest;
  }
  const MIDDLE = withoutHandshake(conversation('word', 'more'));
  const policy = (midstream: EngineSettings['exceptionPolicies']['midstream']): EngineSettings => ({
    ...IPS,
    exceptionPolicies: { ...IPS.exceptionPolicies, midstream },
  });

  test('drop-flow drops the first packet for its reason and the others with their flow', () => {
    const { drops, flows } = watch('', MIDDLE, policy('drop-flow'));
    expect(drops[0]).toBe('stream midstream');
    expect(new Set(drops.slice(1))).toEqual(new Set(['exception policy flow drop']));
    expect(flows).toEqual(['drop']);
  });

  test.each(['pass-flow', 'bypass'] as const)('%s lets it go uninspected', (word) => {
    const { alerts, drops, flows } = watch(on('alert', 'dsize:4;', 1), MIDDLE, policy(word));
    expect([alerts, drops, flows]).toEqual([[], [], ['pass']]);
  });

  test('ignore leaves everything to the rules', () => {
    const { alerts, drops, flows } = watch(on('alert', 'dsize:4;', 1), MIDDLE, policy('ignore'));
    expect([alerts, drops, flows]).toEqual([[1, 1], [], ['none']]);
  });
});

describe('captured texts', () => {
  test('go to flow, packet and alert where the rule is true, and nowhere else', () => {
    const rules = [
      on('alert', 'pcre:"/id=([0-9]+),([a-z]+),([a-z]+)/, flow:id, pkt:name, alert:role";', 1),
      on('alert', 'pcre:"/id=([0-9]+)/, flow:wrong"; content:"absent";', 2),
    ].join('\n');
    const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, DEFAULT_SETTINGS);
    const seen: unknown[] = [];
    const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
      alert: ({ notes }) => seen.push(notes),
      captured: (packet) => seen.push([...packet.captured]),
      flow: ({ captured }) => seen.push([...(captured ?? [])]),
    });
    engine.feed(conversation('id=12,joe,admin'));
    engine.finish();
    expect(seen).toEqual([{ role: 'admin' }, [['name', 'joe']], [['id', '12']]]);
  });

  test('a name and a text of a packet may both be captured', () => {
    const rules = on('alert', 'pcre:"/(\\w+)=(\\w+)/, pkt:key,pkt:value";', 1);
    const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, DEFAULT_SETTINGS);
    const seen: unknown[] = [];
    const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
      captured: (packet) => seen.push([...packet.captured]),
    });
    engine.feed(conversation('id=12'));
    engine.finish();
    expect(seen).toEqual([[['id', '12']]]);
  });
});

describe('tags', () => {
  test('packets of the flow that follow the alert are told, as many as asked', () => {
    const { alerts, tagged } = watch(on('alert', 'flags:S; tag:session,3,packets;', 1), conversation('word', 'more'), DEFAULT_SETTINGS);
    expect(alerts).toEqual([1]);
    // The packet that alerted counts, and has its alert.
    expect(tagged).toEqual([2, 3]);
  });

  test.each([
    ['of the host that the packet went to, where nothing is said', 'host', true],
    ['of that host, by its word', 'host,100,packets,dst', true],
    ['of the host that it came from', 'host,100,packets,src', false],
  ])('packets %s are told', (_why, tag, isOfServer) => {
    const capture = composeCapture({ seed: 5 });
    for (const client of [CLIENT, '10.77.0.1'])
      capture.tcpConversation({ client, server: SERVER, serverPort: 9000, exchanges: [{ from: 'client', bytes: bytesOf('word') }] });
    const rule = `alert tcp ${CLIENT} any -> any any (flags:S; tag:${tag}; sid:1;)`;
    const { tagged } = watch(rule, capture.finish(), DEFAULT_SETTINGS);
    // Those of the second connection have the server in common alone.
    expect(tagged.length > 9).toBe(isOfServer);
  });
});

describe('rules for a protocol alone', () => {
  const request = 'GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n';
  test('hold for each packet from where it is recognised', () => {
    const { alerts } = watch('alert http any any -> any any (sid:1;)', conversation(request, request));
    expect(alerts.length).toBeGreaterThan(2);
  });
});
