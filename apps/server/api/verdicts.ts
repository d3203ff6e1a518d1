/** Verdicts: listed, set, taken back. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { unwrap } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { Id, Verdict, VerdictRequest } from './schemas.ts';

export function verdictRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/verdicts',
      operationId: 'listVerdicts',
      summary: 'Verdicts, newest first',
      request: { query: z.object({ all: z.enum(['true', 'false']).default('false') }) },
      responses: { 200: jsonAnswer(z.object({ verdicts: z.array(Verdict) }), 'those that hold; with all=true those that ended, too') },
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
      request: jsonBody(VerdictRequest),
      responses: { 201: jsonAnswer(z.object({ id: z.number() }), 'it holds from now on') },
    }),
    async (context) => {
      const who = need(context, 'triage');
      return context.json({ id: unwrap(await desk.verdicts.set(who, context.req.valid('json'))) }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'triage',
      method: 'delete',
      path: '/verdicts/{id}',
      operationId: 'takeBackVerdict',
      summary: 'Takes a verdict back',
      request: { params: z.object({ id: Id }) },
      responses: { 204: { description: 'it holds no more' } },
    }),
    async (context) => {
      const who = need(context, 'triage');
      unwrap(await desk.verdicts.takeBack(who, context.req.valid('param').id));
      return context.body(null, 204);
    },
  );
}
