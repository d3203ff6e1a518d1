/**
 * Operations data behind one interface: alerts and what surrounds them, hosts, verdicts, sensors, jobs, people. SQLite in a
 * file or PostgreSQL; one schema, one list of migrations, the same answers.
 */
import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { insideOf } from '../triage/inside.ts';
import type { RuleFacts } from '../triage/stories.ts';
import {
  type AlertFilter,
  type AlertTimeline,
  alertHours,
  alertRecords,
  alertTimeline,
  listAlerts,
  oneRecord,
  recordsOfFlow,
  type StoredAlert,
  type StoredRecord,
  signaturesSeen,
} from './alerts.ts';
import { openDatabase, type StorePlace } from './engines.ts';
import { catchUp, plus } from './follow.ts';
import { type HostPicture, hostPicture, judgedHosts } from './hosts.ts';
import { Hunts } from './hunts.ts';
import { BATCH_LINES, type Ingest, type Ingested, NOTHING_INGESTED, openIngest } from './ingest.ts';
import { LineCutter } from './lines.ts';
import { People } from './people.ts';
import { forget, type Retention } from './retention.ts';
import type { StoreSchema } from './schema.ts';
import { addVerdict, listVerdicts, takeBackVerdict, type Verdict, type VerdictRequest } from './verdicts.ts';
import { Webhooks } from './webhooks.ts';

export interface StoreOptions {
  /** what is known about a rule beside its alerts */
  readonly factsOf?: (sid: number) => RuleFacts | undefined;
  /** milliseconds since 1970 */
  readonly now?: () => number;
}

export interface JobRow {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly done: number;
  readonly total: number;
  readonly said: string;
  readonly by: string;
  readonly created: number;
  readonly ended: number | null;
}

const HOME_NETWORKS = 'home networks';
const STORE_ID = 'store id';
/** Milliseconds between a job's signs of life, and of silence after which its process is taken to have ended. */
const BEAT_EVERY = 10_000;
const SILENT_FOR = 60_000;

export class Store {
  readonly people: People;
  readonly hunts: Hunts;
  readonly webhooks: Webhooks;
  readonly #db: Kysely<StoreSchema>;
  readonly #isPostgres: boolean;
  readonly #ingest: Ingest;
  readonly #inside: { test: (address: string) => boolean };
  readonly #factsOf: (sid: number) => RuleFacts | undefined;
  readonly #now: () => number;
  readonly #listeners = new Set<(alertIds: readonly number[]) => void>();

  constructor(db: Kysely<StoreSchema>, isPostgres: boolean, ingest: Ingest, inside: { test: (address: string) => boolean }, options: StoreOptions) {
    this.#db = db;
    this.#isPostgres = isPostgres;
    this.#ingest = ingest;
    this.#inside = inside;
    this.#factsOf = options.factsOf ?? (() => undefined);
    this.#now = options.now ?? Date.now;
    this.people = new People(db, this.#now);
    this.hunts = new Hunts(db, isPostgres, this.#now);
    this.webhooks = new Webhooks(db, this.#now, this.#factsOf);
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  /** Rejects where the store does not answer. */
  async ready(): Promise<void> {
    await sql`select 1`.execute(this.#db);
  }

  // Ingest

  /** Bytes of EVE JSON lines in chunks of any size. */
  async ingest(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, sensor: string): Promise<Ingested> {
    const id = await this.#sensor(sensor);
    const cutter = new LineCutter();
    let sum = NOTHING_INGESTED;
    const drain = async (atLeast: number): Promise<void> => {
      for (let taken = cutter.take(atLeast); taken !== undefined; taken = cutter.take(atLeast)) {
        const { alertIds, ...one } = await this.#ingest.batch(taken.lines, id);
        sum = plus(sum, { ...one, broken: one.broken + taken.tooLong });
        this.#tell(alertIds);
      }
    };
    for await (const chunk of chunks) {
      cutter.push(chunk);
      await drain(BATCH_LINES);
    }
    cutter.finish();
    await drain(BATCH_LINES);
    return sum;
  }

  /** What a file has beyond where it was left; call it again when the file grew. Rejects where the file can not be read. */
  async catchUp(path: string, sensor: string, stop?: () => boolean): Promise<Ingested> {
    return catchUp(this.#db, this.#ingest, path, await this.#sensor(sensor), (ids) => this.#tell(ids), stop);
  }

  /** Ids of new alerts, as they come. The answer ends it. */
  onAlerts(listener: (alertIds: readonly number[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async forget(retention: Retention): Promise<number> {
    return forget(this.#db, this.#isPostgres, retention, this.#now());
  }

  // Alerts

  async alerts(filter: AlertFilter): Promise<{ readonly alerts: readonly StoredAlert[]; readonly next?: string }> {
    return listAlerts(this.#db, filter);
  }

  async alertRecords(filter: AlertFilter, most: number): Promise<readonly StoredRecord[]> {
    return alertRecords(this.#db, filter, most);
  }

  async record(id: number): Promise<StoredRecord | undefined> {
    return oneRecord(this.#db, id);
  }

  /** Records of a flow around a moment. */
  async flow(flow: string, around: number): Promise<readonly (StoredAlert & { readonly type: string })[]> {
    return recordsOfFlow(this.#db, flow, around);
  }

  async alertTimeline(filter: { readonly sid?: number; readonly host?: string } = {}): Promise<AlertTimeline> {
    return alertTimeline(this.#db, filter);
  }

  async alertHours(filter: { readonly sid?: number; readonly host?: string } = {}): Promise<readonly { readonly hour: number; readonly alerts: number }[]> {
    return alertHours(this.#db, filter);
  }

  async signatures(): Promise<readonly StoreSchema['signatures'][]> {
    return signaturesSeen(this.#db);
  }

  async hostsOfRule(sid: number): Promise<readonly { readonly host: string; readonly alerts: number; readonly first: number; readonly last: number }[]> {
    return this.#db.selectFrom('host_rules').select(['host', 'alerts', 'first', 'last']).where('sid', '=', sid).orderBy('alerts', 'desc').limit(200).execute();
  }

  // Hosts and verdicts

  async hosts(): Promise<Awaited<ReturnType<typeof judgedHosts>>> {
    return judgedHosts(this.#db, this.#factsOf, this.#now());
  }

  async host(host: string): Promise<HostPicture | undefined> {
    return hostPicture(this.#db, host, this.#factsOf, this.#now());
  }

  async addVerdict(request: VerdictRequest): Promise<number> {
    return addVerdict(this.#db, request, this.#now());
  }

  async takeBackVerdict(id: number, by: string): Promise<boolean> {
    return takeBackVerdict(this.#db, id, by, this.#now());
  }

  async verdicts(all = false): Promise<readonly Verdict[]> {
    return listVerdicts(this.#db, all ? undefined : this.#now());
  }

  // Sensors, jobs, settings

  /** Followed files, and how far they were read. */
  async sources(): Promise<readonly { readonly path: string; readonly inode: string; readonly offset: number }[]> {
    return this.#db.selectFrom('sources').selectAll().orderBy('path').limit(1000).execute();
  }

  async sensors(): Promise<
    readonly { readonly id: number; readonly name: string; readonly first_seen: number; readonly last_seen: number; readonly events: number }[]
  > {
    return this.#db.selectFrom('sensors').selectAll().orderBy('name').execute();
  }

  /** Runs in the background; a page shows how far it is. The answer resolves when the work is done. */
  async job(
    kind: string,
    by: string,
    work: (progress: (done: number, total: number) => Promise<void>) => Promise<string>,
  ): Promise<{ readonly id: number; readonly done: Promise<void> }> {
    const now = this.#now();
    const row = { kind, state: 'running', done: 0, total: 0, said: '', by, created: now, ended: null, beat: now };
    const { id } = await this.#db.insertInto('jobs').values(row).returning('id').executeTakeFirstOrThrow();
    const beat = setInterval(() => {
      this.#db
        .updateTable('jobs')
        .set({ beat: this.#now() })
        .where('id', '=', id)
        .execute()
        .catch(() => {});
    }, BEAT_EVERY);
    beat.unref();
    const end = async (state: string, said: string): Promise<void> => {
      clearInterval(beat);
      await this.#db.updateTable('jobs').set({ state, said, ended: this.#now() }).where('id', '=', id).execute();
    };
    const progress = async (done: number, total: number): Promise<void> => {
      await this.#db.updateTable('jobs').set({ done, total }).where('id', '=', id).execute();
    };
    const done = work(progress).then(
      (said) => end('done', said),
      (problem) => end('failed', (problem as Error).message),
    );
    return { id, done };
  }

  /** Newest first. What its process has not spoken for was broken off; several processes may have work in one store. */
  async jobs(): Promise<readonly JobRow[]> {
    const now = this.#now();
    await this.#db
      .updateTable('jobs')
      .set({ state: 'broken off', ended: now })
      .where('state', '=', 'running')
      .where('beat', '<', now - SILENT_FOR)
      .execute();
    const rows = await this.#db.selectFrom('jobs').selectAll().orderBy('id', 'desc').limit(50).execute();
    return rows.map(({ beat: _, ...row }) => row);
  }

  /** 16 hexadecimal digits that no other store has. */
  async id(): Promise<string> {
    await this.#db
      .insertInto('settings')
      .values({ name: STORE_ID, value: randomBytes(8).toString('hex') })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    return (await this.setting(STORE_ID))!;
  }

  async setting(name: string): Promise<string | undefined> {
    return (await this.#db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst())?.value;
  }

  async set(name: string, value: string): Promise<void> {
    await this.#db
      .insertInto('settings')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }

  /** Which networks are ours; alerts that come from now on are laid by it. False: it is no list of networks, and nothing changed. */
  async setHomeNetworks(networks: string): Promise<boolean> {
    const test = insideOf(networks);
    if (test === undefined) return false;
    await this.set(HOME_NETWORKS, networks);
    this.#inside.test = test;
    return true;
  }

  async homeNetworks(): Promise<string | undefined> {
    return this.setting(HOME_NETWORKS);
  }

  isInside(address: string): boolean {
    return this.#inside.test(address);
  }

  #tell(ids: readonly number[]): void {
    if (ids.length > 0) for (const listener of this.#listeners) listener(ids);
  }

  async #sensor(name: string): Promise<number> {
    const now = this.#now();
    const row = { name, first_seen: now, last_seen: now, events: 0 };
    return (
      await this.#db
        .insertInto('sensors')
        .values(row)
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ last_seen: now }))
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id;
  }
}

/** Opens a store, makes or renews its tables. Rejects where the place can not be opened. */
export async function openStore(place: StorePlace, options: StoreOptions = {}): Promise<Store> {
  const db = await openDatabase(place);
  const written = await db.selectFrom('settings').select('value').where('name', '=', HOME_NETWORKS).executeTakeFirst();
  const inside = { test: insideOf(written?.value) ?? insideOf(undefined)! };
  const ingest = await openIngest(db, () => inside.test, options.now ?? Date.now);
  return new Store(db, 'postgres' in place, ingest, inside, options);
}
