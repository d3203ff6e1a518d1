/** Reports: paste one, see its indicators marked where they stand and the rules drafted from them beside. */
import type { ReportIndicator } from '@sigwright/workbench';
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { counted, csrfField, empty, facts, linkTo, ruleLink, type Titled, table } from '../layout.ts';
import { messagesOf } from './rules.ts';

export function reportsPage(desk: Desk, csrf: string): Html {
  const reports = desk.repository()?.reports ?? [];
  const rows = reports.map((report) => [
    report.date,
    html`<a href="/reports/${report.slug}">${report.title}</a>`,
    report.credits.map((credit) => credit.handle).join(', '),
    counted(report.rules.length, 'rule'),
  ]);
  return html`${pasteForm(csrf, '')}<h2>Reports of the repository</h2>${rows.length === 0 ? empty('None yet.') : html`<div data-rows="tr">${table(['date', 'title', 'credits', 'rules'], rows)}</div>`}`;
}

function pasteForm(csrf: string, text: string): Html {
  return html`<form class="tall full" method="post" action="/reports/read">${csrfField(csrf)}<label>A report: text, Markdown or HTML. Links in it are not followed. <textarea name="text" rows="10" required placeholder="Paste, or drop a file here">${text}</textarea></label><p><button>Read it: find indicators, draft rules</button></p></form>`;
}

export function readPage(desk: Desk, csrf: string, text: string, mayWrite: boolean): Titled {
  const { reading, draft } = desk.reports.read(text);
  const known: [string, readonly string[]][] = [
    ['credits', reading.credits],
    ['families', reading.families],
    ['actors', reading.actors],
    ['CVEs', reading.cves],
    ['techniques', reading.techniques],
    ['references', reading.references],
  ];
  const said = known.filter(([, list]) => list.length > 0).map(([name, list]): [string, string] => [name, list.join(', ')]);
  const rules = draft.rules.map((rule) => html`<pre class="rule">${rule.text}</pre>${rule.weak === undefined ? html`` : html`<p>Weak: ${rule.weak}</p>`}`);
  const skipped = draft.skipped.map(({ indicator, why }) => html`<li>${indicator}: ${why}</li>`);
  const keep =
    !mayWrite || draft.rules.length === 0
      ? html``
      : html`<details><summary>Add drafts to the repository</summary><form class="tall full" method="post" action="/rules">${csrfField(csrf)}<label>Category <input name="category" value="malware" required></label><label>Rules <textarea name="rules" rows="8">${draft.rules.map((rule) => rule.text).join('\n')}</textarea></label><button>Add</button></form></details>`;
  const body = html`<p class="lead">A report that was read, and nothing kept yet: ${counted(reading.indicators.filter((one) => one.role === 'indicator').length, 'indicator')}, ${counted(draft.rules.length, 'draft rule')}.</p>${facts(said)}<div class="two"><section><h2>The report</h2>${reading.indicators.length === 0 ? empty('No indicator was found in it.') : html``}<pre class="text">${marked(reading.text, reading.indicators)}</pre></section><section><h2>Drafts</h2>${rules.length === 0 ? empty('No rule comes of it.') : rules}${keep}${skipped.length === 0 ? html`` : html`<h3>Left out</h3><ul>${skipped}</ul>`}</section></div><h2>Another report</h2>${pasteForm(csrf, '')}`;
  return { title: reading.title === '' ? 'Report' : reading.title, body };
}

/** The text with its indicators marked where they stand; where two overlap, the first. */
function marked(text: string, indicators: readonly ReportIndicator[]): Html {
  const parts: Html[] = [];
  let at = 0;
  for (const one of [...indicators].sort((a, b) => a.start - b.start)) {
    if (one.start < at) continue;
    const tip = `${one.type}, ${one.role}: ${one.reason}`;
    parts.push(html`${text.slice(at, one.start)}`);
    parts.push(
      one.role === 'indicator' && !one.benign
        ? html`<mark title="${tip}">${text.slice(one.start, one.end)}</mark>`
        : html`<mark class="benign" title="${tip}">${text.slice(one.start, one.end)}</mark>`,
    );
    at = one.end;
  }
  return html`${parts}${text.slice(at)}`;
}

/** Undefined: the repository has no such report. */
export function reportPage(desk: Desk, slug: string): Titled | undefined {
  const report = desk.repository()?.reports.find((one) => one.slug === slug);
  if (report === undefined) return undefined;
  const messages = messagesOf(desk.repository());
  const rules = report.rules.map((used) => [html`${ruleLink(used.sid)} ${messages.get(used.sid) ?? ''}`, used.role.replace('_', '-'), used['alerts-on']]);
  const indicators = report.indicators.map((one) => [one.type, one.value, one.role, one.note]);
  const credits = report.credits.map((credit) => credit.handle).join(', ');
  const body = html`<p>${report.summary}</p>${facts([
    ['date', report.date],
    ['source', linkTo(report.source.url)],
    ['credits', credits === '' ? 'nobody is named' : credits],
  ])}${report.playbook === '' ? html`` : html`<h2>Playbook</h2><p>${report.playbook}</p>`}<h2>Rules</h2>${rules.length === 0 ? empty('No rule came of it.') : table(['rule', 'role', 'alerts on'], rules)}<h2>Indicators</h2>${indicators.length === 0 ? empty('None are noted.') : table(['type', 'value', 'role', 'note'], indicators)}`;
  return { title: report.title, body };
}
