/**
 * What a group of HTTP requests or responses shares: method, form of the address, user agent, names and order of headers, headers of
 * its own, form of the body. Hosts, addresses and cookies' values never become part of a rule.
 */
import { type Condition, contentText, fixed, fromTemplate, patternOf, priorOf, type RulePiece, shown } from './condition.ts';
import { bufferText, type Group, hostOf, type Observation } from './observe.ts';
import type { Ordinary } from './ordinary.ts';
import { isText, runConditions } from './other-conditions.ts';
import { templateOf } from './template.ts';

const GET_BITS = 0.4;
const POST_BITS = 2.5;
const OTHER_METHOD_BITS = 6;
/** A header that fewer than one in so many ordinary requests have is one of its own. */
const RARE_HEADER = 0.03;
/** A header that at least so many have is missed where it is not there. */
const USUAL_HEADER = 0.5;
const MOST_ABSENT = 2;
const MOST_OWN_HEADERS = 3;
const LONGEST_ORDER = 200;
const FEWEST_TO_MEASURE = 30;

/** Header names that browsers and tools send, for where too little ordinary traffic is there to count them. */
const USUAL_REQUEST: readonly string[] = ['user-agent', 'accept', 'accept-encoding', 'accept-language', 'referer', 'connection'];
const COMMON: ReadonlySet<string> = new Set(
  `host user-agent accept accept-encoding accept-language referer connection content-type content-length cookie cache-control pragma origin
if-modified-since if-none-match upgrade-insecure-requests dnt range authorization x-requested-with keep-alive proxy-connection te expect
accept-charset transfer-encoding sec-fetch-site sec-fetch-mode sec-fetch-dest sec-fetch-user sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform
server date last-modified etag expires vary set-cookie location accept-ranges age via x-cache x-powered-by content-encoding
strict-transport-security x-frame-options x-content-type-options x-xss-protection access-control-allow-origin p3p alt-svc link
content-language content-disposition content-security-policy referrer-policy cf-ray x-forwarded-for upgrade x-served-by x-timer`.split(/\s+/),
);
/** Their values are numbers, hosts or places in time, or have a buffer of their own. */
const VALUES_LEFT_OUT: ReadonlySet<string> = new Set(
  `host user-agent content-type content-length cookie set-cookie date expires last-modified etag age referer accept accept-encoding
accept-language connection server location if-modified-since if-none-match range via x-forwarded-for authorization`.split(/\s+/),
);

export function requestConditions(group: Group, ordinary: Ordinary): Condition[] {
  const { observations } = group;
  const only = group.captures < 2;
  const names = observations.flatMap((one) => [bufferText(one, 'http.host') ?? '', hostOf(one.server), hostOf(one.client)]).filter((name) => name !== '');
  const found: (Condition | undefined)[] = [];
  const methods = new Set(observations.map((one) => bufferText(one, 'http.method') ?? ''));
  if (methods.size === 1) {
    const [method] = methods;
    found.push({
      ...fixed('method', 'http.method', method, { prior: method === 'GET' ? GET_BITS : method === 'POST' ? POST_BITS : OTHER_METHOD_BITS, sturdy: 0.9 }),
      // No method holds another one.
      pieces: [{ text: `content:"${contentText(method)}";` }],
    });
  }
  const uris = valuesOf(observations, 'http.uri');
  if (uris !== undefined) found.push(fromTemplate('address', 'http.uri', templateOf(uris, { only, names }), { length: 'bsize', sturdy: 0.7 }));
  found.push(agentCondition(observations, only));
  found.push(...headerConditions(group, ordinary, only, names));
  found.push(textCondition('content type', 'http.content_type', observations, only, names, 0.6));
  found.push(textCondition('accepted types', 'http.accept', observations, only, names, 0.5));
  const protocol = textCondition('protocol', 'http.protocol', observations, only, names, 0.5);
  if (protocol !== undefined) found.push({ ...protocol, prior: observations.every((one) => bufferText(one, 'http.protocol') === 'HTTP/1.1') ? 0.1 : 5 });
  const cookies = valuesOf(observations, 'http.cookie');
  if (cookies !== undefined) found.push(fromTemplate('cookie', 'http.cookie', templateOf(cookies, { only: true, names }), { sturdy: 0.5 }));
  found.push(...bodyConditions('http.request_body', observations, only, names, ordinary));
  return found.filter((one) => one !== undefined);
}

export function responseConditions(group: Group, ordinary: Ordinary): Condition[] {
  const { observations } = group;
  const only = group.captures < 2;
  const names = observations.flatMap((one) => [hostOf(one.server), hostOf(one.client)]);
  const found: (Condition | undefined)[] = [];
  const status = textCondition('status', 'http.stat_code', observations, false, [], 0.8);
  if (status !== undefined)
    found.push({ ...status, pieces: status.pieces.slice(-1), prior: observations.every((one) => bufferText(one, 'http.stat_code') === '200') ? 0.4 : 3 });
  // What everybody serves with is no behaviour.
  if (!observations.some((one) => USUAL_SERVER.test(bufferText(one, 'http.server') ?? '')))
    found.push(textCondition('server', 'http.server', observations, only, names, 0.5));
  found.push(textCondition('content type', 'http.content_type', observations, only, names, 0.5));
  found.push(...headerConditions(group, ordinary, only, names).map((one) => ({ ...one, sturdy: one.sturdy * 0.7 })));
  found.push(...bodyConditions('http.response_body', observations, only, names, ordinary));
  return found.filter((one) => one !== undefined);
}

function valuesOf(observations: readonly Observation[], buffer: string): string[] | undefined {
  const values = observations.map((one) => bufferText(one, buffer));
  return values.every((value) => value !== undefined && value !== '') ? (values as string[]) : undefined;
}

function textCondition(part: string, buffer: string, observations: readonly Observation[], only: boolean, names: readonly string[], sturdy: number) {
  const values = valuesOf(observations, buffer);
  const condition = values === undefined ? undefined : fromTemplate(part, buffer, templateOf(values, { only, names }), { sturdy });
  if (condition === undefined || values?.every((value) => USUAL_VALUE.test(value)) !== true) return condition;
  return { ...condition, prior: Math.min(condition.prior, USUAL_VALUE_BITS) };
}

/** `curl/8.4.0`: the product is behaviour, its version is not. */
const PRODUCT = /^((?!Mozilla\/)[A-Za-z][A-Za-z0-9 ._-]{1,40}\/)v?\d/;

function agentCondition(observations: readonly Observation[], only: boolean): Condition | undefined {
  const values = valuesOf(observations, 'http.user_agent');
  if (values === undefined) return undefined;
  const products = new Set(values.map((value) => PRODUCT.exec(value)?.[1]));
  const [product] = products;
  if (products.size === 1 && product !== undefined)
    return {
      part: 'user agent',
      buffer: 'http.user_agent',
      pieces: [{ text: `content:"${contentText(product)}"; startswith;`, literal: product }],
      says: `user agent begins with ${shown(product)}`,
      prior: priorOf(product),
      sturdy: 0.6,
      holds: (observation) => bufferText(observation, 'http.user_agent')?.startsWith(product) === true,
    };
  if (new Set(values).size === 1) return fixed('user agent', 'http.user_agent', values[0], { sturdy: 0.5 });
  return fromTemplate('user agent', 'http.user_agent', templateOf(values, { only }), { sturdy: 0.5, mostContents: 2 });
}

export function headerNames(observation: Observation): string[] {
  return (bufferText(observation, 'http.header_names') ?? '').split('\r\n').filter((name) => name !== '');
}

function headerConditions(group: Group, ordinary: Ordinary, only: boolean, names: readonly string[]): Condition[] {
  const { observations, kind } = group;
  const found: Condition[] = [];
  const lists = observations.map(headerNames);
  const orders = new Set(observations.map((one) => bufferText(one, 'http.header_names')));
  const [order] = orders;
  if (orders.size === 1 && order !== undefined && lists[0].length > 0 && order.length <= LONGEST_ORDER) {
    found.push({
      part: 'header order',
      buffer: 'http.header_names',
      pieces: [{ text: `content:"${contentText(order)}"; startswith;`, literal: order }],
      says: `headers are ${lists[0].join(', ')}, in this order`,
      // What servers send is what their software sends.
      prior: lists[0].every((name) => COMMON.has(name.toLowerCase())) ? (kind === 'http to_client' ? 3 : 2 + lists[0].length) : 12,
      // A proxy in between adds to them.
      sturdy: 0.4,
      holds: (observation) => bufferText(observation, 'http.header_names') === order,
    });
  }
  const shared = lists[0].filter((name) => lists.every((list) => list.includes(name)));
  const usual = ordinary.of(kind);
  const frequency = (name: string): number => {
    if (usual.length < FEWEST_TO_MEASURE) return COMMON.has(name.toLowerCase()) ? 0.5 : 0;
    let count = 0;
    for (const one of usual) if (headerNames(one).some((other) => other.toLowerCase() === name.toLowerCase())) count++;
    return count / usual.length;
  };
  for (const name of shared.filter((one) => frequency(one) < RARE_HEADER && !COMMON.has(one.toLowerCase())).slice(0, MOST_OWN_HEADERS)) {
    found.push(presentHeader(name));
    const value = ownHeader(name, observations, only, names);
    if (value !== undefined) found.push(value);
  }
  for (const name of shared) {
    if (VALUES_LEFT_OUT.has(name.toLowerCase()) || found.some((one) => one.part === `header ${name}`)) continue;
    const value = ownHeader(name, observations, only, names);
    if (value !== undefined && frequency(name) < USUAL_HEADER) found.push(value);
  }
  if (kind === 'http to_server') {
    const absent = USUAL_REQUEST.filter(
      (name) => lists.every((list) => !list.some((one) => one.toLowerCase() === name)) && (usual.length < FEWEST_TO_MEASURE || frequency(name) >= USUAL_HEADER),
    );
    for (const name of absent.slice(0, MOST_ABSENT)) found.push(absentHeader(name));
  }
  return found;
}

function presentHeader(name: string): Condition {
  const text = `\r\n${name}\r\n`;
  return {
    part: `header name ${name}`,
    buffer: 'http.header_names',
    pieces: [{ text: `content:"${contentText(text)}";`, literal: text }],
    says: `the header ${name} is there`,
    prior: 12,
    sturdy: 0.8,
    holds: (observation) => bufferText(observation, 'http.header_names')?.includes(text) === true,
  };
}

/** As HTTP writes it: `Accept-Language`. */
function absentHeader(lower: string): Condition {
  const name = lower.replace(/(^|-)([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
  const text = `\r\n${name}\r\n`;
  return {
    part: `no ${name}`,
    buffer: 'http.header_names',
    pieces: [{ text: `content:!"${contentText(text)}";` }],
    says: `there is no header ${name}`,
    prior: 1,
    sturdy: 0.6,
    holds: (observation) => bufferText(observation, 'http.header_names')?.includes(text) !== true,
  };
}

/** Value of a header as `http.header` shows it; undefined where it is not there. */
export function headerValue(observation: Observation, name: string): string | undefined {
  const text = `\r\n${bufferText(observation, 'http.header') ?? ''}`;
  const at = text.indexOf(`\r\n${name}: `);
  if (at === -1) return undefined;
  const start = at + name.length + 4;
  const end = text.indexOf('\r\n', start);
  return end === -1 ? undefined : text.slice(start, end);
}

function ownHeader(name: string, observations: readonly Observation[], only: boolean, names: readonly string[]): Condition | undefined {
  const values = observations.map((one) => headerValue(one, name));
  if (values.some((value) => value === undefined || value === '')) return undefined;
  const template = templateOf(values as string[], { only, names });
  const [first] = template.parts;
  const literal = first.kind === 'literal' ? first.text.slice(0, LONGEST_OWN) : '';
  const whole = template.parts.length === 1 && literal === (first as { text?: string }).text;
  const lead = `${name}: ${literal}${whole ? '\r\n' : ''}`;
  const pattern = whole ? undefined : patternOf(template.parts, false);
  if (literal === '' && pattern === undefined) return undefined;
  const open = template.parts.some((part) => part.kind === 'gap' && part.of === undefined);
  const pieces: RulePiece[] = [];
  let expression: RegExp | undefined;
  if (pattern === undefined) pieces.push({ text: `content:"${contentText(lead)}";`, literal: lead });
  else {
    const source = open ? pattern.source : `${pattern.source}\\x0d\\x0a`;
    expression = new RegExp(source);
    pieces.push({ text: `content:"${contentText(`${name}: `)}";`, literal: `${name}: ` }, { text: `pcre:"/${source}/R";` });
  }
  return {
    part: `header ${name}`,
    buffer: 'http.header',
    pieces,
    says: `the header ${name} is ${whole ? shown(literal) : `of one form: ${template.parts.map((part) => (part.kind === 'literal' ? part.text : `<${part.of?.says ?? 'anything'}>`)).join('')}`}`,
    prior: Math.min(priorOf(lead) + (pattern?.bits ?? 0), 30),
    sturdy: 0.7,
    holds: (observation) => {
      const value = headerValue(observation, name);
      if (value === undefined) return false;
      return expression === undefined ? (whole ? value === literal : value.startsWith(literal)) : expression.test(`${value}\r\n`);
    },
  };
}

const USUAL_SERVER =
  /^(?:nginx|apache|microsoft-(?:iis|httpapi)|cloudflare|litespeed|openresty|caddy|lighttpd|gunicorn|werkzeug|envoy|tengine|varnish|gws|squid|jetty)/i;
/** Content types that everybody sends, and what accepts everything. */
const USUAL_VALUE =
  /^(?:text|image|audio|video|font)\/|^application\/(?:json|xml|javascript|octet-stream|x-www-form-urlencoded|pdf|zip)|^multipart\/form-data|^\*\/\*/;
const USUAL_VALUE_BITS = 3;
const LONGEST_OWN = 60;
/** Beyond it a body may have been cut, so that its end is not asked for. */
const WHOLE_BODY = 1024;

function bodyConditions(
  buffer: string,
  observations: readonly Observation[],
  only: boolean,
  names: readonly string[],
  ordinary: Ordinary,
): readonly (Condition | undefined)[] {
  const values = valuesOf(observations, buffer);
  if (values === undefined) return [];
  if (!values.every(isText)) {
    const usual = ordinary.of(observations[0].kind).map((one) => bufferText(one, buffer) ?? '');
    return runConditions(buffer, values, usual);
  }
  const boundaries = observations.map((one) => /boundary="?([^\s;"]+)/.exec(bufferText(one, 'http.content_type') ?? '')?.[1] ?? '').filter((one) => one !== '');
  const template = templateOf(values, { only, names: [...names, ...boundaries] });
  return [fromTemplate('body', buffer, template, { sturdy: 0.8, whole: template.longest < WHOLE_BODY, length: 'bsize', mostContents: 4 })];
}
