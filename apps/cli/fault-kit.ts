/**
 * Loaded into a sigwright that a test starts (`node --import`): lets it die, or lets the disk run full, at a chosen one of its writes.
 * FAULT is `count`, `kill:N` or `full:N`, FAULT_FOLDER the folder whose writes count, from 1. A file that is being written then is
 * left half written, as by a real kill or a real full disk.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [mode, number] = (process.env['FAULT'] ?? '').split(':');
const folder = process.env['FAULT_FOLDER'] ?? '';
const chosen = Number(number);
let writes = 0;

function fault(path: string, half: () => void): boolean {
  writes++;
  if (mode === 'kill' && writes === chosen) {
    half();
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  if (mode !== 'full' || writes < chosen) return false;
  half();
  throw Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), { code: 'ENOSPC' });
}

const { writeFileSync, renameSync } = fs;
if (folder !== '') {
  fs.writeFileSync = ((path: string, data: string | Uint8Array, options?: fs.WriteFileOptions) => {
    const bytes = Buffer.from(data as string);
    if (String(path).startsWith(folder)) fault(path, () => writeFileSync(path, bytes.subarray(0, bytes.length >> 1)));
    writeFileSync(path, data, options);
  }) as typeof fs.writeFileSync;
  // A name costs no room.
  fs.renameSync = (from, to) => {
    if (String(from).startsWith(folder) && mode !== 'full') fault(String(from), () => {});
    renameSync(from, to);
  };
  syncBuiltinESMExports();
  if (mode === 'count') process.on('exit', () => void process.stderr.write(`writes: ${writes}\n`));
}
