/** Hosts with their judgements. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { Refusal } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, route } from './route.ts';
import { HostPicture, JudgedHost, ShortText } from './schemas.ts';

export function hostRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/hosts',
      operationId: 'listHosts',
      summary: 'Hosts, worst first, each with a judgement and its reasons',
      responses: { 200: jsonAnswer(z.object({ hosts: z.array(JudgedHost), quiet: z.number() }), 'the inbox') },
    }),
    async (context) => {
      need(context, 'read');
      const { hosts, quiet } = await desk.store.hosts();
      return context.json({ hosts: hosts as z.infer<typeof JudgedHost>[], quiet }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/hosts/{host}',
      operationId: 'getHost',
      summary: 'One host: judgement, stories, what would change it, what to do next',
      request: { params: z.object({ host: ShortText }) },
      responses: { 200: jsonAnswer(HostPicture, 'the host') },
    }),
    async (context) => {
      need(context, 'read');
      const picture = await desk.store.host(context.req.valid('param').host);
      if (picture === undefined) throw new Refusal(404, 'nothing was ever heard of that host');
      return context.json(picture as unknown as z.infer<typeof HostPicture>, 200);
    },
  );
}
