/** Reads a report (file, standard input or, where allowed, an address) and hands intake the catalogue's indicators. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, refang } from '@sigwright/catalogue';
import { FORMS, type Form, type FormReading, fetchReport, type IntakeOptions, indexWarningLists, readReportOf, type WarningList } from '@sigwright/workbench';
import { InputProblem } from './arguments.ts';

export function intakeOptions(format: string | undefined, warningLists?: string): IntakeOptions {
  return {
    definitions: catalogue.indicators,
    refang,
    ...(format === 'html' || format === 'text' || format === 'markdown' ? { format } : {}),
    ...(warningLists === undefined ? {} : { warnings: indexWarningLists(warningListsIn(warningLists)) }),
  };
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

/** Ends with a message where `form` is none that is known, or `path` is an address that may not or can not be fetched. */
export async function readingOf(path: string, form?: string, warningLists?: string, fetch = false): Promise<SourcedReading> {
  const isAddress = /^https?:\/\//i.test(path);
  const byName = isAddress ? undefined : /\.html?$/i.test(path) ? 'html' : /\.(?:md|txt|adoc)$/i.test(path) ? 'text' : undefined;
  const name = form === 'markdown' ? 'text' : (form ?? byName);
  if (name !== undefined && !(FORMS as readonly string[]).includes(name)) throw new InputProblem(`format ${name} is none of ${FORMS.join(', ')}`);
  if (isAddress && !fetch) throw new InputProblem(`${path} is an address; --fetch allows to fetch it`);
  const fetched = isAddress ? await fetchReport(path) : undefined;
  if (fetched?.ok === false) throw new InputProblem(fetched.message);
  const bytes = fetched?.value.bytes ?? readFileSync(path === '-' ? 0 : path);
  const readAt = new Date().toISOString();
  const said = (name as Form | undefined) ?? fetched?.value.form;
  const reading = await readReportOf(bytes, intakeOptions(form, warningLists), { name: path, ...(said === undefined ? {} : { form: said }) });
  const source = reading.source ?? fetched?.value.url;
  return { ...reading, ...(source === undefined ? {} : { source }), sha256: createHash('sha256').update(bytes).digest('hex'), readAt };
}
