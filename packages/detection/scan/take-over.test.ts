/** Rules that take over while traffic goes on: what is known of it stays, the new rules count at once, and nothing is told twice. */
import { concatBytes } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { type CaptureComposer, CaptureReader, captureHeader, captureRecord, composeCapture, type TcpExchange } from '@sigwright/traffic';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildPlan, DEFAULT_EVE, Engine, EveWriter, type PlanUse, RuleProfile, usePlan } from '../index.ts';
import { buildFirewall } from './firewall.ts';

const A = '10.0.0.5';
const S = '203.0.113.9';
const ETHERNET = 1;

type Said = readonly [from: 'client' | 'server', text: string];
type Traffic = (capture: CaptureComposer) => void;

const http = (...said: readonly Said[]): Traffic => tcp(80, ...said);
const tcp =
  (serverPort: number, ...said: readonly Said[]): Traffic =>
  (capture) => {
    capture.tcpConversation({ client: A, server: S, serverPort, exchanges: said.map(([from, bytes]) => ({ from, bytes })) });
  };
const udp =
  (serverPort: number, ...said: readonly Said[]): Traffic =>
  (capture) => {
    capture.udpExchange({ client: A, server: S, serverPort, exchanges: said.map(([from, bytes]) => ({ from, bytes })) });
  };

/** A capture record each. */
function packetsOf(traffic: Traffic): Uint8Array[] {
  const capture = composeCapture({ seed: 7 });
  traffic(capture);
  const records: Uint8Array[] = [];
  const reader = new CaptureReader((data, start, end, time, wireLength) => records.push(captureRecord(time, data, start, end, wireLength)));
  expect(reader.push(capture.finish())).toBeUndefined();
  return records;
}

function planOf(rules: string, settings: EngineSettings = DEFAULT_SETTINGS, mayBeRefused = false): PlanUse {
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, settings);
  if (!mayBeRefused) expect(build.problems.flatMap((one) => one.diagnostics.filter(({ severity }) => severity === 'error'))).toEqual([]);
  return usePlan(build.data, catalogue, settings);
}

/** Each is acknowledged before the next one comes, and so looked at. */
function inPieces([from, text]: Said, length: number): readonly TcpExchange[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, at) => ({ from, bytes: text.slice(at * length, (at + 1) * length), delay: 60_000 }));
}

/** Where others take over: before the packet of that number, counted from 0, or before the first that holds the text. */
type Step = readonly [before: number | string, plan: PlanUse, settings?: EngineSettings];

function holds(packet: Uint8Array, text: string): boolean {
  return Buffer.from(packet).includes(text, 0, 'latin1');
}

/** Calls `takeOver` where the steps say. */
function feed(engine: Engine, packets: readonly Uint8Array[], steps: readonly Step[]): void {
  expect(engine.feed(captureHeader(ETHERNET))).toBeUndefined();
  let next = 0;
  for (const [at, packet] of packets.entries()) {
    while (next < steps.length && (typeof steps[next][0] === 'number' ? steps[next][0] === at : holds(packet, steps[next][0] as string)))
      engine.takeOver(...(steps[next++].slice(1) as [PlanUse, EngineSettings?]));
    engine.feed(packet);
  }
  engine.finish();
  expect(next).toBe(steps.length);
}

/** Numbers of the rules that alerted. */
function alertsOf(rules: string, traffic: Traffic, steps: readonly (readonly [before: number | string, rules: string])[]): number[] {
  const alerts: number[] = [];
  const engine = new Engine(planOf(rules), catalogue, DEFAULT_SETTINGS, { alert: ({ rule }) => alerts.push(rule.sid) });
  feed(
    engine,
    packetsOf(traffic),
    steps.map(([before, text]) => [before, planOf(text)]),
  );
  return alerts;
}

const alert = (protocol: string, options: string, sid: number, ends = 'any any -> any any'): string =>
  `alert ${protocol} ${ends} (msg:"t"; ${options} sid:${sid};)\n`;

const GET = 'GET /start/middle HTTP/1.1\r\nHost: a.example\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone';
/** Enough to be seen in pieces. */
const HALVES = http(['client', `${GET}X-First: one\r\n`], ['server', ''], ['client', 'X-Second: two\r\n\r\n'], ['server', OK]);
const THREE = http(
  ...['/one', '/two', '/three'].flatMap((path): Said[] => [
    ['client', `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`],
    ['server', OK],
  ]),
);
const TWO = tcp(9000, ['client', 'one'], ['server', 'ok'], ['client', 'two'], ['server', 'ok']);
const POSTED = http(
  ['client', 'POST /u HTTP/1.1\r\nHost: a.example\r\nContent-Length: 12\r\n\r\nfirst-'],
  ['client', 'second'],
  ['server', OK],
  ['client', 'GET /last HTTP/1.1\r\nHost: a.example\r\n\r\n'],
  ['server', OK],
);
/** Two answers to one connection, long after one another. */
const LOOKUPS = udp(9000, ['client', 'first'], ['client', 'again'], ['server', 'answer']);

const unrelated =
  alert('http', 'http.uri; content:"nothing like it";', 900) +
  alert('tcp', 'content:"nothing like it";', 901) +
  alert('ip', '', 902, '192.0.2.1 any -> any any');
const sets = alert('tcp-pkt', 'content:"one"; flowbits:set,seen; noalert;', 1);
const reads = alert('tcp-pkt', 'content:"two"; flowbits:isset,seen;', 2);
const uri = alert('http', 'http.uri; content:"/start";', 3);
const answer = alert('http', 'flow:to_client; http.stat_code; content:"200";', 4);
const address = alert('ip', '', 5, `${A} any -> ${S} any`);
const spoken = alert('tcp', 'app-layer-protocol:http;', 6);

describe('what is known stays, the new rules count', () => {
  test.each<readonly [why: string, before: string, traffic: Traffic, at: number | string, after: string, alerts: readonly number[]]>([
    ['bits that rules set which are gone are there', sets, TWO, 'two', reads, [2]],
    ['numbers, too', alert('tcp-pkt', 'content:"one"; flowint:n,+,7; noalert;', 1), TWO, 'two', alert('tcp-pkt', 'content:"two"; flowint:n,==,7;', 2), [2]],
    [
      'and bits of addresses',
      alert('tcp-pkt', 'content:"one"; xbits:set,seen,track ip_src,expire 60; noalert;', 1),
      TWO,
      'two',
      alert('tcp-pkt', 'content:"two"; xbits:isset,seen,track ip_src;', 2),
      [2],
    ],
    ['a rule that is gone does not alert any more', alert('tcp-pkt', 'flow:to_server; dsize:>0;', 1), TWO, 'two', unrelated, [1]],
    ['a new one does', unrelated, TWO, 'two', alert('tcp-pkt', 'flow:to_server; dsize:>0;', 1), [1]],
    ['where nothing was asked before, too', '', TWO, 'two', alert('tcp', 'flow:to_server; content:"two";', 1), [1]],
    [
      'a request that was half there is matched as a whole',
      unrelated,
      HALVES,
      'X-Second',
      uri + alert('http', 'http.header; content:"First"; content:"Second";', 7),
      [3, 7],
    ],
    ['of which no rule asked anything', '', HALVES, 'X-Second', uri, [3]],
    ['a request that was all there, while its answer is to come', unrelated, HALVES, 'HTTP/1.1 200', uri + answer, [3, 4]],
    [
      'a body of which part was searched',
      alert('http', 'http.request_body; content:"none";', 1),
      POSTED,
      'second',
      alert('http', 'http.request_body; content:"first-second";', 2),
      [2],
    ],
    [
      'a rule on two buffers of which one had come',
      alert('http', 'http.uri; content:"/start"; http.header; content:"Second";', 3),
      HALVES,
      'X-Second',
      unrelated + alert('http', 'http.uri; content:"/start"; http.header; content:"Second";', 3),
      [3],
    ],
    ['a transaction that is over is not looked at again', unrelated, THREE, '/three', alert('http', 'http.uri; content:"/one";', 1), []],
    ['bytes of a stream that were searched are not searched again', unrelated, THREE, '/three', alert('tcp', 'content:"/one";', 1), []],
    ['a rule on an address is asked about a flow that is open', unrelated, TWO, 'two', address, [5]],
    ['one on what is spoken, too', unrelated, POSTED, '/last', spoken, [6, 6]],
    [
      'a flow at rest wakes to the new rules',
      unrelated,
      LOOKUPS,
      'again',
      alert('udp', 'content:"again";', 1) + alert('udp', 'content:"answer"; flow:to_client;', 2),
      [1, 2],
    ],
    ['and to a rule on its address', unrelated, LOOKUPS, 'again', alert('ip', '', 5, `${A} any -> ${S} any`), [5]],
    ['an early rule may come', '', TWO, 'two', 'config tcp:pre_flow any any -> any any (config:tracking disable, type flow, scope packet; sid:1;)\n', []],
  ])('%s', (_why, before, traffic, at, after, alerts) => expect(alertsOf(before, traffic, [[at, after]])).toEqual(alerts));

  test('the payload part of a rule that is as it was has been found', () => {
    const parts = alert('http', 'flow:to_server; content:"/one"; http.uri; content:"/three";', 8);
    expect(alertsOf(parts, THREE, [['/three', unrelated + parts]])).toEqual([8]);
    expect(alertsOf(unrelated, THREE, [['/three', parts]])).toEqual([]);
    // It looks for something else now.
    expect(alertsOf(parts, THREE, [['/three', parts.replace('content', 'content:"none"; content')]])).toEqual([]);
  });

  test('sets of values are those of the settings', () => {
    const fills = alert('http', 'http.host; dataset:set,hosts,type string; noalert;', 1);
    const asks = alert('http', 'http.host; dataset:isset,hosts,type string;', 2);
    expect(alertsOf(fills, POSTED, [['/last', asks]])).toEqual([2, 2]);
  });

  test('frames that begin after it, where nobody had asked for any, and those that were open', () => {
    const frame = alert('http', 'frame:http1.request; content:"/last";', 1);
    expect(alertsOf('', POSTED, [['/last', frame]])).toEqual([1]);
    const whole = alert('http', 'frame:stream; content:"/u"; content:"/last";', 2);
    expect(alertsOf(alert('http', 'frame:stream; content:"nothing like it";', 3), POSTED, [['/last', whole]])).toEqual([2]);
  });

  test('encrypted connections that were passed over are looked at again', () => {
    const packets = packetsOf((capture) => {
      const applicationData = Array.from({ length: 20 }, (_, at) => ({ from: at % 2 === 0 ? ('client' as const) : ('server' as const), length: 300 }));
      capture.tlsConnection({ client: A, server: S, serverName: 'a.example', version: '1.2', applicationData });
    });
    const named = alert('tls', 'tls.sni; content:"a.example";', 1);
    const sized = alert('tcp-pkt', 'flow:to_server; dsize:>100;', 2);
    const alerts: string[] = [];
    const engine = new Engine(planOf(named), catalogue, DEFAULT_SETTINGS, {
      alert: ({ rule }, packet) => alerts.push(`${packet.number > packets.length - 12 ? 'late' : 'early'} ${rule.sid} ${engine.counters.quiet > 0}`),
    });
    feed(engine, packets, [
      [packets.length - 12, planOf(sized + named)],
      [packets.length - 6, planOf(named)],
    ]);
    expect([...new Set(alerts)]).toEqual(['early 1 false', 'late 2 true']);
    expect(engine.counters.quiet).toBeGreaterThan(5);
  });
});

describe('nothing is told twice', () => {
  test.each<readonly [why: string, rules: string, traffic: Traffic, at: number | string, alerts: readonly number[]]>([
    ['a rule on a transaction', uri, HALVES, 'HTTP/1.1 200', [3]],
    ['on a part of it that is still growing', alert('http', 'http.uri; content:"/u";', 1), POSTED, 'second', [1]],
    ['on an address, once a flow and direction', address, TWO, 'two', [5]],
    ['on an address, of a flow at rest', address, LOOKUPS, 'again', [5]],
    ['on what is spoken', spoken, POSTED, '/last', [6, 6]],
    ['on a frame that grows', alert('http', 'frame:stream; content:"/u";', 2), POSTED, '/last', [2]],
    ['on a piece of a stream', alert('tcp', 'content:"one";', 1), TWO, 'two', [1]],
  ])('%s', (_why, rules, traffic, at, alerts) => {
    const once = alertsOf(rules, traffic, []);
    expect(once).toEqual(alerts);
    expect(alertsOf(rules, traffic, [[at, unrelated + rules]])).toEqual(once);
    // What takes over twice before a packet comes is one change.
    expect(
      alertsOf(rules, traffic, [
        [at, rules],
        [at, unrelated + rules],
      ]),
    ).toEqual(once);
  });

  test('a rule that held on a transaction is done with it, whatever its text says now', () => {
    expect(alertsOf(uri, HALVES, [['HTTP/1.1 200', alert('http', 'http.uri; content:"/middle";', 3)]])).toEqual([3]);
    // It did not hold before.
    expect(alertsOf(alert('http', 'http.uri; content:"/other";', 3), HALVES, [['HTTP/1.1 200', uri]])).toEqual([3]);
  });

  test('a list of addresses that changed is asked anew', () => {
    const other = alert('ip', '', 5, '192.0.2.7 any -> any any');
    expect(alertsOf(other, TWO, [['two', address]])).toEqual([5]);
  });
});

describe('thresholds', () => {
  const words = tcp(9000, ...Array.from({ length: 8 }, (_, at): Said => (at % 2 === 0 ? ['client', `word ${at / 2}`] : ['server', 'ok'])));
  const limited = (options: string, sid = 1): string => alert('tcp-pkt', `content:"word"; threshold:${options};`, sid);
  test.each<readonly [why: string, before: string, after: string, count: number]>([
    [
      'a limit that was reached stays so',
      limited('type limit, track by_src, count 1, seconds 600'),
      limited('type limit, track by_src, count 1, seconds 600'),
      1,
    ],
    [
      'half of what is needed was there',
      limited('type threshold, track by_src, count 4, seconds 600'),
      limited('type threshold, track by_src, count 4, seconds 600'),
      1,
    ],
    ['more is enough now', limited('type limit, track by_src, count 1, seconds 600'), limited('type limit, track by_src, count 3, seconds 600'), 2],
    [
      'what is counted is another thing',
      limited('type limit, track by_src, count 1, seconds 600'),
      limited('type limit, track by_src, count 1, seconds 60'),
      2,
    ],
    [
      'the count is that of another rule',
      limited('type limit, track by_src, count 1, seconds 600'),
      limited('type limit, track by_src, count 1, seconds 600', 2),
      2,
    ],
  ])('%s', (_why, before, after, count) => expect(alertsOf(before, words, [['word 2', unrelated + after]])).toHaveLength(count));

  test('those of threshold.config come with the settings', () => {
    const rules = alert('tcp-pkt', 'content:"word";', 1);
    const settings: EngineSettings = {
      ...DEFAULT_SETTINGS,
      globalThresholds: [{ gid: 1, sid: 1, threshold: undefined, suppress: { side: 'source', addresses: A } }],
    };
    const alerts: number[] = [];
    const engine = new Engine(planOf(rules), catalogue, DEFAULT_SETTINGS, { alert: ({ rule }) => alerts.push(rule.sid) });
    feed(engine, packetsOf(words), [['word 3', planOf(rules, settings), settings]]);
    expect([alerts.length, engine.counters.alerts, engine.counters.suppressed]).toEqual([3, 3, 1]);
  });
});

test('classifications and references of records come with the settings', () => {
  const settings: EngineSettings = {
    ...DEFAULT_SETTINGS,
    classifications: new Map([['bad-unknown', { name: 'bad-unknown', description: 'Words of the new file', priority: 1 }]]),
  };
  const records: Record<string, unknown>[] = [];
  const writer = new EveWriter((record) => records.push(record), DEFAULT_SETTINGS, catalogue.protocols);
  const engine = new Engine(planOf(unrelated), catalogue, DEFAULT_SETTINGS, writer);
  const packets = packetsOf(TWO);
  engine.feed(concatBytes(captureHeader(ETHERNET), ...packets.slice(0, 5)));
  engine.takeOver(planOf(alert('tcp-pkt', 'content:"two"; classtype:bad-unknown;', 1), settings), settings);
  writer.takeOver(settings);
  for (const packet of packets.slice(5)) engine.feed(packet);
  engine.finish();
  expect(records.filter((record) => record['event_type'] === 'alert').map((record) => (record['alert'] as { category: string }).category)).toEqual([
    'Words of the new file',
  ]);
});

test('tags go on, counters and costs are those of all rules', () => {
  const tagged = alert('tcp-pkt', 'content:"one"; tag:session,4,packets;', 1);
  let seen = 0;
  const engine = new Engine(planOf(tagged), catalogue, DEFAULT_SETTINGS, { tagged: () => seen++ });
  const profile = new RuleProfile(() => 0);
  engine.profile = profile;
  feed(engine, packetsOf(TWO), [['two', planOf(unrelated + tagged + reads)]]);
  expect([seen, engine.counters.alerts, engine.counters.flows]).toEqual([3, 1, 1]);
  expect(engine.counters.candidates).toBeGreaterThan(0);
  expect(profile.costs().map(({ sid }) => sid)).toContain(1);
});

test('the firewall takes new rules over, and what it let through stays so', () => {
  const policy = (action: 'accept' | 'drop') => ({ action, scope: action === 'drop' ? 'packet' : 'hook', alert: false, pass: 'none' }) as const;
  const settings: EngineSettings = {
    ...DEFAULT_SETTINGS,
    ips: true,
    inline: true,
    firewall: { preFlow: policy('accept'), preStream: policy('accept'), filter: policy('drop'), application: policy('accept'), hooks: new Map() },
  };
  const firewallOf = (text: string) => buildFirewall([{ path: 'test', rules: parseRules(text).rules }], catalogue, settings).rules;
  const open = 'accept:packet tcp:all any any -> any any (msg:"in"; sid:1;)\n';
  const closed = 'drop:packet tcp:all any any -> any any (msg:"out"; content:"two"; sid:2;)\n';
  const dropped: number[] = [];
  const engine = new Engine({ ...planOf('', settings), firewall: firewallOf(open) }, catalogue, settings, { dropped: (packet) => dropped.push(packet.number) });
  feed(engine, packetsOf(TWO), [['two', { ...planOf('', settings), firewall: firewallOf(closed + open) }]]);
  expect(dropped.length).toBeGreaterThan(0);
});

describe('flows at rest', () => {
  test('go on to rest, however often others take over', () => {
    const plans = [planOf(unrelated), planOf(unrelated + address)];
    const engine = new Engine(plans[0], catalogue, DEFAULT_SETTINGS, { flow: () => {} });
    const capture = composeCapture({ seed: 3 });
    for (let turn = 0; turn < 700; turn++)
      capture.udpExchange({
        client: `10.1.${turn >> 8}.${turn & 255}`,
        server: S,
        serverPort: 9000,
        startTime: 1e15 + turn * 1e6,
        exchanges: [{ from: 'client', bytes: 'x' }],
      });
    const records: Uint8Array[] = [];
    new CaptureReader((data, start, end, time, wireLength) => records.push(captureRecord(time, data, start, end, wireLength))).push(capture.finish());
    engine.feed(captureHeader(ETHERNET));
    for (const [turn, record] of records.entries()) {
      engine.feed(record);
      engine.takeOver(plans[(turn + 1) % 2]);
    }
    expect(engine.finish()).toBeUndefined();
    expect(engine.counters.flows).toBe(700);
  });
});

// Words that are found, in pieces of any size.
const word = fc.array(fc.constantFrom('ab', 'cd', 'xyz', '/', 'evil', 'top', 'GET'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
const content = word.map((text) => `content:"${text.slice(0, 10)}"; `);
const options = fc.oneof(
  fc.tuple(fc.constantFrom('tcp', 'tcp-pkt', 'ip', 'http'), content),
  fc.tuple(
    fc.constant('http'),
    fc
      .array(
        fc.tuple(fc.constantFrom('http.uri; ', 'http.host; ', 'http.user_agent; ', 'http.request_body; ', 'file.data; ', 'http.uri; to_lowercase; '), content),
        {
          minLength: 1,
          maxLength: 2,
        },
      )
      .map((tests) => tests.flat().join('')),
  ),
  fc.tuple(
    fc.constant('http'),
    fc.tuple(content, fc.constantFrom('http.uri; ', 'file.data; '), content).map((parts) => parts.join('')),
  ),
  fc.tuple(
    fc.constant('http'),
    fc.tuple(fc.constantFrom('frame:http1.request; ', 'frame:stream; '), content).map((parts) => parts.join('')),
  ),
  fc.constantFrom(['ip', ''] as const, ['tcp', 'app-layer-protocol:http; '] as const, ['tcp', 'flags:A; '] as const),
);
const besides = fc.constantFrom(
  '',
  '',
  'flow:to_server; ',
  'flow:established,to_client; ',
  'flowbits:set,a; ',
  'flowbits:isset,a; ',
  'flowbits:isnotset,a; ',
  'threshold:type limit, track by_src, count 2, seconds 60; ',
  'xbits:set,b,track ip_src; ',
  'tag:session,3,packets; ',
);
const rulesOf = fc
  .array(fc.tuple(options, besides, fc.constantFrom('any any -> any any', `${A} any -> any any`, `${S} 80 -> ${A} any`)), { minLength: 1, maxLength: 10 })
  .map((list) => list.map(([[protocol, text], more, ends], at) => alert(protocol, more + (text as string), at + 1, ends)));
const exchanges = fc.array(
  fc.tuple(word, word, word, fc.integer({ min: 1, max: 9000 })).map(([path, host, text, length]): readonly Said[] => [
    ['client', `POST /${path} HTTP/1.1\r\nHost: ${host}.top\r\nUser-Agent: ${text}\r\nContent-Length: ${text.length}\r\n\r\n${text}`],
    ['server', `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${text.repeat(length).slice(0, length)}`],
  ]),
  { minLength: 1, maxLength: 3 },
);

describe('the same rules again change nothing', () => {
  // What can not be is left out.
  const generated = (rules: string): PlanUse => planOf(rules, DEFAULT_SETTINGS, true);

  function recordsOf(rules: readonly string[], packets: readonly Uint8Array[], cuts: readonly number[]): string[] {
    const records: string[] = [];
    const writer = new EveWriter((record) => records.push(JSON.stringify(record)), DEFAULT_SETTINGS, catalogue.protocols, {
      ...DEFAULT_EVE,
      alert: { ...DEFAULT_EVE.alert, payload: true, tagged: true },
    });
    const engine = new Engine(generated(rules.join('')), catalogue, DEFAULT_SETTINGS, writer);
    // With rules that hold nowhere before, between and behind them, their numbers are others.
    const apart = rules.flatMap((rule, at) => [
      alert('http', `http.uri; content:"not there ${at}";`, 1000 + at),
      rule,
      alert('tcp', `content:"not there ${at}";`, 2000 + at),
    ]);
    const plans = [generated(unrelated + apart.join('')), generated(rules.join(''))];
    feed(
      engine,
      packets,
      cuts.map((cut, at) => [cut, plans[at % 2]]),
    );
    return records;
  }

  test('wherever they take over', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        rulesOf,
        exchanges,
        fc.integer({ min: 9, max: 1460 }),
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (rules, said, segmentSize, where) => {
          const packets = packetsOf((capture) => {
            capture.tcpConversation({
              client: A,
              server: S,
              serverPort: 80,
              exchanges: said.flatMap(([asked, answered]) => [...inPieces(asked, segmentSize), ...inPieces(answered, 700)]),
            });
            udp(9000, ['client', 'evil'], ['client', 'top'], ['server', 'abcd'])(capture);
          });
          const cuts = where.map((part) => Math.floor(part * packets.length)).sort((a, b) => a - b);
          const records = recordsOf(rules, packets, []);
          compared += records.filter((record) => record.includes('"alert"')).length;
          expect(recordsOf(rules, packets, cuts)).toEqual(records);
        },
      ),
      { numRuns: 200, seed: 5 },
    );
    // Rules that never fire would show nothing.
    expect(compared).toBeGreaterThan(500);
  });

  test('bodies that are searched in windows', () => {
    const rules = [alert('http', 'file.data; content:"needle";', 1), alert('http', 'file.data; content:"other"; http.stat_code; content:"200";', 2)];
    const body = `${'x'.repeat(70_000)}needle${'y'.repeat(30_000)}other${'z'.repeat(40_000)}`;
    const packets = packetsOf((capture) => {
      capture.tcpConversation({
        client: A,
        server: S,
        serverPort: 80,
        exchanges: [
          ...inPieces(['client', 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'], 100),
          ...inPieces(['server', `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`], 1400),
        ],
      });
    });
    const records = recordsOf(rules, packets, []);
    expect(records.filter((record) => record.includes('"event_type":"alert"'))).toHaveLength(2);
    for (let cut = 1; cut < packets.length; cut += 3)
      expect(
        recordsOf(
          rules,
          packets,
          [cut, cut + 1, cut + 7].filter((one) => one < packets.length),
        ),
      ).toEqual(records);
  });
});

test('bytes that come in pieces of a packet are as good', () => {
  const packets = packetsOf(HALVES);
  const bytes = concatBytes(captureHeader(ETHERNET), ...packets);
  for (let cut = 0; cut < bytes.length; cut += 7) {
    const alerts: number[] = [];
    const engine = new Engine(planOf(uri), catalogue, DEFAULT_SETTINGS, { alert: ({ rule }) => alerts.push(rule.sid) });
    engine.feed(bytes.subarray(0, cut));
    engine.takeOver(planOf(unrelated + uri));
    engine.feed(bytes.subarray(cut));
    engine.finish();
    expect(alerts).toEqual([3]);
  }
});

const number32 = (value: number): string => String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
const SSH_LISTS = ['k1', 'h', 'up', 'down', 'm1', 'm2', 'none', 'none', '', ''].map((list) => number32(list.length) + list).join('');
const SSH_OFFER = `${number32(SSH_LISTS.length + 18)}\0\x14${'c'.repeat(16)}${SSH_LISTS}`;

// A configuration may say that fingerprints are made where rules ask for them, and the first to ask may be new.
test('fingerprints that only the new rules ask for are made of connections that begin afterwards, and stay when nobody asks any more', () => {
  const { ssh, tls } = DEFAULT_SETTINGS;
  const asking = { ...DEFAULT_SETTINGS, ssh: { ...ssh, fingerprints: true } };
  const silent: EngineSettings = { ...DEFAULT_SETTINGS, ssh: { ...ssh, fingerprints: false }, tls: { ...tls, shownFingerprints: { ja3: false, ja4: false } } };
  const packets = packetsOf((capture) => {
    for (const serverName of ['one.example', 'two.example', 'three.example']) {
      tcp(22, ['client', `SSH-2.0-${serverName}\r\n`], ['server', 'SSH-2.0-s\r\n'], ['client', SSH_OFFER], ['server', SSH_OFFER])(capture);
      capture.tlsConnection({ client: A, server: S, serverName });
    }
  });
  const hassh = 'alert ssh any any -> any any (ssh.hassh.string; content:"k1|3b|"; sid:1;)';
  const records: { ssh?: { client: { hassh?: unknown; software_version: string } }; tls?: { sni: string; ja3?: unknown }; alert?: { signature_id: number } }[] =
    [];
  const writer = new EveWriter((record) => records.push(record as never), silent, catalogue.protocols, DEFAULT_EVE);
  const engine = new Engine(planOf(unrelated, silent), catalogue, silent, {
    alert: (alert, packet) => writer.alert(alert, packet),
    transaction: (protocol, transaction, flow, packet) => writer.transaction(protocol, transaction, flow, packet),
  });
  feed(engine, packets, [
    ['SSH-2.0-two', planOf(hassh, asking), asking],
    ['SSH-2.0-three', planOf(unrelated, silent), silent],
  ]);
  const told = records.filter(({ alert }) => alert === undefined);
  expect(told.flatMap(({ ssh }) => (ssh === undefined ? [] : [[ssh.client.software_version, ssh.client.hassh !== undefined]]))).toEqual([
    ['one.example', false],
    ['two.example', true],
    ['three.example', true],
  ]);
  expect(told.flatMap(({ tls }) => (tls === undefined ? [] : [[tls.sni, tls.ja3 !== undefined]]))).toEqual([
    ['one.example', false],
    ['two.example', true],
    ['three.example', true],
  ]);
  expect(records.flatMap(({ alert }) => alert?.signature_id ?? [])).toEqual([1]);
});
