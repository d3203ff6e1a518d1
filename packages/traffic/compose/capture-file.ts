/** Classic pcap, microseconds, little-endian, Ethernet (draft-ietf-opsawg-pcap). */
import { captureHeader, captureRecord } from '../capture/classic-file.ts';
import { ByteWriter } from './byte-writer.ts';

export interface ComposedPacket {
  /** microseconds since 1970 */
  readonly time: number;
  readonly frame: Uint8Array;
}

const LINK_ETHERNET = 1;

/** Sorts by time; packets of one time keep their order. */
export function captureFile(packets: readonly ComposedPacket[]): Uint8Array {
  const writer = new ByteWriter().append(captureHeader(LINK_ETHERNET));
  for (const { time, frame } of packets.toSorted((a, b) => a.time - b.time)) writer.append(captureRecord(time, frame, 0, frame.length, frame.length));
  return writer.finish();
}
