/** The shapes of the API, as zod checks them and as openapi.json describes them. Forms of the pages are checked by the same requests. */
import { z } from '@hono/zod-openapi';
import { DECISIONS, FEEDBACK_KINDS, REASONS, SCOPES, SHORTEST_PASSWORD, USER_ROLES, VERDICT_SCOPES, VERDICTS, WEBHOOK_EVENTS } from '@sigwright/workbench';

export const Id = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
export const Sid = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const ShortText = z.string().min(1).max(200);
export const LongText = z.string().max(4000);
export const Time = z.number().describe('milliseconds since 1970');

/** Characters of a report, or of the rules of a hunt. */
export const LONGEST_REPORT = 4 * 1024 * 1024;

// What is asked for.

export const VerdictRequest = z
  .object({
    scope: z.enum(VERDICT_SCOPES),
    host: ShortText.optional(),
    sid: Sid.optional(),
    story: ShortText.optional(),
    verdict: z.enum(VERDICTS),
    note: LongText.default(''),
    days: z.coerce.number().positive().max(3650).optional().describe('the verdict ends after so many days'),
  })
  .openapi('VerdictRequest');

export const FeedbackRequest = z
  .object({
    sid: Sid,
    rev: z.coerce.number().int().positive().optional().describe('the revision that was running'),
    kind: z.enum(FEEDBACK_KINDS),
    comment: LongText.default(''),
    slice: z
      .string()
      .regex(/^[A-Za-z0-9+/=\s]*$/)
      .optional()
      .describe('a capture that shows it, base64; the rule is tried on it'),
    redacted: z.boolean().default(false).describe('addresses of the slice are made up'),
    matched: z.array(z.string().max(4000)).max(32).default([]).describe('what the rule matched'),
    host: ShortText.optional().describe('without a slice: the packets of the newest alert of this host are tried, where the server has them'),
  })
  .openapi('FeedbackRequest');

export const DecisionRequest = z
  .object({
    decision: z.enum(DECISIONS),
    reason: z.enum(['', ...REASONS]).default(''),
    note: LongText.optional(),
    rule: z.string().max(100_000).optional().describe('for revise: the rule as it is to be'),
    seen: z.string().max(100_000).optional().describe('the rule as it was when it was decided; another one meanwhile is a conflict'),
  })
  .openapi('Decision');

export const HuntRequest = z
  .object({
    title: ShortText.min(1),
    rules: z.string().min(1).max(LONGEST_REPORT),
    networks: ShortText.optional().describe('what HOME_NET is'),
  })
  .openapi('Hunt');

export const UserRequest = z
  .object({ name: z.string().regex(/^[\p{L}\p{N}._@-]{1,64}$/u), password: z.string().min(SHORTEST_PASSWORD).max(200), role: z.enum(USER_ROLES) })
  .openapi('UserRequest');

export const TokenRequest = z
  .object({ name: ShortText, scopes: z.array(z.enum(SCOPES)).min(1), days: z.coerce.number().positive().max(3650).optional() })
  .openapi('TokenRequest');

export const WebhookRequest = z
  .object({
    name: ShortText,
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .refine((url) => URL.canParse(url) && new URL(url).username === '' && new URL(url).password === '', 'a password does not belong in it')
      .describe('where messages are posted; only public addresses are dialled, and those that SIGWRIGHT_WEBHOOKS_INSIDE allows'),
    events: z.array(z.enum(WEBHOOK_EVENTS)).min(1),
  })
  .openapi('WebhookRequest');

// What is answered.

export const Problem = z.object({ error: z.string() }).openapi('Problem');

export const Alert = z
  .object({
    id: z.number(),
    time: Time,
    sid: z.number(),
    signature: z.string(),
    role: z.string().describe('what the alert tells about the host: context, lookup, contact, payload, check_in, command, config, exfil, behaviour, weak'),
    host: z.string().nullable().describe('the host of ours that it is laid to'),
    source: z.string(),
    destination: z.string(),
    protocol: z.string(),
    name: z.string().nullable(),
    flow: z.string().nullable(),
    sensor: z.string(),
  })
  .openapi('Alert');

export const Verdict = z
  .object({
    id: z.number(),
    scope: z.enum(VERDICT_SCOPES),
    host: z.string().optional(),
    sid: z.number().optional(),
    story: z.string().optional(),
    verdict: z.enum(VERDICTS),
    note: z.string(),
    by: z.string(),
    created: Time,
    expires: Time.optional(),
    takenBack: z.object({ at: Time, by: z.string() }).optional(),
  })
  .openapi('Verdict');

export const JudgedRule = z
  .object({
    sid: z.number(),
    signature: z.string(),
    role: z.string(),
    alerts: z.number(),
    events: z.number(),
    first: z.string(),
    last: z.string(),
    families: z.array(z.string()),
    verdict: Verdict.optional(),
  })
  .openapi('JudgedRule');

export const JudgedHost = z
  .object({
    host: z.string(),
    judgement: z.string(),
    reasons: z.array(z.string()),
    alerts: z.number(),
    setAside: z.number(),
    weight: z.number(),
    first: z.string(),
    last: z.string(),
    rules: z.array(JudgedRule),
  })
  .openapi('JudgedHost');

export const Story = z
  .object({ key: z.string(), title: z.string(), first: z.string(), last: z.string(), rules: z.array(JudgedRule), verdict: Verdict.optional() })
  .openapi('Story');

export const HostPicture = JudgedHost.extend({
  stories: z.array(Story),
  wouldChange: z.array(z.string()),
  next: z.array(z.string()),
  verdicts: z.array(Verdict),
}).openapi('HostPicture');

export const Ingested = z.object({ added: z.number(), known: z.number(), broken: z.number(), alerts: z.number() }).openapi('Ingested');

export const Rule = z
  .object({ sid: z.number(), rev: z.number(), category: z.string(), message: z.string(), enabled: z.boolean(), alerts: z.number() })
  .openapi('Rule');

export const ReviewItem = z
  .object({ sid: z.number(), message: z.string(), category: z.string(), role: z.string(), due: z.string(), overdue: z.number(), why: z.string() })
  .openapi('ReviewItem');

export const ReportAnswer = z
  .object({
    title: z.string(),
    indicators: z.array(
      z.object({ type: z.string(), value: z.string(), start: z.number(), end: z.number(), role: z.string(), benign: z.boolean(), reason: z.string() }),
    ),
    rules: z.array(z.object({ sid: z.number(), text: z.string(), indicator: z.string(), weak: z.string().optional() })),
    skipped: z.array(z.object({ indicator: z.string(), why: z.string() })),
  })
  .openapi('ReportAnswer');

export const FeedbackReceipt = z.object({ reference: z.string(), outcome: z.string(), says: z.string() }).openapi('FeedbackReceipt');

export const Feedback = z
  .object({
    reference: z.string(),
    sid: Sid,
    rev: z.number().optional(),
    kind: z.string(),
    reporter: z.string(),
    date: z.string(),
    comment: z.string(),
    outcome: z.string(),
    status: z.string().describe('what came of it'),
    answered: z.boolean(),
  })
  .openapi('Feedback');

export const Sensor = z.object({ id: z.number(), name: z.string(), first_seen: Time, last_seen: Time, events: z.number() }).openapi('Sensor');

export const AuditEntry = z.object({ time: Time, who: z.string(), action: z.string(), target: z.string(), detail: z.string() }).openapi('AuditEntry');

export const Webhook = z
  .object({
    id: z.number(),
    name: z.string(),
    url: z.string(),
    events: z.array(z.enum(WEBHOOK_EVENTS)),
    created: Time,
    state: z.string().describe('of its last message: waiting, done, failed; empty before the first'),
    said: z.string(),
    waiting: z.number(),
    gone: Time.nullable().describe('when its receiver said that it is gone (410): it is told nothing more'),
  })
  .openapi('Webhook');

export const Job = z
  .object({
    id: z.number(),
    kind: z.string(),
    state: z.string(),
    done: z.number(),
    total: z.number(),
    said: z.string(),
    by: z.string(),
    created: Time,
    ended: Time.nullable(),
  })
  .openapi('Job');
