/**
 * Signing in by OpenID Connect against a small provider on loopback, as a browser would: what the provider says is checked, who may what is
 * what its groups say, and nobody takes over another's name or another's sign-in.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OidcSignIn } from './oidc.ts';
import { PASSWORD, type Trial, trial } from './test-kit.ts';

const [good, other] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
const CLIENT = 'sigwright';
const SECRET = 'a secret of both';

/** What the provider does otherwise than it should. */
let wrong: Record<string, unknown> = {};
let claims: Record<string, unknown> = {};
let issuer = '';
let server: Server;
/** code → what was asked for */
const codes = new Map<string, URLSearchParams>();

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(body: Record<string, unknown>): string {
  const unsigned = `${part({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${part(body)}`;
  return `${unsigned}.${sign('sha256', Buffer.from(unsigned), (wrong['key'] === true ? other : good).privateKey).toString('base64url')}`;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url!, issuer);
    const answer = (body: unknown, status = 200): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/.well-known/openid-configuration')
      return answer({
        issuer: wrong['issuer'] ?? issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      });
    if (url.pathname === '/keys') return answer({ keys: [{ ...good.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] });
    if (url.pathname === '/authorize') {
      const code = randomUUID();
      codes.set(code, url.searchParams);
      const back = new URL(url.searchParams.get('redirect_uri')!);
      back.searchParams.set('code', code);
      back.searchParams.set('state', url.searchParams.get('state')!);
      return void response.writeHead(302, { location: back.href }).end();
    }
    let form = '';
    request.on('data', (chunk) => {
      form += chunk;
    });
    request.on('end', () => {
      const given = new URLSearchParams(form);
      const asked = codes.get(given.get('code') ?? '');
      codes.delete(given.get('code') ?? '');
      const challenge = createHash('sha256')
        .update(given.get('code_verifier') ?? '')
        .digest('base64url');
      if (asked === undefined || challenge !== asked.get('code_challenge') || given.get('client_secret') !== SECRET)
        return answer({ error: 'invalid_grant' }, 400);
      const now = Math.floor(Date.now() / 1000);
      const body = { iss: issuer, aud: CLIENT, iat: now, exp: now + 300, nonce: asked.get('nonce'), ...claims, ...(wrong['claims'] as object | undefined) };
      answer({ access_token: 'x', token_type: 'Bearer', id_token: token(body) });
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => void server.close());

let here: Trial;
beforeEach(async () => {
  wrong = {};
  claims = { sub: '7', preferred_username: 'grace', groups: ['soc', 'everybody'] };
  here = await trial();
  const { cookie, csrf } = await here.signedIn('admin');
  const form = { csrf, issuer, client: CLIENT, secret: SECRET, claim: 'groups', roles: 'everybody = reader\nsoc = analyst\nboss=admin' };
  expect((await here.ask('/settings/oidc', { cookie, form })).status).toBe(303);
});
afterEach(() => here.close());

const cookieOf = (answer: Response, name: string): string | undefined =>
  answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .find((one) => one.startsWith(`${name}=`));

/** To the provider and back; `cookie`: what the browser brings along. */
async function signIn(cookie?: string): Promise<Response> {
  const begun = await here.ask('/sign-in/provider');
  expect(begun.status).toBe(302);
  const answer = await fetch(begun.headers.get('location')!, { redirect: 'manual' });
  const back = new URL(answer.headers.get('location')!);
  return here.ask(`${back.pathname}${back.search}`, { cookie: cookie ?? cookieOf(begun, 'sigwright-oidc')! });
}

/** `name, role` of whom the pages greet. */
async function greeted(answer: Response): Promise<string | undefined> {
  const page = await (await here.ask('/settings', { cookie: cookieOf(answer, 'sigwright') ?? 'none=1' })).text();
  return /<span>([^<]*)<\/span> <button class="quiet">Sign out/.exec(page)?.[1];
}

test('who the provider vouches for is signed in, with the highest role of the groups, the same user each time', async () => {
  expect(await (await here.ask('/sign-in')).text()).toContain('/sign-in/provider');
  const first = await signIn();
  expect(first.status).toBe(200);
  // The strict cookie is sent only where a page of ours leads on.
  expect(first.headers.get('refresh')).toBe('0; url=/');
  expect(await greeted(first)).toBe('grace, analyst');
  claims = { ...claims, groups: 'boss', preferred_username: 'grace.renamed' };
  expect(await greeted(await signIn())).toBe('grace, admin');
  expect((await here.store.people.users()).filter(({ name }) => name.startsWith('grace'))).toHaveLength(1);
  expect(await here.store.people.signIn('grace', '')).toBeUndefined();
  // Known by issuer and subject: the same subject of another provider is somebody else.
  expect(await here.store.people.signInBySubject(`${issuer} 7`, 'x', 'admin')).toMatchObject({ name: 'grace' });
  expect(await here.store.people.signInBySubject('https://other.example 7', 'y', 'admin')).toMatchObject({ name: 'y' });
  expect((await here.store.people.audit(5)).map(({ action }) => action)).toContain('signed in');
});

describe('refused is', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a token with the signature of another key', { key: true }, {}],
    ['a token for another client', { claims: { aud: 'another' } }, {}],
    ['a token of another issuer', { claims: { iss: 'http://127.0.0.1:1' } }, {}],
    ['a token that ended', { claims: { exp: 1_000_000 } }, {}],
    ['a token for another sign-in', { claims: { nonce: 'another' } }, {}],
    ['who has no group with a role', {}, { groups: ['everyone'] }],
    ['who has no groups at all', {}, { groups: undefined }],
    ['who has no name', {}, { preferred_username: '<b>', sub: '<i>' }],
  ])('%s', async (_, otherwise, more) => {
    wrong = otherwise;
    claims = { ...claims, ...more };
    const answer = await signIn();
    expect(answer.status).toBe(401);
    expect(cookieOf(answer, 'sigwright')).toBeUndefined();
    expect((await here.store.people.users()).some(({ name }) => name === 'grace')).toBe(false);
    expect((await here.store.people.audit(1))[0].action).toBe('sign-in failed');
  });

  test("what was begun in another browser, begun too long ago, or came before: an attacker's sign-in is not put on somebody", async () => {
    expect((await signIn('sigwright-oidc=stolen')).status).toBe(401);
    expect((await signIn('none=1')).status).toBe(401);
    const begun = await here.ask('/sign-in/provider');
    const back = new URL((await fetch(begun.headers.get('location')!, { redirect: 'manual' })).headers.get('location')!);
    const come = (): Promise<Response> => here.ask(`${back.pathname}${back.search}`, { cookie: cookieOf(begun, 'sigwright-oidc')! });
    here.clock += 601_000;
    expect((await come()).status).toBe(401);
    expect((await come()).status).toBe(401);
    // Whoever finds the address in a history comes too late, whatever the provider would say: it is not asked.
    const again = await here.ask('/sign-in/provider');
    const once = new URL((await fetch(again.headers.get('location')!, { redirect: 'manual' })).headers.get('location')!);
    const use = (): Promise<Response> => here.ask(`${once.pathname}${once.search}`, { cookie: cookieOf(again, 'sigwright-oidc')! });
    expect([(await use()).status, (await use()).status]).toEqual([200, 401]);
    expect((await here.store.people.audit(1))[0].detail).toContain('oidc/state');
  });

  test('the name of a user with a password, and who was disabled', async () => {
    await here.store.people.addUser('grace', PASSWORD, 'admin');
    const answer = await signIn();
    expect([answer.status, (await answer.text()).includes('has the name grace already')]).toEqual([401, true]);
    claims = { ...claims, preferred_username: 'hopper' };
    await signIn();
    const { id } = (await here.store.people.users()).find(({ name }) => name === 'hopper')!;
    await here.store.people.changeUser(id, { disabled: true });
    expect((await signIn()).status).toBe(401);
  });

  test('a sign-in that many begin: each address so often, and only so many are remembered', async () => {
    const answers: Response[] = [];
    for (let at = 0; at < 11; at++) answers.push(await here.ask('/sign-in/provider'));
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(302), 429]);
    // No script of a page reads the state, and it goes to no other page of ours.
    expect(answers[0].headers.get('set-cookie')).toMatch(/^sigwright-oidc=[\w-]+; Max-Age=600; Path=\/sign-in; HttpOnly; SameSite=Lax$/);
    const signIn = new OidcSignIn(() => 0);
    const settings = { issuer, client: CLIENT, secret: SECRET, claim: 'groups', roles: [{ value: 'soc', role: 'analyst' as const }] };
    const states: string[] = [];
    for (let at = 0; at < 10_001; at++) {
      const begun = await signIn.begin(settings, 'http://127.0.0.1:8340/sign-in/back');
      if (begun.ok) states.push(begun.value.state);
    }
    const come = async (state: string): Promise<string> => {
      const end = await signIn.end(new URL(`http://127.0.0.1:8340/sign-in/back?code=x&state=${state}`), state);
      return end.ok ? 'ok' : end.code;
    };
    expect([states.length, await come(states[0]), await come(states[10_000])]).toEqual([10_001, 'oidc/state', 'oidc/refused']);
  });

  test('settings that can not be right; the secret is not shown again', async () => {
    const { cookie, csrf } = await here.signedIn('admin');
    for (const change of [{ issuer: 'http://provider.example' }, { issuer: 'nonsense' }, { client: '' }, { roles: 'x = god' }, { roles: '' }]) {
      const form = { csrf, issuer, client: CLIENT, secret: SECRET, claim: 'groups', roles: 'a = reader', ...change };
      expect((await here.ask('/settings/oidc', { cookie, form })).status, JSON.stringify(change)).toBe(400);
    }
    expect(await (await here.ask('/settings', { cookie })).text()).not.toContain(SECRET);
    await here.ask('/settings/oidc', { cookie, form: { csrf, issuer: '' } });
    expect((await here.ask('/sign-in/provider')).status).toBe(404);
  });

  test('a provider that is away or says it is another: a page that says so', async () => {
    const { cookie, csrf } = await here.signedIn('admin');
    const form = { csrf, client: CLIENT, secret: SECRET, claim: 'groups', roles: 'a = reader' };
    await here.ask('/settings/oidc', { cookie, form: { ...form, issuer: 'http://127.0.0.1:1' } });
    const answer = await here.ask('/sign-in/provider');
    expect([answer.status, (await answer.text()).includes('the provider can not be asked')]).toEqual([401, true]);
    wrong = { issuer: 'http://127.0.0.1:2' };
    await here.ask('/settings/oidc', { cookie, form: { ...form, issuer } });
    expect((await here.ask('/sign-in/provider')).status).toBe(401);
  });
});
