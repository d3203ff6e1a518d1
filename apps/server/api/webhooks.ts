/** Webhooks. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { Refusal, unwrap } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { Id, Webhook, WebhookRequest } from './schemas.ts';

export function webhookRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'admin',
      method: 'get',
      path: '/webhooks',
      operationId: 'listWebhooks',
      summary: 'Who is told of what',
      responses: { 200: jsonAnswer(z.object({ webhooks: z.array(Webhook) }), 'in order of age') },
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
      request: jsonBody(WebhookRequest),
      responses: { 201: jsonAnswer(z.object({ id: z.number(), secret: z.string() }), 'it is told of what happens from now on') },
    }),
    async (context) => {
      const who = need(context, 'admin');
      return context.json(unwrap(await desk.webhooks.add(who, context.req.valid('json'))), 201);
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'delete',
      path: '/webhooks/{id}',
      operationId: 'endWebhook',
      summary: 'Ends a webhook; what waits for it is dropped',
      request: { params: z.object({ id: Id }) },
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
}
