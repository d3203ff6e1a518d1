/**
 * Fetches one report over HTTP, only where asked to. The address that is checked is the address that is dialled: each hop's name is
 * resolved once, every answer must be public (IANA's special-purpose registries, RFC 6890), and the connection goes to that answer, so
 * neither a redirect nor a second resolution leads inside. Size, time, redirects and content types are limited. No cookies, no
 * credentials, no proxy.
 */
import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request } from 'node:http';
import { BlockList, connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { type Failure, failure, type Result, success } from '@sigwright/contracts';
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

export interface ReportFetchOptions {
  /** bytes of the body, packed and unpacked; 32 MiB where left out */
  readonly mostBytes?: number;
  /** for everything together, redirects included; 30 s where left out */
  readonly milliseconds?: number;
  /** addresses of a host name, in order of preference; the system's resolver where left out */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** opens a connection to an address that was found public */
  readonly connect?: (address: string, port: number) => Socket;
}

const MOST_BYTES = 32 * 1024 * 1024;
const PATIENCE_MILLISECONDS = 30_000;
/** What browsers allow is 20; a report that moved five times is a trap. */
const MOST_REDIRECTS = 5;

/** RFC 6890 and its registry for IPv4: 169.254.0.0/16 holds the metadata services, 100.100.100.200 lies in 100.64.0.0/10. */
const CLOSED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** Azure answers its guests at a public address. */
const METADATA_IPV4 = ['168.63.129.16/32'];
/** Within 2000::/3, outside of which nothing is public: protocol assignments and Teredo, documentation, 6to4, AS112. */
const CLOSED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

function blockListOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address, bits] = range.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
const closed4 = blockListOf([...CLOSED_IPV4, ...METADATA_IPV4], 'ipv4');
const closed6 = blockListOf(CLOSED_IPV6, 'ipv6');
const global6 = blockListOf(['2000::/3'], 'ipv6');

/** False for anything that is no address, has a zone, or is not globally reachable. */
export function isPublicAddress(address: string): boolean {
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 4) return !closed4.check(address, 'ipv4');
  return family === 6 && global6.check(address, 'ipv6') && !closed6.check(address, 'ipv6');
}

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
    const response = await open(url, pinned, options, stop);
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

/** The first address of a host, if all of them are public: a name that has one foot inside is not trusted with the other. */
async function pinnedAddress(hostname: string, options: ReportFetchOptions, stop: AbortSignal): Promise<string | Failure> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const resolve = options.resolve ?? (async (name) => (await lookup(name, { all: true })).map((one) => one.address));
  const addresses = isIP(host) === 0 ? await unlessStopped(resolve(host), stop) : [host];
  if (addresses.length === 0) return failure('fetch/name', `${host} has no address`);
  const inside = addresses.find((one) => !isPublicAddress(one));
  if (inside !== undefined) return failure('fetch/address', `${host} is at ${inside}, which is not public`);
  return addresses[0];
}

function unlessStopped<Value>(promise: Promise<Value>, stop: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => reject(stop.reason as Error);
    if (stop.aborted) stopped();
    stop.addEventListener('abort', stopped, { once: true });
    promise.then(resolve, reject).finally(() => stop.removeEventListener('abort', stopped));
  });
}

function open(url: URL, address: string, options: ReportFetchOptions, stop: AbortSignal): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const dial = options.connect ?? ((to, port) => connectSocket({ host: to, port }));
  return new Promise((resolve, reject) => {
    const asked = request({
      method: 'GET',
      path: url.pathname + url.search,
      // The node of the connection is decided below; this only names the host to the server.
      headers: { host: url.host, 'user-agent': 'sigwright', accept: '*/*', 'accept-encoding': 'gzip, deflate, br', connection: 'close' },
      signal: stop,
      createConnection: () => {
        const socket = dial(address, Number(url.port) || (secure ? 443 : 80));
        if (!secure) return socket;
        // An error before the handshake belongs to the socket below, and must end the one above.
        const upper = connectSecurely({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) });
        socket.once('error', (problem) => upper.destroy(problem));
        return upper;
      },
    });
    asked.once('response', resolve);
    asked.once('error', reject);
    asked.end();
  });
}

async function reportOf(response: IncomingMessage, url: URL, mostBytes: number): Promise<Result<FetchedReport>> {
  const type = (response.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (!TYPES.has(type)) return failure('fetch/type', `${url.href} is ${type === '' ? 'of no stated type' : type}, which is no report`);
  const tooLong = failure('fetch/size', `${url.href} is longer than ${mostBytes} bytes`);
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
