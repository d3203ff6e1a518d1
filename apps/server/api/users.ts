/** Users and API tokens. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Desk } from '../desk.ts';
import { Refusal } from '../refusal.ts';
import { type Env, need } from '../security.ts';
import { jsonAnswer, jsonBody, route } from './route.ts';
import { Id, TokenRequest, UserRequest } from './schemas.ts';

export function userRoutes(api: OpenAPIHono<Env>, desk: Desk): void {
  api.openapi(
    route({
      scope: 'admin',
      method: 'get',
      path: '/users',
      operationId: 'listUsers',
      summary: 'Users',
      responses: {
        200: jsonAnswer(z.object({ users: z.array(z.object({ id: z.number(), name: z.string(), role: z.string(), disabled: z.boolean() })) }), 'by name'),
      },
    }),
    async (context) => {
      need(context, 'admin');
      return context.json(
        { users: (await desk.store.people.users()).map((user) => ({ id: user.id, name: user.name, role: user.role, disabled: user.disabled })) },
        200,
      );
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'post',
      path: '/users',
      operationId: 'addUser',
      summary: 'Adds a user',
      request: jsonBody(UserRequest),
      responses: { 201: jsonAnswer(z.object({ id: z.number() }), 'the user may sign in') },
    }),
    async (context) => {
      const who = need(context, 'admin');
      const wanted = context.req.valid('json');
      const added = await desk.store.people.addUser(wanted.name, wanted.password, wanted.role);
      if (added === undefined) throw new Refusal(409, `the name ${wanted.name} is taken`);
      await desk.store.people.note(who.name, 'user added', wanted.name, { role: wanted.role });
      return context.json({ id: added }, 201);
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'post',
      path: '/tokens',
      operationId: 'addToken',
      summary: 'A token for programs; it is told once',
      request: jsonBody(TokenRequest),
      responses: { 201: jsonAnswer(z.object({ id: z.number(), token: z.string() }), 'keep it') },
    }),
    async (context) => {
      const who = need(context, 'admin');
      const { name, scopes, days } = context.req.valid('json');
      const made = await desk.store.people.addToken(who.user, name, scopes, days === undefined ? undefined : desk.now() + days * 86_400_000);
      await desk.store.people.note(who.name, 'token added', name, { scopes });
      return context.json(made, 201);
    },
  );

  api.openapi(
    route({
      scope: 'admin',
      method: 'delete',
      path: '/tokens/{id}',
      operationId: 'endToken',
      summary: 'Ends a token',
      request: { params: z.object({ id: Id }) },
      responses: { 204: { description: 'it opens nothing any more' } },
    }),
    async (context) => {
      const who = need(context, 'admin');
      const dropped = context.req.valid('param').id;
      if (!(await desk.store.people.dropToken(dropped))) throw new Refusal(404, 'there is no such token');
      await desk.store.people.note(who.name, 'token ended', String(dropped));
      return context.body(null, 204);
    },
  );
}
