/**
 * A report's draft → the ruleset repository: rules with traffic that was made for them as evidence, and the report itself with what came
 * of it. A report that is there already (the file itself, the same source or the same text) gets its new rules; another one is taken in
 * as `reports/<date>-<slug>/`. Only evidence that holds with all rules of the repository is written.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result, Rule } from '@sigwright/contracts';
import { success } from '@sigwright/contracts';
import type { Synthesis } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { Document, parseDocument, type YAMLMap } from 'yaml';
import type { ReportReading } from '../intake/intake.ts';
import type { ProofRunner } from '../prove/prove.ts';
import { capturesOf, type MadeCapture, synthesizedEvidence } from '../prove/synthesized.ts';
import { addRules, type FileToWrite, rulesFileOf } from '../repository/add-rules.ts';
import type { Repository } from '../repository/repository.ts';
import type { DraftRule } from './draft.ts';
import { namesNear, probeFor } from './near-names.ts';

export interface DraftTools {
  /** traffic for a rule among others; `problem` where none is found */
  synthesize(rule: Rule, rules: readonly Rule[], silent: boolean): Synthesis | { readonly problem: string };
  readonly run: ProofRunner;
}

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
  /** of reports/; undefined where the draft is not of a report */
  readonly report: string | undefined;
  readonly rules: readonly {
    readonly sid: number;
    readonly fires: number;
    readonly silent: number;
    /** why there is no evidence */
    readonly problem?: string;
  }[];
}

/** Within `changeRepository`. Without a `source` the draft is of a capture. */
export function keepDraft(
  repository: Repository,
  drafted: readonly DraftRule[],
  category: string,
  source: DraftSource | undefined,
  tools: DraftTools,
): Result<KeptDraft> {
  const parsed = parseRules(drafted.map(({ text }) => text).join('\n')).rules;
  const all = [...repository.rules.map(({ rule }) => rule), ...parsed];
  const text = all.map((rule) => rule.text).join('\n');
  const rules = drafted.map((draft, at) => ({ ...draft, ...evidenceOf(repository, parsed[at], all, text, tools) }));
  const report = source === undefined ? undefined : reportOf(repository, drafted, source);
  const failed = addRules(
    repository,
    category,
    rules.map(({ sid, text: written, files }) => ({ sid, text: written, ...(files === undefined ? {} : { evidence: files }) })),
    report?.files ?? [],
  );
  if (failed !== undefined) return failed;
  return success({
    file: rulesFileOf(repository, category),
    report: report?.slug,
    rules: rules.map(({ sid, fires, silent, problem }) => ({ sid, fires, silent, ...(problem === undefined ? {} : { problem }) })),
  });
}

interface Evidence {
  readonly fires: number;
  readonly silent: number;
  readonly files?: ReadonlyMap<string, Uint8Array | string>;
  readonly problem?: string;
}

const MOST_SILENT = 8;
/** Numbers of rules that only make traffic: no rule of the repository has them. */
const PROBE_SID = 4_294_967_000;

function evidenceOf(repository: Repository, rule: Rule, all: readonly Rule[], text: string, tools: DraftTools): Evidence {
  const made = tools.synthesize(rule, all, true);
  if ('problem' in made) return { fires: 0, silent: 0, problem: made.problem };
  const alertsOf = (capture: Uint8Array): number =>
    tools
      .run({ folder: join(repository.folder, 'rules'), rules: text, capture, networks: repository.settings.networks })
      .alerts.filter(({ sid }) => sid === rule.sid).length;
  const { fires, silent } = capturesOf(made);
  const near = nearNames(rule, tools);
  const firing = [...fires, ...near.fires].flatMap(({ bytes, line }): MadeCapture[] => {
    const alerts = alertsOf(bytes);
    return alerts === 0 ? [] : [{ bytes, line: { ...line, alerts } }];
  });
  const holding = [...near.silent, ...silent].filter(({ bytes }) => alertsOf(bytes) === 0).slice(0, MOST_SILENT);
  if (firing.length === 0) return { fires: 0, silent: 0, problem: 'what was made for it does not fire it beside the other rules' };
  return { fires: firing.length, silent: holding.length, files: synthesizedEvidence(rule.sid, firing, holding) };
}

/** Of a rule on one name: traffic with the names beside it. */
function nearNames(rule: Rule, tools: DraftTools): { readonly fires: MadeCapture[]; readonly silent: MadeCapture[] } {
  const fires: MadeCapture[] = [];
  const silent: MadeCapture[] = [];
  const buffer = rule.options.find(({ name }) => name === 'dns.query' || name === 'tls.sni')?.name as 'dns.query' | 'tls.sni' | undefined;
  const isBelow = rule.options.some(({ name }) => name === 'dotprefix');
  const host = /^"\.?([a-z0-9_.-]+)"$/i.exec(rule.options.find(({ name }) => name === 'content')?.value ?? '')?.[1];
  if (buffer === undefined || host === undefined) return { fires, silent };
  for (const { near, name, fires: must } of namesNear(host)) {
    const wanted = near === 'below' ? isBelow : must;
    if (near === 'itself' || wanted === undefined) continue;
    const probe = parseRules(probeFor(buffer, name, PROBE_SID)).rules[0];
    const made = tools.synthesize(probe, [probe], false);
    if ('problem' in made) continue;
    const capture = `${wanted ? 'fires' : 'silent'}-${near.replaceAll(' ', '-')}.pcap`;
    if (wanted) fires.push({ bytes: made.fires, line: { capture, alerts: 1, shows: `${name}: ${near}` } });
    else silent.push({ bytes: made.fires, line: { capture, because: `${name} is another name (${near})` } });
  }
  return { fires, silent };
}

const SHORT_SLUG = 40;
const LONGEST_SOURCE = 4 * 1024 * 1024;

function reportOf(
  repository: Repository,
  drafted: readonly DraftRule[],
  source: DraftSource,
): { readonly slug: string; readonly files: readonly FileToWrite[] } {
  const lines = drafted.map(({ sid, role, indicator }) => ({ sid, role, 'alerts-on': indicator }));
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
