/**
 * A report → what it says: indicators with type, place, role and reason, references, CVEs, techniques, families, actors, and who is
 * to be credited. Text, Markdown and HTML. What finds each type of indicator is handed in (the catalogue).
 */
import type { Indicator, IndicatorCandidate, IndicatorDefinition, IndicatorRole, IndicatorType } from '@sigwright/contracts';
import { getDomain, parse } from 'tldts';
import { looksLikeHtml, textOfHtml } from './text-of.ts';
import { BENIGN, listedIn, REFERENCES, SHARED } from './well-known.ts';

export interface IntakeOptions {
  readonly definitions: readonly IndicatorDefinition[];
  refang(text: string): { readonly text: string; readonly offsets: Uint32Array };
  readonly format?: 'text' | 'markdown' | 'html';
  /** further harmless names, from warning lists */
  readonly benign?: ReadonlySet<string>;
  /** names of families and actors to look for, beside those written as hashtags */
  readonly families?: readonly string[];
  readonly actors?: readonly string[];
}

export interface ReportReading {
  readonly title: string;
  /** what offsets refer to: the input itself, or the text of an HTML page */
  readonly text: string;
  readonly indicators: readonly Indicator[];
  readonly references: readonly string[];
  readonly cves: readonly string[];
  readonly techniques: readonly string[];
  readonly families: readonly string[];
  readonly actors: readonly string[];
  readonly credits: readonly string[];
}

/** Longer texts are cut: nobody reads a report of 64 MiB. */
const LONGEST_TEXT = 64 * 1024 * 1024;

const KNOWN_FAMILIES = [
  'Comebacker',
  'MarioLoader',
  'PyRation',
  'Ducktail',
  'SmartLoader',
  'AndarLoader',
  'NukeSped',
  'FakeExt',
  'BabyShark',
  'ToddlerShark',
  'Cobalt Strike',
  'SocGholish',
  'Emotet',
  'QakBot',
  'IcedID',
  'Lumma',
  'RedLine',
  'Vidar',
  'AsyncRAT',
  'Remcos',
  'AgentTesla',
  'FormBook',
  'Wineloader',
  'Impacket',
  'Mirai',
];
const KNOWN_ACTORS = [
  'Lazarus',
  'Andariel',
  'Kimsuky',
  'Bitter',
  'TA430',
  'TA569',
  'TA421',
  'TA4903',
  'APT28',
  'APT29',
  'APT41',
  'Sandworm',
  'Turla',
  'FIN7',
  'MuddyWater',
  'Gamaredon',
];

export function readReport(input: string, options: IntakeOptions): ReportReading {
  const cut = input.length > LONGEST_TEXT ? input.slice(0, LONGEST_TEXT) : input;
  const isHtml = options.format === 'html' || (options.format === undefined && looksLikeHtml(cut));
  const page = isHtml ? textOfHtml(cut) : undefined;
  const text = page?.text ?? cut;
  const indicators = findIndicators(text, options);
  const references = new Set<string>(indicators.filter((one) => one.role === 'reference' && one.type === 'url').map((one) => one.value));
  for (const link of page?.links ?? []) if (/^https?:\/\//i.test(link)) references.add(link);
  const names = (known: readonly string[]): string[] =>
    known.filter((name) => new RegExp(`(?<![\\p{L}\\p{N}])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'iu').test(text));
  return {
    title: page?.title || titleOf(text),
    text,
    indicators,
    references: [...references],
    cves: unique(indicators, 'cve'),
    techniques: unique(indicators, 'attack'),
    families: names([...KNOWN_FAMILIES, ...(options.families ?? [])]),
    actors: names([...KNOWN_ACTORS, ...(options.actors ?? [])]),
    credits: unique(indicators, 'handle'),
  };
}

function unique(indicators: readonly Indicator[], type: IndicatorType): string[] {
  return [...new Set(indicators.filter((one) => one.type === type).map((one) => one.value))];
}

function titleOf(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '') ?? '';
  return line
    .replace(/^[#=\s]+/, '')
    .trim()
    .slice(0, 200);
}

interface Found extends IndicatorCandidate {
  readonly type: IndicatorType;
  readonly precedence: number;
  readonly written: string;
}

export function findIndicators(text: string, options: IntakeOptions): readonly Indicator[] {
  const plain = options.refang(text);
  const suffixes = {
    registrableDomain: (host: string): string | undefined => {
      const parsed = parse(host, { allowPrivateDomains: false, validateHostname: false });
      return parsed.isIcann === true || parsed.publicSuffix === 'onion' ? (parsed.domain ?? undefined) : undefined;
    },
  };
  const found: Found[] = [];
  for (const definition of options.definitions) {
    for (const candidate of definition.find(definition.refanged ? plain.text : text, suffixes)) {
      const start = definition.refanged ? plain.offsets[candidate.start] : candidate.start;
      const end = definition.refanged ? endOf(plain.offsets, candidate.end, text.length) : candidate.end;
      found.push({ ...candidate, type: candidate.type ?? definition.type, start, end, precedence: definition.precedence, written: text.slice(start, end) });
    }
  }
  found.sort((a, b) => a.start - b.start || b.precedence - a.precedence || b.end - a.end);
  const kept: Found[] = [];
  for (const one of found) {
    const overlapping = kept.length > 0 && kept[kept.length - 1].end > one.start ? kept[kept.length - 1] : undefined;
    if (overlapping === undefined) kept.push(one);
    else if (one.precedence > overlapping.precedence) kept[kept.length - 1] = one;
  }
  return kept.map((one) => {
    const { role, benign, reason } = judge(one, text, options);
    return {
      type: one.type,
      value: one.value,
      written: one.written,
      start: one.start,
      end: one.end,
      role,
      benign,
      reason,
      ...(one.port === undefined ? {} : { port: one.port }),
    };
  });
}

/** A character that stands for several in the original ends where the next one begins. */
function endOf(offsets: Uint32Array, at: number, length: number): number {
  return at < offsets.length ? offsets[at] : length;
}

function hostOf(one: Found): string | undefined {
  if (one.type === 'domain') return one.value;
  if (one.type === 'url') return /^[a-z]+:\/\/([^/?#]*)/.exec(one.value)?.[1].replace(/:\d+$/, '').replace(/^.*@/, '');
  if (one.type === 'email') return one.value.slice(one.value.indexOf('@') + 1);
  return undefined;
}

function judge(one: Found, text: string, options: IntakeOptions): { role: IndicatorRole; benign: boolean; reason: string } {
  if (one.type === 'handle') return { role: 'credit', benign: false, reason: 'a handle' };
  if (one.type === 'cve' || one.type === 'attack') return { role: 'reference', benign: false, reason: 'names a weakness or technique' };
  const defanged = one.written.toLowerCase() !== one.value.toLowerCase() && /[[({\\]|xx|\*| \./i.test(one.written);
  if (one.type === 'ipv4' && isReserved(one.value)) return { role: 'benign', benign: true, reason: 'an address of a reserved range' };
  const host = hostOf(one);
  if (host !== undefined) {
    const listed = listedIn(options.benign ?? EMPTY, host);
    const benign = listedIn(BENIGN, host) ?? listed;
    const shared = listedIn(SHARED, host);
    const reference = listedIn(REFERENCES, host);
    if (!defanged && one.type === 'url' && reference !== undefined)
      return { role: 'reference', benign: true, reason: `${reference} is where researchers publish` };
    if (!defanged && reference !== undefined && one.type === 'domain')
      return { role: 'reference', benign: true, reason: `${reference} is where researchers publish` };
    if (benign !== undefined && shared === undefined) return { role: 'benign', benign: true, reason: `${benign} is used by everybody` };
    if (shared !== undefined && host === shared) return { role: 'benign', benign: true, reason: `${shared} is shared by many` };
    if (!defanged && one.type === 'url' && inProse(one, text)) return { role: 'reference', benign: false, reason: 'a live link in running text' };
    return {
      role: 'indicator',
      benign: false,
      reason: defanged ? 'written so that nobody clicks it' : shared !== undefined ? `a host on ${shared}, which many share` : 'named in the report',
    };
  }
  return { role: 'indicator', benign: false, reason: one.type.startsWith('ip') ? 'an address named in the report' : 'a digest of a file' };
}

const EMPTY: ReadonlySet<string> = new Set();

/** A link among words, not an entry of a list or table. */
function inProse(one: Found, text: string): boolean {
  const lineStart = text.lastIndexOf('\n', one.start) + 1;
  const lineEnd = text.indexOf('\n', one.end);
  const line = text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd);
  const words = line.replace(one.written, ' ').match(/\p{L}{2,}/gu)?.length ?? 0;
  return words >= 5 || text.slice(Math.max(0, one.start - 2), one.start) === '](';
}

/** RFC 1918, 5737, 6598, loopback, link-local, multicast, "this network". */
function isReserved(address: string): boolean {
  const [a, b, c] = address.split('.').map(Number);
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127) ||
    address === '8.8.8.8' ||
    address === '8.8.4.4' ||
    address === '1.1.1.1' ||
    (a === 192 && b === 0 && c === 0)
  );
}

export function registrable(host: string): string | undefined {
  return getDomain(host, { allowPrivateDomains: false }) ?? undefined;
}

/** Is this host one of many unrelated ones below a shared name? */
export function sharedParent(host: string): string | undefined {
  return listedIn(SHARED, host);
}
