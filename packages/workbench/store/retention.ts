/** Old events go: by age, and by the size of the whole store. What pages sum up is made anew for what lost alerts. */
import { type Kysely, sql } from 'kysely';
import { recount } from './ingest.ts';
import type { StoreSchema } from './schema.ts';

export interface Retention {
  /** events older than so many days go */
  readonly days?: number;
  /** the oldest go until the store is smaller than so many bytes */
  readonly bytes?: number;
}

/** Rows of one transaction: others get their turn between. */
const ROWS = 5000;
const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Number of events that went. */
export async function forget(db: Kysely<StoreSchema>, isPostgres: boolean, retention: Retention, now: number): Promise<number> {
  let gone = 0;
  if (retention.days !== undefined) {
    const before = now - retention.days * DAY;
    for (let last = ROWS; last === ROWS; gone += last) last = await forgetOldest(db, before);
  }
  if (retention.bytes !== undefined) {
    for (let last = ROWS; last === ROWS && (await bytesUsed(db, isPostgres)) > retention.bytes; gone += last) last = await forgetOldest(db, undefined);
  }
  return gone;
}

/** Pages that hold something; PostgreSQL gives room back when it vacuums by itself, so its estimate by rows is taken. */
async function bytesUsed(db: Kysely<StoreSchema>, isPostgres: boolean): Promise<number> {
  const query = isPostgres
    ? sql<{ bytes: number }>`select coalesce(sum(length(line)) * 2, 0)::bigint as bytes from events`
    : sql<{ bytes: number }>`select (page_count - freelist_count) * page_size as bytes from pragma_page_count(), pragma_freelist_count(), pragma_page_size()`;
  return Number((await query.execute(db)).rows[0].bytes);
}

async function forgetOldest(db: Kysely<StoreSchema>, before: number | undefined): Promise<number> {
  return db.transaction().execute(async (writing) => {
    let oldest = writing.selectFrom('events').select('id').orderBy('time').orderBy('id').limit(ROWS);
    if (before !== undefined) oldest = oldest.where('time', '<', before);
    const gone = await writing.deleteFrom('events').where('id', 'in', oldest).returning(['sid', 'host', 'time']).execute();
    const pairs = new Map<string, readonly [string, number]>();
    const lost = new Map<string, number>();
    const losing = (kind: string, subject: string, hour: number): void => {
      const key = JSON.stringify([kind, subject, hour]);
      lost.set(key, (lost.get(key) ?? 0) + 1);
    };
    for (const { sid, host, time } of gone) {
      if (sid === null) continue;
      const hour = Math.floor(time / HOUR) * HOUR;
      losing('all', '', hour);
      losing('sid', String(sid), hour);
      if (host === null) continue;
      losing('host', host, hour);
      pairs.set(`${host} ${sid}`, [host, sid]);
    }
    for (const [key, alerts] of lost) {
      const [kind, subject, hour] = JSON.parse(key) as [string, string, number];
      await writing
        .updateTable('alert_hours')
        .set({ alerts: sql`alerts - ${alerts}` })
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('hour', '=', hour)
        .execute();
    }
    await writing.deleteFrom('alert_hours').where('alerts', '<=', 0).execute();
    for (const [host, sid] of pairs.values()) await recount(writing, host, sid);
    const sums = (column: 'host' | 'sid'): Map<string, number> => {
      const sum = new Map<string, number>();
      for (const row of gone) if (row.sid !== null && row[column] !== null) sum.set(String(row[column]), (sum.get(String(row[column])) ?? 0) + 1);
      return sum;
    };
    for (const [host, alerts] of sums('host'))
      await writing
        .updateTable('hosts')
        .set({ alerts: sql`alerts - ${alerts}` })
        .where('host', '=', host)
        .execute();
    for (const [sid, alerts] of sums('sid'))
      await writing
        .updateTable('signatures')
        .set({ alerts: sql`alerts - ${alerts}` })
        .where('sid', '=', Number(sid))
        .execute();
    await writing.deleteFrom('signatures').where('alerts', '<=', 0).execute();
    return gone.length;
  });
}
