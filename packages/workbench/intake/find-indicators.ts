/** Text → indicators: every definition asked, overlaps resolved by precedence, each judged by what stands around it. Linear. */
import type { Indicator, IndicatorDefinition, IndicatorOptions, IndicatorRole, IndicatorType } from '@sigwright/contracts';
import { getDomain, parse } from 'tldts';
import { judge, type ReportHabits } from './roles.ts';
import { headingsOf, sentenceAround, surroundingsOf } from './surroundings.ts';
import type { WarningIndex } from './warning-lists.ts';
import { listedIn, SHARED } from './well-known.ts';

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
}

/** Endings outside the public suffix list that are in use: Tor, I2P, Namecoin. */
const OTHER_ROOTS: ReadonlySet<string> = new Set(['onion', 'i2p', 'bit']);
/** From this many defanged values on, an author is taken to defang what is dangerous. */
const DEFANGED_HABIT = 3;
/** Suffix look-ups are remembered, up to a bound. */
const MOST_REMEMBERED = 50_000;
const NETWORK: ReadonlySet<IndicatorType> = new Set(['domain', 'url', 'ipv4', 'ipv6', 'email']);

interface Found {
  readonly type: IndicatorType;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly port: number | undefined;
  readonly precedence: number;
  readonly written: string;
  readonly defanged: boolean;
}

export interface ReportIndicator extends Indicator {
  /** the sentence, or entry of a list, around it */
  readonly sentence: string;
}

export function findIndicators(text: string, options: FindOptions): readonly ReportIndicator[] {
  const plain = options.refang(text);
  const rooted: IndicatorOptions = { registrableDomain: rememberedRegistrable(), defanged: plain.changed };
  const found: Found[] = [];
  for (const definition of options.definitions) {
    const { refanged, precedence } = definition;
    for (const candidate of definition.find(refanged ? plain.text : text, rooted)) {
      const start = refanged ? plain.startOf(candidate.start) : candidate.start;
      const end = refanged ? plain.endOf(candidate.end) : candidate.end;
      const written = text.slice(start, end);
      const defanged = refanged && plain.changed(candidate.start, candidate.end);
      found.push({
        type: candidate.type ?? definition.type,
        value: candidate.value,
        start,
        end,
        port: candidate.port,
        precedence,
        written,
        defanged: defanged || (definition.type === 'domain' && written.includes(' .')),
      });
    }
  }
  const kept = withoutOverlaps(found);
  const habits: ReportHabits = {
    defangs: kept.reduce((count, one) => count + (one.defanged && NETWORK.has(one.type) ? 1 : 0), 0) >= DEFANGED_HABIT,
    warnings: options.warnings,
    benign: options.benign,
  };
  const headings = headingsOf(text);
  const result: ReportIndicator[] = [];
  for (const one of kept) {
    const around = surroundingsOf(text, one.start, one.end, headings);
    if (one.type === 'domain' && !one.defanged && habits.defangs && isFileInRow(one, around.line)) continue;
    if ((one.type === 'ipv4' || one.type === 'domain') && /\bmagnet\[?:\]?\?/.test(around.before)) continue;
    const { role, benign, reason } = judge(one, around, habits);
    result.push(new PlacedIndicator(text, one, role, benign, reason));
  }
  return result;
}

/** Sentences are cut out when asked for: a report of thousands of digests would spend a third of its time on them. */
class PlacedIndicator implements ReportIndicator {
  readonly type: IndicatorType;
  readonly value: string;
  readonly written: string;
  readonly start: number;
  readonly end: number;
  readonly role: IndicatorRole;
  readonly benign: boolean;
  readonly reason: string;
  readonly port?: number;
  readonly #text: string;

  constructor(text: string, found: Found, role: IndicatorRole, benign: boolean, reason: string) {
    this.type = found.type;
    this.value = found.value;
    this.written = found.written;
    this.start = found.start;
    this.end = found.end;
    this.role = role;
    this.benign = benign;
    this.reason = reason;
    if (found.port !== undefined) this.port = found.port;
    this.#text = text;
  }

  get sentence(): string {
    return sentenceAround(this.#text, this.start, this.end);
  }

  toJSON(): object {
    return { ...this, sentence: this.sentence };
  }
}

/** In the row of a sample, what is written live in a report that defangs its hosts is the name of the file. */
function isFileInRow(one: Found, line: string): boolean {
  return one.value.split('.').length === 2 && /(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])/i.test(line);
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

function rememberedRegistrable(): (host: string) => string | undefined {
  const remembered = new Map<string, string | undefined>();
  return (host) => {
    if (remembered.has(host)) return remembered.get(host);
    const answer = registrable(host);
    if (remembered.size < MOST_REMEMBERED) remembered.set(host, answer);
    return answer;
  };
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
