/** Packets that are changed on their way (IPS): a copy of the frame takes the captured one's place, its checksum is made good again. */
import { checksumAdd, checksumFinish } from '@sigwright/bytes';
import { type Packet, TCP } from '@sigwright/contracts';

/** The packet gets a frame of its own; captured bytes are the reader's and stay as they are. */
export function copyFrame(packet: Packet): void {
  const from = packet.frameStart;
  packet.data = packet.data.slice(from, packet.frameEnd);
  packet.frameStart = 0;
  packet.frameEnd -= from;
  if (packet.ethernetStart >= 0) packet.ethernetStart -= from;
  packet.ipStart -= from;
  packet.ipEnd -= from;
  packet.ipOptionsEnd -= from;
  if (packet.fragmentHeader >= 0) packet.fragmentHeader -= from;
  packet.transportStart -= from;
  packet.payloadStart -= from;
  packet.payloadEnd -= from;
}

/** The TCP checksum (RFC 9293 section 3.1) of a segment that was changed. */
export function renewTcpChecksum(packet: Packet): void {
  const { data, transportStart: start, payloadEnd: end } = packet;
  data[start + 16] = data[start + 17] = 0;
  let sum = 0;
  const words = packet.ipVersion === 6 ? 4 : 1;
  for (const address of [packet.source, packet.destination]) for (let at = 0; at < words; at++) sum += (address[at] >>> 16) + (address[at] & 0xffff);
  sum += TCP + (end - start);
  const result = checksumFinish(checksumAdd(data, start, end, sum));
  data[start + 16] = result >>> 8;
  data[start + 17] = result & 0xff;
}
