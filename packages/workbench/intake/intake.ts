/**
 * A report → what it says: indicators with type, place, role, reason and the sentence around each, references, CVEs, techniques,
 * families, actors, and who is to be credited. Text, Markdown (AsciiDoc is read alike) and HTML. What finds each type of indicator
 * is handed in (the catalogue). Reads nothing but its arguments; never throws on any text; linear in its length.
 */
import type { Indicator, IndicatorType } from '@sigwright/contracts';
import { type FindOptions, findIndicators, type ReportIndicator } from './find-indicators.ts';
import { namesIn } from './names.ts';
import { looksLikeHtml, textOfHtml } from './text-of.ts';
import { indexWarningLists, type WarningList } from './warning-lists.ts';

export { findIndicators, type ReportIndicator, registrable, sharedParent } from './find-indicators.ts';
export { indexWarningLists, type WarningEffect, type WarningHit, type WarningIndex, type WarningList } from './warning-lists.ts';

export interface IntakeOptions extends FindOptions {
  /** told from the text where left out */
  readonly format?: 'text' | 'markdown' | 'html';
  /** lists in the form of misp-warninglists; give `warnings` instead where many reports are read with the same lists */
  readonly warningLists?: readonly WarningList[];
  /** names of families and actors to look for, beside the own list */
  readonly families?: readonly string[];
  readonly actors?: readonly string[];
}

export interface ReportReading {
  readonly title: string;
  /** where the report says it comes from: an HTML page's canonical address or a line `Source: <address>` */
  readonly source?: string;
  /** what offsets refer to (UTF-16 units): the input itself, or the text of an HTML page */
  readonly text: string;
  /** in the order of the text; the same value may stand at several places */
  readonly indicators: readonly ReportIndicator[];
  /** addresses of further reading, each once, with scheme */
  readonly references: readonly string[];
  readonly cves: readonly string[];
  readonly techniques: readonly string[];
  readonly families: readonly string[];
  readonly actors: readonly string[];
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
  const page = isHtml ? textOfHtml(cut) : undefined;
  const text = page?.text ?? cut;
  const warnings = options.warnings ?? (options.warningLists === undefined ? undefined : indexWarningLists(options.warningLists));
  const indicators = findIndicators(text, warnings === undefined ? options : { ...options, warnings });
  const references = new Set<string>();
  for (const one of indicators)
    if (one.role === 'reference' && one.type === 'url') references.add(one.value.startsWith('//') ? `https:${one.value}` : one.value);
  if (page !== undefined) {
    const named = new Set(indicators.filter((one) => one.role === 'indicator').map((one) => one.value));
    for (const link of page.links) if (/^https?:\/\//i.test(link) && !named.has(link)) references.add(link);
  }
  const names = namesIn(text, options.families, options.actors);
  const source = page?.source ?? SOURCE_LINE.exec(text.slice(0, HEAD))?.[1];
  return {
    title: page?.title || titleOf(text),
    ...(source === undefined ? {} : { source }),
    text,
    indicators,
    references: [...references],
    cves: unique(indicators, 'cve'),
    techniques: unique(indicators, 'attack'),
    families: names.families,
    actors: names.actors,
    hashtags: names.hashtags,
    credits: unique(indicators, 'handle'),
  };
}

function unique(indicators: readonly Indicator[], type: IndicatorType): string[] {
  return [...new Set(indicators.filter((one) => one.type === type).map((one) => one.value))];
}

const LONGEST_TITLE = 200;

function titleOf(text: string): string {
  const line = /\S[^\n]{0,400}/.exec(text)?.[0] ?? '';
  return line
    .replace(/^[#=\s]+/, '')
    .trim()
    .slice(0, LONGEST_TITLE);
}
