/** A suricata.yaml as a tree of maps and lists: read with what it includes, changed by `--set`, asked by paths (`a.b.0.c`). */

import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { entryOf } from '@sigwright/bytes';
import { isScalar, parseDocument, type ScalarTag, visit } from 'yaml';
import { InputProblem } from './arguments.ts';
import { filesOf } from './file-pattern.ts';
import { parsedBefore } from './parsed-configuration.ts';

export type Tree = { [key: string]: unknown };

/** An `include` of an `include` of …; nobody nests deeper. */
const DEEPEST_INCLUDE = 8;
/** Files read for one configuration: patterns that fit each other's files would read them again and again. */
const MOST_INCLUDED = 1000;

/** `warn` hears of patterns that no file fits. */
export function readYaml(path: string, warn: (text: string) => void = () => {}): Tree {
  return readAt(path, { folder: dirname(path), depth: 0, warn, asText: false, count: { files: 0 } }) as Tree;
}

/** The same with every value as it is written: `on`, `0640`, `12:30`. */
export function readYamlAsText(path: string): Tree {
  return readAt(path, { folder: dirname(path), depth: 0, warn: () => {}, asText: true, count: { files: 0 } }) as Tree;
}

/** What files that are included are read with. */
interface Reading {
  /** of the outermost file: whatever includes one, names that are not absolute begin there */
  readonly folder: string;
  readonly depth: number;
  readonly warn: (text: string) => void;
  /** every value as the text that stands there */
  readonly asText: boolean;
  /** files until now, of all depths */
  readonly count: { files: number };
}

function readAt(path: string, reading: Reading): unknown {
  if (++reading.count.files > MOST_INCLUDED) throw new InputProblem(`${path}: more than ${MOST_INCLUDED} files are included; do they include each other?`);
  const text = readFileSync(path, 'utf8');
  return withIncludes(reading.asText ? parseYaml(text, path, 'failsafe') : (parsedBefore(text) ?? parseYaml(text, path)), reading);
}

/** A value that stands in a file of its own: `outputs: !include outputs.yaml`. */
class Included {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }
}

const INCLUDE_TAG: ScalarTag = { tag: '!include', resolve: (file) => new Included(file) };

/** As Suricata reads it: YAML 1.1, the last of equal keys counts. `path`: what the text is called where it is broken. */
export function parseYaml(text: string, path: string, schema: 'failsafe' | 'yaml-1.1' = 'yaml-1.1'): Tree {
  const document = parseDocument(text, {
    version: '1.1',
    schema,
    merge: true,
    uniqueKeys: false,
    logLevel: 'silent',
    customTags: (tags) => [...tags, INCLUDE_TAG],
  });
  if (document.errors.length > 0) throw new InputProblem(`${path}: ${document.errors[0].message.split('\n')[0]}`);
  visit(document, {
    Map(_key, { items }) {
      if (items.filter(({ key }) => isScalar(key) && key.value === 'include').length > 1)
        throw new InputProblem(`${path}: include stands twice in one place: write a list of files`);
    },
  });
  return (document.toJS({ maxAliasCount: 100 }) ?? {}) as Tree;
}

/** `include` in a map, at whatever depth: its files' keys stand there, so that what comes later in the map goes before. */
function withIncludes(node: unknown, reading: Reading): unknown {
  if (node instanceof Included) return readIncluded(node.file, reading)[0];
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((one) => withIncludes(one, reading));
  const merged: Tree = {};
  for (const [key, value] of Object.entries(node)) {
    if (key !== 'include') merged[key] = withIncludes(value, reading);
    else if (value !== null) for (const file of listOf(value)) Object.assign(merged, ...readIncluded(file, reading));
  }
  return merged;
}

function readIncluded(written: string, reading: Reading): readonly unknown[] {
  const { folder, depth, warn } = reading;
  if (depth >= DEEPEST_INCLUDE) return [];
  const files = filesOf(written, folder);
  if (files.length === 1 && /[*?[]/.test(files[0]) && !existsSync(files[0])) {
    warn(`include: no file fits ${written}`);
    return [];
  }
  return files.map((file) => readAt(file, { ...reading, depth: depth + 1 }));
}

/** `a.b.0.c=value`: values are read as YAML reads them. */
export function setValue(tree: Tree, assignment: string): void {
  const equals = assignment.indexOf('=');
  if (equals <= 0) throw new InputProblem(`--set ${assignment}: write key=value`);
  const keys = assignment.slice(0, equals).split('.');
  const written = assignment.slice(equals + 1);
  let at: Tree = tree;
  for (const key of keys.slice(0, -1)) {
    let next = Object.hasOwn(at, key) ? at[key] : undefined;
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
  const unit = match === null ? undefined : entryOf(UNITS, match[2].toLowerCase());
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

/** `a.b.0 = value` for every node: what holds others has no value, an entry of a list has the name of its first key. */
export function dumpLines(node: unknown, prefix = ''): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof value !== 'object' || value === null) return [`${name} = ${value === null || value === '' ? '(null)' : String(value)}`];
    return [`${name} = ${Array.isArray(node) ? Object.keys(value)[0] : '(null)'}`, ...dumpLines(value, name)];
  });
}
