/** Sensors that events come from. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, route } from './route.ts';
import { Sensor } from './schemas.ts';

export function sensorRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/sensors',
      operationId: 'listSensors',
      summary: 'Where events come from',
      responses: { 200: jsonAnswer(z.object({ sensors: z.array(Sensor) }), 'by name') },
    }),
    async (context) => {
      need(context, 'read');
      return context.json({ sensors: [...(await desk.store.sensors())] }, 200);
    },
  );
}
