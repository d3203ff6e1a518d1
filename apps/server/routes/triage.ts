/** Triage: hosts, alerts and their export, verdicts on them. */
import { EXPORT_FORMS, EXPORT_TYPES, exportAlerts } from '@sigwright/workbench';
import { FeedbackRequest, VerdictRequest } from '../api/schemas.ts';
import { alertPage, alertsPage, filterOf } from '../pages/alerts.ts';
import { hostPage, hostsPage } from '../pages/hosts.ts';
import { Refusal, unwrap } from '../refusal.ts';
import { need } from '../security.ts';
import { checked, formOf, number, orNone, param } from './request.ts';
import { back, type Site } from './site.ts';

/** Alerts of one export; more are asked for by time. */
const MOST_EXPORTED = 10_000;

export function addTriageRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/', 'Hosts', (context) => hostsPage(desk, context.req.query('from')));
  site.show('/hosts/:host', 'Host', (context) => hostPage(desk, param(context, 'host'), site.csrfFor(context, 'triage')));
  site.show('/alerts', 'Alerts', (context) => alertsPage(desk, context.req.query()));

  app.get('/alerts/export', async (context) => {
    need(context, 'read');
    const form = EXPORT_FORMS.find((one) => one === context.req.query('form'));
    if (form === undefined) throw new Refusal(400, `name a form: ${EXPORT_FORMS.join(', ')}`);
    const alerts = await desk.store.alertRecords(filterOf(context.req.query()), MOST_EXPORTED);
    const rules = new Map(desk.repository()?.rules.map(({ rule }) => [rule.sid, rule.text]));
    return context.body(
      exportAlerts(form, alerts, desk.now(), (sid) => rules.get(sid)),
      200,
      { 'content-type': EXPORT_TYPES[form].type, 'content-disposition': `attachment; filename="alerts.${EXPORT_TYPES[form].ending}"` },
    );
  });

  site.show('/alerts/:id', 'Alert', (context) => alertPage(desk, number(context, 'id'), site.csrfFor(context, 'triage')));

  app.post('/verdicts', async (context) => {
    const who = need(context, 'triage');
    const form = await formOf(context);
    const request = checked(VerdictRequest, {
      ...form,
      sid: orNone(form['sid']),
      days: orNone(form['days']),
      host: orNone(form['host']),
      story: orNone(form['story']),
    });
    unwrap(await desk.verdicts.set(who, request));
    if (form['report'] === 'yes' && request.sid !== undefined && request.verdict === 'false_positive')
      unwrap(await desk.feedback.add(who, checked(FeedbackRequest, { sid: request.sid, kind: 'false_positive', comment: request.note, host: request.host })));
    return back(context, form['back'], 'verdict');
  });

  app.post('/verdicts/:id/take-back', async (context) => {
    const who = need(context, 'triage');
    unwrap(await desk.verdicts.takeBack(who, number(context, 'id')));
    return back(context, (await formOf(context))['back'], 'taken-back');
  });
}
