/**
 * What a sensor's people report of a released rule: it fired and should not have, or it should have and did not. A report is one JSON
 * file with a slice of the traffic; here it is tried on the rule as it is now, kept beside the ruleset, put into the review queue, and
 * at last answered: accepted (the slice becomes evidence that the rule is proved on from then on) or declined, with a word to whoever
 * reported it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, failure, type Result, success } from '@sigwright/contracts';
import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import type { ProofRunner } from '../prove/prove.ts';
import { rulesBehind } from '../prove/related.ts';
import { writeTogether } from '../repository/change.ts';
import { FEEDBACK_KINDS, type Feedback, type Repository } from '../repository/repository.ts';

/** Bytes of a slice: enough for the conversation that matters, too little to fill a disk with. */
export const LARGEST_SLICE = 8 * 1024 * 1024;
/** Characters of a comment, and of a line of what was matched. */
export const LONGEST_TEXT = 4000;
export const MOST_MATCHES = 32;

const oneLine = z.string().max(200);

const REPORT = z.strictObject({
  sid: z.number().int().positive(),
  rev: z.number().int().positive().optional(),
  kind: z.enum(FEEDBACK_KINDS),
  comment: z.string().max(LONGEST_TEXT).default(''),
  reporter: oneLine.default(''),
  /** a capture, base64; needed for false_positive and miss */
  slice: z
    .string()
    .max(Math.ceil((LARGEST_SLICE * 4) / 3) + 4)
    .regex(/^[A-Za-z0-9+/=\s]*$/)
    .optional(),
  /** addresses of the slice are made up: what was private lies in 10.0.0.0/16 and fd00::/8 */
  redacted: z.boolean().default(false),
  /** what the rule matched at the reporter's, `buffer: bytes as content text` */
  matched: z.array(z.string().max(LONGEST_TEXT)).max(MOST_MATCHES).default([]),
});
export type FeedbackReport = z.infer<typeof REPORT>;

/** What trying the slice on the rule of today gave. */
export type FeedbackOutcome = 'reproduced' | 'not reproduced' | 'not tried';

export interface FeedbackReceipt {
  /** name to ask with later */
  readonly reference: string;
  readonly outcome: FeedbackOutcome;
  /** for the reporter, one or two sentences */
  readonly says: string;
  /** false: the same report was there already */
  readonly fresh: boolean;
}

/** Home in a redacted slice: the reporter's own networks are nobody else's. */
const REDACTED_HOME = { HOME_NET: '[10.0.0.0/16,fd00::/8]' };

/** Text of a report file → report. */
export function readFeedback(text: string): Result<FeedbackReport> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return failure('feedback/form', 'this is no feedback report: it is not JSON');
  }
  const read = REPORT.safeParse(data);
  if (read.success) return success(read.data);
  const [issue] = read.error.issues;
  return failure('feedback/form', `this is no feedback report: ${issue.path.join('.') || 'it'}: ${issue.message.toLowerCase()}`);
}

/**
 * Tries a report and keeps it as `feedback/<reference>.yaml` with its slice. The same report again changes nothing. `today`: ISO date.
 * `sliceNeeded`: whether a false positive or a miss is taken only with traffic that shows it; of colleagues words are worth something.
 * Where others may change the repository: within `changeRepository`.
 */
export function takeFeedback(
  repository: Repository,
  report: FeedbackReport,
  runner: ProofRunner,
  today: string,
  { sliceNeeded }: { readonly sliceNeeded: boolean } = { sliceNeeded: true },
): Result<FeedbackReceipt> {
  const one = repository.rules.find(({ rule }) => rule.sid === report.sid);
  if (one === undefined) return failure('feedback/unknown-sid', `no rule here has sid ${report.sid}`);
  const slice = report.slice === undefined ? undefined : Buffer.from(report.slice, 'base64');
  if (slice === undefined && sliceNeeded && (report.kind === 'false_positive' || report.kind === 'miss'))
    return failure('feedback/no-slice', `a report of a ${report.kind.replace('_', ' ')} needs a slice of the traffic`);
  const digest = createHash('sha256')
    // Seen again on another day is another report: the time to review runs from there.
    .update(JSON.stringify([report.sid, report.rev, report.kind, report.comment, report.reporter, report.slice, ...(report.kind === 'seen' ? [today] : [])]))
    .digest('hex');
  const known = repository.feedback.find(({ file }) => file.endsWith(`-${digest.slice(0, 12)}.yaml`));
  const reference = known === undefined ? `${today}-${report.sid}-${digest.slice(0, 12)}` : known.file.replace(/\.yaml$/, '');
  if (known !== undefined) return success({ reference, outcome: known.outcome ?? 'not tried', says: feedbackStatus(repository, known), fresh: false });

  let outcome: FeedbackOutcome = 'not tried';
  if (slice !== undefined) {
    const {
      alerts,
      refused,
      problem: broken,
    } = runner({
      folder: join(repository.folder, 'rules'),
      rules: neededFor(repository, report.sid),
      capture: slice,
      networks: { ...repository.settings.networks, ...(report.redacted ? REDACTED_HOME : {}) },
    });
    const problem = broken ?? refused?.get(report.sid);
    if (problem !== undefined) return failure('feedback/slice', `the slice can not be tried: ${problem}`);
    const fires = alerts.some(({ sid }) => sid === report.sid);
    outcome = fires === (report.kind !== 'miss') ? 'reproduced' : 'not reproduced';
  }
  const path = join(repository.folder, 'feedback', reference);
  const { slice: _slice, ...said } = report;
  const entry = { ...said, date: today, tried: one.rule.rev, outcome, ...(slice === undefined ? {} : { capture: `${reference}.pcap` }) };
  const failed = writeTogether(repository.folder, [...(slice === undefined ? [] : [[`${path}.pcap`, slice] as const]), [`${path}.yaml`, stringify(entry)]]);
  if (failed !== undefined) return failed;
  return success({ reference, outcome, says: received(report, one.rule.rev, outcome), fresh: true });
}

/** The rule, and those that set what it waits for. */
function neededFor(repository: Repository, sid: number): string {
  const rules = repository.rules.map(({ rule }) => rule);
  const needed = rulesBehind(rules, new Set([sid]));
  return rules
    .filter((rule) => needed.has(rule.sid))
    .map((rule) => rule.text)
    .join('\n');
}

function received({ kind, sid, rev }: FeedbackReport, now: number, outcome: FeedbackOutcome): string {
  const rule = `rev ${now} of ${sid}`;
  if (kind === 'seen') return `noted: ${sid} is still seen, its time to review runs anew`;
  if (outcome === 'not tried') return `noted for the review of ${sid}`;
  if (outcome === 'reproduced') return `${rule} ${kind === 'miss' ? 'stays silent on' : 'fires on'} this slice, as you say; it is due for review now`;
  const other = kind === 'miss' ? 'fires on' : 'stays silent on';
  const because = rev !== undefined && rev < now ? `; you have rev ${rev}, so the change since then helped` : '; it is kept for the review all the same';
  return `${rule} ${other} this slice${because}`;
}

/** What came of a report so far, for whoever sent it. */
export function feedbackStatus(repository: Repository, feedback: Feedback): string {
  if (feedback.answer !== undefined) {
    const { decision, date, note } = feedback.answer;
    const word = decision === 'accepted' ? (becomesEvidence(feedback) ? 'accepted: the slice is evidence of the rule now' : 'accepted') : 'declined';
    return `${word} (${date})${note === '' ? '' : `: ${note}`}`;
  }
  const rule = repository.rules.find((one) => one.rule.sid === feedback.sid)?.rule;
  if (rule === undefined) return 'the rule is not in the ruleset any more';
  if (feedback.tried !== undefined && rule.rev > feedback.tried) return `the rule was revised since (rev ${feedback.tried} → ${rule.rev})`;
  return feedback.kind === 'seen' ? 'noted' : 'waits for review';
}

export interface FeedbackAnswer {
  readonly reference: string;
  readonly decision: 'accepted' | 'declined';
  readonly note: string;
  readonly by: string;
  /** ISO date */
  readonly today: string;
}

/** Answers a report. Accepting one with a slice makes it evidence: `silent` for a false positive, `fires` for a miss. */
export function answerFeedback(repository: Repository, { reference, decision, note, by, today }: FeedbackAnswer): Failure | undefined {
  const feedback = repository.feedback.find(({ file }) => file === `${reference}.yaml`);
  if (feedback === undefined) return failure('feedback/unknown', `no report is called ${reference}; \`sigwright feedback list\` shows them`);
  if (feedback.answer !== undefined) return failure('feedback/answered', `${reference} was ${feedback.answer.decision} on ${feedback.answer.date}`);
  if (decision === 'declined' && note === '') return failure('feedback/no-note', 'whoever reported it wants to know why it is declined: give a note');
  const evidence = decision === 'accepted' ? evidenceFrom(repository, feedback) : success([]);
  if (!evidence.ok) return evidence;
  const path = join(repository.folder, 'feedback', feedback.file);
  const document = parseDocument(readFileSync(path, 'utf8'));
  document.set('answer', { decision, date: today, note, by });
  return writeTogether(repository.folder, [...evidence.value, [path, document.toString()]]);
}

type FileToWrite = readonly [path: string, content: string | Uint8Array];

/** Whether a report that is accepted gives the rule a capture to answer for. */
export function becomesEvidence({ capture, kind }: Feedback): boolean {
  return capture !== undefined && (kind === 'false_positive' || kind === 'miss');
}

function evidenceFrom(repository: Repository, feedback: Feedback): Result<readonly FileToWrite[]> {
  if (feedback.capture === undefined || !becomesEvidence(feedback)) return success([]);
  const slice = join(repository.folder, 'feedback', feedback.capture);
  if (!existsSync(slice)) return failure('feedback/slice', `${slice} is missing`, { path: slice });
  const folder = join(repository.folder, 'evidence', String(feedback.sid));
  const name = `feedback-${feedback.capture}`;
  const expectations = join(folder, 'expect.yaml');
  const document = parseDocument(existsSync(expectations) ? readFileSync(expectations, 'utf8') : `sid: ${feedback.sid}\n`);
  const networks = feedback.redacted ? { networks: REDACTED_HOME } : {};
  const comment = feedback.comment.replace(/\s+/g, ' ').trim();
  const [list, entry] =
    feedback.kind === 'miss'
      ? (['fires', { capture: name, alerts: 1, shows: comment || 'reported as missed', ...networks }] as const)
      : (['silent', { capture: name, because: comment || 'reported as a false positive', ...networks }] as const);
  if (document.has(list)) document.addIn([list], document.createNode(entry, { flow: true }));
  else document.set(list, [entry]);
  return success([
    [join(folder, name), readFileSync(slice)],
    [expectations, document.toString({ lineWidth: 0 })],
  ]);
}
