/** The read-only pages of one week: hosts, alerts, rules, release, community review. */
import type { ExplainedAttempt } from '@sigwright/detection';
import type { HostJudgement, ProofReport, ReportFile } from '@sigwright/workbench';
import { bytesHtml, type Html, html, markdown } from './html.ts';

export interface WeekAlert {
  readonly time: string;
  readonly sid: number;
  readonly signature: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
}

export interface WeekRule {
  readonly sid: number;
  readonly category: string;
  readonly message: string;
  readonly text: string;
  readonly enabled: boolean;
}

export interface Week {
  readonly title: string;
  readonly capture: { readonly packets: number; readonly flows: number; readonly seconds: number };
  readonly hosts: readonly HostJudgement[];
  readonly alerts: readonly WeekAlert[];
  /** per sid: where its conditions held */
  readonly explanations: ReadonlyMap<number, ExplainedAttempt>;
  readonly rules: readonly WeekRule[];
  readonly proofs: ProofReport;
  readonly reports: readonly ReportFile[];
  readonly release: { readonly version: string; readonly files: readonly { readonly path: string; readonly bytes: number }[]; readonly changelog: string };
  readonly review: string;
}

const PAGES: readonly (readonly [string, string])[] = [
  ['/', 'Hosts'],
  ['/alerts', 'Alerts'],
  ['/rules', 'Rules'],
  ['/release', 'Release'],
  ['/review', 'Community review'],
];

/** Undefined: there is no such page. */
export function renderPage(week: Week, path: string): string | undefined {
  const sid = /^\/rules\/(\d+)$/.exec(path);
  const body =
    sid !== null
      ? rulePage(week, Number(sid[1]))
      : path === '/'
        ? hostsPage(week)
        : path === '/alerts'
          ? alertsPage(week)
          : path === '/rules'
            ? rulesPage(week)
            : path === '/release'
              ? releasePage(week)
              : path === '/review'
                ? html`<article class="post">${markdown(week.review)}</article>`
                : undefined;
  if (body === undefined) return undefined;
  const title = PAGES.find(([where]) => where === path)?.[1] ?? `Rule ${sid?.[1]}`;
  const navigation = PAGES.map(([where, name]) =>
    where === path || (sid !== null && where === '/rules') ? html`<a href="${where}" aria-current="page">${name}</a>` : html`<a href="${where}">${name}</a>`,
  );
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · ${week.title}</title><link rel="stylesheet" href="/style.css"></head><body><header><strong>sigwright</strong><span>${week.title}</span><nav>${navigation}</nav></header><main><h1>${title}</h1>${body}</main></body></html>`
    .html;
}

const TONES: Record<string, string> = { 'check this host for compromise': 'bad', watch: 'watch', 'context only': 'context', nothing: 'quiet' };

/** A row's cells stand under their headings; on a narrow screen each cell is a line with its heading before it. */
function table(headings: readonly string[], rows: readonly (readonly (Html | string | number)[])[]): Html {
  const body = rows.map((cells) => html`<tr>${cells.map((cell, at) => html`<td data-heading="${headings[at]}">${cell}</td>`)}</tr>`);
  return html`<table><thead><tr>${headings.map((heading) => html`<th>${heading}</th>`)}</tr></thead><tbody>${body}</tbody></table>`;
}

/** Reports are written by others: what is no web address is shown, and leads nowhere. */
function linkTo(address: string): Html {
  return /^https?:\/\//.test(address) ? html`<a href="${address}" rel="noreferrer">${address}</a>` : html`${address}`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

function hostsPage(week: Week): Html {
  const loud = week.hosts.filter((host) => host.judgement !== 'nothing');
  const quiet = week.hosts.length - loud.length;
  const cards = loud.map(
    (host) =>
      html`<section class="card ${TONES[host.judgement]}"><h2>${host.host}</h2><p class="judgement">${host.judgement}</p><ul>${host.reasons.map((reason) => html`<li>${reason}</li>`)}</ul><details><summary>${counted(host.alerts, 'alert')} of ${counted(host.rules.length, 'rule')}</summary>${table(
        ['first', 'role', 'rule', 'alerts'],
        host.rules.map((rule) => [
          rule.first.slice(11, 19),
          rule.role.replace('_', '-'),
          html`<a href="/rules/${rule.sid}">${rule.sid}</a> ${rule.signature}`,
          rule.alerts,
        ]),
      )}</details></section>`,
  );
  return html`<p class="lead">${week.capture.packets} packets in ${week.capture.flows} flows, read in ${week.capture.seconds.toFixed(2)} s. ${loud.length === 0 ? 'No host has alerts' : `${counted(loud.length, 'host')} with alerts, worst first`}; ${counted(quiet, 'host')} without.</p>${cards}`;
}

function alertsPage(week: Week): Html {
  if (week.alerts.length === 0) return html`<p class="lead">No alerts: no rule fired on the capture.</p>`;
  const rows = week.alerts.map((alert) => [
    alert.time.slice(11, 23),
    alert.source,
    alert.destination,
    alert.protocol,
    html`<a href="/rules/${alert.sid}">${alert.sid}</a> ${alert.signature}`,
  ]);
  return html`<p class="lead">${week.alerts.length} alerts. A rule's page shows the bytes that it matched.</p>${table(['time', 'source', 'destination', 'protocol', 'rule'], rows)}`;
}

function rulesPage(week: Week): Html {
  const proofOf = new Map(week.proofs.rules.map((proof) => [proof.sid, proof]));
  const rows = week.rules.map((rule) => {
    const proof = proofOf.get(rule.sid);
    const alerts = week.alerts.filter((alert) => alert.sid === rule.sid).length;
    const evidence = `${proof?.ok === true ? 'proved' : 'not proved'}, ${counted(proof?.checks.length ?? 0, 'check')}`;
    return [html`<a href="/rules/${rule.sid}">${rule.sid}</a>`, rule.category, rule.message, evidence, alerts];
  });
  const good = week.proofs.rules.filter((proof) => proof.ok).length;
  return html`<p class="lead">${good} of ${week.rules.length} rules proved on ${week.proofs.captures} captures.</p>${table(['sid', 'category', 'message', 'evidence', 'alerts'], rows)}`;
}

function rulePage(week: Week, sid: number): Html | undefined {
  const rule = week.rules.find((one) => one.sid === sid);
  if (rule === undefined) return undefined;
  const proof = week.proofs.rules.find((one) => one.sid === sid);
  const report = week.reports.find((one) => one.rules.some((used) => used.sid === sid));
  const attempt = week.explanations.get(sid);
  const steps = attempt?.steps.map(
    (step) =>
      html`<li><strong>${step.where}</strong> ${step.condition}${step.found === undefined || step.found.bytes.length === 0 ? html`` : bytesHtml(step.found.bytes, step.found.from, step.found.start, step.found.end)}</li>`,
  );
  const checks =
    proof?.checks.map((check) => [
      check.ok ? 'ok' : 'FAILS',
      check.kind === 'fires' ? 'fire' : check.kind === 'silent' ? 'be silent' : `at most ${check.wanted}, ordinary traffic`,
      check.capture,
      check.ok ? check.says : check.reason,
    ]) ?? [];
  return html`<p class="lead">${rule.message}</p><pre class="rule">${rule.enabled ? '' : '# '}${rule.text}</pre>${
    report === undefined
      ? html``
      : html`<h2>Where it comes from</h2><p>${report.title}: ${linkTo(report.source.url)}. Credits: ${report.credits.map((credit) => credit.handle).join(', ')}.</p>${report.playbook === '' ? html`` : html`<p><strong>When it fires:</strong> ${report.playbook}</p>`}`
  }<h2>What it matched</h2>${attempt === undefined || steps === undefined ? html`<p>It did not fire on the week's traffic.</p>` : html`<p>Packet ${attempt.packet}, ${attempt.direction.replace('_', ' ')}, ${attempt.flow.replace('->', '→')}</p><ol class="steps">${steps}</ol>`}<h2>Evidence</h2>${table(['result', 'must', 'capture', 'because'], checks)}`;
}

function releasePage(week: Week): Html {
  return html`<p class="lead">Version ${week.release.version}: ${week.release.files.length} files, the same bytes whenever they are built.</p>${table(
    ['file', 'bytes'],
    week.release.files.map((file) => [file.path, file.bytes]),
  )}<h2>Changelog</h2><pre>${week.release.changelog}</pre>`;
}

export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #f3f4f6; --line: #d5d9de; --link: #0b57a4; --bad: #a4161a; --watch: #8a5a00; --context: #2d5d7b; --mark: #ffe08a; --mark-ink: #1b1f24; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #14171b; --soft: #1d2127; --line: #363c45; --link: #8cbcf2; --bad: #ff9b9b; --watch: #f0c674; --context: #9ecbe8; --mark: #e0b83c; --mark-ink: #14171b; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; align-items: baseline; padding: .8rem 1.2rem; border-bottom: 1px solid var(--line); background: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
nav a[aria-current] { font-weight: 700; text-decoration: none; color: var(--ink); }
a { color: var(--link); }
main { max-width: 76rem; margin: 0 auto; padding: 1rem 1.2rem 4rem; }
h1 { font-size: 1.6rem; margin: .6rem 0; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; }
.lead { margin: 0 0 1rem; }
.card { border: 1px solid var(--line); border-left: .4rem solid var(--line); border-radius: .3rem; padding: .2rem 1rem .8rem; margin: .8rem 0; }
.card h2 { margin: .6rem 0 0; } .judgement { margin: 0; font-weight: 700; }
.bad { border-left-color: var(--bad); } .bad .judgement { color: var(--bad); }
.watch { border-left-color: var(--watch); } .watch .judgement { color: var(--watch); }
.context { border-left-color: var(--context); } .context .judgement { color: var(--context); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td { overflow-wrap: anywhere; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .8rem; overflow-x: auto; font: .85rem/1.45 ui-monospace, monospace; }
pre.rule { white-space: pre-wrap; overflow-wrap: anywhere; }
pre.bytes { margin: .3rem 0 .8rem; } .offset { opacity: .7; }
mark { background: var(--mark); color: var(--mark-ink); }
.post { max-width: 48rem; overflow-wrap: anywhere; }
.steps li { margin: .2rem 0; overflow-wrap: anywhere; }
details summary { cursor: pointer; }
@media (max-width: 44rem) {
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { position: relative; padding: .1rem 0 .1rem 6.1rem; border: 0; }
  td::before { content: attr(data-heading); position: absolute; left: 0; opacity: .75; }
  .card { padding: .2rem .7rem .6rem; } ul, ol.steps { padding-left: 1.3rem; }
}
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
`;
