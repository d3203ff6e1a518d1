/**
 * A ruleset as a static site: a page for each rule, campaign and release, lists, search, feeds, the community review and the playbook. The
 * same repository and day give the same bytes. Nothing of it needs a script, except search.
 */
import { counted } from '@sigwright/bytes';
import type { ExplainedBytes, RuleCost } from '@sigwright/detection';
import { communityReview } from '../community-review/community-review.ts';
import { defanged } from '../community-review/harmless.ts';
import type { ReportFile, Repository, RepositoryRule } from '../repository/repository.ts';
import { feedsOf } from './feeds.ts';
import { html, type Markup, page, SEARCH_SCRIPT, STYLE } from './html.ts';
import { playbookOf } from './playbook.ts';
import { type ReleaseOnSite, releasesOnSite } from './releases.ts';
import { thingsToDo } from './role-words.ts';
import { credits, ruleLine, rulePage } from './rule-page.ts';

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
  const releases = releasesOnSite(repository.folder);
  yield { path: 'style.css', content: STYLE };
  yield { path: 'index.html', content: page(title, title, 0, frontPage(reports, byCategory, releases, rules.length, options)) };
  for (const { version, path, changelog } of releases)
    yield { path, content: page(`Release ${version}`, title, 1, html`<pre class="rule">${changelog}</pre>`) };
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
  if (options.base !== undefined) yield* feedsOf(repository, { date: options.date, base: options.base, review, releases });
}

const SEARCH_FORM = html`<p><label>Words of a rule's message, or its SID <input type="search" autocomplete="off"></label></p>
<noscript><p>Searching needs a script. The lists by category on the front page do not.</p></noscript>
<p id="told" role="status"></p>
<ul id="found"></ul>
<script src="search-index.js"></script>
<script src="search.js"></script>`;

function frontPage(
  reports: readonly ReportFile[],
  byCategory: ReadonlyMap<string, readonly RepositoryRule[]>,
  releases: readonly ReleaseOnSite[],
  rules: number,
  options: SiteOptions,
): Markup {
  const campaigns = reports.map(
    (report) => html`<li><a href="campaign/${report.slug}.html">${report.title}</a> <span class="soft">${report.date}</span></li>\n`,
  );
  const categories = [...byCategory].map(
    ([name, members]) => html`<li><a href="category/${name}.html">${name}</a> <span class="soft">${counted(members.length, 'rule')}</span></li>\n`,
  );
  const released = releases.map(
    ({ version, path, date, rules: of }) => html`<li><a href="${path}">${version}</a> <span class="soft">${date}, ${counted(of, 'rule')}</span></li>\n`,
  );
  const feeds =
    options.base === undefined
      ? html``
      : html`<h2>Feeds</h2><p><a href="feed.rss">RSS</a>, <a href="feed.atom">Atom</a>, <a href="feed.json">JSON</a>: releases, new rules, community reviews.</p>`;
  return html`<p>${counted(rules, 'rule')}, as of ${options.date}.</p>
${campaigns.length === 0 ? html`` : html`<h2>Campaigns</h2><ul>${campaigns}</ul>`}
<h2>Rules by category</h2><ul>${categories}</ul>
${released.length === 0 ? html`` : html`<h2>Releases</h2><ul>${released}</ul>`}
${feeds}`;
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
<h2>When one of them fires</h2>${thingsToDo(
    report,
    report.rules.map(({ role }) => role),
  )}
<h2>Indicators</h2>${indicators.length === 0 ? html`<p>None.</p>` : html`<ul>${indicators}</ul>`}
<h2>Thanks to</h2>${credits(report)}`;
}
