/**
 * Requests to addresses that somebody else chose (reports to fetch, webhooks to tell): the address that is checked is the address that
 * is dialled. The name is resolved once, every answer must be public (IANA's special-purpose registries, RFC 6890) or lie in networks
 * that were allowed, and the connection goes to that answer, so a second resolution does not lead inside. No cookies, no proxy.
 */
import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request } from 'node:http';
import { BlockList, connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { type Failure, failure } from '@sigwright/contracts';

export interface DialOptions {
  /** addresses of a host name, in order of preference; the system's resolver where left out */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** opens a connection to an address that may be dialled */
  readonly connect?: (address: string, port: number) => Socket;
  /** addresses that may be dialled although they are not public */
  readonly isAllowed?: (address: string) => boolean;
}

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

/** The first address of a host, if all of them may be dialled: a name that has one foot inside is not trusted with the other. Rejects where it does not resolve. */
export async function pinnedAddress(hostname: string, options: DialOptions, stop: AbortSignal): Promise<string | Failure> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const resolve = options.resolve ?? (async (name) => (await lookup(name, { all: true })).map((one) => one.address));
  const addresses = isIP(host) === 0 ? await unlessStopped(resolve(host), stop) : [host];
  if (addresses.length === 0) return failure('fetch/name', `${host} has no address`);
  const inside = addresses.find((one) => !isPublicAddress(one) && options.isAllowed?.(one) !== true);
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

export interface Sent {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `address`: of `pinnedAddress`. Rejects where nobody answers; redirects are not followed. */
export function requestAt(url: URL, address: string, sent: Sent, options: DialOptions, stop: AbortSignal): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const dial = options.connect ?? ((to, port) => connectSocket({ host: to, port }));
  return new Promise((resolve, reject) => {
    const asked = request({
      method: sent.method,
      path: url.pathname + url.search,
      // The node of the connection is decided below; this only names the host to the server.
      headers: { host: url.host, 'user-agent': 'sigwright', connection: 'close', ...sent.headers },
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
    asked.end(sent.body);
  });
}
