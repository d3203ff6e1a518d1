/**
 * Puts the command line, and the scripts of the pages, into a few files below dist/, so that it starts without reading hundreds
 * (decisions/0004). Run by `npm ci` (prepare); the launcher takes dist/ only where no source is newer, so it can be left alone while
 * working.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { parseYaml } from '../apps/cli/shared/configuration-tree.ts';
import type { ParsedConfiguration } from '../apps/cli/shared/parsed-configuration.ts';
import { ownFolders } from './own-folders.ts';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist', 'cli');

rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: [join(root, 'apps', 'cli', 'main.ts')],
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Names stay, so that a fault can be reported; what only people read goes, and with it a tenth of the memory.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
  plugins: [ownFolders(out)],
  // Starts a program of its own beside it.
  external: ['recheck'],
  // Libraries in the older format ask for Node's modules by `require`.
  banner: { js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);" },
});

/** One letter beyond Latin-1, which esbuild leaves in patterns and templates, and V8 keeps all of a file in two bytes a letter and reads it slower. */
for (const name of readdirSync(out)) {
  const path = join(out, name);
  const script = readFileSync(path, 'utf8');
  const ascii = script.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (ascii !== script) writeFileSync(path, ascii);
}

const text = readFileSync(join(root, 'apps', 'cli', 'suricata.yaml'), 'utf8');
writeFileSync(join(out, 'suricata.json'), JSON.stringify({ text, tree: parseYaml(text, 'suricata.yaml') } satisfies ParsedConfiguration));

/** The pages' scripts: the editor, and the engine as a worker, each one file. */
await build({
  entryPoints: ['page', 'community', 'workbench', 'engine'].map((name) => join(root, 'apps', 'server', 'client', `${name}.ts`)),
  outdir: join(root, 'dist', 'web'),
  bundle: true,
  // Also for a page that comes alone: there a script is no module.
  format: 'iife',
  platform: 'browser',
  target: 'es2024',
  minify: true,
  logLevel: 'warning',
});
