/**
 * Fetches one report over HTTP, only where asked to. Each hop is dialled by `public-request.ts`, so neither a redirect nor a second
 * resolution leads inside. Size, time, redirects and content types are limited. No cookies, no credentials, no proxy.
 */

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { counted } from '@sigwright/bytes';
import { failure, type Result, success } from '@sigwright/contracts';
import { type DialOptions, pinnedAddress, requestAt, type Sent } from '../public-request.ts';
import type { Form } from './forms/form.ts';

export interface FetchedReport {
  readonly bytes: Uint8Array;
  /** where the report was in the end, after redirects */
  readonly url: string;
  /** content type without its parameters, in small letters */
  readonly type: string;
  /** the form that the content type says; left out where the bytes tell it better */
  readonly form?: Form;
}

export interface ReportFetchOptions extends Omit<DialOptions, 'isAllowed'> {
  /** bytes of the body, packed and unpacked; 32 MiB where left out */
  readonly mostBytes?: number;
  /** for everything together, redirects included; 30 s where left out */
  readonly milliseconds?: number;
}

const MOST_BYTES = 32 * 1024 * 1024;
const REQUEST: Sent = { method: 'GET', headers: { accept: '*/*', 'accept-encoding': 'gzip, deflate, br' } };
const PATIENCE_MILLISECONDS = 30_000;
/** What browsers allow is 20; a report that moved five times is a trap. */
const MOST_REDIRECTS = 5;

/** Content types that can hold a report → the form they say, `undefined` where the bytes must tell. */
const TYPES: ReadonlyMap<string, Form | undefined> = new Map<string, Form | undefined>([
  ['text/html', 'html'],
  ['application/xhtml+xml', 'html'],
  ['application/pdf', 'pdf'],
  ['text/csv', 'csv'],
  ['message/rfc822', 'email'],
  ['text/markdown', 'text'],
  ['text/plain', undefined],
  ['application/json', undefined],
  ['application/activity+json', undefined],
  ['application/stix+json', undefined],
  ['application/taxii+json', undefined],
  ['application/feed+json', undefined],
  ['application/rss+xml', undefined],
  ['application/atom+xml', undefined],
  ['application/rdf+xml', undefined],
  ['application/xml', undefined],
  ['text/xml', undefined],
]);

/** Codes of failure: `fetch/address`, `fetch/name`, `fetch/redirects`, `fetch/status`, `fetch/type`, `fetch/size`, `fetch/time`, `fetch/connection`. */
export async function fetchReport(address: string, options: ReportFetchOptions = {}): Promise<Result<FetchedReport>> {
  const stop = AbortSignal.timeout(options.milliseconds ?? PATIENCE_MILLISECONDS);
  try {
    return await follow(address, options, stop);
  } catch (cause) {
    if (stop.aborted) return failure('fetch/time', `${address} took too long`, { cause });
    return failure('fetch/connection', `${address} can not be fetched: ${(cause as Error).message}`, { cause });
  }
}

async function follow(address: string, options: ReportFetchOptions, stop: AbortSignal): Promise<Result<FetchedReport>> {
  let next = address;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const url = URL.canParse(next) ? new URL(next) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) return failure('fetch/address', `${next} is no address of the web`);
    if (url.username !== '' || url.password !== '') return failure('fetch/address', `${url.host}: addresses with credentials are not fetched`);
    const pinned = await pinnedAddress(url.hostname, options, stop);
    if (typeof pinned !== 'string') return pinned;
    const response = await requestAt(url, pinned, REQUEST, options, stop);
    try {
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      if (status >= 300 && status < 400 && location !== undefined) {
        if (!URL.canParse(location, url.href)) return failure('fetch/address', `${url.href} leads to no address`);
        next = new URL(location, url).href;
        continue;
      }
      if (status !== 200) return failure('fetch/status', `${url.href} answers with status ${status}`);
      return await reportOf(response, url, options.mostBytes ?? MOST_BYTES);
    } finally {
      response.destroy();
    }
  }
  return failure('fetch/redirects', `${address} leads on more than ${MOST_REDIRECTS} times`);
}

async function reportOf(response: IncomingMessage, url: URL, mostBytes: number): Promise<Result<FetchedReport>> {
  const type = (response.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (!TYPES.has(type)) return failure('fetch/type', `${url.href} is ${type === '' ? 'of no stated type' : type}, which is no report`);
  const tooLong = failure('fetch/size', `${url.href} is longer than ${counted(mostBytes, 'byte')}`);
  if (Number(response.headers['content-length']) > mostBytes) return tooLong;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > mostBytes) return tooLong;
    chunks.push(chunk);
  }
  const packed = Buffer.concat(chunks);
  const encoding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  let bytes: Uint8Array = packed;
  if (encoding !== 'identity') {
    const unpack = UNPACK.get(encoding);
    if (unpack === undefined) return failure('fetch/type', `${url.href} is packed as ${encoding}`);
    try {
      bytes = await unpack(packed, { maxOutputLength: mostBytes });
    } catch (cause) {
      if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return tooLong;
      throw cause;
    }
  }
  const form = TYPES.get(type);
  return success({ bytes, url: url.href, type, ...(form === undefined ? {} : { form }) });
}

const UNPACK = new Map<string, (packed: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);
