/** Settings: networks, users, tokens, jobs, the audit log. */
import { type Principal, SCOPES, type Scope, SHORTEST_PASSWORD, USER_ROLES, WEBHOOK_EVENTS, type WebhookEvent } from '@sigwright/workbench';
import type { Desk } from '../desk.ts';
import { FLOW_LINKS } from '../flow-links.ts';
import { type Html, html } from '../html.ts';
import { csrfField, empty, moment, ofAll, select, table, when } from '../layout.ts';
import { oidcSettings } from '../oidc.ts';
import { verdictList } from './hosts.ts';

const ROLE_WORDS: Record<string, string> = {
  reader: 'reader: sees',
  analyst: 'analyst: and judges',
  writer: 'writer: and changes rules',
  releaser: 'releaser: and releases',
  admin: 'admin: and sets up',
};

/** `csrf`: undefined where nobody signed in. */
export async function settingsPage(desk: Desk, who: Principal | undefined, csrf: string | undefined): Promise<Html> {
  const { store } = desk;
  const may = (scope: Scope): boolean => who?.scopes.has(scope) === true;
  const jobs = await store.jobs();
  const open = html`<h2>Jobs</h2>${
    jobs.length === 0
      ? empty('Nothing ran yet.')
      : table(
          ['what', 'state', 'result', 'by', 'started (UTC)'],
          jobs.map((one) => [
            one.kind,
            one.total > 0 && one.state === 'running' ? `running, ${ofAll(one.done, one.total)}` : one.state,
            one.said,
            one.by,
            when(one.created),
          ]),
        )
  }${verdictList(await store.verdicts(true), may('triage') ? csrf : undefined, '/settings')}<h2>API</h2><p>Described by <a href="/api/v1/openapi.json">OpenAPI 3.1</a>. Programs sign in with a token: <code>Authorization: Bearer sw_…</code></p>`;
  const own = who?.session === undefined || csrf === undefined ? html`` : await passwordPart(desk, who, csrf);
  if (!may('admin') || csrf === undefined) return html`${own}${open}<p class="quiet-text">Users, tokens, networks and the audit log are for admins.</p>`;
  const users = (await store.people.users()).map((user) => [
    user.name,
    user.role,
    user.disabled ? 'disabled' : 'may sign in',
    html`<form class="line" method="post" action="/settings/users/${user.id}">${csrfField(csrf)}${select(
      'role',
      'Role',
      USER_ROLES.map((role) => [role, role]),
      user.role,
    )}${select(
      'disabled',
      'State',
      [
        ['no', 'may sign in'],
        ['yes', 'disabled'],
      ],
      user.disabled ? 'yes' : 'no',
    )}<label>New password (empty: as before) <input name="password" type="password" minlength="${SHORTEST_PASSWORD}" maxlength="200" autocomplete="new-password"></label><button class="quiet">Change</button></form>`,
  ]);
  const tokens = (await store.people.tokens()).map((token) => [
    token.name,
    token.owner,
    token.scopes.join(', '),
    token.expires === null ? 'no end' : moment(token.expires),
    token.used === null ? 'never used' : moment(token.used),
    html`<form method="post" action="/settings/tokens/${token.id}/end">${csrfField(csrf)}<button class="quiet">Revoke</button></form>`,
  ]);
  const audit = (await store.people.audit(100)).map((entry) => [when(entry.time), entry.who, entry.action, entry.target, detailWords(entry.detail)]);
  const links = (await store.setting(FLOW_LINKS)) ?? '';
  const networks = (await store.homeNetworks()) ?? '';
  const scopes = SCOPES.map((scope) => html`<label><input type="checkbox" name="scopes" value="${scope}"> ${scope}</label> `);
  return html`${own}<h2>Our networks</h2><form class="line" method="post" action="/settings/networks">${csrfField(csrf)}<label>Written as $HOME_NET is (empty: the private ones) <input name="networks" size="50" value="${networks}"></label><button>Set</button></form><p class="quiet-text">They say which end of an alert is the host of ours, for alerts that come from now on.</p><h2>Links from a flow to other tools</h2><form class="tall" method="post" action="/settings/links">${csrfField(csrf)}<label>One a line: a name, then a web address with {community_id} in it <textarea name="links" rows="3" spellcheck="false">${links}</textarea></label><p><button>Set</button></p></form><p class="quiet-text">They stand on alerts whose sensor writes community ids. For Arkime: <code>https://ARKIME/sessions?expression=communityId%3D%3D%22{community_id}%22</code></p><h2>Users</h2>${table(['name', 'role', 'state', 'change'], users)}<form class="line" method="post" action="/settings/users">${csrfField(csrf)}<label>Name <input name="name" required maxlength="64" autocomplete="off"></label><label>Password (${SHORTEST_PASSWORD} characters or more) <input name="password" type="password" required minlength="${SHORTEST_PASSWORD}" maxlength="200" autocomplete="new-password"></label>${select(
    'role',
    'Role',
    USER_ROLES.map((role) => [role, ROLE_WORDS[role]]),
  )}<button>Add the user</button></form><h2>Tokens</h2>${tokens.length === 0 ? empty('No program has a token.') : table(['name', 'owner', 'scopes', 'until', 'used', 'change'], tokens)}<form class="line" method="post" action="/settings/tokens">${csrfField(csrf)}<label>Name <input name="name" required maxlength="200"></label><fieldset><legend>Scopes</legend>${scopes}</fieldset><label>Days it is good for <input name="days" type="number" min="1" max="3650" value="90"></label><button>Make a token</button></form>${await oidcPart(desk, csrf)}${await webhookPart(desk, csrf)}${open}<h2>Audit log</h2>${audit.length === 0 ? empty('Nothing was changed yet.') : table(['time (UTC)', 'who', 'did', 'to', 'more'], audit)}`;
}

/** Only who has one: whom a provider vouches for has none here. */
async function passwordPart(desk: Desk, who: Principal, csrf: string): Promise<Html> {
  if (!(await desk.store.people.hasPassword(who.user))) return html``;
  return html`<h2>Your password</h2><form class="line" method="post" action="/settings/password">${csrfField(csrf)}<input type="hidden" name="username" autocomplete="username" value="${who.name}"><label>Current password <input name="current" type="password" required maxlength="200" autocomplete="current-password"></label><label>New password (${SHORTEST_PASSWORD} characters or more) <input name="password" type="password" required minlength="${SHORTEST_PASSWORD}" maxlength="200" autocomplete="new-password"></label><button>Change it</button></form><p class="quiet-text">Changing it signs you out everywhere else.</p>`;
}

/** `role: reader, disabled: false` of the JSON that the audit log keeps. */
function detailWords(detail: string): string {
  try {
    return Object.entries(JSON.parse(detail) as Record<string, unknown>)
      .map(([name, value]): [string, string] => [name, wordOf(value)])
      .filter(([, word]) => word !== '')
      .map(([name, word]) => `${name}: ${word}`)
      .join(', ');
  } catch {
    return detail;
  }
}

function wordOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(' ') : JSON.stringify(value);
}

async function oidcPart(desk: Desk, csrf: string): Promise<Html> {
  const set = await oidcSettings(desk.store);
  const roles = set?.roles.map(({ value, role }) => `${value} = ${role}`).join('\n') ?? '';
  return html`<h2>Sign-in by OpenID Connect</h2><form class="tall" method="post" action="/settings/oidc">${csrfField(csrf)}<label>Issuer (empty: nobody signs in this way) <input name="issuer" type="url" maxlength="2000" value="${set?.issuer ?? ''}"></label><label>Client id <input name="client" maxlength="300" value="${set?.client ?? ''}"></label><label>Secret${set === undefined ? '' : ' (empty: as before)'} <input name="secret" type="password" maxlength="1000" autocomplete="off"></label><label>Claim that names groups <input name="claim" maxlength="200" value="${set?.claim ?? 'groups'}"></label><label>Roles, one a line, as <code>group = analyst</code>: ${USER_ROLES.join(', ')} <textarea name="roles" rows="3" spellcheck="false">${roles}</textarea></label><p><button>Set</button></p></form><p class="quiet-text">The provider has to know <code>/sign-in/back</code> at the address of this server. Passwords go on working.</p>`;
}

const EVENT_WORDS: Readonly<Record<WebhookEvent, string>> = {
  alerts: 'alerts: new ones, except for context',
  host: 'host: one that is to be checked for compromise',
  change: 'change: what people do here',
  job: 'job: hunts and proofs that ended',
};

async function webhookPart(desk: Desk, csrf: string): Promise<Html> {
  const action = (id: number, name: string, words: string): Html =>
    html`<form class="line" method="post" action="/settings/webhooks/${id}/${name}">${csrfField(csrf)}<button class="quiet">${words}</button></form>`;
  const rows = (await desk.store.webhooks.list()).map((one) => [
    one.name,
    one.url,
    one.events.join(', '),
    html`${one.gone === null ? '' : html`disabled since ${moment(one.gone)}; `}${one.state === '' ? 'nothing was sent yet' : `last: ${one.state}`}${one.said === '' ? '' : `: ${one.said}`}${one.waiting > 1 ? `; ${one.waiting} wait` : ''}`,
    html`${one.gone === null ? action(one.id, 'test', 'Send a test') : action(one.id, 'enable', 'Enable')}${one.gone === null && one.state === 'failed' ? action(one.id, 'again', 'Send again') : html``}${action(one.id, 'end', 'Remove')}`,
  ]);
  const events = WEBHOOK_EVENTS.map((event) => html`<label><input type="checkbox" name="events" value="${event}"> ${EVENT_WORDS[event]}</label> `);
  return html`<h2>Webhooks</h2>${rows.length === 0 ? empty('Nobody is told of anything.') : table(['name', 'address', 'told of', 'state', 'change'], rows)}<form class="line" method="post" action="/settings/webhooks">${csrfField(csrf)}<label>Name <input name="name" required maxlength="200"></label><label>Address <input name="url" type="url" required maxlength="2000" size="40" placeholder="https://"></label><fieldset><legend>Told of</legend>${events}</fieldset><button>Make a webhook</button></form>`;
}
