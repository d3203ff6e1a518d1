/** Rules: the list, a rule's page, the rule workbench, the review queue; new rules, decisions, proofs. */
import { DecisionRequest } from '../api/schemas.ts';
import { reviewPage, rulePage, rulesPage } from '../pages/rules.ts';
import { workbenchPage } from '../pages/workbench.ts';
import { unwrap } from '../refusal.ts';
import { need } from '../security.ts';
import { checked, formOf, number, orNone } from './request.ts';
import { back, type Site } from './site.ts';

export function addRuleRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/rules', 'Rules', (context) => rulesPage(desk, context.req.query(), site.csrfFor(context, 'write')));
  site.show('/rules/:sid', 'Rule', (context) => rulePage(desk, number(context, 'sid'), site.csrfFor(context, 'triage'), site.may(context, 'write')));
  site.show('/workbench', 'Rule workbench', (context) => workbenchPage(desk, Number(context.req.query('sid') ?? Number.NaN), site.csrfFor(context, 'write')), {
    scripts: ['workbench.js'],
    wide: true,
  });
  site.show('/review', 'Review queue', (context) => reviewPage(desk, context.req.query('from')));

  app.post('/rules', async (context) => {
    const who = need(context, 'write');
    const form = await formOf(context);
    unwrap(await desk.rules.add(who, form['category'] ?? '', form['rules'] ?? ''));
    return back(context, '/rules', 'rules');
  });

  app.post('/rules/prove', async (context) => {
    const who = need(context, 'write');
    const job = unwrap(await desk.proofs.begin(who));
    return desk.options.workers === true ? context.redirect(`/hunts/${job}`, 303) : back(context, '/rules', 'proved');
  });

  app.post('/rules/:sid/decide', async (context) => {
    const who = need(context, 'write');
    const { rule, ...form } = await formOf(context);
    const request = checked(DecisionRequest, { ...form, note: orNone(form['note']), ...(form['decision'] === 'revise' ? { rule } : {}) });
    const state = unwrap(await desk.rules.decide(who, { sid: number(context, 'sid'), ...request }));
    return back(context, `/rules/${number(context, 'sid')}`, state === 'done' ? 'decided' : 'proposed');
  });
}
