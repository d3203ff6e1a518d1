/** One line an alert, in the form of Suricata's fast.log, and in that of its syslog output. */
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

export function fastLine(alert: Alert, packet: Packet, settings: EngineSettings): string {
  const { rule, action } = alert;
  const drop = action !== 'alert' && settings.ips ? ' [Drop]' : '';
  return `${lineTime(packet.time)} ${drop} [**] ${numbersOf(alert)} ${rule.message} [**] ${facts(alert, packet, settings)}`;
}

/** Time and host are the syslog's to say. */
export function syslogLine(alert: Alert, packet: Packet, settings: EngineSettings): string {
  const drop = alert.action !== 'alert' && settings.ips ? '[Drop] ' : '';
  return `${drop}${numbersOf(alert)} ${alert.rule.message} ${facts(alert, packet, settings)}`;
}

function numbersOf({ rule }: Alert): string {
  return `[${rule.gid}:${rule.sid}:${rule.rev}]`;
}

function facts({ rule }: Alert, packet: Packet, settings: EngineSettings): string {
  const protocol = PROTOCOL_NAMES.get(packet.protocol) ?? String(packet.protocol);
  const category = settings.classifications.get(rule.classtype)?.description ?? '(null)';
  const ends =
    packet.ipVersion === 0
      ? ''
      : `${formatAddressLong(packet.source, packet.ipVersion)}:${packet.sourcePort} -> ${formatAddressLong(packet.destination, packet.ipVersion)}:${packet.destinationPort}`;
  return `[Classification: ${category}] [Priority: ${rule.priority}] {${protocol}} ${ends}`;
}
