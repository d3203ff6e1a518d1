/**
 * Retro-hunts: which captures are to be inspected, which were, and what was found. A capture of a hunt is settled once, however often
 * its result arrives; so its alerts count once.
 */
import { type Kysely, sql } from 'kysely';
import type { HuntResult } from '../hunt/shapes.ts';
import type { StoreSchema } from './schema.ts';

export interface HuntRequest {
  readonly key: string;
  readonly by: string;
  readonly title: string;
  readonly rules: string;
  readonly networks?: string;
  readonly captures: readonly string[];
}

export interface HuntRow {
  readonly job: number;
  readonly key: string;
  readonly title: string;
  readonly state: string;
  readonly done: number;
  readonly total: number;
  readonly by: string;
  readonly created: number;
  readonly ended: number | null;
}

const MOST_AT_ONCE = 200;
const MOST_SHOWN = 500;

export class Hunts {
  readonly #db: Kysely<StoreSchema>;
  readonly #now: () => number;

  constructor(db: Kysely<StoreSchema>, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** Nothing is sent yet: whoever minds hunts does that, and does it again after a stop. */
  async begin(request: HuntRequest): Promise<number> {
    return this.#db.transaction().execute(async (db) => {
      const row = {
        kind: 'hunt',
        state: 'running',
        done: 0,
        total: request.captures.length,
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
      const rows = request.captures.map((capture) => ({ job: id, capture, state: 'waiting', tries: 0, worker: '', said: '', packets: 0, bytes: 0, alerts: 0 }));
      for (let at = 0; at < rows.length; at += MOST_AT_ONCE)
        await db
          .insertInto('hunt_captures')
          .values(rows.slice(at, at + MOST_AT_ONCE))
          .execute();
      if (rows.length === 0) await db.updateTable('jobs').set({ state: 'done', ended: this.#now() }).where('id', '=', id).execute();
      return id;
    });
  }

  async list(running = false): Promise<readonly HuntRow[]> {
    let query = this.#db
      .selectFrom('jobs')
      .innerJoin('hunts', 'hunts.job', 'jobs.id')
      .select(['jobs.id as job', 'hunts.key', 'jobs.said as title', 'jobs.state', 'jobs.done', 'jobs.total', 'jobs.by', 'jobs.created', 'jobs.ended']);
    if (running) query = query.where('jobs.state', '=', 'running');
    return query.orderBy('jobs.id', 'desc').limit(100).execute();
  }

  async rulesOf(job: number): Promise<{ readonly rules: string; readonly networks: string | null } | undefined> {
    return this.#db.selectFrom('hunts').select(['rules', 'networks']).where('job', '=', job).executeTakeFirst();
  }

  /** Captures that were not sent yet. */
  async waiting(job: number, most: number): Promise<readonly { readonly capture: string; readonly tries: number }[]> {
    return this.#db
      .selectFrom('hunt_captures')
      .select(['capture', 'tries'])
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

  /** False: it was settled before, its hunt was given up, or there is no such hunt. */
  async settle(result: HuntResult): Promise<boolean> {
    return this.#db.transaction().execute(async (db) => {
      const alerts = 'aside' in result ? 0 : result.outcome.hits.reduce((sum, hit) => sum + hit.alerts, 0);
      const values =
        'aside' in result
          ? { state: 'aside', said: result.aside, packets: 0, bytes: 0 }
          : { state: 'done', said: result.outcome.problem ?? '', packets: result.outcome.packets, bytes: result.outcome.bytes };
      const job = (await db.selectFrom('hunts').select('job').where('key', '=', result.hunt).executeTakeFirst())?.job;
      if (job === undefined) return false;
      // The update decides who settles it: a second one finds nothing to change.
      const { numUpdatedRows } = await db
        .updateTable('hunt_captures')
        .set({ ...values, alerts, worker: result.worker })
        .where('job', '=', job)
        .where('capture', '=', result.capture)
        .where('state', 'in', ['waiting', 'sent'])
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      if ('outcome' in result) {
        for (const { sid, signature, alerts: count } of result.outcome.hits)
          await db.insertInto('hunt_hits').values({ job, capture: result.capture, sid, signature, alerts: count }).execute();
        for (const [number, line] of result.outcome.lines.entries())
          await db.insertInto('hunt_lines').values({ job, capture: result.capture, number, line }).execute();
      }
      const { done, total } = await db
        .updateTable('jobs')
        .set({ done: sql<number>`done + 1` })
        .where('id', '=', job)
        .returning(['done', 'total'])
        .executeTakeFirstOrThrow();
      if (done >= total) await db.updateTable('jobs').set({ state: 'done', ended: this.#now() }).where('id', '=', job).where('state', '=', 'running').execute();
      return true;
    });
  }

  /** What was found stays; what was not inspected is left. Undefined: it does not run. */
  async cancel(job: number): Promise<string | undefined> {
    return this.#db.transaction().execute(async (db) => {
      const row = await db
        .updateTable('jobs')
        .set({ state: 'cancelled', ended: this.#now() })
        .where('id', '=', job)
        .where('kind', '=', 'hunt')
        .where('state', '=', 'running')
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
