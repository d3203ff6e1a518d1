/**
 * `sigwright update [options]`: rules from their sources into the file that a sensor loads, with what its owner wants changed, and a
 * word on every change. Takes suricata-update's files, folders and options, so that either can follow the other.
 *
 * `sigwright update sources | list | enable NAME [KEY=VALUE…] | add NAME URL | disable NAME`: which sources there are.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { Diagnostic } from '@sigwright/contracts';
import { buildPlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import {
  addressesOf,
  applyTuning,
  type ChangedRule,
  changeLine,
  compareReleases,
  disableSource,
  enabledSources,
  enableSource,
  fetchIndex,
  fetchSource,
  fill,
  inForce,
  localFiles,
  type ModifyLine,
  mergeSources,
  OPEN_RULES,
  PUBLIC_INDEX,
  printRules,
  type ReleaseDifference,
  readIndex,
  readMatchers,
  readModifications,
  reasonOf,
  rulesIn,
  type SourceFiles,
  type TunedRule,
  type TunedSet,
  type Tuning,
  type TuningLine,
  type Wishes,
  writeSet,
} from '@sigwright/workbench';
import { argumentsOf, InputProblem, UsageProblem } from './shared/arguments.ts';
import { ourSettings } from './shared/data-files.ts';

const DEFAULT_DATA = '/var/lib/suricata';
const SETTINGS_FOLDER = '/etc/suricata';
const DEFAULT_VERSION = '8.0.0';
const MERGED = 'suricata.rules';
/** Changes shown of each kind unless all are asked for. */
const MOST_SHOWN = 10;

const USAGE = `sigwright update [options]
sigwright update sources [--index URL]
sigwright update list
sigwright update enable NAME [KEY=VALUE…]
sigwright update add NAME URL
sigwright update disable NAME

Rules from their sources (enabled ones, or those named here; ET Open where there are none) into one file for a sensor, with what its
owner wants changed: disable, enable, drop and modify files as suricata-update has them, in that order, then the flowbits that enabled
rules need. A comment \`# until 2026-12-31: why\` gives a line an end.

      --url URL               a source over HTTP (tar.gz or rules); may be given several times
      --local PATH            rule files, folders or patterns; may be given several times
  -o, --output FOLDER         where to write ${MERGED} (default: DATA/rules)
  -D, --data-dir DATA         sources and copies of what was fetched (default: ${DEFAULT_DATA})
      --disable-conf FILE     rules to switch off (default: ${SETTINGS_FOLDER}/disable.conf where it is there; so are the next three)
      --enable-conf FILE      rules to switch on
      --drop-conf FILE        rules to turn into drop; never one with noalert
      --modify-conf FILE      rules to change
      --public-key FILE       take only what this minisign key signed (URL.minisig)
      --suricata-version V    the engine that the rules are for (default: ${DEFAULT_VERSION})
      --ignore PATTERN        files of a source to leave out (default: *deleted.rules); --no-ignore takes all
      --no-merge              a file for each of the source's
      --sid-msg-map FILE      write numbers and messages of the rules there as well
      --offline               use what was fetched before
  -f, --force                 fetch and write even where nothing changed
      --no-test               do not try whether the rules load
      --fail                  exit 1 where an enabled rule does not load
      --reload-command CMD    run this where the rules changed
      --preview               say what would change, and write nothing
      --all                   list every change
  -q, --quiet                 only what is wrong
      --json                  what happened as JSON
`;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      url: { type: 'string', multiple: true },
      local: { type: 'string', multiple: true },
      output: { type: 'string', short: 'o' },
      'data-dir': { type: 'string', short: 'D' },
      'disable-conf': { type: 'string' },
      'enable-conf': { type: 'string' },
      'drop-conf': { type: 'string' },
      'modify-conf': { type: 'string' },
      'public-key': { type: 'string' },
      'suricata-version': { type: 'string' },
      ignore: { type: 'string', multiple: true },
      'no-ignore': { type: 'boolean' },
      'no-merge': { type: 'boolean' },
      'sid-msg-map': { type: 'string' },
      offline: { type: 'boolean' },
      force: { type: 'boolean', short: 'f' },
      'no-test': { type: 'boolean' },
      fail: { type: 'boolean' },
      'reload-command': { type: 'string' },
      preview: { type: 'boolean' },
      all: { type: 'boolean' },
      quiet: { type: 'boolean', short: 'q' },
      json: { type: 'boolean' },
      index: { type: 'string' },
    },
  });
  const data = values['data-dir'] ?? DEFAULT_DATA;
  const version = values['suricata-version'] ?? DEFAULT_VERSION;
  if (!/^\d+(?:\.\d+){0,2}$/.test(version)) throw new UsageProblem(`\`${version}\` is no version`, USAGE);
  if (positionals.length > 0) return sources(positionals, data, values.index);

  const today = new Date().toISOString().slice(0, 10);
  const wishes = readWishes(
    { disable: values['disable-conf'], enable: values['enable-conf'], drop: values['drop-conf'], modify: values['modify-conf'] },
    today,
  );
  const fetched = await fetchAll({
    urls: values.url ?? [],
    local: values.local ?? [],
    data,
    version,
    offline: values.offline === true,
    force: values.force === true,
    publicKey: values['public-key'] === undefined ? undefined : readFileSync(values['public-key'], 'utf8'),
    quiet: values.quiet === true,
  });
  const ignore = values['no-ignore'] ? [] : (values.ignore ?? ['*deleted.rules']);
  const read = fetched.map((one) => rulesIn(one, ignore));
  const brokenRules = read.reduce((sum, { broken }) => sum + broken, 0);
  const { rules, replaced } = mergeSources(read.map((one) => one.rules));
  // An empty answer is a publisher's fault, not a wish to run without rules.
  if (rules.length === 0) throw new InputProblem('the sources hold no rules; what is there stays as it is');
  const set = applyTuning(rules, wishes);

  const folder = values.output ?? join(data, 'rules');
  const files = filesOf(set.rules, fetched, values['no-merge'] === true);
  const before = rulesBefore(folder, files);
  const difference = compareReleases(
    before.map((one) => ({ ...one, file: '' })),
    set.rules.map(({ rule }) => ({ rule, file: '' })),
  );
  const changed = Object.values(difference).some((list) => list.length > 0);
  const refused = values['no-test'] ? [] : refusals(set.rules, [join(folder, MERGED), ...(values.local ?? [])]);
  const report = { values: { preview: values.preview === true, all: values.all === true }, set, difference, refused, replaced, brokenRules, folder };
  if (values.json) process.stdout.write(`${JSON.stringify(asData(report), undefined, 1)}\n`);
  else {
    if (!values.quiet) process.stdout.write(inWords(report));
    warnings(report);
  }
  if (values.fail && refused.length > 0) {
    say('sigwright update: rules do not load, nothing is written (--fail)');
    return 1;
  }
  if (values.preview) return 0;
  const failed = writeSet(folder, files);
  if (failed !== undefined) throw new InputProblem(failed.message);
  if (values['sid-msg-map'] !== undefined) {
    const map = set.rules.filter(({ rule }) => rule.enabled).map(({ rule }) => `${rule.sid} || ${[rule.message, ...referencesOf(rule)].join(' || ')}\n`);
    const problem = writeSet('.', new Map([[values['sid-msg-map'], map.join('')]]));
    if (problem !== undefined) throw new InputProblem(problem.message);
  }
  if (values['reload-command'] !== undefined && (changed || values.force)) {
    const { status } = spawnSync(values['reload-command'], { shell: true, stdio: 'inherit' });
    if (status !== 0) {
      say(`sigwright update: \`${values['reload-command']}\` ended with ${status}`);
      return 1;
    }
  }
  return 0;
}

function referencesOf(rule: TunedRule['rule']): string[] {
  return rule.options.flatMap(({ name, value }) => (name === 'reference' && value !== undefined ? [value] : []));
}

async function sources([what, ...rest]: readonly string[], data: string, index: string | undefined): Promise<number> {
  const done = (failed: { readonly message: string } | undefined, text: string): number => {
    if (failed !== undefined) throw new InputProblem(failed.message);
    process.stdout.write(`${text}\n`);
    return 0;
  };
  switch (what) {
    case 'sources': {
      const read = await fetchIndex(data, index ?? process.env['SOURCE_INDEX_URL'] ?? PUBLIC_INDEX);
      if (!read.ok) throw new InputProblem(read.message);
      return done(undefined, `${counted(read.value, 'source')} known; \`sigwright update list\` shows them`);
    }
    case 'list':
      return list(data);
    case 'enable': {
      const [name, ...parameters] = rest;
      if (name === undefined || parameters.some((one) => !one.includes('='))) break;
      const pairs = parameters.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]);
      return done(enableSource(data, name, Object.fromEntries(pairs)), `${name} is enabled`);
    }
    case 'add':
      if (rest.length !== 2 || !URL.canParse(rest[1])) break;
      return done(enableSource(data, rest[0], {}, rest[1]), `${rest[0]} is added and enabled`);
    case 'disable':
      if (rest.length !== 1) break;
      return done(disableSource(data, rest[0]), `${rest[0]} is disabled`);
  }
  throw new UsageProblem(`\`update ${[what, ...rest].join(' ')}\` is not understood`, USAGE);
}

function list(data: string): number {
  const index = readIndex(data);
  const enabled = enabledSources(data);
  if (!enabled.ok) throw new InputProblem(enabled.message);
  const on = new Map(enabled.value.map((one) => [one.source, one]));
  if (!index.ok && on.size === 0) throw new InputProblem(index.message);
  const known = index.ok ? index.value : {};
  for (const [name, entry] of Object.entries(known)) {
    const needs = Object.keys(entry.parameters ?? {});
    const marks = [on.has(name) ? 'enabled' : '', needs.length > 0 ? `needs ${needs.join(', ')}` : '', entry.obsolete ? 'obsolete' : ''].filter(
      (mark) => mark !== '',
    );
    process.stdout.write(
      `${name}${marks.length > 0 ? `  (${marks.join('; ')})` : ''}\n    ${entry.summary ?? ''}\n    ${entry.vendor ?? '?'}, ${entry.license ?? 'no licence named'}\n`,
    );
  }
  for (const [name, { url }] of on) if (!Object.hasOwn(known, name)) process.stdout.write(`${name}  (enabled)\n    ${url ?? ''}\n`);
  return 0;
}

function readWishes(paths: Readonly<Record<keyof Wishes, string | undefined>>, today: string): Wishes {
  const problems: string[] = [];
  const text = (kind: keyof Wishes): { path: string; text: string } => {
    const named = paths[kind];
    const path = named ?? join(SETTINGS_FOLDER, `${kind}.conf`);
    if (named === undefined && !existsSync(path)) return { path, text: '' };
    return { path, text: readFileSync(path, 'utf8') };
  };
  const take = <Line extends TuningLine>(path: string, tuning: Tuning<Line>): readonly Line[] => {
    const { lines, diagnostics } = inForce(tuning, today);
    for (const { severity, title } of diagnostics as readonly Diagnostic[]) {
      if (severity === 'error') problems.push(`${path}, ${title}`);
      else say(`sigwright update: ${path}, ${title}`);
    }
    return lines;
  };
  const matchers = (kind: 'disable' | 'enable' | 'drop'): readonly TuningLine[] => {
    const { path, text: content } = text(kind);
    return take(path, readMatchers(content, today));
  };
  const modify = text('modify');
  const wishes = {
    disable: matchers('disable'),
    enable: matchers('enable'),
    drop: matchers('drop'),
    modify: take<ModifyLine>(modify.path, readModifications(modify.text, today)),
  };
  if (problems.length > 0) throw new InputProblem(`nothing is done, since these lines are not understood:\n  ${problems.join('\n  ')}`);
  return wishes;
}

interface FetchRequest {
  readonly urls: readonly string[];
  readonly local: readonly string[];
  readonly data: string;
  readonly version: string;
  readonly offline: boolean;
  readonly force: boolean;
  readonly publicKey: string | undefined;
  readonly quiet: boolean;
}

async function fetchAll(request: FetchRequest): Promise<SourceFiles[]> {
  const found: SourceFiles[] = [];
  let addresses = request.urls.map((url) => fill(url, { __version__: request.version }));
  if (addresses.length === 0 && request.local.length === 0) {
    const enabled = addressesOf(request.data, request.version);
    if (!enabled.ok) throw new InputProblem(enabled.message);
    addresses = enabled.value.length > 0 ? [...enabled.value] : [fill(OPEN_RULES, { __version__: request.version })];
  }
  for (const address of addresses) {
    const one = await fetchSource(address, request);
    // One source that fails stops all: a sensor keeps the rules that it has rather than a part of them.
    if (!one.ok) throw new InputProblem(`${one.message}; the rules stay as they are`);
    if (!request.quiet) say(`${address}: ${one.value.fresh ? 'fetched' : 'not changed'}`);
    found.push(one.value);
  }
  if (request.local.length > 0) {
    const files = localFiles(request.local);
    if (!files.ok) throw new InputProblem(files.message);
    found.push({ files: files.value });
  }
  return found;
}

/** What is written: rules, and what sources brought beside them (classification.config, data files), by name. */
function filesOf(rules: readonly TunedRule[], fetched: readonly SourceFiles[], apart: boolean): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>();
  if (apart) {
    const byFile = Map.groupBy(rules, ({ file }) => basename(file));
    for (const [name, list] of byFile) files.set(name, printRules(list));
  } else files.set(MERGED, printRules(rules));
  const wanted = rules.map(({ rule }) => rule.text).join('\n');
  for (const { files: brought } of fetched)
    for (const [path, bytes] of brought) {
      const name = basename(path);
      const isConfiguration = name === 'classification.config' || name === 'reference.config';
      // Lists that rules name (datasets, file hashes).
      if (isConfiguration || (!path.endsWith('.rules') && wanted.includes(name))) files.set(name, bytes);
    }
  return files;
}

function rulesBefore(folder: string, files: ReadonlyMap<string, unknown>): TunedRule[] {
  const list: TunedRule[] = [];
  for (const name of files.keys()) {
    const path = join(folder, name);
    if (!name.endsWith('.rules') || !existsSync(path) || !statSync(path).isFile()) continue;
    for (const rule of parseRules(readFileSync(path, 'utf8')).rules) list.push({ rule, file: name });
  }
  return list;
}

interface Refusal {
  readonly sid: number;
  readonly why: string;
}

/** Enabled rules that our engine does not load. */
function refusals(rules: readonly TunedRule[], paths: readonly string[]): readonly Refusal[] {
  const settings = ourSettings(paths, { verifyChecksums: false });
  const enabled = rules.filter(({ rule }) => rule.enabled).map(({ rule }) => rule);
  const { problems } = buildPlan([{ path: MERGED, rules: enabled }], catalogue, settings);
  return problems.flatMap(({ rule, diagnostics }) => {
    const wrong = diagnostics.find(({ severity }) => severity === 'error');
    return wrong === undefined ? [] : [{ sid: rule.sid, why: wrong.title }];
  });
}

interface Report {
  readonly values: { readonly preview: boolean; readonly all: boolean };
  readonly set: TunedSet;
  readonly difference: ReleaseDifference;
  readonly refused: readonly Refusal[];
  readonly replaced: number;
  readonly brokenRules: number;
  readonly folder: string;
}

const KINDS: readonly (readonly [keyof ReleaseDifference, string])[] = [
  ['added', 'added'],
  ['enabled', 'switched on'],
  ['enabledAndModified', 'switched on and changed'],
  ['modifiedActive', 'changed'],
  ['modifiedInactive', 'changed, not in use'],
  ['disabled', 'switched off'],
  ['disabledAndModified', 'switched off and changed'],
  ['removed', 'gone'],
];

function inWords({ values, set, difference, folder }: Report): string {
  const lines: string[] = [];
  const most = values.all ? Number.POSITIVE_INFINITY : MOST_SHOWN;
  for (const [key, heading] of KINDS) {
    const rules = difference[key];
    if (rules.length === 0) continue;
    lines.push(`${heading} (${rules.length})`);
    for (const one of rules.slice(0, most)) {
      const reason = key.startsWith('disabled') ? reasonOf(one.rule) : '';
      lines.push(`  ${one.rule.sid}  ${one.rule.message}${reason === '' ? '' : `: ${reason}`}`);
      for (const change of (one as Partial<ChangedRule>).changes ?? []) if (change.kind === 'detection') lines.push(`      ${changeLine(change)}`);
    }
    if (rules.length > most) lines.push(`  … and ${rules.length - most} more (--all shows them)`);
  }
  const { counts } = set;
  const own = [
    counts.disabled > 0 ? `${counts.disabled} switched off` : '',
    counts.enabled > 0 ? `${counts.enabled} switched on` : '',
    counts.dropped > 0 ? `${counts.dropped} made to drop` : '',
    counts.modified > 0 ? `${counts.modified} modified` : '',
    set.forFlowbits.length > 0 ? `${set.forFlowbits.length} switched on silently for their flowbits` : '',
  ].filter((part) => part !== '');
  if (own.length > 0) lines.push(`your wishes: ${own.join(', ')}`);
  const enabled = set.rules.filter(({ rule }) => rule.enabled).length;
  lines.push(
    `${values.preview ? 'would write' : 'wrote'} ${counted(set.rules.length, 'rule')} (${enabled} enabled) to ${folder}${lines.some((line) => /\(\d+\)$/.test(line)) ? '' : '; nothing changed'}`,
  );
  return `${lines.join('\n')}\n`;
}

function warnings({ values, set, refused, brokenRules }: Report): void {
  const most = values.all ? Number.POSITIVE_INFINITY : MOST_SHOWN;
  for (const { rule, line, why } of set.broken) say(`sigwright update: \`${line.text}\` would break ${rule.rule.sid} (${why}); it stays as it was`);
  for (const { text, line } of set.idle) say(`sigwright update: line ${line} \`${text}\` means no rule`);
  if (set.keptFromDrop.length > 0) say(`sigwright update: ${counted(set.keptFromDrop.length, 'rule')} with noalert not made to drop`);
  if (brokenRules > 0) say(`sigwright update: ${counted(brokenRules, 'rule')} of the sources left out, being no rules`);
  for (const { sid, why } of refused.slice(0, most)) say(`sigwright update: ${sid} does not load: ${why}`);
  if (refused.length > most) say(`sigwright update: … and ${counted(refused.length - most, 'more rule')} left out, for not loading`);
}

function asData({ set, difference, refused, replaced, brokenRules, folder, values }: Report): unknown {
  return {
    folder,
    written: !values.preview,
    rules: set.rules.length,
    enabled: set.rules.filter(({ rule }) => rule.enabled).length,
    wishes: set.counts,
    forFlowbits: set.forFlowbits.map(({ rule }) => rule.sid),
    keptFromDrop: set.keptFromDrop.map(({ rule }) => rule.sid),
    idle: set.idle.map(({ text }) => text),
    broken: set.broken.map(({ rule, line, why }) => ({ sid: rule.rule.sid, line: line.text, why })),
    changes: Object.fromEntries(KINDS.map(([key]) => [key, difference[key].map(({ rule }) => rule.sid)])),
    refused,
    duplicates: replaced,
    unreadable: brokenRules,
  };
}
