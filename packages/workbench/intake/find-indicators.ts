/** Text → indicators: every definition asked, overlaps resolved by precedence, each judged by what stands around it. Linear. */
import type {
  Indicator,
  IndicatorCandidate,
  IndicatorDefinition,
  IndicatorOptions,
  IndicatorRole,
  IndicatorSubject,
  IndicatorType,
} from '@sigwright/contracts';
import { getDomain, parse } from 'tldts';
import { type LinkSubject, subjectsOf } from './link-subjects.ts';
import { type HeadingKinds, type HostFacts, type Judged, judge, kindsOfHeading, type ReportHabits } from './roles.ts';
import { headingsOf, Surroundings, sentenceAround } from './surroundings.ts';
import type { WarningIndex } from './warning-lists.ts';
import { BENIGN, listedIn, REFERENCES, RESERVED_NAMES, SHARED } from './well-known.ts';

export interface FindOptions {
  readonly definitions: readonly IndicatorDefinition[];
  /** undoes defanging; `startOf` and `endOf` lead back from places in the new text, `changed` says what was defanged */
  refang(text: string): {
    readonly text: string;
    startOf(at: number): number;
    endOf(at: number): number;
    changed(start: number, end: number): boolean;
  };
  /** further harmless names */
  readonly benign?: ReadonlySet<string>;
  readonly warnings?: WarningIndex;
  /** mail addresses of who wrote the report, in lower case */
  readonly senders?: readonly string[];
}

/** Endings outside the public suffix list that are in use: Tor, I2P, Namecoin. */
const OTHER_ROOTS: ReadonlySet<string> = new Set(['onion', 'i2p', 'bit']);
/** From this many defanged values on, an author is taken to defang what is dangerous. */
const DEFANGED_HABIT = 3;
/** Suffix look-ups are remembered, up to a bound. */
const MOST_REMEMBERED = 50_000;
const NETWORK: ReadonlySet<IndicatorType> = new Set(['domain', 'url', 'ipv4', 'ipv6', 'email']);

export interface ReportIndicator extends Indicator {
  /** the sentence, or entry of a list, around it */
  readonly sentence: string;
}

/** What stands in the text and its sentence are cut out when asked for: a report has thousands of digests. */
class Found implements ReportIndicator {
  type: IndicatorType;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  role: IndicatorRole = 'indicator';
  benign = false;
  reason = '';
  of: IndicatorSubject | undefined;
  readonly port: number | undefined;
  readonly #text: string;
  readonly #precedence: number;
  readonly #defanged: boolean;

  constructor(text: string, candidate: IndicatorCandidate, type: IndicatorType, start: number, end: number, precedence: number, defanged: boolean) {
    this.type = candidate.type ?? type;
    this.value = candidate.value;
    this.start = start;
    this.end = end;
    this.port = candidate.port;
    this.#text = text;
    this.#precedence = precedence;
    this.#defanged = defanged || (type === 'domain' && text.slice(start, end).includes(' .'));
  }

  get written(): string {
    return this.#text.slice(this.start, this.end);
  }

  get sentence(): string {
    return sentenceAround(this.#text, this.start, this.end);
  }

  get defanged(): boolean {
    return this.#defanged;
  }

  get precedence(): number {
    return this.#precedence;
  }

  judged({ role, benign, reason, of }: Judged): void {
    this.role = role;
    this.benign = benign;
    this.reason = reason;
    this.of = of;
  }

  /** What stands within this value, at its own place. */
  within(inner: LinkSubject): Found {
    const start = this.start + inner.at;
    const found = new Found(
      this.#text,
      { value: inner.value, start, end: start + inner.length },
      inner.type,
      start,
      start + inner.length,
      this.#precedence,
      false,
    );
    found.judged(inner);
    return found;
  }

  toJSON(): object {
    const { type, value, written, start, end, role, benign, reason, port, of, sentence } = this;
    return { type, value, written, start, end, role, benign, reason, ...(port === undefined ? {} : { port }), ...(of === undefined ? {} : { of }), sentence };
  }
}

export function findIndicators(text: string, options: FindOptions): readonly ReportIndicator[] {
  const plain = options.refang(text);
  const registrableDomain = rememberedRegistrable();
  const rooted: IndicatorOptions = { registrableDomain, defanged: plain.changed };
  const found: Found[] = [];
  for (const definition of options.definitions) {
    if (definition.refanged) findRefanged(text, plain, definition, rooted, found);
    else findAsWritten(text, definition, rooted, found);
  }
  const kept = withoutOverlaps(found);
  let defangs = 0;
  for (const one of kept) if (one.defanged && NETWORK.has(one.type)) defangs++;
  const habits: ReportHabits = {
    defangs: defangs >= DEFANGED_HABIT,
    warnings: options.warnings,
    senders: new Set(options.senders),
    hosts: rememberedHosts(options.benign, registrableDomain),
    headings: rememberedHeadings(),
  };
  const headings = headingsOf(text);
  const result: Found[] = [];
  for (const one of kept) judgeInto(result, one, new Surroundings(text, one.start, one.end, headings), habits);
  return result;
}

function findRefanged(text: string, plain: ReturnType<FindOptions['refang']>, definition: IndicatorDefinition, options: IndicatorOptions, into: Found[]): void {
  const { type, precedence } = definition;
  for (const candidate of definition.find(plain.text, options)) {
    const { start, end } = candidate;
    into.push(new Found(text, candidate, type, plain.startOf(start), plain.endOf(end), precedence, plain.changed(start, end)));
  }
}

function findAsWritten(text: string, definition: IndicatorDefinition, options: IndicatorOptions, into: Found[]): void {
  const { type, precedence } = definition;
  for (const candidate of definition.find(text, options)) into.push(new Found(text, candidate, type, candidate.start, candidate.end, precedence, false));
}

/** Adds a value with its role, and what it is about where it is a link; leaves out what its surroundings say is something else. */
function judgeInto(result: Found[], one: Found, around: Surroundings, habits: ReportHabits): void {
  switch (one.type) {
    case 'domain':
      if (!one.defanged && habits.defangs && isFileInRow(one, around)) return;
      if (isInMagnet(around)) return;
      break;
    case 'ipv4':
    case 'url':
      if (isInMagnet(around)) return;
      break;
    case 'md5':
      if (isFingerprint(around)) one.type = 'ja3';
      break;
    default:
  }
  one.judged(judge(one, around, habits));
  result.push(one);
  if (one.type === 'url' && one.role === 'reference') for (const inner of subjectsOf(one.value, one.written)) result.push(one.within(inner));
}

function isInMagnet(around: Surroundings): boolean {
  return around.before.includes('magnet') && /\bmagnet\[?:\]?\?/.test(around.before);
}

/** A digest of 32 digits below a heading or behind a word that says JA3, with no other digest's name between. */
function isFingerprint(around: Surroundings): boolean {
  return (
    /\bja3s?\b(?![\s\S]*\bmd5\b)/i.test(around.before) ||
    (/\bja3s?\b/.test(around.heading) && !/\bmd5\b/.test(around.heading) && !/\bmd5\b/i.test(around.before))
  );
}

/** In the row of a sample, what is written live in a report that defangs its hosts is the name of the file. */
function isFileInRow(one: Found, around: Surroundings): boolean {
  if (one.value.indexOf('.') !== one.value.lastIndexOf('.')) return false;
  return /(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])/i.test(around.line);
}

/** Higher precedence wins, then the longer, then the earlier. */
function withoutOverlaps(found: Found[]): Found[] {
  found.sort((a, b) => a.start - b.start || b.precedence - a.precedence || b.end - a.end);
  const kept: Found[] = [];
  for (const one of found) {
    const last = kept[kept.length - 1];
    if (last === undefined || last.end <= one.start) kept.push(one);
    else if (one.precedence > last.precedence) kept[kept.length - 1] = one;
  }
  return kept;
}

/** What the lists say about a host; the same hosts come again and again. */
function rememberedHosts(more: ReadonlySet<string> | undefined, rootOf: (host: string) => string | undefined): (host: string) => HostFacts {
  const remembered = new Map<string, HostFacts>();
  return (host) => {
    let facts = remembered.get(host);
    if (facts === undefined) {
      facts = {
        shared: listedIn(SHARED, host),
        publishes: listedIn(REFERENCES, host),
        everybody: listedIn(BENIGN, host) ?? (more === undefined ? undefined : listedIn(more, host)),
        reserved: listedIn(RESERVED_NAMES, host) !== undefined,
        exists: host.startsWith('[') || rootOf(host) !== undefined,
      };
      if (remembered.size < MOST_REMEMBERED) remembered.set(host, facts);
    }
    return facts;
  };
}

function rememberedHeadings(): (heading: string) => HeadingKinds {
  const remembered = new Map<string, HeadingKinds>();
  return (heading) => {
    let kinds = remembered.get(heading);
    if (kinds === undefined) {
      kinds = kindsOfHeading(heading);
      if (remembered.size < MOST_REMEMBERED) remembered.set(heading, kinds);
    }
    return kinds;
  };
}

function rememberedRegistrable(): (host: string) => string | undefined {
  const remembered = new Map<string, string | undefined>();
  return (host) => {
    const known = remembered.get(host);
    if (known !== undefined || remembered.has(host)) return known;
    const answer = registrable(host) ?? reservedRoot(host);
    if (remembered.size < MOST_REMEMBERED) remembered.set(host, answer);
    return answer;
  };
}

/** Names that are kept for examples and private use are found, too, so that they can be said to be harmless. */
function reservedRoot(host: string): string | undefined {
  const dot = host.lastIndexOf('.');
  return RESERVED_NAMES.has(host.slice(dot + 1)) && dot > 0 ? host.slice(host.lastIndexOf('.', dot - 1) + 1) : undefined;
}

/** The part of a host name that somebody registered, by the public suffix list; undefined where the ending is not a real one. */
export function registrable(host: string): string | undefined {
  const parsed = parse(host, { allowPrivateDomains: false, validateHostname: false });
  if (parsed.isIcann !== true && !OTHER_ROOTS.has(parsed.publicSuffix ?? '')) return undefined;
  return parsed.domain ?? getDomain(host) ?? undefined;
}

/** The shared name (hosting, dynamic DNS …) that a host lies on; undefined where it stands for itself. */
export function sharedParent(host: string): string | undefined {
  const shared = listedIn(SHARED, host);
  if (shared !== undefined) return shared;
  const parsed = parse(host, { allowPrivateDomains: true, validateHostname: false });
  return parsed.isPrivate === true ? (parsed.publicSuffix ?? undefined) : undefined;
}
