/**
 * A report's draft → the ruleset repository: rules with traffic that was made for them as evidence, and the report itself with what came
 * of it. A report that is there already (the file itself, the same source or the same text) gets its new rules; another one is taken in
 * as `reports/<date>-<slug>/`. Only evidence that holds with all rules of the repository is written.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { Document, parseDocument, type YAMLMap } from 'yaml';
import type { ReportReading } from '../intake/intake.ts';
import { type EvidenceTools, makeEvidence } from '../prove/made-evidence.ts';
import { synthesizedEvidence } from '../prove/synthesized.ts';
import { addRules, type FileToWrite, rulesFileOf } from '../repository/add-rules.ts';
import type { Repository } from '../repository/repository.ts';
import { type CaptureReportAbout, captureReport } from './capture-report.ts';
import type { DraftRule } from './draft.ts';

export interface DraftSource {
  readonly reading: ReportReading;
  /** folder of reports/ that the report lies in */
  readonly slug?: string;
  readonly family?: string;
  readonly reference?: string;
  /** ISO day */
  readonly date: string;
}

export interface KeptDraft {
  /** of rules/ */
  readonly file: string;
  /** of reports/ */
  readonly report: string;
  readonly rules: readonly {
    readonly sid: number;
    readonly fires: number;
    readonly silent: number;
    /** why there is no evidence */
    readonly problem?: string;
  }[];
}

/** Within `changeRepository`. A `source` without a reading is a capture. */
export function keepDraft(
  repository: Repository,
  drafted: readonly DraftRule[],
  category: string,
  source: DraftSource | CaptureReportAbout,
  tools: EvidenceTools,
): Result<KeptDraft> {
  const parsed = parseRules(drafted.map(({ text }) => text).join('\n')).rules;
  const all = [...repository.rules.map(({ rule }) => rule), ...parsed];
  const made = drafted.map((draft, at) => ({ draft, evidence: makeEvidence(repository, parsed[at], all, tools) }));
  const lines = drafted.map(({ sid, role, indicator }) => ({ sid, role, 'alerts-on': indicator }));
  const report = 'reading' in source ? reportOf(repository, lines, source) : captureReport(repository, lines, source);
  const failed = addRules(
    repository,
    category,
    made.map(({ draft: { sid, text }, evidence }) => ({
      sid,
      text,
      ...('problem' in evidence ? {} : { evidence: synthesizedEvidence(sid, evidence.fires, evidence.silent) }),
    })),
    report.files,
  );
  if (failed !== undefined) return failed;
  return success({
    file: rulesFileOf(repository, category),
    report: report.slug,
    rules: made.map(({ draft: { sid }, evidence }) =>
      'problem' in evidence ? { sid, fires: 0, silent: 0, problem: evidence.problem } : { sid, fires: evidence.fires.length, silent: evidence.silent.length },
    ),
  });
}

const SHORT_SLUG = 40;
const LONGEST_SOURCE = 4 * 1024 * 1024;

function reportOf(repository: Repository, lines: readonly object[], source: DraftSource): { readonly slug: string; readonly files: readonly FileToWrite[] } {
  const folderOf = (slug: string): string => join(repository.folder, 'reports', slug);
  const known = source.slug ?? sameReport(repository, source);
  if (known !== undefined) {
    const path = join(folderOf(known), 'report.yaml');
    if (existsSync(path)) {
      const document = parseDocument(readFileSync(path, 'utf8'));
      for (const line of lines)
        if (document.has('rules')) document.addIn(['rules'], flowing(document, line));
        else document.set('rules', [flowing(document, line)]);
      return { slug: known, files: [[path, document.toString({ lineWidth: 0 })]] };
    }
    return { slug: known, files: [[path, newReport(source, lines)]] };
  }
  const slug = freeSlug(repository, source);
  const text = source.reading.text.length > LONGEST_SOURCE ? source.reading.text.slice(0, LONGEST_SOURCE) : source.reading.text;
  return {
    slug,
    files: [
      [join(folderOf(slug), 'report.yaml'), newReport(source, lines)],
      [join(folderOf(slug), 'source.md'), text.endsWith('\n') ? text : `${text}\n`],
    ],
  };
}

function flowing(document: Document, line: object): unknown {
  return document.createNode(line, { flow: true });
}

/** A report of the repository with the same address or the same text. */
function sameReport(repository: Repository, { reading, reference }: DraftSource): string | undefined {
  const url = reference ?? reading.source;
  return repository.reports.find(({ slug, source }) => {
    if (url !== undefined && source.url === url) return true;
    const path = join(repository.folder, 'reports', slug, 'source.md');
    return existsSync(path) && readFileSync(path, 'utf8').trim() === reading.text.trim();
  })?.slug;
}

function freeSlug(repository: Repository, { reading, date, family }: DraftSource): string {
  const words = (family ?? (reading.title || 'report'))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, SHORT_SLUG);
  const first = `${date}-${words === '' ? 'report' : words}`;
  for (let count = 1; ; count++) {
    const slug = count === 1 ? first : `${first}-${count}`;
    if (!existsSync(join(repository.folder, 'reports', slug))) return slug;
  }
}

/** What a person still has to say is left empty, with a word on what it is for. */
function newReport({ reading, family, reference, date }: DraftSource, rules: readonly object[]): string {
  const url = reference ?? reading.source ?? '';
  const seen = new Set<string>();
  const indicators = reading.indicators.filter(({ type, value, role }) => {
    const isTold = (role === 'indicator' || role === 'benign') && type !== 'handle' && !seen.has(`${type} ${value}`);
    seen.add(`${type} ${value}`);
    return isTold;
  });
  const document = new Document({
    title: reading.title || 'a report without a title',
    date,
    source: { url, kind: 'post', publisher: URL.canParse(url) ? new URL(url).hostname : '' },
    credits: reading.credits.map((handle) => ({ handle })),
    campaign: family ?? '',
    families: family === undefined ? reading.families : [family, ...reading.families.filter((one) => one !== family)],
    actors: reading.actors,
    summary: '',
    indicators: indicators.map(({ type, value, role, port }) => ({ type, value, role, ...(port === undefined ? {} : { note: `port ${port}` }) })),
    rules,
    correlate: '',
    playbook: '',
  });
  document.commentBefore = ' begun by sigwright draft; summary, correlate and playbook are yours to write';
  const comments = {
    summary: ' what was seen, in your own words: the weekly review prints it',
    correlate: ' what to look at beside these alerts',
    playbook: ' what to do when one fires',
  };
  for (const pair of (document.contents as unknown as YAMLMap<{ value: string }, { comment?: string; flow?: boolean; items?: { flow?: boolean }[] }>).items) {
    const comment = (comments as Record<string, string>)[pair.key.value];
    if (comment !== undefined && pair.value !== null) pair.value.comment = comment;
    if (pair.key.value === 'source' && pair.value !== null) pair.value.flow = true;
    if (Array.isArray(pair.value?.items)) for (const item of pair.value.items) if (typeof item === 'object') item.flow = true;
  }
  return document.toString({ lineWidth: 0 });
}
