/**
 * Writes the captures of examples/2024-03-08: evidence/<sid>/*.pcap with a description beside them, and week.pcap with its story.
 * The same files come out everywhere, so a changed byte in a pull request is a changed intention.
 *
 *     node tools/make-example-week.ts            write what differs, remove what is no longer made
 *     node tools/make-example-week.ts --check    exit 1 where a file on disk differs; write nothing
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { exampleFiles } from './example-week/files.ts';

const folder = join(import.meta.dirname, '..', 'examples', '2024-03-08');
const isCheck = process.argv.includes('--check');
const files = exampleFiles();
const differing: string[] = [];

for (const [path, content] of files) {
  const target = join(folder, path);
  if (existsSync(target) && readFileSync(target).equals(content)) continue;
  differing.push(path);
  if (isCheck) continue;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}
for (const found of globSync('evidence/*/*', { cwd: folder })) {
  const path = relative('.', found).replaceAll('\\', '/');
  if (files.has(path)) continue;
  differing.push(path);
  if (!isCheck) rmSync(join(folder, path));
}

for (const path of differing) console.log(`${isCheck ? 'differs' : 'written'}  ${path}`);
console.log(`${files.size} files, ${differing.length} ${isCheck ? 'differ' : 'written or removed'}`);
process.exitCode = isCheck && differing.length > 0 ? 1 : 0;
