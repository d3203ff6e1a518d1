/** Rules: search by anything; a page per SID with evidence, alerts, history; the review queue. */
import { join } from 'node:path';
import { rarityInWords } from '@sigwright/detection';
import { DECISIONS, FEEDBACK_KINDS, metadataOf, REASONS, type Repository, type RepositoryRule, ruleHistory } from '@sigwright/workbench';
import type { Desk } from '../desk.ts';
import { bytesHtml, type Html, html } from '../html.ts';
import {
  alertsAt,
  counted,
  csrfField,
  empty,
  type Heading,
  hostLink,
  partOf,
  ruleLink,
  select,
  sentence,
  type Titled,
  table,
  timeline,
  when,
} from '../layout.ts';
import type { KnownCost } from '../rule-costs.ts';
import { verdictForm } from './hosts.ts';

export const NO_REPOSITORY: Html = html`There is no ruleset repository. Start the server with one: <code>sigwright serve -C FOLDER</code>.`;
/** The day on which a rule without any date was looked at last. */
const NEVER = '1970-01-01';
/** Rows of one page. */
const MOST_SHOWN = 500;

/** What the list can be sorted by; with a minus before it, from the largest down. */
const ORDERS: readonly (readonly [order: string, words: string])[] = [
  ['', 'as in the files'],
  ['-cost', 'cost, dearest first'],
  ['cost', 'cost, cheapest first'],
  ['-alerts', 'alerts, most first'],
  ['alerts', 'alerts, fewest first'],
  ['sid', 'sid'],
  ['-sid', 'sid, highest first'],
  ['category', 'category'],
  ['message', 'message'],
];
/** What a first click on a heading asks for. */
const FIRST_ORDER: Readonly<Record<string, string>> = { sid: 'sid', category: 'category', message: 'message', cost: '-cost', alerts: '-alerts' };

function rulesAt(query: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  return `/rules${parts.length === 0 ? '' : `?${parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`}`;
}

/** Rules in the order that somebody asks for: a copy, and the same list where there is no such order. */
function inOrder(
  rules: readonly RepositoryRule[],
  order: string,
  costs: ReadonlyMap<string, KnownCost> | undefined,
  alerts: ReadonlyMap<number, number>,
): readonly RepositoryRule[] {
  const by: Readonly<Record<string, (one: RepositoryRule) => string | number>> = {
    sid: ({ rule }) => rule.sid,
    category: ({ category }) => category,
    message: ({ rule }) => rule.message,
    // What is not known, or never runs, comes before the cheapest.
    cost: ({ rule }) => {
      const cost = costs?.get(rule.text);
      return cost === undefined || cost === 'none' ? '' : cost;
    },
    alerts: ({ rule }) => alerts.get(rule.sid) ?? 0,
  };
  const key = Object.hasOwn(by, order.replace(/^-/, '')) ? by[order.replace(/^-/, '')] : undefined;
  if (key === undefined) return rules;
  const sign = order.startsWith('-') ? -1 : 1;
  const keyed = rules.map((one): [string | number, RepositoryRule] => [key(one), one]);
  return keyed.sort(([a], [b]) => (a === b ? 0 : a < b ? -sign : sign)).map(([, one]) => one);
}

/** A heading that sorts the list by its column, and the other way round where it does already. */
function sorting(column: string, order: string, words: string): Heading {
  const next = order === column ? `-${column}` : order === `-${column}` ? column : FIRST_ORDER[column];
  const sorted = order === column ? 'ascending' : order === `-${column}` ? 'descending' : undefined;
  const arrow = sorted === undefined ? '' : sorted === 'ascending' ? ' ↑' : ' ↓';
  return { words: column, shown: html`<a href="${rulesAt({ words, sort: next })}">${column}</a>${arrow}`, sorted };
}

export async function rulesPage(desk: Desk, query: Readonly<Record<string, string>>, csrf: string | undefined): Promise<Html> {
  const repository = desk.repository();
  if (repository === undefined) return empty(NO_REPOSITORY);
  const words = (query['words'] ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, 20);
  const seen = new Map((await desk.store.signatures()).map((one) => [one.sid, one.alerts]));
  const proofs = new Map(desk.proofs.report()?.rules.map((proof) => [proof.sid, proof]));
  const matching =
    words.length === 0
      ? repository.rules
      : repository.rules.filter(({ rule, category }) => {
          const text = `${rule.text} ${category} ${rule.enabled ? 'enabled' : 'disabled'}`.toLowerCase();
          return words.every((word) => text.includes(word));
        });
  const costs = desk.rules.costs(repository);
  const order = query['sort'] ?? '';
  const found = inOrder(matching, order, costs, seen);
  const given = query['words'] ?? '';
  const { items, ways } = partOf(found, query['from'], MOST_SHOWN, (from) => rulesAt({ words: given, sort: order, from: from === 0 ? '' : String(from) }));
  const rows = items.map(({ rule, category }) => {
    const proof = proofs.get(rule.sid);
    const evidence =
      proof === undefined
        ? capturesOf(repository, rule.sid)
        : proof.excused !== undefined
          ? `none: ${proof.excused}`
          : proof.ok
            ? `proved, ${counted(proof.checks.length, 'check')}`
            : 'not proved';
    return [
      ruleLink(rule.sid),
      category,
      html`${rule.message}${rule.enabled ? html`` : html` <span class="tag">disabled</span>`}`,
      evidence,
      ...(costs === undefined ? [] : [costWord(costs.get(rule.text))]),
      seen.get(rule.sid) ?? 0,
    ];
  });
  const form = html`<form class="line" method="get" action="/rules" role="search"><label>Words of the rule or its category; <code>disabled</code> finds those <input name="words" value="${given}" size="40"></label>${select(
    'sort',
    'Order',
    ORDERS.filter(([name]) => costs !== undefined || !name.endsWith('cost')),
    order,
  )}<button>Search</button></form>`;
  const prove =
    csrf === undefined
      ? html``
      : html`<form class="line" method="post" action="/rules/prove">${csrfField(csrf)}<button class="quiet">Prove all rules on their evidence</button></form>`;
  const problems =
    repository.problems.length === 0
      ? html``
      : html`<p class="problem">${counted(repository.problems.length, 'problem')} in the repository${repository.problems.length === 1 ? '' : ', the first'}: ${repository.problems[0].message}</p>`;
  const good = [...proofs.values()].filter((proof) => proof.ok).length;
  const column = (name: string): Heading => sorting(name, order, given);
  const headings = [column('sid'), column('category'), column('message'), 'evidence', ...(costs === undefined ? [] : [column('cost')]), column('alerts')];
  const left = costs === undefined ? 0 : repository.rules.filter(({ rule }) => !costs.has(rule.text)).length;
  const said =
    costs === undefined
      ? ''
      : ` Costs are grades: A is the cheapest, E the dearest.${left === 0 ? '' : ` Those of ${counted(left, 'rule')} are still being worked out; load the page again in a while.`}`;
  const list =
    rows.length === 0
      ? empty(
          repository.rules.length === 0
            ? 'The repository holds no rule yet. A report drafts some, and the rule workbench takes any.'
            : 'No rule has all these words.',
        )
      : html`<div data-rows="tr">${table(headings, rows)}</div>`;
  return html`${form}${problems}${prove}<p class="lead">${counted(found.length, 'rule')}${words.length > 0 ? ` of ${repository.rules.length.toLocaleString('en')}` : ''}${proofs.size === 0 ? '' : `; ${good.toLocaleString('en')} of ${proofs.size.toLocaleString('en')} proved`}.${said}</p>${list}${ways}`;
}

function costWord(cost: KnownCost | undefined): string {
  return cost === undefined ? '…' : cost === 'none' ? 'not loaded' : cost;
}

/** How much evidence is written for it; whether it holds a proof says. */
function capturesOf({ evidence }: Repository, sid: number): string {
  const { fires = [], silent = [] } = evidence.get(sid) ?? {};
  const count = fires.length + silent.length;
  return count === 0 ? 'none' : counted(count, 'capture');
}

export async function rulePage(desk: Desk, sid: number, csrf: string | undefined, mayWrite: boolean): Promise<Titled | undefined> {
  const repository = desk.repository();
  const one = repository?.rules.find(({ rule }) => rule.sid === sid);
  const hosts = await desk.store.hostsOfRule(sid);
  const signature = (await desk.store.signatures()).find((known) => known.sid === sid);
  if (one === undefined && signature === undefined) return undefined;
  const hours = await desk.store.alertTimeline({ sid });
  const heard =
    hosts.length === 0
      ? empty('It did not fire on a host of ours.')
      : table(
          ['host', 'alerts', 'first (UTC)', 'last (UTC)'],
          hosts.map((host) => [
            hostLink(host.host),
            html`<a href="${alertsAt({ host: host.host, sid })}">${host.alerts.toLocaleString('en')}</a>`,
            when(host.first),
            when(host.last),
          ]),
        );
  const decideAlerts =
    csrf === undefined
      ? html``
      : html`<details><summary>A verdict on the rule, wherever it fires</summary>${verdictForm(csrf, 'rule', { sid }, `/rules/${sid}`)}</details>`;
  const fired = html`<h2>Where it fired</h2>${timeline(hours)}${heard}${decideAlerts}`;
  if (one === undefined || repository === undefined)
    return {
      title: `Rule ${sid}: ${signature!.signature}`,
      body: html`<p class="quiet-text">The rule is not in the ruleset repository; this is what alerts say about it.</p>${fired}`,
    };
  const { rule, category } = one;
  const report = repository.reports.find((candidate) => candidate.rules.some((used) => used.sid === sid));
  const proof = desk.proofs.report()?.rules.find((known) => known.sid === sid);
  const attempt = desk.options.explain?.(sid);
  const steps = attempt?.steps.map(
    (step) =>
      html`<li><strong>${step.where}</strong> ${step.condition}${step.found === undefined || step.found.bytes.length === 0 ? html`` : bytesHtml(step.found.bytes, step.found.from, step.found.start, step.found.end)}</li>`,
  );
  const expected = repository.evidence.get(sid);
  const there = new Set(desk.captures.evidenceNames(sid));
  const captureLink = (name: string): Html => (there.has(name) ? html`<a href="/rules/${sid}/evidence/${name}">${name}</a>` : html`${name}`);
  const checks =
    proof !== undefined
      ? proof.checks.map(
          (check) =>
            html`<li><span class="${check.ok ? 'good' : 'wrong'}">${check.ok ? 'holds' : 'FAILS'}</span>: ${check.kind === 'fires' ? 'fires' : check.kind === 'silent' ? 'is silent' : `fires at most ${check.wanted === 1 ? 'once' : `${check.wanted} times`} on ordinary traffic,`} on ${captureLink(check.capture)}${colon(check.says)}</li>`,
        )
      : [
          ...(expected?.fires ?? []).map((fires) => html`<li>must fire on ${captureLink(fires.capture)}${colon(fires.shows)}</li>`),
          ...(expected?.silent ?? []).map((silent) => html`<li>must be silent on ${captureLink(silent.capture)}${colon(silent.because)}</li>`),
        ];
  const queued = (await desk.rules.reviewQueue(repository)).find((item) => item.sid === sid);
  const locked = repository.lock.rules[String(sid)];
  const history = ruleHistory(repository.folder, sid);
  const past = [
    ...(locked?.decisions ?? []).map(
      (decision) =>
        html`<li>${decision.date}${decision.by === undefined || decision.by === '' ? '' : ` ${decision.by}`}: ${decision.decision}${decision.reason === '' ? '' : `, ${decision.reason.replaceAll('_', ' ')}`}${colon(decision.note)}</li>`,
    ),
    ...(history.ok ? history.value.map((revision) => html`<li>${revision.date.slice(0, 10)} ${revision.author}: ${revision.subject}</li>`) : []),
  ];
  const families = metadataOf(rule, 'malware_family').map(
    (family) => html` <a class="tag" href="/rules?words=${encodeURIComponent(`malware_family ${family}`)}">${family.replaceAll('_', ' ')}</a>`,
  );
  const decide = csrf === undefined || !mayWrite ? html`` : html`<h2>Decide</h2>${decisionForm(csrf, sid, rule.text)}`;
  const tell = csrf === undefined ? html`` : html`<details><summary>Report this rule to its writers</summary>${feedbackForm(csrf, sid)}</details>`;
  const body = html`<p class="lead"><span class="tag">${category}</span> <span class="tag">${rule.enabled ? 'enabled' : 'disabled'}</span> <span class="tag">rev ${rule.rev}</span>${families}</p><pre class="rule">${rule.text}</pre><p><a href="/workbench?sid=${sid}">Open it in the rule workbench</a></p>${report === undefined ? html`` : html`<p>From the report <a href="/reports/${report.slug}">${report.title}</a>, by ${report.credits.map((credit) => credit.handle).join(', ') || 'nobody named'}.</p>`}${queued === undefined ? html`` : html`<p class="${queued.overdue >= 0 ? 'problem' : 'quiet-text'}">Review due ${queued.lastLooked === NEVER ? 'now' : queued.due}: ${sentence(queued.why)}</p>`}${costOf(desk, rule.text, repository)}<h2>Evidence</h2>${checks.length === 0 ? empty('No evidence is written for this rule.') : html`<ul>${checks}</ul>`}${fired}${steps === undefined ? html`` : html`<h2>What it matched</h2><ol class="steps">${steps}</ol>`}${decide}${tell}<h2>History</h2>${past.length === 0 ? empty('Nothing was decided about it yet.') : html`<ul>${past}</ul>`}`;
  return { title: `Rule ${sid}: ${rule.message}`, body };
}

/** What explains the words before it. */
function colon(words: string | undefined): string {
  return words === undefined || words === '' ? '' : `: ${words}`;
}

/** What the engine looks for first, and how rare that is: on every packet, where somebody chose badly. */
function costOf(desk: Desk, rule: string, repository: Repository): Html {
  if (desk.options.cost === undefined) return html``;
  const cost = desk.options.cost({ rule, folder: join(repository.folder, 'rules'), networks: repository.settings.networks });
  if (cost === undefined) return html`<h2>Cost</h2><p>The engine does not load this rule.</p>`;
  const { grade, prefilter, advice } = cost;
  const first =
    prefilter === undefined
      ? html`no literal is looked for first`
      : html`looked for first: <code>${prefilter.literal}</code> in ${prefilter.where}, ${rarityInWords(prefilter.rarity)}`;
  return html`<h2>Cost</h2><p>Grade ${grade} (A is the cheapest, E the dearest); ${first}.</p>${advice.length === 0 ? html`` : html`<ul>${advice.map((line) => html`<li>${sentence(line)}</li>`)}</ul>`}`;
}

function decisionForm(csrf: string, sid: number, text: string): Html {
  return html`<form class="tall full" method="post" action="/rules/${sid}/decide">${csrfField(csrf)}<input type="hidden" name="seen" value="${text}">${select(
    'decision',
    'Decision',
    DECISIONS.map((word) => [word, word]),
  )}${select('reason', 'Reason', [['', 'none is needed to keep or revise'], ...REASONS.map((word) => [word, word.replace('_', ' ')] as const)])}<label>The rule as it is to be, where it is revised <textarea name="rule" rows="5">${text}</textarea></label><label>Note <input name="note" maxlength="4000"></label><button>Decide</button></form>`;
}

function feedbackForm(csrf: string, sid: number): Html {
  return html`<form class="line" method="post" action="/feedback" enctype="multipart/form-data">${csrfField(csrf)}<input type="hidden" name="sid" value="${sid}">${select(
    'kind',
    'What',
    FEEDBACK_KINDS.map((kind) => [kind, kind.replaceAll('_', ' ')]),
  )}<label>Comment <input name="comment" size="40" maxlength="4000"></label><label>A capture that shows it, kept as it is <input type="file" name="slice" accept=".pcap,.pcapng"></label><button>Report</button></form>`;
}

export async function reviewPage(desk: Desk, from: string | undefined): Promise<Html> {
  const repository = desk.repository();
  if (repository === undefined) return empty(NO_REPOSITORY);
  const queue = await desk.rules.reviewQueue(repository);
  const due = queue.filter((item) => item.overdue >= 0);
  const { items, ways } = partOf(queue, from, MOST_SHOWN, (start) => `/review?from=${start}`);
  const rows = items.map((item) => [
    ruleLink(item.sid),
    html`${item.message}${item.proposed === undefined ? html`` : html` <span class="tag">proposed: ${item.proposed}</span>`}`,
    item.overdue > 0 && item.lastLooked === NEVER
      ? html`<span class="wrong">never looked at</span>`
      : item.overdue > 0
        ? html`<span class="wrong">${counted(item.overdue, 'day')} overdue</span>`
        : item.overdue === 0
          ? html`<span class="wrong">today</span>`
          : `in ${counted(-item.overdue, 'day')}`,
    item.why,
  ]);
  return html`<p class="lead">${due.length.toLocaleString('en')} of ${counted(queue.length, 'rule')} ${due.length === 1 ? 'is' : 'are'} due on ${desk.today()}. The decision is taken on the page of the rule.</p>${rows.length === 0 ? empty('No rule is enabled, so none is due.') : html`<div data-rows="tr">${table(['sid', 'message', 'due', 'why'], rows)}</div>${ways}`}`;
}

/** Of each rule, by its sid. */
export function messagesOf(repository: Repository | undefined): ReadonlyMap<number, string> {
  return new Map(repository?.rules.map(({ rule }) => [rule.sid, rule.message]));
}
