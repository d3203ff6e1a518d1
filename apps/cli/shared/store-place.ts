/** `--store`: a file for SQLite, or the address of a PostgreSQL database; opened, or why it can not be and what to do. */
import { openStore, type Store, type StoreOptions, type StorePlace } from '@sigwright/workbench';
import { InputProblem, UsageProblem } from './arguments.ts';

/** Without the option the environment says it: what has a password in it does not belong on a command line. */
export function placeOf(option: string | undefined, usage: string): StorePlace {
  const given = option ?? process.env['SIGWRIGHT_STORE'];
  if (given === undefined || given === '') throw new UsageProblem('name a store: --store FILE, or --store postgres://…', usage);
  return /^postgres(ql)?:\/\//.test(given) ? { postgres: given } : { sqlite: given };
}

/** Without the password. */
export function storeName(place: StorePlace): string {
  return 'sqlite' in place ? place.sqlite : place.postgres.replace(/:[^:@/]*@/, '@');
}

/** As kysely says that tables are there which this version does not know. */
const OF_A_NEWER_VERSION = /^corrupted migrations: previously executed migration/;

/** A store that is away, closed to us or not ours to touch is the environment's fault, and said as such. */
export async function storeAt(place: StorePlace, options: StoreOptions = {}): Promise<Store> {
  try {
    return await openStore(place, options);
  } catch (problem) {
    const { code, message } = problem as Error & { code?: string };
    // Every error of system, SQLite and PostgreSQL has a code; what has none is ours.
    if (code === undefined && !OF_A_NEWER_VERSION.test(message)) throw problem;
    throw new InputProblem(`the store ${storeName(place)} can not be opened: ${message === '' ? code : message}; ${storeRemedy(place, code, message)}`);
  }
}

/** What to do where a store can not be opened. */
export function storeRemedy(place: StorePlace, code: string | undefined, message: string): string {
  if (OF_A_NEWER_VERSION.test(message)) return 'a newer version of sigwright has renewed its tables: use that version, or take a backup from before';
  if ('sqlite' in place)
    return /not a database|malformed/.test(message)
      ? 'it is no SQLite file: name another by --store, or take the last backup'
      : 'see that the file may be read and its folder be written by this user';
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || /timeout/i.test(message))
    return 'see that PostgreSQL runs there, listens on that address, and that no firewall is between';
  if (code === '28P01' || code === '28000') return 'see user and password (PGPASSWORD), and pg_hba.conf';
  if (code === '3D000') return 'createdb -O USER DATABASE';
  return 'see the log of PostgreSQL';
}
