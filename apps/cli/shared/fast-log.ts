/** One line an alert, in the form of Suricata's fast.log. */
import { formatAddressLong } from '@sigwright/bytes';
import { type EngineSettings, ICMP, ICMPV6, type Packet, TCP, UDP } from '@sigwright/contracts';
import type { Alert } from '@sigwright/detection';
import { lineTime } from './log-time.ts';

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [TCP, 'TCP'],
  [UDP, 'UDP'],
  [ICMP, 'ICMP'],
  [ICMPV6, 'IPv6-ICMP'],
]);

export function fastLine({ rule, action }: Alert, packet: Packet, settings: EngineSettings): string {
  const protocol = PROTOCOL_NAMES.get(packet.protocol) ?? String(packet.protocol);
  const category = settings.classifications.get(rule.classtype)?.description ?? '(null)';
  const ends =
    packet.ipVersion === 0
      ? ''
      : `${formatAddressLong(packet.source, packet.ipVersion)}:${packet.sourcePort} -> ${formatAddressLong(packet.destination, packet.ipVersion)}:${packet.destinationPort}`;
  const drop = action !== 'alert' && settings.ips ? ' [Drop]' : '';
  return `${lineTime(packet.time)} ${drop} [**] [${rule.gid}:${rule.sid}:${rule.rev}] ${rule.message} [**] [Classification: ${category}] [Priority: ${rule.priority}] {${protocol}} ${ends}`;
}
