/** Servers that the project starts for itself: when they are ready, and where they may listen. */
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

/** Resolves once the server says `word` on its standard error; rejects with what it said where it ends or says nothing for `patience` milliseconds. */
export function ready(server: ChildProcess, name: string, word: string, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} did not start in time`)), patience);
    let said = '';
    server.stderr!.on('data', (chunk: Buffer) => {
      if (said.length < 100_000) said += chunk.toString();
      if (said.includes(word)) {
        clearTimeout(timer);
        resolve();
      }
    });
    server.once('error', reject);
    server.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(said));
    });
  });
}

/** A port of the loopback address that nobody uses. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
