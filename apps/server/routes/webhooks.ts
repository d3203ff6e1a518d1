/** Webhooks: made, tested, sent again, enabled, ended. */
import { WebhookRequest } from '../api/schemas.ts';
import { html } from '../html.ts';
import { Refusal, unwrap } from '../refusal.ts';
import { bodyOf, need } from '../security.ts';
import { checked, number } from './request.ts';
import { back, type Site } from './site.ts';

export function addWebhookRoutes(site: Site): void {
  const { app, desk } = site;

  app.post('/settings/webhooks', async (context) => {
    const who = need(context, 'admin');
    const form = await bodyOf(context, true);
    const wanted = checked(WebhookRequest, { name: form['name'], url: form['url'], events: [form['events'] ?? []].flat().map(String) });
    const { secret } = unwrap(await desk.webhooks.add(who, wanted));
    return site.page(
      context,
      'A new webhook',
      html`<p class="notice">Its secret is shown this once: copy it now. The receiver checks signatures with it.</p><pre class="text" id="secret">${secret}</pre><p><a href="/settings">Back to the settings</a></p>`,
    );
  });

  app.post('/settings/webhooks/:id/:action{test|again|enable|end}', async (context) => {
    const who = need(context, 'admin');
    const id = number(context, 'id');
    const action = context.req.param('action') as 'test' | 'again' | 'enable' | 'end';
    const { webhooks } = desk.store;
    const isDone = action === 'again' ? (await webhooks.sendAgain(id)) > 0 : await webhooks[action](id);
    if (!isDone) throw new Refusal(404, action === 'again' ? 'there is no such webhook with messages that failed' : `there is no such webhook to ${action}`);
    await desk.store.people.note(who.name, `webhook: ${action}`, String(id));
    return back(context, '/settings', 'saved');
  });
}
