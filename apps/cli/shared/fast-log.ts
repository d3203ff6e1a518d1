/** One line an alert, in the form of Suricata's fast.log. */
import { formatAddressLong } from '@sigwright/bytes';
import { type EngineSettings, ICMP, ICMPV6, type Packet, TCP, UDP } from '@sigwright/contracts';
import type { Alert } from '@sigwright/detection';

export function fastLine({ rule, action }: Alert, packet: Packet, settings: EngineSettings): string {
  const date = new Date(Math.floor(packet.time / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const micros = String(Math.floor(packet.time % 1e6)).padStart(6, '0');
  const time = `${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())}/${date.getUTCFullYear()}-${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.${micros}`;
  const protocol =
    packet.protocol === TCP
      ? 'TCP'
      : packet.protocol === UDP
        ? 'UDP'
        : packet.protocol === ICMP
          ? 'ICMP'
          : packet.protocol === ICMPV6
            ? 'IPv6-ICMP'
            : String(packet.protocol);
  const category = settings.classifications.get(rule.classtype)?.description ?? '(null)';
  const ends =
    packet.ipVersion === 0
      ? ''
      : `${formatAddressLong(packet.source, packet.ipVersion)}:${packet.sourcePort} -> ${formatAddressLong(packet.destination, packet.ipVersion)}:${packet.destinationPort}`;
  const drop = action !== 'alert' && settings.ips ? ' [Drop]' : '';
  return `${time} ${drop} [**] [${rule.gid}:${rule.sid}:${rule.rev}] ${rule.message} [**] [Classification: ${category}] [Priority: ${rule.priority}] {${protocol}} ${ends}`;
}
