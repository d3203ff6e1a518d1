/**
 * A report → what it says: indicators with type, place, role, reason and the sentence around each, references, CVEs, techniques,
 * families, actors, and who is to be credited. Text, Markdown (AsciiDoc is read alike) and HTML. What finds each type of indicator
 * is handed in (the catalogue). Reads nothing but its arguments; never throws on any text; linear in its length.
 */
import { type FindOptions, findIndicators, type ReportIndicator } from './find-indicators.ts';
import { type GivenName, type NameFound, type NameIndex, namesIn } from './names.ts';
import { articleOfHtml, looksLikeHtml } from './text-of.ts';
import { indexWarningLists, type WarningList } from './warning-lists.ts';

export { findIndicators, type ReportIndicator, registrable, sharedParent } from './find-indicators.ts';
export { type GivenName, indexNames, type KnownName, type NameFound, type NameIndex, type NameKind, namesOfGalaxy } from './names.ts';
export { indexWarningLists, type WarningEffect, type WarningHit, type WarningIndex, type WarningList } from './warning-lists.ts';

export interface IntakeOptions extends FindOptions {
  /** told from the text where left out */
  readonly format?: 'text' | 'markdown' | 'html';
  /** lists in the form of misp-warninglists; give `warnings` instead where many reports are read with the same lists */
  readonly warningLists?: readonly WarningList[];
  /** families and actors to look for; the own list where left out */
  readonly names?: NameIndex;
  /** a list of values, which says nowhere in its text where it comes from */
  readonly isList?: boolean;
  /** names that the form of the report gives for what they are */
  readonly given?: readonly GivenName[];
}

export interface ReportReading {
  readonly title: string;
  /** where the report says it comes from: an HTML page's canonical address or a line `Source: <address>` */
  readonly source?: string;
  /** when the report says it was published, as written there */
  readonly published?: string;
  /** what offsets refer to (UTF-16 units): the input itself, or the text of an HTML page */
  readonly text: string;
  /** in the order of the text; the same value may stand at several places */
  readonly indicators: readonly ReportIndicator[];
  /** addresses of further reading, each once, with scheme */
  readonly references: readonly string[];
  readonly cves: readonly string[];
  readonly techniques: readonly string[];
  /** by the name that stands for all synonyms */
  readonly families: readonly string[];
  readonly actors: readonly string[];
  readonly campaigns: readonly string[];
  /** each family, actor and campaign with how it was written and where first */
  readonly names: readonly NameFound[];
  readonly hashtags: readonly string[];
  /** handles as written, each once */
  readonly credits: readonly string[];
}

/** Longer texts are cut: nobody reads a report of 64 MiB. */
const LONGEST_TEXT = 64 * 1024 * 1024;
const SOURCE_LINE = /^[\s*#>-]*(?:source|url|link|original|via)\s*:\s*<?(https?:\/\/[^\s<>)"']+)/im;
const HEAD = 4000;

export function readReport(input: string, options: IntakeOptions): ReportReading {
  const cut = input.length > LONGEST_TEXT ? input.slice(0, LONGEST_TEXT) : input;
  const isHtml = options.format === 'html' || (options.format === undefined && looksLikeHtml(cut));
  const page = isHtml ? articleOfHtml(cut) : undefined;
  const text = page?.text ?? cut;
  const warnings = options.warnings ?? (options.warningLists === undefined ? undefined : indexWarningLists(options.warningLists));
  const indicators = findIndicators(text, warnings === undefined ? options : { ...options, warnings });
  const references = new Set<string>();
  const cves = new Set<string>();
  const techniques = new Set<string>();
  const credits = new Set<string>();
  for (const { type, role, value } of indicators) {
    if (type === 'cve') cves.add(value);
    else if (type === 'attack') techniques.add(value);
    else if (type === 'handle') credits.add(value);
    else if (type === 'url' && role === 'reference') references.add(value.startsWith('//') ? `https:${value}` : value);
  }
  if (page !== undefined) {
    const named = new Set(indicators.filter((one) => one.role === 'indicator').map((one) => one.value));
    for (const link of page.links) if (/^https?:\/\//i.test(link) && !named.has(link)) references.add(link);
  }
  const names = namesIn(text, options.names, options.given);
  const source = page?.source ?? (options.isList === true ? undefined : sourceLine(text, indicators));
  return {
    title: page?.title || titleOf(text),
    ...(source === undefined ? {} : { source }),
    ...(page?.published === undefined ? {} : { published: page.published }),
    text,
    indicators,
    references: [...references],
    cves: [...cves],
    techniques: [...techniques],
    families: names.names.filter((one) => one.kind === 'family').map((one) => one.name),
    actors: names.names.filter((one) => one.kind === 'actor').map((one) => one.name),
    campaigns: names.names.filter((one) => one.kind === 'campaign').map((one) => one.name),
    names: names.names,
    hashtags: names.hashtags,
    credits: [...(page?.author === undefined ? [] : [page.author]), ...credits],
  };
}

/** A line that says where the report comes from; `URL: …` may as well be the first indicator. */
function sourceLine(text: string, indicators: readonly ReportIndicator[]): string | undefined {
  const source = SOURCE_LINE.exec(text.slice(0, HEAD))?.[1];
  return source === undefined || indicators.some((one) => one.role === 'indicator' && one.type === 'url' && one.value === source) ? undefined : source;
}

const LONGEST_TITLE = 200;

function titleOf(text: string): string {
  const line = /\S[^\n]{0,400}/.exec(text)?.[0] ?? '';
  return line
    .replace(/^[#=\s]+/, '')
    .trim()
    .slice(0, LONGEST_TITLE);
}
