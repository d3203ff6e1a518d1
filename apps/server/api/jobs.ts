/** Work in the background. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, route } from './route.ts';
import { Job } from './schemas.ts';

export function jobRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/jobs',
      operationId: 'listJobs',
      summary: 'Work in the background',
      responses: { 200: jsonAnswer(z.object({ jobs: z.array(Job) }), 'newest first') },
    }),
    async (context) => {
      need(context, 'read');
      return context.json({ jobs: [...(await desk.store.jobs())] }, 200);
    },
  );
}
