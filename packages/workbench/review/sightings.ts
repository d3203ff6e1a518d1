/**
 * When sensors last saw what each rule is for: from the operations store, from EVE files, or both. EVE lines come from any program;
 * what is no alert with a number and a time is passed over.
 */
import { LineCutter } from '../store/lines.ts';

/** SID → ISO day (UTC) of its last alert. */
export type Sightings = ReadonlyMap<number, string>;

/** `last`: milliseconds since 1970, as the store's list of signatures has it. Of several rows about one rule the latest counts. */
export function sightingsOf(rows: Iterable<{ readonly sid: number; readonly last: number }>): Sightings {
  const days = new Map<number, string>();
  for (const { sid, last } of rows) {
    const time = new Date(Number(last));
    if (Number.isNaN(time.getTime())) continue;
    const day = time.toISOString().slice(0, 10);
    if ((days.get(sid) ?? '') < day) days.set(sid, day);
  }
  return days;
}

const LINES_AT_ONCE = 1000;

/** Alerts of an EVE file in chunks of any size, one row a rule. */
export async function alertsInEve(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<readonly { readonly sid: number; readonly last: number }[]> {
  const latest = new Map<number, number>();
  const cutter = new LineCutter();
  const take = (): void => {
    for (let taken = cutter.take(LINES_AT_ONCE); taken !== undefined; taken = cutter.take(LINES_AT_ONCE)) {
      for (const line of taken.lines) {
        const alert = alertOf(line);
        if (alert !== undefined && alert.last > (latest.get(alert.sid) ?? Number.NEGATIVE_INFINITY)) latest.set(alert.sid, alert.last);
      }
    }
  };
  for await (const chunk of chunks) {
    cutter.push(chunk);
    take();
  }
  cutter.finish();
  take();
  return [...latest].map(([sid, last]) => ({ sid, last }));
}

function alertOf(line: string): { sid: number; last: number } | undefined {
  // Most lines are of other kinds; what may be an alert is read.
  if (!line.includes('"signature_id"')) return undefined;
  try {
    const record = JSON.parse(line) as { event_type?: unknown; timestamp?: unknown; alert?: { signature_id?: unknown } | null } | null;
    const sid = record?.event_type === 'alert' ? record.alert?.signature_id : undefined;
    const last = typeof record?.timestamp === 'string' ? Date.parse(record.timestamp) : Number.NaN;
    return typeof sid === 'number' && !Number.isNaN(last) ? { sid, last } : undefined;
  } catch {
    return undefined;
  }
}
