/** Releases of the ruleset. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { unwrap } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { ShortText } from './schemas.ts';

export function releaseRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/releases',
      operationId: 'listReleases',
      summary: 'Releases, newest first',
      responses: { 200: jsonAnswer(z.object({ releases: z.array(z.object({ version: z.string(), files: z.number() })) }), 'versions') },
    }),
    async (context) => {
      need(context, 'read');
      return context.json({ releases: desk.releases.list().map(({ version, files }) => ({ version, files: files.length })) }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'release',
      method: 'post',
      path: '/releases',
      operationId: 'makeRelease',
      summary: 'Makes a release',
      request: jsonBody(z.object({ version: ShortText })),
      responses: { 201: jsonAnswer(z.object({ version: z.string() }), 'it is there') },
    }),
    async (context) => {
      const who = need(context, 'release');
      const { version } = context.req.valid('json');
      unwrap(await desk.releases.make(who, version));
      return context.json({ version }, 201);
    },
  );
}
