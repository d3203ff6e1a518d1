/** EVE events into the store. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { Refusal } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, route } from './route.ts';
import { Ingested, ShortText } from './schemas.ts';

/** Bytes of one request; more come in several. */
const MOST_INGEST_BYTES = 256 * 1024 * 1024;

export function eventRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'ingest',
      method: 'post',
      path: '/events',
      operationId: 'ingestEvents',
      summary: 'EVE JSON lines into the store; the same line counts once',
      request: { query: z.object({ sensor: ShortText.default('http') }), body: { content: { 'application/x-ndjson': { schema: z.string() } } } },
      responses: { 200: jsonAnswer(Ingested, 'how many were new') },
    }),
    async (context) => {
      need(context, 'ingest');
      const { sensor } = context.req.valid('query');
      const stream = context.req.raw.body;
      if (stream === null) return context.json({ added: 0, known: 0, broken: 0, alerts: 0 }, 200);
      let bytes = 0;
      const bounded = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
          bytes += chunk.length;
          if (bytes > MOST_INGEST_BYTES) throw new Refusal(413, `more than ${MOST_INGEST_BYTES} bytes in one request; what came before is kept`);
          yield chunk;
        }
      };
      return context.json(await desk.store.ingest(bounded(), sensor), 200);
    },
  );
}
