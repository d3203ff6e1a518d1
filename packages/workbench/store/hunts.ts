/**
 * Work that workers share: which captures a retro-hunt has to inspect, which were, and what was found; the same for rules to be proved,
 * or to get evidence. An item (capture, or number of a rule) is settled once, however often its result arrives; so its alerts count once.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { HuntResult, WorkKind } from '../hunt/shapes.ts';
import type { StoreSchema } from './schema.ts';

/** What is to be looked at: a capture with its bytes, as far as they are known; or a rule. */
export type HuntItem = string | { readonly name: string; readonly bytes: number };

export interface HuntRequest {
  readonly key: string;
  /** `hunt` where left out */
  readonly kind?: WorkKind;
  readonly by: string;
  readonly title: string;
  /** or the bundle of a repository */
  readonly rules: string;
  readonly networks?: string;
  readonly items: readonly HuntItem[];
}

export interface HuntRow {
  readonly job: number;
  readonly key: string;
  readonly kind: WorkKind;
  readonly title: string;
  readonly state: string;
  readonly done: number;
  readonly total: number;
  readonly by: string;
  readonly created: number;
  readonly ended: number | null;
}

const MOST_AT_ONCE = 200;
/** Rows that go to the database as one text of JSON. */
const MOST_IN_JSON = 5000;
const MOST_SHOWN = 500;

export class Hunts {
  readonly #db: Kysely<StoreSchema>;
  readonly #isPostgres: boolean;
  readonly #now: () => number;

  constructor(db: Kysely<StoreSchema>, isPostgres: boolean, now: () => number) {
    this.#db = db;
    this.#isPostgres = isPostgres;
    this.#now = now;
  }

  /** As a table with one column, `value`: one statement for any number of rows, where a value for each column of each has to be bound else. */
  #rowsOf(rows: readonly Readonly<Record<string, string | number>>[]): RawBuilder<unknown> {
    // A text that was cut inside a letter of two halves is no JSON to PostgreSQL.
    const json = JSON.stringify(rows, (_, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value));
    return this.#isPostgres ? sql`json_array_elements(${json}::json)` : sql`json_each(${json})`;
  }

  /** Nothing is sent yet: whoever minds hunts does that, and does it again after a stop. */
  async begin(request: HuntRequest): Promise<number> {
    return this.#db.transaction().execute(async (db) => {
      const row = {
        kind: request.kind ?? 'hunt',
        state: 'running',
        done: 0,
        total: request.items.length,
        said: request.title,
        by: request.by,
        created: this.#now(),
        ended: null,
        beat: null,
      };
      const { id } = await db.insertInto('jobs').values(row).returning('id').executeTakeFirstOrThrow();
      await db
        .insertInto('hunts')
        .values({ job: id, key: request.key, rules: request.rules, networks: request.networks ?? null })
        .execute();
      for (let at = 0; at < request.items.length; at += MOST_IN_JSON) {
        const rows = request.items
          .slice(at, at + MOST_IN_JSON)
          .map((item) => (typeof item === 'string' ? { name: item, bytes: 0 } : { name: item.name, bytes: item.bytes }));
        await sql`
          insert into hunt_captures (job, capture, state, tries, worker, said, packets, bytes, alerts)
          select cast(${id} as bigint), value->>'name', 'waiting', 0, '', '', 0, cast(value->>'bytes' as bigint), 0 from ${this.#rowsOf(rows)}`.execute(db);
      }
      if (request.items.length === 0) await db.updateTable('jobs').set({ state: 'done', ended: this.#now() }).where('id', '=', id).execute();
      return id;
    });
  }

  async list(running = false): Promise<readonly HuntRow[]> {
    let query = this.#db
      .selectFrom('jobs')
      .innerJoin('hunts', 'hunts.job', 'jobs.id')
      .select([
        'jobs.id as job',
        'jobs.kind',
        'hunts.key',
        'jobs.said as title',
        'jobs.state',
        'jobs.done',
        'jobs.total',
        'jobs.by',
        'jobs.created',
        'jobs.ended',
      ]);
    if (running) query = query.where('jobs.state', '=', 'running');
    return (await query.orderBy('jobs.id', 'desc').limit(100).execute()) as HuntRow[];
  }

  /** Any of them, or this one. */
  async anyRuns(job?: number): Promise<boolean> {
    let query = this.#db.selectFrom('jobs').innerJoin('hunts', 'hunts.job', 'jobs.id').select('jobs.id').where('jobs.state', '=', 'running');
    if (job !== undefined) query = query.where('jobs.id', '=', job);
    const row = await query.limit(1).executeTakeFirst();
    return row !== undefined;
  }

  async rulesOf(job: number): Promise<{ readonly kind: WorkKind; readonly rules: string; readonly networks: string | null } | undefined> {
    return this.#db
      .selectFrom('hunts')
      .innerJoin('jobs', 'jobs.id', 'hunts.job')
      .select((one) => [one.ref('jobs.kind').$castTo<WorkKind>().as('kind'), 'rules', 'networks'])
      .where('job', '=', job)
      .executeTakeFirst();
  }

  /** What was not sent yet; `bytes`: of the capture, as far as they are known. */
  async waiting(job: number, most: number): Promise<readonly { readonly capture: string; readonly tries: number; readonly bytes: number }[]> {
    return this.#db
      .selectFrom('hunt_captures')
      .select(['capture', 'tries', 'bytes'])
      .where('job', '=', job)
      .where('state', '=', 'waiting')
      .orderBy('capture')
      .limit(most)
      .execute();
  }

  async count(job: number, state: 'waiting' | 'sent'): Promise<number> {
    const row = await this.#db
      .selectFrom('hunt_captures')
      .select((one) => one.fn.countAll<number>().as('count'))
      .where('job', '=', job)
      .where('state', '=', state)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  async sent(job: number, captures: readonly string[]): Promise<void> {
    for (let at = 0; at < captures.length; at += MOST_AT_ONCE)
      await this.#db
        .updateTable('hunt_captures')
        .set({ state: 'sent' })
        .where('job', '=', job)
        .where('state', '=', 'waiting')
        .where('capture', 'in', captures.slice(at, at + MOST_AT_ONCE))
        .execute();
  }

  /** The broker lost what it was given: it is sent anew. */
  async sendAgain(job: number): Promise<void> {
    await this.#db
      .updateTable('hunt_captures')
      .set({ state: 'waiting', tries: sql<number>`tries + 1` })
      .where('job', '=', job)
      .where('state', '=', 'sent')
      .execute();
  }

  /** The answer is how many count: not those that were settled before, whose hunt was given up, or that belong to no hunt. */
  async settle(results: readonly HuntResult[]): Promise<number> {
    return this.#db.transaction().execute(async (db) => {
      let settled = 0;
      for (const key of new Set(results.map(({ hunt }) => hunt))) {
        const job = (await db.selectFrom('hunts').select('job').where('key', '=', key).executeTakeFirst())?.job;
        if (job === undefined) continue;
        // Of an item that stands twice the first counts.
        const own = new Map<string, HuntResult>();
        for (const result of results) if (result.hunt === key && !own.has(result.item)) own.set(result.item, result);
        const items = [...own.values()];
        for (let at = 0; at < items.length; at += MOST_IN_JSON) settled += await this.#settleSome(db, job, items.slice(at, at + MOST_IN_JSON));
      }
      return settled;
    });
  }

  /** Of one job, each item once. */
  async #settleSome(db: Kysely<StoreSchema>, job: number, results: readonly HuntResult[]): Promise<number> {
    // The rows are there; the last condition decides who settles each: a second one changes nothing, and is not returned.
    const { rows: changed } = await sql<{ capture: string }>`
      insert into hunt_captures (job, capture, state, tries, worker, said, packets, bytes, alerts)
      select cast(${job} as bigint), value->>'capture', value->>'state', 0, value->>'worker', value->>'said',
        cast(value->>'packets' as bigint), cast(value->>'bytes' as bigint), cast(value->>'alerts' as bigint)
      from ${this.#rowsOf(results.map(settledRow))}
      where exists (select 1 from hunt_captures as known where known.job = ${job} and known.capture = value->>'capture')
      on conflict (job, capture) do update
      set state = excluded.state, worker = excluded.worker, said = excluded.said,
        packets = excluded.packets, bytes = excluded.bytes, alerts = excluded.alerts
      where hunt_captures.state in ('waiting', 'sent')
      returning capture`.execute(db);
    if (changed.length === 0) return 0;
    const counts = new Set(changed.map(({ capture }) => capture));
    const outcomes = results.flatMap((result) => ('outcome' in result && counts.has(result.item) ? [{ capture: result.item, ...result.outcome }] : []));
    const hits = outcomes.flatMap(({ capture, hits: own }) => own.map(({ sid, signature, alerts }) => ({ job, capture, sid, signature, alerts })));
    for (let at = 0; at < hits.length; at += MOST_AT_ONCE)
      await db
        .insertInto('hunt_hits')
        .values(hits.slice(at, at + MOST_AT_ONCE))
        .execute();
    const lines = outcomes.flatMap(({ capture, lines: own }) => own.map((line, number) => ({ job, capture, number, line })));
    for (let at = 0; at < lines.length; at += MOST_AT_ONCE)
      await db
        .insertInto('hunt_lines')
        .values(lines.slice(at, at + MOST_AT_ONCE))
        .execute();
    const { done, total } = await db
      .updateTable('jobs')
      .set({ done: sql<number>`done + ${sql.lit(changed.length)}` })
      .where('id', '=', job)
      .returning(['done', 'total'])
      .executeTakeFirstOrThrow();
    if (done >= total) await db.updateTable('jobs').set({ state: 'done', ended: this.#now() }).where('id', '=', job).where('state', '=', 'running').execute();
    return changed.length;
  }

  /** What was found stays; what was not inspected is left. Undefined: it does not run. */
  async cancel(job: number): Promise<string | undefined> {
    return this.#db.transaction().execute(async (db) => {
      const row = await db
        .updateTable('jobs')
        .set({ state: 'cancelled', ended: this.#now() })
        .where('id', '=', job)
        .where('state', '=', 'running')
        .where('id', 'in', db.selectFrom('hunts').select('job'))
        .returning('id')
        .executeTakeFirst();
      if (row === undefined) return undefined;
      await db.updateTable('hunt_captures').set({ state: 'left' }).where('job', '=', job).where('state', 'in', ['waiting', 'sent']).execute();
      return (await db.selectFrom('hunts').select('key').where('job', '=', job).executeTakeFirst())?.key;
    });
  }

  /** Rules that fired, most captures first. */
  async hits(job: number): Promise<readonly { readonly sid: number; readonly signature: string; readonly captures: number; readonly alerts: number }[]> {
    const rows = await this.#db
      .selectFrom('hunt_hits')
      .select([
        'sid',
        (one) => one.fn.max('signature').as('signature'),
        (one) => one.fn.countAll<number>().as('captures'),
        (one) => one.fn.sum<number>('alerts').as('alerts'),
      ])
      .where('job', '=', job)
      .groupBy('sid')
      .orderBy('captures', 'desc')
      .orderBy('sid')
      .limit(MOST_SHOWN)
      .execute();
    return rows.map((row) => ({ ...row, captures: Number(row.captures), alerts: Number(row.alerts) }));
  }

  /** Captures with alerts, those set aside, and those that could not be read to their end. */
  async captures(
    job: number,
  ): Promise<readonly { readonly capture: string; readonly state: string; readonly said: string; readonly alerts: number; readonly worker: string }[]> {
    return this.#db
      .selectFrom('hunt_captures')
      .select(['capture', 'state', 'said', 'alerts', 'worker'])
      .where('job', '=', job)
      .where((one) => one.or([one('alerts', '>', 0), one('said', '<>', '')]))
      .orderBy('alerts', 'desc')
      .orderBy('capture')
      .limit(MOST_SHOWN)
      .execute();
  }

  /** What became of each item. */
  async states(job: number): Promise<Map<string, { readonly state: string; readonly said: string }>> {
    const rows = await this.#db.selectFrom('hunt_captures').select(['capture', 'state', 'said']).where('job', '=', job).execute();
    return new Map(rows.map(({ capture, state, said }) => [capture, { state, said }]));
  }

  /** Alerts of a hunt as EVE lines, in order of capture; as many of each capture as were kept. */
  async *lines(job: number): AsyncGenerator<{ readonly capture: string; readonly line: string }> {
    let [capture, number] = ['', -1];
    for (;;) {
      const rows = await this.#db
        .selectFrom('hunt_lines')
        .select(['capture', 'number', 'line'])
        .where('job', '=', job)
        .where((one) => one.or([one('capture', '>', capture), one.and([one('capture', '=', capture), one('number', '>', number)])]))
        .orderBy('capture')
        .orderBy('number')
        .limit(MOST_SHOWN)
        .execute();
      if (rows.length === 0) return;
      yield* rows;
      ({ capture, number } = rows[rows.length - 1]);
    }
  }
}

function settledRow(result: HuntResult) {
  const base = { capture: result.item, worker: result.worker };
  if ('aside' in result) return { ...base, state: 'aside', said: result.aside, packets: 0, bytes: 0, alerts: 0 };
  const { packets, bytes, hits, problem = '' } = result.outcome;
  return { ...base, state: 'done', said: problem, packets, bytes, alerts: hits.reduce((sum, hit) => sum + hit.alerts, 0) };
}
