/** A suricata.yaml as a tree of maps and lists: read with what it includes, changed by `--set`, asked by paths (`a.b.0.c`). */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parseDocument } from 'yaml';
import { InputProblem } from './arguments.ts';
import { parsedBefore } from './parsed-configuration.ts';

export type Tree = { [key: string]: unknown };

/** An `include` of an `include` of …; nobody nests deeper. */
const DEEPEST_INCLUDE = 8;

export function readYaml(path: string, depth = 0): Tree {
  const text = readFileSync(path, 'utf8');
  return withIncludes(parsedBefore(text) ?? parseYaml(text, path), dirname(path), depth) as Tree;
}

/** As Suricata reads it: YAML 1.1, the last of equal keys counts. `path`: what the text is called where it is broken. */
export function parseYaml(text: string, path: string): Tree {
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false, logLevel: 'silent' });
  if (document.errors.length > 0) throw new InputProblem(`${path}: ${document.errors[0].message.split('\n')[0]}`);
  return (document.toJS({ maxAliasCount: 100 }) ?? {}) as Tree;
}

/** `include` in a map, at whatever depth: its files' keys stand there, what the map says itself goes before. */
function withIncludes(node: unknown, folder: string, depth: number): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((one) => withIncludes(one, folder, depth));
  const { include, ...own } = node as Tree;
  const merged: Tree = {};
  if (include !== undefined && include !== null && depth < DEEPEST_INCLUDE) {
    for (const file of Array.isArray(include) ? include : [include]) {
      const name = String(file);
      Object.assign(merged, readYaml(isAbsolute(name) ? name : join(folder, name), depth + 1));
    }
  }
  for (const [key, value] of Object.entries(own)) merged[key] = withIncludes(value, folder, depth);
  return merged;
}

/** `a.b.0.c=value`: values are read as YAML reads them. */
export function setValue(tree: Tree, assignment: string): void {
  const equals = assignment.indexOf('=');
  if (equals <= 0) throw new InputProblem(`--set ${assignment}: write key=value`);
  const keys = assignment.slice(0, equals).split('.');
  const written = assignment.slice(equals + 1);
  let at: Tree = tree;
  for (const key of keys.slice(0, -1)) {
    let next = at[key];
    if (next === undefined && Array.isArray(at)) next = namedEntry(at, key);
    if (typeof next !== 'object' || next === null) {
      next = {};
      at[key] = next;
    }
    at = next as Tree;
  }
  at[keys[keys.length - 1]] = written;
}

/** In a list of one-key maps (`- eve-log: …`), the map under that key. */
function namedEntry(list: readonly unknown[], key: string): unknown {
  for (const entry of list) if (typeof entry === 'object' && entry !== null && key in entry) return (entry as Tree)[key];
  return undefined;
}

export function at(tree: unknown, path: string): unknown {
  let node: unknown = tree;
  for (const key of path.split('.')) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = Array.isArray(node) ? (node[Number(key)] ?? namedEntry(node, key)) : (node as Tree)[key];
  }
  return node;
}

export function isYes(value: unknown, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'boolean') return value;
  return /^(yes|true|on|1|auto)$/i.test(String(value));
}

const UNITS: Record<string, number> = { '': 1, b: 1, kb: 1024, mb: 1_048_576, gb: 1_073_741_824, kib: 1024, mib: 1_048_576, gib: 1_073_741_824 };

export function sizeOf(value: unknown, otherwise: number): number {
  if (value === undefined || value === null) return otherwise;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value));
  const unit = match === null ? undefined : UNITS[match[2].toLowerCase()];
  return match === null || unit === undefined ? otherwise : Math.floor(Number(match[1]) * unit);
}

/** A list, or what `--set name.0=…` makes of one that is not there. */
export function listOf(written: unknown): readonly string[] {
  if (Array.isArray(written)) return written.map(String);
  return typeof written === 'object' && written !== null ? Object.values(written).map(String) : [String(written)];
}

/** The options of an output of that name; undefined: there is none. */
export function outputOf(tree: Tree, name: string): Tree | undefined {
  const outputs = at(tree, 'outputs');
  for (const output of Array.isArray(outputs) ? outputs : []) {
    const node = at(output, name);
    if (typeof node === 'object' && node !== null) return node as Tree;
  }
  return undefined;
}
