/** Every capture of the reference data goes through without a throw, gives the same at another split, and leaves no flow behind. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_SETTINGS, type Flow, type Packet, TCP } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from './capture/reader.ts';
import { TrafficPipeline } from './pipeline.ts';
import type { TcpStream } from './streams/tcp-stream.ts';

const shared = join(import.meta.dirname, '..', '..', '..', 'shared');

function capturesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(pcap|pcapng|cap|dmp|trace)$/.test(name))
    .map((name) => join(folder, name));
}

interface Outcome {
  packets: number;
  flows: number;
  ended: number;
  delivered: number;
  anomalies: number;
  failure: string | undefined;
}

function run(bytes: Uint8Array, size: number, inline: boolean): Outcome {
  const outcome: Outcome = { packets: 0, flows: 0, ended: 0, delivered: 0, anomalies: 0, failure: undefined };
  const read = (flow: Flow): void => {
    if (flow.stream === undefined) return;
    for (const side of (flow.stream as TcpStream).sides) {
      for (;;) {
        const upTo = side.readable(inline);
        expect(upTo).toBeGreaterThanOrEqual(side.parsed);
        expect(upTo - side.base).toBeLessThanOrEqual(side.bytes.length);
        outcome.delivered += upTo - side.parsed;
        side.parsed = side.searched = upTo;
        if (side.gap === 0 || upTo < side.available) break;
        expect(side.takeGap()).toBeGreaterThan(0);
      }
      side.release();
    }
  };
  const seen = new Set<Flow>();
  const pipeline = new TrafficPipeline(
    { ...DEFAULT_SETTINGS, verifyChecksums: false, inline, stream: { ...DEFAULT_SETTINGS.stream, midstream: true } },
    {
      onPacket(packet: Packet): void {
        outcome.packets++;
        outcome.anomalies += packet.anomalies.length;
        expect(packet.payloadEnd).toBeLessThanOrEqual(packet.data.length);
        if (packet.flow === undefined) return;
        seen.add(packet.flow);
        if (packet.protocol === TCP) read(packet.flow);
      },
      onFlowEnd(flow: Flow): void {
        outcome.ended++;
        read(flow);
      },
    },
  );
  const reader = new CaptureReader((data, start, end, time, wireLength, linkType) => pipeline.record(data, start, end, time, wireLength, linkType));
  for (let at = 0; at < bytes.length && outcome.failure === undefined; at += size) outcome.failure = reader.push(bytes.subarray(at, at + size))?.code;
  outcome.failure ??= reader.end()?.code;
  pipeline.finish();
  outcome.flows = seen.size;
  expect(pipeline.flows.count).toBe(0);
  return outcome;
}

describe('reference captures', () => {
  for (const [folder, least] of [
    ['captures/files', 1000],
    ['conformance/suite', 700],
    ['seed', 10],
  ] as const) {
    it(`${folder} go through, the same at every split`, { timeout: 600_000 }, () => {
      const files = capturesBelow(join(shared, folder));
      expect(files.length).toBeGreaterThan(least);
      for (const file of files) {
        const bytes = readFileSync(file);
        const whole = run(bytes, bytes.length, false);
        expect({ file, ...run(bytes, 1021, false) }).toEqual({ file, ...whole });
        // Every flow made ends once, also those that expire on the way.
        expect({ file, ended: whole.ended }).toEqual({ file, ended: whole.flows });
        expect(run(bytes, bytes.length, true).packets).toBe(whole.packets);
      }
    });
  }
});
