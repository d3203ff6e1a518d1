/** Retro-hunts over the archive of captures. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { Refusal, unwrap } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { HuntRequest, Id } from './schemas.ts';

const Hits = z.array(z.object({ sid: z.number(), signature: z.string(), captures: z.number(), alerts: z.number() }));
const Captures = z.array(z.object({ capture: z.string(), state: z.string(), said: z.string(), alerts: z.number(), worker: z.string() }));

export function huntRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'triage',
      method: 'post',
      path: '/hunts',
      operationId: 'beginHunt',
      summary: 'Begins a retro-hunt: rules over the archive of captures',
      request: jsonBody(HuntRequest),
      responses: { 201: jsonAnswer(z.object({ job: z.number() }), 'it waits for workers; /jobs tells how far it is') },
    }),
    async (context) => {
      const who = need(context, 'triage');
      return context.json({ job: unwrap(await desk.hunts.begin(who, context.req.valid('json'))) }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/hunts/{id}',
      operationId: 'getHunt',
      summary: 'What a retro-hunt found',
      request: { params: z.object({ id: Id }) },
      responses: {
        200: jsonAnswer(
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
      request: { params: z.object({ id: Id }) },
      responses: { 204: { description: 'workers stop' } },
    }),
    async (context) => {
      const who = need(context, 'triage');
      unwrap(await desk.hunts.cancel(who, context.req.valid('param').id));
      return context.body(null, 204);
    },
  );
}
