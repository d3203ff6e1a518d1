/** Packets of one conversation out of a capture, as a classic pcap file; the frames as they are. */
import { formatAddressLong, parseAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { CaptureReader, captureHeader, captureRecord, TrafficPipeline } from '@sigwright/traffic';

/** Bytes of a slice; the rest of a longer conversation is left out. */
const LONGEST_SLICE = 64 * 1024 * 1024;

/** `source`, `destination`: address and port as records write them (`10.0.0.1:80`, `[2001:db8::1]:80`). Undefined: no packet is theirs. */
export function sliceCapture(capture: Uint8Array, source: string, destination: string): Uint8Array | undefined {
  const slicer = new FlowSlicer(source, destination, DEFAULT_SETTINGS);
  slicer.push(capture);
  return slicer.end();
}

/** The same for a capture that comes in chunks of any size. */
export class FlowSlicer {
  readonly #kept: Uint8Array[] = [];
  readonly #pipeline: TrafficPipeline;
  readonly #reader: CaptureReader;
  #link = 0;
  #size = 0;

  constructor(one: string, other: string, settings: EngineSettings) {
    const [source, destination] = [plainEnd(one), plainEnd(other)];
    this.#pipeline = new TrafficPipeline(
      { ...settings, verifyChecksums: false },
      {
        onPacket: (packet): void => {
          if (packet.ipVersion === 0 || this.#size > LONGEST_SLICE) return;
          const from = endOf(packet.source, packet.ipVersion, packet.sourcePort);
          const to = endOf(packet.destination, packet.ipVersion, packet.destinationPort);
          if (!((from === source && to === destination) || (from === destination && to === source))) return;
          this.#link = packet.linkType;
          const record = captureRecord(packet.time, packet.data, packet.frameStart, packet.frameEnd, packet.wireLength);
          this.#size += record.length;
          this.#kept.push(record);
        },
        onFlowEnd(): void {},
      },
    );
    this.#reader = new CaptureReader((data, start, end, time, wireLength, linkType) => this.#pipeline.record(data, start, end, time, wireLength, linkType));
  }

  /** False: nothing that comes will be taken, the capture is damaged or the slice long enough. */
  push(chunk: Uint8Array): boolean {
    return this.#reader.push(chunk) === undefined && this.#size <= LONGEST_SLICE;
  }

  /** A capture that breaks off has packets before that. */
  end(): Uint8Array | undefined {
    this.#reader.end();
    this.#pipeline.finish();
    return this.#kept.length === 0 ? undefined : Buffer.concat([captureHeader(this.#link), ...this.#kept]);
  }
}

function endOf(words: Uint32Array, version: number, port: number): string {
  const text = formatAddressLong(words, version);
  return version === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}

/** IPv6 in the one form of `endOf`, however it is written. */
function plainEnd(written: string): string {
  const [, address = '', port = ''] = /^\[(.*)\]:(\d+)$/.exec(written) ?? [];
  const parsed = address === '' ? undefined : parseAddress(address);
  return parsed === undefined ? written : endOf(parsed.words, parsed.version, Number(port));
}
