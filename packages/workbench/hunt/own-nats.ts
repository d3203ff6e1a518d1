/**
 * A NATS server with JetStream of its own on loopback, for tests and for trying: Debian's package `nats-server`, its data in a temporary
 * folder that goes with it. `node packages/workbench/hunt/own-nats.ts` starts one and says its address.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort, ready } from '../own-server.ts';

export interface OwnNats {
  readonly url: string;
  /** of its process, as long as it runs */
  readonly pid: number | undefined;
  /** ends it as a crash does, and starts it on the same data, or on none */
  crash(keepData: boolean): Promise<void>;
  stop(): Promise<void>;
}

const PATIENCE = 20_000;

/** `limits`: lines of its configuration. Undefined: it is not installed, or did not start. */
export async function startNats(limits = ''): Promise<OwnNats | undefined> {
  const program = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']
    .map((folder) => join(folder, 'nats-server'))
    .find((path) => existsSync(path));
  if (program === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-nats-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nats.conf'), limits);
  const start = async (): Promise<ChildProcess> => {
    const server = spawn(program, ['-c', join(folder, 'nats.conf'), '-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder, 'data')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await ready(server, 'nats-server', 'Server is ready', PATIENCE);
    return server;
  };
  const end = (server: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> =>
    new Promise((resolve) => {
      server.once('exit', () => resolve());
      server.kill(signal);
    });
  let server: ChildProcess;
  try {
    server = await start();
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return server.pid;
    },
    async crash(keepData) {
      await end(server, 'SIGKILL');
      if (!keepData) rmSync(join(folder, 'data'), { recursive: true, force: true });
      server = await start();
    },
    async stop() {
      await end(server, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const nats = await startNats();
  if (nats === undefined) {
    console.error('nats-server could not be started; on Debian: apt-get install nats-server');
    process.exit(1);
  }
  console.log(nats.url);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void nats.stop());
}
