/** Reports of threats, read for indicators and draft rules. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { LONGEST_REPORT, ReportAnswer } from './schemas.ts';

export function reportRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'post',
      path: '/reports/read',
      operationId: 'readReport',
      summary: 'What a report says, and draft rules; nothing is kept',
      request: jsonBody(z.object({ text: z.string().max(LONGEST_REPORT) })),
      responses: { 200: jsonAnswer(ReportAnswer, 'indicators with offsets, drafts') },
    }),
    async (context) => {
      need(context, 'read');
      const { reading, draft } = desk.reports.read(context.req.valid('json').text);
      const indicators = reading.indicators.map(({ type, value, start, end, role, benign, reason }) => ({ type, value, start, end, role, benign, reason }));
      return context.json(
        {
          title: reading.title,
          indicators,
          rules: draft.rules.map(({ sid, text, indicator, weak }) => ({ sid, text, indicator, ...(weak === undefined ? {} : { weak }) })),
          skipped: [...draft.skipped],
        },
        200,
      );
    },
  );
}
