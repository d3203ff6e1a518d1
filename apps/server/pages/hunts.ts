/** Work of workers: rules over the archive of captures, proofs, traffic for rules; how far each is, what it found, what was set aside and why. */
import { type HuntRow, proofOf, synthesizedOf, type WorkKind } from '@sigwright/workbench';
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { counted, csrfField, empty, moment, ruleLink, type Titled, table, when } from '../layout.ts';

const KINDS: Record<WorkKind, readonly [name: string, item: string]> = {
  hunt: ['hunt', 'capture'],
  prove: ['proof', 'rule'],
  synthesize: ['traffic', 'rule'],
};

function progress(hunt: HuntRow): Html {
  const [name, item] = KINDS[hunt.kind];
  const far = `${hunt.done.toLocaleString('en')} of ${counted(hunt.total, item)}`;
  if (hunt.state !== 'running') return html`${hunt.state}, ${far}`;
  return html`<progress data-job="${hunt.job}" max="${Math.max(1, hunt.total)}" value="${hunt.done}" aria-label="${item}s of ${name} ${hunt.job}"></progress> <span>${far}</span>`;
}

export async function huntsPage(desk: Desk, csrf: string | undefined): Promise<Html> {
  const hunts = await desk.store.hunts.list();
  const list =
    hunts.length === 0
      ? empty('No worker was asked for anything yet.')
      : html`<div data-rows="tr">${table(
          ['begun (UTC)', 'what', 'name', 'done', 'by'],
          hunts.map((hunt) => [when(hunt.created), KINDS[hunt.kind][0], html`<a href="/hunts/${hunt.job}">${hunt.title}</a>`, progress(hunt), hunt.by]),
        )}</div>`;
  const form =
    desk.options.archive === undefined
      ? html`<p class="quiet-text">To begin hunts here, start the server with <code>--nats</code> and <code>--archive</code>, and workers with <code>sigwright worker</code>.</p>`
      : csrf === undefined
        ? html``
        : html`<h2>A new hunt</h2><form class="tall" method="post" action="/hunts">${csrfField(csrf)}<label>Name <input name="title" required maxlength="200"></label><label>Rules <textarea name="rules" rows="8" required spellcheck="false"></textarea></label><label>What $HOME_NET is (empty: as the server has it) <input name="networks" maxlength="200"></label><p><button>Begin the hunt</button></p></form>`;
  return html`<p class="lead">A hunt runs new rules over the captures that were kept, and finds what happened before anybody knew. What else workers do is listed, too: proofs, and traffic made for rules.</p>${list}${form}`;
}

export async function huntPage(desk: Desk, job: number, csrf: string | undefined): Promise<Titled | undefined> {
  const hunt = (await desk.store.hunts.list()).find((one) => one.job === job);
  if (hunt === undefined) return undefined;
  const [name, item] = KINDS[hunt.kind];
  if (hunt.kind !== 'hunt') {
    const lead = html`<p>${progress(hunt)}</p><p class="quiet-text">A ${name}, begun ${moment(hunt.created)} by ${hunt.by}, ${counted(hunt.total, item)}${hunt.ended === null ? '' : `, ended ${moment(hunt.ended)}`}</p>`;
    const body = html`${lead}${cancelForm(hunt, csrf)}${hunt.state === 'running' ? html`` : await rulesOf(desk, hunt)}`;
    return { title: hunt.title, body };
  }
  const hits = await desk.store.hunts.hits(job);
  // Rules of a hunt are often nobody's yet: only those that have a page are linked.
  const known = new Set([...(desk.repository()?.rules ?? []).map(({ rule }) => rule.sid), ...(await desk.store.signatures()).map(({ sid }) => sid)]);
  const captures = await desk.store.hunts.captures(job);
  const fired =
    hits.length === 0
      ? empty(hunt.state === 'running' ? 'No rule fired so far.' : 'No rule fired.')
      : html`${table(
          ['rule', 'captures', 'alerts'],
          hits.map((hit) => [html`${known.has(hit.sid) ? ruleLink(hit.sid) : String(hit.sid)} ${hit.signature}`, hit.captures, hit.alerts]),
        )}<p><a href="/hunts/${job}/alerts.json">The alerts as EVE</a> (the first 200 of each capture)</p>`;
  const where =
    captures.length === 0
      ? html``
      : html`<h2>Captures</h2><p class="quiet-text">Those with alerts, set aside, or not read to their end.</p>${table(
          ['capture', 'alerts', 'state', 'why', 'worker'],
          captures.map((one) => [one.capture, one.alerts, one.state === 'aside' ? 'set aside' : one.state, one.said, one.worker]),
        )}`;
  const body = html`<p>${progress(hunt)}</p><p class="quiet-text">A hunt, begun ${moment(hunt.created)} by ${hunt.by}, ${counted(hunt.total, 'capture')}${hunt.ended === null ? '' : `, ended ${moment(hunt.ended)}`}</p>${cancelForm(hunt, csrf)}<h2>What fired</h2>${fired}${where}`;
  return { title: hunt.title, body };
}

function cancelForm(hunt: HuntRow, csrf: string | undefined): Html {
  if (hunt.state !== 'running' || csrf === undefined) return html``;
  return html`<form method="post" action="/hunts/${hunt.job}/cancel">${csrfField(csrf)}<button class="quiet">Cancel it</button></form>`;
}

/** Rows of a page: what failed comes first, and counts when there is more. */
const MOST_RULES = 500;

async function rulesOf(desk: Desk, hunt: HuntRow): Promise<Html> {
  const failed: [number, string][] = [];
  let good = 0;
  const repository = desk.repository();
  if (hunt.kind === 'synthesize') {
    for await (const made of synthesizedOf(desk.store, hunt.job))
      if ('problem' in made) failed.push([made.sid, made.problem]);
      else good++;
  } else if (repository !== undefined)
    for (const proof of (await proofOf(desk.store, hunt.job, repository)).rules)
      if (proof.ok) good++;
      else failed.push([proof.sid, [...proof.missing, ...proof.checks.filter((one) => !one.ok).map((one) => `${one.capture}: ${one.reason}`)].join('; ')]);
  const list =
    failed.length === 0
      ? html``
      : table(
          ['rule', 'why'],
          failed.slice(0, MOST_RULES).map(([sid, why]) => [ruleLink(sid), why]),
        );
  return html`<h2>${failed.length === 0 ? 'What came of it' : hunt.kind === 'prove' ? 'What is not proved' : 'What could not be solved'}</h2><p>${good} of ${counted(good + failed.length, 'rule')} ${hunt.kind === 'prove' ? 'proved' : 'solved'}.</p>${list}`;
}
