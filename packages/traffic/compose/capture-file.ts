/** Classic pcap, microseconds, little-endian, Ethernet (draft-ietf-opsawg-pcap). */
import { ByteWriter } from './byte-writer.ts';

export interface ComposedPacket {
  /** microseconds since 1970 */
  readonly time: number;
  readonly frame: Uint8Array;
}

const MAGIC = 0xa1b2c3d4;
const SNAP_LENGTH = 262_144;
const LINK_ETHERNET = 1;

/** Sorts by time; packets of one time keep their order. */
export function captureFile(packets: readonly ComposedPacket[]): Uint8Array {
  const writer = new ByteWriter()
    .uint32Little(MAGIC)
    .uint16Little(2)
    .uint16Little(4)
    .uint32Little(0)
    .uint32Little(0)
    .uint32Little(SNAP_LENGTH)
    .uint32Little(LINK_ETHERNET);
  for (const packet of packets.toSorted((a, b) => a.time - b.time)) {
    const seconds = Math.floor(packet.time / 1e6);
    writer
      .uint32Little(seconds)
      .uint32Little(Math.floor(packet.time - seconds * 1e6))
      .uint32Little(packet.frame.length)
      .uint32Little(packet.frame.length);
    writer.append(packet.frame);
  }
  return writer.finish();
}
