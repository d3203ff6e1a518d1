/**
 * "Is this already covered?" An index over rules that is asked by indicator: names (dns.query, tls.sni, http.host, with all anchors
 * in use), URLs (host and path together), addresses (of rule headers and as http.host) and digests (of references).
 *
 * Building reads every rule once; a question costs look-ups for each label and character of the name, and one pass over the few
 * rules that match a part of a name or a path without a host.
 */
import type { Rule } from '@sigwright/contracts';
import { matchesOf, type NameMatch, type PathMatch, type RuleMatches } from './rule-matches.ts';

export interface CoverageHit {
  readonly sid: number;
  /**
   * exact: the rule stands for just this indicator · broader: it matches this one and others · narrower: it matches only part of
   * what the indicator stands for (a name below it, or only with further conditions)
   */
  readonly how: 'exact' | 'broader' | 'narrower';
  readonly enabled: boolean;
  readonly message: string;
  /** `dns.query`, `tls.sni`, `http.host`, `http.uri`, `address`, `reference` */
  readonly buffer: string;
  readonly rule: Rule;
}

export interface Coverage {
  /**
   * Rules that match an indicator, enabled or not, exact ones first. `type` and `value` as intake gives them: domain, url, uri-path, ipv4, ipv6,
   * email (its host is not asked), md5, sha1, sha256, cve. Other types find nothing.
   */
  find(indicator: { readonly type: string; readonly value: string }): readonly CoverageHit[];
  /** how many rules were indexed under at least one value */
  readonly rules: number;
}

interface Entry {
  readonly rule: Rule;
  readonly matches: RuleMatches;
  readonly named: NameMatch;
}

interface PathEntry {
  readonly rule: Rule;
  readonly matches: RuleMatches;
  /** longest content of its paths, in small letters */
  readonly longest: string;
}

/** Of one name, so many narrower rules are listed: below a shared name there are thousands. */
const MOST_NARROWER = 50;
/** A path content shorter than this says nothing alone. */
const SHORTEST_PATH = 5;
const ORDER = { exact: 0, broader: 1, narrower: 2 } as const;

export function buildCoverage(rules: readonly Rule[]): Coverage {
  const names = new Map<string, Entry[]>();
  const parents = new Map<string, Entry[]>();
  const parts: Entry[] = [];
  const pathOnly: PathEntry[] = [];
  /** with a name beside the path */
  const withPath: PathEntry[] = [];
  const addresses = new AddressIndex();
  const cited = new Map<string, Rule[]>();
  let indexed = 0;
  for (const rule of rules) {
    let known = addresses.add(rule);
    for (const option of rule.options) {
      if (option.name !== 'reference' || option.value === undefined) continue;
      for (const value of citedIn(option.value)) {
        push(cited, value, rule);
        known = true;
      }
    }
    const matches = matchesOf(rule);
    for (const named of matches.names) {
      const entry = { rule, matches, named };
      known = true;
      if (named.anchor === 'part') parts.push(entry);
      push(names, named.name, entry);
      for (let dot = named.name.indexOf('.'); dot !== -1; dot = named.name.indexOf('.', dot + 1)) push(parents, named.name.slice(dot + 1), entry);
    }
    const longest = matches.paths.reduce((best, one) => (one.text.length > best.length ? one.text : best), '');
    if (longest.length >= SHORTEST_PATH) {
      (matches.names.length === 0 ? pathOnly : withPath).push({ rule, matches, longest: longest.toLowerCase() });
      known = true;
    }
    if (known) indexed++;
  }

  const byName = (host: string, path: string | undefined): CoverageHit[] => {
    const hits: CoverageHit[] = [];
    const add = (entry: Entry, how: CoverageHit['how']): void => {
      hits.push(hit(entry.rule, how, entry.named.buffer));
    };
    /** the same with what else the rule demands: more than the name makes it narrower, a path must be the URL's */
    const judged = (entry: Entry, how: 'exact' | 'broader'): void => {
      const { matches } = entry;
      if (path === undefined) add(entry, matches.demandsMore || matches.paths.length > 0 ? 'narrower' : how);
      else if (matches.paths.length === 0) add(entry, matches.demandsMore ? 'narrower' : 'broader');
      else if (matches.paths.every((one) => pathHas(path, one)))
        add(entry, matches.demandsMore ? 'narrower' : how === 'exact' && pathIsWhole(path, matches.paths) ? 'exact' : 'broader');
    };
    for (const entry of names.get(host) ?? []) {
      const { anchor } = entry.named;
      if (anchor === 'below') add(entry, 'narrower');
      else judged(entry, anchor === 'exact' || anchor === 'suffix' ? 'exact' : 'broader');
    }
    for (let at = 1; at < host.length; at++) {
      const found = names.get(host.slice(at));
      if (found === undefined) continue;
      const onLabel = host[at - 1] === '.';
      for (const entry of found) {
        const { anchor } = entry.named;
        if (anchor === 'ending' || (onLabel && (anchor === 'suffix' || anchor === 'below'))) judged(entry, 'broader');
      }
    }
    for (const entry of parts) if (entry.named.name !== host && host.includes(entry.named.name)) judged(entry, 'broader');
    if (path === undefined) for (const entry of (parents.get(host) ?? []).slice(0, MOST_NARROWER)) add(entry, 'narrower');
    return hits;
  };

  return {
    rules: indexed,
    find({ type, value }) {
      const hits: CoverageHit[] = [];
      switch (type) {
        case 'md5':
        case 'sha1':
        case 'sha256':
        case 'cve':
          for (const rule of cited.get(value.toLowerCase()) ?? []) hits.push(hit(rule, 'exact', 'reference'));
          break;
        case 'domain':
          hits.push(...byName(value.toLowerCase(), undefined));
          break;
        case 'ipv4':
        case 'ipv6':
          hits.push(...addresses.find(value.toLowerCase()), ...byName(value.toLowerCase(), undefined));
          break;
        case 'url': {
          const parsed = /^(?:(?:[a-z][a-z0-9+.-]*:)?\/\/)?(?:[^@/?#]*@)?([^/?#:]+)(?::\d+)?([^#]*)/i.exec(value);
          if (parsed === null) break;
          const path = parsed[2] === '' ? '/' : parsed[2];
          hits.push(...byName(parsed[1].toLowerCase(), path), ...addresses.find(parsed[1].toLowerCase()));
          const lower = path.toLowerCase();
          for (const { rule, matches, longest } of pathOnly) {
            if (lower.includes(longest) && matches.paths.every((one) => pathHas(path, one)))
              hits.push(hit(rule, matches.demandsMore ? 'narrower' : 'broader', 'http.uri'));
          }
          break;
        }
        case 'uri-path': {
          const lower = value.toLowerCase();
          for (const { rule, matches, longest } of pathOnly) {
            if (lower.includes(longest) && matches.paths.every((one) => pathHas(value, one)))
              hits.push(hit(rule, matches.demandsMore ? 'narrower' : pathIsWhole(value, matches.paths) ? 'exact' : 'broader', 'http.uri'));
          }
          for (const { rule, matches, longest } of withPath)
            if (lower.includes(longest) && matches.paths.every((one) => pathHas(value, one))) hits.push(hit(rule, 'narrower', 'http.uri'));
          break;
        }
      }
      return hits.length < 2 ? hits : once(hits);
    },
  };
}

/** One hit a rule and buffer, the strongest; exact first. */
function once(hits: readonly CoverageHit[]): CoverageHit[] {
  const best = new Map<string, CoverageHit>();
  for (const one of hits) {
    const key = `${one.sid} ${one.buffer}`;
    const before = best.get(key);
    if (before === undefined || ORDER[one.how] < ORDER[before.how]) best.set(key, one);
  }
  return [...best.values()].sort((a, b) => ORDER[a.how] - ORDER[b.how] || a.sid - b.sid);
}

function hit(rule: Rule, how: CoverageHit['how'], buffer: string): CoverageHit {
  return { sid: rule.sid, how, enabled: rule.enabled, message: rule.message, buffer, rule };
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function pathHas(path: string, one: PathMatch): boolean {
  if (one.size !== undefined && one.size !== path.length) return false;
  const where = one.nocase ? path.toLowerCase() : path;
  const what = one.nocase ? one.text.toLowerCase() : one.text;
  if (one.starts && !where.startsWith(what)) return false;
  if (one.ends && !where.endsWith(what)) return false;
  return one.starts || one.ends || where.includes(what);
}

function pathIsWhole(path: string, paths: readonly PathMatch[]): boolean {
  return paths.some((one) => one.text.length === path.length || (one.starts && path.startsWith(one.text) && one.text.length > path.length / 2));
}

/** Digests and CVE numbers that a reference names. */
function citedIn(reference: string): string[] {
  const comma = reference.indexOf(',');
  const type = reference.slice(0, comma).trim().toLowerCase();
  const value = reference.slice(comma + 1).trim();
  if (type === 'cve') return [`cve-${value.toLowerCase().replace(/^cve-/, '').replaceAll('_', '-')}`];
  if (type === 'url' && value.length < 32) return [];
  return (value.match(/(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-f])/gi) ?? []).map((one) => one.toLowerCase());
}

/** Addresses and ranges of rule headers, on either side, without those that are excluded. */
class AddressIndex {
  readonly #single = new Map<string, Rule[]>();
  /** by prefix length, by masked address */
  readonly #ranges = new Map<number, Map<number, Rule[]>>();
  /** what a rule's groups exclude (`!198.51.100.7`) */
  readonly #excluded = new Map<Rule, { readonly prefix: number; readonly address: number }[]>();

  /** the single ones as numbers, made when a network is asked for */
  #numbered: readonly (readonly [number, readonly Rule[]])[] | undefined;

  /** true where the header names an address */
  add(rule: Rule): boolean {
    let found = false;
    for (const { text } of [rule.source, rule.destination]) {
      // `any`, `$HOME_NET` and negated groups name none.
      if (!/[0-9a-f][.:]/i.test(text) || text.startsWith('!')) continue;
      let depth = 0;
      /** nesting depth at which a negated group opened; 0 for none */
      let negatedFrom = 0;
      for (const [, negation, token] of text.matchAll(/(!?)\s*([[\]]|[^\s,[\]!]+)/g)) {
        if (token === '[') {
          depth++;
          if (negation === '!' && negatedFrom === 0) negatedFrom = depth;
          continue;
        }
        if (token === ']') {
          if (depth === negatedFrom) negatedFrom = 0;
          depth--;
          continue;
        }
        if (token.startsWith('$')) continue;
        const part = token;
        if (negation === '!' || negatedFrom > 0) {
          const range = range4(part);
          if (range !== undefined) push(this.#excluded, rule, range);
          continue;
        }
        found = true;
        const range = range4(part);
        if (range === undefined || range.prefix >= 32) {
          push(this.#single, part.replace(/\/.*$/, '').toLowerCase(), rule);
          continue;
        }
        let map = this.#ranges.get(range.prefix);
        if (map === undefined) {
          map = new Map();
          this.#ranges.set(range.prefix, map);
        }
        push(map, masked(range.address, range.prefix), rule);
      }
    }
    return found;
  }

  find(value: string): CoverageHit[] {
    const hits = (this.#single.get(value) ?? []).map((rule) => hit(rule, portsAreAny(rule) ? 'exact' : 'narrower', 'address'));
    const slash = value.indexOf('/');
    const address = number4(slash === -1 ? value : value.slice(0, slash));
    if (address === undefined) return hits;
    const own = slash === -1 ? 32 : Number(value.slice(slash + 1));
    if (own < 32) hits.push(...this.#within(address, own));
    for (const [prefix, map] of this.#ranges) {
      if (prefix > own) continue;
      for (const rule of map.get(masked(address, prefix)) ?? []) {
        if (this.#excluded.get(rule)?.some((one) => masked(address, one.prefix) === masked(one.address, one.prefix)) === true) continue;
        hits.push(hit(rule, prefix === own ? 'exact' : 'broader', 'address'));
      }
    }
    return hits;
  }

  /** Rules for addresses and ranges that lie in a network, which they cover in part; so many are told as of names below a name. */
  #within(address: number, own: number): CoverageHit[] {
    const network = masked(address, own);
    const rules = new Set<Rule>();
    this.#numbered ??= [...this.#single].flatMap(([text, named]) => {
      const one = number4(text);
      return one === undefined ? [] : [[one, named] as const];
    });
    for (const [one, named] of this.#numbered) if (masked(one, own) === network) for (const rule of named) rules.add(rule);
    for (const [prefix, map] of this.#ranges)
      if (prefix > own) for (const [one, named] of map) if (masked(one, own) === network) for (const rule of named) rules.add(rule);
    return [...rules].slice(0, MOST_NARROWER).map((rule) => hit(rule, 'narrower', 'address'));
  }
}

function portsAreAny(rule: Rule): boolean {
  return rule.sourcePorts.text === 'any' && rule.destinationPorts.text === 'any' && !rule.options.some((option) => option.name === 'content');
}

function range4(text: string): { prefix: number; address: number } | undefined {
  const slash = text.indexOf('/');
  const address = number4(slash === -1 ? text : text.slice(0, slash));
  return address === undefined ? undefined : { address, prefix: slash === -1 ? 32 : Number(text.slice(slash + 1)) };
}

function number4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 2 ** 24 + Number(match[2]) * 2 ** 16 + Number(match[3]) * 256 + Number(match[4]);
}

function masked(address: number, prefix: number): number {
  return prefix === 0 ? 0 : ((address | 0) & (-1 << (32 - prefix))) >>> 0;
}
