/**
 * User agents, as written (RFC 9110, 10.1.5: products and comments): behind the words `User-Agent:`, `user agent` or `UA:`, in
 * quotation marks or up to where another value or the sentence goes on; and those that begin as browsers do (`Mozilla/5.0 (…`).
 */
import type { IndicatorCandidate, IndicatorDefinition } from '@sigwright/contracts';

/** Up to where the value begins; what ends in a colon may be followed by any value, all else by one in quotation marks or a product. */
const LABEL =
  /(?:user[- ]?agents?|UA)(?:["'`]?[ \t]{1,3}(?:string|header|value|field)s?)?(?:["'`]?[ \t]?(:|=)|(?:[ \t](?:is|was|of|set to|named|called|as)){1,3})?[ \t]{0,3}/iy;
const LABEL_REACH = 64;
const OPENING = '"\'`\u201c\u2018\u00ab';
const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '\u201c': '\u201d', '\u2018': '\u2019', '\u00ab': '\u00bb' };
const LONGEST = 400;
/** What is shorter says nothing. */
const SHORTEST = 4;
const LONGEST_COMMENT = 300;
const PRODUCT = /^[A-Za-z][\w.+-]*\/v?[\w.+-]+[,;.]?$/;
/** Words between the products of browsers. */
const BROWSER_WORD = /^(?:like|Gecko\)?|Mobile|Safari|Version)$/;
/** Another value, or the name of one: where a user agent on a line with others ends. */
const OTHER_VALUE =
  /^(?:T1\d{3}(?:\.\d{3})?\b|TA00\d{2}\b|CVE[-_\u2010-\u2015]|h[tx*]{2}ps?\b|[0-9a-f]{32,}\b|(?:md5|sha-?1|sha-?256|ja3s?|ja4|ip|url|uri|c2|host|domain|port|method|cookie|accept|referer|content-\w+|connection)s?:|->|→|[\u2013\u2014-]$|=>|\d{1,3}(?:\[?\.\]?\d{1,3}){3}\b)/i;
const PROSE = /^(?:and|with|was|is|which|that|to|in|on|for|from|via|over|then|when|as|sent|used|by|of|the|it|this)$/i;

interface Agent {
  readonly start: number;
  readonly end: number;
}

/** The agent from `start` to the end of its line, cell, quotation or sentence. */
function agentFrom(text: string, start: number, accepts: (token: string) => boolean): Agent | undefined {
  const limit = Math.min(text.length, start + LONGEST);
  let end = start;
  for (let at = start; at < limit; ) {
    let to = at;
    if (text.charCodeAt(at) === 40) {
      const close = text.slice(at, Math.min(limit, at + LONGEST_COMMENT)).search(/\)|\n/);
      if (close === -1 || text.charCodeAt(at + close) === 10) break;
      to = at + close + 1;
    } else {
      while (to < limit && !isEnd(text.charCodeAt(to))) to++;
      if (to === at || !accepts(text.slice(at, to))) break;
    }
    end = to;
    const last = text.charCodeAt(to - 1);
    // , ; and one blank to the next token: a second one, a tab or a line break is a column.
    if (last === 44 || last === 59 || text.charCodeAt(to) !== 32 || text.charCodeAt(to + 1) === 32) break;
    at = to + 1;
  }
  while (end > start && (/[.,;:]/.test(text[end - 1]) || (text[end - 1] === ')' && !text.slice(start, end).includes('(')))) end--;
  return end - start < SHORTEST ? undefined : { start, end };
}

/** Blanks, line breaks, quotation marks, `|`, `<`. */
function isEnd(code: number): boolean {
  return code <= 32 || code === 34 || code === 96 || code === 124 || code === 60 || code === 0x201d || code === 0xbb;
}

function behindLabel(text: string, at: number): Agent | undefined {
  LABEL.lastIndex = at;
  const label = LABEL.exec(text);
  if (label === null) return undefined;
  const start = at + label[0].length;
  const opening = text[start] ?? '';
  if (opening !== '' && OPENING.includes(opening)) {
    const reach = text.slice(start + 1, start + 1 + LONGEST);
    const close = reach.indexOf(CLOSING[opening]);
    const value = close === -1 ? '' : reach.slice(0, close);
    if (value.includes('\n') || value.trim().length < SHORTEST) return undefined;
    return { start: start + 1, end: start + 1 + value.trimEnd().length };
  }
  const first = text.slice(start, start + LABEL_REACH).split(/\s/, 1)[0];
  if (label[1] === undefined) return PRODUCT.test(first) ? agentFrom(text, start, isProduct) : undefined;
  // On a line of its own everything belongs to it that is no other value; in a sentence the sentence goes on.
  const isLine = /(?:^|\n)[\s>*|+•·`"'-]*$/.test(text.slice(Math.max(0, at - 12), at));
  return agentFrom(text, start, (token) => !OTHER_VALUE.test(token) && (isLine || !PROSE.test(token)));
}

function isProduct(token: string): boolean {
  return PRODUCT.test(token) || BROWSER_WORD.test(token);
}

function* agentsIn(text: string): Generator<Agent> {
  for (const words of ['gent', 'GENT'])
    for (let at = text.indexOf(words); at !== -1; at = text.indexOf(words, at + 1)) {
      // user agent, user-agent, useragent
      const before = text.slice(Math.max(0, at - 6), at).toLowerCase();
      const start = before.endsWith('usera') ? at - 5 : /user[- ]a$/.test(before) ? at - 6 : -1;
      const agent = start === -1 ? undefined : behindLabel(text, start);
      if (agent !== undefined) yield agent;
    }
  for (let at = text.indexOf('UA:'); at !== -1; at = text.indexOf('UA:', at + 1)) {
    const agent = /\w/.test(text[at - 1] ?? ' ') ? undefined : behindLabel(text, at);
    if (agent !== undefined) yield agent;
  }
  for (let at = text.indexOf('Mozilla/'); at !== -1; at = text.indexOf('Mozilla/', at + 1)) {
    const agent = /[\w/]/.test(text[at - 1] ?? ' ') ? undefined : agentFrom(text, at, isProduct);
    if (agent !== undefined && text.slice(agent.start, agent.end).includes('(')) yield agent;
  }
}

export const indicator: IndicatorDefinition = {
  type: 'user-agent',
  summary: 'user agent of a web client',
  refanged: false,
  precedence: 95,
  *find(text): Generator<IndicatorCandidate> {
    for (const { start, end } of agentsIn(text)) yield { value: text.slice(start, end), start, end };
  },
};
