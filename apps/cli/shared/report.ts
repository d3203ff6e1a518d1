/** Reads a report (file or standard input) and hands intake the catalogue's indicators. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, refang } from '@sigwright/catalogue';
import { FORMS, type Form, type FormReading, type IntakeOptions, indexWarningLists, readReportOf, type WarningList } from '@sigwright/workbench';
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

/** Ends with a message where `form` is none that is known. */
export async function readingOf(path: string, form?: string, warningLists?: string): Promise<FormReading> {
  const name = form === 'markdown' ? 'text' : (form ?? (/\.html?$/i.test(path) ? 'html' : /\.(?:md|txt|adoc)$/i.test(path) ? 'text' : undefined));
  if (name !== undefined && !(FORMS as readonly string[]).includes(name)) throw new InputProblem(`format ${name} is none of ${FORMS.join(', ')}`);
  const bytes = readFileSync(path === '-' ? 0 : path);
  return readReportOf(bytes, intakeOptions(form, warningLists), { name: path, ...(name === undefined ? {} : { form: name as Form }) });
}
