/**
 * The little Markdown that the weekly review is written in, as data: headings, paragraphs, items, strong words, links to web pages.
 * Server and page make elements of it, each with text nodes alone, so that nothing in a post becomes markup.
 */

export interface PostPart {
  readonly kind: 'text' | 'strong' | 'link';
  readonly text: string;
  /** http or https; '' unless a link */
  readonly href: string;
}

export interface PostBlock {
  /** a heading stands one level below its place in the post: the page has a heading of its own */
  readonly tag: 'h2' | 'h3' | 'h4' | 'p' | 'li';
  readonly parts: readonly PostPart[];
}

const INLINE = /\*\*([^*\n]{1,2000})\*\*|\[([^\]\n]{1,2000})\]\((https?:\/\/[^)\s]{1,2000})\)/g;

export function postBlocks(source: string): PostBlock[] {
  const blocks: PostBlock[] = [];
  for (const line of source.split(/\r?\n/)) {
    const item = /^- (.*)$/.exec(line);
    const heading = /^(#{1,3}) (.*)$/.exec(line);
    if (item !== null) blocks.push({ tag: 'li', parts: partsOf(item[1]) });
    else if (heading !== null) blocks.push({ tag: `h${heading[1].length + 1}` as 'h2', parts: partsOf(heading[2]) });
    else if (line.trim() !== '') blocks.push({ tag: 'p', parts: partsOf(line) });
  }
  return blocks;
}

function partsOf(line: string): PostPart[] {
  const parts: PostPart[] = [];
  let at = 0;
  for (const match of line.matchAll(INLINE)) {
    if (match.index > at) parts.push({ kind: 'text', text: line.slice(at, match.index), href: '' });
    if (match[1] !== undefined) parts.push({ kind: 'strong', text: match[1], href: '' });
    else parts.push({ kind: 'link', text: match[2], href: match[3] });
    at = match.index + match[0].length;
  }
  if (at < line.length) parts.push({ kind: 'text', text: line.slice(at), href: '' });
  return parts;
}
