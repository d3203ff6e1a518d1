/**
 * The rules that fired on one host → stories: what belongs together by family, report, actor, reference, and for rules that say none of
 * these by time. And what to tell an analyst beside a judgement: what would change it, and what to do next.
 */
import { append } from '@sigwright/bytes';
import type { AlertRole } from './alert-role.ts';
import type { HostAlert, HostJudgement } from './triage.ts';

/** What is known about a rule beside its alerts. */
export interface RuleFacts {
  readonly families?: readonly string[];
  readonly actors?: readonly string[];
  readonly references?: readonly string[];
  /** the report that the rule came from */
  readonly report?: { readonly slug: string; readonly title: string; readonly playbook: string; readonly correlate: string };
}

export interface Story {
  /** the same for the same cause on any host, at any time */
  readonly key: string;
  readonly title: string;
  readonly rules: readonly HostAlert[];
  readonly first: string;
  readonly last: string;
  /** one line for each stage, in the order in which the stages began */
  readonly stages: readonly {
    readonly role: AlertRole;
    readonly from: string;
    readonly to: string;
    readonly alerts: number;
    readonly signatures: readonly string[];
  }[];
  readonly reports: readonly NonNullable<RuleFacts['report']>[];
}

/** Rules without any name of their own join a story that goes on within this time. */
const NEAR = 10 * 60_000;

/** `rules` in order of their first alert. Stories come in the order in which they began. */
export function storiesOf(rules: readonly HostAlert[], factsOf: (sid: number) => RuleFacts | undefined): readonly Story[] {
  const groups: { keys: Set<string>; rules: HostAlert[] }[] = [];
  const nameless: HostAlert[] = [];
  for (const rule of rules) {
    const keys = keysOf(rule, factsOf(rule.sid));
    if (keys.length === 0) {
      nameless.push(rule);
      continue;
    }
    const joined = groups.filter((group) => keys.some((key) => group.keys.has(key)));
    const group = joined[0] ?? { keys: new Set<string>(), rules: [] };
    if (joined.length === 0) groups.push(group);
    for (const other of joined.slice(1)) {
      for (const key of other.keys) group.keys.add(key);
      append(group.rules, other.rules);
      groups.splice(groups.indexOf(other), 1);
    }
    for (const key of keys) group.keys.add(key);
    group.rules.push(rule);
  }
  for (const rule of nameless) {
    const near = groups.find((group) => group.rules.some((one) => overlap(one, rule)) && rule.role !== 'context');
    if (near !== undefined) near.rules.push(rule);
    else groups.push({ keys: new Set([`rule:${rule.sid}`]), rules: [rule] });
  }
  return groups.map((group) => told(group.keys, group.rules, factsOf)).sort((a, b) => a.first.localeCompare(b.first) || a.key.localeCompare(b.key));
}

function keysOf(rule: HostAlert, facts: RuleFacts | undefined): string[] {
  return [
    ...(facts?.report === undefined ? [] : [`report:${facts.report.slug}`]),
    ...[...rule.families, ...(facts?.families ?? [])].map((family) => `family:${family.toLowerCase().replaceAll('_', ' ')}`),
    ...(facts?.actors ?? []).map((actor) => `actor:${actor.toLowerCase()}`),
    ...(facts?.references ?? []).map((reference) => `reference:${reference}`),
  ];
}

function overlap(one: HostAlert, other: HostAlert): boolean {
  return Date.parse(one.first) - NEAR <= Date.parse(other.last) && Date.parse(other.first) - NEAR <= Date.parse(one.last);
}

/** The key that says most; reports are written about one cause, families are named by many. */
const KEY_ORDER = ['report:', 'family:', 'actor:', 'reference:', 'rule:'];

function told(keys: ReadonlySet<string>, unordered: readonly HostAlert[], factsOf: (sid: number) => RuleFacts | undefined): Story {
  const rules = [...unordered].sort((a, b) => a.first.localeCompare(b.first) || a.sid - b.sid);
  const rank = (key: string): number => KEY_ORDER.findIndex((start) => key.startsWith(start));
  const [key] = [...keys].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  const reports = new Map<string, NonNullable<RuleFacts['report']>>();
  const families = new Set<string>();
  for (const rule of rules) {
    const facts = factsOf(rule.sid);
    if (facts?.report !== undefined) reports.set(facts.report.slug, facts.report);
    for (const family of [...rule.families, ...(facts?.families ?? [])]) families.add(family.replaceAll('_', ' '));
  }
  const stages = new Map<AlertRole, HostAlert[]>();
  for (const rule of rules) stages.set(rule.role, [...(stages.get(rule.role) ?? []), rule]);
  return {
    key,
    title: families.size > 0 ? [...families].join(', ') : ([...reports.values()][0]?.title ?? rules[0].signature),
    rules,
    first: rules[0].first,
    last: rules
      .map((rule) => rule.last)
      .sort()
      .at(-1)!,
    stages: [...stages].map(([role, of]) => ({
      role,
      from: of[0].first,
      to: of
        .map((rule) => rule.last)
        .sort()
        .at(-1)!,
      alerts: of.reduce((sum, rule) => sum + rule.alerts, 0),
      signatures: of.map((rule) => rule.signature),
    })),
    reports: [...reports.values()],
  };
}

/** What an analyst would have to find for the judgement to be another one. */
export function wouldChange(judged: HostJudgement): readonly string[] {
  const has = (role: AlertRole): boolean => judged.rules.some((rule) => rule.role === role);
  switch (judged.judgement) {
    case 'check this host for compromise':
      return [
        'a known good program that sends the same bytes: then the verdict is a false positive, and the rule wants a report',
        'an authorised test or a researcher at this host: then it is expected here',
      ];
    case 'watch':
      return [
        ...(has('attempt')
          ? ['an answer that only a service gives which fell for it, or connections that the host opens afterwards, make it a compromise']
          : []),
        ...(has('lure') ? ['a download, or a form that was sent, after the page makes it a compromise: read the transactions that follow'] : []),
        has('contact')
          ? 'a check-in, a payload or an upload on the same connections makes it a compromise; look at the flows of the alerts'
          : 'a connection to one of the names makes it more than a lookup; look for flows after the lookup',
        'the process behind it, if it is a browser or a mail scanner that resolves links, explains the alerts away',
      ];
    case 'context only':
      return ['any alert on a threat at the same host within the hour: then this is where to read on'];
    default:
      return [];
  }
}

/** What to do next: what the reports say about their rules, else what the judgement asks for. */
export function whatNext(judged: HostJudgement, stories: readonly Story[]): readonly string[] {
  const written = [...new Set(stories.flatMap((story) => story.reports.map((report) => report.playbook.trim())).filter((text) => text !== ''))];
  if (judged.judgement === 'check this host for compromise')
    return ['keep the host from the network until it was looked at', ...written, 'look for the same names and addresses at other hosts'];
  if (judged.judgement === 'watch') return [...written, 'read the flows around the alerts, and come back tomorrow'];
  if (judged.judgement === 'context only') return ['nothing on this alone'];
  return [];
}
