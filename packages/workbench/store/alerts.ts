/** Questions about alerts and the records around them. Every one is answered from an index; lists go on from where they ended. */
import type { EveRecord } from '@sigwright/contracts';
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { StoreSchema } from './schema.ts';

export interface AlertFilter {
  readonly sid?: number;
  /** the host of ours that the alert is laid to */
  readonly host?: string;
  /** either end */
  readonly address?: string;
  readonly flow?: string;
  readonly role?: string;
  readonly sensor?: string;
  /** words of the message */
  readonly words?: string;
  /** milliseconds since 1970 */
  readonly from?: number;
  readonly to?: number;
  /** `next` of the page before */
  readonly after?: string;
  readonly limit?: number;
}

export interface StoredAlert {
  readonly id: number;
  readonly time: number;
  readonly sid: number;
  readonly signature: string;
  readonly role: string;
  readonly host: string | null;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly name: string | null;
  readonly flow: string | null;
  readonly sensor: string;
}

export interface StoredRecord extends StoredAlert {
  readonly record: EveRecord;
}

const MOST = 500;
const USUAL = 50;
/** Rules whose message has the words; more words are asked for otherwise. */
const MOST_SIGNATURES = 500;
const MOST_WORDS = 10;
const AROUND = 200;

type Database = Kysely<StoreSchema>;
/** biome-ignore lint/suspicious/noExplicitAny: the builder's type grows with every condition */
type Query = SelectQueryBuilder<any, any, any>;

const FIELDS = [
  'events.id',
  'events.time',
  'events.sid',
  'events.role',
  'events.host',
  'events.src_ip',
  'events.src_port',
  'events.dest_ip',
  'events.dest_port',
  'events.protocol',
  'events.name',
  'events.flow',
  'events.type',
  'sensors.name as sensor',
] as const;

/** Newest first. */
export async function listAlerts(db: Database, filter: AlertFilter): Promise<{ readonly alerts: readonly StoredAlert[]; readonly next?: string }> {
  const limit = Math.max(1, Math.min(filter.limit ?? USUAL, MOST));
  const sids = await sidsOf(db, filter);
  const sensor =
    filter.sensor === undefined ? undefined : (await db.selectFrom('sensors').select('id').where('name', '=', filter.sensor).executeTakeFirst())?.id;
  if (sids?.length === 0 || (filter.sensor !== undefined && sensor === undefined)) return { alerts: [] };
  const base = (): Query => {
    let query = db.selectFrom('events').innerJoin('sensors', 'sensors.id', 'events.sensor').select(FIELDS).where('events.sid', 'is not', null) as Query;
    if (filter.sid !== undefined) query = query.where('events.sid', '=', filter.sid);
    if (filter.host !== undefined) query = query.where('events.host', '=', filter.host);
    if (filter.flow !== undefined) query = query.where('events.flow', '=', filter.flow);
    if (filter.role !== undefined) query = query.where('events.role', '=', filter.role);
    if (sensor !== undefined) query = query.where('events.sensor', '=', sensor);
    if (filter.from !== undefined) query = query.where('events.time', '>=', filter.from);
    if (filter.to !== undefined) query = query.where('events.time', '<', filter.to);
    const after = /^(-?\d{1,16})-(\d{1,16})$/.exec(filter.after ?? '');
    if (after !== null) {
      const [time, id] = [Number(after[1]), Number(after[2])];
      query = query.where('events.time', '<=', time).where((one) => one.or([one('events.time', '<', time), one('events.id', '<', id)]));
    }
    return query
      .orderBy('events.time', 'desc')
      .orderBy('events.id', 'desc')
      .limit(limit + 1);
  };
  // Several questions, each with its index and its limit, instead of one that sorts all that fits.
  const ends =
    filter.address === undefined ? [base()] : [base().where('events.src_ip', '=', filter.address), base().where('events.dest_ip', '=', filter.address)];
  const narrow = filter.address !== undefined || filter.flow !== undefined;
  const queries =
    sids === undefined ? ends : narrow ? ends.map((one) => one.where('events.sid', 'in', sids)) : sids.map((sid) => base().where('events.sid', '=', sid));
  const found = new Map<number, Record<string, unknown>>();
  for (const query of queries) for (const row of (await query.execute()) as Record<string, unknown>[]) found.set(Number(row['id']), row);
  const rows = [...found.values()].sort((a, b) => Number(b['time']) - Number(a['time']) || Number(b['id']) - Number(a['id'])).slice(0, limit + 1);
  const alerts = await withSignatures(db, rows.slice(0, limit));
  const last = alerts[alerts.length - 1];
  return rows.length > limit ? { alerts, next: `${last.time}-${last.id}` } : { alerts };
}

/** The rules that words leave; undefined: all. Those that fired last, where there are too many. */
async function sidsOf(db: Database, filter: AlertFilter): Promise<number[] | undefined> {
  const words = (filter.words ?? '')
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, MOST_WORDS);
  if (words.length === 0) return undefined;
  let query = db.selectFrom('signatures').select('sid').orderBy('last', 'desc').limit(MOST_SIGNATURES);
  for (const word of words) query = query.where((one) => one(one.fn('lower', ['signature']), 'like', likeWord(word)));
  if (filter.sid !== undefined) query = query.where('sid', '=', filter.sid);
  return (await query.execute()).map(({ sid }) => sid);
}

/** An alert or another record with its line; undefined: there is none, or it was forgotten. */
export async function oneRecord(db: Database, id: number): Promise<StoredRecord | undefined> {
  const row = await db
    .selectFrom('events')
    .innerJoin('sensors', 'sensors.id', 'events.sensor')
    .select([...FIELDS, 'events.line'])
    .where('events.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const [shaped] = await withSignatures(db, [row as Record<string, unknown>]);
  return { ...shaped, record: JSON.parse(row.line) as EveRecord };
}

/** Alerts with their lines, newest first; `most` at most. */
export async function alertRecords(db: Database, filter: AlertFilter, most: number): Promise<readonly StoredRecord[]> {
  const all: StoredRecord[] = [];
  let after = filter.after;
  for (;;) {
    const page = await listAlerts(db, { ...filter, limit: Math.min(MOST, most - all.length), ...(after === undefined ? {} : { after }) });
    const ids = page.alerts.map((one) => one.id);
    const lines = ids.length === 0 ? [] : await db.selectFrom('events').select(['id', 'line']).where('id', 'in', ids).execute();
    const lineOf = new Map(lines.map(({ id, line }) => [Number(id), line]));
    for (const one of page.alerts) {
      const line = lineOf.get(one.id);
      // Forgotten between the two questions.
      if (line !== undefined) all.push({ ...one, record: JSON.parse(line) as EveRecord });
    }
    if (page.next === undefined || all.length >= most) return all;
    after = page.next;
  }
}

/** What the index of flows is cut into, so that new events are neighbours in it: milliseconds. */
const FLOW_SLICE = 10_000;
/** How far around a moment the records of a flow are looked for. */
const FLOW_REACH = 12 * 3_600_000;

/** Records of one flow around a moment (milliseconds since 1970; half a day to either side), in order of time. */
export async function recordsOfFlow(db: Database, flow: string, around: number): Promise<readonly (StoredAlert & { readonly type: string })[]> {
  const [first, last] = [Math.floor((around - FLOW_REACH) / FLOW_SLICE), Math.floor((around + FLOW_REACH) / FLOW_SLICE)];
  // Slice by slice, each a look into the index `events_flow_time`.
  const slices = sql<{ id: number }>`with recursive slices(slice) as (select ${first} * 1 union all select slice + 1 from slices where slice < ${last})
    select events.id from slices cross join events where events.time / 10000 = slices.slice and events.flow = ${flow} limit ${AROUND}`;
  const ids = (await slices.execute(db)).rows.map(({ id }) => Number(id));
  if (ids.length === 0) return [];
  const rows = (await db
    .selectFrom('events')
    .innerJoin('sensors', 'sensors.id', 'events.sensor')
    .select(FIELDS)
    .where('events.id', 'in', ids)
    .orderBy('events.time')
    .orderBy('events.id')
    .limit(AROUND)
    .execute()) as Record<string, unknown>[];
  const shaped = await withSignatures(db, rows);
  return shaped.map((one, at) => ({ ...one, type: String(rows[at]['type']) }));
}

/** Alerts an hour, in order. */
export async function alertHours(
  db: Database,
  filter: { readonly sid?: number; readonly host?: string },
): Promise<readonly { readonly hour: number; readonly alerts: number }[]> {
  const [kind, subject] = filter.host !== undefined ? ['host', filter.host] : filter.sid !== undefined ? ['sid', String(filter.sid)] : ['all', ''];
  return db
    .selectFrom('alert_hours')
    .select(['hour', 'alerts'])
    .where('kind', '=', kind)
    .where('subject', '=', subject)
    .where('alerts', '>', 0)
    .orderBy('hour')
    .execute();
}

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** Within so many hours, and with so few alerts, minutes are told. */
const FEW_HOURS = 3;
const FEW_ALERTS = 20_000;

/** Alerts over time, in order: by the hour, or finer where all came within a few hours. Milliseconds. */
export interface AlertTimeline {
  readonly step: number;
  readonly counts: readonly { readonly at: number; readonly alerts: number }[];
}

export async function alertTimeline(db: Database, filter: { readonly sid?: number; readonly host?: string }): Promise<AlertTimeline> {
  const hours = await alertHours(db, filter);
  const byHour = { step: HOUR, counts: hours.map(({ hour, alerts }) => ({ at: hour, alerts })) };
  const span = hours.length === 0 ? 0 : hours[hours.length - 1].hour + HOUR - hours[0].hour;
  if (span === 0 || span > FEW_HOURS * HOUR || hours.reduce((sum, one) => sum + one.alerts, 0) > FEW_ALERTS) return byHour;
  let query = db
    .selectFrom('events')
    .select('time')
    .where('sid', 'is not', null)
    .where('time', '>=', hours[0].hour)
    .where('time', '<', hours[0].hour + span);
  if (filter.host !== undefined) query = query.where('host', '=', filter.host);
  else if (filter.sid !== undefined) query = query.where('sid', '=', filter.sid);
  const step = (span / HOUR) * MINUTE;
  const counts = new Map<number, number>();
  for (const { time } of await query.limit(FEW_ALERTS).execute()) {
    const at = Math.floor(time / step) * step;
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return { step, counts: [...counts].map(([at, alerts]) => ({ at, alerts })).sort((a, b) => a.at - b.at) };
}

export async function signaturesSeen(db: Database): Promise<readonly StoreSchema['signatures'][]> {
  return db.selectFrom('signatures').selectAll().orderBy('sid').execute();
}

/** `%` and `_` of the searcher mean themselves. */
function likeWord(word: string): string {
  return `%${word.toLowerCase().replace(/[%_\\]/g, '_')}%`;
}

async function withSignatures(db: Database, rows: readonly Record<string, unknown>[]): Promise<StoredAlert[]> {
  const sids = [...new Set(rows.map((row) => row['sid']).filter((sid) => sid !== null))] as number[];
  const names = sids.length === 0 ? [] : await db.selectFrom('signatures').select(['sid', 'signature']).where('sid', 'in', sids).execute();
  const nameOf = new Map(names.map(({ sid, signature }) => [sid, signature]));
  return rows.map((row) => ({
    id: Number(row['id']),
    time: Number(row['time']),
    sid: Number(row['sid'] ?? 0),
    signature: nameOf.get(Number(row['sid'])) ?? '',
    role: String(row['role'] ?? ''),
    host: (row['host'] as string | null) ?? null,
    source: end(row['src_ip'], row['src_port']),
    destination: end(row['dest_ip'], row['dest_port']),
    protocol: String(row['protocol'] ?? ''),
    name: (row['name'] as string | null) ?? null,
    flow: (row['flow'] as string | null) ?? null,
    sensor: String(row['sensor'] ?? ''),
  }));
}

function end(address: unknown, port: unknown): string {
  if (address === null) return '';
  const text = String(address);
  return port === null ? text : text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}
