/**
 * A PostgreSQL server of its own on loopback, for tests and for trying: from Debian's package `postgresql`, in a temporary folder that
 * goes with it. `node packages/workbench/store/own-postgres.ts` starts one and says its address.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ready } from '../own-server.ts';

export interface Postgres {
  readonly address: string;
  stop(): Promise<void>;
}

/** Milliseconds that a server may take to start. */
const PATIENCE = 20_000;

/** Undefined: PostgreSQL is not installed, or this user can not start it. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const bin = globSync('/usr/lib/postgresql/*/bin').sort().at(-1);
  if (bin === undefined || !existsSync(join(bin, 'initdb'))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-postgres-'));
  try {
    // The server refuses to run as root, so the user of Debian's package runs it then.
    const root = process.getuid?.() === 0;
    const who: { uid?: number; gid?: number } = {};
    if (root) {
      const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
      [who.uid, who.gid] = [id('-u'), id('-g')];
      chownSync(folder, who.uid, who.gid);
      chmodSync(folder, 0o700);
    }
    const data = join(folder, 'data');
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'sigwright', '--auth=trust', '-E', 'UTF8', '--no-sync', '--locale=C'], {
      ...who,
      cwd: folder,
      stdio: 'ignore',
    });
    const port = await freePort();
    const server = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`, '-c', 'fsync=off'],
      { ...who, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    await ready(server, 'PostgreSQL', 'ready to accept connections', PATIENCE);
    return {
      address: `postgres://sigwright@127.0.0.1:${port}/postgres`,
      stop: async () => {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGINT');
        await ended;
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

if (process.argv[1] === import.meta.filename) {
  const postgres = await startPostgres();
  if (postgres === undefined) {
    console.error('PostgreSQL could not be started; on Debian: apt-get install postgresql');
    process.exit(1);
  }
  console.log(postgres.address);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void postgres.stop());
}
