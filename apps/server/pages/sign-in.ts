/** Signing in, and setting up the first admin. */
import { SHORTEST_PASSWORD } from '@sigwright/workbench';
import { type Html, html } from '../html.ts';

export function signInPage(needsSetup: boolean, problem: string | undefined, provider: string | undefined): Html {
  const byProvider = provider === undefined ? html`` : html`<p><a href="/sign-in/provider">Sign in by ${provider}</a></p>`;
  const hint = needsSetup
    ? html`<p class="notice">Nobody can sign in yet. The terminal in which the server was started shows a link that makes the first admin.</p>`
    : html``;
  return html`${hint}${problem === undefined ? html`` : html`<p class="problem" role="alert">${problem}</p>`}<form class="tall" method="post" action="/sign-in"><label>Name <input name="name" required autocomplete="username" autofocus></label><label>Password <input name="password" type="password" required autocomplete="current-password"></label><p><button>Sign in</button></p></form>${byProvider}`;
}

/** `name`: what stands in the form. */
export function setupPage(secret: string, problem: string | undefined, name: string): Html {
  return html`<p class="lead">This link works once. The admin may then make other users.</p>${problem === undefined ? html`` : html`<p class="problem" role="alert">${problem}</p>`}<form class="tall" method="post" action="/set-up/${secret}"><label>Name <input name="name" required maxlength="64" value="${name}" autocomplete="username"></label><label>Password (${SHORTEST_PASSWORD} characters or more) <input name="password" type="password" required minlength="${SHORTEST_PASSWORD}" maxlength="200" autocomplete="new-password"></label><p><button>Begin</button></p></form>`;
}
