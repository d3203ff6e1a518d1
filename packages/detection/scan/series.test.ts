/** Captures one after another as one run: what is known of flows goes on, and checksums are judged by the first packets. */
import { concatBytes, fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { CaptureReader, captureHeader, captureRecord, composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { EveWriter } from '../alert/eve-writer.ts';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { Engine } from './engine.ts';

const ETHERNET = 1;
/** of Ethernet, IPv4 and TCP headers without options, as they are composed */
const TCP_CHECKSUM = 14 + 20 + 16;

/** A capture record each. */
function recordsOf(capture: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const reader = new CaptureReader((data, start, end, time, wireLength) => records.push(captureRecord(time, data, start, end, wireLength)));
  expect(reader.push(capture)).toBeUndefined();
  return records;
}

const file = (records: readonly Uint8Array[]): Uint8Array => concatBytes(captureHeader(ETHERNET), ...records);

/** `requests` exchanges of HTTP, each in a connection of its own. */
function traffic(requests: number): Uint8Array[] {
  const capture = composeCapture({ seed: 5 });
  for (let number = 0; number < requests; number++) {
    capture.tcpConversation({
      client: '10.0.0.5',
      server: '203.0.113.9',
      serverPort: 80,
      exchanges: [
        { from: 'client', bytes: fromLatin1(`GET /${number} HTTP/1.1\r\nHost: a.example\r\n\r\n`) },
        { from: 'server', bytes: fromLatin1('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') },
      ],
    });
  }
  return recordsOf(capture.finish());
}

const RULES = [
  'alert http any any -> any any (flow:to_client; http.stat_code; content:"200"; threshold:type limit, track by_src, count 1, seconds 3600; sid:1;)',
  'alert http any any -> any any (http.uri; content:"/"; sid:2;)',
].join('\n');

function run(
  captures: readonly Uint8Array[],
  settings: EngineSettings = DEFAULT_SETTINGS,
  rules = RULES,
): { engine: Engine; lines: string[]; failures: (string | undefined)[] } {
  const lines: string[] = [];
  const writer = new EveWriter((record) => lines.push(JSON.stringify(record)), settings, catalogue.protocols);
  const plan = usePlan(buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, settings).data, catalogue, settings);
  const engine = new Engine(plan, catalogue, settings, writer);
  const failures = captures.map((capture) => {
    const broken = engine.feed(capture);
    const atEnd = engine.next();
    return (broken ?? atEnd)?.code;
  });
  expect(engine.finish()).toBeUndefined();
  return { engine, lines, failures };
}

describe('captures one after another', () => {
  const records = traffic(3);
  const whole = run([file(records)]);

  test('there is something to tell', () => expect(whole.lines.filter((line) => line.includes('"alert"')).length).toBeGreaterThan(3));

  test('cut anywhere, they say the same as the whole', () => {
    for (let cut = 0; cut <= records.length; cut++) expect(run([file(records.slice(0, cut)), file(records.slice(cut))]).lines).toEqual(whole.lines);
  });

  test('one that is cut off, and one that is none, do no harm to the next', () => {
    const first = file(records.slice(0, 5));
    const rest = file(records.slice(5));
    const { lines, failures } = run([concatBytes(first, Uint8Array.of(1, 2, 3)), fromLatin1('this is no capture, but something else'), rest]);
    expect(failures).toEqual(['capture/truncated', 'capture/not-a-capture', undefined]);
    expect(lines).toEqual(whole.lines);
  });
});

/** So many packets, of which every n-th has a wrong checksum. */
function summed(packets: number, everyNth: number): Uint8Array {
  const header = 16;
  const records = traffic(Math.ceil(packets / 8)).slice(0, packets);
  expect(records).toHaveLength(packets);
  for (const [at, record] of records.entries()) if (at % everyNth === 0) record[header + TCP_CHECKSUM] ^= 0x55;
  return file(records);
}

describe('checksums', () => {
  const auto: EngineSettings = { ...DEFAULT_SETTINGS, checksumsMayBeUnset: true };

  test.each<readonly [why: string, settings: EngineSettings, packets: number, everyNth: number, verifying: boolean]>([
    ['half of them wrong: the card was to fill them in', auto, 1000, 2, false],
    ['half of them wrong, but that is to count', DEFAULT_SETTINGS, 1000, 2, true],
    ['too few packets to tell', auto, 999, 2, true],
    ['one in ten is damage', auto, 1000, 10, true],
    ['one in nine is more', auto, 1000, 9, false],
    ['never verified', { ...auto, verifyChecksums: false }, 1000, 2, false],
  ])('%s', (_why, settings, packets, everyNth, verifying) => {
    expect(run([summed(packets, everyNth)], settings, '').engine.checksums.verifying).toBe(verifying);
  });

  test('how many were wrong is counted', () => {
    expect(run([summed(999, 2)], auto, '').engine.checksums).toEqual({ verified: 999, wrong: 500, verifying: true });
  });

  test('once they do not count, rules see what was sent', () => {
    const alerts = (settings: EngineSettings): number =>
      run([summed(1000, 2), summed(400, 2)], settings, 'alert http any any -> any any (http.uri; content:"/"; sid:2;)').engine.counters.alerts;
    expect(alerts(auto)).toBeGreaterThan(alerts(DEFAULT_SETTINGS));
  });
});
