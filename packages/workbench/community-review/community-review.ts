/** The weekly post: who found what, which SIDs alert on it, what to correlate. Markdown, made from the reports of a repository. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { type ReportFile, type Repository, ROLES, type Role } from '../repository/repository.ts';
import { harmlessFor, hostOf } from './harmless.ts';

/** Roles of rules that fire on infrastructure, which is burnt within weeks. */
const IOC_ROLES: ReadonlySet<Role> = new Set(['lookup', 'contact']);

const ROLE_WORDS: Record<Role, string> = {
  lookup: 'lookups of the domains',
  contact: 'connections to the servers',
  payload: 'the fetch of a payload',
  check_in: 'the check-in of an infected host',
  command: 'commands that reach an infected host',
  config: 'configuration asked for or handed out',
  exfil: 'data on its way out',
  context: 'context: worth keeping beside other alerts, no verdict alone',
};

/** `2051079`, `2051079 & 2051081`, `2051141-2051148`: runs of three or more become ranges. */
export function sidRanges(sids: readonly number[]): string {
  const sorted = [...new Set(sids)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end] + 1) end++;
    if (end - at >= 2) parts.push(`${sorted[at]}-${sorted[end]}`);
    else for (let one = at; one <= end; one++) parts.push(String(sorted[one]));
    at = end + 1;
  }
  return parts.length <= 1 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} & ${parts[parts.length - 1]}`;
}

/** Where an edited post of a day is kept. */
export function postFile(folder: string, date: string): string {
  return join(folder, 'community', `${date}.md`);
}

/** The post of a day as somebody edited it, else as it comes of the reports. */
export function communityReview(repository: Repository, date: string): string {
  const file = postFile(repository.folder, date);
  return existsSync(file) ? readFileSync(file, 'utf8') : writtenReview(repository, date);
}

/** Days that a post looks back on, its own among them. */
const WEEK = 7;

/** Reports with rules of the seven days up to the last report that is not younger than `date`. */
function ofTheWeek(reports: readonly ReportFile[], date: string): readonly ReportFile[] {
  const before = reports.filter((report) => report.rules.length > 0 && report.date <= date);
  const last =
    before
      .map(({ date: day }) => day)
      .sort()
      .at(-1) ?? '';
  const first = last === '' ? '' : new Date(Date.parse(last) - (WEEK - 1) * 86_400_000).toISOString().slice(0, 10);
  return before.filter((report) => report.date >= first);
}

/** As it comes of the reports. `date`: ISO, the day of the post. Where its week brought nothing, it is about the last week with reports. */
export function writtenReview(repository: Repository, date: string): string {
  const reports = ofTheWeek(repository.reports, date).toSorted((a, b) => a.title.localeCompare(b.title));
  const sids = new Set(reports.flatMap((report) => report.rules.map(({ sid }) => sid)));
  const lines: string[] = [`# Community review, ${longDate(date)}`, ''];
  if (reports.length === 0) {
    lines.push('No report has led to rules yet.');
    return `${lines.join('\n')}\n`;
  }
  const onServerNames = new Set(repository.rules.filter(({ rule }) => rule.options.some(({ name }) => name === 'tls.sni')).map(({ rule }) => rule.sid));
  lines.push(
    `This week brought ${counted(sids.size, 'rule')} on ${counted(reports.length, 'campaign')}, every one of them begun by somebody who shared what they found. They are ${repository.settings.licence} licensed: use them, change them, and tell us what they do in your network.`,
    '',
  );
  for (const report of reports) lines.push(...item(report, onServerNames), '');
  const ioc = reports.flatMap((report) => report.rules.filter(({ role }) => IOC_ROLES.has(role)).map(({ sid }) => sid));
  const behaviour = reports.flatMap((report) => report.rules.filter(({ role }) => !IOC_ROLES.has(role) && role !== 'context').map(({ sid }) => sid));
  const context = reports.flatMap((report) => report.rules.filter(({ role }) => role === 'context').map(({ sid }) => sid));
  lines.push('## How to read the alerts', '');
  if (ioc.length > 0)
    lines.push(
      `**Rules on infrastructure** (${sidRanges(ioc)}) fire on names and servers that are burnt to some extent. A single lookup is worth a look, not a verdict; these rules have a short time to review and will leave the set sooner.`,
      '',
    );
  if (behaviour.length > 0)
    lines.push(
      `**Rules on behaviour** (${sidRanges(behaviour)}) fire on what the malware does. When one of them alerts, check that host for compromise; together with a lookup from the same host there is little left to doubt. These rules live longer.`,
      '',
    );
  if (context.length > 0)
    lines.push(`**Context** (${sidRanges(context)}) says something true about a host and nothing bad by itself. Read it beside the others.`, '');
  const handles = [...new Set(reports.flatMap((report) => report.credits.map(({ handle }) => handle)))];
  if (handles.length > 0) lines.push('## Thanks', '', `${handles.join(', ')}: thank you for sharing.`);
  return `${lines.join('\n').trimEnd()}\n`;
}

function item(report: ReportFile, onServerNames: ReadonlySet<number>): string[] {
  const harmless = harmlessFor(report);
  const lines: string[] = [`## ${harmless(noMarkup(report.title))}`, ''];
  const { url, publisher } = report.source;
  const credits = report.credits.map(({ handle, name, where }) => noMarkup(`${handle}${name === '' ? '' : ` (${name})`}${where === '' ? '' : ` on ${where}`}`));
  const source = publisher === '' ? 'the source' : noMarkup(publisher);
  const place = url === '' ? (publisher === '' ? '' : `in ${source}`) : `in [${source}](${url})`;
  const thanks = credits.length === 0 ? '' : `Thanks to ${listed(credits)}`;
  const found = place === '' ? thanks : thanks === '' ? `Found ${place}` : `${thanks}, found ${place}`;
  const opening = `${found === '' ? '' : `${found}. `}${harmless(report.summary)}`.trim();
  if (opening !== '') lines.push(opening, '');
  const groups = ROLES.map((role) => ({ role, rules: report.rules.filter((rule) => rule.role === role) })).filter(({ rules }) => rules.length > 0);
  for (const { role, rules } of groups) {
    const isInfrastructure = IOC_ROLES.has(role);
    // Of an address, what infrastructure rules look at is its host.
    const words = rules.map((rule) => (isInfrastructure ? hostOf(rule['alerts-on']) : rule['alerts-on'])).filter((one) => one !== '');
    const said = [...new Set(words)].map(harmless);
    const how = role === 'contact' && rules.every(({ sid }) => onServerNames.has(sid)) ? ' (TLS server name)' : '';
    lines.push(
      `- ${rules.length === 1 ? 'SID' : 'SIDs'} ${sidRanges(rules.map(({ sid }) => sid))}: ${ROLE_WORDS[role]}${how}${said.length > 0 && said.length <= MOST_NAMED ? ` (${said.join('; ')})` : ''}`,
    );
  }
  if (report.correlate.trim() !== '') lines.push('', `Look at these together: ${harmless(report.correlate.trim())}`);
  const crossed = report['emerging-threats'].flatMap(expandRange);
  if (crossed.length > 0) lines.push('', `Emerging Threats covers it with ${crossed.length === 1 ? 'SID' : 'SIDs'} ${sidRanges(crossed)}.`);
  return lines;
}

/** Names behind the numbers of a line; where there are more, the numbers have to do. */
const MOST_NAMED = 4;

/** What was taken over from somebody's page: no tag of it reaches where the post is shown. */
function noMarkup(text: string): string {
  return text.replaceAll('<', '&lt;');
}

/** `2051150-2051152` → its numbers. */
export function expandRange(written: number | string): number[] {
  const match = /^(\d+)\s*-\s*(\d+)$/.exec(String(written));
  if (match === null) return Number.isFinite(Number(written)) ? [Number(written)] : [];
  const list: number[] = [];
  for (let sid = Number(match[1]); sid <= Number(match[2]) && list.length < 1000; sid++) list.push(sid);
  return list;
}

function listed(parts: readonly string[]): string {
  return parts.length <= 1 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`;
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

function longDate(date: string): string {
  const [year, month, day] = date.split('-').map(Number);
  return `${day} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}
