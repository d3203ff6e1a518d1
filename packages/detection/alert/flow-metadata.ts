/** What rules noted about a flow (bits, integers, captured texts, entropy) → `metadata` and `traffic` of an EVE record. */
import type { EveRecord, Flow, Packet } from '@sigwright/contracts';

/** Flow bits of these names say what kind of traffic it is, and are shown apart. */
const TRAFFIC_KINDS: readonly (readonly [string, string])[] = [
  ['id', 'traffic/id/'],
  ['label', 'traffic/label/'],
];

/** Nothing where nothing was noted. */
export function addFlowMetadata(record: EveRecord, flow: Flow, packet: Packet | undefined): void {
  const { bits, integers, captured, entropies } = flow;
  const ofPacket = packet?.captured ?? [];
  if (bits === undefined && integers === undefined && captured === undefined && entropies === undefined && ofPacket.length === 0) return;
  const metadata: Record<string, unknown> = {};
  const traffic: Record<string, string[]> = {};
  const plain: string[] = [];
  for (const bit of bits ?? []) {
    const kind = TRAFFIC_KINDS.find(([, prefix]) => bit.startsWith(prefix));
    if (kind === undefined) plain.push(bit);
    else {
      traffic[kind[0]] ??= [];
      traffic[kind[0]].push(bit.slice(kind[1].length));
    }
  }
  if (plain.length > 0) metadata['flowbits'] = plain;
  if (integers !== undefined && integers.size > 0) metadata['flowints'] = Object.fromEntries(integers);
  if (captured !== undefined) metadata['flowvars'] = Array.from(captured, ([name, text]) => ({ [name]: text }));
  if (ofPacket.length > 0) metadata['pktvars'] = ofPacket.map(([name, text]) => ({ [name]: text }));
  if (entropies !== undefined) metadata['entropy'] = Object.fromEntries(entropies);
  if (Object.keys(traffic).length > 0) record['traffic'] = traffic;
  if (Object.keys(metadata).length > 0) record['metadata'] = metadata;
}
