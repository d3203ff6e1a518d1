/** HTTP/1.1 messages (RFC 9112) exactly as written by the caller; only a missing Content-Length is added where there is a body. */
import { concatBytes, fromLatin1 } from '@sigwright/bytes';

export type HttpHeaders = readonly (readonly [name: string, value: string])[];

export interface HttpRequest {
  readonly method: string;
  readonly uri: string;
  /** in this order; nothing is added but Content-Length */
  readonly headers: HttpHeaders;
  readonly body?: string | Uint8Array;
  readonly version?: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: HttpHeaders;
  readonly body?: string | Uint8Array;
  /** sends the body in chunks of this many bytes, with `Transfer-Encoding: chunked` */
  readonly chunkSize?: number;
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
};

function asBytes(body: string | Uint8Array | undefined): Uint8Array {
  if (body === undefined) return new Uint8Array(0);
  return typeof body === 'string' ? fromLatin1(body) : body;
}

function head(first: string, headers: HttpHeaders, added: HttpHeaders): Uint8Array {
  let text = `${first}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  for (const [name, value] of added) if (!headers.some((header) => header[0].toLowerCase() === name.toLowerCase())) text += `${name}: ${value}\r\n`;
  return fromLatin1(`${text}\r\n`);
}

export function httpRequest(request: HttpRequest): Uint8Array {
  const body = asBytes(request.body);
  const added: HttpHeaders = request.body === undefined ? [] : [['Content-Length', String(body.length)]];
  return concatBytes(head(`${request.method} ${request.uri} ${request.version ?? 'HTTP/1.1'}`, request.headers, added), body);
}

export function httpResponse(response: HttpResponse): Uint8Array {
  const body = asBytes(response.body);
  const first = `HTTP/1.1 ${response.status} ${response.reason ?? REASONS[response.status] ?? 'Unknown'}`;
  const size = response.chunkSize;
  if (size === undefined) {
    const noBody = response.status === 204 || response.status === 304 || response.status < 200;
    return concatBytes(head(first, response.headers ?? [], noBody ? [] : [['Content-Length', String(body.length)]]), body);
  }
  const parts = [head(first, response.headers ?? [], [['Transfer-Encoding', 'chunked']])];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(fromLatin1(`${chunk.length.toString(16)}\r\n`), chunk, fromLatin1('\r\n'));
  }
  parts.push(fromLatin1('0\r\n\r\n'));
  return concatBytes(...parts);
}
