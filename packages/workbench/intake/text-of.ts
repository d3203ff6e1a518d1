/**
 * HTML → the text a reader sees, and the targets of its links. Lenient and linear; scripts and styles are left out. Of a whole page
 * only the article: what is around it (menus, side columns, related posts, consent) is told by element, class and role, and comes
 * back where nothing would be left.
 */
import { entryOf } from '@sigwright/bytes';

const BLOCKS = /^(?:p|div|br|li|ul|ol|table|tr|h[1-6]|pre|blockquote|section|article|header|footer|hr|dd|dt)$/i;
const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  rsquo: '’',
  lsquo: '‘',
  ldquo: '“',
  rdquo: '”',
};

/** Elements around an article; `header` and `footer` within one belong to it. */
const FURNITURE = /^(?:nav|aside|header|footer|form|dialog|template|button|select|svg|iframe)$/;
const FURNITURE_WORDS =
  /(?:^|[\s_-])(?<!(?:has|with|no|without|tag|category)-)(?:nav|navbar|navigation|menu|sidebar|side-?bar|footer|site-header|masthead|cookies?|consent|gdpr|share|sharing|social|related|recommended|newsletter|subscribe|breadcrumbs?|promo|adverts?|advertisement|ads|pagination|popup|modal|skip-link)(?:$|[\s_-])/i;
const FURNITURE_ROLE = /^(?:navigation|banner|contentinfo|complementary|search|dialog|alertdialog|menu|menubar)$/i;
/** Elements that are never closed. */
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/;
/** Elements that hold an article. */
const MAIN = /^(?:main|article)$/;
/** An article shorter than this beside a page of twice its length is not what was meant. */
const SHORTEST_ARTICLE = 250;

export interface HtmlText {
  readonly text: string;
  readonly links: readonly string[];
  readonly title: string;
  /** `<link rel="canonical">` or `og:url` */
  readonly source?: string;
  /** `article:published_time`, as written */
  readonly published?: string;
  /** `<meta name="author">` */
  readonly author?: string;
}

/** The article of a page; all of the page where it has none that could be told. */
export function articleOfHtml(html: string): HtmlText {
  const page = textOfHtml(html);
  const [bare, main] = [read(html, 'no furniture'), /<(?:main|article)\b/i.test(html) ? read(html, 'main') : undefined];
  for (const one of [main, bare])
    if (one !== undefined && (one.text.length >= SHORTEST_ARTICLE || one.text.length * 2 >= page.text.length) && one.text !== '')
      return { ...page, text: one.text, links: one.links };
  return page;
}

export function looksLikeHtml(input: string): boolean {
  return /^\s*(?:<!doctype html|<html|<head|<body)/i.test(input) || /<(?:p|div|article|table)\b[^>]*>/i.test(input.slice(0, 20_000));
}

export function textOfHtml(html: string): HtmlText {
  return read(html, 'everything');
}

function read(html: string, what: 'everything' | 'no furniture' | 'main'): HtmlText {
  const parts: string[] = [];
  const links: string[] = [];
  const said: { title: string; source?: string; published?: string; author?: string } = { title: '' };
  /** element whose content is left out, and how many of its name are open */
  let skip = '';
  let depth = 0;
  /** open `main` and `article` elements */
  let within = 0;
  const isOutside = (): boolean => what === 'main' && within === 0;
  let close = 0;
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at);
    const piece = (): string => decodeEntities(html.slice(at, open === -1 ? html.length : open));
    if (skip === 'title') said.title += piece();
    else if (skip === '' && !isOutside()) parts.push(piece());
    if (open === -1) break;
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open);
      at = end === -1 ? html.length : end + 3;
      continue;
    }
    // Kept from one `<` to the next: many of them before one `>` must not each search for it.
    if (close <= open) close = html.indexOf('>', open);
    if (close === -1) break;
    const tag = /^<(\/?)([a-z][a-z0-9]*)/i.exec(html.slice(open, open + 32));
    if (tag === null) {
      if (skip === '' && !isOutside()) parts.push('<');
      at = open + 1;
      continue;
    }
    const name = tag[2].toLowerCase();
    const opens = tag[1] === '';
    at = close + 1;
    if (MAIN.test(name) && skip === '') within = Math.max(0, within + (opens ? 1 : -1));
    if (skip !== '') {
      if (name === skip && html[close - 1] !== '/') depth += opens && !RAW.test(skip) ? 1 : opens ? 0 : -1;
      if (depth <= 0) skip = '';
    } else if (opens && RAW.test(name)) {
      skip = name;
      depth = 1;
    } else if (name === 'td' || name === 'th') {
      if (opens) parts.push(' \t');
    } else if (BLOCKS.test(name)) parts.push('\n');
    if (!opens || skip !== '') continue;
    const element = html.slice(open, Math.min(close, open + LONGEST_ELEMENT));
    if (what !== 'everything' && html[close - 1] !== '/' && !VOID.test(name) && !MAIN.test(name) && isFurniture(name, element, within > 0)) {
      skip = name;
      depth = 1;
    } else if (name === 'a' && !isOutside()) {
      const target = attribute(element, 'href');
      if (target !== undefined) links.push(decodeEntities(target));
      // Content networks hide mail addresses from robots; readers see them.
      const hidden = attribute(element, 'data-cfemail');
      if (hidden !== undefined) parts.push(`${hiddenMail(hidden)} `);
    } else if (name === 'link' || name === 'meta') note(name, element, said);
  }
  const text = parts
    .join('')
    .replace(/(?<![ \t])[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return { ...said, title: said.title.trim(), text, links };
}

/** Elements whose content is no text, and the title, which is another one. */
const RAW = /^(?:script|style|title|noscript)$/;

function isFurniture(name: string, element: string, isWithin: boolean): boolean {
  if (FURNITURE.test(name) && !(isWithin && (name === 'header' || name === 'footer'))) return true;
  if (name === 'body' || name === 'html' || element.length < name.length + 6) return false;
  const role = attribute(element, 'role');
  if (role !== undefined && FURNITURE_ROLE.test(role)) return true;
  return FURNITURE_WORDS.test(attribute(element, 'class') ?? '') || FURNITURE_WORDS.test(attribute(element, 'id') ?? '');
}

function note(name: string, element: string, said: { source?: string; published?: string; author?: string }): void {
  const value = attribute(element, name === 'meta' ? 'content' : 'href');
  if (value === undefined) return;
  const property = attribute(element, 'property') ?? attribute(element, 'name');
  if (/^https?:/i.test(value) && (attribute(element, 'rel') === 'canonical' || property === 'og:url')) said.source = decodeEntities(value);
  else if (property === 'article:published_time') said.published = value;
  else if (property === 'author') said.author = decodeEntities(value);
}

/** Hex digits, each byte combined with the first. */
function hiddenMail(digits: string): string {
  if (!/^(?:[0-9a-f]{2}){2,120}$/i.test(digits)) return '';
  const bytes = Array.from({ length: digits.length / 2 }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
  return String.fromCharCode(...bytes.slice(1).map((byte) => byte ^ bytes[0]));
}

/** Longer elements are cut: no address is so long. */
const LONGEST_ELEMENT = 8192;
const ATTRIBUTES = Object.fromEntries(
  (['href', 'rel', 'property', 'name', 'content', 'class', 'id', 'role', 'data-cfemail'] as const).map((name) => [
    name,
    new RegExp(`[\\s"']${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>"']+))`, 'i'),
  ]),
);

function attribute(element: string, name: string): string | undefined {
  const match = ATTRIBUTES[name].exec(element);
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

function decodeEntities(text: string): string {
  return text.includes('&')
    ? text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return entryOf(ENTITIES, name.toLowerCase()) ?? whole;
        const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
        return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
      })
    : text;
}
