/**
 * A scan: `node benches/flows.bench.ts [FLOWS]` (1,000,000). Half of the flows are one SYN each, half one lookup without answer, all
 * within seconds. Prints processor time and memory of one run without rules, and fails where a flow was lost.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const flows = Number(process.argv[2] ?? 1_000_000);
const RECORD = 16;
const LINKTYPE_RAW = 101;
const folder = mkdtempSync(join(tmpdir(), 'sigwright-scan-'));
const capture = join(folder, 'scan.pcap');

/** One question, for an address (RFC 1035 section 4.1). */
function question(index: number): Uint8Array {
  const label = `h${index}`;
  return Uint8Array.from([
    index >>> 8,
    index,
    1,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    label.length,
    ...Buffer.from(`${label}\x07example\x03com\0\0\x01\0\x01`, 'latin1'),
  ]);
}

/** An IPv4 packet without checksums. */
function packet(index: number, time: number, body: Uint8Array, protocol: number, destination: number): Uint8Array {
  const bytes = new Uint8Array(RECORD + 20 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(time / 1e6), true);
  view.setUint32(4, time % 1e6, true);
  view.setUint32(8, 20 + body.length, true);
  view.setUint32(12, 20 + body.length, true);
  view.setUint8(16, 0x45);
  view.setUint16(18, 20 + body.length);
  view.setUint8(24, 64);
  view.setUint8(25, protocol);
  view.setUint32(28, 0x0a000000 + (index % 50_000));
  view.setUint32(32, destination);
  bytes.set(body, 36);
  return bytes;
}

const parts: Uint8Array[] = [new Uint8Array(24)];
const header = new DataView(parts[0].buffer);
header.setUint32(0, 0xa1b2c3d4, true);
header.setUint16(4, 2, true);
header.setUint16(6, 4, true);
header.setUint32(16, 262_144, true);
header.setUint32(20, LINKTYPE_RAW, true);
for (let index = 0; index < flows; index++) {
  const time = 1_709_888_400_000_000 + index * 10;
  const asksName = index % 2 === 1;
  const message = asksName ? question(index) : new Uint8Array(0);
  const body = new Uint8Array((asksName ? 8 : 20) + message.length);
  const view = new DataView(body.buffer);
  view.setUint16(0, 1024 + (Math.floor(index / 50_000) % 60_000));
  if (asksName) {
    view.setUint16(2, 53);
    view.setUint16(4, body.length);
    body.set(message, 8);
  } else {
    view.setUint16(2, 1 + (index % 1000));
    view.setUint32(4, index);
    view.setUint8(12, 0x50);
    view.setUint8(13, 2);
    view.setUint16(14, 64_240);
  }
  parts.push(packet(index, time, body, asksName ? 17 : 6, asksName ? 0x08080808 : 0xc0a80000 + (index % 65_000)));
}
writeFileSync(capture, Buffer.concat(parts));
writeFileSync(join(folder, 'none.rules'), '');
const launcher = join(import.meta.dirname, '..', 'sigwright');
// The process tells its own usage at its end.
const telling = "process.on('exit', () => console.error(JSON.stringify(process.resourceUsage())))";
const run = spawnSync(launcher, ['run', '-k', 'none', '-r', capture, '-S', join(folder, 'none.rules')], {
  encoding: 'utf8',
  env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(telling)}` },
});
rmSync(folder, { recursive: true });
if (run.status !== 0 || !run.stdout.includes(` ${flows} flows`)) throw new Error(`flows were lost: ${run.stdout}${run.stderr}`);
const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(run.stderr) as NodeJS.ResourceUsage;
console.log(`${flows} flows: ${((userCPUTime + systemCPUTime) / 1e6).toFixed(2)} s of processor time, ${Math.round(maxRSS / 1024)} MB`);
