/** Every change of the tables, in order, for both engines. A migration that was released is never edited; another is added. */
import { type CreateTableBuilder, type Kysely, type Migration, sql } from 'kysely';

type Table = CreateTableBuilder<string, never>;

/** `create table` with a number that counts up by itself: the only place where the engines' words differ. */
function numbered(db: Kysely<unknown>, name: string, postgres: boolean): Table {
  const table = db.schema.createTable(name);
  return (
    postgres
      ? table.addColumn('id', 'bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity())
      : table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
  ) as Table;
}

/** `name:type?` → columns; without `?` they are never null. */
function columns<Name extends string>(table: CreateTableBuilder<string, Name>, list: string): CreateTableBuilder<string, Name> {
  let all = table as unknown as Table;
  for (const word of list.trim().split(/\s+/)) {
    const [name, type] = word.split(':');
    const optional = type.endsWith('?');
    all = all.addColumn(name, (optional ? type.slice(0, -1) : type) as 'text' | 'bigint' | 'integer', (column) =>
      optional ? column : column.notNull(),
    ) as Table;
  }
  return all as unknown as CreateTableBuilder<string, Name>;
}

export function migrations(postgres: boolean): Record<string, Migration> {
  return {
    '0001 first tables': {
      async up(db: Kysely<unknown>): Promise<void> {
        await columns(
          numbered(db, 'events', postgres),
          `key:text time:bigint type:text sensor:integer flow:text? src_ip:text? src_port:integer? dest_ip:text? dest_port:integer?
          protocol:text? name:text? sid:bigint? role:text? host:text? waits:integer occasion:text? line:text`,
        ).execute();
        await db.schema.createIndex('events_key').unique().on('events').column('key').execute();
        await db.schema.createIndex('events_time').on('events').columns(['time', 'id']).execute();
        await db.schema.createIndex('events_flow').on('events').column('flow').execute();
        const alerts: readonly (readonly [string, readonly string[]])[] = [
          ['alerts_time', ['time', 'id']],
          ['alerts_sid', ['sid', 'time', 'id']],
          ['alerts_host', ['host', 'time', 'id']],
          ['alerts_pair', ['host', 'sid', 'time', 'id']],
          ['alerts_role', ['role', 'time', 'id']],
          ['alerts_source', ['src_ip', 'time', 'id']],
          ['alerts_destination', ['dest_ip', 'time', 'id']],
        ];
        for (const [name, on] of alerts)
          await sql`create index ${sql.ref(name)} on events (${sql.join(on.map((one) => sql.ref(one)))}) where sid is not null`.execute(db);
        await sql`create index events_waiting on events (id) where waits = 1`.execute(db);
        await sql`create index events_questions on events (name, time) where type = 'dns' and dest_port = 53`.execute(db);
        await columns(
          db.schema.createTable('signatures').addColumn('sid', 'bigint', (column) => column.primaryKey()),
          'rev:integer signature:text category:text severity:integer alerts:bigint first:bigint last:bigint',
        ).execute();
        await columns(
          db.schema.createTable('host_rules'),
          'host:text sid:bigint signature:text role:text families:text alerts:bigint events:bigint first:bigint last:bigint',
        )
          .addPrimaryKeyConstraint('host_rules_key', ['host', 'sid'] as never)
          .execute();
        await db.schema.createIndex('host_rules_sid').on('host_rules').column('sid').execute();
        await columns(
          db.schema.createTable('hosts').addColumn('host', 'text', (column) => column.primaryKey()),
          'first:bigint last:bigint resolver:integer alerts:bigint',
        ).execute();
        await columns(db.schema.createTable('alert_hours'), 'kind:text subject:text hour:bigint alerts:bigint')
          .addPrimaryKeyConstraint('alert_hours_key', ['kind', 'subject', 'hour'] as never)
          .execute();
        await columns(numbered(db, 'sensors', postgres), 'name:text first_seen:bigint last_seen:bigint events:bigint').execute();
        await db.schema.createIndex('sensors_name').unique().on('sensors').column('name').execute();
        await columns(
          db.schema.createTable('sources').addColumn('path', 'text', (column) => column.primaryKey()),
          'inode:text offset:bigint',
        ).execute();
        await columns(
          numbered(db, 'verdicts', postgres),
          'scope:text host:text sid:bigint story:text verdict:text note:text by:text created:bigint expires:bigint? taken_back:bigint? taken_back_by:text?',
        ).execute();
        await columns(numbered(db, 'feedback', postgres), 'sid:bigint rev:integer kind:text reporter:text comment:text created:bigint state:text').execute();
        await columns(numbered(db, 'jobs', postgres), 'kind:text state:text done:bigint total:bigint said:text by:text created:bigint ended:bigint?').execute();
        await columns(numbered(db, 'users', postgres), 'name:text password:text role:text disabled:integer created:bigint').execute();
        await db.schema.createIndex('users_name').unique().on('users').column('name').execute();
        await columns(
          db.schema.createTable('sessions').addColumn('key', 'text', (column) => column.primaryKey()),
          'user:bigint created:bigint used:bigint',
        ).execute();
        await columns(numbered(db, 'tokens', postgres), 'key:text user:bigint name:text scopes:text created:bigint expires:bigint? used:bigint?').execute();
        await db.schema.createIndex('tokens_key').unique().on('tokens').column('key').execute();
        await columns(numbered(db, 'audit', postgres), 'time:bigint who:text action:text target:text detail:text').execute();
        await columns(
          db.schema.createTable('settings').addColumn('name', 'text', (column) => column.primaryKey()),
          'value:text',
        ).execute();
      },
    },
    '0002 hunts': {
      async up(db: Kysely<unknown>): Promise<void> {
        await columns(
          db.schema.createTable('hunts').addColumn('job', 'bigint', (column) => column.primaryKey()),
          'key:text rules:text networks:text?',
        ).execute();
        await db.schema.createIndex('hunts_key').unique().on('hunts').column('key').execute();
        await columns(
          db.schema.createTable('hunt_captures'),
          'job:bigint capture:text state:text tries:integer worker:text said:text packets:bigint bytes:bigint alerts:bigint',
        )
          .addPrimaryKeyConstraint('hunt_captures_key', ['job', 'capture'] as never)
          .execute();
        await db.schema.createIndex('hunt_captures_state').on('hunt_captures').columns(['job', 'state', 'capture']).execute();
        await columns(db.schema.createTable('hunt_hits'), 'job:bigint capture:text sid:bigint signature:text alerts:bigint')
          .addPrimaryKeyConstraint('hunt_hits_key', ['job', 'sid', 'capture'] as never)
          .execute();
        await columns(db.schema.createTable('hunt_lines'), 'job:bigint capture:text number:integer line:text')
          .addPrimaryKeyConstraint('hunt_lines_key', ['job', 'capture', 'number'] as never)
          .execute();
      },
    },
    '0004 webhooks': {
      async up(db: Kysely<unknown>): Promise<void> {
        await columns(
          numbered(db, 'webhooks', postgres),
          'name:text url:text secret:text events:text created:bigint last_alert:bigint last_change:bigint last_job:bigint',
        ).execute();
        await columns(db.schema.createTable('webhook_hosts'), 'webhook:bigint host:text')
          .addPrimaryKeyConstraint('webhook_hosts_key', ['webhook', 'host'] as never)
          .execute();
        await columns(
          numbered(db, 'webhook_deliveries', postgres),
          'webhook:bigint key:text body:text state:text tries:integer next:bigint said:text created:bigint ended:bigint?',
        ).execute();
        await db.schema.createIndex('webhook_deliveries_state').on('webhook_deliveries').columns(['state', 'next']).execute();
        await db.schema.createIndex('webhook_deliveries_webhook').on('webhook_deliveries').columns(['webhook', 'state']).execute();
      },
    },
    '0005 users of OpenID Connect': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.alterTable('users').addColumn('subject', 'text').execute();
        await db.schema.createIndex('users_subject').unique().on('users').column('subject').execute();
      },
    },
    '0006 indices whose new entries are neighbours': {
      async up(db: Kysely<unknown>): Promise<void> {
        const second = postgres ? sql`lpad((greatest(time, 0) / 1000)::text, 10, '0')` : sql`printf('%010d', max(time, 0) / 1000)`;
        await sql`update events set key = ${second} || key`.execute(db);
        await db.schema.dropIndex('events_flow').execute();
        await sql`create index events_flow_time on events ((time / 10000), flow)`.execute(db);
        await sql`create index alerts_flow on events (flow) where sid is not null`.execute(db);
      },
    },
    '0007 alerts of a sensor': {
      async up(db: Kysely<unknown>): Promise<void> {
        await sql`create index alerts_sensor on events (sensor, time, id) where sid is not null`.execute(db);
      },
    },
    '0008 webhooks whose receiver is gone': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.alterTable('webhooks').addColumn('gone', 'bigint').execute();
      },
    },
    '0003 jobs that say that they go on': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.alterTable('jobs').addColumn('beat', 'bigint').execute();
        // Whoever ran them is an older version, which has ended.
        await sql`update jobs set state = 'broken off', ended = created where state = 'running' and kind <> 'hunt'`.execute(db);
      },
    },
    '0004 feedback is kept in the ruleset repository': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema.dropTable('feedback').execute();
      },
    },
  };
}
