/**
 * Compiles packages/detection/kernel/scan.as.ts to WebAssembly and writes it as a module with the bytes in base64, so that it
 * loads alike in Node, in workers and in browsers. `--check`: write nothing, fail where the module in the tree is another.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const folder = join(import.meta.dirname, '..', 'packages', 'detection', 'kernel');
const target = join(folder, 'scan.wasm.ts');

const compiled = new Map<string, Uint8Array>();
const { error, stderr } = await asc.main(['scan.as.ts', '--outFile', 'scan.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'], {
  readFile: (name) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return null;
    }
  },
  writeFile: (name, contents) => void compiled.set(name, contents as Uint8Array),
  listFiles: () => [],
});
const bytes = compiled.get('scan.wasm');
if (error !== null || bytes === undefined) {
  console.error(stderr.toString());
  process.exit(1);
}
const lines = Buffer.from(bytes)
  .toString('base64')
  .match(/.{1,120}/g)!
  .map((line) => `  '${line}',`);
const text = `/** scan.as.ts compiled (${bytes.length} bytes). Made by tools/build-kernel.ts; not to be edited. */
export const SCAN_WASM = [
${lines.join('\n')}
].join('');
`;
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('packages/detection/kernel/scan.wasm.ts is not what scan.as.ts compiles to; run: node tools/build-kernel.ts');
    process.exit(1);
  }
} else writeFileSync(target, text);
