/** Files under their digests: what the user guide's chapter on file extraction says of one that comes again, and of `stream-depth`. */
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromLatin1 } from '@sigwright/bytes';
import { FileTransfer, TO_CLIENT } from '@sigwright/contracts';
import { afterAll, expect, test } from 'vitest';
import { FileStore } from './file-store.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const store = (options: Record<string, unknown>): FileStore =>
  new FileStore({ outputs: [{ 'file-store': { enabled: 'yes', 'force-filestore': 'yes', ...options } }] }, root);

test('a file that comes again is stored once, and its time is that of the last one', () => {
  const files = store({});
  const keep = (): void => {
    const file = new FileTransfer(TO_CLIENT, 'a', 1000, files.follow);
    file.append(fromLatin1('hello'), 0, 5);
    file.close('CLOSED');
    files.finish(file);
    expect(files.details(file)).toMatchObject({ stored: true });
  };
  keep();
  const [folder] = readdirSync(join(root, 'filestore'));
  const [name] = readdirSync(join(root, 'filestore', folder));
  const path = join(root, 'filestore', folder, name);
  utimesSync(path, 1, 1);
  keep();
  expect(readdirSync(join(root, 'filestore', folder))).toEqual([name]);
  expect(statSync(path).mtimeMs).toBeGreaterThan(1000);
});

test.each([
  ['no', undefined],
  [false, undefined],
  ['0', 0],
  ['2mb', 2_097_152],
])('stream-depth: %s', (written, depth) => {
  expect(store({ 'stream-depth': written }).streamDepth).toBe(depth);
});
