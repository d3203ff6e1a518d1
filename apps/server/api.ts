/** The API below /api/v1: routes are declared with their shapes, checks and rights, and /api/v1/openapi.json is made of that. */
import { createRoute, OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Result } from '@sigwright/contracts';
import {
  DECISIONS,
  FEEDBACK_KINDS,
  REASONS,
  SCOPES,
  type Scope,
  SHORTEST_PASSWORD,
  USER_ROLES,
  VERDICT_SCOPES,
  VERDICTS,
  WEBHOOK_EVENTS,
} from '@sigwright/workbench';
import type { Context, Next } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Desk } from './desk.ts';
import { type Env, need, Refusal } from './security.ts';

const id = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const sid = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const short = z.string().min(1).max(200);
const words = z.string().max(4000);
const time = z.number().describe('milliseconds since 1970');

const Problem = z.object({ error: z.string() }).openapi('Problem');
const Alert = z
  .object({
    id: z.number(),
    time,
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
const Verdict = z
  .object({
    id: z.number(),
    scope: z.enum(VERDICT_SCOPES),
    host: z.string().optional(),
    sid: z.number().optional(),
    story: z.string().optional(),
    verdict: z.enum(VERDICTS),
    note: z.string(),
    by: z.string(),
    created: time,
    expires: time.optional(),
    takenBack: z.object({ at: time, by: z.string() }).optional(),
  })
  .openapi('Verdict');
export const VerdictRequest = z
  .object({
    scope: z.enum(VERDICT_SCOPES),
    host: short.optional(),
    sid: sid.optional(),
    story: short.optional(),
    verdict: z.enum(VERDICTS),
    note: words.default(''),
    days: z.coerce.number().positive().max(3650).optional().describe('the verdict ends after so many days'),
  })
  .openapi('VerdictRequest');
export const FeedbackRequest = z
  .object({
    sid,
    rev: z.coerce.number().int().positive().optional().describe('the revision that was running'),
    kind: z.enum(FEEDBACK_KINDS),
    comment: words.default(''),
    slice: z
      .string()
      .regex(/^[A-Za-z0-9+/=\s]*$/)
      .optional()
      .describe('a capture that shows it, base64; the rule is tried on it'),
    redacted: z.boolean().default(false).describe('addresses of the slice are made up'),
    matched: z.array(z.string().max(4000)).max(32).default([]).describe('what the rule matched'),
    host: short.optional().describe('without a slice: the packets of the newest alert of this host are tried, where the server has them'),
  })
  .openapi('FeedbackRequest');
export const UserRequest = z
  .object({ name: z.string().regex(/^[\p{L}\p{N}._@-]{1,64}$/u), password: z.string().min(SHORTEST_PASSWORD).max(200), role: z.enum(USER_ROLES) })
  .openapi('UserRequest');
export const TokenRequest = z
  .object({ name: short, scopes: z.array(z.enum(SCOPES)).min(1), days: z.coerce.number().positive().max(3650).optional() })
  .openapi('TokenRequest');
export const WebhookRequest = z
  .object({
    name: short,
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .refine((url) => URL.canParse(url) && new URL(url).username === '' && new URL(url).password === '', 'a password does not belong in it')
      .describe('where messages are posted; only public addresses are dialled, and those that SIGWRIGHT_WEBHOOKS_INSIDE allows'),
    events: z.array(z.enum(WEBHOOK_EVENTS)).min(1),
  })
  .openapi('WebhookRequest');
export const DecisionBody = z
  .object({
    decision: z.enum(DECISIONS),
    reason: z.enum(['', ...REASONS]).default(''),
    note: words.optional(),
    rule: z.string().max(100_000).optional().describe('for revise: the rule as it is to be'),
    seen: z.string().max(100_000).optional().describe('the rule as it was when it was decided; another one meanwhile is a conflict'),
  })
  .openapi('Decision');
const LONGEST_REPORT = 4 * 1024 * 1024;
export const HuntBody = z
  .object({
    title: short.min(1),
    rules: z.string().min(1).max(LONGEST_REPORT),
    networks: short.optional().describe('what HOME_NET is'),
  })
  .openapi('Hunt');
const JudgedRule = z
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
const JudgedHost = z
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
const Story = z
  .object({ key: z.string(), title: z.string(), first: z.string(), last: z.string(), rules: z.array(JudgedRule), verdict: Verdict.optional() })
  .openapi('Story');
const HostPicture = JudgedHost.extend({
  stories: z.array(Story),
  wouldChange: z.array(z.string()),
  next: z.array(z.string()),
  verdicts: z.array(Verdict),
}).openapi('HostPicture');
const Ingested = z.object({ added: z.number(), known: z.number(), broken: z.number(), alerts: z.number() }).openapi('Ingested');
const Rule = z
  .object({ sid: z.number(), rev: z.number(), category: z.string(), message: z.string(), enabled: z.boolean(), alerts: z.number() })
  .openapi('Rule');
const ReviewItem = z
  .object({ sid: z.number(), message: z.string(), category: z.string(), role: z.string(), due: z.string(), overdue: z.number(), why: z.string() })
  .openapi('ReviewItem');
const ReportAnswer = z
  .object({
    title: z.string(),
    indicators: z.array(
      z.object({ type: z.string(), value: z.string(), start: z.number(), end: z.number(), role: z.string(), benign: z.boolean(), reason: z.string() }),
    ),
    rules: z.array(z.object({ sid: z.number(), text: z.string(), indicator: z.string(), weak: z.string().optional() })),
    skipped: z.array(z.object({ indicator: z.string(), why: z.string() })),
  })
  .openapi('ReportAnswer');

const json = <Shape extends z.ZodType>(schema: Shape, description: string) => ({ description, content: { 'application/json': { schema } } });
const body = <Shape extends z.ZodType>(schema: Shape) => ({ body: { required: true, content: { 'application/json': { schema } } } });
const REFUSALS = {
  400: json(Problem, 'the request is not understood'),
  401: json(Problem, 'not signed in, or the token is not valid'),
  403: json(Problem, 'not allowed'),
  404: json(Problem, 'there is none'),
  409: json(Problem, 'it changed meanwhile, or is taken'),
  429: json(Problem, 'too many requests'),
};
/** What a failure of the workbench is in HTTP. */
export function taken<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  const status = /\/(conflict|exists|four-eyes)$/.test(result.code) ? 409 : /\/(none|unknown-sid|no-repository)$/.test(result.code) ? 404 : 400;
  throw new Refusal(status, result.message);
}

/** Lines of one request; more come in several. */
const MOST_INGEST_BYTES = 256 * 1024 * 1024;
/** Milliseconds between looks at jobs for those who listen, and looks between signs of life. */
const JOBS_EVERY = 1000;
const STILL_EVERY = 15;

export function apiOf(desk: Desk): OpenAPIHono<Env> {
  const api = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw new Refusal(400, result.error.issues.map((issue) => `${issue.path.join('.') || 'the request'}: ${issue.message}`).join('; '));
    },
  });
  const route = <const Config extends Omit<RouteConfig, 'security'> & { scope: Scope }>({ scope, ...config }: Config) =>
    createRoute({
      ...config,
      description: `${config.description ?? ''}Needs the scope \`${scope}\`.`,
      security: [{ token: [scope] }, { session: [] }],
      // Before anything that was sent is looked at: what is wrong with it is nobody's business who may not ask.
      middleware: async (context: Context<Env>, next: Next) => {
        need(context, scope);
        await next();
      },
      responses: { ...REFUSALS, ...config.responses },
    } as Omit<Config, 'scope' | 'responses'> & { responses: Config['responses'] & typeof REFUSALS });

  api.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer', description: `API token; scopes: ${SCOPES.join(', ')}` });
  api.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'sigwright',
    description: 'the cookie of a signed-in browser, with the header x-csrf-token for changes',
  });

  api.openapi(
    route({
      scope: 'ingest',
      method: 'post',
      path: '/events',
      operationId: 'ingestEvents',
      summary: 'EVE JSON lines into the store; the same line counts once',
      request: { query: z.object({ sensor: short.default('http') }), body: { content: { 'application/x-ndjson': { schema: z.string() } } } },
      responses: { 200: json(Ingested, 'how many were new') },
    }),
    async (context) => {
      need(context, 'ingest');
      const { sensor } = context.req.valid('query');
      const stream = context.req.raw.body;
      if (stream === null) return context.json({ added: 0, known: 0, broken: 0, alerts: 0 }, 200);
      let bytes = 0;
      const bounded = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
          bytes += chunk.length;
          if (bytes > MOST_INGEST_BYTES) throw new Refusal(413, `more than ${MOST_INGEST_BYTES} bytes in one request; what came before is kept`);
          yield chunk;
        }
      };
      return context.json(await desk.store.ingest(bounded(), sensor), 200);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/hosts',
      operationId: 'listHosts',
      summary: 'Hosts, worst first, each with a judgement and its reasons',
      responses: { 200: json(z.object({ hosts: z.array(JudgedHost), quiet: z.number() }), 'the inbox') },
    }),
    async (context) => {
      need(context, 'read');
      const { hosts, quiet } = await desk.store.hosts();
      return context.json({ hosts: hosts as z.infer<typeof JudgedHost>[], quiet }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/hosts/{host}',
      operationId: 'getHost',
      summary: 'One host: judgement, stories, what would change it, what to do next',
      request: { params: z.object({ host: short }) },
      responses: { 200: json(HostPicture, 'the host') },
    }),
    async (context) => {
      need(context, 'read');
      const picture = await desk.store.host(context.req.valid('param').host);
      if (picture === undefined) throw new Refusal(404, 'nothing was ever heard of that host');
      return context.json(picture as unknown as z.infer<typeof HostPicture>, 200);
    },
  );

  const AlertQuery = z.object({
    sid: sid.optional(),
    host: short.optional(),
    address: short.optional(),
    flow: short.optional(),
    role: short.optional(),
    sensor: short.optional(),
    words: short.optional(),
    from: z.coerce.number().optional(),
    to: z.coerce.number().optional(),
    after: short.optional(),
    limit: z.coerce.number().int().min(1).max(500).optional(),
  });
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/alerts',
      operationId: 'listAlerts',
      summary: 'Alerts, newest first',
      request: { query: AlertQuery },
      responses: { 200: json(z.object({ alerts: z.array(Alert), next: z.string().optional() }), 'a page; ask on with `after` = `next`') },
    }),
    async (context) => {
      need(context, 'read');
      const { alerts, next } = await desk.store.alerts(context.req.valid('query'));
      return context.json({ alerts: [...alerts], ...(next === undefined ? {} : { next }) }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/alerts/{id}',
      operationId: 'getAlert',
      summary: 'An alert with its whole record',
      request: { params: z.object({ id }) },
      responses: { 200: json(Alert.extend({ record: z.record(z.string(), z.unknown()) }), 'the alert') },
    }),
    async (context) => {
      need(context, 'read');
      const found = await desk.store.record(context.req.valid('param').id);
      if (found === undefined) throw new Refusal(404, 'there is no such alert, or it was forgotten');
      return context.json(found, 200);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/verdicts',
      operationId: 'listVerdicts',
      summary: 'Verdicts, newest first',
      request: { query: z.object({ all: z.enum(['true', 'false']).default('false') }) },
      responses: { 200: json(z.object({ verdicts: z.array(Verdict) }), 'those that hold; with all=true those that ended, too') },
    }),
    async (context) => {
      need(context, 'read');
      return context.json({ verdicts: [...(await desk.store.verdicts(context.req.valid('query').all === 'true'))] }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'triage',
      method: 'post',
      path: '/verdicts',
      operationId: 'setVerdict',
      summary: 'A verdict on a story, a rule, a host, or a rule on a host',
      request: body(VerdictRequest),
      responses: { 201: json(z.object({ id: z.number() }), 'it holds from now on') },
    }),
    async (context) => {
      const who = need(context, 'triage');
      return context.json({ id: taken(await desk.setVerdict(who, context.req.valid('json'))) }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'triage',
      method: 'delete',
      path: '/verdicts/{id}',
      operationId: 'takeBackVerdict',
      summary: 'Takes a verdict back',
      request: { params: z.object({ id }) },
      responses: { 204: { description: 'it holds no more' } },
    }),
    async (context) => {
      const who = need(context, 'triage');
      taken(await desk.takeBackVerdict(who, context.req.valid('param').id));
      return context.body(null, 204);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/rules',
      operationId: 'listRules',
      summary: 'Rules of the repository',
      responses: { 200: json(z.object({ rules: z.array(Rule) }), 'all of them') },
    }),
    async (context) => {
      need(context, 'read');
      const seen = new Map((await desk.store.signatures()).map((one) => [one.sid, one.alerts]));
      const rules = (desk.repository()?.rules ?? []).map(({ rule, category }) => ({
        sid: rule.sid,
        rev: rule.rev,
        category,
        message: rule.message,
        enabled: rule.enabled,
        alerts: seen.get(rule.sid) ?? 0,
      }));
      return context.json({ rules }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'write',
      method: 'post',
      path: '/rules/{sid}/decisions',
      operationId: 'decideRule',
      summary: 'Keep, revise, disable, retire or delete a rule',
      request: { params: z.object({ sid }), ...body(DecisionBody) },
      responses: { 200: json(z.object({ state: z.enum(['done', 'proposed']) }), 'done, or waiting for a second pair of eyes') },
    }),
    async (context) => {
      const who = need(context, 'write');
      return context.json({ state: taken(await desk.decide(who, { sid: context.req.valid('param').sid, ...context.req.valid('json') })) }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'write',
      method: 'post',
      path: '/proofs',
      operationId: 'proveRules',
      summary: 'Tries every rule on its evidence; by workers where there is a broker',
      responses: { 201: json(z.object({ job: z.number() }), '/jobs tells how far it is') },
    }),
    async (context) => {
      const who = need(context, 'write');
      return context.json({ job: taken(await desk.prove(who)) }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/review',
      operationId: 'listReview',
      summary: 'Which rules are due and why',
      responses: { 200: json(z.object({ items: z.array(ReviewItem) }), 'most overdue first') },
    }),
    async (context) => {
      need(context, 'read');
      const repository = desk.repository();
      return context.json({ items: repository === undefined ? [] : [...(await desk.reviewQueue(repository))] }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/releases',
      operationId: 'listReleases',
      summary: 'Releases, newest first',
      responses: { 200: json(z.object({ releases: z.array(z.object({ version: z.string(), files: z.number() })) }), 'versions') },
    }),
    async (context) => {
      need(context, 'read');
      return context.json({ releases: desk.releases().map(({ version, files }) => ({ version, files: files.length })) }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'release',
      method: 'post',
      path: '/releases',
      operationId: 'makeRelease',
      summary: 'Makes a release',
      request: body(z.object({ version: short })),
      responses: { 201: json(z.object({ version: z.string() }), 'it is there') },
    }),
    async (context) => {
      const who = need(context, 'release');
      const { version } = context.req.valid('json');
      taken(await desk.release(who, version));
      return context.json({ version }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'post',
      path: '/reports/read',
      operationId: 'readReport',
      summary: 'What a report says, and draft rules; nothing is kept',
      request: body(z.object({ text: z.string().max(LONGEST_REPORT) })),
      responses: { 200: json(ReportAnswer, 'indicators with offsets, drafts') },
    }),
    async (context) => {
      need(context, 'read');
      const { reading, draft } = desk.readReport(context.req.valid('json').text);
      const indicators = reading.indicators.map(({ type, value, start, end, role, benign, reason }) => ({ type, value, start, end, role, benign, reason }));
      return context.json(
        {
          title: reading.title,
          indicators,
          rules: draft.rules.map(({ sid, text, indicator, weak }) => ({ sid, text, indicator, ...(weak === undefined ? {} : { weak }) })),
          skipped: [...draft.skipped],
        },
        200,
      );
    },
  );

  const Receipt = z.object({ reference: z.string(), outcome: z.string(), says: z.string() }).openapi('FeedbackReceipt');
  const Feedback = z
    .object({
      reference: z.string(),
      sid,
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
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/feedback',
      summary: 'What was reported about rules, and what came of it',
      responses: { 200: json(z.object({ feedback: z.array(Feedback) }), 'newest first') },
    }),
    (context) => {
      need(context, 'read');
      return context.json({ feedback: [...desk.feedback()] }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'triage',
      method: 'post',
      path: '/feedback',
      summary: 'Reports a rule to its writers',
      request: body(FeedbackRequest),
      responses: { 201: json(Receipt, 'it was tried and is kept in the repository; the rule is due for review') },
    }),
    async (context) => {
      const who = need(context, 'triage');
      const { reference, outcome, says } = taken(await desk.addFeedback(who, context.req.valid('json')));
      return context.json({ reference, outcome, says }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'write',
      method: 'post',
      path: '/feedback/{reference}/{state}',
      summary: 'Accepts a report, so that its slice is evidence of the rule, or declines it with a word to the reporter',
      request: {
        params: z.object({ reference: z.string().regex(/^[\w.-]{1,100}$/), state: z.enum(['accepted', 'declined']) }),
        ...body(z.object({ note: words.default('') })),
      },
      responses: { 204: { description: 'answered' } },
    }),
    async (context) => {
      const who = need(context, 'write');
      const { reference, state } = context.req.valid('param');
      taken(await desk.answerFeedback(who, reference, state, context.req.valid('json').note));
      return context.body(null, 204);
    },
  );

  const Sensor = z.object({ id: z.number(), name: z.string(), first_seen: time, last_seen: time, events: z.number() }).openapi('Sensor');
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/sensors',
      operationId: 'listSensors',
      summary: 'Where events come from',
      responses: { 200: json(z.object({ sensors: z.array(Sensor) }), 'by name') },
    }),
    async (context) => {
      need(context, 'read');
      return context.json({ sensors: [...(await desk.store.sensors())] }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'get',
      path: '/users',
      operationId: 'listUsers',
      summary: 'Users',
      responses: {
        200: json(z.object({ users: z.array(z.object({ id: z.number(), name: z.string(), role: z.string(), disabled: z.boolean() })) }), 'by name'),
      },
    }),
    async (context) => {
      need(context, 'admin');
      return context.json(
        { users: (await desk.store.people.users()).map((user) => ({ id: user.id, name: user.name, role: user.role, disabled: user.disabled })) },
        200,
      );
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'post',
      path: '/users',
      operationId: 'addUser',
      summary: 'Adds a user',
      request: body(UserRequest),
      responses: { 201: json(z.object({ id: z.number() }), 'the user may sign in') },
    }),
    async (context) => {
      const who = need(context, 'admin');
      const wanted = context.req.valid('json');
      const added = await desk.store.people.addUser(wanted.name, wanted.password, wanted.role);
      if (added === undefined) throw new Refusal(409, `the name ${wanted.name} is taken`);
      await desk.store.people.note(who.name, 'user added', wanted.name, { role: wanted.role });
      return context.json({ id: added }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'post',
      path: '/tokens',
      operationId: 'addToken',
      summary: 'A token for programs; it is told once',
      request: body(TokenRequest),
      responses: { 201: json(z.object({ id: z.number(), token: z.string() }), 'keep it') },
    }),
    async (context) => {
      const who = need(context, 'admin');
      const { name, scopes, days } = context.req.valid('json');
      const made = await desk.store.people.addToken(who.user, name, scopes, days === undefined ? undefined : desk.now() + days * 86_400_000);
      await desk.store.people.note(who.name, 'token added', name, { scopes });
      return context.json(made, 201);
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'delete',
      path: '/tokens/{id}',
      operationId: 'endToken',
      summary: 'Ends a token',
      request: { params: z.object({ id }) },
      responses: { 204: { description: 'it opens nothing any more' } },
    }),
    async (context) => {
      const who = need(context, 'admin');
      const dropped = context.req.valid('param').id;
      if (!(await desk.store.people.dropToken(dropped))) throw new Refusal(404, 'there is no such token');
      await desk.store.people.note(who.name, 'token ended', String(dropped));
      return context.body(null, 204);
    },
  );

  const Entry = z.object({ time, who: z.string(), action: z.string(), target: z.string(), detail: z.string() }).openapi('AuditEntry');
  api.openapi(
    route({
      scope: 'admin',
      method: 'get',
      path: '/audit',
      operationId: 'listAudit',
      summary: 'Who changed what',
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }) },
      responses: { 200: json(z.object({ entries: z.array(Entry) }), 'newest first') },
    }),
    async (context) => {
      need(context, 'admin');
      const entries = await desk.store.people.audit(context.req.valid('query').limit);
      return context.json({ entries: entries.map(({ time: at, who, action, target, detail }) => ({ time: at, who, action, target, detail })) }, 200);
    },
  );

  const Webhook = z
    .object({
      id: z.number(),
      name: z.string(),
      url: z.string(),
      events: z.array(z.enum(WEBHOOK_EVENTS)),
      created: time,
      state: z.string().describe('of its last message: waiting, done, failed; empty before the first'),
      said: z.string(),
      waiting: z.number(),
      gone: time.nullable().describe('when its receiver said that it is gone (410): it is told nothing more'),
    })
    .openapi('Webhook');
  api.openapi(
    route({
      scope: 'admin',
      method: 'get',
      path: '/webhooks',
      operationId: 'listWebhooks',
      summary: 'Who is told of what',
      responses: { 200: json(z.object({ webhooks: z.array(Webhook) }), 'in order of age') },
    }),
    async (context) => {
      need(context, 'admin');
      return context.json({ webhooks: (await desk.store.webhooks.list()).map((one) => ({ ...one, events: [...one.events] })) }, 200);
    },
  );
  api.openapi(
    route({
      scope: 'admin',
      method: 'post',
      path: '/webhooks',
      operationId: 'addWebhook',
      summary: 'Adds a webhook; its secret is told once. Messages are signed as Standard Webhooks says',
      request: body(WebhookRequest),
      responses: { 201: json(z.object({ id: z.number(), secret: z.string() }), 'it is told of what happens from now on') },
    }),
    async (context) => {
      const who = need(context, 'admin');
      return context.json(taken(await desk.addWebhook(who, context.req.valid('json'))), 201);
    },
  );
  api.openapi(
    route({
      scope: 'admin',
      method: 'delete',
      path: '/webhooks/{id}',
      operationId: 'endWebhook',
      summary: 'Ends a webhook; what waits for it is dropped',
      request: { params: z.object({ id }) },
      responses: { 204: { description: 'it is told nothing more' } },
    }),
    async (context) => {
      const who = need(context, 'admin');
      const ended = context.req.valid('param').id;
      if (!(await desk.store.webhooks.end(ended))) throw new Refusal(404, 'there is no such webhook');
      await desk.store.people.note(who.name, 'webhook: end', String(ended));
      return context.body(null, 204);
    },
  );

  const Job = z
    .object({
      id: z.number(),
      kind: z.string(),
      state: z.string(),
      done: z.number(),
      total: z.number(),
      said: z.string(),
      by: z.string(),
      created: time,
      ended: time.nullable(),
    })
    .openapi('Job');
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/jobs',
      operationId: 'listJobs',
      summary: 'Work in the background',
      responses: { 200: json(z.object({ jobs: z.array(Job) }), 'newest first') },
    }),
    async (context) => {
      need(context, 'read');
      return context.json({ jobs: [...(await desk.store.jobs())] }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'triage',
      method: 'post',
      path: '/hunts',
      operationId: 'beginHunt',
      summary: 'Begins a retro-hunt: rules over the archive of captures',
      request: body(HuntBody),
      responses: { 201: json(z.object({ job: z.number() }), 'it waits for workers; /jobs tells how far it is') },
    }),
    async (context) => {
      const who = need(context, 'triage');
      return context.json({ job: taken(await desk.hunt(who, context.req.valid('json'))) }, 201);
    },
  );

  const Hits = z.array(z.object({ sid: z.number(), signature: z.string(), captures: z.number(), alerts: z.number() }));
  const Captures = z.array(z.object({ capture: z.string(), state: z.string(), said: z.string(), alerts: z.number(), worker: z.string() }));
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/hunts/{id}',
      operationId: 'getHunt',
      summary: 'What a retro-hunt found',
      request: { params: z.object({ id }) },
      responses: {
        200: json(
          z.object({ title: z.string(), state: z.string(), done: z.number(), total: z.number(), hits: Hits, captures: Captures }),
          'rules that fired; captures with alerts, set aside, or not read to their end',
        ),
      },
    }),
    async (context) => {
      need(context, 'read');
      const job = context.req.valid('param').id;
      const hunt = (await desk.store.hunts.list()).find((one) => one.job === job);
      if (hunt === undefined) throw new Refusal(404, 'there is no such hunt');
      const { title, state, done, total } = hunt;
      return context.json(
        { title, state, done, total, hits: [...(await desk.store.hunts.hits(job))], captures: [...(await desk.store.hunts.captures(job))] },
        200,
      );
    },
  );

  api.openapi(
    route({
      scope: 'triage',
      method: 'post',
      path: '/hunts/{id}/cancel',
      operationId: 'cancelHunt',
      summary: 'Gives a retro-hunt up; what was found stays',
      request: { params: z.object({ id }) },
      responses: { 204: { description: 'workers stop' } },
    }),
    async (context) => {
      const who = need(context, 'triage');
      taken(await desk.cancelHunt(who, context.req.valid('param').id));
      return context.body(null, 204);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/stream',
      operationId: 'stream',
      summary: 'Server-sent events: `alerts` with the ids of new alerts, `jobs` with how far background work is',
      responses: { 200: { description: 'a stream that stays open', content: { 'text/event-stream': { schema: z.string() } } } },
    }),
    (context) => {
      need(context, 'read');
      return streamSSE(context, async (stream) => {
        const end = desk.store.onAlerts(
          (ids) => void stream.writeSSE({ event: 'alerts', data: JSON.stringify({ count: ids.length, ids: ids.slice(0, 100) }) }),
        );
        stream.onAbort(end);
        await stream.writeSSE({ event: 'hello', data: '{}' });
        let told = '';
        for (let round = 1; !stream.aborted; round++) {
          await stream.sleep(JOBS_EVERY);
          const jobs = JSON.stringify((await desk.store.jobs()).slice(0, 20).map(({ id: job, state, done, total }) => ({ id: job, state, done, total })));
          if (jobs !== told) await stream.writeSSE({ event: 'jobs', data: jobs });
          else if (round % STILL_EVERY === 0) await stream.writeSSE({ event: 'still', data: '{}' });
          told = jobs;
        }
      }) as never;
    },
  );

  api.get('/openapi.json', (context) =>
    context.json(
      api.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'sigwright',
          version: '1',
          description: 'Alerts, hosts, verdicts, rules, releases. All times are milliseconds since 1970 where a number, ISO 8601 where text.',
        },
        servers: [{ url: '/api/v1' }],
      }),
    ),
  );
  return api;
}
