/** Feedback on rules: what people reported, and what came of it. */
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { csrfField, empty, partOf, ruleLink, table } from '../layout.ts';
import { messagesOf } from './rules.ts';

/** Rows of one page. */
const MOST_SHOWN = 500;

export function feedbackPage(desk: Desk, csrf: string | undefined, mayWrite: boolean, from: string | undefined): Html {
  const { items, ways } = partOf(desk.feedback.list(), from, MOST_SHOWN, (start) => `/feedback?from=${start}`);
  const messages = messagesOf(desk.repository());
  const rows = items.map((one) => [
    html`${ruleLink(one.sid)} ${messages.get(one.sid) ?? ''}`,
    one.kind.replaceAll('_', ' '),
    one.comment,
    `${one.reporter}, ${one.date}`,
    one.outcome,
    one.answered || csrf === undefined || !mayWrite
      ? one.status
      : html`${one.status}<form class="line" method="post" action="/feedback/${one.reference}/accepted">${csrfField(csrf)}<label>Note <input name="note" size="20" maxlength="4000"></label><button class="quiet">Accept</button><button class="quiet" formaction="/feedback/${one.reference}/declined">Decline</button></form>`,
  ]);
  return html`<p class="lead">What people report about rules. Each report is tried on the rule as it is now, and makes the rule due for review. Accepted, its traffic becomes evidence that the rule is proved on. Whoever reported it reads here what came of it.</p>${rows.length === 0 ? empty('Nothing was reported yet. A verdict on an alert can report its rule, too.') : html`${table(['rule', 'what', 'comment', 'by', 'when tried', 'state'], rows)}${ways}`}`;
}
