/** Routes of the pages and the forms on them, the API below /api/v1, scripts and style. Everything passes the gate first. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPORT_FORMS, EXPORT_TYPES, exportAlerts, LONGEST_PASSWORD, type Scope, SHORTEST_PASSWORD, USER_ROLES, type UserRole } from '@sigwright/workbench';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { unwrap } from './api/route.ts';
import { DecisionRequest, FeedbackRequest, HuntRequest, TokenRequest, UserRequest, VerdictRequest, WebhookRequest } from './api/schemas.ts';
import { apiOf } from './api.ts';
import type { Desk } from './desk.ts';
import { FLOW_LINKS, flowLink } from './flow-links.ts';
import { type Html, html } from './html.ts';
import { type Frame, page, sentence, type Titled } from './layout.ts';
import { metricsText } from './metrics.ts';
import { OIDC_SETTING, OidcSettings, OidcSignIn, rolesOf } from './oidc.ts';
import { alertPage, alertsPage, filterOf } from './pages/alerts.ts';
import { communityPage } from './pages/community.ts';
import { hostPage, hostsPage } from './pages/hosts.ts';
import { huntPage, huntsPage } from './pages/hunts.ts';
import { differencePage, releasesPage } from './pages/releases.ts';
import { readPage, reportsPage } from './pages/reports.ts';
import { feedbackPage, reportFilePage, reviewPage, rulePage, rulesPage } from './pages/rules.ts';
import { sensorsPage } from './pages/sensors.ts';
import { settingsPage, setupPage, signInPage } from './pages/settings.ts';
import { workbenchPage } from './pages/workbench.ts';
import { bodyOf, type Env, Gate, need, Refusal } from './security.ts';
import { STYLE } from './style.ts';

/** Bytes of a form or an API call; lines of events are counted by themselves. */
const LONGEST_BODY = 5 * 1024 * 1024;
/** Alerts of one export; more are asked for by time. */
const MOST_EXPORTED = 10_000;
/** Characters of a path in the log. */
const LONGEST_PATH = 500;
const SCRIPTS: ReadonlySet<string> = new Set(['page.js', 'community.js', 'workbench.js', 'engine.js']);
export const SCRIPT_FOLDER = join(import.meta.dirname, '..', '..', 'dist', 'web');

export interface App {
  readonly hono: Hono<Env>;
  readonly gate: Gate;
}

export interface RequestEntry {
  /** also in the answer's `x-request-id` */
  readonly id: string;
  readonly method: string;
  /** without what is asked after `?`, and without secrets */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly user: string;
  readonly address: string;
}

/**
 * `origin`: the address that people use, known once the server listens. `fault`: told of what broke; nothing of it goes to the page.
 * `request`: told of every answer.
 */
export function appOf(desk: Desk, origin: () => string, fault: (problem: Error, path: string) => void, request?: (entry: RequestEntry) => void): App {
  const app = new Hono<Env>();
  const gate = new Gate(desk, origin);

  if (request !== undefined)
    app.use('*', async (context, next) => {
      const began = performance.now();
      const id = randomUUID();
      context.header('x-request-id', id);
      await next();
      request({
        id,
        method: context.req.method,
        path: context.req.path.replace(/^\/set-up\/.*/, '/set-up/…').slice(0, LONGEST_PATH),
        status: context.res.status,
        milliseconds: Math.round(performance.now() - began),
        user: context.get('who')?.name ?? '',
        address: gate.addressOf(context),
      });
    });

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
    return context.html(
      page(
        frame(context, TITLES[status] ?? 'This did not work'),
        html`<p class="problem" role="alert">${sentence(said)}</p>${rule === undefined ? html`` : html`<pre class="rule">${rule}</pre>`}${again}${wayBack(context)}`,
      ),
      status,
    );
  });
  app.notFound((context) => {
    if (context.req.path.startsWith('/api/')) return context.json({ error: 'there is no such route; see /api/v1/openapi.json' }, 404);
    return context.html(
      page(
        frame(context, 'Page not found'),
        html`<p class="problem">There is no page at this address, or what it showed is not kept any more.</p>${wayBack(context)}`,
      ),
      404,
    );
  });

  // For machines that watch over it; they tell nothing about anybody.
  app.get('/health', (context) => context.text('ok\n'));
  app.get('/ready', async (context) => {
    await desk.store.ready();
    return context.text('ready\n');
  });

  const limit = bodyLimit({
    maxSize: LONGEST_BODY,
    onError: () => {
      throw new Refusal(413, `more than ${LONGEST_BODY} bytes`);
    },
  });
  app.use('*', (context, next) => (context.req.path === '/api/v1/events' ? next() : limit(context, next)));
  app.use('*', gate.guard());
  app.route('/api/v1', apiOf(desk));

  app.get('/style.css', (context) => context.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=300' }));
  app.get('/web/:name', (context) => {
    const name = context.req.param('name');
    if (!SCRIPTS.has(name)) return context.notFound();
    try {
      return context.body(new Uint8Array(readFileSync(join(SCRIPT_FOLDER, name))), 200, {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'max-age=300',
      });
    } catch {
      return context.body('console.error("the scripts are not built: node tools/build.ts");', 200, { 'content-type': 'text/javascript; charset=utf-8' });
    }
  });

  function frame(context: Context<Env>, title: string, more: Partial<Frame> = {}): Frame {
    const who = context.get('who');
    const notice = NOTICES[context.req.query('done') ?? ''];
    return {
      title,
      week: desk.options.title,
      path: context.req.path,
      who,
      csrf: gate.csrf(who),
      nonce: context.get('nonce') ?? '',
      ...(notice === undefined ? {} : { notice }),
      ...more,
    };
  }
  /** The token for forms that change something; undefined: who looks may not. */
  const csrfFor = (context: Context<Env>, scope: Scope): string | undefined =>
    context.get('who')?.scopes.has(scope) === true ? gate.csrf(context.get('who')) : undefined;
  const may = (context: Context<Env>, scope: Scope): boolean => context.get('who')?.scopes.has(scope) === true;
  const show = (
    path: string,
    title: string,
    body: (context: Context<Env>) => Promise<Html | Titled | undefined> | Html | Titled | undefined,
    more: Partial<Frame> = {},
  ): void => {
    app.get(path, async (context) => {
      need(context, 'read');
      const made = await body(context);
      if (made === undefined) return context.notFound();
      const shown = 'body' in made ? made : { title: named(title, context), body: made };
      return context.html(page(frame(context, shown.title, more), shown.body));
    });
  };

  show('/', 'Hosts', (context) => hostsPage(desk, context.req.query('from')));
  show('/hosts/:host', 'Host', (context) => hostPage(desk, param(context, 'host'), csrfFor(context, 'triage')));
  show('/alerts', 'Alerts', (context) => alertsPage(desk, context.req.query()));
  app.get('/metrics', async (context) => {
    const who = context.get('who');
    // A program asks: it is told, not led to a page.
    if (who === undefined) return context.text('a token with the scope read is needed\n', 401);
    need(context, 'read');
    return context.body(await metricsText(desk.store), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  app.get('/alerts/export', async (context) => {
    need(context, 'read');
    const form = EXPORT_FORMS.find((one) => one === context.req.query('form'));
    if (form === undefined) throw new Refusal(400, `name a form: ${EXPORT_FORMS.join(', ')}`);
    const alerts = await desk.store.alertRecords(filterOf(context.req.query()), MOST_EXPORTED);
    const rules = new Map(desk.repository()?.rules.map(({ rule }) => [rule.sid, rule.text]));
    return context.body(
      exportAlerts(form, alerts, desk.now(), (sid) => rules.get(sid)),
      200,
      { 'content-type': EXPORT_TYPES[form].type, 'content-disposition': `attachment; filename="alerts.${EXPORT_TYPES[form].ending}"` },
    );
  });
  show('/alerts/:id', 'Alert', (context) => alertPage(desk, number(context, 'id'), csrfFor(context, 'triage')));
  show('/rules', 'Rules', (context) => rulesPage(desk, context.req.query(), csrfFor(context, 'write')));
  show('/rules/:sid', 'Rule', (context) => rulePage(desk, number(context, 'sid'), csrfFor(context, 'triage'), may(context, 'write')));
  show('/workbench', 'Rule workbench', (context) => workbenchPage(desk, Number(context.req.query('sid') ?? Number.NaN), csrfFor(context, 'write')), {
    scripts: ['workbench.js'],
    wide: true,
  });
  show('/reports', 'Reports', (context) => reportsPage(desk, gate.csrf(context.get('who'))));
  show('/reports/:slug', 'Report', (context) => reportFilePage(desk, param(context, 'slug')));
  show('/review', 'Review queue', (context) => reviewPage(desk, context.req.query('from')));
  show('/hunts', 'Hunts', (context) => huntsPage(desk, csrfFor(context, 'triage')));
  show('/hunts/:job', 'Hunt', (context) => huntPage(desk, number(context, 'job'), csrfFor(context, 'triage')));
  show('/releases', 'Releases', (context) => releasesPage(desk, csrfFor(context, 'release'), may(context, 'release')));
  show('/releases/difference', 'Differences', (context) => differencePage(desk, context.req.query('from') ?? '', context.req.query('to') ?? ''));
  show('/community', 'Community review', (context) => communityPage(desk, csrfFor(context, 'write'), context.req.query('day')), COMMUNITY);
  app.get('/community.md', (context) => {
    need(context, 'read');
    const post = desk.repository() === undefined ? undefined : desk.post(context.req.query('day') ?? desk.today());
    if (post === undefined) return context.notFound();
    return context.body(post.text, 200, {
      'content-type': 'text/markdown; charset=utf-8',
      'content-disposition': `attachment; filename="community-review-${post.day}.md"`,
    });
  });
  show('/sensors', 'Sensors', (context) => sensorsPage(desk, may(context, 'admin')));
  show('/feedback', 'Feedback', (context) => feedbackPage(desk, csrfFor(context, 'write'), may(context, 'write'), context.req.query('from')));
  show('/settings', 'Settings', (context) => settingsPage(desk, context.get('who'), csrfFor(context, 'read')));

  app.get('/alerts/:id/packets.pcap', async (context) => {
    need(context, 'read');
    const alert = await desk.store.record(number(context, 'id'));
    const capture = alert === undefined ? undefined : await desk.packets(alert);
    if (capture === undefined) return context.notFound();
    return context.body(new Uint8Array(capture), 200, {
      'content-type': 'application/vnd.tcpdump.pcap',
      'content-disposition': `attachment; filename="alert-${number(context, 'id')}.pcap"`,
    });
  });
  app.get('/example.pcap', async (context) => {
    need(context, 'read');
    const capture = desk.options.example;
    return capture === undefined ? context.notFound() : context.body(new Uint8Array(capture), 200, { 'content-type': 'application/vnd.tcpdump.pcap' });
  });
  app.get('/rules/:sid/evidence/:name', async (context) => {
    need(context, 'read');
    const name = param(context, 'name');
    const capture = desk.evidence(number(context, 'sid'), name);
    if (capture === undefined) return context.notFound();
    return context.body(new Uint8Array(capture), 200, {
      'content-type': 'application/vnd.tcpdump.pcap',
      'content-disposition': `attachment; filename="${name}"`,
    });
  });

  // Forms: what they ask for is checked by the same shapes as the API's.

  app.post('/verdicts', async (context) => {
    const who = need(context, 'triage');
    const form = await formOf(context);
    const request = checked(VerdictRequest, {
      ...form,
      sid: orNone(form['sid']),
      days: orNone(form['days']),
      host: orNone(form['host']),
      story: orNone(form['story']),
    });
    unwrap(await desk.setVerdict(who, request));
    if (form['report'] === 'yes' && request.sid !== undefined && request.verdict === 'false_positive')
      unwrap(await desk.addFeedback(who, checked(FeedbackRequest, { sid: request.sid, kind: 'false_positive', comment: request.note, host: request.host })));
    return back(context, form['back'], 'verdict');
  });
  app.post('/verdicts/:id/take-back', async (context) => {
    const who = need(context, 'triage');
    unwrap(await desk.takeBackVerdict(who, number(context, 'id')));
    return back(context, (await formOf(context))['back'], 'taken-back');
  });
  app.post('/feedback', async (context) => {
    const who = need(context, 'triage');
    const { slice } = await bodyOf(context);
    const capture = slice instanceof File && slice.size > 0 ? Buffer.from(await slice.arrayBuffer()).toString('base64') : undefined;
    unwrap(await desk.addFeedback(who, checked(FeedbackRequest, { ...(await formOf(context)), slice: capture })));
    return back(context, '/feedback', 'feedback');
  });
  app.post('/feedback/:reference/:state{accepted|declined}', async (context) => {
    const who = need(context, 'write');
    const { note } = await formOf(context);
    unwrap(await desk.answerFeedback(who, param(context, 'reference'), context.req.param('state') as 'accepted' | 'declined', note ?? ''));
    return back(context, '/feedback', 'decided');
  });
  app.post('/hunts', async (context) => {
    const who = need(context, 'triage');
    const form = await formOf(context);
    const job = unwrap(await desk.hunt(who, checked(HuntRequest, { ...form, networks: orNone(form['networks']) })));
    return context.redirect(`/hunts/${job}`, 303);
  });
  app.post('/hunts/:job/cancel', async (context) => {
    const who = need(context, 'triage');
    unwrap(await desk.cancelHunt(who, number(context, 'job')));
    return context.redirect(`/hunts/${number(context, 'job')}`, 303);
  });
  app.get('/hunts/:job/alerts.json', (context) => {
    need(context, 'read');
    const lines = desk.store.hunts.lines(number(context, 'job'));
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { value, done } = await lines.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(`${value.line}\n`));
      },
    });
    return context.body(body, 200, {
      'content-type': 'application/x-ndjson',
      'content-disposition': `attachment; filename="hunt-${number(context, 'job')}.json"`,
    });
  });
  app.post('/rules/prove', async (context) => {
    const who = need(context, 'write');
    const job = unwrap(await desk.prove(who));
    return desk.options.workers === true ? context.redirect(`/hunts/${job}`, 303) : back(context, '/rules', 'proved');
  });
  app.post('/rules', async (context) => {
    const who = need(context, 'write');
    const form = await formOf(context);
    unwrap(await desk.addRules(who, form['category'] ?? '', form['rules'] ?? ''));
    return back(context, '/rules', 'rules');
  });
  app.post('/rules/:sid/decide', async (context) => {
    const who = need(context, 'write');
    const { rule, ...form } = await formOf(context);
    const request = checked(DecisionRequest, { ...form, note: orNone(form['note']), ...(form['decision'] === 'revise' ? { rule } : {}) });
    const state = unwrap(await desk.decide(who, { sid: number(context, 'sid'), ...request }));
    return back(context, `/rules/${number(context, 'sid')}`, state === 'done' ? 'decided' : 'proposed');
  });
  app.post('/releases', async (context) => {
    const who = need(context, 'release');
    unwrap(await desk.release(who, (await formOf(context))['version'] ?? ''));
    return back(context, '/releases', 'release');
  });
  app.post('/reports/read', async (context) => {
    need(context, 'read');
    const { text } = await formOf(context);
    const { title, body } = readPage(desk, gate.csrf(context.get('who')), text ?? '', may(context, 'write'));
    return context.html(page(frame(context, title, { wide: true }), body));
  });

  app.post('/community', async (context) => {
    const who = need(context, 'write');
    const { day = '', text = '', seen = '' } = await formOf(context);
    const kept = await desk.keepPost(who, day, text, seen);
    if (kept.ok) return context.redirect(`/community?day=${day}&done=saved`, 303);
    if (kept.code !== 'post/conflict') unwrap(kept);
    // Nobody's words are lost: they stand in the editor, above what is kept by now.
    const shown = communityPage(desk, csrfFor(context, 'write'), day, { text, problem: `${kept.message}.` });
    return shown === undefined ? context.notFound() : context.html(page(frame(context, 'Community review', COMMUNITY), shown), 409);
  });
  app.post('/community/anew', async (context) => {
    const who = need(context, 'write');
    const { day = '', seen = '' } = await formOf(context);
    unwrap(await desk.keepPost(who, day, undefined, seen));
    return context.redirect(`/community?day=${day}&done=saved`, 303);
  });

  app.post('/settings/networks', async (context) => {
    const who = need(context, 'admin');
    const networks = (await formOf(context))['networks']?.trim() ?? '';
    if (!(await desk.store.setHomeNetworks(networks === '' ? '[10.0.0.0/8,172.16.0.0/12,192.168.0.0/16]' : networks)))
      throw new Refusal(400, `\`${networks}\` is no list of networks`);
    await desk.store.people.note(who.name, 'networks', networks);
    return back(context, '/settings', 'saved');
  });
  app.post('/settings/links', async (context) => {
    const who = need(context, 'admin');
    const links = ((await formOf(context))['links'] ?? '').trim();
    const wrong = links.split(/\r?\n/).find((line) => line.trim() !== '' && flowLink(line, '1:x=') === undefined);
    if (wrong !== undefined) throw new Refusal(400, `\`${wrong}\` is no name and web address with {community_id} in it`);
    await desk.store.set(FLOW_LINKS, links);
    await desk.store.people.note(who.name, 'links', links);
    return back(context, '/settings', 'saved');
  });
  app.post('/settings/users', async (context) => {
    const who = need(context, 'admin');
    const wanted = checked(UserRequest, await formOf(context));
    if ((await desk.store.people.addUser(wanted.name, wanted.password, wanted.role)) === undefined) throw new Refusal(409, `the name ${wanted.name} is taken`);
    await desk.store.people.note(who.name, 'user added', wanted.name, { role: wanted.role });
    return back(context, '/settings', 'saved');
  });
  app.post('/settings/users/:id', async (context) => {
    const who = need(context, 'admin');
    const form = await formOf(context);
    const role = form['role'] as UserRole;
    if (!USER_ROLES.includes(role)) throw new Refusal(400, 'there is no such role');
    const disabled = form['disabled'] === 'yes';
    const password = orNone(form['password']);
    if (password !== undefined) checked(UserRequest.pick({ password: true }), { password });
    const id = number(context, 'id');
    const name = (await desk.store.people.users()).find((user) => user.id === id)?.name;
    if (name === undefined || !(await desk.store.people.changeUser(id, { role, disabled, ...(password === undefined ? {} : { password }) })))
      throw new Refusal(409, 'there is no such user, or nobody would be admin any more');
    await desk.store.people.note(who.name, 'user changed', name, { role, disabled, ...(password === undefined ? {} : { password: 'a new one' }) });
    return back(context, '/settings', 'saved');
  });
  app.post('/settings/password', async (context) => {
    const who = need(context, 'read');
    if (who.session === undefined) throw new Refusal(403, 'a password is changed by who signed in');
    const { current = '', password = '' } = await formOf(context);
    checked(UserRequest.pick({ password: true }), { password });
    // A session that somebody left open does not take the account over.
    if ((await tryPassword(context, who.name, current)) === undefined) throw new Refusal(403, 'the current password does not fit');
    if (!(await desk.store.people.changeUser(who.user, { password }))) throw new Refusal(409, 'there is no such user any more');
    await desk.store.people.note(who.name, 'password changed', who.name);
    gate.startSession(context, await desk.store.people.openSession(who.user));
    return back(context, '/settings', 'saved');
  });
  app.post('/settings/tokens', async (context) => {
    const who = need(context, 'admin');
    const form = await bodyOf(context, true);
    const scopes = [form['scopes'] ?? []].flat().map(String);
    const request = checked(TokenRequest, { name: form['name'], scopes, days: orNone(String(form['days'] ?? '')) });
    const { token } = await desk.store.people.addToken(
      who.user,
      request.name,
      request.scopes,
      request.days === undefined ? undefined : desk.now() + request.days * 86_400_000,
    );
    await desk.store.people.note(who.name, 'token added', request.name, { scopes });
    return context.html(
      page(
        frame(context, 'A new token'),
        html`<p class="notice">The token is shown this once: copy it now.</p><pre class="text" id="token">${token}</pre><p><a href="/settings">Back to the settings</a></p>`,
      ),
    );
  });
  app.post('/settings/tokens/:id/end', async (context) => {
    const who = need(context, 'admin');
    if (!(await desk.store.people.dropToken(number(context, 'id')))) throw new Refusal(404, 'there is no such token');
    await desk.store.people.note(who.name, 'token ended', context.req.param('id'));
    return back(context, '/settings', 'saved');
  });

  app.post('/settings/webhooks', async (context) => {
    const who = need(context, 'admin');
    const form = await bodyOf(context, true);
    const wanted = checked(WebhookRequest, { name: form['name'], url: form['url'], events: [form['events'] ?? []].flat().map(String) });
    const { secret } = unwrap(await desk.addWebhook(who, wanted));
    return context.html(
      page(
        frame(context, 'A new webhook'),
        html`<p class="notice">Its secret is shown this once: copy it now. The receiver checks signatures with it.</p><pre class="text" id="secret">${secret}</pre><p><a href="/settings">Back to the settings</a></p>`,
      ),
    );
  });
  app.post('/settings/webhooks/:id/:action{test|again|enable|end}', async (context) => {
    const who = need(context, 'admin');
    const id = number(context, 'id');
    const action = context.req.param('action');
    if (action === 'again') await desk.store.webhooks.sendAgain(id);
    else if (!(await desk.store.webhooks[action as 'test' | 'enable' | 'end'](id))) throw new Refusal(404, `there is no such webhook to ${action}`);
    await desk.store.people.note(who.name, `webhook: ${action}`, String(id));
    return back(context, '/settings', 'saved');
  });

  const oidc = new OidcSignIn(() => desk.now());
  const oidcSettings = async (): Promise<OidcSettings | undefined> => {
    const kept = await desk.store.setting(OIDC_SETTING);
    return kept === undefined || kept === '' ? undefined : OidcSettings.safeParse(JSON.parse(kept)).data;
  };
  const signIn = async (context: Context<Env>, problem?: string, status: 200 | 401 = 200): Promise<Response> => {
    const provider = (await oidcSettings())?.issuer;
    const isEmpty = (await desk.store.people.users()).length === 0;
    return context.html(page(frame(context, 'Sign in'), signInPage(isEmpty, problem, provider === undefined ? undefined : new URL(provider).host)), status);
  };
  /** Lax: the browser comes back from the provider's pages, and a strict cookie would stay behind. */
  const OIDC_COOKIE = 'sigwright-oidc';
  app.get('/sign-in/provider', async (context) => {
    const settings = await oidcSettings();
    if (settings === undefined) return context.notFound();
    if (!gate.signIns.allow(`address ${gate.addressOf(context)}`, desk.now())) throw new Refusal(429, 'too many tries; wait a minute');
    const begun = await oidc.begin(settings, `${origin()}/sign-in/back`);
    if (!begun.ok) return signIn(context, `${begun.message}.`, 401);
    setCookie(context, OIDC_COOKIE, begun.value.state, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/sign-in',
      maxAge: 600,
      secure: origin().startsWith('https:'),
    });
    return context.redirect(begun.value.url, 302);
  });
  app.get('/sign-in/back', async (context) => {
    const state = getCookie(context, OIDC_COOKIE);
    deleteCookie(context, OIDC_COOKIE, { path: '/sign-in' });
    const arrived = await oidc.end(new URL(`/sign-in/back${new URL(context.req.url).search}`, origin()), state);
    if (!arrived.ok) {
      await desk.store.people.note('', 'sign-in failed', gate.addressOf(context), { provider: arrived.code });
      return signIn(context, `${arrived.message}.`, 401);
    }
    const { subject, name, role } = arrived.value;
    const made = await desk.store.people.signInBySubject(subject, name, role);
    await desk.store.people.note(name, typeof made === 'string' ? 'sign-in failed' : 'signed in', gate.addressOf(context), { subject });
    if (made === 'taken') return signIn(context, `Somebody here has the name ${name} already, and signs in otherwise; an admin can help.`, 401);
    if (made === 'disabled') return signIn(context, 'You may not sign in here any more.', 401);
    gate.startSession(context, made.secret);
    // The strict cookie comes along only from a page of ours, so the browser goes on from this one by itself.
    context.header('refresh', '0; url=/');
    return context.html(page(frame(context, 'Signed in'), html`<p class="notice">You are signed in as ${made.name}.</p><p><a href="/">To the hosts</a></p>`));
  });
  app.post('/settings/oidc', async (context) => {
    const who = need(context, 'admin');
    const form = await formOf(context);
    if ((form['issuer'] ?? '').trim() === '') {
      await desk.store.set(OIDC_SETTING, '');
      await desk.store.people.note(who.name, 'OpenID Connect ended', '');
      return back(context, '/settings', 'saved');
    }
    const secret = orNone(form['secret']) ?? (await oidcSettings())?.secret ?? '';
    const settings = checked(OidcSettings, {
      issuer: form['issuer'],
      client: form['client'],
      secret,
      claim: form['claim'],
      roles: rolesOf(form['roles'] ?? ''),
    });
    await desk.store.set(OIDC_SETTING, JSON.stringify(settings));
    await desk.store.people.note(who.name, 'OpenID Connect', settings.issuer, { client: settings.client, claim: settings.claim, roles: settings.roles });
    return back(context, '/settings', 'saved');
  });

  app.get('/sign-in', (context) => signIn(context));
  /** The secret of a new session; undefined: name or password do not fit. */
  const tryPassword = (context: Context<Env>, name: string, password: string): Promise<string | undefined> => {
    // By address and by name: neither many names from one place nor one name from many places.
    const now = desk.now();
    const allowed = [`address ${gate.addressOf(context)}`, `name ${name}`].map((key) => gate.signIns.allow(key, now)).every((one) => one);
    if (!allowed) throw new Refusal(429, 'too many tries; wait a minute');
    return desk.store.people.signIn(name, password);
  };
  app.post('/sign-in', async (context) => {
    const form = await formOf(context);
    const name = (form['name'] ?? '').slice(0, 64);
    const secret = await tryPassword(context, name, form['password'] ?? '');
    await desk.store.people.note(name, secret === undefined ? 'sign-in failed' : 'signed in', gate.addressOf(context));
    if (secret === undefined) return signIn(context, 'Name or password do not fit.', 401);
    gate.startSession(context, secret);
    return context.redirect('/', 303);
  });
  app.post('/sign-out', async (context) => {
    const who = context.get('who');
    await gate.endSession(context);
    if (who !== undefined && who.user !== 0) await desk.store.people.note(who.name, 'signed out', '');
    return context.redirect('/sign-in', 303);
  });
  const noSetUp = (context: Context<Env>): Response | Promise<Response> =>
    context.html(
      page(
        frame(context, 'This link is no longer good'),
        html`<p class="problem">It makes nobody an admin: it was used, or is of an earlier start of the server.</p><p><a href="/sign-in">Sign in</a></p>`,
      ),
      404,
    );
  app.get('/set-up/:secret', async (context) => {
    if (!(await gate.maysetUp(param(context, 'secret')))) return noSetUp(context);
    return context.html(page(frame(context, 'Make the first admin'), setupPage(param(context, 'secret'), undefined, 'admin')));
  });
  app.post('/set-up/:secret', async (context) => {
    const secret = param(context, 'secret');
    if (!(await gate.maysetUp(secret))) return noSetUp(context);
    const { name, password } = await formOf(context);
    const wanted = UserRequest.safeParse({ name, password, role: 'admin' });
    if (!wanted.success)
      return context.html(
        page(
          frame(context, 'Make the first admin'),
          setupPage(
            secret,
            `A name holds letters, digits, and . _ - @, at most 64; a password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters.`,
            name ?? '',
          ),
        ),
        400,
      );
    const user = await desk.store.people.addUser(wanted.data.name, wanted.data.password, 'admin');
    if (user === undefined) throw new Refusal(409, 'the name is taken');
    await desk.store.people.note(wanted.data.name, 'first admin', wanted.data.name);
    gate.startSession(context, await desk.store.people.openSession(user));
    return context.redirect('/', 303);
  });

  return { hono: app, gate };
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'This can not be done',
  403: 'Not allowed',
  404: 'Page not found',
  409: 'Something else is there by now',
  413: 'Too large',
  429: 'Too many tries',
  500: 'Something broke',
};

/** Home, or to the form that lets somebody in. */
function wayBack(context: Context<Env>): Html {
  return context.get('who') === undefined ? html`<p><a href="/sign-in">Sign in</a></p>` : html`<p><a href="/">To the hosts</a></p>`;
}

const COMMUNITY: Partial<Frame> = { scripts: ['community.js'], wide: true };
const NOTICES: Readonly<Record<string, string>> = {
  verdict: 'The verdict holds.',
  'taken-back': 'The verdict was taken back.',
  feedback: 'It was reported, and tried on the rule; what came of it stands below.',
  decided: 'Done.',
  proposed: 'Proposed; somebody else has to decide the same.',
  proved: 'Every rule was tried on its evidence; what failed is said on its page.',
  rules: 'The rules are in the repository.',
  release: 'The release is there.',
  saved: 'Saved.',
};

/** To a page of ours, whatever the form says. */
function back(context: Context<Env>, where: string | undefined, done: string): Response {
  const path = where !== undefined && /^\/(?![/\\])[\w\-./%:]*$/.test(where) ? where : '/';
  return context.redirect(`${path}?done=${done}`, 303);
}

function named(title: string, context: Context<Env>): string {
  const own = context.req.param('host') ?? context.req.param('sid') ?? context.req.param('id');
  return own === undefined ? title : `${title} ${own}`;
}

function param(context: Context<Env>, name: string): string {
  return context.req.param(name) ?? '';
}

function number(context: Context<Env>, name: string): number {
  const given = param(context, name);
  if (!/^\d{1,15}$/.test(given)) throw new Refusal(404, 'there is no such page');
  return Number(given);
}

async function formOf(context: Context<Env>): Promise<Record<string, string>> {
  const form = await bodyOf(context);
  return Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function orNone(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}

function checked<Shape>(schema: z.ZodType<Shape>, value: unknown): Shape {
  const read = schema.safeParse(value);
  if (!read.success) throw new Refusal(400, read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return read.data;
}
