/**
 * Puts the command line, and the scripts of the pages, into a few files below dist/, so that it starts without reading hundreds
 * (decisions/0004). Run by `npm ci` (prepare); the launcher takes dist/ only where no source is newer, so it can be left alone while
 * working.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { parseYaml } from '../apps/cli/shared/configuration-tree.ts';
import type { ParsedConfiguration } from '../apps/cli/shared/parsed-configuration.ts';
import { builtinsByName, markedBuiltins } from './builtin-modules.ts';
import { lateModules } from './late-modules.ts';
import { launcherFlags } from './launcher-flags.ts';
import { ownFolders } from './own-folders.ts';
import { plainMembers } from './plain-members.ts';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist', 'cli');

/** Beside main.js: the engine's verbs as one script, and the library that they load only when they are asked for one thing. */
const ENGINE = 'engine.cjs';
const WORKBENCH = 'workbench';

/** Modules of Node that a run seldom needs. */
const SELDOM = ['child_process', 'crypto', 'net', 'worker_threads'];

rmSync(out, { recursive: true, force: true });

/** What the command line loads in the place of the engine's verbs: the script that they are put together in below. */
const engineFromScript: Plugin = {
  name: 'engine from its script',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/engine-verbs\.ts$/ }, () => ({ path: 'engine-verbs', namespace: 'script' }));
    onLoad({ filter: /.*/, namespace: 'script' }, () => ({
      contents: `import { fileURLToPath } from 'node:url';
import { engineScript } from './shared/engine-script.ts';
export const { run, suricata } = engineScript(fileURLToPath(new URL('${ENGINE}', import.meta.url))).verbs;`,
      resolveDir: join(root, 'apps', 'cli'),
    }));
  },
};

await build({
  entryPoints: [
    { in: join(root, 'apps', 'cli', 'main.ts'), out: 'main' },
    { in: join(root, 'packages', 'workbench', 'index.ts'), out: WORKBENCH },
  ],
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
  plugins: [engineFromScript, markedBuiltins, ownFolders(out)],
  // Starts a program of its own beside it.
  external: ['recheck'],
  // Libraries in the older format ask for Node's modules by `require`.
  banner: { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
});

const workbenchBeside: Plugin = {
  name: 'workbench beside',
  setup({ onResolve }) {
    onResolve({ filter: /^@sigwright\/workbench$/ }, ({ kind }) => (kind === 'dynamic-import' ? { path: `./${WORKBENCH}.js`, external: true } : undefined));
  },
};

await build({
  entryPoints: [join(root, 'apps', 'cli', 'engine-verbs.ts')],
  outfile: join(out, ENGINE),
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
  // A script of node:vm can not import without a warning on standard error; a module can be required.
  supported: { 'dynamic-import': false },
  plugins: [workbenchBeside, ownFolders(out)],
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename', 'import.meta.url': 'urlOfBundle' },
  banner: { js: "const urlOfBundle = require('node:url').pathToFileURL(__filename).href;" },
});

/** One letter beyond Latin-1, which esbuild leaves in patterns and templates, and V8 keeps all of a file in two bytes a letter and reads it slower. */
for (const name of readdirSync(out)) {
  const path = join(out, name);
  const script = readFileSync(path, 'utf8');
  const ascii = script.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  // As a function, see apps/cli/shared/engine-script.ts.
  const whole = name === ENGINE ? plainMembers(`(function (require, module, __filename, __dirname) {${lateModules(ascii, SELDOM)}\n})`) : builtinsByName(ascii);
  if (whole !== script) writeFileSync(path, whole);
}

const text = readFileSync(join(root, 'apps', 'cli', 'suricata.yaml'), 'utf8');
writeFileSync(join(out, 'suricata.json'), JSON.stringify({ text, tree: parseYaml(text, 'suricata.yaml') } satisfies ParsedConfiguration));

/** What V8 compiles of the engine's script is kept, made with the flags that the launcher starts it with. */
const kept = spawnSync(process.execPath, [...launcherFlags(), join(import.meta.dirname, 'keep-compiled.ts'), join(out, ENGINE)], { encoding: 'utf8' });
if (kept.status !== 0) {
  process.stderr.write(kept.stderr);
  process.exit(1);
}

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
