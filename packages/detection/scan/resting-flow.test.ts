/** Flows at rest are a way of keeping them, nothing more: with and without it, every record and every alert is the same. */
import { checksum, checksumAdd, checksumFinish, fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { ACK, DEFAULT_SETTINGS, type EveRecord, FIN, Flow, PSH, RST, SYN, TCP, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { type CaptureComposer, composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { buildPlan, Engine, EveWriter, usePlan } from '../index.ts';
import { FlowDetection } from './flow-detection.ts';
import { PayloadFound } from './payload-parts.ts';
import { RestingFlows } from './resting-flow.ts';

const START = 1_709_888_400_000_000;
const RULES = `
alert dns any any -> any any (msg:"name"; dns.query; content:"evil.example"; sid:1; rev:1;)
alert udp any any -> any any (msg:"word"; content:"beacon"; sid:2; rev:1;)
alert udp any any -> any any (msg:"answered word"; flow:established; content:"beacon"; sid:3; rev:1;)
alert udp any any -> any any (msg:"second"; content:"first"; flowbits:set,first; noalert; sid:4; rev:1;)
alert udp any any -> any any (msg:"second"; content:"second"; flowbits:isset,first; sid:5; rev:1;)
alert tcp any any -> any any (msg:"ask"; flags:S; sid:6; rev:1;)
alert ntp any any -> any any (msg:"clock"; ntp.version:4; sid:15; rev:1;)
alert tcp any 445 -> any any (msg:"no"; flags:R; sid:14; rev:1;)
alert tcp any any -> any 8080 (msg:"in a connection"; flow:established,to_server; content:"hello"; sid:7; rev:1;)
alert ip any any -> 192.0.2.66 any (msg:"address"; sid:8; rev:1;)
alert icmp any any -> any any (msg:"echo"; itype:0; sid:9; rev:1;)
alert dns any any -> any any (msg:"answer"; flow:to_client; dns.answers.rrname; content:"late"; sid:10; rev:1;)
alert udp any any -> any any (msg:"lookups"; content:"count me"; threshold:type both, track by_flow, count 3, seconds 60; sid:11; rev:1;)
alert dns any any -> any any (msg:"a part in the payload"; content:"|01 00 00 01|"; dns.query; content:"late"; sid:12; rev:1;)
alert dns any any -> any any (msg:"a part in an earlier payload"; flow:to_server; content:"evil"; dns.query; content:"late"; sid:13; rev:1;)
`;

/** Records without what only counts work. `resting`: are flows put to rest? */
function recordsOf(capture: Uint8Array, resting: boolean): { readonly records: string[]; readonly flows: number } {
  const build = buildPlan([{ path: 'test', rules: parseRules(RULES).rules }], catalogue, DEFAULT_SETTINGS);
  expect(build.problems.flatMap((one) => one.diagnostics.filter(({ severity }) => severity === 'error'))).toEqual([]);
  const records: EveRecord[] = [];
  const writer = new EveWriter((record) => records.push(record), DEFAULT_SETTINGS, catalogue.protocols);
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
    remembersFlows: !resting,
    alert: (alert, packet) => writer.alert(alert, packet),
    anomaly: (packet, flow, transaction, name) => writer.anomaly(packet, flow, transaction, name),
    transaction: (protocol, transaction, flow, packet) => writer.transaction(protocol, transaction, flow, packet),
    flow: (flow) => writer.flow(flow),
  });
  expect(engine.feed(capture)).toBeUndefined();
  expect(engine.finish()).toBeUndefined();
  return { records: records.map((record) => JSON.stringify(record)), flows: engine.counters.flows };
}

const udp = (client: string, server: string, serverPort: number, ...said: readonly [from: 'client' | 'server', bytes: string, delay?: number][]) => {
  return (capture: CaptureComposer): void => {
    capture.udpExchange({
      client,
      server,
      serverPort,
      startTime: START,
      exchanges: said.map(([from, bytes, delay]) => ({ from, bytes, delay: delay ?? 1000 })),
    });
  };
};

/** A question for that name below `example` (RFC 1035). */
const lookup = (name: string): string => `\0\x07\x01\0\0\x01\0\0\0\0\0\0${String.fromCharCode(name.length)}${name}\x07example\0\0\x01\0\x01`;

/** A message about time of that version and mode (RFC 5905). */
const clock = (version: number, mode: number): string => `${String.fromCharCode((version << 3) | mode)}\x01${'\0'.repeat(10)}GPS\0${'\0'.repeat(32)}`;

const FLAGS: Readonly<Record<string, number>> = { F: FIN, S: SYN, R: RST, P: PSH, A: ACK };

/** Segments between 10.0.0.1:40000 and 10.0.0.2:445, one a millisecond: `> S 100 0 text`: direction, flags, sequence, acknowledgement, data. */
const segments = (...lines: readonly string[]) => {
  return (capture: CaptureComposer): void => {
    for (const [index, line] of lines.entries()) {
      const [arrow, letters, sequence, acknowledgement, text = ''] = line.split(' ');
      // Nearly every SYN has options: segment size, scale of the window, timestamp.
      const options = letters === 'S' ? [2, 4, 5, 180, 3, 3, 7, 1, 8, 10, 0xee, 0, 0, index, 0, 0, 0, 0, 0, 0] : [];
      const payload = fromLatin1(text);
      const frame = new Uint8Array(54 + options.length + payload.length);
      const view = new DataView(frame.buffer);
      view.setUint16(12, 0x0800);
      view.setUint8(14, 0x45);
      view.setUint16(16, frame.length - 14);
      view.setUint8(22, 64);
      view.setUint8(23, TCP);
      view.setUint32(26, arrow === '>' ? 0x0a000001 : 0x0a000002);
      view.setUint32(30, arrow === '>' ? 0x0a000002 : 0x0a000001);
      view.setUint16(24, checksum(frame, 14, 34));
      view.setUint16(34, arrow === '>' ? 40_000 : 445);
      view.setUint16(36, arrow === '>' ? 445 : 40_000);
      view.setUint32(38, Number(sequence));
      view.setUint32(42, Number(acknowledgement));
      view.setUint8(46, (20 + options.length) << 2);
      view.setUint8(
        47,
        Array.from(letters, (letter) => FLAGS[letter] ?? 0).reduce((all, one) => all | one, 0),
      );
      view.setUint16(48, 1024);
      frame.set(options, 54);
      frame.set(payload, 54 + options.length);
      view.setUint16(50, checksumFinish(checksumAdd(frame, 26, frame.length, TCP + frame.length - 34)));
      capture.frame(frame, START + index * 1000);
    }
  };
};

const REFUSED = ['> S 100 0', '< RA 0 101'] as const;

describe('the same with and without rest', () => {
  test.each<readonly [why: string, make: (capture: CaptureComposer) => void]>([
    ['a lookup and its answer', (to) => void to.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.53', name: 'evil.example', startTime: START })],
    [
      'a lookup without answer',
      (to) => void to.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.53', name: 'a.example', unanswered: true, startTime: START }),
    ],
    ['an answer that a rule asks for', (to) => void to.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.53', name: 'late.example', startTime: START })],
    [
      'lookups of which the first has what a rule waits for',
      udp('10.0.0.1', '10.0.0.53', 53, ['client', lookup('evil')], ['client', lookup('late')], ['client', lookup('late')]),
    ],
    [
      'the time asked for, told, and asked again in words that nobody knows',
      udp('10.0.0.1', '10.0.0.5', 123, ['client', clock(4, 3)], ['server', clock(4, 4)], ['client', clock(7, 3)], ['client', clock(3, 3)]),
    ],
    ['over IPv6', (to) => void to.dnsLookup({ client: '2001:db8::1', resolver: '2001:db8::53', name: 'late.example', startTime: START })],
    ['over TCP', (to) => void to.dnsLookup({ client: '10.0.0.1', resolver: '10.0.0.53', name: 'late.example', transport: 'tcp', startTime: START })],
    [
      'datagrams that nobody knows',
      udp('10.0.0.1', '10.0.0.2', 4444, ['client', 'ping'], ['server', 'beacon'], ['client', 'beacon'], ['client', 'x'], ['client', 'y']),
    ],
    ['only one side speaks', udp('10.0.0.1', '10.0.0.2', 4444, ['client', 'one'], ['client', 'two'], ['client', 'beacon'])],
    ['bits of a flow', udp('10.0.0.1', '10.0.0.2', 4444, ['client', 'first'], ['server', 'and'], ['client', 'second'])],
    ['thresholds of a flow', udp('10.0.0.1', '10.0.0.2', 4444, ['client', 'count me'], ['client', 'count me'], ['client', 'count me'])],
    ['a flow that wakes after its timeout is another one', udp('10.0.0.1', '10.0.0.2', 4444, ['client', 'one'], ['client', 'two', 31_000_000])],
    ['rules on addresses hold once a flow', udp('10.0.0.1', '192.0.2.66', 4444, ['client', 'one'], ['client', 'two'], ['server', 'three'])],
    ['an echo and its reply', (to) => to.icmpEcho({ client: '10.0.0.1', server: '10.0.0.2' } as Parameters<CaptureComposer['icmpEcho']>[0])],
    [
      'a connection asked for, opened and used',
      (to) =>
        void to.tcpConversation({
          client: '10.0.0.1',
          server: '10.0.0.2',
          serverPort: 8080,
          startTime: START,
          exchanges: [
            { from: 'client', bytes: 'hello' },
            { from: 'server', bytes: 'well' },
          ],
        }),
    ],
    ['a connection that is refused', segments(...REFUSED)],
    ['whose client asks again', segments(...REFUSED, '> S 100 0', '< RA 0 101')],
    ['whose client asks again with another number: another one', segments(...REFUSED, '> S 900 0', '< RA 0 901')],
    ['whose client asks the other way round', segments(...REFUSED, '< S 900 0', '> RA 0 901')],
    ['that is refused twice', segments(...REFUSED, '< RA 0 101')],
    ['whose server goes on as if it had not refused', segments(...REFUSED, '< SA 500 101', '> A 101 501', '> PA 101 501 hello', '< A 501 106')],
    ['whose server says something', segments(...REFUSED, '< PA 1 101 hello', '> A 101 6')],
    ['whose client says something', segments(...REFUSED, '> PA 101 1 hello', '< A 1 106')],
    ['whose client ends it', segments(...REFUSED, '> FA 101 1', '< RA 1 102')],
    ['that is refused with a number of the server', segments('> S 100 0', '< RA 7777 101', '> S 100 0')],
    ['that is refused with a wrong acknowledgement', segments('> S 100 0', '< RA 0 77', '< RA 0 101')],
    ['that its client resets itself', segments('> S 100 0', '> R 101 0', '> S 100 0')],
    ['that was opened before it was reset', segments('> S 100 0', '< SA 500 101', '> R 101 0', '> S 100 0')],
    ['a name server speaks first, and the flow is turned round', udp('10.0.0.53', '10.0.0.1', 40_000, ['client', 'beacon'], ['server', 'beacon'])],
    [
      'many at once, which end in the order in which they were silent',
      (to) => {
        for (let at = 0; at < 200; at++) {
          const client = `10.0.${at % 7}.${at + 1}`;
          if (at % 2 === 0) to.dnsLookup({ client, resolver: '10.0.0.53', name: `h${at}.example`, unanswered: at % 4 === 0, startTime: START + at * 1e6 });
          else to.tcpConversation({ client, server: '10.0.9.9', serverPort: 1 + at, startTime: START + at * 1e6, exchanges: [], close: 'none' });
        }
      },
    ],
  ])('%s', (_why, make) => {
    for (const vlan of [undefined, 7]) {
      const capture = composeCapture({ seed: 3, startTime: START, ...(vlan === undefined ? {} : { vlan }) });
      make(capture);
      const bytes = capture.finish();
      const awake = recordsOf(bytes, false);
      expect(awake.records.length).toBeGreaterThan(0);
      expect(recordsOf(bytes, true)).toEqual(awake);
    }
  });
});

describe('what was found in the payloads of a flow at rest', () => {
  const rule = (index: number): CompiledRule => ({ index }) as CompiledRule;
  const nothing = PayloadFound.nothing();

  test('comes back with it', () => {
    const resting = new RestingFlows(catalogue, DEFAULT_SETTINGS);
    const found = [undefined, nothing.with(rule(5)), nothing.with(rule(5)).with(rule(9))];
    const kept: number[] = [];
    for (const toServer of found) {
      for (const toClient of found) {
        const detection = new FlowDetection();
        if (toServer !== undefined) detection.of(TO_SERVER).payloadFound = toServer;
        if (toClient !== undefined) detection.of(TO_CLIENT).payloadFound = toClient;
        kept.push(resting.rest(new Flow(), detection));
      }
    }
    expect(new Set(kept).size).toBe(9);
    for (const [at, one] of kept.entries()) {
      const woken = new FlowDetection();
      resting.wake(new Flow(), one, woken);
      expect([woken.known(TO_SERVER)?.payloadFound, woken.known(TO_CLIENT)?.payloadFound]).toEqual([found[Math.floor(at / 3)], found[at % 3]]);
    }
  });

  test('keeps it awake where it is one of very many', () => {
    const resting = new RestingFlows(catalogue, DEFAULT_SETTINGS);
    const answers = Array.from({ length: 300 }, (_, index) => {
      const detection = new FlowDetection();
      detection.of(TO_SERVER).payloadFound = nothing.with(rule(index));
      return resting.rest(new Flow(), detection);
    });
    expect(answers.filter((answer) => answer < 0).length).toBe(45);
    expect(answers.every((answer) => answer < 2 ** 31)).toBe(true);
  });

  test('is one object for all flows that found the same, up to a bound', () => {
    expect(nothing.with(rule(1)).with(rule(2))).toBe(nothing.with(rule(1)).with(rule(2)));
    expect(nothing.with(rule(1)).with(rule(1))).toBe(nothing.with(rule(1)));
    expect([nothing.has(1), nothing.with(rule(1)).has(1)]).toEqual([false, true]);
    let many = PayloadFound.nothing();
    for (let index = 0; index < 1000; index++) many = many.with(rule(index));
    expect([many.isShared, many.count]).toEqual([false, 1000]);
  });
});

test('what detection kept about a flow at rest serves another, and knows nothing of the first', () => {
  const detection = new FlowDetection();
  const changed = (of: object): void => {
    for (const [name, value] of Object.entries(of))
      if (typeof value !== 'object') Object.assign(of, { [name]: typeof value === 'number' ? 3 : typeof value === 'boolean' ? true : {} });
  };
  const parts = (one: FlowDetection): object[] => [one, one.recognising, one.of(TO_SERVER), one.of(TO_CLIENT)];
  for (const part of parts(detection)) changed(part);
  expect(parts(detection)).not.toEqual(parts(new FlowDetection()));
  detection.clear();
  expect(parts(detection)).toEqual(parts(new FlowDetection()));
});
