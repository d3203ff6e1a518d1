/** The audit log. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, route } from './route.ts';
import { AuditEntry } from './schemas.ts';

export function auditRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'admin',
      method: 'get',
      path: '/audit',
      operationId: 'listAudit',
      summary: 'Who changed what',
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }) },
      responses: { 200: jsonAnswer(z.object({ entries: z.array(AuditEntry) }), 'newest first') },
    }),
    async (context) => {
      need(context, 'admin');
      const entries = await desk.store.people.audit(context.req.valid('query').limit);
      return context.json({ entries: entries.map(({ time: at, who, action, target, detail }) => ({ time: at, who, action, target, detail })) }, 200);
    },
  );
}
