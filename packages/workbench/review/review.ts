/**
 * Time to review: which rules are due, by a policy for each kind of rule, and what was decided. Decisions are written into the
 * rule's own metadata and into rules.lock; moves that make no sense are refused.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, failure, type Rule } from '@sigwright/contracts';
import { ruleHash, writeLock } from '../repository/lock.ts';
import { metadataOf, type Repository, type RepositoryRule, roleOf, writeWhole } from '../repository/repository.ts';

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

/** ET's reasons. */
export const REASONS = ['Age', 'Duplicate', 'Relevance', 'Performance', 'False_Positive', 'Moved'] as const;
export type Reason = (typeof REASONS)[number];
export type Decision = 'extend' | 'disable' | 'retire';

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
}

const DAY = 86_400_000;

function dateOf(rule: Rule): { date: string; by: string } | undefined {
  for (const key of ['reviewed_at', 'updated_at', 'created_at']) {
    const [written] = metadataOf(rule, key);
    const match = written === undefined ? null : /^(\d{4})_(\d{2})_(\d{2})$/.exec(written);
    if (match !== null) return { date: `${match[1]}-${match[2]}-${match[3]}`, by: key };
  }
  return undefined;
}

/** All enabled rules, most overdue first. `today`: ISO date. */
export function reviewQueue(repository: Repository, today: string): readonly ReviewItem[] {
  const policy = { ...DEFAULT_DAYS, ...repository.settings['time-to-review'] };
  const items: ReviewItem[] = [];
  for (const { rule, category } of repository.rules) {
    if (!rule.enabled || category === 'retired') continue;
    const role = roleOf(rule) ?? 'default';
    const last = dateOf(rule);
    const base = policy[role] ?? policy['default'];
    const low = metadataOf(rule, 'confidence')[0] === 'Low';
    // Little confidence halves the time: such a rule has to earn its place sooner.
    const days = low ? Math.ceil(base / 2) : base;
    const lastLooked = last?.date ?? '1970-01-01';
    const due = new Date(Date.parse(lastLooked) + days * DAY).toISOString().slice(0, 10);
    const overdue = Math.round((Date.parse(today) - Date.parse(due)) / DAY);
    const verb = last?.by === 'reviewed_at' ? 'reviewed' : last?.by === 'updated_at' ? 'changed' : 'written';
    const why =
      last === undefined
        ? 'the rule carries no date'
        : `${role === 'default' ? 'rules without a role' : `${role} rules`} are looked at every ${base} days${low ? `, ${days} at low confidence` : ''}; last ${verb} ${lastLooked}`;
    items.push({ sid: rule.sid, message: rule.message, category, role, lastLooked, due, overdue, why });
  }
  return items.sort((a, b) => b.overdue - a.overdue || a.sid - b.sid);
}

export interface DecisionRequest {
  readonly sid: number;
  readonly decision: Decision;
  readonly reason: Reason | '';
  readonly note?: string;
  /** ISO date */
  readonly today: string;
}

/** Carries out a decision on disk. A failure changes nothing. */
export function decide(repository: Repository, request: DecisionRequest): Failure | undefined {
  const one = repository.rules.find(({ rule }) => rule.sid === request.sid);
  if (one === undefined) return failure('review/unknown-sid', `no rule has sid ${request.sid}`);
  const retired = one.category === 'retired';
  if (request.decision !== 'extend' && request.reason === '')
    return failure('review/no-reason', `to ${request.decision} a rule a reason is needed: ${REASONS.join(', ')}`);
  if (retired) return failure('review/not-allowed', `sid ${request.sid} is retired; retired rules stay as they are`);
  if (request.decision === 'extend' && !one.rule.enabled) return failure('review/not-allowed', `sid ${request.sid} is disabled; there is nothing to extend`);
  if (request.decision === 'disable' && !one.rule.enabled) return failure('review/not-allowed', `sid ${request.sid} is disabled already`);
  const stamp = request.today.replaceAll('-', '_');
  let text = withMetadata(one.rule.text, 'reviewed_at', stamp);
  if (request.decision !== 'extend') text = withMetadata(text, 'deprecation_reason', request.reason);
  if (request.decision === 'retire') {
    const prefix = repository.settings['message-prefix'];
    text = text
      .replace(new RegExp(`msg:"${prefix} [A-Z_]+ `), `msg:"${prefix} RETIRED `)
      .replace(/\brev:\s*(\d+)\s*;/, (_whole, rev: string) => `rev:${Number(rev) + 1};`);
    text = withMetadata(withMetadata(text, 'former_category', one.category.toUpperCase()), 'updated_at', stamp);
  }
  return write(repository, one, text, request);
}

function write(repository: Repository, one: RepositoryRule, text: string, request: DecisionRequest): Failure | undefined {
  const source = readFileSync(one.path, 'utf8');
  const lineStart = source.lastIndexOf('\n', one.rule.span.start - 1) + 1;
  const mark = request.decision === 'extend' ? source.slice(lineStart, one.rule.span.start) : '#';
  const afterLine = source.indexOf('\n', one.rule.span.end);
  const rest = afterLine === -1 ? '' : source.slice(afterLine + 1);
  let failed: Failure | undefined;
  if (request.decision === 'retire') {
    const path = join(repository.folder, 'rules', 'retired.rules');
    const before = repository.rules.some((rule) => rule.category === 'retired') ? readFileSync(path, 'utf8') : '';
    failed = writeWhole(path, `${before}${mark}${text}\n`) ?? writeWhole(one.path, source.slice(0, lineStart) + rest);
  } else failed = writeWhole(one.path, `${source.slice(0, lineStart)}${mark}${text}\n${rest}`);
  if (failed !== undefined) return failed;
  const key = String(request.sid);
  const locked = repository.lock.rules[key] ?? { rev: one.rule.rev, hash: ruleHash(one.rule), category: one.category, decisions: [] };
  const decision = { date: request.today, decision: request.decision, reason: request.reason, ...(request.note === undefined ? {} : { note: request.note }) };
  return writeLock(repository.folder, { rules: { ...repository.lock.rules, [key]: { ...locked, decisions: [...locked.decisions, decision] } } });
}

/** Sets one metadata key, in place where it is there, else behind the last one. */
export function withMetadata(text: string, key: string, value: string): string {
  const match = /metadata:([^;]*);/.exec(text);
  if (match === null) return text.replace(/;\s*\)\s*$/, `; metadata:${key} ${value};)`);
  const parts = match[1].split(',').map((part) => part.trim());
  const at = parts.findIndex((part) => part.startsWith(`${key} `));
  if (at >= 0) parts[at] = `${key} ${value}`;
  else parts.push(`${key} ${value}`);
  return `${text.slice(0, match.index)}metadata:${parts.join(', ')};${text.slice(match.index + match[0].length)}`;
}
