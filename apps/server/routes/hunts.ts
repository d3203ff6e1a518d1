/** Hunts and other work of workers: begun, watched, cancelled; what a hunt found as EVE. */
import { HuntRequest } from '../api/schemas.ts';
import { huntPage, huntsPage } from '../pages/hunts.ts';
import { unwrap } from '../refusal.ts';
import { need } from '../security.ts';
import { checked, formOf, number, orNone } from './request.ts';
import type { Site } from './site.ts';

export function addHuntRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/hunts', 'Hunts', (context) => huntsPage(desk, site.csrfFor(context, 'triage')));
  site.show('/hunts/:job', 'Hunt', (context) => huntPage(desk, number(context, 'job'), site.csrfFor(context, 'triage')));

  app.post('/hunts', async (context) => {
    const who = need(context, 'triage');
    const form = await formOf(context);
    const job = unwrap(await desk.hunts.begin(who, checked(HuntRequest, { ...form, networks: orNone(form['networks']) })));
    return context.redirect(`/hunts/${job}`, 303);
  });

  app.post('/hunts/:job/cancel', async (context) => {
    const who = need(context, 'triage');
    const job = number(context, 'job');
    unwrap(await desk.hunts.cancel(who, job));
    return context.redirect(`/hunts/${job}`, 303);
  });

  app.get('/hunts/:job/alerts.json', async (context) => {
    need(context, 'read');
    const job = number(context, 'job');
    if ((await desk.store.hunts.rulesOf(job)) === undefined) return context.notFound();
    const lines = desk.store.hunts.lines(job);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { value, done } = await lines.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(`${value.line}\n`));
      },
    });
    return context.body(body, 200, {
      'content-type': 'application/x-ndjson',
      'content-disposition': `attachment; filename="hunt-${job}.json"`,
    });
  });
}
