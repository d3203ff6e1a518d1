/** Events that a rule asks for (`app-layer-event` and its kin): under which name they are raised, and whether they ever are. */
import type { Catalogue } from '@sigwright/contracts';
import type { AnomalyDemand } from './compiled-rule.ts';

/** What may go wrong while it is found out what is spoken. */
const RECOGNITION_EVENTS: ReadonlySet<string> = new Set([
  ...['applayer_mismatch_protocol_both_directions', 'applayer_wrong_direction_first_data', 'applayer_detect_protocol_only_one_direction'],
  ...['applayer_proto_detection_skipped', 'applayer_no_tls_after_starttls', 'applayer_unexpected_protocol'],
]);

export function anomalyNamed(
  owner: 'decoder' | 'stream' | 'application',
  name: string,
  { protocols }: Catalogue,
): { readonly demand: AnomalyDemand; readonly isRaised: boolean } {
  if (owner !== 'application') return { demand: { owner, name }, isRaised: true };
  const dot = name.indexOf('.');
  // Without a protocol before it: which protocol this is went wrong, and a packet showed it.
  if (dot < 0) return { demand: { owner: 'recognition', name: name.replace(/^applayer_/, 'applayer.') }, isRaised: RECOGNITION_EVENTS.has(name) };
  const protocol = protocols.get(name.slice(0, dot));
  if (protocol === undefined) return { demand: { owner, name }, isRaised: true };
  const event = name.slice(dot + 1);
  const known = protocol.anomalies.find((one) => one.name === event || one.aliases?.includes(event) === true);
  return { demand: { owner, name: known === undefined ? name : `${name.slice(0, dot)}.${known.name}` }, isRaised: known !== undefined };
}
