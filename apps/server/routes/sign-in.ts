/** Signing in by password or by a provider of OpenID Connect, signing out, and setting up the first admin. */
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '@sigwright/workbench';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { UserRequest } from '../api/schemas.ts';
import { html } from '../html.ts';
import { OidcSignIn, oidcSettings } from '../oidc.ts';
import { setupPage, signInPage } from '../pages/sign-in.ts';
import { Refusal } from '../refusal.ts';
import type { Env } from '../security.ts';
import { formOf, param } from './request.ts';
import type { Site } from './site.ts';

/** Lax: the browser comes back from the provider's pages, and a strict cookie would stay behind. */
const OIDC_COOKIE = 'sigwright-oidc';
/** Seconds in which somebody signs in at the provider. */
const OIDC_PATIENCE = 600;
const LONGEST_NAME = 64;

/** `origin`: the address that people use. */
export function addSignInRoutes(site: Site, origin: () => string): void {
  addPasswordRoutes(site);
  addProviderRoutes(site, origin);
  addSetupRoutes(site);
}

async function signInForm(site: Site, context: Context<Env>, problem?: string, status: 200 | 401 = 200): Promise<Response> {
  const { store } = site.desk;
  const provider = (await oidcSettings(store))?.issuer;
  const isEmpty = (await store.people.users()).length === 0;
  return site.page(context, 'Sign in', signInPage(isEmpty, problem, provider === undefined ? undefined : new URL(provider).host), status);
}

function addPasswordRoutes(site: Site): void {
  const { app, desk, gate } = site;
  const { people } = desk.store;
  app.get('/sign-in', (context) => signInForm(site, context));

  app.post('/sign-in', async (context) => {
    const form = await formOf(context);
    const name = (form['name'] ?? '').slice(0, LONGEST_NAME);
    const secret = await gate.tryPassword(context, name, form['password'] ?? '');
    await people.note(name, secret === undefined ? 'sign-in failed' : 'signed in', gate.addressOf(context));
    if (secret === undefined) return signInForm(site, context, 'Name or password do not fit.', 401);
    gate.startSession(context, secret);
    return context.redirect('/', 303);
  });

  app.post('/sign-out', async (context) => {
    const who = context.get('who');
    await gate.endSession(context);
    if (who !== undefined && who.user !== 0) await people.note(who.name, 'signed out', '');
    return context.redirect('/sign-in', 303);
  });
}

function addProviderRoutes(site: Site, origin: () => string): void {
  const { app, desk, gate } = site;
  const { people } = desk.store;
  const oidc = new OidcSignIn(() => desk.now());

  app.get('/sign-in/provider', async (context) => {
    const settings = await oidcSettings(desk.store);
    if (settings === undefined) return context.notFound();
    if (!gate.signIns.allow(`address ${gate.addressOf(context)}`, desk.now())) throw new Refusal(429, 'too many tries; wait a minute');
    const begun = await oidc.begin(settings, `${origin()}/sign-in/back`);
    if (!begun.ok) return signInForm(site, context, `${begun.message}.`, 401);
    setCookie(context, OIDC_COOKIE, begun.value.state, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/sign-in',
      maxAge: OIDC_PATIENCE,
      secure: origin().startsWith('https:'),
    });
    return context.redirect(begun.value.url, 302);
  });

  app.get('/sign-in/back', async (context) => {
    const state = getCookie(context, OIDC_COOKIE);
    deleteCookie(context, OIDC_COOKIE, { path: '/sign-in' });
    const arrived = await oidc.end(new URL(`/sign-in/back${new URL(context.req.url).search}`, origin()), state);
    if (!arrived.ok) {
      await people.note('', 'sign-in failed', gate.addressOf(context), { provider: arrived.code });
      return signInForm(site, context, `${arrived.message}.`, 401);
    }
    const { subject, name, role } = arrived.value;
    const made = await people.signInBySubject(subject, name, role);
    await people.note(name, typeof made === 'string' ? 'sign-in failed' : 'signed in', gate.addressOf(context), { subject });
    if (made === 'taken') return signInForm(site, context, `Somebody here has the name ${name} already, and signs in otherwise; an admin can help.`, 401);
    if (made === 'disabled') return signInForm(site, context, 'You may not sign in here any more.', 401);
    gate.startSession(context, made.secret);
    // The strict cookie comes along only from a page of ours, so the browser goes on from this one by itself.
    context.header('refresh', '0; url=/');
    return site.page(context, 'Signed in', html`<p class="notice">You are signed in as ${made.name}.</p><p><a href="/">To the hosts</a></p>`);
  });
}

function addSetupRoutes(site: Site): void {
  const { app, desk, gate } = site;
  const { people } = desk.store;
  const title = 'Make the first admin';
  const refused = (context: Context<Env>): Response =>
    site.page(
      context,
      'This link is no longer good',
      html`<p class="problem">It makes nobody an admin: it was used, or is of an earlier start of the server.</p><p><a href="/sign-in">Sign in</a></p>`,
      404,
    );

  app.get('/set-up/:secret', async (context) => {
    const secret = param(context, 'secret');
    return (await gate.maySetUp(secret)) ? site.page(context, title, setupPage(secret, undefined, 'admin')) : refused(context);
  });

  app.post('/set-up/:secret', async (context) => {
    const secret = param(context, 'secret');
    if (!(await gate.maySetUp(secret))) return refused(context);
    const { name, password } = await formOf(context);
    const wanted = UserRequest.safeParse({ name, password, role: 'admin' });
    if (!wanted.success) {
      const problem = `A name holds letters, digits, and . _ - @, at most ${LONGEST_NAME}; a password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters.`;
      return site.page(context, title, setupPage(secret, problem, name ?? ''), 400);
    }
    const user = await people.addUser(wanted.data.name, wanted.data.password, 'admin');
    if (user === undefined) throw new Refusal(409, 'the name is taken');
    await people.note(wanted.data.name, 'first admin', wanted.data.name);
    gate.startSession(context, await people.openSession(user));
    return context.redirect('/', 303);
  });
}
