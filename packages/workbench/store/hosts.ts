/** Hosts of the store, worst first, each judged by what its rules said and what analysts decided about them. */
import { counted } from '@sigwright/bytes';
import type { Kysely } from 'kysely';
import type { AlertRole } from '../triage/alert-role.ts';
import { type RuleFacts, type Story, storiesOf, whatNext, wouldChange } from '../triage/stories.ts';
import { compareHosts, type HostAlert, type HostJudgement, judgeHost } from '../triage/triage.ts';
import type { StoreSchema } from './schema.ts';
import { listVerdicts, type Verdict, verdictOn } from './verdicts.ts';

export interface JudgedRule extends HostAlert {
  readonly verdict?: Verdict;
}

export interface JudgedHost extends HostJudgement {
  readonly rules: readonly JudgedRule[];
  /** alerts on which a verdict says that they mean nothing here */
  readonly setAside: number;
  readonly first: string;
  readonly last: string;
}

export interface HostStory extends Story {
  readonly rules: readonly JudgedRule[];
  readonly verdict?: Verdict;
}

export interface HostPicture extends JudgedHost {
  readonly stories: readonly HostStory[];
  readonly wouldChange: readonly string[];
  readonly next: readonly string[];
  readonly verdicts: readonly Verdict[];
}

type FactsOf = (sid: number) => RuleFacts | undefined;

/** Hosts that are judged for one page. */
const MOST_HOSTS = 5000;

/** Hosts with alerts, worst first, and the number of those without. */
export async function judgedHosts(
  db: Kysely<StoreSchema>,
  factsOf: FactsOf,
  now: number,
): Promise<{ readonly hosts: readonly JudgedHost[]; readonly quiet: number; readonly more: number }> {
  const verdicts = await listVerdicts(db, now);
  const counted = await db
    .selectFrom('hosts')
    .select((one) => one.fn.countAll<number>().as('hosts'))
    .where('alerts', '<=', 0)
    .executeTakeFirstOrThrow();
  const withAlerts = await db
    .selectFrom('hosts')
    .select((one) => one.fn.countAll<number>().as('hosts'))
    .where('alerts', '>', 0)
    .executeTakeFirstOrThrow();
  const named = db.selectFrom('hosts').select('host').where('alerts', '>', 0).orderBy('last', 'desc').limit(MOST_HOSTS);
  const rows = await db.selectFrom('host_rules').selectAll().where('host', 'in', named).execute();
  const hosts = new Map<string, HostAlert[]>();
  for (const row of rows) {
    const of = hosts.get(row.host);
    if (of === undefined) hosts.set(row.host, [alertOf(row)]);
    else of.push(alertOf(row));
  }
  const judged = [...hosts].map(([host, rules]) => judgedHost(host, rules, verdicts, factsOf));
  judged.sort((a, b) => b.weight - a.weight || b.alerts - a.alerts || compareHosts(a.host, b.host));
  return { hosts: judged, quiet: Number(counted.hosts), more: Math.max(0, Number(withAlerts.hosts) - judged.length) };
}

/** Undefined: nothing was ever heard of that host. */
export async function hostPicture(db: Kysely<StoreSchema>, host: string, factsOf: FactsOf, now: number): Promise<HostPicture | undefined> {
  const rows = await db.selectFrom('host_rules').selectAll().where('host', '=', host).execute();
  const seen = await db.selectFrom('hosts').selectAll().where('host', '=', host).executeTakeFirst();
  if (seen === undefined) return undefined;
  const verdicts = await listVerdicts(db, now);
  const alerts = rows.map(alertOf);
  const judged = { ...judgedHost(host, alerts, verdicts, factsOf), first: iso(seen.first), last: iso(seen.last) };
  const ofRule = new Map(judged.rules.map((rule) => [rule.sid, rule]));
  const stories = storiesOf(judged.rules, factsOf).map((story): HostStory => {
    const verdict = verdicts.find((one) => one.scope === 'story' && one.host === host && one.story === story.key);
    return { ...story, rules: story.rules.map((rule) => ofRule.get(rule.sid)!), ...(verdict === undefined ? {} : { verdict }) };
  });
  return {
    ...judged,
    stories,
    wouldChange: wouldChange(judged),
    next: whatNext(judged, stories),
    verdicts: verdicts.filter((one) => one.host === host || (one.host === undefined && judged.rules.some((rule) => rule.verdict?.id === one.id))),
  };
}

function judgedHost(host: string, unordered: readonly HostAlert[], verdicts: readonly Verdict[], factsOf: FactsOf): JudgedHost {
  const rules = [...unordered].sort((a, b) => a.first.localeCompare(b.first) || a.sid - b.sid);
  const storyOf = new Map<number, string>();
  if (verdicts.some((one) => one.scope === 'story' && one.host === host))
    for (const story of storiesOf(rules, factsOf)) for (const rule of story.rules) storyOf.set(rule.sid, story.key);
  const judgedRules = rules.map((rule): JudgedRule => {
    const verdict = verdictOn(verdicts, host, rule.sid, storyOf.get(rule.sid));
    return verdict === undefined ? rule : { ...rule, verdict };
  });
  const counting = judgedRules.filter(({ verdict }) => verdict === undefined || verdict.verdict === 'true');
  const aside = judgedRules.filter((rule) => !counting.includes(rule));
  const setAside = aside.reduce((sum, rule) => sum + rule.alerts, 0);
  const alerts = judgedRules.reduce((sum, rule) => sum + rule.alerts, 0);
  const base: HostJudgement =
    counting.length === 0
      ? { host, judgement: 'nothing', reasons: [rules.length === 0 ? 'no alert' : 'all alerts were set aside'], alerts, rules, weight: 0 }
      : judgeHost(host, counting);
  const reasons = [...base.reasons];
  let { judgement, weight } = base;
  const confirmed = counting.filter(({ verdict, role }) => verdict?.verdict === 'true' && role !== 'context');
  if (confirmed.length > 0) {
    judgement = 'check this host for compromise';
    weight += 2000;
    const names = [...new Set(confirmed.map(({ verdict }) => verdict!.by))];
    reasons.unshift(`${names.join(' and ')} judged ${confirmed.length === 1 ? 'an alert' : `alerts of ${counted(confirmed.length, 'rule')}`} here to be true`);
  }
  for (const verdict of new Set(aside.map((rule) => rule.verdict!)))
    reasons.push(
      `${verdict.by} set aside as ${verdict.verdict === 'expected' ? 'expected here' : 'a false positive'}: ${verdict.note === '' ? `the ${verdict.scope}` : verdict.note}`,
    );
  return {
    ...base,
    judgement,
    weight,
    reasons,
    alerts,
    rules: judgedRules,
    setAside,
    first: rules[0]?.first ?? '',
    last:
      rules
        .map((rule) => rule.last)
        .sort()
        .at(-1) ?? '',
  };
}

function alertOf(row: StoreSchema['host_rules']): HostAlert {
  return {
    sid: row.sid,
    signature: row.signature,
    role: row.role as AlertRole,
    alerts: row.alerts,
    events: row.events,
    first: iso(row.first),
    last: iso(row.last),
    families: JSON.parse(row.families) as string[],
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
