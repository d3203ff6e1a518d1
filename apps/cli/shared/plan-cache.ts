/**
 * Plans of large sets of rules, kept in the user's cache under the hash of everything they depend on, with what was said of their rules; a
 * plan that does not fit or is damaged is made anew. Files are written under another name and renamed, never half.
 *
 * `HASH.plan`: the plan's tables, the texts of its rules (see `savePlan`), what was said as JSON, then the lengths of texts and JSON and
 * the CRC-32 of all before it (4 bytes each, little-endian). `HASH.key`: by what the file system says of rules files (place, size, times), the hash that they had when they were read,
 * so that files which did not change are not read again.
 */
import { hash as digestOf } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fromUtf8, hex, Sha256 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings } from '@sigwright/contracts';
import { loadPlan, PLAN_VERSION, type PlanUse, type RuleTexts, type SavedPlan, usePlan } from '@sigwright/detection';
import type { LoadedRules } from './loaded-rules.ts';

const MOST_SAVED = 6;
const MOST_KEYS = 60;
const TRAILER = 12;

type SaidOfRules = Pick<LoadedRules, 'refused' | 'skipped' | 'problems'>;
export type FoundPlan = SaidOfRules & { readonly plan: PlanUse };

/** Undefined: nothing is to be kept. */
export function cacheFolder(): string | undefined {
  const given = process.env['SIGWRIGHT_CACHE'];
  if (given === '') return undefined;
  return given ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sigwright');
}

export function keyOf(files: readonly { readonly path: string; readonly bytes: Uint8Array }[], settings: EngineSettings): string {
  const hash = hashOf(settings);
  // Paths are part of what is said of rules; lengths keep two files apart from the same bytes in one.
  for (const { path, bytes } of files) hash.update(fromUtf8(JSON.stringify([path, bytes.length, digestOf('sha256', bytes)])));
  // A script that comes or changes lets other rules be loaded.
  for (const { bytes } of files)
    for (const name of scriptNames(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))) hash.update(settings.dataFiles.read(name) ?? fromUtf8('none'));
  return hex(hash.digest()).slice(0, 40);
}

/**
 * Over what every plan depends on beside its rules, its form among it: two versions that share a cache have a plan each. It is short: Node's
 * own way takes longer to be loaded.
 */
function hashOf(settings: EngineSettings): Sha256 {
  const described = JSON.stringify({
    ...settings,
    decompressors: Object.keys(settings.decompressors),
    classifications: [...settings.classifications.values()],
    dataSets: [...settings.dataSets],
  });
  return new Sha256().update(fromUtf8(`${PLAN_VERSION} ${catalogue.fingerprint} ${described}`));
}

/** Longer than any option that names a script. */
const LONGEST_OPTION = 5000;

/** Files of rules are long: only what may name a script is made a text. */
function* scriptNames(rules: Buffer): Iterable<string> {
  for (let at = rules.indexOf('lua'); at !== -1; at = rules.indexOf('lua', at + 3)) {
    if (!/^lua(?:xform|jit)?:/.test(rules.toString('latin1', at, at + 9))) continue;
    const name = /^\w+:\s*!?\s*([^,;\s]+)/.exec(rules.toString('latin1', at, at + LONGEST_OPTION))?.[1];
    if (name !== undefined) yield name;
  }
}

function namesScripts(rules: Uint8Array): boolean {
  for (const _ of scriptNames(Buffer.from(rules.buffer, rules.byteOffset, rules.length))) return true;
  return false;
}

export function readSaved(folder: string, key: string, settings: EngineSettings): FoundPlan | undefined {
  let file: number;
  try {
    file = openSync(join(folder, `${key}.plan`), 'r');
  } catch {
    return undefined;
  }
  const plan = readOpened(file, key, settings);
  if (plan === undefined) closeSync(file);
  else OPEN.register(plan.plan.data.texts, file);
  return plan;
}

function readOpened(file: number, key: string, settings: EngineSettings): FoundPlan | undefined {
  const end = fstatSync(file).size - TRAILER;
  const trailer = end < 0 ? undefined : readAt(file, end, TRAILER);
  if (trailer === undefined) return undefined;
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER);
  const textsAt = end - view.getUint32(4, true) - view.getUint32(0, true);
  const saidAt = end - view.getUint32(4, true);
  const tables = textsAt < 0 ? undefined : readAt(file, 0, textsAt);
  if (tables === undefined) return undefined;
  let digest = crc32(tables);
  for (let at = textsAt; at < saidAt; at += READ_AT_ONCE) {
    const some = readAt(file, at, Math.min(READ_AT_ONCE, saidAt - at), BUFFER);
    if (some === undefined) return undefined;
    digest = crc32(some, digest);
  }
  const said = readAt(file, saidAt, end - saidAt);
  if (said === undefined || crc32(trailer.subarray(0, 8), crc32(said, digest)) !== view.getUint32(8, true)) return undefined;
  const plan = loadPlan(tables, new TextsInFile(file, textsAt, saidAt - textsAt), key);
  if (!plan.ok) return undefined;
  return { ...(JSON.parse(new TextDecoder().decode(said)) as SaidOfRules), plan: usePlan(plan.value, catalogue, settings) };
}

const READ_AT_ONCE = 1 << 18;
const BUFFER = new Uint8Array(READ_AT_ONCE);

/** Undefined where the file is shorter. The bytes begin at a multiple of eight of their buffer. */
function readAt(file: number, at: number, length: number, into: Uint8Array = new Uint8Array(length)): Uint8Array | undefined {
  let read = 0;
  while (read < length) {
    const more = readSync(file, into, read, length - read, at + read);
    if (more === 0) return undefined;
    read += more;
  }
  return into.subarray(0, length);
}

/** Files are closed when nobody has their plan any more. */
const OPEN = new FinalizationRegistry((file: number) => closeSync(file));

/** Texts of rules in a saved plan's file, which stays open: another one that is put in its place does not change it. */
class TextsInFile implements RuleTexts {
  readonly length: number;
  readonly #file: number;
  readonly #at: number;

  constructor(file: number, at: number, length: number) {
    this.#file = file;
    this.#at = at;
    this.length = length;
  }

  read(start: number, end: number): Uint8Array {
    const text = readAt(this.#file, this.#at + start, end - start);
    if (text === undefined) throw new Error('a saved plan was cut short while it was in use');
    return text;
  }
}

/** A cache that can not be written is no reason to stop. */
export function writeSaved(folder: string, key: string, { tables, texts }: SavedPlan, said: SaidOfRules): void {
  const told = new TextEncoder().encode(JSON.stringify(said));
  const bytes = Buffer.concat([tables, texts, told, new Uint8Array(TRAILER)]);
  const trailer = bytes.length - TRAILER;
  bytes.writeUInt32LE(texts.length, trailer);
  bytes.writeUInt32LE(told.length, trailer + 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, trailer + 8)), trailer + 8);
  writeWhole(folder, `${key}.plan`, bytes);
}

function writeWhole(folder: string, name: string, bytes: Uint8Array): void {
  const temporary = join(folder, `${name}.${process.pid}.tmp`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, bytes, { flush: true });
    renameSync(temporary, join(folder, name));
    tidy(folder);
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The folder itself can not be used.
    }
  }
}

/** What the file system says of files: where nothing of it changes, neither did the files. */
export interface StampedFiles {
  /** bytes of all */
  readonly size: number;
  readonly stamps: readonly string[];
}

/** A file that changed this short a time ago could change once more with the same time written down. */
const SETTLED_NS = 3_000_000_000n;

/**
 * Undefined where one is no plain file, or changed just now. Missing files are the reader's to tell. `milliseconds`: the time, since 1970.
 */
export function stampsOf(paths: readonly string[], milliseconds = Date.now()): StampedFiles | undefined {
  const now = BigInt(milliseconds) * 1_000_000n;
  const stamps: string[] = [];
  let size = 0;
  for (const path of paths) {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat?.isFile() !== true || now - stat.mtimeNs < SETTLED_NS || now - stat.ctimeNs < SETTLED_NS) return undefined;
    size += Number(stat.size);
    stamps.push([path, stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join('/'));
  }
  return { size, stamps };
}

/** The plan that was found for these files before, when they had the same stamps: nothing of them need be read. */
export function findByStamps(folder: string, stamps: StampedFiles, settings: EngineSettings): FoundPlan | undefined {
  let key: string;
  try {
    key = readFileSync(join(folder, `${nameOf(stamps, settings)}.key`), 'latin1');
  } catch {
    return undefined;
  }
  return /^[0-9a-f]{40}$/.test(key) ? readSaved(folder, key, settings) : undefined;
}

/** `stamps` are from before the files were read. Scripts that rules name have no stamps, so that such rules are read each time. */
export function rememberStamps(
  folder: string,
  stamps: StampedFiles | undefined,
  settings: EngineSettings,
  files: readonly { readonly bytes: Uint8Array }[],
  key: string,
): void {
  if (stamps === undefined || files.some(({ bytes }) => namesScripts(bytes))) return;
  writeWhole(folder, `${nameOf(stamps, settings)}.key`, Buffer.from(key, 'latin1'));
}

function nameOf({ stamps }: StampedFiles, settings: EngineSettings): string {
  const hash = hashOf(settings);
  for (const stamp of stamps) hash.update(fromUtf8(JSON.stringify(stamp)));
  return hex(hash.digest()).slice(0, 40);
}

/** Another run may write half a minute long; what is older than this was left by one that was killed. */
const LEFT_BEHIND_MS = 600_000;

function tidy(folder: string): void {
  const files = readdirSync(folder).map((name) => ({ name, time: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  const newestFirst = (ending: string) => files.filter(({ name }) => name.endsWith(ending)).sort((a, b) => b.time - a.time);
  const plans = newestFirst('.plan');
  const newest = plans[0]?.time ?? 0;
  const killed = files.filter(({ name, time }) => name.endsWith('.tmp') && newest - time > LEFT_BEHIND_MS);
  for (const { name } of [...plans.slice(MOST_SAVED), ...newestFirst('.key').slice(MOST_KEYS), ...killed]) rmSync(join(folder, name), { force: true });
}
