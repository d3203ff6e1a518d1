/**
 * A path without a host → the tests of one HTTP rule. Nothing says on which server it is, so that the rule holds on any: it takes up
 * all that the report says about the request (request-facts.ts), and says where that is too little and what would make it sturdier.
 *
 * A whole path is matched whole, one with a query or that ends in a slash by its beginning, one with placeholders by its fixed parts;
 * where the report says that it is the beginning, the end or a part, so is it matched.
 */
import type { Indicator } from '@sigwright/contracts';
import { type Body, type BodyStyle, contentOf, PROGRAM, SAYS_NOTHING, spaced, uriTest } from './bodies.ts';
import type { RequestFacts, Said } from './request-facts.ts';

/** Names of one segment, with or without the ending of a script, that many sites have. */
const COMMON =
  /^\/(?:(?:api|v\d|app|web|public|admin|panel|site|wp-admin|wp-includes|wp-content|includes?|rest)\/)*(?:index|main|home|default|log-?in|log-?out|sign-?in|auth\w*|register|account|admin(?:istrator)?|panel|dashboard|gate(?:way)?|api|ajax|action|next|process|post|submit|send|mail|contact|check|verify|connect|connection|config|settings?|setup|install|update|upload|download|files?|data|info|status|ping|health|test|user|users|client|server|search|redirect|go|get|set|save|load|list|news|image|images|page|view|report|logs?|task|tasks|command|commands|cmd|job|jobs|token|session|wp-login|xmlrpc|admin-ajax|socket\.io|graphql|favicon)(?:\/|\.(?:php\d?|html?|aspx?|ashx|jsp|cgi|do|action|ico|js|json|xml|txt))?(?:$|\?)/i;
/** Parts of the Socket.IO and similar protocols: every page that uses them asks for these. */
const LIBRARY_PATH = /^\/(?:socket\.io|engine\.io|signalr|sockjs|wp-json|cdn-cgi|\.well-known)\//i;
/** A path with less than this many letters and digits says little. */
const SHORTEST_TELLING = 5;

/** Without anything but the path (or with only a method) such a rule would fire on any site. */
export function pathAlone(indicator: Indicator, facts: RequestFacts): string | undefined {
  const path = indicator.value.replace(/[?#].*$/, '');
  if ((SAYS_NOTHING.test(path) || path.length < 3) && !indicator.value.includes('?') && !tellsMore(facts))
    return 'every site has this path: a rule needs what else the request has (user agent, header, body), which the report does not say';
  return undefined;
}

export function isCommonPath(path: string): boolean {
  return (
    SAYS_NOTHING.test(path.replace(/[?#].*$/, '')) ||
    COMMON.test(path) ||
    LIBRARY_PATH.test(path) ||
    path.replace(/[^\p{L}\p{N}]/gu, '').length < SHORTEST_TELLING
  );
}

function tellsMore({ host, userAgent, headers, referer, body, query }: RequestFacts): boolean {
  return referer !== undefined || host !== undefined || userAgent !== undefined || headers.length > 0 || body.length > 0 || query.length > 0;
}

export function pathBodies(indicator: Indicator, facts: RequestFacts, style: BodyStyle): readonly Body[] {
  const path = indicator.value.replace(/#.*$/, '');
  const uri = uriTest(path, facts.part ?? (facts.query.length > 0 ? 'starts' : undefined));
  if (uri === undefined) return [];
  const isCommon = isCommonPath(path);
  const others = otherTests(facts);
  const strongest = isCommon ? longestOf(others, path.length) : undefined;
  const uriFirst = strongest === undefined ? uri : uri.replace(' fast_pattern;', '');
  const tests = [
    ...(facts.method === undefined ? [] : [`http.method; content:"${facts.method}";`]),
    [uriFirst, ...facts.query.map((piece) => `content:"${contentOf(piece)}";`)].join(' '),
    ...others.map((one) => (one === strongest ? one.test.replace(/(content:"[^"]*";)/, '$1 fast_pattern;') : one.test)),
  ];
  const isPayload = PROGRAM.test(path) && facts.method !== 'POST' && facts.method !== 'PUT';
  const shown = `${facts.method === undefined ? '' : `${facts.method} `}${path
    .replace(/[?#].*$/, '')
    .replace(/<[^<>]*>|\{[^{}]*\}/g, '..')
    .replace(/[^\w./-]/g, '')
    .slice(0, 60)}`;
  const weak = weakness(path, facts, isCommon);
  return [
    {
      role: isPayload ? 'payload' : 'check_in',
      buffer: 'http.uri',
      header: 'alert http $HOME_NET any -> $EXTERNAL_NET any',
      message: `${style.family}${isPayload ? 'Payload Request' : `${style.kind}${style.informs ? 'Request' : style.kind === 'Phishing ' ? 'Related URI' : 'Check-in'}`} (${shown})${facts.host === undefined ? '' : ` (${/^[\d.]+$/.test(facts.host) ? facts.host : spaced(facts.host)})`}`,
      flow: true,
      match: tests.join(' '),
      threshold: '',
      references: [],
      tlsState: 'plaintext',
      key: `path ${tests.join(' ')}`,
      confidence: isCommon && !tellsMore(facts) ? 'Low' : facts.host !== undefined || (tellsMore(facts) && !isCommon) ? 'Medium' : 'Low',
      ...(isCommon && !tellsMore(facts) ? { isHunting: true } : {}),
      ...(weak === undefined ? {} : { weak }),
    },
  ];
}

interface OtherTest {
  readonly test: string;
  /** the longest text that is looked for */
  readonly length: number;
}

/** In the order that Emerging Threats write them: host, user agent, headers, kind of content, body. */
function otherTests({ host, userAgent, headers, contentType, withoutReferer, referer, body }: RequestFacts): OtherTest[] {
  const tests: OtherTest[] = [];
  const add = (test: string, text: string): void => void tests.push({ test, length: text.length });
  if (host !== undefined) add(`http.host; bsize:${host.length}; content:"${contentOf(host)}";`, host);
  if (userAgent !== undefined) add(`http.user_agent; ${said(userAgent, true)}`, userAgent.text);
  for (const { name, value } of headers)
    if (value !== undefined) add(`http.header; content:"${contentOf(name)}|3a 20|${contentOf(value)}";`, `${name}: ${value}`);
  if (contentType !== undefined) add(`http.content_type; content:"${contentOf(contentType)}"; startswith;`, '');
  if (referer !== undefined) add(`http.referer; content:"${contentOf(referer)}";`, referer);
  const names = headers.filter(({ value }) => value === undefined).map(({ name }) => `content:"${contentOf(`\r\n${name}\r\n`)}";`);
  if (withoutReferer) names.push(`content:!"${contentOf('\r\nReferer\r\n')}";`);
  if (names.length > 0) add(`http.header_names; ${names.join(' ')}`, '');
  if (body.length > 0)
    add(
      `http.request_body; ${body.map((one) => said(one, false)).join(' ')}`,
      body.reduce((best, { text }) => (text.length > best.length ? text : best), ''),
    );
  return tests;
}

function said({ text, begins }: Said, whole: boolean): string {
  const content = `content:"${contentOf(text)}";`;
  return begins ? `${content} startswith;` : whole ? `bsize:${new TextEncoder().encode(text).length}; ${content}` : content;
}

/** What is rarer than a path that many sites have is looked for first. */
function longestOf(tests: readonly OtherTest[], least: number): OtherTest | undefined {
  const best = tests.reduce<OtherTest | undefined>((longest, one) => (one.length > (longest?.length ?? 0) ? one : longest), undefined);
  return best !== undefined && best.length > Math.min(least, 8) ? best : undefined;
}

function weakness(path: string, facts: RequestFacts, isCommon: boolean): string | undefined {
  if (facts.host !== undefined) return undefined;
  const missing = [
    ...(facts.method === undefined ? ['the method'] : []),
    ...(facts.userAgent === undefined ? ['the user agent'] : []),
    ...(facts.headers.length === 0 ? ['a header that only this client sends'] : []),
    ...(facts.method !== 'GET' && facts.body.length === 0 ? ['what the body begins with'] : []),
  ];
  const sturdier = `what would make it sturdier: the host, ${missing.join(', ')}`;
  if (isCommon && !tellsMore(facts))
    return `many sites have the path ${path}, and the report says nothing else about the request: for hunting, beside other alerts; ${sturdier}`;
  if (isCommon) return `many sites have the path ${path}: the rule stands on the rest of the request; ${sturdier}`;
  return tellsMore(facts) ? undefined : `nothing but ${facts.method === undefined ? 'the path' : 'method and path'} is known; ${sturdier}`;
}
