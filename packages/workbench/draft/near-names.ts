/**
 * A host name → names beside it, each with whether a rule on the name must fire for it. Loose rules (no `bsize`, no `dotprefix`) and
 * rules that are too strict (case, names below) show themselves here.
 */
import { standsForNamesBelow } from './bodies.ts';

export type NearName = 'itself' | 'other case' | 'below' | 'glued before' | 'glued behind' | 'longer suffix' | 'above';

export interface NameCase {
  readonly near: NearName;
  readonly name: string;
  /** undefined: as whoever writes the rule likes */
  readonly fires: boolean | undefined;
}

export function namesNear(host: string): NameCase[] {
  const dot = host.indexOf('.');
  const above = host.slice(dot + 1);
  return [
    { near: 'itself', name: host, fires: true },
    { near: 'other case', name: host.replace(/[a-z]/gi, (letter, at: number) => (at % 2 === 0 ? letter.toUpperCase() : letter.toLowerCase())), fires: true },
    { near: 'below', name: `a7.${host}`, fires: standsForNamesBelow(host) ? true : undefined },
    { near: 'glued before', name: `xx${host}`, fires: false },
    { near: 'glued behind', name: `${host}x`, fires: false },
    { near: 'longer suffix', name: `${host}.br`, fires: false },
    ...(above.includes('.') ? [{ near: 'above' as const, name: above, fires: false }] : []),
  ];
}

const HEADERS = { 'dns.query': 'dns', 'tls.sni': 'tls', 'http.host': 'http' } as const;

/** A rule that exactly this name fires, for traffic to be made of; header and networks are those of drafted rules. */
export function probeFor(buffer: keyof typeof HEADERS, name: string, sid: number): string {
  const protocol = HEADERS[buffer];
  // http.host is lower case by definition.
  const exact = buffer === 'http.host' ? 'http.host.raw' : buffer;
  const server = protocol === 'dns' ? 'any' : '$EXTERNAL_NET';
  const flow = protocol === 'dns' ? '' : 'flow:established,to_server; ';
  return `alert ${protocol} $HOME_NET any -> ${server} any (msg:"probe"; ${flow}${exact}; bsize:${name.length}; content:"${name}"; sid:${sid};)`;
}
