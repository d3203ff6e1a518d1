/** `sigwright site -o DIR [-C FOLDER]`: a ruleset repository as a static site. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { buildPlan, costOf, explainRule, usePlan } from '@sigwright/detection';
import { type RepositoryRule, ruleHistory, rulesBehind, type SeenBytes, siteOf } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { ourSettings } from './shared/data-files.ts';
import { dayOf, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright site -o DIR [-C FOLDER] [options]

A page for each rule, campaign and release, search, the community review and a playbook as data, in a folder that any web server can
serve. The same repository and date give the same bytes. Files of an older site that are not written again stay.

  -o, --output DIR       where it is written
  -C, --folder FOLDER    a ruleset repository (default: this folder)
      --date DATE        the day of the site (YYYY-MM-DD, default: today)
      --base URL         where it will stand; writes the feeds feed.rss, feed.atom, feed.json
      --history          the revisions of each rule from git as well (some calls of git for each rule)
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      output: { type: 'string', short: 'o' },
      folder: { type: 'string', short: 'C' },
      date: { type: 'string' },
      base: { type: 'string' },
      history: { type: 'boolean' },
    },
  });
  if (values.output === undefined) throw new UsageProblem('name a folder to write to: -o DIR', USAGE);
  if (values.base !== undefined && !/^https?:\/\/\S+$/.test(values.base)) throw new UsageProblem(`--base ${values.base} is no http(s) address`, USAGE);
  const repository = repositoryAt(values.folder, 'site');
  if (repository === undefined) return 1;
  const base = ourSettings([join(repository.folder, 'rules', 'any.rules')], { verifyChecksums: true });
  const rules = repository.rules.map(({ rule }) => ({ ...rule, enabled: true }));
  const settings = { ...base, addressGroups: { ...base.addressGroups, ...repository.settings.networks } };
  const plan = usePlan(buildPlan([{ path: 'repository', rules }], catalogue, settings).data, catalogue, settings);
  const places = new Map(Array.from({ length: plan.data.ruleCount }, (_, index) => [plan.data.sids[index], index]));
  const files = siteOf(repository, {
    date: dayOf(values.date),
    ...(values.base === undefined ? {} : { base: values.base }),
    cost: ({ rule }) => {
      const index = places.get(rule.sid);
      return index === undefined ? undefined : costOf(plan.rule(index));
    },
    seen: (one, capture, networks) => {
      const behind = rulesBehind(rules, new Set([one.rule.sid]));
      const needed = rules.filter(({ sid }) => behind.has(sid));
      return seenIn(repository.folder, one, capture, needed, { ...settings, addressGroups: { ...settings.addressGroups, ...networks } });
    },
    history: (sid) => (values.history ? revisions(repository.folder, sid) : []),
  });
  let written = 0;
  let bytes = 0;
  const made = new Set<string>();
  for (const { path, content } of files) {
    const target = join(values.output, path);
    const folder = dirname(target);
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    writeFileSync(target, content);
    written++;
    bytes += Buffer.byteLength(content);
  }
  process.stdout.write(`wrote ${counted(written, 'file')}, ${(bytes / 1_000_000).toFixed(1)} MB, into ${values.output}\n`);
  return 0;
}

function seenIn(
  folder: string,
  { rule }: RepositoryRule,
  capture: string,
  rules: Parameters<typeof explainRule>[0]['rules'],
  settings: Parameters<typeof explainRule>[2],
): readonly SeenBytes[] | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(join(folder, 'evidence', String(rule.sid), capture));
  } catch {
    return undefined;
  }
  const fired = explainRule({ rules, sid: rule.sid, capture: bytes }, catalogue, settings)?.fired;
  return fired?.steps.flatMap(({ where, condition, found }) => (found === undefined || found.end <= found.start ? [] : [{ where, condition, found }]));
}

function revisions(folder: string, sid: number): string[] {
  const history = ruleHistory(folder, sid);
  if (!history.ok) return [];
  return history.value.map(({ commit, date, author, subject, rule }) => {
    const state = rule === undefined ? 'taken away' : `rev ${rule.rev}`;
    return `${date.slice(0, 10)} ${commit.slice(0, 10)} ${author}: ${subject} (${state})`;
  });
}
