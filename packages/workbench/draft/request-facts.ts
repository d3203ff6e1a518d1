/**
 * What a report says about the request around a path: method, host, user agent, headers, content type, parameters of body and query.
 * Two forms are read: the sentence around the path and the next one (`sends a POST request to /a with the user agent B and the
 * parameters "c" and "d"`), and the request itself as it goes over the wire (`POST /a HTTP/1.1`, headers, a blank line, the body).
 * What is not said is left out; linear in the few hundred characters that are looked at.
 */
import { leading } from '@sigwright/bytes';
import type { ReportIndicator } from '../intake/intake.ts';
import { sentenceAround } from '../intake/surroundings.ts';

export interface Said {
  readonly text: string;
  /** the buffer begins with it; otherwise it stands anywhere */
  readonly begins: boolean;
}

export interface RequestFacts {
  readonly method?: string;
  readonly host?: string;
  /** `begins`: only its beginning is told, or what follows is a version of a library */
  readonly userAgent?: Said;
  /** headers that not every client sends, with the value where it is told */
  readonly headers: readonly { readonly name: string; readonly value?: string }[];
  readonly contentType?: string;
  readonly withoutReferer: boolean;
  /** what the Referer has in it */
  readonly referer?: string;
  readonly body: readonly Said[];
  /** parameters of the query beside those of the path itself */
  readonly query: readonly string[];
  /** `starts`, `ends`, `contains`: the path is told to be only a part of what is requested */
  readonly part?: 'starts' | 'ends' | 'contains';
}

const NOTHING: RequestFacts = { headers: [], withoutReferer: false, body: [], query: [] };
const METHODS = /(?<![\w/-])(?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS)(?![\w-])/g;
/** User agents of libraries: what follows the slash is a version, which changes. */
const LIBRARY =
  /^(?:okhttp|python-requests|python-urllib|python-httpx|aiohttp|curl|wget|go-http-client|axios|node-fetch|java|dalvik|libwww-perl|winhttp|guzzlehttp|apache-httpclient|restsharp|cpp-httplib)\/(?=\d|$)/i;
const AGENT_BEGINS =
  /user[- ]?agents?(?: (?:string|header|value)s?)?(?: (?:is|of|that|which|was|set to))*(?: (?:begin|start)(?:s|ning|ing)? with)?\s*[:=]?\s*["'`“]?([A-Za-z][\w.-]{2,40}\/)(?![\w])/i;
/** Headers of every client, and those that have a fact of their own. */
const USUAL =
  /^(?:host|user-agent|accept|accept-(?:encoding|language|charset)|connection|content-(?:length|type|encoding)|cache-control|pragma|cookie|referer|date|expect|te|upgrade|keep-alive|transfer-encoding|http|https|uri|url|post|get|body)$/i;
const HEADER_TOLD =
  /\bheaders?\b(?: (?:field|named|called|value|with|of|is))*[ :]{0,2}["'`“]([A-Za-z][\w-]{1,40})(?:: ?([^"'`”\n]{1,120}))?["'`”]|["'`“]([A-Za-z][\w-]{1,40})(?:: ?([^"'`”\n]{1,120}))?["'`”] (?:http )?headers?\b|(?<![\w-])(X-[A-Za-z][\w-]{1,40})(?:: ?([\w./+=-]{2,80}))?/gi;
const CONTENT_TYPE = /content[- ]type(?: header)?(?: (?:is|of|set to))*\s*[:=]?\s*["'`“]?((?:application|multipart|text|image|audio|video)\/[\w.+-]*\w)/i;
const REFERER = /\breferr?er\b(?: header)?(?: (?:is|of|was|set|to|contains?|containing|with))*\s*[:=]?\s*["'`“]([^"'`”\s]{3,120})/i;
const NO_REFERER = /\b(?:no|without(?: an?| the)?|lacks?(?: an?| the)?|missing(?: an?| the)?|omits? the) referr?er\b/i;
/** `"name"`, `` `a=b&c=` ``; bare only where an equals sign shows what it is. */
const QUOTED = /`([^`\s]{2,120})`|["“]([^"”\s]{2,120})["”]|'([^'\s]{2,120})'|(?<![\w/?&.-])(&?[A-Za-z_][\w.[\]-]{1,40}=[\w%.&=-]{0,80})/g;
const BODY_WORDS = /\b(?:body|bodies|post data|form(?: data| fields?)?|fields?|parameters?|payload|json|keys?|data)\b/i;
const BODY = /\b(?:body|post data|form|payload|json)\b/i;
/** `"a" in the body`, `"a" and "b" in the query` */
const AFTER_REACH = 200;
const IN_WHICH =
  /^(?:,? (?:and |or )?["'`][^"'`\s]{2,60}["'`]){0,8} (?:in|within|of) (?:the |its )?(?:request |http )?(query|uri|url|body|post data|form|payload|json)\b/i;
/** `the parameters "a", "b" and` before the next of them. */
const LISTED = /\b(?:parameters?|fields?|keys?|names|arguments?)\b[^"'`.;(]{0,24}(?:["'`“][^"'`”]{1,60}["'`”](?:,? (?:and |or )?|, ?))*$/i;
const BEGINS_BODY = /\b(?:body|data|form|payload|parameters?)\b[^.;]{0,40}\b(?:begin|start)(?:s|ning|ing)? with[^.;]{0,8}$/i;
/** From here on it is about what the server sends. */
const ANSWERED = /\b(?:answers?|answered|responses?|responds?|replies|reply|returns|returned)\b/i;
const QUERY_WORDS = /\b(?:query|uri|url)(?: string)?(?: parameters?| arguments?| keys?)?\b/i;
const MOST_BODY = 12;
/** A sentence that lists parameters is long. */
const LONGEST_LIST = 800;
const DUMP_REACH = 2048;
const MOST_HEADERS = 40;
const SHORTEST_CONTENT = 3;
/** Reach of a sentence and the next one. */
const NEAR = 900;
const LINE_REACH = 120;
const ABOUT_REQUEST = /\b(?:user[- ]?agent|headers?|body|parameters?|content[- ]type|referr?er|fields?|query)\b/i;
/** So many sentences behind that of the path are read. */
const MOST_NEXT = 3;
const ON_HOST = /^["'`]?\s+(?:on|at|of|from)\s+(?:the\s+)?(?:(?:c2|c&c|same)\s+)?(?:(?:host|server|domain|site)\s+)?["'`(]?$/i;
const ON_HOST_REACH = 40;

/** `indicator`: of type uri-path; `all`: those of the report, in the order of the text. */
export function requestFacts(text: string, indicator: ReportIndicator, all: readonly ReportIndicator[]): RequestFacts {
  const behind = text.slice(indicator.end, indicator.end + DUMP_REACH);
  const version = /^["'`]? HTTP\/[123](?:\.\d)?[ \t]*\r?\n/.exec(behind);
  const before = text.slice(Math.max(0, indicator.start - LINE_REACH), indicator.start);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  if (version !== null) return ofDump(line, behind.slice(version[0].length));
  return ofSentence(text, indicator, neighbours(all, indicator.start));
}

/** Indicators near a place; they are in the order of the text. */
function neighbours(all: readonly ReportIndicator[], start: number): readonly ReportIndicator[] {
  const first = leading(all, (one) => one.start < start - NEAR);
  let end = first;
  while (end < all.length && all[end].start <= start + NEAR) end++;
  return all.slice(first, end);
}

function ofDump(before: string, rest: string): RequestFacts {
  const method = before.match(METHODS)?.at(-1);
  const lines = rest.split(/\r?\n/);
  const headers: { name: string; value: string }[] = [];
  let at = 0;
  for (; at < lines.length && at < MOST_HEADERS; at++) {
    const header = /^\s{0,8}([A-Za-z][\w-]{1,60}):[ \t]?(.{0,400})$/.exec(lines[at]);
    if (header === null) break;
    headers.push({ name: header[1], value: header[2].trim() });
  }
  const sentAs = (name: string): string | undefined => headers.find((one) => one.name.toLowerCase() === name)?.value;
  const hasBody = lines[at]?.trim() === '' && headers.length > 0 && (sentAs('content-length') !== undefined || sentAs('content-type') !== undefined);
  const body = hasBody ? (lines[at + 1] ?? '').trim() : '';
  const agent = sentAs('user-agent');
  const host = sentAs('host')?.replace(/[[\]]/g, '').replace(/:\d+$/, '').toLowerCase();
  const type = /^[\w./+-]+/.exec(sentAs('content-type') ?? '')?.[0];
  return {
    ...NOTHING,
    ...(method === undefined ? {} : { method }),
    ...(host !== undefined && /^[a-z0-9.-]+\.[a-z0-9-]+$/.test(host) ? { host } : {}),
    ...(agent === undefined || agent === '' ? {} : { userAgent: agentOf(agent) }),
    ...(type === undefined ? {} : { contentType: type }),
    headers: headers.filter(({ name }) => !USUAL.test(name)).map(({ name, value }) => (/^[\w ./=+-]{2,60}$/.test(value) ? { name, value } : { name })),
    withoutReferer: headers.length > 2 && sentAs('referer') === undefined,
    body: namesOfBody(body),
  };
}

/** Names of the fields of a form (`a=…&b=…`) or of an object (`{"a":…}`); values change. */
function namesOfBody(body: string): Said[] {
  if (/^[\w.%[\]-]{1,60}=/.test(body))
    return body.split('&', MOST_BODY).flatMap((pair, at) => {
      const name = /^[\w.%[\]-]{1,60}=/.exec(pair)?.[0];
      return name === undefined ? [] : [{ text: at === 0 ? name : `&${name}`, begins: at === 0 }];
    });
  if (body.startsWith('{')) return [...body.matchAll(/"([\w.-]{2,60})"\s*:/g)].slice(0, MOST_BODY).map(([, name]) => ({ text: `"${name}"`, begins: false }));
  return [];
}

function agentOf(agent: string): Said {
  const library = LIBRARY.exec(agent);
  return library === null ? { text: agent, begins: false } : { text: library[0], begins: true };
}

function ofSentence(text: string, indicator: ReportIndicator, all: readonly ReportIndicator[]): RequestFacts {
  const sentence = sentenceAround(text, indicator.start, indicator.end);
  const others = all.filter((one) => one.type === 'uri-path' && one.start !== indicator.start && Math.abs(one.start - indicator.start) < 600);
  const hasOthers = others.some((one) => sentence.includes(one.written));
  // Words of this path alone: from the path before it to the path behind it.
  const from = Math.max(...others.filter((one) => one.end <= indicator.start).map((one) => one.end), indicator.start - 200, 0);
  const to = Math.min(...others.filter((one) => one.start >= indicator.end).map((one) => one.start), indicator.end + 300, text.length);
  const line = {
    before: lastLine(text.slice(from, indicator.start)),
    after: hasOthers ? firstLine(text.slice(indicator.end, to)) : text.slice(indicator.end, to),
  };
  const method = methodOf(line.before, line.after, sentence);
  const next = hasOthers ? '' : nextSentences(text, indicator.end, all);
  const isAboutRequest = next !== '';
  const about = isAboutRequest ? `${sentence} ${next}` : sentence;
  const agents = all.filter((one) => one.type === 'user-agent' && about.includes(one.written.replace(/\s+/g, ' ')));
  const begun = AGENT_BEGINS.exec(about)?.[1] ?? agentOfLibrary(about);
  const userAgent = agents.length === 1 ? agentOf(agents[0].value) : begun === undefined ? undefined : { text: begun, begins: true };
  const headers: { name: string; value?: string }[] = [];
  for (const found of about.matchAll(HEADER_TOLD)) {
    const name = found[1] ?? found[3] ?? found[5];
    const value = (found[2] ?? found[4] ?? found[6])?.trim();
    if (USUAL.test(name) || headers.some((one) => one.name === name)) continue;
    headers.push(value === undefined || value === '' ? { name } : { name, value });
  }
  const type = CONTENT_TYPE.exec(about)?.[1];
  const referer = REFERER.exec(about)?.[1];
  const own = hasOthers ? line.after : `${restOfSentence(text, indicator.end)} ${isAboutRequest ? next : ''}`;
  const host = hostBehind(text, indicator, all);
  const part = partOf(line.before);
  return {
    ...(method === undefined ? {} : { method }),
    ...(host === undefined ? {} : { host }),
    ...(userAgent === undefined ? {} : { userAgent }),
    headers,
    ...(type === undefined ? {} : { contentType: type }),
    withoutReferer: NO_REFERER.test(about),
    ...(referer === undefined ? {} : { referer }),
    ...parametersOf(own, method, new Set([...headers.map(({ name }) => name), userAgent?.text ?? '', referer ?? ''])),
    ...(part === undefined ? {} : { part }),
  };
}

/** `the user agent of python-requests` */
function agentOfLibrary(about: string): string | undefined {
  const name = /\buser[- ]?agent (?:of|from|is that of) (?:the |a )?(?:library )?["'`“]?([\w.-]{3,24})/i.exec(about)?.[1];
  return name !== undefined && LIBRARY.test(`${name}/`) ? `${name}/` : undefined;
}

/** `/a on evil.com`, `/a at the host 198.51.100.7` */
function hostBehind(text: string, { end }: ReportIndicator, all: readonly ReportIndicator[]): string | undefined {
  const next = all.find((one) => one.start >= end && (one.type === 'domain' || one.type === 'ipv4') && !one.value.includes('/'));
  return next !== undefined && next.start - end < ON_HOST_REACH && ON_HOST.test(text.slice(end, next.start)) ? next.value : undefined;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n\n') + 1);
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}

function restOfSentence(text: string, from: number): string {
  const rest = text.slice(from, from + LONGEST_LIST);
  const end = rest.search(/[.!?]["'`)\]]*\s+(?=[A-Z"'`])|\n\s*\n/);
  return end === -1 ? rest : rest.slice(0, end);
}

/** The next sentences of the paragraph, as long as they are about the request and name no path. */
function nextSentences(text: string, from: number, all: readonly ReportIndicator[]): string {
  const told: string[] = [];
  for (let at = from; told.length < MOST_NEXT; ) {
    const rest = text.slice(at, at + NEAR);
    const stop = /[.!?]["'`)\]]*\s+(?=[A-Z"'`])/.exec(rest);
    if (stop === null || /\n\s*\n/.test(rest.slice(0, stop.index + stop[0].length))) break;
    const start = at + stop.index + stop[0].length;
    const next = sentenceAround(text, start, start + 1);
    if (!ABOUT_REQUEST.test(next) || all.some((one) => one.type === 'uri-path' && next.includes(one.written))) break;
    told.push(next);
    at = start;
  }
  return told.join(' ');
}

/** The nearest before the path, right behind it, or the only one of the sentence. */
function methodOf(before: string, after: string, sentence: string): string | undefined {
  const nearest = before.match(METHODS)?.at(-1);
  if (nearest !== undefined) return nearest;
  const behind = /^["'`*]*\s*(?:\(|\||,|via|using|with|by)\s*(?:an?\s+|HTTP\s+)*(GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS)(?![\w-])/.exec(after)?.[1];
  if (behind !== undefined) return behind;
  const named = new Set(sentence.match(METHODS));
  return named.size === 1 ? [...named][0] : undefined;
}

function partOf(before: string): RequestFacts['part'] {
  const near = before.slice(-48);
  if (/\bend(?:s|ing)?(?: with| in)?\b[^.;]{0,12}$/i.test(near)) return 'ends';
  if (/\b(?:start|begin)(?:s|ning|ing)?(?: with)?\b[^.;]{0,12}$/i.test(near)) return 'starts';
  return /\bcontain(?:s|ing)?\b[^.;]{0,12}$/i.test(near) ? 'contains' : undefined;
}

/** Quoted names and pieces behind words that speak of body or query; of a GET they are of the query. */
function parametersOf(all: string, method: string | undefined, taken: ReadonlySet<string>): { body: Said[]; query: string[] } {
  const body: Said[] = [];
  const query: string[] = [];
  const [words] = all.split(ANSWERED, 1);
  const isObject = /\bjson\b/i.test(words);
  for (const found of words.matchAll(QUOTED)) {
    const written = found[1] ?? found[2] ?? found[3] ?? found[4];
    const before = words.slice(Math.max(0, found.index - 160), found.index);
    const behind = words.slice(found.index + found[0].length, found.index + found[0].length + AFTER_REACH);
    const after = IN_WHICH.exec(behind)?.[1]?.toLowerCase();
    if (taken.has(written) || written.includes('/') || /\w:$|^https?:|^\d+$/.test(written)) continue;
    if (after === undefined) {
      // A bare word needs to be called a parameter, in a list of them, or to be a key; a piece such as `a=b&` shows what it is.
      const isKey = found[2] !== undefined && /^\s*:/.test(behind);
      const isPiece = written.includes('=') && found[4] === undefined;
      if (!isKey && !isPiece && !LISTED.test(before) && !(found[4] !== undefined && BODY_WORDS.test(before)) && !BEGINS_BODY.test(before)) continue;
      if (/\bheaders?\b[^.;]{0,24}$|\buser[- ]?agent\b[^.;]{0,40}$/i.test(before)) continue;
    }
    const isQuery = after === undefined ? lastOf(before, QUERY_WORDS) > lastOf(before, BODY) || (method === 'GET' && !BODY.test(before)) : !BODY.test(after);
    const isName = /^[\w.[\]-]+$/.test(written);
    const piece = isName ? (isObject && !isQuery ? `"${written}"` : `${written}=`) : written;
    if (piece.length < SHORTEST_CONTENT) continue;
    if (isQuery) {
      if (query.length < MOST_BODY && !query.includes(piece)) query.push(piece);
    } else if (body.length < MOST_BODY && !body.some(({ text }) => text === piece))
      body.push({ text: piece, begins: /\b(?:begin|start)(?:s|ning|ing)? with[^.;]{0,8}$/i.test(before) });
  }
  return { body, query };
}

function lastOf(text: string, pattern: RegExp): number {
  let last = -1;
  for (const { index } of text.matchAll(new RegExp(pattern.source, 'gi'))) last = index;
  return last;
}
