/**
 * The report behind rules that were drafted from captures, so that they have a campaign, credits and a playbook as all others: added to
 * a report of the same address, or of the same family and week; else begun as `reports/<date>-<family>/report.yaml`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Document, parseDocument } from 'yaml';
import type { FileToWrite } from '../repository/add-rules.ts';
import type { ReportFile, Repository, Role } from '../repository/repository.ts';

export interface CaptureReport {
  /** folder of reports/ */
  readonly slug: string;
  /** whether the report was there before */
  readonly isKnown: boolean;
  readonly files: readonly FileToWrite[];
}

export interface CaptureReportRule {
  readonly sid: number;
  readonly role: Role;
  /** what of the traffic it alerts on, in words */
  readonly 'alerts-on': string;
}

export interface CaptureReportAbout {
  readonly family?: string;
  readonly reference?: string;
  /** ISO day */
  readonly date: string;
}

const DAY = 86_400_000;
const WEEK = 7;
const SHORT_SLUG = 40;

export function captureReport(repository: Repository, rules: readonly CaptureReportRule[], about: CaptureReportAbout): CaptureReport {
  const pathOf = (slug: string): string => join(repository.folder, 'reports', slug, 'report.yaml');
  const known = repository.reports.find((report) => existsSync(pathOf(report.slug)) && isOf(report, about));
  if (known === undefined) {
    const slug = freeSlug(repository, about);
    return { slug, isKnown: false, files: [[pathOf(slug), newReport(rules, about)]] };
  }
  const document = parseDocument(readFileSync(pathOf(known.slug), 'utf8'));
  for (const rule of rules) {
    const line = document.createNode(rule, { flow: true });
    if (document.has('rules')) document.addIn(['rules'], line);
    else document.set('rules', [line]);
  }
  return { slug: known.slug, isKnown: true, files: [[pathOf(known.slug), document.toString({ lineWidth: 0 })]] };
}

function isOf({ source, families, date: day }: ReportFile, { family, reference, date }: CaptureReportAbout): boolean {
  if (reference !== undefined && source.url === reference) return true;
  const isSameFamily = families.some((one) => one.toLowerCase() === family?.toLowerCase());
  return isSameFamily && Math.abs(Date.parse(date) - Date.parse(day)) < WEEK * DAY;
}

function freeSlug(repository: Repository, { family, date }: CaptureReportAbout): string {
  const words = (family ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, SHORT_SLUG);
  const first = `${date}-${words === '' ? 'captures' : words}`;
  for (let count = 1; ; count++) {
    const slug = count === 1 ? first : `${first}-${count}`;
    if (!existsSync(join(repository.folder, 'reports', slug))) return slug;
  }
}

function newReport(rules: readonly CaptureReportRule[], { family, reference = '', date }: CaptureReportAbout): string {
  const document = new Document({
    title: family === undefined ? 'From captures' : `${family}, from captures`,
    date,
    source: { url: reference, kind: 'sandbox-run', publisher: URL.canParse(reference) ? new URL(reference).hostname : '' },
    credits: [],
    campaign: family ?? '',
    families: family === undefined ? [] : [family],
    actors: [],
    summary: '',
    indicators: [],
    rules: [],
    correlate: '',
    playbook: '',
  });
  for (const rule of rules) document.addIn(['rules'], document.createNode(rule, { flow: true }));
  document.commentBefore = ' begun by sigwright draft; credits, summary, correlate and playbook are yours to write';
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
