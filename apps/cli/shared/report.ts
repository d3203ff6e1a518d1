/** Reads a report (file, standard input or, where allowed, an address) and hands intake the catalogue's indicators. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, refang } from '@sigwright/catalogue';
import {
  FORMS,
  type Form,
  type FormReading,
  fetchReport,
  type IntakeOptions,
  indexNames,
  indexWarningLists,
  type KnownName,
  namesOfGalaxy,
  readReportOf,
  type WarningList,
} from '@sigwright/workbench';
import { InputProblem } from './arguments.ts';

/** What a reading is told beside the report. */
export interface ReadingAbout {
  readonly form?: string | undefined;
  /** folder of lists in the form of misp-warninglists */
  readonly warningLists?: string | undefined;
  /** folder of lists in the form of misp-galaxy clusters */
  readonly names?: string | undefined;
  /** may an address be fetched? */
  readonly fetch?: boolean | undefined;
}

export function intakeOptions(about: Pick<ReadingAbout, 'form' | 'warningLists' | 'names'> = {}): IntakeOptions {
  const { form, warningLists, names } = about;
  return {
    definitions: catalogue.indicators,
    refang,
    ...(form === 'html' || form === 'text' || form === 'markdown' ? { format: form } : {}),
    ...(warningLists === undefined ? {} : { warnings: indexWarningLists(warningListsIn(warningLists)) }),
    ...(names === undefined ? {} : { names: namesInFolder(names) }),
  };
}

/** Every cluster of a folder: of actors where its name says so (`actor`, `group`, `intrusion-set`), of families elsewhere. */
function namesInFolder(folder: string): ReturnType<typeof indexNames> {
  const families: KnownName[] = [];
  const actors: KnownName[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.json')) continue;
    try {
      const found = namesOfGalaxy(JSON.parse(readFileSync(join(folder, file), 'utf8')));
      (/actor|group|intrusion/i.test(file) ? actors : families).push(...(found ?? []));
    } catch (problem) {
      process.stderr.write(`names ${join(folder, file)} left out: ${(problem as Error).message}\n`);
    }
  }
  if (families.length + actors.length === 0) process.stderr.write(`${folder} holds no names\n`);
  return indexNames(families, actors);
}

/** Every list of a folder (misp-warninglists' `NAME.json`, or its `NAME/list.json`). Files of another shape are left out. */
function warningListsIn(folder: string): WarningList[] {
  const lists: WarningList[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = entry.isDirectory() ? join(folder, entry.name, 'list.json') : join(folder, entry.name);
    if (!path.endsWith('.json') || !existsSync(path)) continue;
    try {
      const { name, type, list } = JSON.parse(readFileSync(path, 'utf8')) as Partial<WarningList>;
      if (typeof name === 'string' && typeof type === 'string' && Array.isArray(list)) lists.push({ name, type, list, file: entry.name });
    } catch (problem) {
      process.stderr.write(`warning list ${path} left out: ${(problem as Error).message}\n`);
    }
  }
  if (lists.length === 0) process.stderr.write(`${folder} holds no warning list\n`);
  return lists;
}

/** A reading, and which bytes it is of. */
export interface SourcedReading extends FormReading {
  /** of the bytes that were read, hexadecimal */
  readonly sha256: string;
  /** when they were read, ISO 8601 */
  readonly readAt: string;
}

/** A report of more bytes is not read: the largest that was ever seen is a tenth of it. */
const MOST_BYTES = 256 * 1024 * 1024;
const CHUNK = 1024 * 1024;

/** A file, or standard input for `-`, up to MOST_BYTES. */
function bytesOf(path: string): Uint8Array {
  const file = path === '-' ? 0 : openSync(path, 'r');
  const chunks: Uint8Array[] = [];
  try {
    for (let length = 0; ; ) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const count = readSync(file, chunk, 0, CHUNK, null);
      if (count === 0) return Buffer.concat(chunks);
      length += count;
      if (length > MOST_BYTES) throw new InputProblem(`${path === '-' ? 'standard input' : path} is longer than ${MOST_BYTES / 1024 / 1024} MiB`);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    if (file !== 0) closeSync(file);
  }
}

/**
 * Ends with a message where `form` is none that is known, `path` is an address that may not or can not be fetched, or nothing of it can
 * be read; what could be read only in part is said on standard error.
 */
export async function readingOf(path: string, about: ReadingAbout = {}): Promise<SourcedReading> {
  const { form, fetch = false } = about;
  const isAddress = /^https?:\/\//i.test(path);
  const byName = isAddress ? undefined : /\.html?$/i.test(path) ? 'html' : /\.(?:md|txt|adoc)$/i.test(path) ? 'text' : undefined;
  const name = form === 'markdown' ? 'text' : (form ?? byName);
  if (name !== undefined && !(FORMS as readonly string[]).includes(name)) throw new InputProblem(`format ${name} is none of ${FORMS.join(', ')}`);
  if (isAddress && !fetch) throw new InputProblem(`${path} is an address; --fetch allows to fetch it`);
  const fetched = isAddress ? await fetchReport(path) : undefined;
  if (fetched?.ok === false) throw new InputProblem(fetched.message);
  const bytes = fetched?.value.bytes ?? bytesOf(path);
  const readAt = new Date().toISOString();
  const said = (name as Form | undefined) ?? fetched?.value.form;
  const reading = await readReportOf(bytes, intakeOptions(about), { name: path, ...(said === undefined ? {} : { form: said }) });
  const { problem, text } = reading;
  if (problem !== undefined && text === '') throw new InputProblem(`${path === '-' ? 'standard input' : path}: ${problem}`);
  if (problem !== undefined) process.stderr.write(`${path === '-' ? 'standard input' : path}: ${problem}\n`);
  const source = reading.source ?? fetched?.value.url;
  return { ...reading, ...(source === undefined ? {} : { source }), sha256: createHash('sha256').update(bytes).digest('hex'), readAt };
}
