/** The inbox: hosts, worst first. And one host: what happened, what it means, what would change that, what to do. */
import type { HostPicture, HostStory, JudgedHost, JudgedRule, Verdict } from '@sigwright/workbench';
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { alertsAt, counted, csrfField, empty, fromTo, hostLink, ruleLink, select, table, timeline, when } from '../layout.ts';

const TONES: Record<string, string> = { 'check this host for compromise': 'bad', watch: 'watch', 'context only': 'context', nothing: 'quiet' };
const VERDICT_WORDS: Record<Verdict['verdict'], string> = { true: 'true', false_positive: 'false positive', expected: 'expected here' };

export async function hostsPage(desk: Desk): Promise<Html> {
  const { hosts, quiet, more } = await desk.store.hosts();
  const hours = await desk.store.alertTimeline();
  if (hosts.length === 0)
    return html`${empty(quiet === 0 ? 'No events yet. Send EVE JSON lines to /api/v1/events with a token that may ingest, or let the server follow a file.' : `No host has alerts; ${counted(quiet, 'host')} of ours were heard of.`)}`;
  const cards = hosts.map((host) => hostCard(host));
  return html`<p class="lead">${counted(hosts.length, 'host')} with alerts, worst first; ${counted(quiet, 'host')} without.${more > 0 ? ` ${counted(more, 'host')} whose alerts are older are left out.` : ''} <span id="live" role="status"></span></p>${timeline(hours)}<div data-rows="card">${cards}</div>`;
}

function hostCard(host: JudgedHost): Html {
  const rules = table(
    ['first', 'role', 'rule', 'alerts'],
    host.rules.map((rule) => [
      when(rule.first).slice(11),
      rule.role.replace('_', '-'),
      html`${ruleLink(rule.sid)} ${rule.signature}${verdictTag(rule.verdict)}`,
      rule.alerts,
    ]),
  );
  return html`<section class="card ${TONES[host.judgement]}"><h2>${hostLink(host.host)}</h2><p class="judgement">${host.judgement}</p><ul>${host.reasons.map((reason) => html`<li>${reason}</li>`)}</ul><details><summary>${counted(host.alerts, 'alert')} of ${counted(host.rules.length, 'rule')}, ${fromTo(host.first, host.last)}</summary>${rules}</details></section>`;
}

function verdictTag(verdict: Verdict | undefined): Html {
  return verdict === undefined ? html`` : html` <span class="tag">${VERDICT_WORDS[verdict.verdict]}</span>`;
}

export async function hostPage(desk: Desk, host: string, csrf: string | undefined): Promise<Html | undefined> {
  const picture = await desk.store.host(host);
  if (picture === undefined) return undefined;
  const hours = await desk.store.alertTimeline({ host });
  const list = (title: string, lines: readonly string[]): Html =>
    lines.length === 0 ? html`` : html`<h2>${title}</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
  const stories = picture.stories.map((story) => storyCard(picture, story, csrf));
  const whole =
    csrf === undefined || picture.rules.length === 0
      ? html``
      : html`<details><summary>Verdict on the whole host</summary>${verdictForm(csrf, 'host', { host }, `/hosts/${encodeURIComponent(host)}`)}</details>`;
  return html`<section class="card ${TONES[picture.judgement]}"><p class="judgement">${picture.judgement}</p><ul>${picture.reasons.map((reason) => html`<li>${reason}</li>`)}</ul></section><p><a href="${alertsAt({ host })}">${counted(picture.alerts, 'alert')} of this host</a>${picture.setAside > 0 ? `, ${picture.setAside} set aside` : ''}</p>${timeline(hours)}${list('What to do next', picture.next)}${list('What would change this', picture.wouldChange)}<h2>What happened</h2>${stories.length === 0 ? empty('No alert is laid to this host.') : stories}${verdictList(picture.verdicts, csrf, `/hosts/${encodeURIComponent(host)}`)}${whole}`;
}

function storyCard(picture: HostPicture, story: HostStory, csrf: string | undefined): Html {
  const here = `/hosts/${encodeURIComponent(picture.host)}`;
  const stages = story.stages.map(
    (stage) =>
      html`<li><strong>${when(stage.from).slice(11)} ${stage.role.replace('_', '-')}</strong>: ${stage.signatures.join('; ')} (${counted(stage.alerts, 'alert')})</li>`,
  );
  const rules = story.rules.map((rule: JudgedRule) => [
    html`${ruleLink(rule.sid)} ${rule.signature}${verdictTag(rule.verdict)}`,
    html`<a href="${alertsAt({ host: picture.host, sid: rule.sid })}">${counted(rule.alerts, 'alert')}</a>, ${counted(rule.events, 'event')}`,
    csrf === undefined ? '' : html`<details><summary>Verdict</summary>${verdictForm(csrf, 'pair', { host: picture.host, sid: rule.sid }, here)}</details>`,
  ]);
  const reports = story.reports.map(
    (report) => html`<p class="quiet-text">From the report <a href="/reports/${report.slug}">${report.title}</a>. ${report.correlate}</p>`,
  );
  const form =
    csrf === undefined
      ? html``
      : html`<details><summary>Verdict on this story</summary>${verdictForm(csrf, 'story', { host: picture.host, story: story.key }, here)}</details>`;
  return html`<section class="card"><h3>${story.title}${verdictTag(story.verdict)}</h3><p class="quiet-text">${fromTo(story.first, story.last)}</p><ol>${stages}</ol>${reports}${
    csrf === undefined
      ? table(
          ['rule', 'how often'],
          rules.map((cells) => cells.slice(0, 2)),
        )
      : table(['rule', 'how often', 'decide'], rules)
  }${form}</section>`;
}

export function verdictForm(csrf: string, scope: Verdict['scope'], names: { host?: string; sid?: number; story?: string }, back: string): Html {
  const hidden = Object.entries({ scope, ...names, back }).map(([name, value]) => html`<input type="hidden" name="${name}" value="${String(value)}">`);
  const report =
    names.sid === undefined
      ? html``
      : html`<label><input type="checkbox" name="report" value="yes"> report it to the rule's writers as a false positive</label>`;
  return html`<form class="line" method="post" action="/verdicts">${csrfField(csrf)}${hidden}${select('verdict', 'Verdict', [
    ['false_positive', 'false positive'],
    ['expected', 'expected here'],
    ['true', 'true'],
  ])}<label>Note <input name="note" size="30" maxlength="4000"></label><label>Days (empty: no end) <input name="days" type="number" min="1" max="3650"></label>${report}<button>Set</button></form>`;
}

export function verdictList(verdicts: readonly Verdict[], csrf: string | undefined, back: string): Html {
  if (verdicts.length === 0) return html``;
  const rows = verdicts.map((one) => [
    VERDICT_WORDS[one.verdict],
    [one.scope, one.host ?? '', one.sid === undefined ? '' : String(one.sid), one.story ?? ''].filter((word) => word !== '').join(' '),
    one.note,
    `${one.by}, ${when(one.created)}`,
    one.takenBack !== undefined ? `taken back by ${one.takenBack.by}` : one.expires === undefined ? 'no end' : `until ${when(one.expires)}`,
    csrf === undefined || one.takenBack !== undefined
      ? ''
      : html`<form method="post" action="/verdicts/${one.id}/take-back">${csrfField(csrf)}<input type="hidden" name="back" value="${back}"><button class="quiet">Take back</button></form>`,
  ]);
  return html`<h2>Verdicts</h2>${table(['verdict', 'on', 'note', 'by', 'holds', 'change'], rows)}`;
}
