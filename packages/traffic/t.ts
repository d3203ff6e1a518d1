import { openSync, readSync } from 'node:fs';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { CaptureReader, type TcpStream, TrafficPipeline } from './index.ts';

let n = 0,
  fl = 0,
  bytes = 0;
const p = new TrafficPipeline(
  { ...DEFAULT_SETTINGS, verifyChecksums: process.argv[3] === 'k' },
  {
    onPacket(pk) {
      n++;
      const f = pk.flow;
      if (f?.stream) {
        for (const s of (f.stream as TcpStream).sides) {
          const r = s.readable(false);
          bytes += Math.max(0, r - s.parsed);
          s.parsed = s.searched = Math.max(s.parsed, r);
          if (s.gap > 0) s.takeGap();
          s.release();
        }
      }
    },
    onFlowEnd() {
      fl++;
    },
  },
);
const r = new CaptureReader((d, s, e, t, w, l) => p.record(d, s, e, t, w, l));
const fd = openSync(process.argv[2], 'r');
const buf = new Uint8Array(1 << 22);
const t0 = process.cpuUsage();
for (;;) {
  const k = readSync(fd, buf);
  if (k === 0) break;
  const f = r.push(buf.subarray(0, k));
  if (f) {
    console.log(f);
    break;
  }
}
console.log(r.end());
p.finish();
const c = process.cpuUsage(t0);
console.log({ n, fl, bytes, cpu: (c.user + c.system) / 1e6, rss: process.memoryUsage().rss >> 20 });
