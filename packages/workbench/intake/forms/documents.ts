/**
 * Documents: PDF (unpdf), e-mail (postal-mime), RSS, Atom and JSON feeds (feedsmith), and lists of
 * comma-separated values. The libraries are loaded when a document asks for them.
 */
import { type FormText, isSomething, type Json, objectOf, objectsOf, textOfPiece, wordsOfJson } from './form.ts';

/** Undefined where it can not be read. */
export async function readPdf(bytes: Uint8Array): Promise<FormText | undefined> {
  try {
    const { extractText } = await import('unpdf');
    // The library takes the bytes over: it gets its own.
    const { text } = await extractText(bytes.slice(), { mergePages: true });
    return { form: 'pdf', text, credits: [], leftOut: [] };
  } catch {
    return undefined;
  }
}

/** Headers that begin a stored mail. */
const MAIL_HEADER = /^(?:Received|Return-Path|Delivered-To|From|To|Subject|Date|Message-ID|MIME-Version|DKIM-Signature|ARC-Seal|X-[\w-]+):\s/i;

export function looksLikeMail(text: string): boolean {
  const head = text.slice(0, 64 * 1024).split(/\r?\n\r?\n/, 1)[0];
  return MAIL_HEADER.test(head) && /^From:/im.test(head) && /^(?:Subject|Date|Message-ID):/im.test(head);
}

export async function readMail(bytes: Uint8Array): Promise<FormText | undefined> {
  try {
    const { default: PostalMime } = await import('postal-mime');
    const mail = await PostalMime.parse(bytes);
    const body = mail.text?.trim() ? mail.text : textOfPiece(mail.html ?? '');
    const from = mail.from?.name || mail.from?.address || '';
    const names = mail.attachments.map((attachment) => attachment.filename ?? '').filter(isSomething);
    return {
      form: 'email',
      text: [mail.subject ?? '', body, names.length === 0 ? '' : `Attachments: ${names.join(', ')}`].filter(isSomething).join('\n\n'),
      ...(mail.subject === undefined ? {} : { title: mail.subject }),
      credits: from === '' ? [] : [from],
      leftOut: [],
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
    for (const author of objectsOf(item['authors'])) if (wordsOfJson(author['name']) !== '') credits.add(wordsOfJson(author['name']));
  }
  return { form: 'feed', text: lines.join('\n').trim(), ...(title === '' ? {} : { title }), credits: [...credits], leftOut: [] };
}

/** Atom wraps its texts in objects. */
function plain(value: unknown): string {
  return wordsOfJson(value) || wordsOfJson(objectOf(value)?.['value']);
}

/** A row becomes a line with its cells well apart, so that no cell sticks to its neighbour. */
export function readCsv(text: string): FormText {
  const lines: string[] = [];
  for (const row of rowsOf(text)) lines.push(row.filter(isSomething).join(' \t '));
  return { form: 'csv', text: lines.join('\n'), credits: [], leftOut: [] };
}

/** RFC 4180, lenient: comma or semicolon (whichever the first line has more of), quotes doubled within quotes. */
function rowsOf(text: string): string[][] {
  const first = text.slice(0, text.indexOf('\n') === -1 ? text.length : text.indexOf('\n'));
  const mark = first.split(';').length > first.split(',').length ? ';' : ',';
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
