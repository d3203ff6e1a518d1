/**
 * What capture → packets → flows → ordered bytes costs, without any detection: packets, flows and delivered bytes (counts that must not
 * change), CPU seconds and memory. Run in a fresh process: node benches/traffic.bench.ts CAPTURE [--no-checksums]
 * [--keep-opaque] (bytes are read and forgotten by default, as a consumer does that is done with them at once).
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DEFAULT_SETTINGS, type Flow, type Packet, TCP } from '@sigwright/contracts';
import { CaptureReader, type StreamSide, type TcpStream, TrafficPipeline } from '@sigwright/traffic';

const READ_AT_ONCE = 4 * 1024 * 1024;

const path = process.argv[2];
if (path === undefined) {
  console.error('which capture? node benches/traffic.bench.ts CAPTURE [--no-checksums]');
  process.exit(2);
}
const verifyChecksums = !process.argv.includes('--no-checksums');

let packets = 0;
let flows = 0;
let delivered = 0;
let lost = 0;
let anomalies = 0;

function drain(side: StreamSide): void {
  for (;;) {
    const upTo = side.readable(false);
    if (upTo > side.parsed) {
      delivered += upTo - side.parsed;
      side.parsed = upTo;
    }
    if (side.searched < side.parsed) side.searched = side.parsed;
    if (side.gap === 0 || upTo < side.available) break;
    lost += side.takeGap();
  }
  side.release();
}

const pipeline = new TrafficPipeline(
  { ...DEFAULT_SETTINGS, verifyChecksums },
  {
    onPacket(packet: Packet): void {
      packets++;
      anomalies += packet.anomalies.length;
      if (packet.protocol !== TCP || packet.flow === undefined || packet.flow.stream === undefined) return;
      const { sides } = packet.flow.stream as TcpStream;
      drain(sides[0]);
      drain(sides[1]);
    },
    onFlowEnd(flow: Flow): void {
      flows++;
      if (flow.stream === undefined) return;
      const { sides } = flow.stream as TcpStream;
      drain(sides[0]);
      drain(sides[1]);
    },
  },
);
const reader = new CaptureReader((data, start, end, time, wireLength, linkType) => pipeline.record(data, start, end, time, wireLength, linkType));
const before = process.cpuUsage();
const began = performance.now();
const file = openSync(path, 'r');
const chunk = new Uint8Array(READ_AT_ONCE);
for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
  const failure = reader.push(length === chunk.length ? chunk : chunk.subarray(0, length));
  if (failure !== undefined) break;
}
closeSync(file);
const failure = reader.end();
if (failure !== undefined) console.error(failure.message);
pipeline.finish();
const used = process.cpuUsage(before);
const cpu = (used.user + used.system) / 1e6;
const megabytes = statSync(path).size / 1e6;
console.log(
  JSON.stringify({
    packets,
    flows,
    delivered,
    lost,
    anomalies,
    cpuSeconds: Number(cpu.toFixed(3)),
    wallSeconds: Number(((performance.now() - began) / 1000).toFixed(3)),
    megabytesASecond: Math.round(megabytes / cpu),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
