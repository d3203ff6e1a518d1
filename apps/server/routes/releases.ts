/** Releases: listed, compared, made. */
import { differencePage, releasesPage } from '../pages/releases.ts';
import { unwrap } from '../refusal.ts';
import { need } from '../security.ts';
import { formOf } from './request.ts';
import { back, type Site } from './site.ts';

export function addReleaseRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/releases', 'Releases', (context) => releasesPage(desk, site.csrfFor(context, 'release'), site.may(context, 'release')));
  site.show('/releases/difference', 'Differences', (context) => differencePage(desk, context.req.query('from') ?? '', context.req.query('to') ?? ''));

  app.post('/releases', async (context) => {
    const who = need(context, 'release');
    unwrap(await desk.releases.make(who, (await formOf(context))['version'] ?? ''));
    return back(context, '/releases', 'release');
  });
}
