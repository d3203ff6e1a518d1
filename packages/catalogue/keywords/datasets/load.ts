/** Opens the set that a rule names: the one that is there, or a new one, filled from its file. */
import type { DataSetType, EngineSettings } from '@sigwright/contracts';
import { MemoryDataSet, readValue, setsOf } from './data-set.ts';

export const TYPES: readonly DataSetType[] = ['string', 'md5', 'sha256', 'ip', 'ipv4'];

export interface DataSetRequest {
  readonly name: string;
  /** undefined: it was defined before */
  readonly type: DataSetType | undefined;
  readonly load: string | undefined;
  readonly save: string | undefined;
  readonly format: 'csv' | 'json' | 'ndjson';
  /** where in an object the value stands, and in a document the list: names between dots */
  readonly valueKey: string | undefined;
  readonly arrayKey: string | undefined;
  readonly removeKey: boolean;
  /** each value has a reputation behind a comma */
  readonly reputation: boolean;
}

/** The set, or what is wrong. */
export function openDataSet(request: DataSetRequest, settings: EngineSettings): MemoryDataSet | string {
  const sets = setsOf(settings);
  const known = sets.get(request.name);
  if (known !== undefined) {
    if (request.type !== undefined && known.type !== request.type) return `set \`${request.name}\` was opened before as ${known.type}`;
    return known;
  }
  if (request.type === undefined) return `set \`${request.name}\` has no type`;
  for (const path of [request.load, request.save]) {
    const refused = path === undefined ? undefined : refusedPath(path, settings);
    if (refused !== undefined) return refused;
  }
  if (request.save !== undefined && !settings.dataFiles.mayWrite) return 'rules may not write sets (datasets.rules.allow-write)';
  const set = new MemoryDataSet(request.name, request.type, request.save);
  if (request.load !== undefined) {
    const bytes = settings.dataFiles.read(request.load);
    // What is also saved may not be there yet.
    if (bytes === undefined && request.save === undefined) return `${request.load} can not be read`;
    const problem = bytes === undefined ? undefined : fill(set, new TextDecoder().decode(bytes), request);
    if (problem !== undefined) return problem;
  }
  sets.set(request.name, set);
  return set;
}

function refusedPath(path: string, settings: EngineSettings): string | undefined {
  if (settings.dataFiles.mayBeAbsolute) return undefined;
  if (path.startsWith('/')) return `${path}: rules may not name files by absolute paths (datasets.rules.allow-absolute-filenames)`;
  return path.split('/').includes('..') ? `${path}: rules may not leave the folder of data` : undefined;
}

function fill(set: MemoryDataSet, text: string, request: DataSetRequest): string | undefined {
  if (request.format === 'json') return fillObjects(set, parsed(text), request);
  let number = 0;
  for (const line of text.split(/\r?\n/)) {
    number++;
    const trimmed = line.trim();
    if (trimmed === '') continue;
    const problem = request.format === 'ndjson' ? fillObject(set, parsed(trimmed), request) : fillLine(set, trimmed, request.reputation);
    if (problem !== undefined) return `line ${number} of ${request.load}: ${problem}`;
  }
  return undefined;
}

const HIGHEST_REPUTATION = 65_535;

function fillLine(set: MemoryDataSet, line: string, reputation: boolean): string | undefined {
  const comma = line.lastIndexOf(',');
  const written = comma === -1 ? undefined : line.slice(comma + 1).trim();
  if (reputation && (written === undefined || !/^\d+$/.test(written) || Number(written) > HIGHEST_REPUTATION)) return 'the reputation is no number';
  const value = readValue(comma === -1 ? line : line.slice(0, comma).trim(), set.type, true);
  if (value === undefined) return `it is no ${set.type}`;
  set.add(value, reputation ? Number(written) : undefined);
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fillObjects(set: MemoryDataSet, document: unknown, request: DataSetRequest): string | undefined {
  const list = request.arrayKey === undefined ? document : at(document, request.arrayKey);
  if (!Array.isArray(list)) return `${request.load} holds no list${request.arrayKey === undefined ? '' : ` under ${request.arrayKey}`}`;
  for (const element of list) {
    const problem = fillObject(set, element, request);
    if (problem !== undefined) return `${request.load}: ${problem}`;
  }
  return undefined;
}

function fillObject(set: MemoryDataSet, object: unknown, request: DataSetRequest): string | undefined {
  const key = request.valueKey ?? '';
  const written = at(object, key);
  if (typeof written !== 'string') return `no text stands under ${key}`;
  const value = readValue(written, set.type, false);
  if (value === undefined) return `\`${written}\` is no ${set.type}`;
  set.add(value, request.removeKey ? without(object, key.split('.')) : object);
  return undefined;
}

function at(node: unknown, path: string): unknown {
  let here = node;
  for (const name of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string, unknown>)[name];
  }
  return here;
}

/** A copy that lacks what stands at the path. */
function without(node: unknown, path: readonly string[]): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = { ...node };
  if (path.length === 1) delete copy[path[0]];
  else copy[path[0]] = without(copy[path[0]], path.slice(1));
  return copy;
}
