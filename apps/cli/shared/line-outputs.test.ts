/**
 * Lines besides EVE on a little traffic: those of the user guide's chapters on http.log, tls.log, stats.log and alert-debug.log, and what
 * becomes of values that are missing, of bytes that break lines, and of options that can not be understood.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type Direction, Flow, Packet, TCP, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { type CaptureComposer, composeCapture } from '@sigwright/traffic';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkConfiguration } from './configuration-check.ts';
import type { Tree } from './configuration-tree.ts';
import { checkLineOutputs, LineOutputs } from './line-outputs.ts';
import { countersIn, statsTable, statsTableOf } from './stats-log.ts';
import { tlsLines } from './tls-log.ts';
import { type CounterOptions, TrafficCounters } from './traffic-counters.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-lines-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** 1 July 2014, 04:20:14.338309 UTC. */
const START = Date.UTC(2014, 6, 1, 4, 20, 14) * 1000 + 338_309;

/** What the output writes, without the last line end. `options`: as a suricata.yaml has them. */
async function written(output: string, options: string, compose: (capture: CaptureComposer) => void, rules = ''): Promise<string> {
  const folder = mkdtempSync(join(root, 'run-'));
  const tree = { outputs: [{ [output]: { ...(parse(options) as Tree), filename: 'out.log' } }] };
  const capture = composeCapture({ seed: 1, startTime: START });
  compose(capture);
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, DEFAULT_SETTINGS);
  expect(build.problems).toEqual([]);
  const lines = new LineOutputs(tree, folder);
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
    alert: (alert, packet) => lines.alert(alert, packet, DEFAULT_SETTINGS),
    transaction: (protocol, transaction, flow, packet) => lines.transaction(protocol, transaction, flow, packet),
    decided: () => lines.decided(),
  });
  engine.feed(capture.finish());
  engine.finish();
  expect(await lines.close()).toEqual([]);
  return readFileSync(join(folder, 'out.log'), 'utf8').replace(/\n$/, '');
}

const ENDS = '192.168.1.6:64685 -> 195.88.54.16:80';

/** One exchange in clear text. */
function http(request: string, response: string): (capture: CaptureComposer) => void {
  return (capture) =>
    capture.tcpConversation({
      client: '192.168.1.6',
      clientPort: 64_685,
      server: '195.88.54.16',
      serverPort: 80,
      exchanges: [
        { from: 'client', bytes: fromLatin1(request) },
        { from: 'server', bytes: fromLatin1(response) },
      ],
    });
}

const ORDINARY = http(
  'GET /search?q=suricata HTTP/1.1\r\nHost: vg.no\r\nUser-Agent: Mozilla/5.0\r\nReferer: http://a/\r\nCookie: a=1; session=xyz\r\n\r\n',
  'HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 5\r\n\r\nhello',
);
const REDIRECTED = http('GET / HTTP/1.1\r\nHost: vg.no\r\n\r\n', 'HTTP/1.1 301 Moved\r\nLocation: http://www.vg.no/\r\nContent-Length: 0\r\n\r\n');
const BARE = http('GET / HTTP/1.0\r\n\r\n', 'HTTP/1.0 200 OK\r\n\r\n');
const FORGING = http('GET /\x01\xff HTTP/1.1\r\nHost: a\r\nUser-Agent: x\x0b[**]\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

describe('http.log', () => {
  test.each<readonly [why: string, options: string, traffic: (capture: CaptureComposer) => void, line: string]>([
    ['the line', '{}', ORDINARY, `vg.no [**] /search?q=suricata [**] Mozilla/5.0 [**] ${ENDS}`],
    [
      'the extended one',
      '{ extended: yes }',
      ORDINARY,
      `vg.no [**] /search?q=suricata [**] Mozilla/5.0 [**] http://a/ [**] GET [**] HTTP/1.1 [**] 200 [**] 5 bytes [**] ${ENDS}`,
    ],
    [
      'where a redirection leads, and no referer',
      '{ extended: yes }',
      REDIRECTED,
      `vg.no [**] / [**] <useragent unknown> [**] <no referer> [**] GET [**] HTTP/1.1 [**] 301 => http://www.vg.no/ [**] 0 bytes [**] ${ENDS}`,
    ],
    ['what is not said', '{}', BARE, `<hostname unknown> [**] / [**] <useragent unknown> [**] ${ENDS}`],
    ['bytes that do not print', '{}', FORGING, `a [**] /|01||FF| [**] x|0B|[**] [**] ${ENDS}`],
  ])('%s', async (_why, options, traffic, line) => {
    const [time, ...rest] = (await written('http-log', options, traffic)).split(' ');
    expect(time).toMatch(/^07\/01\/2014-04:20:14\.\d{6}$/);
    expect(rest.join(' ')).toBe(line);
  });

  test.each<readonly [why: string, format: string, traffic: (capture: CaptureComposer) => void, line: string]>([
    ['host, protocol, method, target', '%h %H %m %u', ORDINARY, 'vg.no HTTP/1.1 GET /search?q=suricata'],
    ['status and size', '%s %B', ORDINARY, '200 5'],
    ['where a redirection leads stands in brackets', '%s', REDIRECTED, '301(http://www.vg.no/)'],
    ['headers of both sides, whatever their case', '%{User-agent}i %{SERVER}o', ORDINARY, 'Mozilla/5.0 s'],
    ['one cookie', '%{session}C', ORDINARY, 'xyz'],
    ['what is not there', '%h %{X-Forwarded-For}i %{Server}o %{session}C', BARE, '- - - -'],
    ['addresses and ports', '%a:%p -> %A:%P', ORDINARY, ENDS],
    ['no more than so many bytes', '%[7]u', ORDINARY, '/search'],
    ['time in a form of its own', '%{%Y-%m-%d}t', ORDINARY, '2014-07-01'],
    ['bytes that do not print', '%u', FORGING, '/|01||FF|'],
    ['a percent sign', '%%', ORDINARY, '%'],
  ])('customformat: %s', async (_why, customformat, traffic, line) => {
    expect(await written('http-log', JSON.stringify({ custom: 'yes', customformat }), traffic)).toBe(line);
  });

  test('microseconds are those of the time', async () => {
    const plain = await written('http-log', '{}', ORDINARY);
    const custom = await written('http-log', '{ custom: yes, customformat: "%{%m/%d/%Y-%H:%M:%S}t %z" }', ORDINARY);
    const [time, micros] = custom.split(' ');
    expect(plain.split(' ')[0]).toBe(`${time}.${micros.padStart(6, '0')}`);
  });

  test('one line for each of two exchanges of a connection', async () => {
    const twice = (capture: CaptureComposer): void => {
      capture.httpExchange({
        client: '192.168.1.6',
        server: '195.88.54.16',
        exchanges: [1, 2].map((number) => ({ request: { method: 'GET', uri: `/${number}`, headers: [] } })),
      });
    };
    expect(await written('http-log', '{ custom: yes, customformat: "%u" }', twice)).toBe('/1\n/2');
  });
});

const CERTIFICATE = { subject: 'server.example', issuer: 'Authority' };
const tls =
  (version: '1.2' | '1.3') =>
  (capture: CaptureComposer): void => {
    capture.tlsConnection({
      client: '10.10.10.4',
      clientPort: 58_274,
      server: '192.0.78.24',
      version,
      serverName: 'suricata.io',
      ...(version === '1.2' ? { certificate: CERTIFICATE } : {}),
    });
  };
const TLS_ENDS = '10.10.10.4:58274 -> 192.0.78.24:443';
const DIGEST = /SHA1='(?:[0-9a-f]{2}:){19}[0-9a-f]{2}'/;

describe('tls.log', () => {
  test.each<readonly [why: string, options: string, traffic: (capture: CaptureComposer) => void, parts: readonly (string | RegExp)[]]>([
    ['the line', '{}', tls('1.2'), [`${TLS_ENDS}  TLS: Subject='CN=server.example' Issuerdn='CN=Authority'`]],
    [
      'the extended one',
      '{ extended: yes }',
      tls('1.2'),
      ["Issuerdn='CN=Authority' SHA1=", DIGEST, "VERSION='TLS 1.2' SNI='suricata.io'", /NOTBEFORE='[\d-]{10}T[\d:]{8}' NOTAFTER='[\d-]{10}T[\d:]{8}'$/],
    ],
    ['1.3 hides the certificate', '{ extended: yes }', tls('1.3'), [`${TLS_ENDS}  TLS: VERSION='TLS 1.3' SNI='suricata.io'`]],
    ['the guide’s format', custom('%a:%p -> %A:%P %v %n %d %D'), tls('1.2'), [`${TLS_ENDS} VERSION='TLS 1.2' suricata.io NOTBEFORE='`]],
    ['certificate in a format', custom('%s|%i|%f'), tls('1.2'), ['CN=server.example|CN=Authority|SHA1=', DIGEST]],
    ['the extended form in a format', custom('<%E>'), tls('1.3'), [/^<VERSION='TLS 1.3' SNI='suricata.io'>$/]],
    ['what is not there', custom('%s %i %f %d %D'), tls('1.3'), [/^- - - - -$/]],
  ])('%s', async (_why, options, traffic, parts) => {
    const line = await written('tls-log', options, traffic);
    for (const part of parts) {
      if (typeof part === 'string') expect(line).toContain(part);
      else expect(line).toMatch(part);
    }
  });

  test.each<readonly [why: string, options: Tree, line: RegExp | undefined]>([
    ['is left out', {}, undefined],
    ['is told where it is asked for', { 'session-resumption': 'yes' }, /TLS: Session='resumed'$/],
    ['is told in a format, too', { 'session-resumption': 'yes', custom: 'yes', customformat: '%v' }, /^VERSION='TLS 1.2'$/],
  ])('a resumed session %s', (_why, options, line) => {
    const resumed = catalogue.protocols.get('tls');
    if (resumed === undefined) throw new Error('no tls');
    const body = { session_resumed: true, version: 'TLS 1.2' };
    const protocol = { ...resumed, records: () => [{ type: 'tls', body, direction: TO_SERVER as Direction }] };
    const text = tlsLines(options)(protocol, undefined as unknown as Transaction, new Flow(), new Packet());
    if (line === undefined) expect(text).toBeUndefined();
    else expect(text).toMatch(line);
  });

  test('other protocols have no line', async () => expect(await written('tls-log', '{}', ORDINARY)).toBe(''));
});

function custom(customformat: string): string {
  return JSON.stringify({ custom: 'yes', customformat });
}

test.each<readonly [why: string, output: string, options: string, words: RegExp]>([
  ['a letter that is none', 'http-log', custom('%h %Q'), /http-log: customformat: %Q/],
  ['a letter of the other log', 'tls-log', custom('%m'), /tls-log: customformat: %m/],
  ['no format at all', 'http-log', '{ custom: yes }', /needs a customformat/],
  ['a time that is none', 'eve-log', '{ rotate-interval: sometimes }', /^eve-log: rotate-interval: sometimes/],
  ['a mode that is none', 'fast', '{ filemode: rw- }', /^fast: filemode: rw-/],
  ['no such facility', 'syslog', '{ facility: pigeon }', /^syslog: facility: pigeon/],
  ['no such level', 'eve-log', '{ filetype: syslog, level: loud }', /^eve-log: level: loud/],
])('%s is told before anything is opened', (_why, output, options, words) => {
  const tree = { outputs: [{ [output]: parse(options) as Tree }] };
  expect(() => checkLineOutputs(tree)).toThrow(words);
  expect(() => checkLineOutputs({ outputs: [{ [output]: { ...(parse(options) as Tree), enabled: 'no' } }] })).not.toThrow();
});

describe('alert-debug.log', () => {
  const RULES = [
    'alert http any any -> any any (msg:"on the target"; http.uri; content:"/search"; sid:1; rev:3;)',
    'alert tcp any any -> any 80 (msg:"in the packet"; flow:to_server,established; content:"GET"; depth:3; sid:2;)',
    'alert http any any -> any any (msg:"on the answer"; http.stat_code; content:"200"; flowbits:set,seen; sid:3;)',
  ];

  test('a block for each packet with alerts, with all of them', async () => {
    const blocks = (await written('alert-debug', '{}', ORDINARY, RULES.join('\n'))).split('+================\n').slice(1);
    const count = blocks.reduce((sum, block) => sum + Number(/^ALERT CNT: +(\d+)$/m.exec(block)?.[1]), 0);
    expect(count).toBe((await written('fast', '{}', ORDINARY, RULES.join('\n'))).split('\n').length);
    for (const block of blocks) expect(block.match(/^ALERT SID \[\d\d\]:/gm)).toHaveLength(Number(/^ALERT CNT: +(\d+)$/m.exec(block)?.[1]));
  });

  test.each<readonly [why: string, rule: string, lines: readonly (string | RegExp)[]]>([
    [
      'what is told of the packet and its flow',
      RULES[1],
      [
        /^TIME: +07\/01\/2014-04:20:14\.\d{6}$/m,
        /^PCAP PKT NUM: +\d+$/m,
        /^PKT SRC: +wire\/pcap$/m,
        /^SRC IP: +192\.168\.1\.6$/m,
        /^DST PORT: +80$/m,
        /^FLOW: +to_server: TRUE, to_client: FALSE$/m,
        /^PACKET:\n 00000000 {2}/m,
      ],
    ],
    ['what is told of the rule', RULES[0], [/^ALERT MSG \[00\]: +on the target$/m, /^ALERT SID \[00\]: +1$/m, /^ALERT REV \[00\]: +3$/m]],
    ['the bytes of the stream', RULES[0], [/^STREAM DATA:\n 00000000 .* {2}GET \/search/m]],
    ['a transaction', RULES[0], [/^ALERT FOUND IN \[00\]: TX$/m, /^ALERT IN TX \[00\]: +0$/m]],
    ['bits of the flow', RULES[2], [/^FLOWBITS: +seen$/m, /^FLOW: +to_server: FALSE, to_client: TRUE$/m]],
  ])('%s', async (_why, rule, lines) => {
    const text = await written('alert-debug', '{}', ORDINARY, rule);
    for (const line of lines) expect(text).toMatch(line);
  });

  test('nothing without an alert', async () => expect(await written('alert-debug', '{}', ORDINARY)).toBe(''));
});

describe('stats.log', () => {
  const RECORD = { stats: { uptime: 90_061, decoder: { pkts: 12, invalid: 0 }, detect: { engines: [{ id: 0, rules_loaded: 7 }], alert: 3 } } };
  const rows = (options: Tree): string[] => statsTable(RECORD, START, 90_061, statsTableOf(options)).split('\n').slice(5);

  test('the head, as the guide shows it', () => {
    const rule = '-'.repeat(84);
    expect(statsTable(RECORD, START, 90_061, statsTableOf({})).split('\n').slice(0, 5)).toEqual([
      rule,
      'Date: 1/7/2014 -- 04:20:14 (uptime: 1d, 01h 01m 01s)',
      rule,
      'Counter                                       | TM Name                   | Value',
      rule,
    ]);
  });

  const PACKETS = 'decoder.pkts                                  | Total                     | 12';
  const ALERTS = 'detect.alert                                  | Total                     | 3';
  const INVALID = 'decoder.invalid                               | Total                     | 0';
  const ofThread = (row: string): string => row.replace('Total', 'W#01 ');

  test.each<readonly [why: string, options: Tree, shown: readonly string[]]>([
    ['what counted something, in all', {}, [PACKETS, ALERTS]],
    ['null-values', { 'null-values': 'yes' }, [PACKETS, INVALID, ALERTS]],
    ['threads beside totals', { threads: 'yes' }, [PACKETS, ALERTS, ofThread(PACKETS), ofThread(ALERTS)]],
    ['threads alone', { totals: false, threads: true }, [ofThread(PACKETS), ofThread(ALERTS)]],
  ])('%s', (_why, options, shown) => expect(rows(options)).toEqual(shown));
});

// What is asked for and not written is said at the start.
test.each<readonly [outputs: string, words: readonly RegExp[]]>([
  ['[ { fast: {} }, { eve-log: {} }, { stats: {} }, { alert-debug: {} }, { tls-store: {} }, { pcap-log: {} }, { file-store: {} }, { lua: {} } ]', []],
  ['[ { http-log: {} }, { http-log: { filename: b } }, { tls-log: {} } ]', [/^http-log is deprecated/, /^tls-log is deprecated/]],
  ['[ { syslog: { enabled: no } }, { dns-log: { enabled: no } } ]', []],
  ['[ { syslog: {} } ]', [/^syslog is deprecated/]],
  ['[ { tcp-data: {} }, { http-body-data: {} } ]', [/^tcp-data is not built.*user guide/, /^http-body-data is not built.*user guide/]],
  ['[ { dns-log: {} }, { unified2-alert: {} } ]', [/^dns-log is no output/, /^unified2-alert is no output/]],
  ['[ { eve-log: { types: [ alert, { files: {} }, bittorrent-dht, ftp, doh2, { drop: {} }, frame ] } } ]', []],
  ['[ { eve-log: { types: [ dns, { dms: {} }, { dans: { enabled: no } } ] } } ]', [/^eve-log: type dms is not known/]],
  ['[ { eve-log: { enabled: no, types: [ dms ] } } ]', []],
])('outputs %s', (outputs, words) => {
  const told = checkConfiguration({ outputs: parse(outputs) as unknown[] }).map(({ text }) => text);
  expect(told).toHaveLength(words.length);
  for (const [at, word] of words.entries()) expect(told[at]).toMatch(word);
});

test('counters that are turned off for all are not written, and that is said', async () => {
  const told = checkConfiguration({ stats: { enabled: 'no' }, outputs: [{ 'eve-log': { types: ['stats'] } }] });
  expect(told.map(({ text }) => text)).toEqual([expect.stringContaining('stats.enabled turns counters off')]);
  const folder = mkdtempSync(join(root, 'off-'));
  const lines = new LineOutputs({ stats: { enabled: 'no' }, outputs: [{ stats: {} }] }, folder);
  expect(lines.wantsStats).toBe(false);
  expect(await lines.close()).toEqual([]);
});

test.each<readonly [why: string, options: CounterOptions, shown: Readonly<Record<string, number>>]>([
  ['anomalies of decoders', { decoderEvents: true, streamEvents: false }, { 'decoder.event.ipv4.trunc_pkt': 1 }],
  ['none', { decoderEvents: false, streamEvents: false }, {}],
  ['those of streams, too', { decoderEvents: true, streamEvents: true }, { 'decoder.event.ipv4.trunc_pkt': 1, 'stream.pkt_invalid_ack': 1 }],
])('counters for each kind of anomaly: %s', (_why, options, shown) => {
  const counted = new TrafficCounters(DEFAULT_SETTINGS, [], options);
  const packet = new Packet();
  packet.anomalies.push('ipv4.trunc_pkt', 'stream.pkt_invalid_ack');
  counted.decided(packet);
  const events = countersIn(counted.tree(0), '').filter(([name]) => /event|^stream/.test(name));
  expect(Object.fromEntries(events)).toEqual(shown);
});

test('counters of decoder anomalies in their old place: where a decoder counts packets under that name, there is no room', () => {
  const counted = new TrafficCounters(DEFAULT_SETTINGS, [], { decoderEvents: true, decoderEventsAt: 'decoder', streamEvents: false });
  counted.decided(Object.assign(new Packet(), { anomalies: ['ipraw.invalid_ip_version', 'ipv4.trunc_pkt'] }));
  expect(counted.tree(0)['decoder']).toMatchObject({ ipraw: { invalid_ip_version: 1 }, ipv4: 0 });
  expect(counted.tree(0)['decoder']).not.toHaveProperty('event');
});

test.each<readonly [why: string, packet: { transportChecksumGood?: number; anomalies?: string[] }, shown: object]>([
  ['a wrong checksum, where they are looked at', { transportChecksumGood: 0 }, { invalid_checksum: 1 }],
  ['a right one', { transportChecksumGood: 1 }, {}],
  ['other bytes in the same place', { anomalies: ['stream.reassembly_overlap_different_data'] }, { overlap: 1, overlap_diff_data: 1 }],
])('counters of TCP: %s', (_why, packet, shown) => {
  const counted = new TrafficCounters(DEFAULT_SETTINGS, []);
  counted.decided(Object.assign(new Packet(), { protocol: TCP }, packet));
  expect(Object.fromEntries(Object.entries(counted.tree(0)['tcp']).filter(([, count]) => count !== 0))).toEqual(shown);
});

test.each([
  ['none by protocol unless asked for', false, undefined],
  ['those of the protocol', true, { pass_packet: 1, drop_packet: 0 }],
])('what was done about errors: %s', (_why, protocolPolicies, shown) => {
  const settings = { ...DEFAULT_SETTINGS, exceptionPolicies: { ...DEFAULT_SETTINGS.exceptionPolicies, applicationError: 'pass-packet' as const } };
  const counted = new TrafficCounters(settings, [catalogue.protocols.get('tls')!], { decoderEvents: true, streamEvents: false, protocolPolicies });
  const flow = new Flow();
  Object.assign(flow, { protocol: TCP, applicationProtocol: 'tls' });
  counted.decided(Object.assign(new Packet(), { flow, exceptions: [{ target: 'app_layer_error', policy: 'pass_packet' }] }));
  const tree = counted.tree(0) as { exception_policy: object; app_layer: { error: { tls: { exception_policy?: object } } } };
  expect(tree.exception_policy).toMatchObject({ app_layer: { error: { pass_packet: 1 } } });
  if (shown === undefined) expect(tree.app_layer.error.tls).not.toHaveProperty('exception_policy');
  else expect(tree.app_layer.error.tls.exception_policy).toMatchObject(shown);
});

test('one of several outputs of a kind may be of a kind of file that is not built', async () => {
  const lines = new LineOutputs({ outputs: [{ fast: { filetype: 'unix_dgram' } }, { fast: { filename: 'there.log' } }] }, root);
  expect(lines.problems).toEqual([expect.stringContaining('fast: filetype unix_dgram is not built')]);
  expect(await lines.close()).toEqual([]);
  expect(readFileSync(join(root, 'there.log'), 'utf8')).toBe('');
});
