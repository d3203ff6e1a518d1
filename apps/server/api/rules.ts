/** Rules of the repository: decisions, proofs, the queue of reviews. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { unwrap } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { DecisionRequest, ReviewItem, Rule, Sid } from './schemas.ts';

export function ruleRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/rules',
      operationId: 'listRules',
      summary: 'Rules of the repository',
      responses: { 200: jsonAnswer(z.object({ rules: z.array(Rule) }), 'all of them') },
    }),
    async (context) => {
      need(context, 'read');
      const seen = new Map((await desk.store.signatures()).map((one) => [one.sid, one.alerts]));
      const rules = (desk.repository()?.rules ?? []).map(({ rule, category }) => ({
        sid: rule.sid,
        rev: rule.rev,
        category,
        message: rule.message,
        enabled: rule.enabled,
        alerts: seen.get(rule.sid) ?? 0,
      }));
      return context.json({ rules }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'write',
      method: 'post',
      path: '/rules/{sid}/decisions',
      operationId: 'decideRule',
      summary: 'Keep, revise, disable, retire or delete a rule',
      request: { params: z.object({ sid: Sid }), ...jsonBody(DecisionRequest) },
      responses: { 200: jsonAnswer(z.object({ state: z.enum(['done', 'proposed']) }), 'done, or waiting for a second pair of eyes') },
    }),
    async (context) => {
      const who = need(context, 'write');
      return context.json({ state: unwrap(await desk.rules.decide(who, { sid: context.req.valid('param').sid, ...context.req.valid('json') })) }, 200);
    },
  );

  api.openapi(
    route({
      scope: 'write',
      method: 'post',
      path: '/proofs',
      operationId: 'proveRules',
      summary: 'Tries every rule on its evidence; by workers where there is a broker',
      responses: { 201: jsonAnswer(z.object({ job: z.number() }), '/jobs tells how far it is') },
    }),
    async (context) => {
      const who = need(context, 'write');
      return context.json({ job: unwrap(await desk.proofs.begin(who)) }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'read',
      method: 'get',
      path: '/review',
      operationId: 'listReview',
      summary: 'Which rules are due and why',
      responses: { 200: jsonAnswer(z.object({ items: z.array(ReviewItem) }), 'most overdue first') },
    }),
    async (context) => {
      need(context, 'read');
      const repository = desk.repository();
      return context.json({ items: repository === undefined ? [] : [...(await desk.rules.reviewQueue(repository))] }, 200);
    },
  );
}
