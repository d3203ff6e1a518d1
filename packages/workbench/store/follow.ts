/**
 * A growing EVE file → the store, from where it was left. The offset is kept in the same transaction as the lines before it, so a stop
 * at any byte loses nothing and counts nothing twice. A file that was rotated away is read to its end first, where it still lies beside.
 */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Kysely } from 'kysely';
import { BATCH_LINES, type Ingest, type Ingested, NOTHING_INGESTED } from './ingest.ts';
import { LineCutter } from './lines.ts';
import type { StoreSchema } from './schema.ts';

const CHUNK = 1024 * 1024;
const NEWLINE = 10;

export function plus(one: Ingested, other: Ingested): Ingested {
  return { added: one.added + other.added, known: one.known + other.known, broken: one.broken + other.broken, alerts: one.alerts + other.alerts };
}

/** Reads what is there now. Rejects where the file can not be read. `told`: ids of new alerts. `stop`: ends after the batch at work. */
export async function catchUp(
  db: Kysely<StoreSchema>,
  ingest: Ingest,
  path: string,
  sensor: number,
  told: (alertIds: readonly number[]) => void,
  stop: () => boolean = () => false,
): Promise<Ingested> {
  let sum = NOTHING_INGESTED;
  const known = await db.selectFrom('sources').selectAll().where('path', '=', path).executeTakeFirst();
  const { ino, size } = await stat(path);
  const inode = String(ino);
  let offset = known?.offset ?? 0;
  if (known !== undefined && known.inode !== inode) {
    const old = await besides(path, known.inode);
    if (old !== undefined) sum = plus(sum, await read(old, known.offset, known.inode));
    offset = 0;
  } else if (offset > size || !(await endsLine(path, offset))) offset = 0; // cut off in place; lines that are known count no second time
  if (known !== undefined && offset === 0) await db.updateTable('sources').set({ inode, offset }).where('path', '=', path).execute();
  return stop() ? sum : plus(sum, await read(path, offset, inode));

  async function read(file: string, from: number, itsInode: string): Promise<Ingested> {
    let read = NOTHING_INGESTED;
    let handle: FileHandle | undefined;
    try {
      handle = await open(file, 'r');
      const cutter = new LineCutter(from);
      const chunk = new Uint8Array(CHUNK);
      for (let at = from; !stop(); ) {
        const { bytesRead } = await handle.read(chunk, 0, CHUNK, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        cutter.push(chunk.subarray(0, bytesRead));
        for (;;) {
          const taken = cutter.take(BATCH_LINES);
          if (taken === undefined || stop()) break;
          const { alertIds, ...one } = await ingest.batch(taken.lines, sensor, async (writing) => {
            await writing
              .insertInto('sources')
              .values({ path, inode: itsInode, offset: taken.end })
              .onConflict((conflict) => conflict.column('path').doUpdateSet({ inode: itsInode, offset: taken.end }))
              .execute();
          });
          read = plus(read, { ...one, broken: one.broken + taken.tooLong });
          if (alertIds.length > 0) told(alertIds);
        }
      }
    } finally {
      await handle?.close();
    }
    return read;
  }
}

/** Where lines were read up to, there is an end of a line: else the file is another by now. */
async function endsLine(path: string, offset: number): Promise<boolean> {
  if (offset === 0) return true;
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(1), 0, 1, offset - 1);
    return bytesRead === 1 && buffer[0] === NEWLINE;
  } finally {
    await handle.close();
  }
}

/** The file of that inode beside `path`, as log rotation leaves it. */
async function besides(path: string, inode: string): Promise<string | undefined> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(basename(path))) continue;
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() && String(found.ino) === inode) return file;
  }
  return undefined;
}
