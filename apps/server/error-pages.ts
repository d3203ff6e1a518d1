/** What is answered where nothing is found, something is refused or something broke: a page, or JSON below /api/. */
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { type Html, html } from './html.ts';
import { sentence } from './layout.ts';
import { Refusal } from './refusal.ts';
import type { Site } from './routes/site.ts';
import type { Env } from './security.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'This can not be done',
  403: 'Not allowed',
  404: 'Page not found',
  409: 'This does not fit what is there by now',
  413: 'Too large',
  429: 'Too many tries',
  500: 'Something broke',
  503: 'This can not be done now',
};

/** `fault`: told of what broke; nothing of it goes to the page. */
export function addErrorPages(site: Site, fault: (problem: Error, path: string) => void): void {
  const { app } = site;

  app.onError((problem, context) => {
    // What a request is refused for: by us, or by the library that reads bodies (no JSON, another type of content).
    const isRefused = problem instanceof Refusal || (problem instanceof HTTPException && problem.status < 500);
    const status = isRefused ? problem.status : 500;
    if (!isRefused) fault(problem, context.req.path);
    const words = isRefused ? problem.message : 'something broke here; the log of the server says more';
    if (context.req.path.startsWith('/api/')) return context.json({ error: words }, status);
    if (status === 401 && context.req.method === 'GET') return context.redirect('/sign-in');
    // The rule that stands there by now is shown as one.
    const [said, rule] = words.split(/(?<=it reads now:) (?=\S+ )/, 2);
    // What somebody wrote into a form is not lost: the browser has it still.
    const again = context.req.method === 'POST' && status !== 403 ? html`<p>The back button of your browser brings back what you wrote.</p>` : html``;
    return site.page(
      context,
      TITLES[status] ?? 'This did not work',
      html`<p class="problem" role="alert">${sentence(said)}</p>${rule === undefined ? html`` : html`<pre class="rule">${rule}</pre>`}${again}${wayBack(context)}`,
      status,
    );
  });

  app.notFound((context) => {
    if (context.req.path.startsWith('/api/')) return context.json({ error: 'there is no such route; see /api/v1/openapi.json' }, 404);
    return site.page(
      context,
      TITLES[404],
      html`<p class="problem">There is no page at this address, or what it showed is not kept any more.</p>${wayBack(context)}`,
      404,
    );
  });
}

/** Home, or to the form that lets somebody in. */
function wayBack(context: Context<Env>): Html {
  return context.get('who') === undefined ? html`<p><a href="/sign-in">Sign in</a></p>` : html`<p><a href="/">To the hosts</a></p>`;
}
