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
  let source: string | undefined;
  let close = 0;
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
    // Kept from one `<` to the next: many of them before one `>` must not each search for it.
    if (close <= open) close = html.indexOf('>', open);
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
    if (tag[1] === '' && (name === 'a' || name === 'link' || name === 'meta')) {
      const element = html.slice(open, Math.min(close, open + LONGEST_ELEMENT));
      const target = attribute(element, name === 'meta' ? 'content' : 'href');
      if (target !== undefined) {
        if (name === 'a') links.push(decodeEntities(target));
        else if (/^https?:/i.test(target) && (attribute(element, 'rel') === 'canonical' || attribute(element, 'property') === 'og:url'))
          source = decodeEntities(target);
      }
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
    ...(source === undefined ? {} : { source }),
  };
}

/** Longer elements are cut: no address is so long. */
const LONGEST_ELEMENT = 8192;
const ATTRIBUTES = {
  href: /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i,
  rel: /\brel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i,
  property: /\bproperty\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i,
  content: /\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/i,
};

function attribute(element: string, name: keyof typeof ATTRIBUTES): string | undefined {
  const match = ATTRIBUTES[name].exec(element);
  return match?.[1] ?? match?.[2] ?? match?.[3];
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
