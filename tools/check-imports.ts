/**
 * Who may import whom, as one table; no deep imports past a package's door; no clock, randomness, environment, file system or
 * network below the workbench; catalogue siblings keep apart. Exit 1 with every breach named.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ALLOWED: Record<string, readonly string[]> = {
  bytes: [],
  lua: [],
  contracts: ['bytes'],
  'rule-language': ['bytes', 'contracts'],
  traffic: ['bytes', 'contracts'],
  catalogue: ['bytes', 'contracts', 'lua'],
  detection: ['bytes', 'contracts', 'rule-language', 'traffic'],
  editor: ['bytes', 'contracts', 'rule-language', 'detection'],
  client: [],
  workbench: ['bytes', 'contracts', 'rule-language', 'detection'],
};

/** Packages that run in browsers and workers as they are. */
const PURE = new Set(['bytes', 'lua', 'contracts', 'rule-language', 'traffic', 'catalogue', 'detection', 'editor', 'client']);
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\(|\bnew Date\(\)/, 'reads a clock'],
  [/\bMath\.random\(/, 'uses chance'],
  [/\bprocess\./, 'reads the environment'],
  [/\bBuffer\./, 'uses Buffer'],
  [/\bnew Function\(|\beval\(/, 'makes code from text'],
];

const root = join(import.meta.dirname, '..');
const breaches: string[] = [];

for (const file of globSync('packages/*/**/*.ts', { cwd: root }).map((one) => one.replaceAll('\\', '/'))) {
  if (file.includes('/generated/') || file.includes('node_modules')) continue;
  const name = file.split('/')[1];
  const isTest = /\.test\.ts$/.test(file);
  const text = readFileSync(join(root, file), 'utf8');
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  for (const match of code.matchAll(/(?:\n|^)\s*(?:import|export)\s[\w\s{},*$]*?\bfrom\s+'([^']+)'|(?:\n|^)\s*import\s+'([^']+)'|\bimport\('([^']+)'/g)) {
    const target = match[1] ?? match[2] ?? match[3];
    const scoped = /^@sigwright\/([^/]+)(\/.*)?$/.exec(target);
    if (scoped !== null) {
      if (scoped[2] !== undefined) breaches.push(`${file}: deep import ${target}`);
      else if (!isTest && !ALLOWED[name]?.includes(scoped[1])) breaches.push(`${file}: ${name} may not import ${scoped[1]}`);
    } else if (target.startsWith('.')) {
      const parts = join(file, '..', target).replaceAll('\\', '/').split('/');
      if (parts[0] !== 'packages' || parts[1] !== name) breaches.push(`${file}: leaves its package by ${target}`);
      if (name === 'catalogue') sibling(file, parts);
    } else if (PURE.has(name) && !isTest) breaches.push(`${file}: ${target} is neither a package of this house nor a file`);
  }
  if (PURE.has(name) && !isTest) for (const [pattern, what] of IMPURE) if (pattern.test(code)) breaches.push(`${file}: ${what}`);
}

/** protocols/x may not import protocols/y, and so on. */
function sibling(file: string, target: readonly string[]): void {
  const from = file.split('/');
  const kind = from[2];
  if (!['protocols', 'keywords', 'transforms', 'lints', 'indicators'].includes(kind)) return;
  if (target[2] === kind && target[3] !== from[3]) breaches.push(`${file}: imports its sibling ${kind}/${target[3]}`);
  if (target[2] !== kind && ['protocols', 'keywords', 'transforms', 'lints', 'indicators'].includes(target[2]))
    breaches.push(`${file}: imports ${target[2]}/${target[3]}`);
}

for (const breach of breaches) console.log(breach);
console.log(breaches.length === 0 ? 'import rules hold' : `${breaches.length} breaches`);
process.exitCode = breaches.length === 0 ? 0 : 1;
