/** A look at a store that changes nothing: neither file nor table is made. For `sigwright doctor`. */
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StorePlace } from './engines.ts';
import { migrations } from './migrations.ts';

export interface StoreLook {
  /** `SQLite 3.50.4`, `PostgreSQL 15.14 …` */
  readonly engine: string;
  /** none: it is empty; older: the next start renews the tables; newer: a newer version of ours did, and this one must not touch it */
  readonly tables: 'none' | 'current' | 'older' | 'newer';
  /** what the engine's own check found */
  readonly damage: readonly string[];
  readonly bytes: number;
  /** who may set up; 0 where there are no tables */
  readonly admins: number;
  readonly sensors: readonly { readonly name: string; readonly last_seen: number; readonly events: number }[];
  /** how far followed files were read */
  readonly sources: readonly { readonly path: string; readonly inode: string; readonly offset: number }[];
  /** milliseconds by which the store's clock is ahead of ours */
  readonly clockAhead: number;
  /** who reaches the machine may read it: SQLite, bits of the file's mode for others */
  readonly openToOthers: boolean;
  /** of PostgreSQL: `UTF8` is needed */
  readonly encoding: string;
  readonly mayMakeTables: boolean;
}

/** Larger files are not read through: that takes minutes. */
const MOST_CHECKED_BYTES = 2 * 1024 ** 3;
const PATIENCE = 5000;
const OTHERS = 0o007;

/** Undefined: there is no such file yet. Throws where the place can not be looked at. */
export async function lookAtStore(place: StorePlace): Promise<StoreLook | undefined> {
  return 'postgres' in place ? lookAtPostgres(place.postgres) : lookAtSqlite(place.sqlite);
}

function stateOf(applied: readonly string[], postgres: boolean): StoreLook['tables'] {
  const known = Object.keys(migrations(postgres));
  if (applied.length === 0) return 'none';
  if (applied.some((name) => !known.includes(name))) return 'newer';
  return applied.length < known.length ? 'older' : 'current';
}

const ADMINS = `select count(*) as n from users where role = 'admin' and disabled = 0`;
const SENSORS = 'select name, last_seen, events from sensors order by name limit 1000';
const SOURCES = 'select path, inode, "offset" from sources limit 1000';

function lookAtSqlite(path: string): StoreLook | undefined {
  if (!existsSync(path)) return undefined;
  const { size, mode } = statSync(path);
  const db = new DatabaseSync(path, { readOnly: true, timeout: PATIENCE });
  try {
    const all = <Row>(query: string): Row[] => db.prepare(query).all() as Row[];
    const damage =
      size > MOST_CHECKED_BYTES
        ? []
        : all<Record<string, string>>('pragma quick_check(5)').flatMap((row) => Object.values(row).filter((word) => word !== 'ok'));
    const hasTables = all(`select 1 from sqlite_master where name = 'kysely_migration'`).length > 0;
    const applied = hasTables ? all<{ name: string }>('select name from kysely_migration').map(({ name }) => name) : [];
    const isOurs = applied.length > 0;
    return {
      engine: `SQLite ${all<{ version: string }>('select sqlite_version() as version')[0].version}`,
      tables: stateOf(applied, false),
      damage,
      bytes: size,
      admins: isOurs ? all<{ n: number }>(ADMINS)[0].n : 0,
      sensors: isOurs ? all(SENSORS) : [],
      sources: isOurs ? all(SOURCES) : [],
      clockAhead: 0,
      openToOthers: (mode & OTHERS) !== 0,
      encoding: 'UTF8',
      mayMakeTables: true,
    };
  } finally {
    db.close();
  }
}

async function lookAtPostgres(address: string): Promise<StoreLook> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: PATIENCE, query_timeout: PATIENCE });
  client.on('error', () => {});
  await client.connect();
  try {
    const all = async <Row>(query: string): Promise<Row[]> => (await client.query(query)).rows as Row[];
    const before = Date.now();
    const [{ now, version, encoding, bytes, may }] = await all<{ now: Date; version: string; encoding: string; bytes: string; may: boolean }>(
      `select clock_timestamp() as now, current_setting('server_version') as version, pg_encoding_to_char(encoding) as encoding,
       pg_database_size(datname)::text as bytes, has_schema_privilege(current_schema(), 'CREATE') as may from pg_database where datname = current_database()`,
    );
    const clockAhead = now.getTime() - (before + Date.now()) / 2;
    const hasTables =
      (await all(`select 1 from information_schema.tables where table_name = 'kysely_migration' and table_schema = current_schema()`)).length > 0;
    const applied = hasTables ? (await all<{ name: string }>('select name from kysely_migration')).map(({ name }) => name) : [];
    const isOurs = applied.length > 0;
    const numbers = <Row extends object>(rows: Row[]): Row[] =>
      rows.map(
        (row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, /^(last_seen|events|offset)$/.test(key) ? Number(value) : value])) as Row,
      );
    return {
      engine: `PostgreSQL ${version}`,
      tables: stateOf(applied, true),
      damage: [],
      bytes: Number(bytes),
      admins: isOurs ? Number((await all<{ n: string }>(ADMINS))[0].n) : 0,
      sensors: isOurs ? numbers(await all(SENSORS)) : [],
      sources: isOurs ? numbers(await all(SOURCES)) : [],
      clockAhead,
      openToOthers: false,
      encoding,
      mayMakeTables: may,
    };
  } finally {
    await client.end();
  }
}
