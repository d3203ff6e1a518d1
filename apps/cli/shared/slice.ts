/** Packets of one conversation out of a capture, as a classic pcap file; the frames as they are. */
import { formatAddressLong } from '@sigwright/bytes';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { CaptureReader, TrafficPipeline } from '@sigwright/traffic';

const MAGIC = 0xa1b2c3d4;
const SNAP_LENGTH = 262_144;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** `source`, `destination`: address and port as records write them (`10.0.0.1:80`, `[2001:db8::1]:80`). Undefined: no packet is theirs. */
export function sliceCapture(capture: Uint8Array, source: string, destination: string): Uint8Array | undefined {
  const kept: { time: number; frame: Uint8Array; wireLength: number }[] = [];
  let link = 0;
  const pipeline = new TrafficPipeline(
    { ...DEFAULT_SETTINGS, verifyChecksums: false },
    {
      onPacket(packet): void {
        if (packet.ipVersion === 0) return;
        const from = endOf(packet.source, packet.ipVersion, packet.sourcePort);
        const to = endOf(packet.destination, packet.ipVersion, packet.destinationPort);
        if (!((from === source && to === destination) || (from === destination && to === source))) return;
        link = packet.linkType;
        kept.push({ time: packet.time, frame: packet.data.slice(packet.frameStart, packet.frameEnd), wireLength: packet.wireLength });
      },
      onFlowEnd(): void {},
    },
  );
  const reader = new CaptureReader((data, start, end, time, wireLength, linkType) => pipeline.record(data, start, end, time, wireLength, linkType));
  // A capture that breaks off has packets before that.
  if (reader.push(capture) === undefined) reader.end();
  pipeline.finish();
  if (kept.length === 0) return undefined;
  const out = new Uint8Array(FILE_HEADER + kept.reduce((sum, { frame }) => sum + RECORD_HEADER + frame.length, 0));
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, link, true);
  let at = FILE_HEADER;
  for (const { time, frame, wireLength } of kept) {
    const seconds = Math.floor(time / 1e6);
    view.setUint32(at, seconds, true);
    view.setUint32(at + 4, Math.floor(time - seconds * 1e6), true);
    view.setUint32(at + 8, frame.length, true);
    view.setUint32(at + 12, wireLength, true);
    out.set(frame, at + RECORD_HEADER);
    at += RECORD_HEADER + frame.length;
  }
  return out;
}

function endOf(words: Uint32Array, version: number, port: number): string {
  const text = formatAddressLong(words, version);
  return version === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}
