/** EVE JSON lines of any program → the records that triage reads. */
import type { EveRecord } from '@sigwright/contracts';

const READ: ReadonlySet<unknown> = new Set(['alert', 'dns', 'flow']);

/** `broken`: lines that are no JSON. Records of other types are passed over. */
export function eveRecords(text: string): { readonly records: EveRecord[]; readonly broken: number } {
  const records: EveRecord[] = [];
  let broken = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const record = JSON.parse(line) as EveRecord | null;
      if (typeof record === 'object' && record !== null && READ.has(record['event_type'])) records.push(record);
    } catch {
      broken++;
    }
  }
  return { records, broken };
}
