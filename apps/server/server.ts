/** The server as one application: what every request passes first, then the API below /api/v1, files, and the pages with their forms. */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { apiOf } from './api.ts';
import type { Desk } from './desk.ts';
import { addErrorPages } from './error-pages.ts';
import { Refusal } from './refusal.ts';
import { type RequestEntry, requestLog } from './request-log.ts';
import { addCaptureRoutes } from './routes/captures.ts';
import { addCommunityRoutes } from './routes/community.ts';
import { addFeedbackRoutes } from './routes/feedback.ts';
import { addHuntRoutes } from './routes/hunts.ts';
import { addMonitoringRoutes } from './routes/monitoring.ts';
import { addReleaseRoutes } from './routes/releases.ts';
import { addReportRoutes } from './routes/reports.ts';
import { addRuleRoutes } from './routes/rules.ts';
import { addSettingRoutes } from './routes/settings.ts';
import { addSignInRoutes } from './routes/sign-in.ts';
import { Site } from './routes/site.ts';
import { addTriageRoutes } from './routes/triage.ts';
import { addUserRoutes } from './routes/users.ts';
import { addWebhookRoutes } from './routes/webhooks.ts';
import { type Env, Gate } from './security.ts';
import { addStaticFiles } from './static-files.ts';

/** Bytes of a form or an API call; lines of events are counted by themselves. */
const LONGEST_BODY = 5 * 1024 * 1024;

export interface App {
  readonly hono: Hono<Env>;
  readonly gate: Gate;
}

/**
 * `origin`: the address that people use, known once the server listens. `fault`: told of what broke; nothing of it goes to the page.
 * `request`: told of every answer.
 */
export function appOf(desk: Desk, origin: () => string, fault: (problem: Error, path: string) => void, request?: (entry: RequestEntry) => void): App {
  const app = new Hono<Env>();
  const gate = new Gate(desk, origin);
  const site = new Site(app, desk, gate);

  if (request !== undefined) app.use('*', requestLog(gate, request));
  addErrorPages(site, fault);

  // For machines that watch over it; they tell nothing about anybody.
  app.get('/health', (context) => context.text('ok\n'));
  app.get('/ready', async (context) => {
    await desk.store.ready();
    return context.text('ready\n');
  });

  const limit = bodyLimit({
    maxSize: LONGEST_BODY,
    onError: () => {
      throw new Refusal(413, `more than ${LONGEST_BODY} bytes`);
    },
  });
  app.use('*', (context, next) => (context.req.path === '/api/v1/events' ? next() : limit(context, next)));
  app.use('*', gate.guard());

  app.route('/api/v1', apiOf(desk));
  addStaticFiles(app);

  addTriageRoutes(site);
  addCaptureRoutes(site);
  addRuleRoutes(site);
  addFeedbackRoutes(site);
  addReportRoutes(site);
  addHuntRoutes(site);
  addReleaseRoutes(site);
  addCommunityRoutes(site);
  addMonitoringRoutes(site);
  addSettingRoutes(site);
  addUserRoutes(site);
  addWebhookRoutes(site);
  addSignInRoutes(site, origin);
  return { hono: app, gate };
}
