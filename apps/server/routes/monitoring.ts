/** How it goes: the page of the sensors, and figures for Prometheus. */
import { metricsText } from '../metrics.ts';
import { sensorsPage } from '../pages/sensors.ts';
import { need } from '../security.ts';
import type { Site } from './site.ts';

export function addMonitoringRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/sensors', 'Sensors', (context) => sensorsPage(desk, site.may(context, 'admin')));

  app.get('/metrics', async (context) => {
    // A program asks: it is told, not led to a page.
    if (context.get('who') === undefined) return context.text('a token with the scope read is needed\n', 401);
    need(context, 'read');
    return context.body(await metricsText(desk.store), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
}
