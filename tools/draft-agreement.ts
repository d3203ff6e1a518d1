/**
 * Do a published rule and drafted ones fire on the same traffic? Traffic is made for either (what fires it, and what is silent since one
 * condition is broken) and, for a name, with the names beside it; all rules are run on all of it. A difference is told with the capture
 * that shows it, and counts for the draft only where what it shows is a fault of the published rule:
 *
 *   glued      the published rule fires on another name that merely ends (or begins) with the indicator
 *   itself     the published rule is silent on the indicator itself
 *   below      the published rule is silent on a name below one that its owner registered: whoever has the name has those below
 *   case       the published rule is silent on the name in other letters; names have no case (RFC 4343)
 *   method     the published rule is silent on the very URL of the threat, host and path, asked for by another method: whatever is
 *              asked of it there is contact
 *   path       the published rule fires on another path that merely has the indicator in it
 *
 * A draft from a path without a host that fires on that path in other requests, too (another method, user agent, body), is not better:
 * it is `wider`, and is counted by itself. Wider, too, is one from a URL that is the beginning of what the published rule wants.
 */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type Rule } from '@sigwright/contracts';
import { buildPlan, DEFAULT_EVE, Engine, EveWriter, Synthesizer, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { CaptureCandidates, namesNear, probeFor, standsForNamesBelow } from '@sigwright/workbench';

export interface MadeTraffic {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** the host that it names in the buffer that is asked about; undefined where none */
  readonly host: string | undefined;
  /** what it asks for over HTTP, host and path; undefined where nothing or several */
  readonly url: string | undefined;
}

export interface Difference {
  readonly capture: MadeTraffic;
  /** which of the two fires */
  readonly fires: 'published' | 'draft';
  /** why the draft is better here; undefined: it is not */
  readonly better: 'glued' | 'itself' | 'below' | 'case' | 'method' | 'path' | undefined;
  /** the draft fires on the indicator in another request than the published rule's: no fault of either */
  readonly wider: boolean;
}

/** What a pair is about: a name, a URL (without scheme), a path without a host. */
export interface Subject {
  readonly host?: string;
  readonly url?: string;
  readonly path?: string;
}

export interface Agreement {
  readonly captures: number;
  readonly differences: readonly Difference[];
  /** traffic that could not be made */
  readonly unsolved: readonly string[];
}

const KINDS: Readonly<Record<string, string>> = { 'dns.query': 'dns query', 'tls.sni': 'tls sni', 'http.host': 'http host' };
const PROBE_SID = 4_000_000_000;

export function agreementOf(published: Rule, drafted: readonly Rule[], buffer: string, subject: Subject): Agreement {
  const { host } = subject;
  const rules = [published, ...drafted].map((rule) => ({ ...rule, enabled: true }));
  const unsolved: string[] = [];
  const traffic: MadeTraffic[] = [];
  const add = (name: string, bytes: Uint8Array): void => void traffic.push({ name, bytes, ...seenIn(bytes, KINDS[buffer]) });
  for (const [at, rule] of rules.entries()) {
    const whose = at === 0 ? 'published' : `draft-${at}`;
    const made = new Synthesizer(rules, catalogue, DEFAULT_SETTINGS).synthesize(rule);
    if ('problem' in made) {
      unsolved.push(`${whose}: ${made.problem}`);
      continue;
    }
    add(`${whose}-fires`, made.fires);
    for (const [number, { capture }] of made.silent.entries()) add(`${whose}-silent-${number + 1}`, capture);
  }
  if (host !== undefined && buffer in KINDS)
    for (const { near, name } of namesNear(host)) {
      const probe = parseRules(probeFor(buffer as Parameters<typeof probeFor>[0], name, PROBE_SID)).rules[0];
      const made = new Synthesizer([probe], catalogue, DEFAULT_SETTINGS).synthesize(probe, { silent: false });
      if ('problem' in made) unsolved.push(`${near}: ${made.problem}`);
      else add(near.replaceAll(' ', '-'), made.fires);
    }
  const text = rules.map((rule) => rule.text).join('\n');
  const plan = usePlan(buildPlan([{ path: 'both', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
  const differences: Difference[] = [];
  for (const capture of traffic) {
    const fired = new Set<number>();
    const engine = new Engine(plan, catalogue, DEFAULT_SETTINGS, { alert: ({ rule }) => void fired.add(rule.sid) });
    engine.feed(capture.bytes);
    engine.finish();
    const [theirs, ours] = [fired.has(published.sid), drafted.some(({ sid }) => fired.has(sid))];
    if (theirs === ours) continue;
    const better = host === undefined ? betterByRequest(theirs, capture.url, subject) : betterBy(theirs, capture.host, host);
    differences.push({
      capture,
      fires: theirs ? 'published' : 'draft',
      better,
      wider: ours && better === undefined && capture.url !== undefined && hasIndicator(capture.url, subject),
    });
  }
  return { captures: traffic.length, differences, unsolved };
}

function betterBy(publishedFires: boolean, seen: string | undefined, host: string | undefined): Difference['better'] {
  if (seen === undefined || host === undefined) return undefined;
  const lower = seen.toLowerCase();
  if (publishedFires) return lower !== host && !lower.endsWith(`.${host}`) ? 'glued' : undefined;
  if (lower === host) return seen === host ? 'itself' : 'case';
  return lower.endsWith(`.${host}`) && standsForNamesBelow(host) ? 'below' : undefined;
}

function betterByRequest(publishedFires: boolean, seen: string | undefined, { url, path }: Subject): Difference['better'] {
  if (seen === undefined) return undefined;
  if (publishedFires) return path !== undefined && !hasIndicator(seen, { path }) && seen.includes(path) ? 'path' : undefined;
  return url !== undefined && seen === url ? 'method' : undefined;
}

/** Is what is asked for the indicator, or does it begin with it where it is a beginning (a query, a directory)? */
function hasIndicator(seen: string, { url, path }: Subject): boolean {
  const wanted = url ?? path;
  if (wanted === undefined) return false;
  const asked = url === undefined ? seen.slice(seen.indexOf('/')) : seen;
  return wanted.includes('?') || wanted.endsWith('/') ? asked.startsWith(wanted) : asked === wanted;
}

/** The host that a capture names and what it asks for; of several, none. */
function seenIn(bytes: Uint8Array, kind: string | undefined): Pick<MadeTraffic, 'host' | 'url'> {
  const found = new CaptureCandidates();
  const writer = new EveWriter((record) => found.add(record), DEFAULT_SETTINGS, catalogue.protocols, DEFAULT_EVE);
  const engine = new Engine(usePlan(buildPlan([], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, writer);
  engine.feed(bytes);
  engine.finish();
  const only = (wanted: string | undefined): string | undefined => {
    const values = found.list().filter((one) => one.kind === wanted);
    return values.length === 1 ? values[0].value : undefined;
  };
  // As http.uri has it: several slashes are one.
  const url = only('http url')
    ?.replace(/^[a-z]+:\/\//, '')
    .replace(/^([^/:]+):\d+/, '$1')
    .replace(/\/{2,}/g, '/');
  return { host: only(kind), url };
}
