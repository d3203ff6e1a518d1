/** What the routes of the API are declared with: the scope that they need, bodies in JSON, refusals. */
import { createRoute, type RouteConfig, type z } from '@hono/zod-openapi';
import type { Scope } from '@sigwright/workbench';
import type { Context, Next } from 'hono';
import { type Env, need } from '../security.ts';
import { Problem } from './schemas.ts';

/** An answer of that shape. */
export const jsonAnswer = <Shape extends z.ZodType>(schema: Shape, description: string) => ({ description, content: { 'application/json': { schema } } });
/** A request with a body of that shape. */
export const jsonBody = <Shape extends z.ZodType>(schema: Shape) => ({ body: { required: true, content: { 'application/json': { schema } } } });

/** What every route may answer instead. */
const REFUSALS = {
  400: jsonAnswer(Problem, 'the request is not understood'),
  401: jsonAnswer(Problem, 'not signed in, or the token is not valid'),
  403: jsonAnswer(Problem, 'not allowed'),
  404: jsonAnswer(Problem, 'there is none'),
  409: jsonAnswer(Problem, 'it does not fit what is there: that changed meanwhile, is taken, or was done before'),
  429: jsonAnswer(Problem, 'too many requests'),
  503: jsonAnswer(Problem, 'it can not be done now: somebody else changes the repository, or it can not be written'),
};

/** A route that only those may use who have the scope; its description says so. */
export const route = <const Config extends Omit<RouteConfig, 'security'> & { scope: Scope }>({ scope, ...config }: Config) =>
  createRoute({
    ...config,
    description: `${config.description ?? ''}Needs the scope \`${scope}\`.`,
    security: [{ token: [scope] }, { session: [] }],
    // Before anything that was sent is looked at: what is wrong with it is nobody's business who may not ask.
    middleware: async (context: Context<Env>, next: Next) => {
      need(context, scope);
      await next();
    },
    responses: { ...REFUSALS, ...config.responses },
  } as Omit<Config, 'scope' | 'responses'> & { responses: Config['responses'] & typeof REFUSALS });
