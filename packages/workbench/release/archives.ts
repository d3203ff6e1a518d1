/** Archives that are the same bytes on every machine: names in order, one time, no owner, no trace of the packer's system. */
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { ZipFile } from 'yazl';

export type ArchiveEntry = readonly [path: string, bytes: Uint8Array];

/** zlib writes no time into the header; the system byte is set to "unknown" so that every machine gives the same bytes. */
export function gzip(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255;
  return packed;
}

/** `date`: ISO day, the time of every entry (UTC midnight). */
export async function tar(files: readonly ArchiveEntry[], date: string): Promise<Uint8Array> {
  const archive = pack();
  const done = collect(archive);
  for (const [name, bytes] of inOrder(files))
    archive.entry({ name, mtime: new Date(Date.parse(date)), mode: 0o644, uid: 0, gid: 0, uname: 'root', gname: 'root' }, Buffer.from(bytes));
  archive.finalize();
  return done;
}

/** `date`: ISO day. ZIP holds local time: midnight here, wherever here is, gives the same bytes everywhere. */
export async function zip(files: readonly ArchiveEntry[], date: string): Promise<Uint8Array> {
  const [year, month, day] = date.split('-').map(Number);
  const mtime = new Date(year, month - 1, day);
  const archive = new ZipFile();
  const done = collect(archive.outputStream);
  for (const [name, bytes] of inOrder(files)) archive.addBuffer(Buffer.from(bytes), name, { mtime, mode: 0o100644, forceDosTimestamp: true });
  archive.end();
  return done;
}

function inOrder(files: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function collect(stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
