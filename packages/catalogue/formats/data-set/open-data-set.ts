/** Opens the set that a rule names: the one that is there, or a new one, filled from its file. */
import { fileText } from '@sigwright/bytes';
import type { Contradiction, DataSetType, EngineSettings } from '@sigwright/contracts';
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
  /** bytes that the set may take, as Suricata counts them, and rows of its table */
  readonly memoryLimit: number | undefined;
  readonly rows: number;
}

/** Why a set can not be opened. */
export type SetProblem = Contradiction;

function wrong(code: string, title: string, facts: Contradiction['facts'] = {}): SetProblem {
  return { code, title, facts };
}

/** What Suricata 8 counts against `memcap`: a row of the table, and a value; room for so many values is taken at once. */
const ROW_BYTES = 64;
const VALUE_BYTES = 104;
const VALUES_AT_ONCE = 1000;

/** The set, or what is wrong. */
export function openDataSet(wanted: DataSetRequest, settings: EngineSettings): MemoryDataSet | SetProblem {
  const sets = setsOf(settings);
  const { name } = wanted;
  const defined = settings.dataSets.get(name);
  const request = defined === undefined || wanted.type !== undefined ? wanted : { ...wanted, type: defined.type, load: defined.load, save: defined.save };
  const known = sets.get(name);
  if (known !== undefined) {
    if (request.type !== undefined && known.type !== request.type) return wrong('set', `set \`${name}\` was opened before as ${known.type}`, { name });
    return known;
  }
  if (request.type === undefined) return wrong('set', `set \`${name}\` has no type`, { name });
  const refused = request.save === undefined ? undefined : refusedPath(request.save, settings);
  if (refused !== undefined) return refused;
  if (request.save !== undefined && !settings.dataFiles.mayWrite) return wrong('read-only', 'rules may not write sets (datasets.rules.allow-write)');
  const { each, all } = settings.dataSetRows;
  if (request.rows > each)
    return wrong('rows', `set \`${name}\` asks for ${request.rows} rows, at most ${each} are allowed (datasets.limits.single-hashsize)`, { name });
  let rows = request.rows;
  for (const other of sets.values()) rows += other.rows;
  if (rows > all)
    return wrong('rows', `set \`${name}\` would make it ${rows} rows in all, at most ${all} are allowed (datasets.limits.total-hashsizes)`, { name });
  const set = new MemoryDataSet(name, request.type, request.save);
  set.rows = request.rows;
  set.isOfFile = request.load !== undefined && request.save === undefined;
  if (request.load !== undefined) {
    const bytes = settings.dataFiles.read(request.load);
    // What is also saved may not be there yet.
    if (bytes === undefined && request.save === undefined) return wrong('no-file', `${request.load} can not be read`, { path: request.load });
    const problem = bytes === undefined ? undefined : fill(set, fileText(bytes), request);
    if (problem !== undefined) return problem;
  }
  if (request.memoryLimit !== undefined) {
    const texts = set.type === 'string' ? set.bytes : 0;
    const taken = request.rows * ROW_BYTES + Math.max(VALUES_AT_ONCE, set.size) * VALUE_BYTES + texts;
    if (taken > request.memoryLimit) return wrong('memory', `set \`${name}\` needs ${taken} bytes, its memcap is ${request.memoryLimit}`, { name });
  }
  sets.set(name, set);
  return set;
}

/** A set by its name alone, where rules or the configuration define it. */
export function knownDataSet(name: string, settings: EngineSettings): MemoryDataSet | undefined {
  const set = openDataSet(
    {
      name,
      type: undefined,
      load: undefined,
      save: undefined,
      format: 'csv',
      valueKey: undefined,
      arrayKey: undefined,
      removeKey: false,
      memoryLimit: undefined,
      rows: 0,
    },
    settings,
  );
  return set instanceof MemoryDataSet ? set : undefined;
}

/** What rules only load may stand anywhere; what they write may not, as long as the configuration does not allow it. */
function refusedPath(path: string, settings: EngineSettings): SetProblem | undefined {
  const isAbsolute = path.startsWith('/');
  if (settings.dataFiles.mayBeAbsolute) {
    if (isAbsolute) settings.dataFiles.absolute?.(path);
    return undefined;
  }
  if (isAbsolute) return wrong('absolute', `${path}: rules may not write files by absolute paths (datasets.rules.allow-absolute-filenames)`, { path });
  return path.split('/').includes('..') ? wrong('outside', `${path}: rules may not leave the folder of data`, { path }) : undefined;
}

function fill(set: MemoryDataSet, text: string, request: DataSetRequest): SetProblem | undefined {
  if (request.format === 'json') return fillObjects(set, parsed(text), request);
  let number = 0;
  let reputed: boolean | undefined;
  for (const line of text.split(/\r?\n/)) {
    number++;
    const trimmed = line.trim();
    if (trimmed === '') continue;
    let problem: SetProblem | undefined;
    if (request.format === 'ndjson') problem = fillObject(set, parsed(trimmed), request);
    else {
      const hasReputation = trimmed.includes(',');
      if (hasReputation !== (reputed ?? hasReputation)) problem = wrong('mixed', 'some values have a reputation, others have none', { name: set.name });
      reputed = hasReputation;
      problem ??= fillLine(set, trimmed);
    }
    if (problem !== undefined) return { ...problem, title: `line ${number} of ${request.load}: ${problem.title}` };
  }
  return undefined;
}

const HIGHEST_REPUTATION = 65_535;

function fillLine(set: MemoryDataSet, line: string): SetProblem | undefined {
  const comma = line.lastIndexOf(',');
  const written = comma === -1 ? undefined : line.slice(comma + 1).trim();
  if (written !== undefined && (!/^\d+$/.test(written) || Number(written) > HIGHEST_REPUTATION))
    return wrong('reputation', 'the reputation is no number', { name: set.name, written });
  const value = readValue(comma === -1 ? line : line.slice(0, comma).trim(), set.type, true);
  if (value === undefined) return wrong('value', `it is no ${set.type}`, { name: set.name });
  set.add(value, written === undefined ? undefined : Number(written));
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fillObjects(set: MemoryDataSet, document: unknown, request: DataSetRequest): SetProblem | undefined {
  const list = request.arrayKey === undefined ? document : at(document, request.arrayKey);
  if (!Array.isArray(list)) return wrong('no-list', `${request.load} holds no list${request.arrayKey === undefined ? '' : ` under ${request.arrayKey}`}`);
  for (const element of list) {
    const problem = fillObject(set, element, request);
    if (problem !== undefined) return { ...problem, title: `${request.load}: ${problem.title}` };
  }
  return undefined;
}

function fillObject(set: MemoryDataSet, object: unknown, request: DataSetRequest): SetProblem | undefined {
  const key = request.valueKey ?? '';
  const written = at(object, key);
  if (typeof written !== 'string') return wrong(written === undefined ? 'no-key' : 'no-text', `no text stands under ${key}`, { key });
  const value = readValue(written, set.type, false);
  if (value === undefined) return wrong('value', `\`${written}\` is no ${set.type}`, { name: set.name });
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
