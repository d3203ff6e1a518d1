/**
 * Indicators of a report → draft rules by the conventions of Emerging Threats: a DNS and a TLS rule for a name, HTTP for a URL, an
 * address rule for an address (bodies.ts says how each matches), HTTP for a path without a host with all that the report says about the
 * request (path-body.ts). What is covered already, or must not become a rule, is left out and
 * said. The date and the numbers are given; nothing is read from a clock.
 */
import { entryOf } from '@sigwright/bytes';
import type { Indicator } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import type { Coverage, CoverageHit } from '../coverage/coverage.ts';
import { type RuleCoverage, SAME_DETECTION } from '../coverage/rule-coverage.ts';
import { formatRules } from '../format/format.ts';
import { type ReportIndicator, type ReportReading, sharedParent } from '../intake/intake.ts';
import type { Role } from '../repository/repository.ts';
import { type Body, type BodyStyle, bodiesOf, type DraftRole } from './bodies.ts';
import { CATEGORIES, type Category, familyInMessage, familyMetadata, MALWARE, withoutScheme } from './conventions.ts';
import { pathAlone, pathBodies } from './path-body.ts';
import { type RequestFacts, requestFacts } from './request-facts.ts';

export interface DraftOptions {
  /** first word of every message, for example `SW` */
  readonly prefix: string;
  /** next free number; undefined where the range is used up. Asked once for each rule that is drafted. */
  nextSid(): number | undefined;
  /** day of the draft, ISO (`2024-03-08`) */
  readonly date: string;
  /** category word: MALWARE (default), MOBILE_MALWARE, PHISHING, EXPLOIT_KIT, ADWARE_PUP, COINMINER, INFO, HUNTING, POLICY */
  readonly category?: string;
  /** oldest engine that must load the rules; 7 (default) or 8 */
  readonly engine?: 7 | 8;
  /** name in messages and metadata; the first family or actor of the report where left out */
  readonly family?: string;
  /** address of the report, with or without scheme */
  readonly reference?: string;
  /** `findRule`, where it is there: a rule that detects the same is covered, whatever it looks at */
  readonly coverage?: Coverage & Partial<Pick<RuleCoverage, 'findRule'>>;
}

export interface DraftRule {
  readonly sid: number;
  readonly text: string;
  readonly role: Role;
  readonly indicator: string;
  /** what is weak in it, and what would make it sturdier */
  readonly weak?: string;
}

export interface Draft {
  readonly rules: readonly DraftRule[];
  /** every indicator (or half of one) that gave no rule, with the reason */
  readonly skipped: readonly { readonly indicator: string; readonly why: string }[];
}

const COMMAND_AND_CONTROL = /\b(?:c2|c&c|cnc|c and c|command[- ]and[- ]control|control server|beacon(?:s|ing)?)\b/i;

export function draftRules(reading: ReportReading, options: DraftOptions): Draft {
  const rules: DraftRule[] = [];
  const skipped: { indicator: string; why: string }[] = [];
  const category = options.category ?? 'MALWARE';
  const kind = entryOf(CATEGORIES, category) ?? MALWARE;
  const family = options.family ?? reading.families[0] ?? reading.actors[0];
  const references = referencesOf(reading, options.reference);
  const drafted = new Map<string, number>();
  let exhausted = false;
  const paths = richestPaths(reading);
  const harmlessHosts = new Map(reading.indicators.filter((one) => one.benign || one.role === 'benign').map((one) => [one.value, one]));
  for (const indicator of inOrder(reading.indicators, paths)) {
    const shown = `${indicator.type} ${indicator.value}`;
    const informs = category === 'INFO' || category === 'POLICY';
    const why = reasonAgainst(indicator, informs);
    if (why !== undefined) {
      skipped.push({ indicator: shown, why });
      continue;
    }
    const style: BodyStyle = {
      family: familyInMessage(family, kind),
      engine: options.engine ?? 7,
      kind: kind.kind !== '' ? kind.kind : kind === MALWARE && COMMAND_AND_CONTROL.test(indicator.sentence) ? 'CnC ' : '',
      method: methodIn(indicator.sentence),
      informs,
    };
    const facts = indicator.type === 'uri-path' ? paths.get(indicator) : undefined;
    const harmless = facts?.host === undefined ? undefined : harmlessHosts.get(facts.host);
    if (harmless !== undefined) {
      skipped.push({ indicator: shown, why: `asked of ${harmless.value}: ${harmless.reason}` });
      continue;
    }
    const alone = facts === undefined ? undefined : pathAlone(indicator, facts);
    if (alone !== undefined) {
      skipped.push({ indicator: shown, why: alone });
      continue;
    }
    const bodies = (facts === undefined ? bodiesOf(indicator, style) : pathBodies(indicator, facts, style)).map((body) => ({
      ...body,
      role: roleIn(category, body.role),
    }));
    if (bodies.length === 0) {
      skipped.push({ indicator: shown, why: reasonWithoutBody(indicator) });
      continue;
    }
    const hits = options.coverage?.find(indicator) ?? [];
    for (const body of bodies) {
      const half = bodies.length > 1 ? ` (${HALVES[body.buffer]})` : '';
      const before = drafted.get(body.key) ?? broaderDraft(drafted, body);
      if (before !== undefined) {
        skipped.push({ indicator: `${shown}${half}`, why: `covered by ${before}, drafted here` });
        continue;
      }
      // A URL's host, and a name of another script as it goes over the wire, are asked by themselves.
      const wire = body.name === undefined || body.name.host === indicator.value ? undefined : body.name.host;
      const covering =
        coveringHit(hits, body) ?? (wire === undefined ? undefined : coveringHit(options.coverage?.find({ type: 'domain', value: wire }) ?? [], body));
      if (covering !== undefined) {
        skipped.push({ indicator: `${shown}${half}`, why: `covered already by ${covering.sid} (${covering.how}): ${covering.message}` });
        continue;
      }
      const parts = { indicator, kind, category, family, references, options };
      const twin = twinOf(ruleText(body, { ...parts, sid: 1 }), options);
      if (twin !== undefined) {
        skipped.push({ indicator: `${shown}${half}`, why: twin });
        continue;
      }
      const sid = exhausted ? undefined : options.nextSid();
      if (sid === undefined) {
        exhausted = true;
        skipped.push({ indicator: `${shown}${half}`, why: 'the ruleset has no free SID left' });
        continue;
      }
      drafted.set(body.key, sid);
      rules.push({
        sid,
        role: body.role,
        indicator: indicator.value,
        text: ruleText(body, { ...parts, sid }),
        ...(body.weak === undefined ? {} : { weak: body.weak }),
      });
    }
  }
  return { rules, skipped };
}

/** Each value once; names that stand for others first, so that those below them are seen as covered. Otherwise as in the text. */
function inOrder(indicators: readonly ReportIndicator[], paths: ReadonlyMap<ReportIndicator, RequestFacts>): ReportIndicator[] {
  const best = new Map<string, ReportIndicator>();
  for (const one of indicators) {
    // Files, keys and user agents are for behaviour rules, which a person writes; techniques and people are no indicators.
    if (one.type === 'handle' || one.type === 'cve' || one.type === 'attack') continue;
    // Of a path each request that is told is one; a mention that tells less is none.
    if (one.type === 'uri-path' && one.role === 'indicator' && !paths.has(one)) continue;
    const key = `${one.type} ${one.value}${one.type.startsWith('ip') ? ` ${one.port ?? ''}` : ''}${paths.has(one) ? ` ${one.start}` : ''}`;
    const before = best.get(key);
    // Named once as an indicator, a value is one, wherever else it stands; but what is harmless at one place is harmless.
    if (before === undefined || (before.role === 'reference' && one.role === 'indicator') || (before.role === 'indicator' && one.role === 'benign'))
      best.set(key, one);
  }
  const rank = (one: Indicator): number => (one.type === 'domain' ? one.value.split('.').length : 100);
  return [...best.values()].sort((a, b) => rank(a) - rank(b) || a.start - b.start);
}

/**
 * Paths that are indicators, with what is said about their requests. A mention is left out where another one of the same path tells all
 * of it and more.
 */
function richestPaths(reading: ReportReading): Map<ReportIndicator, RequestFacts> {
  const byPath = new Map<string, { readonly one: ReportIndicator; readonly facts: RequestFacts; readonly told: ReadonlySet<string> }[]>();
  const lookedAt = new Map<string, number>();
  for (const one of reading.indicators) {
    if (one.type !== 'uri-path' || one.role !== 'indicator') continue;
    const mentions = byPath.get(one.value) ?? [];
    byPath.set(one.value, mentions);
    const looked = (lookedAt.get(one.value) ?? 0) + 1;
    lookedAt.set(one.value, looked);
    if (mentions.length >= MOST_REQUESTS || looked > MOST_MENTIONS) continue;
    const facts = requestFacts(reading.text, one, reading.indicators);
    const told = new Set(
      Object.entries(facts).flatMap(([name, fact]) => (Array.isArray(fact) ? fact : [fact]).map((each) => `${name} ${JSON.stringify(each)}`)),
    );
    if (mentions.some((other) => isWithin(told, other.told))) continue;
    byPath.set(one.value, [...mentions.filter((other) => !isWithin(other.told, told)), { one, facts, told }]);
  }
  return new Map([...byPath.values()].flat().map(({ one, facts }) => [one, facts]));
}

function isWithin(few: ReadonlySet<string>, many: ReadonlySet<string>): boolean {
  return [...few].every((one) => many.has(one));
}

/** So many different requests of one path are drafted, and so many mentions of it are looked at. */
const MOST_REQUESTS = 8;
const MOST_MENTIONS = 64;

const HALVES: Readonly<Record<Body['buffer'], string>> = { 'dns.query': 'DNS', 'tls.sni': 'TLS', 'http.host': 'HTTP', 'http.uri': 'HTTP', address: 'address' };

/** `informs`: the rules will say nothing bad, so that a shared platform that is named on purpose may have its own. */
function reasonAgainst(indicator: Indicator, informs: boolean): string | undefined {
  const isPlatform = indicator.type === 'domain' && sharedParent(indicator.value) === indicator.value;
  if (isPlatform && informs && (indicator.role === 'indicator' || indicator.written.toLowerCase() !== indicator.value)) return undefined;
  if (indicator.role !== 'indicator') return `${indicator.role}: ${indicator.reason}`;
  if (indicator.benign) return indicator.reason;
  if (isPlatform) return `${indicator.value} is shared by many: only a host or path on it can be matched (INFO and POLICY have rules on all of it)`;
  return undefined;
}

function reasonWithoutBody(indicator: Indicator): string {
  switch (indicator.type) {
    case 'md5':
    case 'sha1':
    case 'sha256':
      if (indicator.of === 'certificate') return 'a thumbprint of a certificate: the report does not say that a server shows it over TLS';
      if (indicator.of === 'tls-certificate') return 'a certificate is matched by its SHA-1 alone';
      return 'a digest goes into references: it is not seen on the wire';
    case 'ja4':
      return 'JA4 needs Suricata 8 (ja4.hash): draft with --engine 8';
    case 'url':
      return 'neither its host nor its path identifies anything';
    case 'uri-path':
      return 'no part of it is fixed and long enough to be looked for';
    case 'domain':
      return 'the name cannot be written for the wire';
    default:
      return `no rule is drafted from ${indicator.type === 'email' ? 'a mail address' : `a ${indicator.type}`} alone`;
  }
}

/** A rule that is on and matches at least as much on the same buffer; an informational one on a shared parent says something else. */
function coveringHit(hits: readonly CoverageHit[], body: Body): CoverageHit | undefined {
  return hits.find(
    (hit) =>
      hit.enabled &&
      (hit.buffer === body.buffer || (body.buffer === 'http.host' && body.name === undefined && hit.buffer === 'http.uri')) &&
      (hit.how === 'exact' || (hit.how === 'broader' && !/\b(?:INFO|POLICY|DYNAMIC_DNS|DYN_DNS|HUNTING|FILE_SHARING)\b/.test(hit.message))),
  );
}

/** Why a rule is not drafted: one that is on detects the very same. */
export function twinOf(text: string, { coverage }: Pick<DraftOptions, 'coverage'>): string | undefined {
  const [rule] = parseRules(text).rules;
  const twin = rule === undefined ? undefined : coverage?.findRule?.(rule).find(({ how, enabled, by }) => enabled && how === 'exact' && by === SAME_DETECTION);
  return twin === undefined ? undefined : `covered already by ${twin.sid} (exact): ${twin.message}`;
}

/** A name above this one that was drafted with all names below it. */
function broaderDraft(drafted: ReadonlyMap<string, number>, body: Body): number | undefined {
  if (body.name === undefined) return undefined;
  const platform = sharedParent(body.name.host);
  const [buffer] = body.key.split(' ', 1);
  for (let dot = body.name.host.indexOf('.'); dot !== -1; dot = body.name.host.indexOf('.', dot + 1)) {
    const above = body.name.host.slice(dot + 1);
    // What is said about a platform is something else.
    if (above === platform) return undefined;
    const sid = drafted.get(`${buffer} ${above}`);
    if (sid !== undefined) return sid;
  }
  return undefined;
}

/** The method that a sentence names; undefined where it names none or both. */
function methodIn(sentence: string): 'GET' | 'POST' | undefined {
  const get = /\bGET\b/.test(sentence);
  const post = /\bPOST\b/.test(sentence);
  return get === post ? undefined : get ? 'GET' : 'POST';
}

interface RuleParts {
  readonly indicator: Indicator;
  readonly kind: Category;
  readonly category: string;
  readonly family: string | undefined;
  readonly references: readonly string[];
  readonly options: DraftOptions;
  readonly sid: number;
}

function ruleText(body: Body, { indicator, kind, category, family, references, options, sid }: RuleParts): string {
  const stamp = options.date.slice(0, 10).replaceAll('-', '_');
  const traffic = body.role === 'check_in' || body.role === 'payload';
  const isAddress = body.buffer === 'address';
  const metadata = [
    ...(kind.product === undefined ? [] : [`affected_product ${kind.product}`]),
    `attack_target ${kind.target}`,
    ...(body.tlsState === undefined ? [] : [`tls_state ${body.tlsState}`]),
    `created_at ${stamp}`,
    'deployment Perimeter',
    ...(body.tlsState === 'TLSDecrypt' ? ['deployment SSLDecrypt'] : []),
    ...familyMetadata(family),
    'performance_impact Low',
    `confidence ${body.confidence ?? confidenceOf(indicator, isAddress)}`,
    `role ${body.role}`,
    `signature_severity ${severityOf(body, kind)}`,
    `updated_at ${stamp}`,
  ];
  const classtype = body.isHunting
    ? 'bad-unknown'
    : traffic
      ? body.role === 'payload' && kind === MALWARE
        ? 'trojan-activity'
        : kind.trafficClasstype
      : isAddress
        ? kind.trafficClasstype
        : kind.classtype;
  const parts = [
    `msg:"${options.prefix} ${category} ${body.message}";`,
    ...(body.flow ? [`flow:established,${body.toClient === true ? 'to_client' : 'to_server'};`] : []),
    ...(body.match === '' ? [] : [body.match]),
    ...(body.threshold === '' ? [] : [body.threshold]),
    ...references.map((one) => `reference:${one};`),
    `classtype:${classtype};`,
    `sid:${sid};`,
    'rev:1;',
    `metadata:${metadata.join(', ')};`,
    `target:${body.toClient === true ? 'dest_ip' : 'src_ip'};`,
  ];
  return formatRules(`${body.header} (${parts.join(' ')})`).text;
}

/** What informs raises nothing by itself; who asks for a page that leads to harm has not been harmed yet. */
function roleIn(category: string, role: DraftRole): DraftRole {
  if (category === 'INFO' || category === 'POLICY') return 'context';
  return role === 'check_in' && (category === 'PHISHING' || category === 'EXPLOIT_KIT') ? 'contact' : role;
}

/** A request that the threat makes says that it runs; one that others make as well says little. */
function severityOf({ role, isHunting, confidence }: Body, { severity }: Category): string {
  if (severity !== 'Major') return severity;
  if (isHunting === true) return 'Minor';
  return (role === 'check_in' || role === 'payload') && confidence !== 'Low' ? 'Critical' : severity;
}

/** Written so that nobody clicks it: the author is sure. Addresses change hands. */
function confidenceOf(indicator: Indicator, isAddress: boolean): 'High' | 'Medium' | 'Low' {
  if (isAddress) return indicator.port === undefined ? 'Low' : 'Medium';
  return indicator.written.toLowerCase() !== indicator.value.toLowerCase() ? 'High' : 'Medium';
}

/** The report itself, and the one digest it names, where it is one. */
function referencesOf(reading: ReportReading, given: string | undefined): string[] {
  const url = given ?? reading.source ?? reading.references.find((one) => /^https?:\/\/[^/]+\/./.test(one)) ?? reading.references[0];
  const references: string[] = [];
  if (url !== undefined) references.push(`url,${withoutScheme(url)}`);
  const digests = new Set(reading.indicators.filter((one) => one.type === 'md5' && one.role === 'indicator').map((one) => one.value));
  if (digests.size === 1) references.push(`md5,${[...digests][0]}`);
  return references;
}
