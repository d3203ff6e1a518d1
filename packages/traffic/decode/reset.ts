/** Back to the state in which nothing is known about a packet but where its frame lies. */
import type { Packet } from '@sigwright/contracts';

export function resetPacket(packet: Packet): void {
  packet.etherType = 0;
  packet.ethernetStart = -1;
  packet.vlanCount = 0;
  packet.layers = 0;
  packet.ipVersion = 0;
  packet.ipStart = -1;
  packet.ipHeaderLength = 0;
  packet.ipLength = 0;
  packet.ipEnd = 0;
  packet.ttl = 0;
  packet.tos = 0;
  packet.ipId = 0;
  packet.fragmentFlags = 0;
  packet.fragmentOffset = 0;
  packet.isFragment = false;
  packet.fragmentHeader = -1;
  packet.protocol = -1;
  packet.ipOptionsEnd = 0;
  packet.transportStart = -1;
  packet.sourcePort = 0;
  packet.destinationPort = 0;
  packet.tcpFlags = 0;
  packet.tcpMss = -1;
  packet.tcpWindowScale = -1;
  packet.tcpSackPermitted = false;
  packet.tcpFastOpen = false;
  packet.tcpTimestamp = -1;
  packet.tcpTimestampEcho = -1;
  packet.icmpType = -1;
  packet.icmpCode = -1;
  packet.icmpId = -1;
  packet.icmpSequence = -1;
  packet.payloadStart = 0;
  packet.payloadEnd = 0;
  packet.ipChecksumGood = -1;
  packet.transportChecksumGood = -1;
  if (packet.anomalies.length > 0) packet.anomalies.length = 0;
  packet.isRebuilt = false;
  packet.flow = undefined;
  packet.direction = 0;
  packet.flowEstablished = false;
  packet.isPseudo = false;
  packet.inStream = false;
}
