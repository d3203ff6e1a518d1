/** The API below /api/v1: routes are declared with their shapes, checks and rights, and /api/v1/openapi.json is made of that. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { SCOPES } from '@sigwright/workbench';
import { alertRoutes } from './api/alerts.ts';
import { auditRoutes } from './api/audit.ts';
import { eventRoutes } from './api/events.ts';
import { feedbackRoutes } from './api/feedback.ts';
import { hostRoutes } from './api/hosts.ts';
import { huntRoutes } from './api/hunts.ts';
import { jobRoutes } from './api/jobs.ts';
import { releaseRoutes } from './api/releases.ts';
import { reportRoutes } from './api/reports.ts';
import { ruleRoutes } from './api/rules.ts';
import { sensorRoutes } from './api/sensors.ts';
import { streamRoutes } from './api/stream.ts';
import { userRoutes } from './api/users.ts';
import { verdictRoutes } from './api/verdicts.ts';
import { webhookRoutes } from './api/webhooks.ts';
import type { Desk } from './desk.ts';
import { Refusal } from './refusal.ts';
import type { Env } from './security.ts';

/** In the order of the description. */
const ROUTES = [
  eventRoutes,
  hostRoutes,
  alertRoutes,
  verdictRoutes,
  ruleRoutes,
  releaseRoutes,
  reportRoutes,
  feedbackRoutes,
  sensorRoutes,
  userRoutes,
  auditRoutes,
  webhookRoutes,
  jobRoutes,
  huntRoutes,
  streamRoutes,
];

export function apiOf(desk: Desk): OpenAPIHono<Env> {
  const api = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw new Refusal(400, result.error.issues.map((issue) => `${issue.path.join('.') || 'the request'}: ${issue.message}`).join('; '));
    },
  });
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer', description: `API token; scopes: ${SCOPES.join(', ')}` });
  api.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'sigwright',
    description: 'the cookie of a signed-in browser, with the header x-csrf-token for changes',
  });

  for (const addRoutes of ROUTES) addRoutes(api, desk);

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
