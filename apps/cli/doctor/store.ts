/** The store: is it there, whole, of this version, writable; who may set up; which sensors fell silent. */

import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { counted } from '@sigwright/bytes';
import { lookAtStore, type StoreLook, type StorePlace } from '@sigwright/workbench';
import { storeName, storeRemedy } from '../shared/store-place.ts';
import { type Finding, Findings, sizeWords, timeWords } from './findings.ts';

/** Milliseconds of silence after which a sensor is mentioned, and by which clocks may differ. */
const SILENT = 86_400_000;
const CLOCKS_DIFFER = 5000;
const OLDEST_POSTGRES = 13;

export async function storeFindings(place: StorePlace, now: number): Promise<{ readonly findings: readonly Finding[]; readonly look: StoreLook | undefined }> {
  const found = new Findings('store');
  const name = storeName(place);
  let look: StoreLook | undefined;
  try {
    look = await lookAtStore(place);
  } catch (problem) {
    const { code, message } = problem as Error & { code?: string };
    found.wrong(`${name} can not be opened: ${message === '' ? code : message}`, storeRemedy(place, code, message));
    return { findings: found.all, look };
  }
  if ('sqlite' in place) mayWrite(found, place.sqlite);
  if (look === undefined) {
    found.note(`${name} does not exist yet`, 'the first `sigwright serve` or `ingest` makes it');
    return { findings: found.all, look };
  }
  const { tables, damage, engine, bytes } = look;
  if (damage.length > 0)
    found.wrong(`${name} is damaged: ${damage[0]}`, 'stop serve, keep a copy, and take the last backup, or: sqlite3 FILE .recover | sqlite3 NEW');
  else found.good(`${name}: ${engine}, ${sizeWords(bytes)}`);
  const version = Number(/^PostgreSQL (\d+)/.exec(engine)?.[1] ?? Number.NaN);
  if (version < OLDEST_POSTGRES) found.wrong(`${engine} is too old`, `use PostgreSQL ${OLDEST_POSTGRES} or newer`);
  if (look.encoding !== 'UTF8') found.wrong(`the database is written in ${look.encoding}`, 'make one with: create database … encoding UTF8 template template0');
  if (!look.mayMakeTables) found.wrong('the user may make no tables', 'grant create on schema public to that user, or let it own the database');
  if (tables === 'newer') found.wrong('a newer version of sigwright has renewed its tables', 'use that version here, or take a backup from before');
  else if (tables === 'older') found.note('its tables are of an older version', 'the next start renews them; make a backup before');
  else if (tables === 'none') found.note('it has no tables yet', 'the first start makes them');
  if (look.openToOthers) found.note(`every user of the machine may read ${name}`, `chmod 640 ${name}: alerts and digests of passwords are in it`);
  if (Math.abs(look.clockAhead) > CLOCKS_DIFFER)
    found.wrong(`the database's clock is ${timeWords(look.clockAhead)} ${look.clockAhead > 0 ? 'ahead' : 'behind'}`, 'set both clocks by NTP');
  if (tables === 'none' || tables === 'newer') return { findings: found.all, look };
  if (look.admins === 0) found.note('nobody may set up yet', '`sigwright serve` prints a link that makes the first admin');
  const silent = look.sensors.filter(({ last_seen }) => now - last_seen > SILENT);
  if (look.sensors.length === 0) found.note('no sensor was ever heard', 'name a file by --eve, or see docs/deployment.md, Sensors');
  else
    found.good(
      `${counted(look.sensors.length, 'sensor')} sent ${counted(
        look.sensors.reduce((sum, one) => sum + one.events, 0),
        'event',
      )}`,
    );
  for (const { name: sensor, last_seen } of silent.slice(0, 10))
    found.note(`sensor ${sensor} was last heard ${timeWords(now - last_seen)} ago`, 'see on that machine whether Suricata, ship and the network are up');
  return { findings: found.all, look };
}

function mayWrite(found: Findings, path: string): void {
  const folder = dirname(path);
  try {
    // SQLite writes files beside the store, so the folder counts, too.
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
  } catch (problem) {
    const { code, path: which } = problem as NodeJS.ErrnoException;
    if (code === 'ENOENT') found.wrong(`the folder ${folder} does not exist`, `mkdir -p ${folder}`);
    else found.wrong(`${which ?? path} can not be written by this user`, `let the user that runs sigwright own ${folder}`);
  }
}
