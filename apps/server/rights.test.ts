/**
 * Every route × every role, and somebody who did not sign in: who has the right a route needs is let in, whoever else is refused and changes
 * nothing. The routes are the application's own: one that is not in the table fails.
 */

import { SCOPES, type Scope, USER_ROLES, type UserRole } from '@sigwright/workbench';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertLine, type Trial, trial } from './test-kit.ts';

/** Routes for all: they show nothing of the store, or are how one signs in. */
const OPEN = ['GET /health', 'GET /ready', 'GET /style.css', 'GET /web/:name', 'GET /api/v1/openapi.json', 'GET /sign-in', 'POST /sign-in'];
const SIGN_IN = ['POST /sign-out', 'GET /sign-in/provider', 'GET /sign-in/back', 'GET /set-up/:secret', 'POST /set-up/:secret'];
const NEEDS: Record<Scope, readonly string[]> = {
  read: [
    ...['/', '/hosts/:host', '/alerts', '/alerts/export', '/alerts/:id', '/alerts/:id/packets.pcap', '/metrics', '/rules', '/rules/:sid', '/workbench'],
    ...['/reports', '/reports/:slug', '/review', '/hunts', '/hunts/:job', '/hunts/:job/alerts.json', '/releases', '/releases/difference'],
    ...['/community', '/community.md', '/sensors', '/feedback', '/settings', '/example.pcap', '/rules/:sid/evidence/:name'],
    ...['hosts', 'hosts/:host', 'alerts', 'alerts/:id', 'verdicts', 'rules', 'review', 'releases', 'feedback', 'sensors', 'jobs', 'hunts/:id', 'stream'].map(
      (name) => `/api/v1/${name}`,
    ),
  ]
    .map((path) => `GET ${path}`)
    .concat('POST /reports/read', 'POST /api/v1/reports/read', 'POST /settings/password'),
  ingest: ['POST /api/v1/events'],
  triage: [
    ...['POST /verdicts', 'POST /verdicts/:id/take-back', 'POST /feedback', 'POST /hunts', 'POST /hunts/:job/cancel'],
    ...['POST /api/v1/verdicts', 'DELETE /api/v1/verdicts/:id', 'POST /api/v1/feedback', 'POST /api/v1/hunts', 'POST /api/v1/hunts/:id/cancel'],
  ],
  write: [
    ...['POST /feedback/:reference/:state{accepted|declined}', 'POST /rules', 'POST /rules/prove', 'POST /rules/:sid/decide', 'POST /community'],
    ...['POST /community/anew', 'POST /api/v1/rules/:sid/decisions', 'POST /api/v1/proofs', 'POST /api/v1/feedback/:reference/:state'],
  ],
  release: ['POST /releases', 'POST /api/v1/releases'],
  admin: [
    ...['networks', 'links', 'users', 'users/:id', 'tokens', 'tokens/:id/end', 'webhooks', 'webhooks/:id/:action{test|again|enable|end}', 'oidc'].map(
      (name) => `POST /settings/${name}`,
    ),
    ...['GET /api/v1/users', 'POST /api/v1/users', 'POST /api/v1/tokens', 'DELETE /api/v1/tokens/:id', 'GET /api/v1/audit'],
    ...['GET /api/v1/webhooks', 'POST /api/v1/webhooks', 'DELETE /api/v1/webhooks/:id'],
  ],
};
const HAS: Record<UserRole, readonly Scope[]> = {
  reader: ['read'],
  analyst: ['read', 'triage'],
  writer: ['read', 'triage', 'write'],
  releaser: ['read', 'triage', 'write', 'release'],
  admin: SCOPES,
};

let here: Trial;
beforeAll(async () => {
  here = await trial();
  await here.store.ingest([new TextEncoder().encode(alertLine())], 'sensor');
});
afterAll(() => here.close());

/** A request with the right token and nothing in it; its status. */
async function statusOf(route: string, who?: { readonly cookie: string; readonly csrf: string }): Promise<number> {
  const [method, path] = route.split(' ');
  const filled = path.replace(/:(state|action)\{(\w+)[^}]*\}/g, '$2').replace(/:\w+/g, '999');
  const answer = await here.ask(filled, {
    method,
    ...(who === undefined ? {} : { cookie: who.cookie, headers: { 'x-csrf-token': who.csrf } }),
    ...(method === 'GET' ? {} : path.startsWith('/api/') ? { json: {} } : { form: who === undefined ? {} : { csrf: who.csrf } }),
  });
  await answer.body?.cancel();
  here.clock += 60_000;
  return answer.status;
}

test('the table has every route', () => {
  const routes = here.hono.routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*')).map(({ method, path }) => `${method} ${path}`);
  expect([...OPEN, ...SIGN_IN, ...Object.values(NEEDS).flat()].sort()).toEqual([...new Set(routes)].sort());
});

test.each(USER_ROLES)('%s', { timeout: 60_000 }, async (role) => {
  const who = await here.signedIn(role);
  const wrong: string[] = [];
  for (const [scope, routes] of Object.entries(NEEDS) as [Scope, readonly string[]][])
    for (const route of routes) {
      const before = (await here.store.people.audit(1000)).length;
      const status = await statusOf(route, who);
      const may = HAS[role].includes(scope);
      if ((status === 403 || status === 401) === may || status >= 500) wrong.push(`${route}: ${status}`);
      if (!may && (await here.store.people.audit(1000)).length !== before) wrong.push(`${route}: refused, and something changed`);
    }
  expect(wrong).toEqual([]);
});

test('somebody who did not sign in', async () => {
  const wrong: string[] = [];
  for (const route of Object.values(NEEDS).flat()) {
    const status = await statusOf(route);
    // Pages lead to where one signs in.
    if (status !== 401 && status !== 403 && status !== 303 && status !== 302) wrong.push(`${route}: ${status}`);
  }
  for (const route of OPEN) if ((await statusOf(route)) >= 500) wrong.push(route);
  expect(wrong).toEqual([]);
});
