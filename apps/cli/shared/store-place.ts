/** `--store`: a file for SQLite, or the address of a PostgreSQL database. */
import type { StorePlace } from '@sigwright/workbench';
import { UsageProblem } from './arguments.ts';

export function placeOf(given: string | undefined, usage: string): StorePlace {
  if (given === undefined || given === '') throw new UsageProblem('name a store: --store FILE, or --store postgres://…', usage);
  return /^postgres(ql)?:\/\//.test(given) ? { postgres: given } : { sqlite: given };
}
