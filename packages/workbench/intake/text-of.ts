/** HTML → the text a reader sees, and the targets of its links. Lenient and linear; scripts and styles are left out. */

const BLOCKS = /^(?:p|div|br|li|ul|ol|table|tr|td|th|h[1-6]|pre|blockquote|section|article|header|footer|hr|dd|dt)$/i;
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

export interface HtmlText {
  readonly text: string;
  readonly links: readonly string[];
  readonly title: string;
  /** `<link rel="canonical">` or `og:url` */
  readonly source?: string;
}

export function looksLikeHtml(input: string): boolean {
  return /^\s*(?:<!doctype html|<html|<head|<body)/i.test(input) || /<(?:p|div|article|table)\b[^>]*>/i.test(input.slice(0, 20_000));
}

export function textOfHtml(html: string): HtmlText {
  const parts: string[] = [];
  const links: string[] = [];
  let skip = '';
  let title = '';
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at);
    if (open === -1) {
      if (skip === '') parts.push(decodeEntities(html.slice(at)));
      break;
    }
    if (skip === '' || skip === 'title') {
      const piece = decodeEntities(html.slice(at, open));
      if (skip === 'title') title += piece;
      else parts.push(piece);
    }
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open);
      at = end === -1 ? html.length : end + 3;
      continue;
    }
    const close = html.indexOf('>', open);
    if (close === -1) break;
    const tag = /^<(\/?)([a-z][a-z0-9]*)/i.exec(html.slice(open, open + 32));
    if (tag === null) {
      if (skip === '') parts.push('<');
      at = open + 1;
      continue;
    }
    const name = tag[2].toLowerCase();
    if (skip !== '') {
      if (tag[1] === '/' && name === skip) skip = '';
    } else if (tag[1] === '' && (name === 'script' || name === 'style' || name === 'title' || name === 'noscript')) skip = name;
    else if (BLOCKS.test(name)) parts.push('\n');
    if (name === 'a' && tag[1] === '') {
      const href = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(html.slice(open, close));
      const target = href?.[1] ?? href?.[2] ?? href?.[3];
      if (target !== undefined) links.push(decodeEntities(target));
    }
    at = close + 1;
  }
  return {
    text: parts
      .join('')
      .replace(/[ \t]+\n/g, '\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
    links,
    title: title.trim(),
  };
}

function decodeEntities(text: string): string {
  return text.includes('&')
    ? text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
        const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
        return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
      })
    : text;
}
