/** Feedback on rules: given, listed, answered. */
import { FeedbackRequest } from '../api/schemas.ts';
import { feedbackPage } from '../pages/feedback.ts';
import { unwrap } from '../refusal.ts';
import { bodyOf, need } from '../security.ts';
import { checked, formOf, param } from './request.ts';
import { back, type Site } from './site.ts';

export function addFeedbackRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/feedback', 'Feedback', (context) => feedbackPage(desk, site.csrfFor(context, 'write'), site.may(context, 'write'), context.req.query('from')));

  app.post('/feedback', async (context) => {
    const who = need(context, 'triage');
    const { slice } = await bodyOf(context);
    const capture = slice instanceof File && slice.size > 0 ? Buffer.from(await slice.arrayBuffer()).toString('base64') : undefined;
    unwrap(await desk.feedback.add(who, checked(FeedbackRequest, { ...(await formOf(context)), slice: capture })));
    return back(context, '/feedback', 'feedback');
  });

  app.post('/feedback/:reference/:state{accepted|declined}', async (context) => {
    const who = need(context, 'write');
    const { note } = await formOf(context);
    unwrap(await desk.feedback.answer(who, param(context, 'reference'), context.req.param('state') as 'accepted' | 'declined', note ?? ''));
    return back(context, '/feedback', 'decided');
  });
}
