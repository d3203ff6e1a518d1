/** What a rule says of what it matched → the `alert` object of an EVE record. */
import { formatAddressLong } from '@sigwright/bytes';
import type { EngineSettings, Packet } from '@sigwright/contracts';
import type { Alert } from '../scan/alert.ts';
import type { EveOptions } from './eve-options.ts';

/** `options`: what of it is shown. */
export function alertBody(
  { rule, action, notes, hook }: Alert,
  packet: Packet,
  settings: EngineSettings,
  options: EveOptions['alert'],
): Record<string, unknown> {
  const blocked = action.startsWith('reject') || (action === 'drop' && settings.ips);
  const body: Record<string, unknown> = {
    action: blocked ? 'blocked' : 'allowed',
    gid: rule.gid,
    signature_id: rule.sid,
    rev: rule.rev,
    signature: rule.message,
    category: settings.classifications.get(rule.classtype)?.description ?? '',
    severity: rule.priority,
  };
  if (settings.firewall !== undefined) body['engine'] = hook === undefined ? 'td' : 'fw';
  if (rule.target !== undefined) {
    const ends = [
      { ip: formatAddressLong(packet.source, packet.ipVersion), port: packet.sourcePort },
      { ip: formatAddressLong(packet.destination, packet.ipVersion), port: packet.destinationPort },
    ];
    const targetFirst = rule.target === 'src_ip';
    body['source'] = ends[targetFirst ? 1 : 0];
    body['target'] = ends[targetFirst ? 0 : 1];
  }
  if (options.metadata && options.ruleMetadata && rule.metadata.length > 0) {
    // What a rule calls its keys is its own affair: `constructor` is one.
    const metadata = new Map<string, string[]>();
    for (const { key, value } of rule.metadata) {
      const values = metadata.get(key);
      if (values === undefined) metadata.set(key, [value]);
      else values.push(value);
    }
    body['metadata'] = Object.fromEntries(metadata);
  }
  if (notes !== undefined) body['context'] = notes;
  if (options.references && rule.references.length > 0) body['references'] = rule.references.map((one) => referenceAddress(one, settings));
  if (options.rule) body['rule'] = rule.text;
  return body;
}

/** What is an address already stays one. */
function referenceAddress({ type, value }: { readonly type: string; readonly value: string }, settings: EngineSettings): string {
  return value.includes('://') ? value : `${settings.references.get(type) ?? ''}${value}`;
}
