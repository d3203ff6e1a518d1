/**
 * A ruleset as a static site: a page for each rule and each campaign, lists, search, feeds, the community review and the playbook. The
 * same repository and day give the same bytes. Nothing of it needs a script, except search.
 */
import { counted } from '@sigwright/bytes';
import type { ExplainedBytes, RuleCost } from '@sigwright/detection';
import { communityReview } from '../community-review/community-review.ts';
import { metadataOf, metadataPairs } from '../repository/metadata.ts';
import { type ReportFile, type Repository, type RepositoryRule, roleOf } from '../repository/repository.ts';
import { feedsOf } from './feeds.ts';
import { escaped, html, type Markup, page, SEARCH_SCRIPT, STYLE, webLink } from './html.ts';
import { playbookOf } from './playbook.ts';

/** Bytes of a capture that a condition of the rule matched. */
export interface SeenBytes {
  readonly where: string;
  readonly condition: string;
  readonly found: ExplainedBytes;
}

export interface SiteOptions {
  /** ISO day of the site and its community review */
  readonly date: string;
  /** https address at which it will stand, for the feeds; without one there are none */
  readonly base?: string;
  /** what a capture of the evidence shows of the rule; undefined where it does not fire */
  readonly seen: (one: RepositoryRule, capture: string, networks: Readonly<Record<string, string>>) => readonly SeenBytes[] | undefined;
  readonly cost: (one: RepositoryRule) => RuleCost | undefined;
  /** lines about the rule's revisions, oldest first */
  readonly history: (sid: number) => readonly string[];
}

export interface SiteFile {
  /** with slashes, relative to the site */
  readonly path: string;
  readonly content: string;
}

export function* siteOf(repository: Repository, options: SiteOptions): Generator<SiteFile> {
  const { title } = repository.settings;
  const reportOf = new Map<number, ReportFile>();
  for (const report of repository.reports) for (const { sid } of report.rules) if (!reportOf.has(sid)) reportOf.set(sid, report);
  const rules = [...repository.rules].sort((a, b) => a.rule.sid - b.rule.sid);
  const known = new Map(rules.map((one) => [one.rule.sid, one]));
  const byCategory = Map.groupBy(rules, ({ category }) => category);
  const reports = repository.reports.filter((report) => report.rules.length > 0);
  yield { path: 'style.css', content: STYLE };
  yield { path: 'index.html', content: page(title, title, 0, frontPage(reports, byCategory, rules.length, options)) };
  for (const [category, members] of byCategory)
    yield { path: `category/${category}.html`, content: page(`Rules: ${category}`, title, 1, html`<ul>${members.map((one) => ruleLine(one, '../'))}</ul>`) };
  for (const report of reports) yield { path: `campaign/${report.slug}.html`, content: page(report.title, title, 1, campaignPage(report, known)) };
  for (const one of rules)
    yield {
      path: `sid/${one.rule.sid}.html`,
      content: page(`${one.rule.sid} ${one.rule.message}`, title, 1, rulePage(repository, one, reportOf.get(one.rule.sid), known, options)),
    };
  const review = communityReview(repository, options.date);
  yield { path: 'community-review.md', content: review };
  const post = html`<p>Ready to post as <a href="community-review.md">Markdown</a>:</p><pre class="rule">${review}</pre>`;
  yield { path: 'community-review.html', content: page('Community review', title, 0, post) };
  yield { path: 'playbook.json', content: `${JSON.stringify(playbookOf(repository), undefined, 1)}\n` };
  const index = JSON.stringify(rules.map(({ rule }) => [rule.sid, rule.message])).replaceAll('<', '\\u003c');
  yield { path: 'search-index.js', content: `globalThis.rulesOfSite = ${index};\n` };
  yield { path: 'search.js', content: SEARCH_SCRIPT };
  yield { path: 'search.html', content: page('Search', title, 0, SEARCH_FORM) };
  if (options.base !== undefined) yield* feedsOf(repository, options.date, options.base, review);
}

const SEARCH_FORM = html`<p><label>Words of a rule's message, or its SID <input type="search" autocomplete="off"></label></p>
<noscript><p>Searching needs a script. The lists by category on the front page do not.</p></noscript>
<p id="told" role="status"></p>
<ul id="found"></ul>
<script src="search-index.js"></script>
<script src="search.js"></script>`;

function ruleLine({ rule }: RepositoryRule, up: string): Markup {
  return html`<li><a href="${up}sid/${rule.sid}.html">${rule.sid}</a> ${rule.message}${rule.enabled ? '' : ' (disabled)'}</li>\n`;
}

function frontPage(reports: readonly ReportFile[], byCategory: ReadonlyMap<string, readonly RepositoryRule[]>, rules: number, options: SiteOptions): Markup {
  const campaigns = reports.map(
    (report) => html`<li><a href="campaign/${report.slug}.html">${report.title}</a> <span class="soft">${report.date}</span></li>\n`,
  );
  const categories = [...byCategory].map(
    ([name, members]) => html`<li><a href="category/${name}.html">${name}</a> <span class="soft">${counted(members.length, 'rule')}</span></li>\n`,
  );
  const feeds =
    options.base === undefined
      ? html``
      : html`<h2>Feeds</h2><p><a href="feed.rss">RSS</a>, <a href="feed.atom">Atom</a>, <a href="feed.json">JSON</a>: releases, new rules, community reviews.</p>`;
  return html`<p>${counted(rules, 'rule')}, as of ${options.date}.</p>
${campaigns.length === 0 ? html`` : html`<h2>Campaigns</h2><ul>${campaigns}</ul>`}
<h2>Rules by category</h2><ul>${categories}</ul>
${feeds}`;
}

function credits(report: ReportFile): Markup {
  const who = report.credits.map(({ handle, name, where }) => html`<li>${handle}${name === '' ? '' : ` (${name})`}${where === '' ? '' : ` on ${where}`}</li>`);
  return html`${who.length === 0 ? html`<p>Nobody is named in the report.</p>` : html`<ul>${who}</ul>`}<p>Source: ${report.source.publisher} ${webLink(report.source.url)}</p>`;
}

function steps(report: ReportFile): Markup {
  return html`<p>${report.playbook.trim() === '' ? 'The report says nothing about it.' : report.playbook.trim()}</p>
${report.correlate.trim() === '' ? html`` : html`<p>Look at these together: ${report.correlate.trim()}</p>`}`;
}

function campaignPage(report: ReportFile, known: ReadonlyMap<number, RepositoryRule>): Markup {
  const members = report.rules.map(({ sid, role, 'alerts-on': on }) => {
    const one = known.get(sid);
    const number = one === undefined ? html`${sid} (no rule any more)` : html`<a href="../sid/${sid}.html">${sid}</a> ${one.rule.message}`;
    return html`<li>${number} <span class="soft">${role.replace('_', '-')}${on === '' ? '' : `: ${on}`}</span></li>\n`;
  });
  const indicators = report.indicators
    .filter(({ role }) => role === 'indicator')
    .map(({ type, value, note }) => html`<li><code>${defanged(type, value)}</code> <span class="soft">${type}${note === '' ? '' : `, ${note}`}</span></li>\n`);
  return html`<p>${report.summary.trim()}</p>
<dl><dt>Date</dt><dd>${report.date}</dd><dt>Families</dt><dd>${report.families.join(', ') || 'none named'}</dd><dt>Actors</dt><dd>${report.actors.join(', ') || 'none named'}</dd></dl>
<h2>Rules</h2><ul>${members}</ul>
<h2>When one of them fires</h2>${steps(report)}
<h2>Indicators</h2>${indicators.length === 0 ? html`<p>None.</p>` : html`<ul>${indicators}</ul>`}
<h2>Thanks to</h2>${credits(report)}`;
}

/** Not to be followed by accident. */
function defanged(type: string, value: string): string {
  if (!/^(?:domain|host|url|ip|email)/i.test(type)) return value;
  return value.replace(/^http/i, 'hxxp').replaceAll('.', '[.]');
}

function rulePage(
  repository: Repository,
  one: RepositoryRule,
  report: ReportFile | undefined,
  known: ReadonlyMap<number, RepositoryRule>,
  options: SiteOptions,
): Markup {
  const { rule } = one;
  const named = report?.rules.find(({ sid }) => sid === rule.sid);
  const references = rule.options.filter(({ name, value }) => name === 'reference' && value !== undefined).map(({ value }) => value!);
  const facts: [string, Markup][] = [
    ['SID', html`${rule.sid}, rev ${rule.rev}${rule.enabled ? '' : ', disabled'}`],
    ['Category', html`<a href="../category/${one.category}.html">${one.category}</a>`],
    ['Role', html`${(roleOf(rule) ?? named?.role ?? 'not said').replace('_', '-')}`],
    ...metadataPairs(rule)
      .filter(([key]) => key !== 'role')
      .map(([key, value]): [string, Markup] => [key.replaceAll('_', ' '), html`${value}`]),
    ...references.map((written): [string, Markup] => ['Reference', reference(written)]),
  ];
  const related = (report?.rules ?? []).flatMap(({ sid }) => (sid === rule.sid ? [] : (known.get(sid) ?? [])));
  const past = [...options.history(rule.sid), ...decisions(repository, rule.sid)];
  const dates = [...metadataOf(rule, 'created_at').map((day) => `created ${day}`), ...metadataOf(rule, 'updated_at').map((day) => `updated ${day}`)];
  return html`<p>${named === undefined || named['alerts-on'] === '' ? `Alerts on what its conditions say: ${rule.message}` : `Alerts on: ${named['alerts-on']}.`}</p>
<dl>${facts.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>\n`)}</dl>
<h2>The rule</h2><pre class="rule">${rule.text}</pre>
${report === undefined ? html`` : html`<h2>Why</h2><p>${report.summary.trim()} See <a href="../campaign/${report.slug}.html">${report.title}</a>.</p>`}
<h2>When it fires</h2>${report === undefined ? html`<p>No report says more; look at the references and at what else the host did.</p>` : steps(report)}
<h2>Evidence</h2>${evidence(repository, one, options)}
<h2>Cost</h2>${cost(options.cost(one))}
<h2>History</h2><ul>${[...dates, ...past].map((line) => html`<li>${line}</li>`)}</ul>
${related.length === 0 ? html`` : html`<h2>Related rules</h2><ul>${related.map((other) => ruleLine(other, '../'))}</ul>`}
${report === undefined ? html`` : html`<h2>Thanks to</h2>${credits(report)}`}`;
}

function reference(written: string): Markup {
  const [kind, ...rest] = written.split(',');
  const value = rest.join(',').trim();
  return kind.trim() === 'url' ? webLink(/^https?:/i.test(value) ? value : `https://${value}`) : html`${kind.trim()} ${value}`;
}

function decisions(repository: Repository, sid: number): string[] {
  const locked = repository.lock.rules[String(sid)];
  if (locked === undefined) return [];
  const made = locked.decisions.map(
    ({ date, decision, reason, by }) => `${date} decided: ${decision}${reason === '' ? '' : `, ${reason}`}${by === undefined ? '' : `, by ${by}`}`,
  );
  return [...(locked.released === undefined ? [] : [`first released with ${locked.released}`]), ...made];
}

function cost(measured: RuleCost | undefined): Markup {
  if (measured === undefined) return html`<p>The engine does not load this rule.</p>`;
  const { grade, prefilter, advice } = measured;
  const first =
    prefilter === undefined
      ? 'no literal is looked for first'
      : `looked for first: ${prefilter.literal} in ${prefilter.where}, ${counted(Math.round(prefilter.rarity), 'bit')} of surprise`;
  return html`<p>Grade ${grade} (A is the cheapest); ${first}.</p>${advice.length === 0 ? html`` : html`<ul>${advice.map((line) => html`<li>${line}</li>`)}</ul>`}`;
}

function evidence(repository: Repository, one: RepositoryRule, options: SiteOptions): Markup {
  const expectation = repository.evidence.get(one.rule.sid);
  if (expectation === undefined) return html`<p>There is no capture for this rule.</p>`;
  const parts = expectation.fires.map(({ capture, alerts, shows, networks }) => {
    const seen = options.seen(one, capture, { ...repository.settings.networks, ...networks });
    const bytes = (seen ?? []).map(({ where, condition, found }) => html`<p class="soft">${where}: ${condition}</p><pre tabindex="0">${dump(found)}</pre>`);
    const count = seen === undefined ? 'does not fire here now' : alerts === 1 ? 'fires once' : `fires ${alerts} times`;
    return html`<h3>${capture}: ${count}</h3><p>${shows}</p>${bytes}`;
  });
  const silent = expectation.silent.map(({ capture, because }) => html`<li>${capture}${because === '' ? '' : `: ${because}`}</li>`);
  return html`${parts}${silent.length === 0 ? html`` : html`<h3>Silent on</h3><ul>${silent}</ul>`}`;
}

const LINE = 16;
const MOST_LINES = 8;

/** Sixteen bytes a line around the match, which is marked. */
export function dump({ bytes, from, start, end }: ExplainedBytes): Markup {
  const first = Math.max(0, start - from - LINE);
  const lines: Markup[] = [];
  for (let at = first - (first % LINE); at < Math.min(bytes.length, end - from + LINE) && lines.length < MOST_LINES; at += LINE) {
    let hex = '';
    let text = '';
    for (let byte = at; byte < Math.min(at + LINE, bytes.length); byte++) {
      const value = bytes[byte];
      const matched = byte + from >= start && byte + from < end;
      const shown = value >= 0x20 && value < 0x7f ? escaped(String.fromCharCode(value)) : '.';
      hex += `${matched ? `<mark>${hexOf(value)}</mark>` : hexOf(value)} `;
      text += matched ? `<mark>${shown}</mark>` : shown;
    }
    const missing = Math.max(0, at + LINE - bytes.length);
    lines.push({ markup: `${String(at + from).padStart(6)}  ${hex}${'   '.repeat(missing)} ${text}\n` });
  }
  return html`${lines}`;
}

function hexOf(value: number): string {
  return value.toString(16).padStart(2, '0');
}
