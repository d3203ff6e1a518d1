/** Feeds of a ruleset: releases, new rules by campaign, community reviews; RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1. */

import { counted } from '@sigwright/bytes';
import { sidRanges } from '../community-review/community-review.ts';
import type { Repository } from '../repository/repository.ts';
import { escaped } from './html.ts';
import type { ReleaseOnSite } from './releases.ts';
import type { SiteFile } from './site.ts';

interface Entry {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  /** ISO day */
  readonly date: string;
  readonly text: string;
}

export interface FeedOptions {
  /** ISO day of the site */
  readonly date: string;
  /** address of the site, with or without its last slash */
  readonly base: string;
  /** the community review, Markdown */
  readonly review: string;
  readonly releases: readonly ReleaseOnSite[];
}

export function* feedsOf(repository: Repository, options: FeedOptions): Generator<SiteFile> {
  const { base } = options;
  const root = base.endsWith('/') ? base : `${base}/`;
  const { title } = repository.settings;
  const entries = entriesOf(repository, options, root);
  const updated = entries[0].date;
  yield {
    path: 'feed.json',
    content: `${JSON.stringify(
      {
        version: 'https://jsonfeed.org/version/1.1',
        title,
        home_page_url: root,
        feed_url: `${root}feed.json`,
        items: entries.map((one) => ({ id: one.id, url: one.url, title: one.title, date_published: `${one.date}T00:00:00Z`, content_text: one.text })),
      },
      undefined,
      1,
    )}\n`,
  };
  const atom = entries.map(
    (one) =>
      `<entry><id>${escaped(one.id)}</id><link href="${escaped(one.url)}"/><title>${escaped(one.title)}</title><updated>${one.date}T00:00:00Z</updated><content type="text">${escaped(one.text)}</content></entry>`,
  );
  yield {
    path: 'feed.atom',
    content: `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>${escaped(root)}</id><title>${escaped(title)}</title><updated>${updated}T00:00:00Z</updated><author><name>${escaped(title)}</name></author><link rel="self" href="${escaped(root)}feed.atom"/>
${atom.join('\n')}
</feed>
`,
  };
  const rss = entries.map(
    (one) =>
      `<item><guid isPermaLink="false">${escaped(one.id)}</guid><link>${escaped(one.url)}</link><title>${escaped(one.title)}</title><pubDate>${new Date(`${one.date}T00:00:00Z`).toUTCString()}</pubDate><description>${escaped(one.text)}</description></item>`,
  );
  yield {
    path: 'feed.rss',
    content: `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><atom:link href="${escaped(root)}feed.rss" rel="self" type="application/rss+xml"/><title>${escaped(title)}</title><link>${escaped(root)}</link><description>${escaped(`Releases, new rules and community reviews of ${title}`)}</description>
${rss.join('\n')}
</channel></rss>
`,
  };
}

/** Newest first. */
function entriesOf(repository: Repository, { date, review, releases }: FeedOptions, root: string): Entry[] {
  const entries: Entry[] = [
    { id: `${root}community-review.html#${date}`, url: `${root}community-review.html`, title: `Community review of ${date}`, date, text: review },
  ];
  for (const report of repository.reports) {
    if (report.rules.length === 0) continue;
    const url = `${root}campaign/${report.slug}.html`;
    const sids = sidRanges(report.rules.map(({ sid }) => sid));
    const text = `${report.summary.trim()}\n\nRules: ${sids}`;
    entries.push({ id: url, url, title: `New rules: ${report.title}`, date: report.date, text });
  }
  for (const { version, path, date: day, rules, changelog } of releases)
    entries.push({ id: `${root}${path}`, url: `${root}${path}`, title: `Release ${version}: ${counted(rules, 'rule')}`, date: day, text: changelog });
  return entries.sort((a, b) => (a.date === b.date ? (a.id < b.id ? -1 : 1) : a.date < b.date ? 1 : -1));
}
