/** `suricata.packet`: bytes, number, time and ends of the packet. */
import { formatAddressLong, latin1 } from '@sigwright/bytes';
import { eveTimestamp, type Packet, SCTP, TCP, UDP } from '@sigwright/contracts';
import type { Functions, LibraryTools, Methods } from './library-tools.ts';
import { legacyTime, seconds } from './times.ts';

export function packetLibrary(tools: LibraryTools): Functions {
  return {
    get() {
      const packet = tools.host.context?.packet;
      return packet === undefined ? [undefined, 'error: no packet'] : [tools.value('suricata:packet', packet, () => packetMethods)];
    },
  };
}

/** What stands for a flow at its end has the time of its beginning, as in Suricata. */
function timeOf({ time, isPseudo, flow }: Packet): number {
  return isPseudo && flow !== undefined ? flow.startTime : time;
}

const packetMethods: Methods<Packet> = {
  packet: ({ data, frameStart, frameEnd }) => [latin1(data, frameStart, frameEnd)],
  payload: ({ data, payloadStart, payloadEnd }) => [latin1(data, payloadStart, payloadEnd)],
  packet_len: ({ frameStart, frameEnd }) => [frameEnd - frameStart],
  pcap_cnt: ({ number }) => [number],
  timestamp: (packet) => seconds(timeOf(packet)),
  timestring_legacy: (packet) => [legacyTime(timeOf(packet))],
  timestring_iso8601: (packet) => [eveTimestamp(timeOf(packet))],
  sp: (packet) => (hasPorts(packet) ? [packet.sourcePort] : [undefined, 'sp only available for tcp, udp and sctp']),
  dp: (packet) => (hasPorts(packet) ? [packet.destinationPort] : [undefined, 'dp only available for tcp, udp and sctp']),
  tuple: (packet) => [
    packet.ipVersion,
    formatAddressLong(packet.source, packet.ipVersion),
    formatAddressLong(packet.destination, packet.ipVersion),
    packet.protocol,
    hasPorts(packet) ? packet.sourcePort : packet.icmpType,
    hasPorts(packet) ? packet.destinationPort : packet.icmpCode,
  ],
};

function hasPorts({ protocol }: Packet): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP;
}
