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

/** A report is cut there: nobody reads one of 64 MiB, and what unpacks from a PDF or a mail is held to it, too. */
const LONGEST_TEXT = 64 * 1024 * 1024;

/** First bytes of files that are no report, and what to say of them. */
const NO_REPORTS: readonly (readonly [magic: string, what: string])[] = [
  ['PK\x03\x04', 'a ZIP archive (or a document of an office program): unpack it, or save it as PDF or text'],
  ['\xd0\xcf\x11\xe0', 'an old office document: save it as PDF or text'],
  ['\x1f\x8b', 'packed by gzip: unpack it'],
  ['7z\xbc\xaf', 'a 7-Zip archive: unpack it'],
  ['Rar!', 'a RAR archive: unpack it'],
  ['MZ', 'a Windows program'],
  ['\x7fELF', 'a Linux program'],
  ['\x89PNG', 'a picture'],
  ['\xff\xd8\xff', 'a picture'],
  ['GIF8', 'a picture'],
];
/** Bytes that are looked at for zeros, which no text has. */
const HEAD = 4096;

/**
 * `name`: the file's, for CSV, which nothing else tells. `form`: taken as said, where it can be read as such. What is no text at all, or
 * could not be read whole, comes with a problem; never throws.
 */
export async function readForm(bytes: Uint8Array, options: { readonly name?: string; readonly form?: Form } = {}, depth = 0): Promise<FormText> {
  const read = await readAny(bytes, options, depth);
  if (read.text.length <= LONGEST_TEXT) return read;
  return { ...read, text: read.text.slice(0, LONGEST_TEXT), problem: `only the first ${LONGEST_TEXT / 1024 / 1024} MiB of the text were read` };
}

async function readAny(bytes: Uint8Array, options: { readonly name?: string; readonly form?: Form }, depth: number): Promise<FormText> {
  const { form } = options;
  const wanted = (one: Form): boolean => form === undefined || form === one;
  if (wanted('pdf') && (form === 'pdf' || startsWith(bytes, '%PDF-'))) return readPdf(bytes);
  const text = decoded(bytes);
  if (text === undefined) return { form: 'text', text: '', credits: [], leftOut: [], problem: `this is no report, but ${whatIs(bytes)}` };
  const as = (plain: 'text' | 'html', problem?: string): FormText => ({
    form: plain,
    text,
    credits: [],
    leftOut: [],
    ...(problem === undefined ? {} : { problem }),
  });
  if (form === 'text' || form === 'html') return as(form);
  if (/^\s*[[{]/.test(text)) {
    const value = parseJson(text);
    for (const [name, readJson] of JSON_FORMS) {
      const found = value === undefined || !wanted(name) ? undefined : readJson(value);
      if (found !== undefined) return found;
    }
    if (value === undefined && /^\s*(?:\{\s*["}]|\[\s*[[{"\]])/.test(text)) return as('text', 'the JSON is broken; it was read as text');
    if (wanted('feed') && /jsonfeed\.org\/version/.test(text.slice(0, HEAD))) {
      const found = await readFeed(text);
      if (found !== undefined) return found;
    }
  }
  if (wanted('feed') && /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)?<(?:rss|feed|rdf:RDF)\b/i.test(text.slice(0, HEAD))) {
    const found = await readFeed(text);
    return found ?? as('text', 'the feed is broken; it was read as text');
  }
  if (wanted('email') && (form === 'email' || looksLikeMail(text))) {
    const found = await readMail(bytes, (inner, name, deeper) => readForm(inner, { name }, deeper), depth);
    return found ?? as('text', 'the mail is broken; it was read as text');
  }
  if (form === 'csv' || (form === undefined && /\.[ct]sv$/i.test(options.name ?? ''))) return readCsv(text);
  const problem = form === undefined ? undefined : `this can not be read as ${form}; it was read as text`;
  return as(looksLikeHtml(text) ? 'html' : 'text', problem);
}

/** What a page or a feed says of its letters. */
const SAID_CHARSET = /<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{3,20})|<\?xml[^>]{0,100}encoding=["']([\w-]{3,20})/i;

/** UTF-16 where its mark says so, UTF-8, or what the text itself says; undefined for what is no text. */
function decoded(bytes: Uint8Array): string | undefined {
  const wide = startsWith(bytes, '\xff\xfe') ? 'utf-16le' : startsWith(bytes, '\xfe\xff') ? 'utf-16be' : undefined;
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  const isBinary = bytes.subarray(0, HEAD).includes(0) || NO_REPORTS.some(([magic]) => magic.length > 2 && startsWith(bytes, magic));
  if (isBinary) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const said = SAID_CHARSET.exec(new TextDecoder('latin1').decode(bytes.subarray(0, HEAD)));
    return decoderOf(said?.[1] ?? said?.[2] ?? 'utf-8').decode(bytes);
  }
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}

function whatIs(bytes: Uint8Array): string {
  return NO_REPORTS.find(([magic]) => startsWith(bytes, magic))?.[1] ?? 'a binary file';
}

/** A reading of a report of any form; offsets refer to the text that was read out of it. */
export interface FormReading extends ReportReading {
  readonly form: Form;
  /** what the form itself says is no indicator: `value: why` */
  readonly leftOut: readonly string[];
  /** what could not be read, or not all of it, and why */
  readonly problem?: string;
}

/** Forms that are lists of values: a line `url: …` is one of them, not where the report comes from. */
const LISTS: ReadonlySet<Form> = new Set(['misp', 'stix', 'triage', 'anyrun', 'csv']);

export async function readReportOf(
  bytes: Uint8Array,
  options: IntakeOptions,
  about: { readonly name?: string; readonly form?: Form } = {},
): Promise<FormReading> {
  const { form, text, title, source, published, credits, leftOut, problem, given, senders } = await readForm(bytes, about);
  const plain = form === 'text' || form === 'html';
  const reading = readReport(
    text,
    plain
      ? options
      : { ...options, format: 'text', ...(given === undefined ? {} : { given }), ...(senders === undefined ? {} : { senders }), isList: LISTS.has(form) },
  );
  return {
    ...reading,
    ...(title === undefined || title === '' ? {} : { title }),
    ...(source === undefined ? {} : { source }),
    ...(published === undefined ? {} : { published }),
    ...(problem === undefined ? {} : { problem }),
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
