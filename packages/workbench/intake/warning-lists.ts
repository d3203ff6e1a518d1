/**
 * Warning lists in the JSON form of misp-warninglists (`name`, `type`, `list`), as one index that is asked by value. What a hit
 * means follows from the kind of list, which is told from its file's name or its own name. Lists of valid endings are ignored.
 *
 * Types: `string` (equal), `hostname` (equal or a parent on a label boundary), `cidr`, `substring`, `regex`. Entries of `substring`
 * that are host names are read as `hostname`: as plain substrings they would hit inside unrelated names.
 */
export interface WarningList {
  readonly name: string;
  readonly type: string;
  readonly list: readonly string[];
  /** file name, where it came from one */
  readonly file?: string;
}

export type WarningEffect =
  /** harmless, everybody's */
  | 'benign'
  /** the parent is harmless, what lies below it may not be */
  | 'shared'
  /** where researchers publish */
  | 'reference'
  /** an address that many share; a rule on it alone says nothing */
  | 'infrastructure'
  /** never an indicator */
  | 'reserved'
  /** taken over or lapsed */
  | 'sinkhole';

export interface WarningHit {
  readonly effect: WarningEffect;
  readonly list: string;
  /** entry that matched */
  readonly entry: string;
}

export interface WarningIndex {
  /** domains, addresses, digests and mail addresses, normalised */
  find(value: string): WarningHit | undefined;
  readonly entries: number;
}

const EFFECTS: readonly (readonly [RegExp, WarningEffect | undefined])[] = [
  [/^tlds\b|second-level-tlds|top level domains|second level tld/i, undefined],
  [/dynamic-dns|url-shortener|disposable|link-in-bio|lots-project|living off trusted|ipfs|common-contact/i, 'shared'],
  [/sinkhole|parking|attack-simulator/i, 'sinkhole'],
  [/security-provider|automated-malware|analysis services/i, 'reference'],
  [/rfc\d|multicast|linklocal|link-local|private network/i, 'reserved'],
  [
    /akamai|aws|azure|cloudflare(?!-top)|fastly|stackpath|bunny|gcp|oci|ovh|zscaler|private-relay|telegram-ips|smtp-|sending-ips|tenable|office365-ip|vpn|scanning|shadowserver|umich|googlebot|openai/i,
    'infrastructure',
  ],
];
/** Patterns longer than this are left out: they are tried on every value. */
const LONGEST_PATTERN = 300;
const MOST_PATTERNS = 100;

export function indexWarningLists(lists: readonly WarningList[]): WarningIndex {
  const equal = new Map<string, WarningHit>();
  const below = new Map<string, WarningHit>();
  const ranges = new Map<number, Map<number, WarningHit>>();
  const ranges6 = new Map<number, Map<bigint, WarningHit>>();
  const substrings: WarningHit[] = [];
  const patterns: { pattern: RegExp; hit: WarningHit }[] = [];
  let entries = 0;
  const keep = <Key>(map: Map<Key, WarningHit>, key: Key, hit: WarningHit): void => {
    // A list that says more (shared, sinkhole) wins over one that says "popular".
    const before = map.get(key);
    if (before === undefined || (before.effect === 'benign' && hit.effect !== 'benign')) map.set(key, hit);
  };
  for (const one of lists) {
    const named = EFFECTS.find(([pattern]) => pattern.test(one.file ?? '') || pattern.test(one.name));
    // Ranges of a company are rented out to anybody; only resolvers' addresses are harmless in themselves.
    const effect =
      named !== undefined ? named[1] : one.type === 'cidr' && !/dns|resolver|crl/i.test(`${one.file ?? ''} ${one.name}`) ? 'infrastructure' : 'benign';
    if (effect === undefined) continue;
    for (const entry of one.list) {
      if (typeof entry !== 'string' || entry === '') continue;
      entries++;
      const value = entry.toLowerCase();
      const hit: WarningHit = { effect, list: one.name, entry };
      if (one.type === 'cidr') {
        const four = range4(value);
        if (four !== undefined) {
          keep(mapAt(ranges, four.prefix), four.key, hit);
          continue;
        }
        const six = range6(value);
        if (six === undefined) continue;
        keep(mapAt(ranges6, six.prefix), six.key, hit);
      } else if (one.type === 'hostname' || (one.type === 'substring' && /^\.?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+$/u.test(value)))
        keep(below, value.replace(/^\.+|\.+$/g, ''), hit);
      else if (one.type === 'string') keep(equal, value.replace(/^\./, ''), hit);
      else if (one.type === 'substring') {
        if (substrings.length < MOST_PATTERNS) substrings.push(hit);
      } else if (one.type === 'regex' && entry.length <= LONGEST_PATTERN && patterns.length < MOST_PATTERNS) {
        const body = /^\/(.*)\/([a-z]*)$/s.exec(entry);
        try {
          patterns.push({ pattern: new RegExp(body?.[1] ?? entry, 'i'), hit });
        } catch {
          // A pattern of another dialect: nothing it could say here.
        }
      }
    }
  }
  return {
    entries,
    find(value) {
      const lower = value.toLowerCase();
      const exact = equal.get(lower) ?? below.get(lower);
      if (exact !== undefined) return exact;
      const four = range4(lower);
      if (four !== undefined) {
        for (const [prefix, map] of ranges) {
          const hit = prefix > four.prefix ? undefined : map.get(masked(four.key, prefix));
          if (hit !== undefined) return hit;
        }
        return undefined;
      }
      if (lower.includes(':')) {
        const six = range6(lower);
        if (six === undefined) return undefined;
        for (const [prefix, map] of ranges6) {
          const hit = map.get((six.key >> BigInt(128 - prefix)) << BigInt(128 - prefix));
          if (hit !== undefined) return hit;
        }
        return undefined;
      }
      for (let dot = lower.indexOf('.'); dot !== -1; dot = lower.indexOf('.', dot + 1)) {
        const hit = below.get(lower.slice(dot + 1));
        if (hit !== undefined) return hit;
      }
      for (const hit of substrings) if (lower.includes(hit.entry.toLowerCase())) return hit;
      for (const { pattern, hit } of patterns) if (pattern.test(lower)) return hit;
      return undefined;
    },
  };
}

function mapAt<Key, Value>(maps: Map<number, Map<Key, Value>>, key: number): Map<Key, Value> {
  const there = maps.get(key);
  if (there !== undefined) return there;
  const fresh = new Map<Key, Value>();
  maps.set(key, fresh);
  return fresh;
}

function masked(address: number, prefix: number): number {
  return prefix === 0 ? 0 : (address & (-1 << (32 - prefix))) >>> 0;
}

function range4(text: string): { key: number; prefix: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const prefix = match[5] === undefined ? 32 : Math.min(32, Number(match[5]));
  return { key: masked((Number(match[1]) * 2 ** 24 + Number(match[2]) * 2 ** 16 + Number(match[3]) * 256 + Number(match[4])) >>> 0, prefix), prefix };
}

function range6(text: string): { key: bigint; prefix: number } | undefined {
  const [address, length] = text.split('/');
  if (!/^[0-9a-f:]+$/.test(address) || !address.includes(':')) return undefined;
  const [head, tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  if (missing < 0 || (tail === undefined && left.length !== 8)) return undefined;
  let key = 0n;
  for (const group of [...left, ...new Array<string>(missing).fill('0'), ...right]) {
    if (group === '' || group.length > 4) return undefined;
    key = (key << 16n) | BigInt(`0x${group}`);
  }
  const prefix = length === undefined ? 128 : Math.min(128, Number(length) || 0);
  const cut = BigInt(128 - prefix);
  return { key: (key >> cut) << cut, prefix };
}
