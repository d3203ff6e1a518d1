/**
 * Which form a report has, told from its bytes (and its name, where bytes say nothing), and its text. A file that is none of the
 * known forms is text.
 */
import { type IntakeOptions, type ReportReading, readReport } from '../intake.ts';
import { looksLikeHtml } from '../text-of.ts';
import { looksLikeMail, readCsv, readFeed, readMail, readPdf } from './documents.ts';
import type { Form, FormText } from './form.ts';
import { readMisp, readStix } from './intelligence.ts';
import { readDiscourse, readMastodon } from './posts.ts';
import { readAnyRun, readTriage } from './sandboxes.ts';

export { FORMS, type Form, type FormText } from './form.ts';

const JSON_FORMS: readonly (readonly [Form, (value: unknown) => FormText | undefined])[] = [
  ['misp', readMisp],
  ['stix', readStix],
  ['discourse', readDiscourse],
  ['mastodon', readMastodon],
  ['triage', readTriage],
  ['anyrun', readAnyRun],
];

/** `name`: the file's, for CSV, which nothing else tells. `form`: taken as said, where it can be read as such. */
export async function readForm(bytes: Uint8Array, options: { readonly name?: string; readonly form?: Form } = {}): Promise<FormText> {
  const { form } = options;
  const wanted = (one: Form): boolean => form === undefined || form === one;
  if (wanted('pdf') && (form === 'pdf' || startsWith(bytes, '%PDF-'))) {
    const read = await readPdf(bytes);
    if (read !== undefined) return read;
  }
  const text = new TextDecoder().decode(bytes);
  const as = (plain: 'text' | 'html'): FormText => ({ form: plain, text, credits: [], leftOut: [] });
  if (form === 'text' || form === 'html') return as(form);
  if (/^\s*[[{]/.test(text)) {
    const value = parseJson(text);
    for (const [name, read] of JSON_FORMS) {
      const found = value === undefined || !wanted(name) ? undefined : read(value);
      if (found !== undefined) return found;
    }
  }
  if (wanted('feed') && /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)?<(?:rss|feed|rdf:RDF)\b/i.test(text.slice(0, 4096))) {
    const read = await readFeed(text);
    if (read !== undefined) return read;
  }
  if (wanted('email') && (form === 'email' || looksLikeMail(text))) {
    const read = await readMail(bytes);
    if (read !== undefined) return read;
  }
  if (form === 'csv' || (form === undefined && /\.csv$/i.test(options.name ?? ''))) return readCsv(text);
  return as(looksLikeHtml(text) ? 'html' : 'text');
}

/** A reading of a report of any form; offsets refer to the text that was read out of it. */
export interface FormReading extends ReportReading {
  readonly form: Form;
  /** what the form itself says is no indicator: `value: why` */
  readonly leftOut: readonly string[];
}

export async function readReportOf(
  bytes: Uint8Array,
  options: IntakeOptions,
  about: { readonly name?: string; readonly form?: Form } = {},
): Promise<FormReading> {
  const { form, text, title, source, credits, leftOut } = await readForm(bytes, about);
  const plain = form === 'text' || form === 'html';
  const reading = readReport(text, plain ? options : { ...options, format: 'text' });
  return {
    ...reading,
    ...(title === undefined || title === '' ? {} : { title }),
    ...(source === undefined ? {} : { source }),
    credits: [...new Set([...credits, ...reading.credits])],
    form,
    leftOut,
  };
}

function startsWith(bytes: Uint8Array, words: string): boolean {
  return [...words].every((letter, at) => bytes[at] === letter.charCodeAt(0));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
