/**
 * Time to review: which rules are due and why. A policy gives each kind of rule its days; what was learned since moves them: a rule
 * that sensors still see waits, one that is reported wrong, sinkholed or the twin of another is due at once.
 */
import { counted } from '@sigwright/bytes';
import type { Rule } from '@sigwright/contracts';
import { metadataOf } from '../repository/metadata.ts';
import { type Feedback, type Repository, type RepositoryRule, roleOf } from '../repository/repository.ts';
import type { Sightings } from './sightings.ts';

/** Days, where ruleset.yaml says nothing: infrastructure is burnt in weeks, behaviour lives for months. */
const DEFAULT_DAYS: Record<string, number> = {
  lookup: 28,
  contact: 28,
  payload: 180,
  check_in: 180,
  command: 180,
  config: 180,
  exfil: 180,
  context: 365,
  default: 90,
};

export interface ReviewItem {
  readonly sid: number;
  readonly message: string;
  readonly category: string;
  readonly role: string;
  /** ISO dates */
  readonly lastLooked: string;
  readonly due: string;
  /** days beyond `due`; negative: days left */
  readonly overdue: number;
  readonly why: string;
  /** a decision that waits for a second pair of eyes */
  readonly proposed?: string;
}

const DAY = 86_400_000;

/** Categories of rules that are out of use. */
export const OUT_OF_USE: ReadonlySet<string> = new Set(['retired', 'deleted']);

/** All enabled rules, most overdue first. `today`: ISO date. `sightings`: what sensors saw; left out where nobody asked them. */
export function reviewQueue(repository: Repository, today: string, sightings?: Sightings): readonly ReviewItem[] {
  const twins = twinsIn(repository.rules);
  const items = repository.rules
    .filter(({ rule, category }) => rule.enabled && !OUT_OF_USE.has(category))
    .map((one) => reviewItem(repository, one, twins.get(one.rule.sid), today, sightings));
  return items.sort((a, b) => b.overdue - a.overdue || a.sid - b.sid);
}

function reviewItem(repository: Repository, one: RepositoryRule, twin: number | undefined, today: string, sightings: Sightings | undefined): ReviewItem {
  const { rule, category } = one;
  const last = lastLookedAt(rule);
  const lastLooked = last?.date ?? '1970-01-01';
  const time = timeFor(repository, one);
  // What was declined was looked at, and found to be right.
  const reports = repository.feedback.filter((report) => report.sid === rule.sid && report.answer?.decision !== 'declined');
  const reasons: string[] = [last === undefined ? 'the rule carries no date' : `${time.why}; last ${last.how} ${last.date}`];
  let due = plusDays(lastLooked, time.days);
  const alerted = sightings?.get(rule.sid);
  const days = [...reports.filter((report) => report.kind === 'seen').map((report) => report.date), ...(alerted === undefined ? [] : [alerted])];
  // No sensor sees what is to come: its clock is wrong, and must not keep a rule for ever.
  const seen = days
    .map((day) => (day > today ? today : day))
    .sort()
    .pop();
  if (seen !== undefined && plusDays(seen, time.days) > due) {
    due = plusDays(seen, time.days);
    reasons.push(`seen on ${seen}, so the time runs from there`);
  } else if (sightings !== undefined) reasons.push(seen === undefined ? 'no sensor saw it' : `last seen on ${seen}`);
  // What was reported up to the day of a review was before the reviewer's eyes.
  const reviewed = last?.how === 'reviewed' ? last.date : '';
  for (const report of reports) {
    if (report.kind === 'seen' || report.date < reviewed || (report.date === reviewed && report.rev !== rule.rev)) continue;
    if (report.date < due) due = report.date;
    reasons.push(inWords(report));
  }
  if (twin !== undefined && reviewed === '') {
    if (lastLooked < due) due = lastLooked;
    reasons.push(`it detects the same as sid ${twin}`);
  }
  const proposal = repository.lock.rules[String(rule.sid)]?.proposal;
  const overdue = Math.round((Date.parse(today) - Date.parse(due)) / DAY);
  return {
    sid: rule.sid,
    message: rule.message,
    category,
    role: roleOf(rule) ?? 'default',
    lastLooked,
    due,
    overdue,
    why: reasons.join('; '),
    ...(proposal === undefined
      ? {}
      : { proposed: `${proposal.decision}${proposal.reason === '' ? '' : ` (${proposal.reason})`}, by ${proposal.by ?? 'somebody'} on ${proposal.date}` }),
  };
}

const FEEDBACK_WORDS: Record<Feedback['kind'], string> = {
  false_positive: 'reported as a false positive',
  miss: 'reported to miss what it is for',
  sinkholed: 'its infrastructure is said to be sinkholed',
  seen: 'seen',
};

function inWords({ kind, reporter, date, comment }: Feedback): string {
  return `${FEEDBACK_WORDS[kind]}${reporter === '' ? '' : ` by ${reporter}`} on ${date}${comment.trim() === '' ? '' : `: ${comment.trim()}`}`;
}

/** The first line of the policy that fits; where none does, the days of the rule's role, halved at low confidence. */
function timeFor(repository: Repository, { rule, category }: RepositoryRule): { days: number; why: string } {
  const role = roleOf(rule) ?? 'default';
  const facts = {
    role,
    category,
    confidence: metadataOf(rule, 'confidence')[0] ?? '',
    severity: metadataOf(rule, 'signature_severity')[0] ?? '',
  };
  for (const { days, ...wanted } of repository.settings.review.policy) {
    const conditions = Object.entries(wanted).filter(([, value]) => value !== undefined);
    if (!conditions.every(([key, value]) => facts[key as keyof typeof facts].toLowerCase() === value!.toLowerCase())) continue;
    const named = conditions.map(([key, value]) => `${key} ${value}`).join(', ');
    return { days, why: `${named === '' ? 'all rules' : `rules of ${named}`} are looked at every ${counted(days, 'day')}` };
  }
  const policy = { ...DEFAULT_DAYS, ...repository.settings['time-to-review'] };
  const base = policy[role] ?? policy['default'];
  // Little confidence halves the time: such a rule has to earn its place sooner.
  const low = facts.confidence === 'Low';
  const days = low ? Math.ceil(base / 2) : base;
  const which = role === 'default' ? 'rules without a role' : `${role.replace('_', '-')} rules`;
  return { days, why: `${which} are looked at every ${counted(base, 'day')}${low ? `, ${days} at low confidence` : ''}` };
}

function lastLookedAt(rule: Rule): { date: string; how: 'reviewed' | 'changed' | 'written' } | undefined {
  for (const [key, how] of [
    ['reviewed_at', 'reviewed'],
    ['updated_at', 'changed'],
    ['created_at', 'written'],
  ] as const) {
    const match = /^(\d{4})_(\d{2})_(\d{2})$/.exec(metadataOf(rule, key)[0] ?? '');
    if (match !== null) return { date: `${match[1]}-${match[2]}-${match[3]}`, how };
  }
  return undefined;
}

function plusDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY).toISOString().slice(0, 10);
}

const NOT_DETECTION = new Set(['msg', 'reference', 'classtype', 'priority', 'sid', 'gid', 'rev', 'metadata', 'target']);

/** SID → the earlier SID of an enabled rule that detects the same: equal header and options, message and references aside. */
function twinsIn(rules: readonly RepositoryRule[]): Map<number, number> {
  const first = new Map<string, number>();
  const twins = new Map<number, number>();
  for (const { rule, category } of [...rules].sort((a, b) => a.rule.sid - b.rule.sid)) {
    if (!rule.enabled || OUT_OF_USE.has(category)) continue;
    const options = rule.options.filter((option) => !NOT_DETECTION.has(option.name)).map((option) => `${option.name}:${option.value ?? ''}`);
    const { source, sourcePorts, direction, destination, destinationPorts } = rule;
    const key = [rule.protocol, source.text, sourcePorts.text, direction, destination.text, destinationPorts.text, ...options].join(';');
    const known = first.get(key);
    if (known === undefined) first.set(key, rule.sid);
    else twins.set(rule.sid, known);
  }
  return twins;
}
