/** Settings: their page, our networks, links from flows, the provider of OpenID Connect. */
import { FLOW_LINKS, flowLink } from '../flow-links.ts';
import { OIDC_SETTING, OidcSettings, oidcSettings, rolesOf } from '../oidc.ts';
import { settingsPage } from '../pages/settings.ts';
import { Refusal } from '../refusal.ts';
import { need } from '../security.ts';
import { checked, formOf, orNone } from './request.ts';
import { back, type Site } from './site.ts';

/** Our networks where nobody says which they are: the private ones of RFC 1918. */
const PRIVATE_NETWORKS = '[10.0.0.0/8,172.16.0.0/12,192.168.0.0/16]';

export function addSettingRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/settings', 'Settings', (context) => settingsPage(desk, context.get('who'), site.csrfFor(context, 'read')));

  app.post('/settings/networks', async (context) => {
    const who = need(context, 'admin');
    const networks = (await formOf(context))['networks']?.trim() ?? '';
    if (!(await desk.store.setHomeNetworks(networks === '' ? PRIVATE_NETWORKS : networks))) throw new Refusal(400, `\`${networks}\` is no list of networks`);
    await desk.store.people.note(who.name, 'networks', networks);
    return back(context, '/settings', 'saved');
  });

  app.post('/settings/links', async (context) => {
    const who = need(context, 'admin');
    const links = ((await formOf(context))['links'] ?? '').trim();
    const wrong = links.split(/\r?\n/).find((line) => line.trim() !== '' && flowLink(line, '1:x=') === undefined);
    if (wrong !== undefined) throw new Refusal(400, `\`${wrong}\` is no name and web address with {community_id} in it`);
    await desk.store.set(FLOW_LINKS, links);
    await desk.store.people.note(who.name, 'links', links);
    return back(context, '/settings', 'saved');
  });

  app.post('/settings/oidc', async (context) => {
    const who = need(context, 'admin');
    const form = await formOf(context);
    const before = await oidcSettings(desk.store);
    if ((form['issuer'] ?? '').trim() === '') {
      await desk.store.set(OIDC_SETTING, '');
      if (before !== undefined) await desk.store.people.note(who.name, 'OpenID Connect ended', '');
      return back(context, '/settings', 'saved');
    }
    const secret = orNone(form['secret']) ?? before?.secret ?? '';
    const settings = checked(OidcSettings, {
      issuer: form['issuer'],
      client: form['client'],
      secret,
      claim: form['claim'],
      roles: rolesOf(form['roles'] ?? ''),
    });
    await desk.store.set(OIDC_SETTING, JSON.stringify(settings));
    await desk.store.people.note(who.name, 'OpenID Connect', settings.issuer, { client: settings.client, claim: settings.claim, roles: settings.roles });
    return back(context, '/settings', 'saved');
  });
}
