/**
 * Compiles the hot loops (`*.as.ts`, AssemblyScript) to WebAssembly and writes each as a module with the bytes in base64, so that it
 * loads alike in Node, in workers and in browsers. One of which some runtimes can do more is there twice, once for those. `--check`: write nothing, fail where a module in the tree is another.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const packages = join(import.meta.dirname, '..', 'packages');
/**
 * `pages`: memory, of 64 KiB each, that a module has from the beginning: as much as most runs need. As soon as one memory of the process has grown,
 * V8 asks at each access to any typed array whether its buffer is still there.
 */
const KERNELS: readonly { readonly folder: string; readonly name: string; readonly pages: number; readonly isRelaxed?: boolean }[] = [
  { folder: 'detection/kernel', name: 'scan', pages: 128, isRelaxed: true },
  { folder: 'catalogue/formats/deflate', name: 'inflate', pages: 64 },
  { folder: 'bytes/checksum', name: 'sum', pages: 9 },
];

const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
const RELAXED = ['--enable', 'relaxed-simd'];

async function compile(folder: string, name: string, pages: number, more: readonly string[]): Promise<Uint8Array> {
  const compiled = new Map<string, Uint8Array>();
  const { error, stderr } = await asc.main([`${name}.as.ts`, '--outFile', `${name}.wasm`, '--initialMemory', `${pages}`, ...OPTIONS, ...more], {
    readFile: (path) => {
      try {
        return readFileSync(join(folder, path), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (path, contents) => void compiled.set(path, contents as Uint8Array),
    listFiles: () => [],
  });
  const bytes = compiled.get(`${name}.wasm`);
  if (error === null && bytes !== undefined) return bytes;
  console.error(stderr.toString());
  process.exit(1);
}

function constant(name: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,120}/g)!
    .map((line) => `  '${line}',`);
  return `/** ${bytes.length} bytes */
export const ${name}_WASM = [
${lines.join('\n')}
].join('');
`;
}

for (const { folder, name, pages, isRelaxed } of KERNELS) {
  const place = join(packages, folder);
  const plain = constant(name.toUpperCase(), await compile(place, name, pages, []));
  const relaxed = isRelaxed === true ? constant(`${name.toUpperCase()}_RELAXED`, await compile(place, name, pages, RELAXED)) : '';
  const text = `/** ${name}.as.ts compiled. Made by tools/build-kernel.ts; not to be edited. */
${plain}${relaxed}`;
  const target = join(packages, folder, `${name}.wasm.ts`);
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`packages/${folder}/${name}.wasm.ts is not what ${name}.as.ts compiles to; run: node tools/build-kernel.ts`);
    process.exitCode = 1;
  }
}
