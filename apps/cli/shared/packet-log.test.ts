/** Packets as capture files: which are written, under which names, and what happens when a file is full or can not be written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { CaptureReader, composeCapture } from '@sigwright/traffic';
import { afterAll, expect, test } from 'vitest';
import type { Tree } from './configuration-tree.ts';
import { PacketLog } from './packet-log.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-packets-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Two conversations, one after the other; the second one asks for /evil. */
function traffic(): Uint8Array {
  const capture = composeCapture({ seed: 3 });
  for (const path of ['/fine', '/evil']) {
    capture.tcpConversation({
      client: '10.0.0.5',
      server: '203.0.113.9',
      serverPort: 80,
      exchanges: [
        { from: 'client', bytes: latin1(`GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`) },
        { from: 'server', bytes: latin1(`HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(2000)}`) },
      ],
    });
  }
  return capture.finish();
}

function framesIn(path: string): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const reader = new CaptureReader((data, start, end) => frames.push(data.slice(start, end)));
  expect(reader.push(readFileSync(path))).toBeUndefined();
  expect(reader.end()).toBeUndefined();
  return frames;
}

/** An alert's packet, and where it says that it is kept. */
type Told = readonly [path: string | undefined, frame: Uint8Array];

function logged(options: Tree, rule: string): { log: PacketLog; folder: string; names: string[]; frames: Uint8Array[]; told: Told[] } {
  const folder = mkdtempSync(join(root, 'run-'));
  const told: Told[] = [];
  const log = PacketLog.of({ outputs: [{ 'pcap-log': { enabled: 'yes', ...options } }] }, folder);
  if (log === undefined) throw new Error('no log');
  const plan = usePlan(buildPlan([{ path: 'test', rules: parseRules(rule).rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
  const engine = new Engine(plan, catalogue, DEFAULT_SETTINGS, {
    alert: ({ flow, rule: { tags } }, packet) => {
      told.push([log.fileOf(packet, flow), packet.data.slice(packet.frameStart, packet.frameEnd)]);
      log.alerted(flow, tags.length > 0);
    },
    tagged: () => log.tagged(),
    decided: (packet, flow) => log.decided(packet, flow),
    flow: (flow) => log.ended(flow),
  });
  expect(engine.feed(traffic())).toBeUndefined();
  engine.finish();
  log.close();
  const names = readdirSync(folder).sort();
  return { log, folder, names, frames: names.flatMap((name) => (name.endsWith('.lz4') ? [] : framesIn(join(folder, name)))), told };
}

const ALERT = 'alert http any any -> any any (http.uri; content:"/evil"; sid:1;)';
const TAG = 'alert http any any -> any any (http.uri; content:"/evil"; tag:session; sid:1;)';
const all = framesIn2(traffic());
function framesIn2(capture: Uint8Array): Uint8Array[] {
  const path = join(root, 'all.pcap');
  writeFileSync(path, capture);
  return framesIn(path);
}
const half = all.length / 2;
const text = (frame: Uint8Array): string => Buffer.from(frame).toString('latin1');

test('all packets as they are, in one file named by the first one', () => {
  const { names, frames, log } = logged({}, ALERT);
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/^log\.pcap\.\d{10}$/);
  expect(frames).toEqual(all);
  expect(log.written).toBe(all.length);
});

test.each([
  ['alerts', ALERT],
  ['tag', TAG],
])('conditional: %s keeps the flow that the rule found, with the data before the alert', (conditional, rule) => {
  const { frames } = logged({ conditional }, rule);
  expect(frames.some((frame) => text(frame).includes('GET /evil'))).toBe(true);
  expect(frames.some((frame) => text(frame).includes('GET /fine'))).toBe(false);
  expect(frames.length).toBeGreaterThan(2);
  expect(frames.length).toBeLessThanOrEqual(half);
});

test('conditional: tag asks for a rule that tags', () => expect(logged({ conditional: 'tag' }, ALERT).names).toEqual([]));

test('a full file is followed by the next one', () => {
  const { names, frames } = logged({ limit: '2kb', 'ts-format': 'usec' }, ALERT);
  expect(names.length).toBeGreaterThan(2);
  expect(frames).toHaveLength(all.length);
});

test('unless it would have the same name', () => {
  const { names, frames } = logged({ limit: '2kb' }, ALERT);
  expect(names).toHaveLength(new Set(names).size);
  expect(frames).toHaveLength(all.length);
});

test('of a ring the newest files stay', () => {
  const { names, frames } = logged({ limit: '2kb', 'ts-format': 'usec', 'max-files': 2 }, ALERT);
  expect(names).toHaveLength(2);
  expect(frames.at(-1)).toEqual(all.at(-1));
});

test('a name for each thread, and what the filter left out is counted', () => {
  const { names, log } = logged({ mode: 'multi', filename: 'part.%n-%t-%i', 'bpf-filter': 'tcp and src port 80' }, ALERT);
  expect(names[0]).toMatch(/^part\.1-\d{10}-1$/);
  expect(log.filtered).toBeGreaterThan(0);
  expect(log.written + log.filtered).toBe(all.length);
});

test.each([
  ['all packets', {}],
  ['files that are soon full', { limit: '2kb', 'ts-format': 'usec' }],
  ['what alerted alone', { conditional: 'alerts' }],
])('an alert names the file of its thread: %s', (_why, options) => {
  const { told, folder, names } = logged({ mode: 'multi', filename: 'part.%n-%t', ...options }, ALERT);
  const [[path = '', frame]] = told;
  expect(names.map((name) => join(folder, name))).toContain(path);
  expect(framesIn(path)).toContainEqual(frame);
});

test('files that are not of one thread are not named', () => expect(logged({}, ALERT).told[0][0]).toBeUndefined());

test.each([
  [{ compression: 'zip' }, /zip.*neither none nor lz4/],
  [{ mode: 'sideways' }, /neither normal nor multi/],
  [{ conditional: 'never' }, /none of all, alerts, tag/],
  [{ 'bpf-filter': 'tcp and (' }, /bpf-filter/],
] as const)('what can not be is refused: %o', (options, words) => {
  expect(() => PacketLog.of({ outputs: [{ 'pcap-log': { enabled: 'yes', ...options } }] }, root)).toThrow(words);
});

test('a folder that can not be written is a failure that is told, not a crash', () => {
  writeFileSync(join(root, 'file'), '');
  const { log } = logged({ dir: join(root, 'file') }, ALERT);
  expect(log.failure).toMatch(/could not be opened/);
  const packed = logged({ dir: join(root, 'file'), compression: 'lz4' }, ALERT).log;
  expect(packed.failure).toMatch(/^Error opening file for compressed output: [A-Z][a-z ]+$/);
});

test('compression: a frame of LZ4 that others read', () => {
  const plain = logged({}, ALERT);
  const { folder, names } = logged({ compression: 'lz4', 'lz4-checksum': 'yes' }, ALERT);
  expect(names).toEqual(plain.names.map((name) => `${name}.lz4`));
  const packed = readFileSync(join(folder, names[0]));
  const bare = readFileSync(join(plain.folder, plain.names[0]));
  expect([packed.readUInt32LE(0), packed.length < bare.length]).toEqual([0x184d2204, true]);
});

test.each([
  ['a bare number counts MiB, and both conversations are far smaller', '1', false],
  ['a unit says what is meant', '1mb', false],
  ['a small unit, too', '1kb', true],
  ['a bare number that no capture is so many MiB long counts bytes', '65537', false],
])('limit: %s', (_why, limit, hasMore) => {
  expect(logged({ limit, 'ts-format': 'usec' }, ALERT).names.length > 1).toBe(hasMore);
});
