/** Packets of one conversation out of a capture, as a classic pcap file; the frames as they are. */
import { formatAddressLong } from '@sigwright/bytes';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { CaptureReader, captureHeader, captureRecord, TrafficPipeline } from '@sigwright/traffic';

/** `source`, `destination`: address and port as records write them (`10.0.0.1:80`, `[2001:db8::1]:80`). Undefined: no packet is theirs. */
export function sliceCapture(capture: Uint8Array, source: string, destination: string): Uint8Array | undefined {
  const kept: Uint8Array[] = [];
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
        kept.push(captureRecord(packet.time, packet.data, packet.frameStart, packet.frameEnd, packet.wireLength));
      },
      onFlowEnd(): void {},
    },
  );
  const reader = new CaptureReader((data, start, end, time, wireLength, linkType) => pipeline.record(data, start, end, time, wireLength, linkType));
  // A capture that breaks off has packets before that.
  if (reader.push(capture) === undefined) reader.end();
  pipeline.finish();
  if (kept.length === 0) return undefined;
  return Buffer.concat([captureHeader(link), ...kept]);
}

function endOf(words: Uint32Array, version: number, port: number): string {
  const text = formatAddressLong(words, version);
  return version === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}
