/** The inbox: hosts, worst first. And one host: what happened, what it means, what would change that, what to do. */
import type { HostPicture, HostStory, JudgedHost, JudgedRule, Verdict } from '@sigwright/workbench';
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { alertsAt, counted, csrfField, empty, fromTo, hostLink, moment, partOf, ruleLink, select, sentence, table, timeline, when } from '../layout.ts';

const TONES: Record<string, string> = { 'check this host for compromise': 'bad', watch: 'watch', 'context only': 'context', nothing: 'quiet' };
const VERDICT_WORDS: Record<Verdict['verdict'], string> = { true: 'true positive', false_positive: 'false positive', expected: 'expected here' };

/** Hosts of one page. */
const MOST_HOSTS = 100;

/** What the judgement of a host is called on a page. */
function judgementOf({ judgement }: JudgedHost): Html {
  return html`<p class="judgement">${judgement === 'nothing' ? 'nothing to do' : judgement}</p>`;
}

function reasonsOf({ reasons }: JudgedHost): Html {
  return html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`;
}

/** The time of day, and the day where a span has more than one. */
function within(first: string, last: string): (time: string) => string {
  const isOneDay = when(first).slice(0, 10) === when(last).slice(0, 10);
  return (time) => (isOneDay ? when(time).slice(11) : when(time));
}

export async function hostsPage(desk: Desk, from: string | undefined): Promise<Html> {
  const { hosts, quiet, more } = await desk.store.hosts();
  const hours = await desk.store.alertTimeline();
  if (hosts.length === 0)
    return empty(
      quiet === 0
        ? html`No events yet. <a href="/sensors">Sensors</a> says how they come.`
        : `No host has alerts; ${counted(quiet, 'host')} of ours ${quiet === 1 ? 'was' : 'were'} heard of.`,
    );
  const { items, ways } = partOf(hosts, from, MOST_HOSTS, (start) => `/?from=${start}`);
  const cards = items.map((host) => hostCard(host));
  return html`<p class="lead">${counted(hosts.length, 'host')} with alerts, worst first${quiet === 0 ? '' : `; ${counted(quiet, 'host')} without`}.${more > 0 ? ` ${counted(more, 'host')} whose alerts are older are left out.` : ''} <span id="live" role="status"></span></p>${timeline(hours)}<div data-rows="card">${cards}</div>${ways}`;
}

function hostCard(host: JudgedHost): Html {
  const time = within(host.first, host.last);
  const rules = table(
    ['first (UTC)', 'role', 'rule', 'alerts'],
    host.rules.map((rule) => [
      time(rule.first),
      rule.role.replace('_', '-'),
      html`${ruleLink(rule.sid)} ${rule.signature}${verdictTag(rule.verdict)}`,
      rule.alerts,
    ]),
  );
  return html`<section class="card ${TONES[host.judgement]}"><h2>${hostLink(host.host)}</h2>${judgementOf(host)}${reasonsOf(host)}<details><summary>${counted(host.alerts, 'alert')} of ${counted(host.rules.length, 'rule')}, ${fromTo(host.first, host.last)}</summary>${rules}</details></section>`;
}

function verdictTag(verdict: Verdict | undefined): Html {
  return verdict === undefined ? html`` : html` <span class="tag">${VERDICT_WORDS[verdict.verdict]}</span>`;
}

export async function hostPage(desk: Desk, host: string, csrf: string | undefined): Promise<Html | undefined> {
  const picture = await desk.store.host(host);
  if (picture === undefined) return undefined;
  const hours = await desk.store.alertTimeline({ host });
  const list = (title: string, lines: readonly string[]): Html =>
    lines.length === 0 ? html`` : html`<h2>${title}</h2><ul>${lines.map((line) => html`<li>${sentence(line)}</li>`)}</ul>`;
  const stories = picture.stories.map((story) => storyCard(picture, story, csrf));
  const whole =
    csrf === undefined || picture.rules.length === 0
      ? html``
      : html`<details><summary>Verdict on the whole host</summary>${verdictForm(csrf, 'host', { host }, `/hosts/${encodeURIComponent(host)}`)}</details>`;
  return html`<section class="card ${TONES[picture.judgement]}">${judgementOf(picture)}${reasonsOf(picture)}</section><p><a href="${alertsAt({ host })}">${counted(picture.alerts, 'alert')} of this host</a>${picture.setAside > 0 ? `, ${picture.setAside.toLocaleString('en')} set aside` : ''}</p>${timeline(hours)}${list('What to do next', picture.next)}${list('What would change this', picture.wouldChange)}<h2>What happened</h2>${stories.length === 0 ? empty('No alert is laid to this host.') : stories}${verdictList(picture.verdicts, csrf, `/hosts/${encodeURIComponent(host)}`)}${whole}`;
}

function storyCard(picture: HostPicture, story: HostStory, csrf: string | undefined): Html {
  const here = `/hosts/${encodeURIComponent(picture.host)}`;
  const time = within(story.first, story.last);
  const stages = story.stages.map(
    (stage) =>
      html`<li><strong>${time(stage.from)} UTC, ${stage.role.replace('_', '-')}</strong>: ${stage.signatures.join('; ')} (${counted(stage.alerts, 'alert')})</li>`,
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
      : html`<label><input type="checkbox" name="report" value="yes"> Report it to the rule's writers as a false positive</label>`;
  return html`<form class="line" method="post" action="/verdicts">${csrfField(csrf)}${hidden}${select('verdict', 'Verdict', [
    ['false_positive', 'false positive'],
    ['expected', 'expected here'],
    ['true', 'true positive'],
  ])}<label>Note <input name="note" size="30" maxlength="4000"></label><label>Days it holds (empty: no end) <input name="days" type="number" min="1" max="3650"></label>${report}<button>Set verdict</button></form>`;
}

/** What a verdict is about, with the ways there. */
function verdictOn({ scope, host, sid, story }: Verdict): Html {
  const where = host === undefined ? html`every host` : hostLink(host);
  if (scope === 'host') return html`host ${where}`;
  if (scope === 'story') return html`the story ${story ?? ''} of ${where}`;
  return html`rule ${sid === undefined ? '' : ruleLink(sid)} on ${where}`;
}

export function verdictList(verdicts: readonly Verdict[], csrf: string | undefined, back: string): Html {
  if (verdicts.length === 0) return html``;
  const rows = verdicts.map((one) => [
    VERDICT_WORDS[one.verdict],
    verdictOn(one),
    one.note,
    `${one.by}, ${moment(one.created)}`,
    one.takenBack !== undefined ? `taken back by ${one.takenBack.by}` : one.expires === undefined ? 'no end' : `until ${moment(one.expires)}`,
    one.takenBack !== undefined
      ? ''
      : html`<form method="post" action="/verdicts/${one.id}/take-back">${csrfField(csrf ?? '')}<input type="hidden" name="back" value="${back}"><button class="quiet">Take back</button></form>`,
  ]);
  const headings = ['verdict', 'on', 'note', 'by', 'holds', 'change'];
  const shown = csrf === undefined ? headings.length - 1 : headings.length;
  return html`<h2>Verdicts</h2>${table(
    headings.slice(0, shown),
    rows.map((cells) => cells.slice(0, shown)),
  )}`;
}
