/** Server-sent events: new alerts, progress of work in the background. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Desk } from '../desk.ts';
import { type Env, need } from '../security.ts';
import { route } from './route.ts';

/** Milliseconds between looks at jobs for those who listen, and looks between signs of life. */
const JOBS_EVERY = 1000;
const STILL_EVERY = 15;

export function streamRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/stream',
      operationId: 'stream',
      summary: 'Server-sent events: `alerts` with the ids of new alerts, `jobs` with how far background work is',
      responses: { 200: { description: 'a stream that stays open', content: { 'text/event-stream': { schema: z.string() } } } },
    }),
    (context) => {
      need(context, 'read');
      return streamSSE(context, (stream) => tell(stream, desk)) as never;
    },
  );
}

async function tell(stream: SSEStreamingApi, desk: Desk): Promise<void> {
  const end = desk.store.onAlerts((ids) => void stream.writeSSE({ event: 'alerts', data: JSON.stringify({ count: ids.length, ids: ids.slice(0, 100) }) }));
  stream.onAbort(end);
  await stream.writeSSE({ event: 'hello', data: '{}' });
  let told = '';
  for (let round = 1; !stream.aborted; round++) {
    await stream.sleep(JOBS_EVERY);
    const rows = await desk.store.jobs().catch(() => undefined);
    // The store is out of reach, or closed since the server ends: so does the stream, and whoever listens asks again.
    if (rows === undefined) break;
    const jobs = JSON.stringify(rows.slice(0, 20).map(({ id: job, state, done, total }) => ({ id: job, state, done, total })));
    if (jobs !== told) await stream.writeSSE({ event: 'jobs', data: jobs });
    else if (round % STILL_EVERY === 0) await stream.writeSSE({ event: 'still', data: '{}' });
    told = jobs;
  }
  end();
}
