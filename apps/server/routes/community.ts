/** The weekly community review: shown, edited, written anew, handed out as Markdown. */
import type { Frame } from '../layout.ts';
import { communityPage } from '../pages/community.ts';
import { unwrap } from '../refusal.ts';
import { need } from '../security.ts';
import { formOf } from './request.ts';
import type { Site } from './site.ts';

const TITLE = 'Community review';
const FRAME: Partial<Frame> = { scripts: ['community.js'], wide: true };

export function addCommunityRoutes(site: Site): void {
  const { app, desk } = site;
  site.show('/community', TITLE, (context) => communityPage(desk, site.csrfFor(context, 'write'), context.req.query('day')), FRAME);

  app.get('/community.md', (context) => {
    need(context, 'read');
    const post = desk.repository() === undefined ? undefined : desk.community.post(context.req.query('day') ?? desk.today());
    if (post === undefined) return context.notFound();
    return context.body(post.text, 200, {
      'content-type': 'text/markdown; charset=utf-8',
      'content-disposition': `attachment; filename="community-review-${post.day}.md"`,
    });
  });

  app.post('/community', async (context) => {
    const who = need(context, 'write');
    const { day = '', text = '', seen = '' } = await formOf(context);
    const kept = await desk.community.keep(who, day, text, seen);
    if (kept.ok) return context.redirect(`/community?day=${day}&done=saved`, 303);
    if (kept.code !== 'post/conflict') unwrap(kept);
    // Nobody's words are lost: they stand in the editor, above what is kept by now.
    const shown = communityPage(desk, site.csrfFor(context, 'write'), day, { text, problem: `${kept.message}.` });
    return shown === undefined ? context.notFound() : site.page(context, TITLE, shown, 409, FRAME);
  });

  app.post('/community/anew', async (context) => {
    const who = need(context, 'write');
    const { day = '', seen = '' } = await formOf(context);
    unwrap(await desk.community.keep(who, day, undefined, seen));
    return context.redirect(`/community?day=${day}&done=saved`, 303);
  });
}
