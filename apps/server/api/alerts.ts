/** Alerts and their records. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { Refusal } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, route } from './route.ts';
import { Alert, Id, ShortText, Sid } from './schemas.ts';

const AlertQuery = z.object({
  sid: Sid.optional(),
  host: ShortText.optional(),
  address: ShortText.optional(),
  flow: ShortText.optional(),
  role: ShortText.optional(),
  sensor: ShortText.optional(),
  words: ShortText.optional(),
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  after: ShortText.optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
});

export function alertRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/alerts',
      operationId: 'listAlerts',
      summary: 'Alerts, newest first',
      request: { query: AlertQuery },
      responses: { 200: jsonAnswer(z.object({ alerts: z.array(Alert), next: z.string().optional() }), 'a page; ask on with `after` = `next`') },
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
      request: { params: z.object({ id: Id }) },
      responses: { 200: jsonAnswer(Alert.extend({ record: z.record(z.string(), z.unknown()) }), 'the alert') },
    }),
    async (context) => {
      need(context, 'read');
      const found = await desk.store.record(context.req.valid('param').id);
      if (found === undefined) throw new Refusal(404, 'there is no such alert, or it was forgotten');
      return context.json(found, 200);
    },
  );
}
