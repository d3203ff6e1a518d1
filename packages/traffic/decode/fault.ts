/** Where decoding of a layer stops: the anomaly's name is kept on the packet. Names are those of Suricata's decoder events. */
import type { Packet } from '@sigwright/contracts';

/** Headers in one frame, all nesting counted. Real frames have fewer than ten; Suricata stops at 16 as well, where its configuration does not say less. */
export const MOST_LAYERS = 16;

/** Always false, so that a decoder can end with it. */
export function fault(packet: Packet, anomaly: string): false {
  packet.anomalies.push(anomaly);
  packet.isInvalid = true;
  return false;
}

/** Counts a header that can nest. False (and the anomaly) where there are too many. */
export function descend(packet: Packet): boolean {
  return ++packet.layers <= MOST_LAYERS || fault(packet, 'too_many_layers');
}
