/**
 * Webhooks: who is told of what, and what has still to be told. What happened is read from the tables where it stands (alerts, the audit
 * log, jobs), on from where each webhook was left; the message and the new place are written in one transaction. So a stop at any moment
 * loses nothing, and whoever gets a message twice knows it by its id.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { counted } from '@sigwright/bytes';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { RuleFacts } from '../triage/stories.ts';
import { hostPicture } from './hosts.ts';
import type { StoreSchema, WebhookTable } from './schema.ts';

export const WEBHOOK_EVENTS = ['alerts', 'host', 'change', 'job'] as const;
/**
 * alerts: new ones, but for those that only give context · host: one is to be checked for compromise · change: what people do, as the
 * audit log has it · job: work in the background ended
 */
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export interface WebhookRow {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly created: number;
  /** of the last message: waiting, done, failed; '' before the first */
  readonly state: string;
  readonly said: string;
  readonly waiting: number;
  /** when its receiver said that it is gone: it is told nothing more */
  readonly gone: number | null;
}

export interface Delivery {
  readonly id: number;
  readonly webhook: number;
  /** what the receiver knows it by */
  readonly key: string;
  readonly url: string;
  readonly secret: string;
  readonly body: string;
  /** this one included */
  readonly tries: number;
  readonly created: number;
}

/** Milliseconds to the next try, after each that failed: ten minutes, then patiently, for a day in all. */
export const AGAIN_AFTER = [5000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000];
/** Taken by one that does not say how it ended, a message is tried by another after so long. */
const CLAIMED = 60_000;
const KEPT = 7 * 86_400_000;
const MOST_ALERTS = 500;
const MOST_LISTED = 100;
const MOST_HOSTS = 50;
const MOST_CHANGES = 100;
/** Messages that wait for one receiver: beyond, it is left behind until it answers. */
const MOST_WAITING = 1000;
const SECRET_BYTES = 32;
const LONGEST_SAID = 300;
/** In the audit log, and no change. */
const NO_CHANGES = ['signed in', 'signed out', 'sign-in failed'];
/** Who the audit log names where nobody did it. */
const BY_ITSELF = 'sigwright';
const COMPROMISE = 'check this host for compromise';

type Database = Kysely<StoreSchema>;
type Hook = Selectable<WebhookTable>;
interface Message {
  readonly type: WebhookEvent | 'test';
  /** one line for chats */
  readonly text: string;
  readonly data: unknown;
}

export class Webhooks {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #factsOf: (sid: number) => RuleFacts | undefined;

  constructor(db: Database, now: () => number, factsOf: (sid: number) => RuleFacts | undefined) {
    this.#db = db;
    this.#now = now;
    this.#factsOf = factsOf;
  }

  /** Told of what happens from now on. The secret is told once: receivers check signatures with it. */
  async add(name: string, url: string, events: readonly WebhookEvent[]): Promise<{ readonly id: number; readonly secret: string }> {
    const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
    const now = this.#now();
    const row = {
      name,
      url,
      secret,
      events: JSON.stringify(events),
      created: now,
      ...(await this.#fromNowOn()),
      gone: null,
    };
    const { id } = await this.#db.insertInto('webhooks').values(row).returning('id').executeTakeFirstOrThrow();
    return { id, secret };
  }

  async end(id: number): Promise<boolean> {
    await this.#db.deleteFrom('webhook_deliveries').where('webhook', '=', id).execute();
    await this.#db.deleteFrom('webhook_hosts').where('webhook', '=', id).execute();
    return (await this.#db.deleteFrom('webhooks').where('id', '=', id).executeTakeFirst()).numDeletedRows > 0n;
  }

  /** One whose receiver is gone is told again of what happens from now on. False: there is none such. */
  async enable(id: number): Promise<boolean> {
    const again = { gone: null, ...(await this.#fromNowOn()) };
    return (await this.#db.updateTable('webhooks').set(again).where('id', '=', id).where('gone', 'is not', null).executeTakeFirst()).numUpdatedRows > 0n;
  }

  async list(): Promise<readonly WebhookRow[]> {
    const rows = await this.#db.selectFrom('webhooks').select(['id', 'name', 'url', 'events', 'created', 'gone']).orderBy('id').execute();
    return Promise.all(
      rows.map(async (row): Promise<WebhookRow> => {
        const last = await this.#db
          .selectFrom('webhook_deliveries')
          .select(['state', 'said'])
          .where('webhook', '=', row.id)
          .orderBy('id', 'desc')
          .limit(1)
          .executeTakeFirst();
        const events = JSON.parse(row.events) as WebhookEvent[];
        return { ...row, events, state: last?.state ?? '', said: last?.said ?? '', waiting: await this.#waiting(this.#db, row.id) };
      }),
    );
  }

  /** A message that says nothing, to see whether it arrives. False: there is none such, or its receiver is gone. */
  async test(id: number): Promise<boolean> {
    const hook = await this.#db.selectFrom('webhooks').select('id').where('id', '=', id).where('gone', 'is', null).executeTakeFirst();
    if (hook === undefined) return false;
    await this.#put(this.#db, id, { type: 'test', text: 'sigwright: a message to see whether it arrives', data: {} });
    return true;
  }

  /** What failed for good is tried once more, from the first try on; of a receiver that is gone nothing is. */
  async sendAgain(id: number): Promise<number> {
    const { numUpdatedRows } = await this.#db
      .updateTable('webhook_deliveries')
      .set({ state: 'waiting', tries: 0, next: this.#now(), ended: null })
      .where('webhook', 'in', this.#db.selectFrom('webhooks').select('id').where('id', '=', id).where('gone', 'is', null))
      .where('state', '=', 'failed')
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }

  /** Turns what happened into messages that wait. */
  async collect(): Promise<void> {
    for (const hook of await this.#db.selectFrom('webhooks').selectAll().where('gone', 'is', null).execute()) {
      if ((await this.#waiting(this.#db, hook.id)) >= MOST_WAITING) continue;
      const events = new Set(JSON.parse(hook.events) as WebhookEvent[]);
      if (events.has('alerts') || events.has('host')) await this.#alerts(hook, events);
      if (events.has('change')) await this.#changes(hook);
      if (events.has('job')) await this.#jobs(hook);
    }
    await this.#db
      .deleteFrom('webhook_deliveries')
      .where('state', '<>', 'waiting')
      .where('ended', '<', this.#now() - KEPT)
      .execute();
  }

  /** Messages whose time has come, taken so that no other process sends them meanwhile. */
  async take(most: number): Promise<readonly Delivery[]> {
    const now = this.#now();
    const due = await this.#db
      .selectFrom('webhook_deliveries')
      .innerJoin('webhooks', 'webhooks.id', 'webhook_deliveries.webhook')
      .select(['webhook_deliveries.id', 'webhook', 'webhook_deliveries.key', 'url', 'secret', 'body', 'tries', 'webhook_deliveries.created', 'next'])
      .where('gone', 'is', null)
      .where('state', '=', 'waiting')
      .where('next', '<=', now)
      .orderBy('webhook_deliveries.id')
      .limit(most)
      .execute();
    const taken: Delivery[] = [];
    for (const { next, ...one } of due) {
      const { numUpdatedRows } = await this.#db
        .updateTable('webhook_deliveries')
        .set({ next: now + CLAIMED, tries: one.tries + 1 })
        .where('id', '=', one.id)
        .where('state', '=', 'waiting')
        .where('next', '=', next)
        .executeTakeFirst();
      if (numUpdatedRows > 0n) taken.push({ ...one, tries: one.tries + 1 });
    }
    return taken;
  }

  /** `problem`: why it did not arrive; undefined: it did. */
  async settle(delivery: Delivery, problem?: string): Promise<void> {
    const now = this.#now();
    const wait = AGAIN_AFTER[delivery.tries - 1];
    const change =
      problem === undefined
        ? { state: 'done', said: '', ended: now }
        : wait === undefined
          ? { state: 'failed', said: problem.slice(0, LONGEST_SAID), ended: now }
          : { said: problem.slice(0, LONGEST_SAID), next: now + wait };
    await this.#db.updateTable('webhook_deliveries').set(change).where('id', '=', delivery.id).where('state', '=', 'waiting').execute();
  }

  /** The receiver said that it is gone for good: it is told nothing more, and the audit log says so once. */
  async endGone({ webhook }: Delivery, problem: string): Promise<void> {
    const now = this.#now();
    const said = problem.slice(0, LONGEST_SAID);
    await this.#db.transaction().execute(async (db) => {
      const hook = await db.updateTable('webhooks').set({ gone: now }).where('id', '=', webhook).where('gone', 'is', null).returning('name').executeTakeFirst();
      await db
        .updateTable('webhook_deliveries')
        .set({ state: 'failed', said, ended: now })
        .where('webhook', '=', webhook)
        .where('state', '=', 'waiting')
        .execute();
      if (hook === undefined) return;
      const detail = JSON.stringify({ why: said });
      await db.insertInto('audit').values({ time: now, who: BY_ITSELF, action: 'webhook: disabled', target: hook.name, detail }).execute();
    });
  }

  async #fromNowOn(): Promise<Pick<Hook, 'last_alert' | 'last_change' | 'last_job'>> {
    return { last_alert: await this.#last('events'), last_change: await this.#last('audit'), last_job: this.#now() };
  }

  async #last(table: 'events' | 'audit'): Promise<number> {
    const row = await this.#db
      .selectFrom(table)
      .select((one) => one.fn.max('id').as('last'))
      .executeTakeFirst();
    return Number(row?.last ?? 0);
  }

  async #waiting(db: Database, webhook: number): Promise<number> {
    const row = await db
      .selectFrom('webhook_deliveries')
      .select((one) => one.fn.countAll<number>().as('count'))
      .where('webhook', '=', webhook)
      .where('state', '=', 'waiting')
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  async #put(db: Database, webhook: number, message: Message): Promise<void> {
    const now = this.#now();
    const body = JSON.stringify({ type: message.type, timestamp: new Date(now).toISOString(), text: message.text, data: message.data });
    await db
      .insertInto('webhook_deliveries')
      .values({ webhook, key: `msg_${randomUUID()}`, body, state: 'waiting', tries: 0, next: now, said: '', created: now, ended: null })
      .execute();
  }

  /** Moves a place on and writes messages, both or neither; another process that did so first is left alone. */
  async #move(
    hook: Hook,
    place: 'last_alert' | 'last_change' | 'last_job',
    to: number,
    messages: readonly Message[],
    also?: (db: Database) => Promise<void>,
  ): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('webhooks')
        .set({ [place]: to })
        .where('id', '=', hook.id)
        .where(place, '=', hook[place])
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      for (const message of messages) await this.#put(db, hook.id, message);
      await also?.(db);
    });
  }

  async #alerts(hook: Hook, events: ReadonlySet<WebhookEvent>): Promise<void> {
    const newest = await this.#last('events');
    if (newest <= hook.last_alert) return;
    const rows = await this.#db
      .selectFrom('events')
      .innerJoin('signatures', 'signatures.sid', 'events.sid')
      .select([
        'events.id',
        'events.time',
        'events.sid',
        'signatures.signature',
        'events.role',
        'events.host',
        'events.src_ip',
        'events.dest_ip',
        'events.name',
      ])
      .where('events.sid', 'is not', null)
      .where('events.id', '>', hook.last_alert)
      .where('events.id', '<=', newest)
      .orderBy('events.id')
      .limit(MOST_ALERTS)
      .execute();
    const to = rows.length < MOST_ALERTS ? newest : Number(rows[rows.length - 1].id);
    const messages: Message[] = [];
    const telling = rows.filter(({ role }) => role !== 'context');
    if (events.has('alerts') && telling.length > 0) {
      const hosts = [...new Set(telling.flatMap(({ host }) => (host === null ? [] : [host])))];
      const words = `${counted(telling.length, 'new alert')}${hosts.length === 0 ? '' : ` on ${hosts.slice(0, 3).join(', ')}${hosts.length > 3 ? ` and ${hosts.length - 3} more` : ''}`}: ${telling[0].signature}`;
      const alerts = telling
        .slice(0, MOST_LISTED)
        .map(({ time, src_ip, dest_ip, ...rest }) => ({ ...rest, time: new Date(time).toISOString(), source: src_ip, destination: dest_ip }));
      messages.push({ type: 'alerts', text: words, data: { count: telling.length, alerts } });
    }
    const told: string[] = [];
    const calmed: string[] = [];
    if (events.has('host')) {
      const before = new Set((await this.#db.selectFrom('webhook_hosts').select('host').where('webhook', '=', hook.id).execute()).map(({ host }) => host));
      for (const host of [...new Set(telling.flatMap((row) => (row.host === null ? [] : [row.host])))].slice(0, MOST_HOSTS)) {
        const picture = await hostPicture(this.#db, host, this.#factsOf, this.#now());
        if (picture?.judgement !== COMPROMISE) {
          if (before.has(host)) calmed.push(host);
          continue;
        }
        if (before.has(host)) continue;
        told.push(host);
        const { judgement, reasons, next, first, last } = picture;
        messages.push({
          type: 'host',
          text: `${host}: ${judgement}. ${reasons[0] ?? ''}`,
          data: { host, judgement, reasons, next, first, last, alerts: picture.alerts },
        });
      }
    }
    await this.#move(hook, 'last_alert', to, messages, async (db) => {
      for (const host of told) await db.insertInto('webhook_hosts').values({ webhook: hook.id, host }).execute();
      if (calmed.length > 0) await db.deleteFrom('webhook_hosts').where('webhook', '=', hook.id).where('host', 'in', calmed).execute();
    });
  }

  async #changes(hook: Hook): Promise<void> {
    const rows = await this.#db.selectFrom('audit').selectAll().where('id', '>', hook.last_change).orderBy('id').limit(MOST_CHANGES).execute();
    if (rows.length === 0) return;
    const messages = rows
      .filter(({ action }) => !NO_CHANGES.includes(action))
      .map(
        ({ time, who, action, target, detail }): Message => ({
          type: 'change',
          text: `${who}: ${action} ${target}`.trim(),
          data: { time: new Date(time).toISOString(), who, action, target, detail: JSON.parse(detail) as unknown },
        }),
      );
    await this.#move(hook, 'last_change', Number(rows[rows.length - 1].id), messages);
  }

  async #jobs(hook: Hook): Promise<void> {
    // Before this millisecond: what ends within it is seen next time, and none is seen twice.
    const until = this.#now() - 1;
    if (until <= hook.last_job) return;
    const rows = await this.#db
      .selectFrom('jobs')
      .select(['id', 'kind', 'state', 'said', 'by', 'done', 'total', 'ended'])
      .where(sql<boolean>`ended is not null`)
      .where('ended', '>', hook.last_job)
      .where('ended', '<=', until)
      .orderBy('ended')
      .execute();
    const messages = rows.map(
      ({ ended, ...job }): Message => ({
        type: 'job',
        text: `${job.kind} ${job.id}, begun by ${job.by}: ${job.state}${job.said === '' ? '' : ` (${job.said})`}`,
        data: { ...job, ended: new Date(ended!).toISOString() },
      }),
    );
    await this.#move(hook, 'last_job', until, messages);
  }
}
