/** The two engines below the store: `node:sqlite` in a file of its own, PostgreSQL for teams. Everything above speaks Kysely. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, Migrator, PostgresDialect, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import { migrations } from './migrations.ts';
import type { StoreSchema } from './schema.ts';

/** `sqlite`: a file, or `:memory:`. `postgres`: an address, `postgres://user@host/database`. */
export type StorePlace = { readonly sqlite: string } | { readonly postgres: string };

/** Statements kept ready; pages use some hundred forms at most. */
const MOST_STATEMENTS = 500;
const CACHE_KIB = 64 * 1024;
/** Milliseconds to wait for another process that writes. */
const PATIENCE = 10_000;
const POSTGRES_INT8 = 20;
const POSTGRES_CONNECTIONS = 8;

/** node:sqlite in the shape that Kysely's dialect for SQLite wants. */
function sqliteDatabase(path: string): SqliteDatabase {
  // Digests of passwords are in it: whoever else uses the machine has no business there. Files beside it take its mode over.
  if (path !== ':memory:' && !existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  database.exec(
    `pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = ${PATIENCE}; pragma cache_size = -${CACHE_KIB}; pragma wal_autocheckpoint = 20000; pragma temp_store = memory`,
  );
  const known = new Map<string, SqliteStatement>();
  const shaped = (statement: StatementSync): SqliteStatement => {
    const bound = (values: readonly unknown[]): SQLInputValue[] => values as SQLInputValue[];
    return {
      reader: statement.columns().length > 0,
      all: (values) => statement.all(...bound(values)),
      run: (values) => statement.run(...bound(values)) as { changes: number | bigint; lastInsertRowid: number | bigint },
      iterate: (values) => statement.iterate(...bound(values)) as IterableIterator<unknown>,
    };
  };
  return {
    close: () => database.close(),
    prepare(text) {
      let statement = known.get(text);
      if (statement === undefined) {
        if (known.size >= MOST_STATEMENTS) known.clear();
        statement = shaped(database.prepare(text));
        known.set(text, statement);
      }
      return statement;
    },
  };
}

/** Opens and brings the tables up to date. Throws where the place can not be opened. */
export async function openDatabase(place: StorePlace): Promise<Kysely<StoreSchema>> {
  const isPostgres = 'postgres' in place;
  let db: Kysely<StoreSchema>;
  if (isPostgres) {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({
      connectionString: place.postgres,
      max: POSTGRES_CONNECTIONS,
      types: { getTypeParser: ((id: number, format: 'text') => (id === POSTGRES_INT8 ? Number : pg.types.getTypeParser(id, format))) as never },
    });
    // A connection that broke while idle is replaced; its error is no reason to end.
    pool.on('error', () => {});
    db = new Kysely<StoreSchema>({ dialect: new PostgresDialect({ pool }) });
  } else db = new Kysely<StoreSchema>({ dialect: new SqliteDialect({ database: async () => sqliteDatabase(place.sqlite) }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(isPostgres) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy().catch(() => {});
    throw error;
  }
  return db;
}
