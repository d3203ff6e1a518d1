/**
 * Solved buffers of HTTP → a request or a response that shows them. What the rules do not ask for is filled in as an ordinary
 * client and server would; `plain` leaves that out, for rules that forbid it.
 */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { type HttpRequest, type HttpResponse, httpRequest, httpResponse } from '@sigwright/traffic';

export interface HttpParts {
  /** buffer name → its bytes, before any transform */
  readonly buffers: ReadonlyMap<string, Uint8Array>;
  /** bytes that must stand in the stream itself */
  readonly payload: Uint8Array | undefined;
  /** 0: as usual; above: fewer headers of our own, other ways to write the URI */
  readonly variant: number;
}

type Header = [name: string, value: string];

const METHOD = /^(?:GET|POST|HEAD|PUT|OPTIONS|DELETE|TRACE|CONNECT|PATCH|PROPFIND|SEARCH|[A-Z_]{3,16}) /;

/** Values of one header, by their buffer. */
const REQUEST_HEADERS: readonly (readonly [buffer: string, header: string])[] = [
  ['http.host', 'Host'],
  ['http.host.raw', 'Host'],
  ['http.user_agent', 'User-Agent'],
  ['http.accept', 'Accept'],
  ['http.accept_lang', 'Accept-Language'],
  ['http.accept_enc', 'Accept-Encoding'],
  ['http.referer', 'Referer'],
  ['http.cookie', 'Cookie'],
  ['http.content_type', 'Content-Type'],
  ['http.content_len', 'Content-Length'],
  ['http.connection', 'Connection'],
];
const RESPONSE_HEADERS: readonly (readonly [buffer: string, header: string])[] = [
  ['http.server', 'Server'],
  ['http.content_type', 'Content-Type'],
  ['http.content_len', 'Content-Length'],
  ['http.location', 'Location'],
  ['http.cookie', 'Set-Cookie'],
  ['http.connection', 'Connection'],
];
const USUAL_REQUEST: readonly Header[] = [
  ['Host', 'www.example.net'],
  ['User-Agent', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:123.0) Gecko/20100101 Firefox/123.0'],
  ['Accept', '*/*'],
];
const USUAL_RESPONSE: readonly Header[] = [
  ['Date', 'Fri, 08 Mar 2024 09:00:00 GMT'],
  ['Server', 'nginx'],
];
/** Largest body that a demanded Content-Length is filled up to. */
const LARGEST_BODY = 200_000;

/** The text of a solved header block or list of lines → headers; what is no header becomes the value of one. */
function headersOf(text: string): Header[] {
  const headers: Header[] = [];
  for (const line of text.split(/\r\n|\n/)) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon > 0 && !/\s/.test(line.slice(0, colon))) headers.push([line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]);
    else headers.push(['X-Data', line.replace(/^:? ?/, '')]);
  }
  return headers;
}

function withHeader(headers: Header[], name: string, value: string): void {
  const known = headers.find((one) => one[0].toLowerCase() === name.toLowerCase());
  if (known === undefined) headers.push([name, value]);
  else known[1] = value;
}

/** Names in the order that `http.header_names` asks for, then all others. */
function inOrder(headers: Header[], names: readonly string[]): Header[] {
  const left = [...headers];
  const ordered: Header[] = [];
  for (const name of names) {
    const at = left.findIndex((one) => one[0].toLowerCase() === name.toLowerCase());
    ordered.push(at === -1 ? [name, USUAL_REQUEST.find((one) => one[0].toLowerCase() === name.toLowerCase())?.[1] ?? valueFor(name)] : [name, left[at][1]]);
    if (at !== -1) left.splice(at, 1);
  }
  return [...ordered, ...left];
}

function valueFor(name: string): string {
  if (/^connection$/i.test(name)) return 'close';
  if (/length$/i.test(name)) return '0';
  return '1';
}

function headersFrom(parts: HttpParts, table: typeof REQUEST_HEADERS, usual: readonly Header[]): { headers: Header[]; names: readonly string[] } {
  const { buffers, variant } = parts;
  const headers: Header[] = [];
  const usualWanted = variant % 3 === 0 ? usual : variant % 3 === 1 ? usual.slice(0, 1) : [];
  for (const [name, value] of usualWanted) headers.push([name, value]);
  for (const block of ['http.header', 'http.header.raw', 'http.request_header', 'http.response_header', 'http.start']) {
    const bytes = buffers.get(block);
    if (bytes === undefined) continue;
    const text = block === 'http.start' ? latin1(bytes).split('\r\n').slice(1).join('\r\n') : latin1(bytes);
    for (const [name, value] of headersOf(text)) withHeader(headers, name, value);
  }
  for (const [buffer, header] of table) {
    const bytes = buffers.get(buffer);
    if (bytes !== undefined) withHeader(headers, header, latin1(bytes));
  }
  const names = latin1(buffers.get('http.header_names') ?? new Uint8Array(0))
    .split(/[\r\n]+/)
    .filter((name) => name !== '');
  return { headers: names.length > 0 ? inOrder(headers, names) : headers, names };
}

/** Bytes that would end the URI or the line are coded, as clients do. */
function uriText(bytes: Uint8Array, all: boolean): string {
  let text = '';
  for (const byte of bytes) {
    const coded = byte <= 0x20 || byte >= 0x7f || (all && (byte === 0x25 || byte === 0x23 || byte === 0x2b));
    text += coded ? `%${byte.toString(16).padStart(2, '0').toUpperCase()}` : String.fromCharCode(byte);
  }
  return text;
}

/** As the response's body of `length` bytes, where a length is asked for. */
function bodyOf(bytes: Uint8Array | undefined, headers: readonly Header[], variant: number): Uint8Array | undefined {
  const written = headers.find(([name]) => /^content-length$/i.test(name));
  const length = written === undefined ? undefined : Number(written[1]);
  if (length === undefined || !Number.isInteger(length) || length < 0 || length > LARGEST_BODY) return bytes;
  if (bytes !== undefined && written !== undefined && variant % 2 === 1) written[1] = String(bytes.length);
  if (length <= (bytes?.length ?? 0) || (bytes !== undefined && variant % 2 === 1)) {
    if (bytes !== undefined && length === 0 && written !== undefined) written[1] = String(bytes.length);
    return bytes;
  }
  const filled = new Uint8Array(length).fill(0x61);
  filled.set(bytes ?? []);
  return filled;
}

export function requestOf(parts: HttpParts): Uint8Array {
  const { buffers, payload, variant } = parts;
  if (payload !== undefined && METHOD.test(latin1(payload, 0, Math.min(payload.length, 20)))) return ended(payload);
  const { headers } = headersFrom(parts, REQUEST_HEADERS, USUAL_REQUEST);
  let body = buffers.get('http.request_body') ?? buffers.get('file.data') ?? payload;
  const line = latin1(buffers.get('http.request_line') ?? buffers.get('http.start') ?? new Uint8Array(0)).split('\r\n')[0];
  const written = /^([!-~]+) (.*?)(?: (HTTP\/[\d.]+\S*))?$/s.exec(line);
  let method = latin1(buffers.get('http.method') ?? fromLatin1(body === undefined ? 'GET' : 'POST'));
  if (method === '' || /\s/.test(method)) method = method.trim() || 'GET';
  const raw = buffers.get('http.uri.raw');
  const solved = buffers.get('http.uri');
  let uri = raw !== undefined && solved === undefined ? latin1(raw).replace(/ /g, '%20') : solved === undefined ? '/' : uriText(solved, variant % 2 === 1);
  if (raw !== undefined && solved !== undefined) uri = mergedUri(latin1(raw).replace(/ /g, '%20'), uri, variant);
  let version = latin1(buffers.get('http.protocol') ?? fromLatin1('HTTP/1.1'));
  if (line !== '') {
    if (written !== null && METHOD.test(`${written[1]} `)) {
      method = written[1];
      const named =
        written[2]
          .replace(/ HTTP\/?$/, '')
          .replace(variant % 3 === 2 ? / +$/ : / $/, '')
          .replace(/ (?!$)/g, '%20') || '/';
      uri = solved === undefined ? named : mergedUri(named, uri, variant);
      version = written[3] ?? version;
    } else {
      const bare = line.replace(/ HTTP\/[\d.]*$/, '').replace(/ /g, '%20');
      uri = solved === undefined ? (bare.startsWith('/') ? bare : `/${bare}`) : mergedUri(bare, uri, variant);
    }
  }
  body = bodyOf(body, headers, variant);
  if (body !== undefined && method === 'GET' && buffers.get('http.method') === undefined) method = 'POST';
  const request: HttpRequest = { method, uri, version, headers, ...(body === undefined ? {} : { body }) };
  return httpRequest(request);
}

/** Two demands on one URI, one behind the other. */
function mergedUri(raw: string, uri: string, variant: number): string {
  if (raw.includes(uri)) return raw;
  if (uri.includes(raw)) return uri;
  return variant % 4 < 2 ? `${raw}${uri.replace(/^\//, '')}` : `${uri}${raw.replace(/^\//, '')}`;
}

function ended(payload: Uint8Array): Uint8Array {
  const text = latin1(payload);
  if (text.includes('\r\n\r\n')) return payload;
  if (/ HTTP\/\d/.test(text)) return fromLatin1(text.endsWith('\r\n') ? `${text}\r\n` : `${text}\r\n\r\n`);
  return fromLatin1(`${text} HTTP/1.1\r\nHost: www.example.net\r\n\r\n`);
}

export function responseOf(parts: HttpParts): Uint8Array {
  const { buffers, payload } = parts;
  if (payload !== undefined && latin1(payload, 0, Math.min(5, payload.length)) === 'HTTP/') {
    const text = latin1(payload);
    return text.includes('\r\n\r\n') ? payload : fromLatin1(`${text}${text.includes('\r\n') ? '\r\n' : ' 200 OK\r\n'}\r\n`);
  }
  const { headers } = headersFrom(parts, RESPONSE_HEADERS, USUAL_RESPONSE);
  const line = /^(HTTP\/\S+)? ?(\d{3})? ?(.*)$/s.exec(
    latin1(buffers.get('http.response_line') ?? buffers.get('http.start') ?? new Uint8Array(0)).split('\r\n')[0],
  );
  const code = latin1(buffers.get('http.stat_code') ?? new Uint8Array(0)).trim();
  const status = Number(code.padEnd(3, '0')) || Number(line?.[2] ?? 0) || (buffers.has('http.location') ? 302 : 200);
  const words = buffers.get('http.stat_msg');
  const body = bodyOf(buffers.get('http.response_body') ?? buffers.get('file.data') ?? payload, headers, parts.variant) ?? new Uint8Array(0);
  const reason = words === undefined ? line?.[3] || undefined : latin1(words);
  const response: HttpResponse = { status, headers, body, ...(reason === undefined ? {} : { reason }) };
  return httpResponse(response);
}
