/** `--store`: a file for SQLite, or the address of a PostgreSQL database. */
import type { StorePlace } from '@sigwright/workbench';
import { UsageProblem } from './arguments.ts';

/** Without the option the environment says it: what has a password in it does not belong on a command line. */
export function placeOf(option: string | undefined, usage: string): StorePlace {
  const given = option ?? process.env['SIGWRIGHT_STORE'];
  if (given === undefined || given === '') throw new UsageProblem('name a store: --store FILE, or --store postgres://…', usage);
  return /^postgres(ql)?:\/\//.test(given) ? { postgres: given } : { sqlite: given };
}
