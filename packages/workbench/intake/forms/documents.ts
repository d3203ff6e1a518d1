/**
 * Documents: PDF (unpdf), e-mail (postal-mime), RSS, Atom and JSON feeds (feedsmith), and lists of
 * comma-separated values. The libraries are loaded when a document asks for them.
 */
import { createHash } from 'node:crypto';
import { type FormText, isSomething, type Json, listOf, objectOf, objectsOf, publishedAt, textOfPiece, wordsOfJson } from './form.ts';

/** Longer books are cut; a report has a few dozen pages. */
const MOST_PAGES = 2000;
const PATIENCE_MILLISECONDS = 60_000;

/** Page by page, within a time; what of it could not be read is said. A damaged file has no text and a problem. */
export async function readPdf(bytes: Uint8Array): Promise<FormText> {
  const form = { form: 'pdf', credits: [], leftOut: [] } as const;
  try {
    const { getDocumentProxy } = await import('unpdf');
    // The library takes the bytes over, and no `Buffer`: it gets its own. Level 0: what it would print of a damaged file is said by us.
    const document = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
    try {
      return { ...form, ...(await titleOfPdf(document)), ...(await textOfPdf(document)) };
    } finally {
      await document.cleanup();
    }
  } catch (cause) {
    const { name, message } = cause as Error;
    return { ...form, text: '', problem: name === 'PasswordException' ? 'the PDF is locked by a password' : `the PDF can not be read: ${message}` };
  }
}

interface PdfDocument {
  readonly numPages: number;
  getPage(number: number): Promise<{ getTextContent(): Promise<{ readonly items: readonly unknown[] }>; cleanup(): unknown }>;
  getMetadata(): Promise<{ readonly info: unknown }>;
}

async function textOfPdf(document: PdfDocument): Promise<{ readonly text: string; readonly problem?: string }> {
  const parts: string[] = [];
  const started = Date.now();
  const broken: number[] = [];
  const pages = Math.min(document.numPages, MOST_PAGES);
  let read = 0;
  for (; read < pages && Date.now() - started < PATIENCE_MILLISECONDS; read++) {
    try {
      const page = await document.getPage(read + 1);
      for (const item of objectsOf((await page.getTextContent()).items)) parts.push(wordsOfJson(item['str']), item['hasEOL'] === true ? '\n' : '');
      page.cleanup();
    } catch {
      broken.push(read + 1);
    }
    parts.push('\n');
  }
  const text = parts
    .join('')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  const problem =
    read < document.numPages
      ? `only the first ${read} of ${document.numPages} pages were read`
      : broken.length > 0
        ? `pages that can not be read: ${broken.slice(0, 20).join(', ')}`
        : text === ''
          ? 'the PDF has no text: its pages are pictures'
          : undefined;
  return { text, ...(problem === undefined ? {} : { problem }) };
}

async function titleOfPdf(document: PdfDocument): Promise<{ readonly title?: string; readonly published?: string }> {
  const info = objectOf((await document.getMetadata().catch(() => undefined))?.info) ?? {};
  // D:20240308120000+00'00'
  const date = /^D:(\d{4})(\d{2})(\d{2})/.exec(wordsOfJson(info['CreationDate']));
  const title = wordsOfJson(info['Title']).trim();
  return { ...(title === '' ? {} : { title }), ...(date === null ? {} : { published: date.slice(1).join('-') }) };
}

/** Headers that begin a stored mail. */
const MAIL_HEADER = /^(?:Received|Return-Path|Delivered-To|From|To|Subject|Date|Message-ID|MIME-Version|DKIM-Signature|ARC-Seal|X-[\w-]+):\s/i;

export function looksLikeMail(text: string): boolean {
  const head = text.slice(0, 64 * 1024).split(/\r?\n\r?\n/, 1)[0];
  return MAIL_HEADER.test(head) && /^From:/im.test(head) && /^(?:Subject|Date|Message-ID):/im.test(head);
}

/** Attachments within attachments are read this deep. */
const DEEPEST = 3;
const MOST_ATTACHMENTS = 200;

/** `read`: the text of an attachment that is a report of any form itself. */
export async function readMail(
  bytes: Uint8Array,
  read: (bytes: Uint8Array, name: string, depth: number) => Promise<FormText>,
  depth = 0,
): Promise<FormText | undefined> {
  try {
    const { default: PostalMime } = await import('postal-mime');
    const mail = await PostalMime.parse(bytes, { forceRfc822Attachments: true, maxNestingDepth: 64 });
    const plain = mail.text?.trim() ?? '';
    const page = mail.html === undefined ? '' : textOfPiece(mail.html);
    // Programs that send pages often leave "your program can not show this" for the text.
    const body = plain.length * 4 < page.length ? page : plain;
    const from = mail.from?.name || mail.from?.address || '';
    const parts = [mail.subject ?? '', body];
    const leftOut: string[] = [];
    for (const { filename, mimeType, content } of mail.attachments.slice(0, MOST_ATTACHMENTS)) {
      const inner = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content as ArrayBuffer);
      const name = filename ?? (mimeType === 'message/rfc822' ? 'message.eml' : 'attachment');
      const isReport =
        /^(?:text\/|message\/|application\/(?:pdf|json|xml|stix\+json|csv))/i.test(mimeType) || /\.(?:pdf|txt|csv|json|html?|eml|md)$/i.test(name);
      // What is no report may be the sample: its digest says which.
      parts.push(`Attachment: ${name}${isReport ? '' : ` (sha256 ${createHash('sha256').update(inner).digest('hex')})`}`);
      if (!isReport) continue;
      if (depth >= DEEPEST) leftOut.push(`${name}: attached too deep`);
      else {
        const found = await read(inner, name, depth + 1);
        if (found.problem !== undefined) leftOut.push(`${name}: ${found.problem}`);
        parts.push(found.form === 'html' ? textOfPiece(found.text) : found.text);
      }
    }
    if (mail.attachments.length > MOST_ATTACHMENTS) leftOut.push(`attachments beyond the first ${MOST_ATTACHMENTS}`);
    return {
      form: 'email',
      text: parts.filter(isSomething).join('\n\n'),
      ...(mail.subject === undefined ? {} : { title: mail.subject }),
      ...publishedAt(mail.date),
      credits: from === '' ? [] : [from],
      leftOut,
      senders: [mail.from, mail.sender, ...(mail.replyTo ?? [])].map((one) => one?.address?.toLowerCase() ?? '').filter(isSomething),
    };
  } catch {
    return undefined;
  }
}

export async function readFeed(text: string): Promise<FormText | undefined> {
  let feed: Json;
  try {
    const { parseFeed } = await import('feedsmith');
    feed = objectOf(parseFeed(text).feed) ?? {};
  } catch {
    return undefined;
  }
  const title = plain(feed['title']);
  const lines: string[] = [title];
  const credits = new Set<string>();
  let published: string | undefined;
  for (const item of [...objectsOf(feed['items']), ...objectsOf(feed['entries'])]) {
    const link =
      wordsOfJson(item['link']) ||
      wordsOfJson(item['url']) ||
      objectsOf(item['links'])
        .map((one) => wordsOfJson(one['href']))
        .find(isSomething) ||
      '';
    const body = [objectOf(item['content'])?.['encoded'], item['content'], item['content_html'], item['content_text'], item['description'], item['summary']]
      .map(plain)
      .find(isSomething);
    lines.push('', plain(item['title']), link === '' ? '' : `Reference: ${link}`, textOfPiece(body ?? ''));
    // Names of elements and of the Dublin Core; RSS has them as plain words, or as a mail address with the name behind it.
    const dublin = objectOf(item['dc']) ?? {};
    for (const author of [
      ...objectsOf(item['authors']).map((one) => one['name']),
      ...listOf(item['authors']),
      dublin['creator'],
      ...listOf(dublin['creators']),
    ]) {
      const name = wordsOfJson(author)
        .replace(/^\S+@\S+ \((.+)\)$/, '$1')
        .trim();
      if (name !== '') credits.add(name);
    }
    published ??= [item['pubDate'], item['published'], item['updated'], item['date_published'], dublin['date']].map(wordsOfJson).find(isSomething);
  }
  return { form: 'feed', text: lines.join('\n').trim(), ...(title === '' ? {} : { title }), ...publishedAt(published), credits: [...credits], leftOut: [] };
}

/** Atom wraps its texts in objects. */
function plain(value: unknown): string {
  return wordsOfJson(value) || wordsOfJson(objectOf(value)?.['value']);
}

/** A row becomes a line with its cells well apart, so that no cell sticks to its neighbour. */
export function readCsv(text: string): FormText {
  const lines: string[] = [];
  let port = -1;
  for (const row of rowsOf(text)) {
    if (port === -1) port = row.findIndex((cell) => PORT_COLUMN.test(cell.trim()));
    lines.push(withItsPort(row, port).filter(isSomething).join(' \t '));
  }
  return { form: 'csv', text: lines.join('\n'), credits: [], leftOut: [] };
}

/** Heading of a column with the port of the address beside it; one of clients says nothing. */
const PORT_COLUMN = /^(?:(?:dst|dest|destination|server|remote|c2|cnc)[ _-]?)?port$/i;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|(?=.*:.*:)[0-9a-f:]{3,39})$/i;

/** A row whose address carries its port: that of the nearest column before the port's, else behind it. */
function withItsPort(row: readonly string[], port: number): readonly string[] {
  const number = row[port]?.trim() ?? '';
  if (!/^\d{1,5}$/.test(number) || Number(number) === 0 || Number(number) > 65_535) return row;
  const isAddress = (cell: string): boolean => ADDRESS.test(cell.trim());
  const before = row.slice(0, port).findLastIndex(isAddress);
  const at = before === -1 ? row.findIndex((cell, index) => index > port && isAddress(cell)) : before;
  if (at === -1) return row;
  const address = row[at].trim();
  return row.map((cell, index) => (index === at ? `${address.includes(':') ? `[${address}]` : address}:${number}` : cell));
}

/** RFC 4180, lenient: comma, semicolon, tab or bar (whichever the first line has more of; lines of comments before it do not count), quotes doubled within quotes. */
function rowsOf(text: string): string[][] {
  const first = /^(?!#).*$/m.exec(text.slice(0, 64 * 1024))?.[0] ?? '';
  const mark = [';', '\t', '|'].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best), ',');
  const rows: string[][] = [];
  let row: string[] = [];
  let start = 0;
  let at = 0;
  const cell = (end: number): void => {
    const written = text.slice(start, end).trim();
    row.push(written.startsWith('"') && written.endsWith('"') && written.length > 1 ? written.slice(1, -1).replaceAll('""', '"') : written);
    start = end + 1;
  };
  while (at < text.length) {
    if (text[at] === '"') {
      const end = text.indexOf('"', at + 1);
      at = end === -1 ? text.length : end + 1;
    } else if (text[at] === mark) cell(at++);
    else if (text[at] === '\n') {
      cell(at++);
      rows.push(row);
      row = [];
    } else at++;
  }
  cell(text.length);
  rows.push(row);
  return rows;
}
