/** Feedback on rules, and the answers to it. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { unwrap } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { Feedback, FeedbackReceipt, FeedbackRequest, LongText } from './schemas.ts';

export function feedbackRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/feedback',
      summary: 'What was reported about rules, and what came of it',
      responses: { 200: jsonAnswer(z.object({ feedback: z.array(Feedback) }), 'newest first') },
    }),
    (context) => {
      need(context, 'read');
      return context.json({ feedback: [...desk.feedback.list()] }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'triage',
      method: 'post',
      path: '/feedback',
      summary: 'Reports a rule to its writers',
      request: jsonBody(FeedbackRequest),
      responses: { 201: jsonAnswer(FeedbackReceipt, 'it was tried and is kept in the repository; the rule is due for review') },
    }),
    async (context) => {
      const who = need(context, 'triage');
      const { reference, outcome, says } = unwrap(await desk.feedback.add(who, context.req.valid('json')));
      return context.json({ reference, outcome, says }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'write',
      method: 'post',
      path: '/feedback/{reference}/{state}',
      summary: 'Accepts a report, so that its slice is evidence of the rule, or declines it with a word to the reporter',
      request: {
        params: z.object({ reference: z.string().regex(/^[\w.-]{1,100}$/), state: z.enum(['accepted', 'declined']) }),
        ...jsonBody(z.object({ note: LongText.default('') })),
      },
      responses: { 204: { description: 'answered' } },
    }),
    async (context) => {
      const who = need(context, 'write');
      const { reference, state } = context.req.valid('param');
      unwrap(await desk.feedback.answer(who, reference, state, context.req.valid('json').note));
      return context.body(null, 204);
    },
  );
}
