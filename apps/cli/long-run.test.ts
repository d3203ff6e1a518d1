/**
 * A sensor runs for months: what a connection, a host or a threshold needed must be gone once its time is over. The week's traffic
 * passes again and again, each time a week later and between other addresses, and the heap must stay as large as it was.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, EveWriter, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';

const example = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
const WEEK_SECONDS = 7 * 86_400;
const CAPTURE_HEADER = 24;
const RECORD_HEADER = 16;
/** into an Ethernet frame: source and destination of IPv4 */
const IPV4_ADDRESSES = [26, 30] as const;
const WARM_UP = 8;
const PASSES = 40;
/** Tables that grow by doubling, and code that is compiled late. */
const SLACK = 1_000_000;

/** Adds 1 to the second word of every address and takes 1 from the first (of the 16-bit ones' complement sum): checksums stay right. */
function moveOn(capture: Buffer): void {
  for (let at = CAPTURE_HEADER; at < capture.length; ) {
    capture.writeUInt32LE(capture.readUInt32LE(at) + WEEK_SECONDS, at);
    const frame = at + RECORD_HEADER;
    if (capture.readUInt16BE(frame + 12) === 0x0800)
      for (const offset of IPV4_ADDRESSES) {
        const high = capture.readUInt16BE(frame + offset);
        const low = capture.readUInt16BE(frame + offset + 2);
        capture.writeUInt16BE(high === 0 ? 0xfffe : high - 1, frame + offset);
        capture.writeUInt16BE(low === 0xffff ? 1 : low + 1, frame + offset + 2);
      }
    at = frame + capture.readUInt32LE(at + 8);
  }
}

test('the heap after forty weeks is what it was after eight', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const capture = Buffer.from(readFileSync(join(example, 'week.pcap')));
  const rules = readdirSync(join(example, 'rules')).map((name) => ({
    path: name,
    rules: parseRules(
      readFileSync(join(example, 'rules', name), 'utf8')
        .replaceAll('$HOME_NET', 'any')
        .replaceAll('$EXTERNAL_NET', 'any'),
    ).rules,
  }));
  const everyHost = parseRules('alert ip any any -> any any (msg:"host"; threshold:type limit, track by_src, count 1, seconds 60; sid:9000001; rev:1;)').rules;
  const build = buildPlan([...rules, { path: 'host', rules: everyHost }], catalogue, DEFAULT_SETTINGS);
  let alerts = 0;
  const writer = new EveWriter((record) => void (record['event_type'] === 'alert' && alerts++), DEFAULT_SETTINGS, catalogue.protocols);
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, writer);
  engine.feed(capture.subarray(0, CAPTURE_HEADER));
  let before = 0;
  let alertsBefore = 0;
  for (let pass = 1; pass <= PASSES; pass++) {
    engine.feed(capture.subarray(CAPTURE_HEADER));
    moveOn(capture);
    if (pass !== WARM_UP) continue;
    before = heap();
    alertsBefore = alerts;
  }
  expect(alerts).toBe((alertsBefore / WARM_UP) * PASSES);
  expect(heap() - before).toBeLessThan(SLACK);
  engine.finish();
});
