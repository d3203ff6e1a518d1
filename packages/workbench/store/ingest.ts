/**
 * EVE lines → rows and sums, in one transaction a batch: a line counts once however often it comes, and what a page shows at a glance
 * (hosts, rules on hosts, alerts an hour) is kept up to date with the rows it is made of.
 */
import { type CompiledQuery, type Kysely, sql, type Transaction } from 'kysely';
import { ASKED_BEFORE, layAlert, worseRole } from '../triage/lay-alert.ts';
import { type EveEvent, eveEvent } from './eve-event.ts';
import { ResolverFlows } from './resolver-flows.ts';
import type { EventTable, StoreSchema } from './schema.ts';

export interface Ingested {
  /** lines that were new */
  readonly added: number;
  /** lines that were there already */
  readonly known: number;
  /** lines that are no EVE record */
  readonly broken: number;
  readonly alerts: number;
}

export const NOTHING_INGESTED: Ingested = { added: 0, known: 0, broken: 0, alerts: 0 };

/** Rows of one statement. SQLite binds 32,766 values at most; more rows gain nothing. */
const ROWS = 100;
/** Lines of one transaction. */
export const BATCH_LINES = 10_000;
/** Occasions kept in memory, so that repeats count as one event; after a restart as many alerts are read again. */
const MOST_OCCASIONS = 100_000;
const WARM_ALERTS = 20_000;
/** Alerts that wait for the client behind a resolver. */
const MOST_WAITING = 10_000;
const HOUR = 3_600_000;

const COLUMNS: readonly (keyof Omit<EventTable, 'id'>)[] = [
  'key',
  'time',
  'type',
  'sensor',
  'flow',
  'src_ip',
  'src_port',
  'dest_ip',
  'dest_port',
  'protocol',
  'name',
  'sid',
  'role',
  'host',
  'waits',
  'occasion',
  'line',
];

type Database = Kysely<StoreSchema>;
type Writing = Transaction<StoreSchema>;

export interface Ingest {
  /** One transaction. `also` runs inside it, for what must be kept or lost together with the lines. */
  batch(lines: readonly string[], sensor: number, also?: (writing: Writing) => Promise<void>): Promise<Ingested & { readonly alertIds: readonly number[] }>;
}

/** `isInside`: asked anew for every batch, since the networks may be set otherwise meanwhile. */
export async function openIngest(db: Database, isInside: () => (address: string) => boolean, now: () => number): Promise<Ingest> {
  const insertions = new Map<number, CompiledQuery>();
  const resolvers = new Set((await db.selectFrom('hosts').select('host').where('resolver', '=', 1).execute()).map(({ host }) => host));
  const occasions = new Set<string>();
  const warm = await db
    .selectFrom('events')
    .select(['host', 'sid', 'occasion'])
    .where('sid', 'is not', null)
    .orderBy('time', 'desc')
    .orderBy('id', 'desc')
    .limit(WARM_ALERTS)
    .execute();
  for (const { host, sid, occasion } of warm.reverse()) occasions.add(`${host} ${sid} ${occasion}`);
  /** name → alerts that wait for who asked for it */
  const waiting = new Map<string, Set<number>>();
  const flows = new ResolverFlows();
  const waitingRows = await db.selectFrom('events').select(['id', 'name']).where('waits', '=', 1).orderBy('id', 'desc').limit(MOST_WAITING).execute();
  for (const { id, name } of waitingRows) if (name !== null) remember(waiting, name, id);

  function insertion(rows: number): CompiledQuery {
    let query = insertions.get(rows);
    if (query === undefined) {
      const empty = Object.fromEntries(COLUMNS.map((name) => [name, ''])) as unknown as Omit<EventTable, 'id'>;
      query = db
        .insertInto('events')
        .values(Array.from({ length: rows }, () => empty))
        .onConflict((conflict) => conflict.column('key').doNothing())
        .returning(['id', 'key'])
        .compile();
      insertions.set(rows, query);
    }
    return query;
  }

  async function insert(writing: Writing, events: readonly EveEvent[]): Promise<Map<string, number>> {
    const ids = new Map<string, number>();
    for (let at = 0; at < events.length; ) {
      const left = events.length - at;
      // Two sizes of statement, so that both stay prepared.
      const size = left >= ROWS ? ROWS : left >= 10 ? 10 : 1;
      const values: unknown[] = [];
      for (const { row } of events.slice(at, at + size)) for (const column of COLUMNS) values.push(row[column]);
      const { rows } = await writing.executeQuery({ ...insertion(size), parameters: values } as CompiledQuery<{ id: number; key: string }>);
      for (const { id, key } of rows) ids.set(key, Number(id));
      at += size;
    }
    return ids;
  }

  /** Who asked for a name last before a time: in this batch, else in the store. */
  async function askedFirst(
    writing: Writing,
    name: string,
    time: number,
    events: readonly EveEvent[],
    inside: (address: string) => boolean,
  ): Promise<string | undefined> {
    let best: string | undefined;
    let bestTime = Number.NEGATIVE_INFINITY;
    for (const { row } of events) {
      if (row.type !== 'dns' || row.dest_port !== 53 || row.name !== name || row.time > time || row.time <= bestTime || row.time < time - ASKED_BEFORE)
        continue;
      if (row.src_ip === null || resolvers.has(row.src_ip) || !inside(row.src_ip)) continue;
      best = row.src_ip;
      bestTime = row.time;
    }
    if (best !== undefined) return best;
    const rows = await writing
      .selectFrom('events')
      .select('src_ip')
      .where('type', '=', 'dns')
      .where('dest_port', '=', 53)
      .where('name', '=', name)
      .where('time', '<=', time)
      .where('time', '>=', time - ASKED_BEFORE)
      .orderBy('time', 'desc')
      .limit(50)
      .execute();
    return rows.map(({ src_ip }) => src_ip).find((address) => address !== null && !resolvers.has(address) && inside(address)) ?? undefined;
  }

  async function lay(writing: Writing, event: EveEvent, events: readonly EveEvent[], inside: (address: string) => boolean): Promise<void> {
    let name: string | undefined;
    let time = 0;
    const around = {
      isInside: inside,
      isResolver: (address: string) => resolvers.has(address),
      askedFirst: (asked: string, when: number) => {
        name = asked;
        time = when;
        return undefined;
      },
    };
    const role = event.row.role as Parameters<typeof layAlert>[1];
    const laid = layAlert(event.record, role, around);
    event.row.host = laid?.host ?? null;
    if (laid !== undefined) event.row.role = laid.role;
    event.row.waits = laid?.waits === true ? 1 : 0;
    if (name === undefined) return;
    const client = await askedFirst(writing, event.row.name ?? name, time, events, inside);
    if (client === undefined) return;
    event.row.host = client;
    event.row.waits = 0;
  }

  /** An alert of a resolver is its client's: the row, and all sums. */
  async function move(
    writing: Writing,
    id: number,
    row: { readonly time: number; readonly sid: number; readonly host: string },
    client: string,
  ): Promise<void> {
    await writing.updateTable('events').set({ host: client, waits: 0 }).where('id', '=', id).execute();
    await recount(writing, row.host, row.sid);
    await recount(writing, client, row.sid, row.host);
    await writing.updateTable('hosts').set({ alerts: sql`alerts - 1` }).where('host', '=', row.host).execute();
    await writing.updateTable('hosts').set({ alerts: sql`alerts + 1` }).where('host', '=', client).execute();
    const hour = Math.floor(row.time / HOUR) * HOUR;
    await writing
      .updateTable('alert_hours')
      .set({ alerts: sql`alerts - 1` })
      .where('kind', '=', 'host')
      .where('subject', '=', row.host)
      .where('hour', '=', hour)
      .execute();
    await addHours(writing, [{ kind: 'host', subject: client, hour, alerts: 1 }]);
  }

  /** Flows of a batch; and what they say of alerts that waited for the last of them. */
  async function layByFlows(
    writing: Writing,
    fresh: readonly EveEvent[],
    ids: ReadonlyMap<string, number>,
    inside: (address: string) => boolean,
  ): Promise<Parameters<ResolverFlows['decided']>[0]> {
    let newest = 0;
    for (const { row } of fresh) {
      if (row.time > newest) newest = row.time;
      if (row.waits === 1 && row.name !== null) flows.wait({ id: ids.get(row.key)!, name: row.name, time: row.time });
    }
    for (const { row, record } of fresh) {
      if (row.type !== 'flow' || row.dest_port !== 53 || row.src_ip === null || row.dest_ip === null) continue;
      if (resolvers.has(row.dest_ip) && !resolvers.has(row.src_ip) && inside(row.src_ip)) flows.saw(row.src_ip, record);
    }
    const due = flows.due(newest);
    for (const { id, name, client } of due) {
      if (client === undefined || waiting.get(name)?.has(id) !== true) continue;
      const row = await writing.selectFrom('events').select(['time', 'sid', 'host']).where('id', '=', id).executeTakeFirst();
      if (row === undefined || row.sid === null || row.host === null) continue;
      waiting.get(name)!.delete(id);
      await move(writing, id, { ...row, sid: row.sid, host: row.host }, client);
    }
    return due;
  }

  /** Alerts of resolvers whose client showed itself by now are laid to it. */
  async function layAgain(writing: Writing, names: Iterable<string>, inside: (address: string) => boolean): Promise<void> {
    for (const name of names) {
      const ids = waiting.get(name);
      if (ids === undefined) continue;
      for (const id of [...ids]) {
        const row = await writing.selectFrom('events').select(['time', 'sid', 'host']).where('id', '=', id).executeTakeFirst();
        if (row === undefined || row.sid === null || row.host === null) {
          ids.delete(id);
          continue;
        }
        const client = await askedFirst(writing, name, row.time, [], inside);
        if (client === undefined) continue;
        ids.delete(id);
        await move(writing, id, { ...row, sid: row.sid, host: row.host }, client);
      }
      if (ids.size === 0) waiting.delete(name);
    }
  }

  return {
    async batch(lines, sensor, also) {
      const test = isInside();
      const known = new Map<string, boolean>();
      const inside = (address: string): boolean => {
        let is = known.get(address);
        if (is === undefined) {
          is = test(address);
          known.set(address, is);
        }
        return is;
      };
      const arrived = now();
      const events = new Map<string, EveEvent>();
      let broken = 0;
      let repeated = 0;
      for (const line of lines) {
        const event = eveEvent(line, sensor, arrived);
        if (event === undefined) broken++;
        else if (events.has(event.row.key)) repeated++;
        else events.set(event.row.key, event);
      }
      const all = [...events.values()];
      const found: string[] = [];
      for (const { row } of all) {
        const asked = row.dest_port === 53 ? row.dest_ip : row.src_port === 53 ? row.src_ip : null;
        if (asked === null || resolvers.has(asked) || !inside(asked)) continue;
        resolvers.add(asked);
        found.push(asked);
      }
      let decided: Awaited<ReturnType<typeof layByFlows>> = [];
      try {
        const done = await db.transaction().execute(async (writing) => {
          for (const event of all) if (event.row.sid !== null) await lay(writing, event, all, inside);
          const ids = await insert(writing, all);
          const fresh = ids.size === all.length ? all : all.filter(({ row }) => ids.has(row.key));
          await addHosts(writing, fresh, inside, found);
          await addSums(writing, fresh, occasions);
          if (fresh.length > 0) {
            await writing
              .updateTable('sensors')
              .set({ events: sql`events + ${fresh.length}`, last_seen: arrived })
              .where('id', '=', sensor)
              .execute();
          }
          const alertIds: number[] = [];
          const names = new Set<string>();
          for (const { row } of fresh) {
            if (row.type === 'dns' && row.dest_port === 53 && row.name !== null && waiting.has(row.name)) names.add(row.name);
            if (row.sid !== null) alertIds.push(ids.get(row.key)!);
          }
          for (const { row } of fresh) if (row.waits === 1 && row.name !== null && waiting.size < MOST_WAITING) remember(waiting, row.name, ids.get(row.key)!);
          if (names.size > 0) await layAgain(writing, names, inside);
          for (const resolver of found) {
            const rows = await writing
              .updateTable('events')
              .set({ waits: 1 })
              .where('sid', 'is not', null)
              .where('host', '=', resolver)
              .where('role', '=', 'lookup')
              .where('waits', '=', 0)
              .returning(['id', 'name'])
              .execute();
            for (const { id, name } of rows) if (name !== null) remember(waiting, name, Number(id));
            await layAgain(writing, new Set(rows.map(({ name }) => name ?? '')), inside);
          }
          decided = await layByFlows(writing, fresh, ids, inside);
          await also?.(writing);
          return { added: fresh.length, known: all.length - fresh.length + repeated, broken, alerts: alertIds.length, alertIds };
        });
        if (decided.length > 0) flows.decided(decided);
        return done;
      } catch (problem) {
        // Nothing of it was kept, so what was learned from it is forgotten, too.
        for (const one of found) resolvers.delete(one);
        for (const { row } of all) if (row.sid !== null) occasions.delete(`${row.host} ${row.sid} ${row.occasion}`);
        throw problem;
      }
    },
  };

  function remember(map: Map<string, Set<number>>, name: string, id: number): void {
    const ids = map.get(name);
    if (ids === undefined) map.set(name, new Set([id]));
    else ids.add(id);
  }
}

async function addHosts(writing: Writing, events: readonly EveEvent[], inside: (address: string) => boolean, resolvers: readonly string[]): Promise<void> {
  const hosts = new Map<string, { host: string; first: number; last: number; resolver: number; alerts: number }>();
  const add = (host: string | null, time: number, alerts: number): void => {
    if (host === null || !inside(host)) return;
    const known = hosts.get(host);
    if (known === undefined) {
      hosts.set(host, { host, first: time, last: time, resolver: resolvers.includes(host) ? 1 : 0, alerts });
      return;
    }
    known.alerts += alerts;
    if (time < known.first) known.first = time;
    if (time > known.last) known.last = time;
  };
  for (const { row } of events) {
    add(row.src_ip, row.time, 0);
    add(row.dest_ip, row.time, 0);
    if (row.sid !== null) add(row.host, row.time, 1);
  }
  for (const part of parts([...hosts.values()])) {
    await writing
      .insertInto('hosts')
      .values(part)
      .onConflict((conflict) =>
        conflict.column('host').doUpdateSet({
          first: earlier('hosts', 'first'),
          last: later('hosts', 'last'),
          resolver: later('hosts', 'resolver'),
          alerts: sql`hosts.alerts + excluded.alerts`,
        }),
      )
      .execute();
  }
}

/** `worseRole` in SQL, of what is in the table and what comes. */
const worse = sql<string>`case when host_rules.role = 'behaviour' and excluded.role = 'attempt' or host_rules.role = 'weak' and excluded.role = 'context'
  then host_rules.role else excluded.role end`;

/** Adds new alerts to the sums: rules, rules on hosts, alerts an hour. */
export async function addSums(writing: Writing, events: readonly EveEvent[], occasions: Set<string>): Promise<void> {
  const signatures = new Map<number, StoreSchema['signatures']>();
  const hostRules = new Map<string, StoreSchema['host_rules']>();
  const hours = new Map<string, StoreSchema['alert_hours']>();
  const count = (kind: string, subject: string, time: number): void => {
    const hour = Math.floor(time / HOUR) * HOUR;
    const key = `${kind} ${subject} ${hour}`;
    const known = hours.get(key);
    if (known === undefined) hours.set(key, { kind, subject, hour, alerts: 1 });
    else known.alerts++;
  };
  for (const { row, signature, families } of events) {
    if (signature === undefined) continue;
    const { time } = row;
    const known = signatures.get(signature.sid);
    if (known === undefined) signatures.set(signature.sid, { ...signature, alerts: 1, first: time, last: time });
    else {
      known.alerts++;
      if (time < known.first) known.first = time;
      if (time >= known.last) Object.assign(known, signature, { last: time });
    }
    count('all', '', time);
    count('sid', String(signature.sid), time);
    if (row.host === null) continue;
    count('host', row.host, time);
    const key = `${row.host} ${signature.sid}`;
    const occasion = `${key} ${row.occasion}`;
    const isNew = !occasions.has(occasion);
    if (isNew) {
      if (occasions.size >= MOST_OCCASIONS) forgetHalf(occasions);
      occasions.add(occasion);
    }
    const on = hostRules.get(key);
    if (on === undefined) {
      hostRules.set(key, {
        host: row.host,
        sid: signature.sid,
        signature: signature.signature,
        role: row.role ?? '',
        families: JSON.stringify(families),
        alerts: 1,
        events: isNew ? 1 : 0,
        first: time,
        last: time,
      });
      continue;
    }
    on.alerts++;
    on.role = worseRole(on.role, row.role ?? '');
    if (isNew) on.events++;
    if (time < on.first) on.first = time;
    if (time > on.last) on.last = time;
  }
  for (const part of parts([...signatures.values()])) {
    await writing
      .insertInto('signatures')
      .values(part)
      .onConflict((conflict) =>
        conflict.column('sid').doUpdateSet({
          rev: sql`excluded.rev`,
          signature: sql`excluded.signature`,
          category: sql`excluded.category`,
          severity: sql`excluded.severity`,
          alerts: sql`signatures.alerts + excluded.alerts`,
          first: earlier('signatures', 'first'),
          last: later('signatures', 'last'),
        }),
      )
      .execute();
  }
  for (const part of parts([...hostRules.values()])) {
    await writing
      .insertInto('host_rules')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['host', 'sid']).doUpdateSet({
          signature: sql`excluded.signature`,
          role: worse,
          families: sql`excluded.families`,
          alerts: sql`host_rules.alerts + excluded.alerts`,
          events: sql`host_rules.events + excluded.events`,
          first: earlier('host_rules', 'first'),
          last: later('host_rules', 'last'),
        }),
      )
      .execute();
  }
  await addHours(writing, [...hours.values()]);
}

async function addHours(writing: Writing, hours: readonly StoreSchema['alert_hours'][]): Promise<void> {
  for (const part of parts(hours)) {
    await writing
      .insertInto('alert_hours')
      .values(part)
      .onConflict((conflict) => conflict.columns(['kind', 'subject', 'hour']).doUpdateSet({ alerts: sql`alert_hours.alerts + excluded.alerts` }))
      .execute();
  }
}

/** Makes the sums of one rule on one host anew from the alerts that are kept. `like`: another host whose words are taken over. */
export async function recount(writing: Writing, host: string, sid: number, like?: string): Promise<void> {
  const sums = await writing
    .selectFrom('events')
    .select((one) => [
      one.fn.countAll<number>().as('alerts'),
      one.fn.count<number>('occasion').distinct().as('events'),
      one.fn.min('time').as('first'),
      one.fn.max('time').as('last'),
    ])
    .where('sid', '=', sid)
    .where('host', '=', host)
    .executeTakeFirstOrThrow();
  if (Number(sums.alerts) === 0) {
    await writing.deleteFrom('host_rules').where('host', '=', host).where('sid', '=', sid).execute();
    return;
  }
  const numbers = { alerts: Number(sums.alerts), events: Number(sums.events), first: Number(sums.first), last: Number(sums.last) };
  const { numUpdatedRows } = await writing.updateTable('host_rules').set(numbers).where('host', '=', host).where('sid', '=', sid).executeTakeFirst();
  if (numUpdatedRows > 0n || like === undefined) return;
  const words = await writing.selectFrom('signatures').select('signature').where('sid', '=', sid).executeTakeFirst();
  const alert = await writing.selectFrom('events').select(['role', 'line']).where('sid', '=', sid).where('host', '=', host).limit(1).executeTakeFirst();
  const families = alert === undefined ? [] : (eveEvent(alert.line, 0, 0)?.families ?? []);
  await writing
    .insertInto('host_rules')
    .values({ host, sid, signature: words?.signature ?? '', role: alert?.role ?? '', families: JSON.stringify(families), ...numbers })
    .execute();
}

function earlier(table: string, column: string) {
  const [old, added] = [sql.ref(`${table}.${column}`), sql.ref(`excluded.${column}`)];
  return sql<number>`case when ${added} < ${old} then ${added} else ${old} end`;
}

function later(table: string, column: string) {
  const [old, added] = [sql.ref(`${table}.${column}`), sql.ref(`excluded.${column}`)];
  return sql<number>`case when ${added} > ${old} then ${added} else ${old} end`;
}

function* parts<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let at = 0; at < rows.length; at += ROWS) yield rows.slice(at, at + ROWS);
}

/** Sets keep the order of insertion: the older half goes. */
function forgetHalf(set: Set<string>): void {
  let left = set.size >> 1;
  for (const one of set) {
    if (left-- <= 0) break;
    set.delete(one);
  }
}
