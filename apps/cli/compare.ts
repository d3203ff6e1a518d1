/**
 * `sigwright compare BEFORE AFTER [--traffic CAPTURES …] [--changelog | --markdown | --json]`: what a release changes, by SID and word
 * by word, and what it changes on a body of traffic. BEFORE and AFTER are release folders, folders of rules or rule files.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { Rule } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import {
  bothVersions,
  type ChangedRule,
  changeLine,
  changelogMarkdown,
  changelogText,
  compareLines,
  compareReleases,
  contentOf,
  type LineDifference,
  type ReleaseContent,
  type ReleaseDifference,
  type ReleaseRule,
  readRelease,
  reasonOf,
  rulesThatMatter,
  type TrafficDifference,
  type TrafficRun,
  trafficDifference,
} from '@sigwright/workbench';
import { argumentsOf } from './shared/arguments.ts';
import { ourSettings } from './shared/data-files.ts';
import { homeNetOf } from './shared/home-net.ts';
import { runCapture } from './shared/run-capture.ts';

const USAGE = `sigwright compare BEFORE AFTER [options]

What a release changes, by SID and word by word, and what it changes on traffic. BEFORE and AFTER are release folders, folders of
rules, or rule files.

  -r, --traffic FILE     captures (a file or a folder) to compare alerts on; may be given several times
      --home-net NETS    what HOME_NET is on these captures (default: the private networks)
      --changelog        the changelog of a release
      --markdown         the changelog as Markdown
      --json             the differences as JSON
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      traffic: { type: 'string', short: 'r', multiple: true },
      'home-net': { type: 'string' },
      changelog: { type: 'boolean' },
      markdown: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const [before, after] = positionals;
  if (before === undefined || after === undefined || positionals.length > 2) {
    process.stderr.write('sigwright compare: name two releases: sigwright compare BEFORE AFTER\n');
    return 2;
  }
  for (const path of [before, after, ...(values.traffic ?? [])]) {
    if (existsSync(path)) continue;
    process.stderr.write(`sigwright compare: ${path} does not exist\n`);
    return 1;
  }
  const homeNet = homeNetOf(values['home-net'], USAGE);
  const earlier = contentAt(before, basename(after));
  const later = contentAt(after, basename(after));
  const [old, now] = [earlier.rules, later.rules];
  for (const [path, rules] of [
    [before, old],
    [after, now],
  ] as const) {
    if (rules.length > 0) continue;
    process.stderr.write(`sigwright compare: ${path} holds no rules\n`);
    return 1;
  }
  const difference = compareReleases(old, now);
  const lines = compareLines(earlier, later);
  const traffic = values.traffic === undefined ? undefined : await onTraffic(difference, old, now, [before, after], values.traffic, homeNet);
  const title = `${basename(after)} against ${basename(before)}`;
  if (values.json) process.stdout.write(`${JSON.stringify(asData(difference, lines, traffic), undefined, 1)}\n`);
  else if (values.changelog) process.stdout.write(changelogText(difference, `Results of ${title}`, lines));
  else if (values.markdown) process.stdout.write(changelogMarkdown(difference, title, [], lines));
  else process.stdout.write(inWords(difference, lines));
  if (traffic !== undefined && !values.json) process.stdout.write(`\n${trafficInWords(traffic)}`);
  return 0;
}

/** `linesAs`: the name under which the lines of a single file are held against those of the other one. */
function contentAt(path: string, linesAs: string): ReleaseContent {
  if (statSync(path).isDirectory()) return readRelease(path);
  const { rules, lines } = contentOf([['file.rules', readFileSync(path, 'utf8')]], '');
  return { rules: rules.map(({ rule }) => ({ rule, file: basename(path) })), lines: new Map([[linesAs, lines.get('file.rules') ?? []]]) };
}

async function onTraffic(
  difference: ReleaseDifference,
  old: readonly ReleaseRule[],
  now: readonly ReleaseRule[],
  [oldPath, nowPath]: readonly [string, string],
  paths: readonly string[],
  homeNet: string | undefined,
): Promise<TrafficDifference> {
  const both = bothVersions(
    old.map(({ rule }) => rule),
    now.map(({ rule }) => rule),
  );
  const runs: { capture: string; before: TrafficRun; after: TrafficRun }[] = [];
  const inBoth = both === undefined ? undefined : runner(both.rules, nowPath, homeNet);
  const before = inBoth ?? runner(rulesThatMatter(difference, old), oldPath, homeNet);
  const after = inBoth ?? runner(rulesThatMatter(difference, now), nowPath, homeNet);
  for (const capture of paths.flatMap(capturesUnder)) {
    const alerts = { before: new Map<number, number>(), after: new Map<number, number>() };
    const count = (version: 'before' | 'after', sid: number): void => void alerts[version].set(sid, (alerts[version].get(sid) ?? 0) + 1);
    const problem = await before(capture, (rule) => {
      if (both === undefined) return count('before', rule.sid);
      const meant = both.versionOf(rule);
      if (meant !== undefined) count(meant.version, meant.sid);
    });
    const later = both === undefined ? await after(capture, ({ sid }) => count('after', sid)) : problem;
    runs.push({ capture, before: { alerts: alerts.before, problem }, after: { alerts: alerts.after, problem: later } });
  }
  const messages = new Map([...old, ...now].map(({ rule }) => [rule.sid, rule.message]));
  return trafficDifference(difference, messages, runs);
}

/** A capture, or every capture in a folder and its folders. */
function capturesUnder(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.p?cap(?:ng)?$/i.test(name))
    .sort()
    .map((name) => join(path, name));
}

/** Many rules may differ at one packet; none is to be left out for that. */
const ALERTS_PER_PACKET = 10_000;

type AlertingRule = Parameters<NonNullable<ReturnType<typeof bothVersions>>['versionOf']>[0];

/** `path`: the release that they are of. What it gives runs a capture and says why it could not be read to its end. */
function runner(
  rules: readonly Rule[],
  path: string,
  homeNet: string | undefined,
): (capture: string, alert: (rule: AlertingRule) => void) => Promise<string | undefined> {
  const ours = ourSettings([statSync(path).isDirectory() ? join(path, 'any.rules') : path], { verifyChecksums: false, homeNet });
  const settings = { ...ours, maximumAlertsPerPacket: ALERTS_PER_PACKET };
  const plan = usePlan(buildPlan([{ path: 'rules', rules }], catalogue, settings).data, catalogue, settings);
  return async (capture, alert) => {
    const engine = new Engine(plan, catalogue, settings, { alert: ({ rule }) => alert(rule) });
    return (await runCapture(engine, capture, { stopped: false }))?.message;
  };
}

const HEADINGS: readonly (readonly [keyof ReleaseDifference, string])[] = [
  ['added', 'Added'],
  ['enabled', 'Enabled'],
  ['enabledAndModified', 'Enabled and modified'],
  ['modifiedActive', 'Modified, active'],
  ['modifiedInactive', 'Modified, inactive'],
  ['disabled', 'Disabled'],
  ['disabledAndModified', 'Disabled and modified'],
  ['moved', 'Moved to another file'],
  ['removed', 'Removed'],
];

function inWords(difference: ReleaseDifference, others: LineDifference): string {
  const lines: string[] = [];
  const counts: string[] = [];
  for (const [key, heading] of HEADINGS) {
    const list = difference[key];
    if (list.length === 0) continue;
    counts.push(`${list.length} ${heading.toLowerCase()}`);
    lines.push(`${heading} (${list.length})`);
    for (const one of list) lines.push(...ruleInWords(one));
    lines.push('');
  }
  for (const [key, heading] of [
    ['added', 'Added non-rule lines'],
    ['removed', 'Removed non-rule lines'],
  ] as const) {
    const list = others[key];
    if (list.length === 0) continue;
    counts.push(`${list.length} ${heading.toLowerCase()}`);
    lines.push(`${heading} (${list.length})`, ...list.map(({ line, files }) => `  ${files.join(', ')}: ${line}`), '');
  }
  const quiet = difference.silentlyChanged;
  if (quiet.length > 0) lines.push(`Detection changed without a new rev: ${quiet.map(({ rule }) => rule.sid).join(', ')}`, '');
  lines.push(counts.length === 0 ? 'nothing changed' : counts.join(', '));
  return `${lines.join('\n')}\n`;
}

function ruleInWords(one: ReleaseRule | ChangedRule): string[] {
  const { rule } = one;
  const reason = rule.enabled ? '' : reasonOf(rule);
  const lines = [`  ${rule.sid}  ${rule.message} (${one.file})${rule.enabled || reason === '' ? '' : `: ${reason}`}`];
  if (!('changes' in one)) return lines;
  if (one.before.rule.rev !== rule.rev) lines.push(`      rev ${one.before.rule.rev} → ${rule.rev}`);
  if (one.before.file !== one.file) lines.push(`      file ${one.before.file} → ${one.file}`);
  for (const change of one.changes) lines.push(`      ${changeLine(change)}`);
  if (one.changes.length === 0 && one.before.rule.text !== rule.text) lines.push('      only blanks or the order of metadata differ');
  return lines;
}

function trafficInWords(traffic: TrafficDifference): string {
  const lines: string[] = [];
  for (const [heading, list] of [
    ['Alerts now and did not', traffic.gained],
    ['Alerted and does not any more', traffic.lost],
    ['Alerts more or less often', traffic.counts],
  ] as const) {
    if (list.length === 0) continue;
    lines.push(`${heading} (${list.length})`);
    for (const one of list)
      lines.push(
        `  ${one.sid}  ${one.message}`,
        `      ${one.capture}: ${one.before === 0 ? '' : `${one.before} → `}${counted(one.after, 'alert')}; the rule is ${one.because}`,
      );
    lines.push('');
  }
  for (const problem of traffic.problems) lines.push(problem);
  lines.push(
    `on ${counted(traffic.captures, 'capture')}: ${traffic.gained.length} alert now and did not, ${traffic.lost.length} fell silent, ${traffic.counts.length} changed in number`,
  );
  return `${lines.join('\n')}\n`;
}

function asData(difference: ReleaseDifference, lines: LineDifference, traffic: TrafficDifference | undefined): unknown {
  const list = (rules: readonly (ReleaseRule | ChangedRule)[]): unknown[] =>
    rules.map((one) => ({
      sid: one.rule.sid,
      rev: one.rule.rev,
      message: one.rule.message,
      file: one.file,
      enabled: one.rule.enabled,
      ...(reasonOf(one.rule) === '' ? {} : { reason: reasonOf(one.rule) }),
      ...('changes' in one ? { before: { rev: one.before.rule.rev, file: one.before.file }, changes: one.changes } : {}),
    }));
  return { ...Object.fromEntries(Object.entries(difference).map(([key, rules]) => [key, list(rules)])), lines, ...(traffic === undefined ? {} : { traffic }) };
}
