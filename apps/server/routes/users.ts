/** Users, one's own password, and tokens for programs. */
import { USER_ROLES, type UserRole } from '@sigwright/workbench';
import { TokenRequest, UserRequest } from '../api/schemas.ts';
import { html } from '../html.ts';
import { Refusal } from '../refusal.ts';
import { bodyOf, need } from '../security.ts';
import { checked, formOf, number, orNone } from './request.ts';
import { back, type Site } from './site.ts';

const DAY = 86_400_000;

export function addUserRoutes(site: Site): void {
  const { app, desk, gate } = site;
  const { people } = desk.store;

  app.post('/settings/users', async (context) => {
    const who = need(context, 'admin');
    const wanted = checked(UserRequest, await formOf(context));
    if ((await people.addUser(wanted.name, wanted.password, wanted.role)) === undefined) throw new Refusal(409, `the name ${wanted.name} is taken`);
    await people.note(who.name, 'user added', wanted.name, { role: wanted.role });
    return back(context, '/settings', 'saved');
  });

  app.post('/settings/users/:id', async (context) => {
    const who = need(context, 'admin');
    const form = await formOf(context);
    const role = form['role'] as UserRole;
    if (!USER_ROLES.includes(role)) throw new Refusal(400, 'there is no such role');
    const disabled = form['disabled'] === 'yes';
    const password = orNone(form['password']);
    if (password !== undefined) checked(UserRequest.pick({ password: true }), { password });
    const id = number(context, 'id');
    const name = (await people.users()).find((user) => user.id === id)?.name;
    if (name === undefined) throw new Refusal(404, 'there is no such user');
    if (!(await people.changeUser(id, { role, disabled, ...(password === undefined ? {} : { password }) })))
      throw new Refusal(409, 'nobody would be admin any more');
    await people.note(who.name, 'user changed', name, { role, disabled, ...(password === undefined ? {} : { password: 'a new one' }) });
    return back(context, '/settings', 'saved');
  });

  app.post('/settings/password', async (context) => {
    const who = need(context, 'read');
    if (who.session === undefined) throw new Refusal(403, 'a password is changed by who signed in');
    const { current = '', password = '' } = await formOf(context);
    checked(UserRequest.pick({ password: true }), { password });
    // A session that somebody left open does not take the account over.
    if ((await gate.tryPassword(context, who.name, current)) === undefined) throw new Refusal(403, 'the current password does not fit');
    if (!(await people.changeUser(who.user, { password }))) throw new Refusal(409, 'there is no such user any more');
    await people.note(who.name, 'password changed', who.name);
    gate.startSession(context, await people.openSession(who.user));
    return back(context, '/settings', 'saved');
  });

  app.post('/settings/tokens', async (context) => {
    const who = need(context, 'admin');
    const form = await bodyOf(context, true);
    const scopes = [form['scopes'] ?? []].flat().map(String);
    const request = checked(TokenRequest, { name: form['name'], scopes, days: orNone(String(form['days'] ?? '')) });
    const expires = request.days === undefined ? undefined : desk.now() + request.days * DAY;
    const { token } = await people.addToken(who.user, request.name, request.scopes, expires);
    await people.note(who.name, 'token added', request.name, { scopes });
    return site.page(
      context,
      'A new token',
      html`<p class="notice">The token is shown this once: copy it now.</p><pre class="text" id="token">${token}</pre><p><a href="/settings">Back to the settings</a></p>`,
    );
  });

  app.post('/settings/tokens/:id/end', async (context) => {
    const who = need(context, 'admin');
    if (!(await people.dropToken(number(context, 'id')))) throw new Refusal(404, 'there is no such token');
    await people.note(who.name, 'token ended', context.req.param('id'));
    return back(context, '/settings', 'saved');
  });
}
