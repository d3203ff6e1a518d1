/**
 * What a reviewer decides, carried out on disk: in the rule, in its file and in rules.lock. Moves that make no sense are refused;
 * where ruleset.yaml asks for four eyes, a decision waits until somebody else takes it too.
 *
 *   enabled ⇄ (keep, revise) → disable → disabled → retire → retired → delete → deleted
 *
 * An enabled rule may be retired at once; only what is disabled or retired may be deleted; what is deleted stays so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, failure, type Result, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { writeTogether } from '../repository/change.ts';
import { lockFile, ruleHash, writeLock } from '../repository/lock.ts';
import { withMetadata } from '../repository/metadata.ts';
import type { Decision, Repository, RepositoryRule } from '../repository/repository.ts';
import { OUT_OF_USE } from './review.ts';

/** ET's reasons. */
export const REASONS = ['Age', 'Duplicate', 'Relevance', 'Performance', 'False_Positive', 'Moved'] as const;
export type Reason = (typeof REASONS)[number];

export interface DecisionRequest {
  readonly sid: number;
  readonly decision: Decision;
  readonly reason: Reason | '';
  readonly note?: string;
  /** who decides; needed where four eyes are asked for */
  readonly by?: string;
  /** for `revise`: the new text of the rule; `rev` and dates are set here */
  readonly rule?: string;
  /** ISO date */
  readonly today: string;
}

/** `proposed`: recorded, and somebody else has to take the same decision. */
export type Decided = 'done' | 'proposed';

/** Carries out a decision on disk. A failure changes nothing. Where others may decide at the same time: within `changeRepository`. */
export function decide(repository: Repository, request: DecisionRequest): Result<Decided> {
  const one = repository.rules.find(({ rule }) => rule.sid === request.sid);
  if (one === undefined) return failure('review/unknown-sid', `no rule has sid ${request.sid}`);
  const refused = refusal(one, request);
  if (refused !== undefined) return refused;
  const text = newText(repository, one, request);
  if (!text.ok) return text;
  if (repository.settings.review['four-eyes'].includes(request.decision)) {
    if (nameOf(request.by) === '') return failure('review/who', `to ${request.decision} a rule takes two people here; say who you are`);
    const proposal = repository.lock.rules[String(request.sid)]?.proposal;
    if (proposal?.decision !== request.decision || proposal.reason !== request.reason || proposal.hash !== hashOf(request, text.value))
      return propose(repository, one, request, text.value);
    if (nameOf(proposal.by) === nameOf(request.by))
      return failure('review/four-eyes', `${request.by} proposed on ${proposal.date} to ${request.decision} sid ${request.sid}; somebody else has to agree`);
  }
  const failed = carryOut(repository, one, text.value, request);
  return failed ?? success('done');
}

/** One person writes a name in several ways: `Ada`, ` ada`, `@ada`. */
function nameOf(by: string | undefined): string {
  return (by ?? '').trim().replace(/^@/, '').normalize('NFKC').toLowerCase();
}

function refusal(one: RepositoryRule, { sid, decision, reason, rule }: DecisionRequest): Failure | undefined {
  const no = (why: string): Failure => failure('review/not-allowed', `sid ${sid} ${why}`);
  if (one.category === 'deleted') return no('is deleted; deleted rules stay as they are');
  if (one.category === 'retired' && decision !== 'delete') return no('is retired; retired rules stay as they are, or are deleted');
  if (decision === 'keep' && !one.rule.enabled) return no('is disabled; there is nothing to keep');
  if (decision === 'disable' && !one.rule.enabled) return no('is disabled already');
  if (decision === 'delete' && one.rule.enabled) return no('is enabled; disable or retire it first');
  if (decision === 'revise' && rule === undefined) return failure('review/no-rule', 'to revise a rule its new text is needed');
  if (decision !== 'keep' && decision !== 'revise' && reason === '')
    return failure('review/no-reason', `to ${decision} a rule a reason is needed: ${REASONS.join(', ')}`);
  return undefined;
}

function newText(repository: Repository, one: RepositoryRule, request: DecisionRequest): Result<string> {
  const stamp = request.today.replaceAll('-', '_');
  const { decision } = request;
  if (decision === 'revise') {
    const { rules, diagnostics } = parseRules(request.rule ?? '');
    const broken = diagnostics.find((diagnostic) => diagnostic.severity === 'error');
    if (rules.length !== 1 || broken !== undefined) return failure('review/rule', broken?.title ?? 'the new text is not one rule');
    const [revised] = rules;
    if (revised.sid !== request.sid) return failure('review/rule', `the new text has sid ${revised.sid}, not ${request.sid}`);
    if (ruleHash(revised) === ruleHash(one.rule)) return failure('review/rule', 'the new text says what the rule says already');
    return success(withMetadata(withMetadata(withRev(revised.text, one.rule.rev + 1), 'updated_at', stamp), 'reviewed_at', stamp));
  }
  let text = withMetadata(one.rule.text, 'reviewed_at', stamp);
  if (decision === 'keep') return success(text);
  text = withMetadata(text, 'deprecation_reason', request.reason);
  if (decision === 'disable') return success(text);
  const prefix = repository.settings['message-prefix'];
  text = text.replace(new RegExp(`msg:\\s*"${prefix} [A-Z0-9_]+ `), () => `msg:"${prefix} ${decision === 'retire' ? 'RETIRED' : 'DELETED'} `);
  text = withMetadata(withRev(text, one.rule.rev + 1), 'updated_at', stamp);
  return success(OUT_OF_USE.has(one.category) ? text : withMetadata(text, 'former_category', one.category.toUpperCase()));
}

/** Two people agree to one text: a revision is known by what it does. */
function hashOf({ decision }: DecisionRequest, text: string): string | undefined {
  return decision === 'revise' ? ruleHash(parseRules(text).rules[0]) : undefined;
}

function propose(repository: Repository, one: RepositoryRule, request: DecisionRequest, text: string): Result<Decided> {
  const key = String(request.sid);
  const hash = hashOf(request, text);
  const proposal = { ...recordOf(request), ...(hash === undefined ? {} : { hash }) };
  const failed = writeLock(repository.folder, { rules: { ...repository.lock.rules, [key]: { ...lockOf(repository, one), proposal } } });
  return failed ?? success('proposed');
}

function carryOut(repository: Repository, one: RepositoryRule, text: string, request: DecisionRequest): Failure | undefined {
  const source = readFileSync(one.path, 'utf8');
  if (!source.startsWith(one.rule.text, one.rule.span.start))
    return failure('review/changed', `${one.path} was changed meanwhile; nothing is done, decide again`);
  const lineStart = source.lastIndexOf('\n', one.rule.span.start - 1) + 1;
  const off = request.decision !== 'keep' && request.decision !== 'revise';
  const mark = off ? '#' : source.slice(lineStart, one.rule.span.start);
  const afterLine = source.indexOf('\n', one.rule.span.end);
  const rest = afterLine === -1 ? '' : source.slice(afterLine + 1);
  const files: [path: string, content: string][] = [];
  if (request.decision === 'retire' || request.decision === 'delete') {
    const category = request.decision === 'retire' ? 'retired' : 'deleted';
    const path = join(repository.folder, 'rules', `${category}.rules`);
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    files.push([path, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${mark}${text}\n`], [one.path, source.slice(0, lineStart) + rest]);
  } else files.push([one.path, `${source.slice(0, lineStart)}${mark}${text}\n${rest}`]);
  const { proposal, ...locked } = lockOf(repository, one);
  const agreed = proposal?.decision === request.decision && proposal.reason === request.reason ? proposal.by : undefined;
  const record = agreed === undefined ? recordOf(request) : { ...recordOf(request), by: `${agreed}, ${request.by ?? ''}` };
  const lock = { rules: { ...repository.lock.rules, [String(request.sid)]: { ...locked, decisions: [...locked.decisions, record] } } };
  return writeTogether(repository.folder, [...files, lockFile(repository.folder, lock)]);
}

function lockOf(repository: Repository, one: RepositoryRule): Repository['lock']['rules'][string] {
  return repository.lock.rules[String(one.rule.sid)] ?? { rev: one.rule.rev, hash: ruleHash(one.rule), category: one.category, decisions: [] };
}

function recordOf({ today, decision, reason, note, by }: DecisionRequest): Repository['lock']['rules'][string]['decisions'][number] {
  return { date: today, decision, reason, ...(note === undefined ? {} : { note }), ...(by === undefined ? {} : { by }) };
}

function withRev(text: string, rev: number): string {
  return text.replace(/\brev:\s*\d+\s*;/, () => `rev:${rev};`);
}
