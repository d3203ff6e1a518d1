/** Addresses and ports that the headers of all rules of a scenario let through: usual ones first, then those of the rules and their variables. */
import { formatAddress, formatIpv4, parseAddress } from '@sigwright/bytes';
import { type AddressExpression, type PortExpression, parseAddressField, parsePortField } from '@sigwright/rule-language';
import type { RuleHeader } from '../compile/header.ts';

export interface Endpoints {
  readonly client: string;
  readonly server: string;
  readonly clientPort: number;
  readonly serverPort: number;
}

export interface HeaderUse {
  readonly header: RuleHeader;
  /** does the rule's source stand at the client? */
  readonly sourceIsClient: boolean;
}

const INSIDE = ['192.168.40.17', '192.168.40.80', '10.40.7.17', '10.40.7.80'];
const OUTSIDE = ['203.0.113.77', '198.51.100.23', '192.0.2.90'];
/** The same for rules that name addresses of IPv6 (RFC 4193, RFC 3849). */
const INSIDE_SIX = ['fd00:10:3:8::20', 'fd00:10:3:8::21'];
const OUTSIDE_SIX = ['2001:db8:77::7', '2001:db8:23::9'];
const USUAL_CLIENT_PORT = 49_731;

/** Rules that name them beside 445 look for what is said there, not for names and datagrams of NetBIOS. */
const NETBIOS: ReadonlySet<number> = new Set([137, 138, 139]);

function addressesNamed(text: string): string[] {
  const found: string[] = [];
  const walk = (one: AddressExpression): void => {
    if (one.kind === 'list') for (const part of one.parts) walk(part);
    else if (one.kind === 'range') found.push(formatAddress(one.range.from, one.range.version));
  };
  const { expression } = parseAddressField(text);
  if (expression !== undefined) walk(expression);
  return found;
}

function portsNamed(text: string): number[] {
  const found: number[] = [];
  const walk = (one: PortExpression): void => {
    if (one.kind === 'list') for (const part of one.parts) walk(part);
    else if (one.kind === 'range') found.push(Math.max(1, one.from), one.to);
  };
  const { expression } = parsePortField(text);
  if (expression !== undefined) walk(expression);
  return found;
}

/** A usual address of the same kind as `beside` that a set leaves out; undefined where it lets all through. */
export function outsideOf(set: RuleHeader['source'], beside: string): string | undefined {
  if (set === undefined) return undefined;
  const usual = beside.includes(':') ? [...OUTSIDE_SIX, ...INSIDE_SIX] : [...OUTSIDE, ...INSIDE];
  return usual.find((candidate) => {
    const parsed = parseAddress(candidate);
    return parsed !== undefined && candidate !== beside && !set.contains(parsed.words, parsed.version);
  });
}

/** Undefined where nothing fits all headers; the text says which side. */
export function endpointsFor(uses: readonly HeaderUse[], usualPort: number): Endpoints | string {
  const side = (client: boolean) =>
    uses.map(({ header, sourceIsClient }) => {
      const source = sourceIsClient === client;
      return source
        ? { set: header.source, ports: header.sourcePorts, text: header.fields[1], portText: header.fields[2] }
        : { set: header.destination, ports: header.destinationPorts, text: header.fields[4], portText: header.fields[5] };
    });
  const address = (client: boolean, six: boolean, usual: readonly string[], taken: string): string | undefined => {
    const fields = side(client);
    const named = fields.flatMap(({ set, text }) => [...addressesNamed(text), ...(set?.samples() ?? []).map(formatIpv4)]);
    return [...usual, ...named.filter((one) => one.includes(':') === six)].find((candidate) => {
      const parsed = parseAddress(candidate);
      return parsed !== undefined && candidate !== taken && fields.every(({ set }) => set === undefined || set.contains(parsed.words, parsed.version));
    });
  };
  const port = (client: boolean, usual: readonly number[]): number | undefined => {
    const fields = side(client);
    const named = fields.flatMap(({ portText }) => portsNamed(portText)).sort((a, b) => Number(NETBIOS.has(a)) - Number(NETBIOS.has(b)));
    return [...usual, ...named, 80, 443, 25, 21, 445, 53, 8080, 1433, 3306, 1521, 22, 1024, 40_000].find((candidate) =>
      fields.every(({ ports }) => ports === undefined || ports.contains(candidate)),
    );
  };
  const ends = (six: boolean): { client: string; server: string } | string => {
    const [near, far] = six ? [INSIDE_SIX, OUTSIDE_SIX] : [INSIDE, OUTSIDE];
    const client = address(true, six, [...near, ...far], '');
    if (client === undefined) return 'no address fits the client side of all headers';
    const inside = /^(?:192\.168\.|10\.|fd)/.test(client);
    const server = address(false, six, inside ? [...far, ...near] : [...near, ...far], client);
    return server === undefined ? 'no address fits the server side of all headers' : { client, server };
  };
  const four = ends(false);
  const found = typeof four === 'string' ? ends(true) : four;
  if (typeof found === 'string') {
    const namesSix = uses.some(({ header }) => [header.fields[1], header.fields[4]].some((text) => addressesNamed(text).some((one) => one.includes(':'))));
    return namesSix ? 'a header names an address of IPv6, and no address of the other side is one: give HOME_NET some, fd00::/8 say' : (four as string);
  }
  const clientPort = port(true, [USUAL_CLIENT_PORT]);
  const serverPort = port(false, [usualPort]);
  if (clientPort === undefined || serverPort === undefined) return 'no port fits all headers';
  return { ...found, clientPort, serverPort };
}
