/** Reports: those of the repository, and one that is read on the spot. */
import { readPage, reportPage, reportsPage } from '../pages/reports.ts';
import { need } from '../security.ts';
import { formOf, param } from './request.ts';
import type { Site } from './site.ts';

export function addReportRoutes(site: Site): void {
  const { app, desk, gate } = site;
  site.show('/reports', 'Reports', (context) => reportsPage(desk, gate.csrf(context.get('who'))));
  site.show('/reports/:slug', 'Report', (context) => reportPage(desk, param(context, 'slug')));

  app.post('/reports/read', async (context) => {
    need(context, 'read');
    const { text } = await formOf(context);
    const { title, body } = readPage(desk, gate.csrf(context.get('who')), text ?? '', site.may(context, 'write'));
    return site.page(context, title, body, 200, { wide: true });
  });
}
