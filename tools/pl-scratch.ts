import { readFileSync } from 'node:fs';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { CaptureReader, TrafficPipeline } from '@sigwright/traffic';

const mid = process.argv.includes('mid');
const p = new TrafficPipeline(
  { ...DEFAULT_SETTINGS, verifyChecksums: false, stream: { ...DEFAULT_SETTINGS.stream, midstream: mid } },
  {
    onPacket(k) {
      const s = k.flow?.stream as any;
      console.log(
        k.number,
        k.tunnelDepth,
        k.protocol,
        k.sourcePort,
        k.destinationPort,
        'dir',
        k.direction,
        'len',
        k.payloadEnd - k.payloadStart,
        'in',
        k.inStream,
        'est',
        k.flowEstablished,
        k.anomalies.join(' '),
        s ? `${s.stateName} ${s.sides.map((x: any) => `${x.available}/${x.acknowledged}/g${x.gap}${x.ended ? 'E' : ''}`).join(' ')}` : '',
      );
    },
    onFlowEnd(f) {
      const s = f.stream as any;
      console.log(
        'END',
        f.id,
        f.endReason,
        s ? `${s.stateName} ${s.sides.map((x: any) => `${x.available}/${x.acknowledged}/g${x.gap}${x.ended ? 'E' : ''}`).join(' ')}` : '',
      );
    },
  },
);
const r = new CaptureReader((d, s, e, t, w, l) => p.record(d, s, e, t, w, l));
console.log(r.push(readFileSync(process.argv[2])), r.end());
p.finish();
