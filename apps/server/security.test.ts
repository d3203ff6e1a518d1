/** Every row of the threat model in SECURITY.md, tried. */
import crypto from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertLine, ORIGIN, PASSWORD, type Trial, trial } from './test-kit.ts';

let here: Trial;
let admin: { cookie: string; csrf: string };
let reader: { cookie: string; csrf: string };
beforeAll(async () => {
  here = await trial();
  admin = await here.signedIn('admin');
  reader = await here.signedIn('reader');
  await here.store.ingest([new TextEncoder().encode(alertLine())], 'sensor');
});
afterAll(() => here.close());

const ROWS: Record<string, () => Promise<void>> = {
  async 'a stranger reads'() {
    for (const path of [
      '/',
      '/alerts',
      '/alerts/1',
      '/hosts/10.3.8.16',
      '/rules',
      '/rules/1240301',
      '/reports',
      '/review',
      '/releases',
      '/releases/difference?from=today&to=today',
      '/community',
      '/community.md',
      '/sensors',
      '/feedback',
      '/hunts',
      '/settings',
      '/workbench',
      '/example.pcap',
    ])
      expect((await here.ask(path)).headers.get('location'), path).toBe('/sign-in');
    const spec = (await (await here.ask('/api/v1/openapi.json')).json()) as { paths: Record<string, Record<string, unknown>> };
    let tried = 0;
    for (const [path, methods] of Object.entries(spec.paths))
      for (const method of Object.keys(methods)) {
        const body = ['post', 'put'].includes(method) ? { json: path === '/reports/read' ? { text: 'x' } : (VALID[path] ?? {}) } : {};
        const { status } = await here.ask(`/api/v1${path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'state' ? 'accepted' : '1'))}`, {
          method: method.toUpperCase(),
          ...body,
        });
        expect(status, `${method} ${path}`).toBe(401);
        tried++;
      }
    expect(tried).toBeGreaterThan(20);
  },
  async 'a user does more than its role'() {
    const tries: [string, Record<string, string>][] = [
      ['/verdicts', { scope: 'rule', sid: '1', verdict: 'true' }],
      ['/verdicts/1/take-back', {}],
      ['/feedback', { sid: '1', kind: 'miss' }],
      ['/feedback/1/accepted', {}],
      ['/rules', { category: 'malware', rules: 'x' }],
      ['/rules/prove', {}],
      ['/rules/1240301/decide', { decision: 'keep' }],
      ['/releases', { version: '9' }],
      ['/community', { day: '2024-03-08', text: 'x', seen: '' }],
      ['/community/anew', { day: '2024-03-08', seen: '' }],
      ['/settings/networks', { networks: 'any' }],
      ['/settings/users', { name: 'x', password: PASSWORD, role: 'admin' }],
      ['/settings/users/1', { role: 'reader', disabled: 'yes' }],
      ['/settings/tokens', { name: 'x', scopes: 'admin' }],
      ['/settings/tokens/1/end', {}],
      ['/settings/oidc', { issuer: 'https://provider.example' }],
      ['/settings/webhooks', { name: 'x', url: 'https://hook.example/', events: 'alerts' }],
      ['/settings/webhooks/1/test', {}],
      ['/settings/webhooks/1/end', {}],
    ];
    for (const [path, form] of tries) expect((await here.ask(path, { cookie: reader.cookie, form: { ...form, csrf: reader.csrf } })).status, path).toBe(403);
    const settings = await (await here.ask('/settings', { cookie: reader.cookie })).text();
    expect(settings).not.toContain('Audit log');
  },
  async 'a token does more than its scopes'() {
    const { token } = await here.store.people.addToken(1, 'sensor', ['ingest']);
    const headers = { authorization: `Bearer ${token}` };
    expect((await here.ask('/api/v1/events', { headers, body: alertLine() })).status).toBe(200);
    expect((await here.ask('/api/v1/alerts', { headers })).status).toBe(403);
    expect((await here.ask('/api/v1/users', { headers })).status).toBe(403);
    const owner = (await here.store.people.addUser('owned', PASSWORD, 'reader'))!;
    const { token: greedy } = await here.store.people.addToken(owner, 'greedy', ['read', 'admin']);
    const wide = { headers: { authorization: `Bearer ${greedy}` } };
    expect([(await here.ask('/api/v1/alerts', wide)).status, (await here.ask('/api/v1/users', wide)).status]).toEqual([200, 403]);
    const { token: ended } = await here.store.people.addToken(1, 'ended', ['read'], here.clock - 1);
    expect((await here.ask('/api/v1/alerts', { headers: { authorization: `Bearer ${ended}` } })).status).toBe(401);
    // What an owner may, its tokens may; who was disabled may nothing.
    await here.store.people.changeUser(owner, { disabled: true });
    expect((await here.ask('/api/v1/alerts', wide)).status).toBe(401);
    const wrong = { headers: { authorization: 'Bearer sw_wrong' }, cookie: admin.cookie };
    expect((await here.ask('/api/v1/alerts', wrong)).status).toBe(401);
    expect((await here.ask('/api/v1/alerts', { headers: { authorization: 'Basic YTpi' }, cookie: admin.cookie })).status).toBe(401);
  },
  async 'passwords are tried'() {
    await here.store.people.addUser('tried', PASSWORD, 'reader');
    const answers: number[] = [];
    for (let at = 0; at < 14; at++) answers.push((await here.ask('/sign-in', { form: { name: 'tried', password: `wrong ${at}` } })).status);
    expect(answers.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(answers.slice(10)).toEqual(Array(4).fill(429));
    expect((await here.store.people.audit(20)).some((entry) => entry.action === 'sign-in failed' && entry.who === 'tried')).toBe(true);
    here.clock += 60_000;
    expect((await here.ask('/sign-in', { form: { name: 'tried', password: PASSWORD } })).status).toBe(303);
    const gone = (await here.store.people.addUser('gone', PASSWORD, 'reader'))!;
    await here.store.people.changeUser(gone, { disabled: true });
    expect((await here.ask('/sign-in', { form: { name: 'gone', password: PASSWORD } })).status).toBe(401);
    await fromEverywhere();
    const long = await here.ask('/sign-in', { form: { name: 'tried', password: 'x'.repeat(1_000_000) } });
    expect(long.status).toBe(401);
  },
  async 'the store is stolen'() {
    const user = (await here.store.people.addUser('kept', PASSWORD, 'admin'))!;
    const secret = await here.store.people.openSession(user);
    const { token } = await here.store.people.addToken(user, 'kept', ['read']);
    const { DatabaseSync } = await import('node:sqlite');
    const { openStore } = await import('@sigwright/workbench');
    const path = join(here.folder, 'stolen.db');
    const store = await openStore({ sqlite: path });
    const other = (await store.people.addUser('kept', PASSWORD, 'admin'))!;
    const [itsSecret, its] = [await store.people.openSession(other), await store.people.addToken(other, 'x', ['read'])];
    await store.people.addUser('twin', PASSWORD, 'reader');
    const db = new DatabaseSync(path);
    // The same password twice is not seen to be the same.
    const stored = db
      .prepare('select password from users')
      .all()
      .map(({ password }) => String(password));
    expect([stored.length, new Set(stored.map((one) => one.split('$')[4])).size]).toEqual([2, 2]);
    const all = JSON.stringify(['users', 'sessions', 'tokens', 'audit'].map((name) => db.prepare(`select * from ${name}`).all()));
    db.close();
    await store.close();
    for (const word of [PASSWORD, itsSecret, its.token]) expect(all).not.toContain(word);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(all).toContain('scrypt$32768$8$3$');
    expect(secret.length).toBeGreaterThanOrEqual(43);
    expect(token.length).toBeGreaterThanOrEqual(43);
  },
  async 'another page sends a form'() {
    const form = { scope: 'rule', sid: '1240301', verdict: 'false_positive', note: 'forged' };
    for (const [why, sent] of [
      ['no token', { form }],
      ['a token of another session', { form: { ...form, csrf: reader.csrf } }],
      ['another origin', { form: { ...form, csrf: admin.csrf }, headers: { origin: 'https://evil.example' } }],
      ['another site', { form: { ...form, csrf: admin.csrf }, headers: { 'sec-fetch-site': 'cross-site' } }],
      ['JSON without the header', { json: form }],
    ] as const)
      expect((await here.ask('json' in sent ? '/api/v1/verdicts' : '/verdicts', { cookie: admin.cookie, ...sent })).status, why).toBe(403);
    expect(await here.store.verdicts(true)).toEqual([]);
    expect((await here.ask('/verdicts', { cookie: admin.cookie, form: { ...form, csrf: admin.csrf } })).status).toBe(303);
    expect((await here.ask('/api/v1/verdicts', { cookie: admin.cookie, json: { ...form, sid: 1 }, headers: { 'x-csrf-token': admin.csrf } })).status).toBe(201);
    expect((await here.ask('/sign-in', { form: { name: 'x', password: 'x' }, headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  },
  async 'a cookie is taken'() {
    const { headers } = await here.ask('/sign-in', { form: { name: 'kept', password: PASSWORD } });
    expect(headers.get('set-cookie')).toMatch(/^sigwright=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const behindTls = await trial({ origin: 'https://alerts.example' });
    await behindTls.store.people.addUser('ada', PASSWORD, 'admin');
    const answer = await behindTls.ask('/sign-in', { form: { name: 'ada', password: PASSWORD } });
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-sigwright=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    expect(answer.headers.get('strict-transport-security')).toContain('max-age');
    await behindTls.close();
    await ofTime();
    // A session that was opened while its user was being disabled is worth nothing, too.
    const off = (await here.store.people.addUser('off', PASSWORD, 'reader'))!;
    await here.store.people.changeUser(off, { disabled: true });
    expect((await here.ask('/', { cookie: `sigwright=${await here.store.people.openSession(off)}` })).status).toBe(302);
    const out = await here.signedIn('reader');
    expect((await here.ask('/', { cookie: out.cookie })).status).toBe(200);
    await here.ask('/sign-out', { cookie: out.cookie, form: { csrf: out.csrf } });
    expect((await here.ask('/', { cookie: out.cookie })).status).toBe(302);
  },
  async 'a session is left open'() {
    const owner = await trial();
    const { people } = owner.store;
    const id = (await people.addUser('olga', PASSWORD, 'reader'))!;
    const sessions = [await people.openSession(id), await people.openSession(id)].map((secret) => ({ cookie: `sigwright=${secret}`, secret }));
    const csrf = owner.gate.csrf(await people.bySession(sessions[0].secret));
    const next = 'another horse battery';
    const change = (current: string, password: string): Promise<Response> =>
      owner.ask('/settings/password', { cookie: sessions[0].cookie, form: { csrf, current, password } });
    expect((await change('a guess of twelve', next)).status).toBe(403);
    expect((await change(PASSWORD, 'short')).status).toBe(400);
    expect(await people.signIn('olga', PASSWORD)).toBeDefined();
    const changed = await change(PASSWORD, next);
    expect(changed.status).toBe(303);
    // Whoever sat at the other browser is out; who changed it goes on.
    for (const { cookie } of sessions) expect((await owner.ask('/settings', { cookie })).status).toBe(302);
    expect((await owner.ask('/settings', { cookie: changed.headers.get('set-cookie')!.split(';')[0] })).status).toBe(200);
    expect([await people.signIn('olga', PASSWORD), (await people.signIn('olga', next)) === undefined]).toEqual([undefined, false]);
    const { token } = await people.addToken(id, 'program', ['read']);
    expect((await owner.ask('/settings/password', { headers: { authorization: `Bearer ${token}` }, form: { current: next, password: PASSWORD } })).status).toBe(
      403,
    );
    expect(JSON.stringify(await people.audit(10))).not.toContain(next);
    await owner.close();
  },
  async 'a sender is made up'() {
    const { insideOf } = await import('@sigwright/workbench');
    const { addressOf } = await import('./security.ts');
    const isProxy = insideOf('[10.9.0.0/24]')!;
    const from = (peer: string, header?: string, trusted = true): string => {
      const context = { env: { incoming: { socket: { remoteAddress: peer } } }, req: { header: () => header } };
      return addressOf(context as never, trusted ? isProxy : undefined);
    };
    expect(from('198.51.100.7', '192.0.2.1')).toBe('198.51.100.7');
    expect(from('10.9.0.2', '192.0.2.1', false)).toBe('10.9.0.2');
    expect(from('::ffff:10.9.0.2', '1.1.1.1, 192.0.2.1')).toBe('192.0.2.1');
    expect(from('10.9.0.2', '1.1.1.1, 192.0.2.1, 10.9.0.3')).toBe('192.0.2.1');
    for (const header of ['nonsense', '', undefined, '1.1.1.1,x']) expect(from('10.9.0.2', header)).toBe('10.9.0.2');
  },
  async 'a name of the attacker points here'() {
    expect((await here.ask('/', { cookie: admin.cookie, headers: { host: 'evil.example:8340' } })).status).toBe(403);
    expect((await here.ask('/', { cookie: admin.cookie, headers: { host: 'localhost:8340' } })).status).toBe(200);
    // Names of the machine itself are ours only where nobody comes from elsewhere.
    const behindTls = await trial({ origin: 'https://alerts.example' });
    for (const [host, status] of [
      ['alerts.example', 200],
      ['localhost', 403],
      ['127.0.0.1', 403],
    ] as const)
      expect((await behindTls.ask('/sign-in', { headers: { host } })).status, host).toBe(status);
    await behindTls.close();
  },
  async 'pages are framed, sniffed, scripted'() {
    const nonces = new Set<string>();
    const paths = ['/', '/nope', '/sign-in', '/api/v1/hosts', '/workbench'];
    for (const path of paths) {
      const { headers } = await here.ask(path, { cookie: admin.cookie });
      const policy = headers.get('content-security-policy') ?? '';
      const [, nonce = ''] = /'nonce-([\w+/=]{24})'/.exec(policy) ?? [];
      nonces.add(nonce);
      // The whole of it: one source more is one too many.
      expect(policy.replace(nonce, 'N').split('; '), path).toEqual([
        "default-src 'none'",
        "style-src 'self' 'nonce-N'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ]);
      for (const [name, value] of [
        ['x-content-type-options', 'nosniff'],
        ['referrer-policy', 'no-referrer'],
        ['cache-control', 'no-store'],
        ['cross-origin-opener-policy', 'same-origin'],
        ['cross-origin-resource-policy', 'same-origin'],
        ['permissions-policy', 'camera=(), microphone=(), geolocation=()'],
      ])
        expect(headers.get(name), `${path} ${name}`).toBe(value);
    }
    expect(nonces.size).toBe(paths.length);
  },
  async 'a redirect leads away'() {
    for (const back of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/x\r\nset-cookie: a=b']) {
      const answer = await here.ask('/verdicts', { cookie: admin.cookie, form: { scope: 'rule', sid: '5', verdict: 'expected', back, csrf: admin.csrf } });
      expect(answer.headers.get('location')).toBe('/?done=verdict');
    }
  },
  async 'too much is sent'() {
    expect((await here.ask('/reports/read', { cookie: admin.cookie, form: { csrf: admin.csrf, text: 'x'.repeat(6_000_000) } })).status).toBe(413);
    // Lines of events have a limit of their own: a stream without end is broken off.
    const { token } = await here.store.people.addToken(1, 'endless', ['ingest']);
    const chunk = new Uint8Array(2 ** 20).fill(0x78);
    let left = 300;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => (left-- === 0 ? controller.close() : controller.enqueue(chunk)),
    });
    const sent = { method: 'POST', headers: { host: new URL(ORIGIN).host, authorization: `Bearer ${token}` }, body: endless, duplex: 'half' } as RequestInit;
    expect((await here.hono.request(`${ORIGIN}/api/v1/events`, sent)).status).toBe(413);
    const { Limits } = await import('./security.ts');
    const limits = new Limits(3, 60_000);
    expect([1, 2, 3, 4].map(() => limits.allow('a', 0))).toEqual([true, true, true, false]);
    expect(limits.allow('b', 0)).toBe(true);
    expect(limits.allow('a', 20_000)).toBe(true);
    // Of many senders the oldest are forgotten: they cost no memory.
    expect(limits.allow('a', 20_000)).toBe(false);
    for (let at = 0; at < 50_000; at++) limits.allow(`many ${at}`, 20_000);
    expect(limits.allow('a', 20_000)).toBe(true);
    const busy = await trial();
    for (let at = 0; at < 1200; at++) busy.gate.requests.allow('', busy.clock);
    expect([(await busy.ask('/sign-in')).status, (await busy.ask('/api/v1/hosts')).status]).toEqual([429, 429]);
    await busy.close();
  },
  async 'files beside are asked for'() {
    for (const path of ['/web/..%2f..%2fpackage.json', '/web/%2e%2e/cli/main.js', '/reports/..%2f..', '/alerts/1e3', '/web/nothing.js'])
      expect((await here.ask(path, { cookie: admin.cookie })).status, path).toBe(404);
    const listing = await trial();
    const inside = join(listing.folder, 'evidence', '1240301');
    mkdirSync(inside, { recursive: true });
    for (const name of ['listed.pcap', 'beside.pcap']) writeFileSync(join(inside, name), name);
    const named = ['listed.pcap', '../../ruleset.yaml', 'gone.pcap'].map((capture) => `  - capture: ${capture}\n    shows: x\n`);
    writeFileSync(join(inside, 'expect.yaml'), `sid: 1240301\nfires:\n${named.join('')}`);
    const { cookie } = await listing.signedIn('reader');
    const evidence = async (name: string): Promise<number> => (await listing.ask(`/rules/1240301/evidence/${name}`, { cookie })).status;
    expect(await evidence('listed.pcap')).toBe(200);
    for (const name of ['beside.pcap', 'gone.pcap', 'expect.yaml', '..%2f..%2fruleset.yaml']) expect(await evidence(name), name).toBe(404);
    expect(await (await listing.ask('/workbench?sid=1240301', { cookie })).text()).toMatch(/data-capture="\/rules\/1240301\/evidence\/listed.pcap"/);
    await listing.close();
    expect((await here.ask('/releases', { cookie: admin.cookie, form: { csrf: admin.csrf, version: '../../x' } })).status).toBe(400);
    expect((await here.ask('/rules', { cookie: admin.cookie, form: { csrf: admin.csrf, category: '../x', rules: 'x' } })).status).toBe(400);
  },
  async 'set-up is repeated'() {
    expect((await here.ask(`/set-up/${here.gate.setupSecret}`)).status).toBe(404);
    const fresh = await trial();
    expect((await fresh.ask('/set-up/guess')).status).toBe(404);
    const link = `/set-up/${fresh.gate.setupSecret}`;
    expect((await fresh.ask(link)).status).toBe(200);
    expect((await fresh.ask(link, { form: { name: 'ada', password: 'short' } })).status).toBe(400);
    const answer = await fresh.ask(link, { form: { name: 'ada', password: PASSWORD } });
    expect(answer.status).toBe(303);
    expect((await fresh.ask(link, { form: { name: 'eve', password: PASSWORD } })).status).toBe(404);
    expect((await fresh.store.people.users()).map(({ name, role }) => [name, role])).toEqual([['ada', 'admin']]);
    await fresh.close();
  },
  async 'faults tell about the inside'() {
    const broken = await trial();
    const { cookie } = await broken.signedIn('admin');
    broken.store.hosts = () => Promise.reject(new Error('secret path /var/lib'));
    for (const path of ['/', '/api/v1/hosts']) {
      const answer = await broken.ask(path, { cookie });
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain('secret');
    }
    expect(broken.faults.length).toBe(2);
    await broken.close();
  },
  async 'a provider is misused'() {
    // oidc.test.ts has the tokens that are refused; here is what holds whatever a provider says.
    const { people } = here.store;
    await people.addUser('owner', PASSWORD, 'admin');
    expect(await people.signInBySubject('https://provider.example 1', 'owner', 'admin')).toBe('taken');
    const made = await people.signInBySubject('https://provider.example 1', 'visitor', 'reader');
    expect(made).toMatchObject({ name: 'visitor' });
    expect(await people.signIn('visitor', '')).toBeUndefined();
    for (const path of ['/sign-in/back', '/sign-in/back?code=x&state=y']) {
      const answer = await here.ask(path, { cookie: 'sigwright-oidc=y' });
      expect([answer.status, answer.headers.getSetCookie().some((one) => one.startsWith('sigwright='))], path).toEqual([401, false]);
    }
    expect((await here.ask('/sign-in/provider')).status).toBe(404);
  },
  async 'a webhook leads inside'() {
    for (const url of ['ftp://hook.example/', 'https://me:secret@hook.example/', 'javascript:alert(1)', 'nonsense'])
      expect((await here.ask('/settings/webhooks', { cookie: admin.cookie, form: { csrf: admin.csrf, name: 'x', url, events: 'change' } })).status, url).toBe(
        400,
      );
    // Refused where it is set already, however the address is written; and before every message, since a name may lead elsewhere by then.
    const names: Record<string, readonly string[]> = {
      'inside.example': ['10.0.0.1'],
      'both.example': ['198.51.99.1', '127.0.0.1'],
      'outside.example': ['198.51.99.1'],
    };
    const set = await trial({
      dial: { resolve: async (name) => names[name] ?? Promise.reject(new Error('no such name')), isAllowed: (one) => one === '192.168.7.7' },
    });
    const owner = await set.signedIn('admin');
    const hosts = ['127.0.0.1', '2130706433', '0x7f.1', '169.254.169.254', '[::1]', '[::ffff:10.0.0.1]', 'inside.example', 'both.example'];
    const given = [
      ...hosts.map((host) => [host, false] as const),
      ...['outside.example', 'unknown.example', '192.168.7.7'].map((host) => [host, true] as const),
    ];
    for (const [host, may] of given) {
      const hook = { name: 'x', url: `http://${host}/` };
      const byForm = await set.ask('/settings/webhooks', { cookie: owner.cookie, form: { csrf: owner.csrf, ...hook, events: 'change' } });
      const byApi = await set.ask('/api/v1/webhooks', { cookie: owner.cookie, headers: { 'x-csrf-token': owner.csrf }, json: { ...hook, events: ['change'] } });
      expect([byForm.status, byApi.status], host).toEqual(may ? [200, 201] : [400, 400]);
      if (!may) expect(await byForm.text(), host).toContain('which is not public');
    }
    await set.close();
    const { tellOnce } = await import('@sigwright/workbench');
    const { id } = await here.store.webhooks.add('x', 'http://hook.example/', ['change']);
    let dialled = 0;
    const connect = (): never => {
      dialled++;
      throw new Error('dialled');
    };
    for (const inside of ['127.0.0.1', '10.1.1.1', '169.254.169.254', '::1', 'fd00::1']) {
      await here.store.webhooks.test(id);
      await tellOnce(here.store, { signal: new AbortController().signal, resolve: async () => [inside], connect });
      expect((await here.store.webhooks.list())[0].said, inside).toMatch(/is not public$/);
    }
    expect(dialled).toBe(0);
    await here.store.webhooks.end(id);
  },
  async 'the broker is not ours alone'() {
    const { HuntResult, HuntTask, hunting, staysInside } = await import('@sigwright/workbench');
    const [hunt, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const job = await here.store.hunts.begin({ key: hunt, by: 'me', title: 't', rules: 'r', items: ['a.pcap'] });
    const outcome = { packets: 1, bytes: 1, hits: [{ sid: 1, signature: 'x', alerts: 9 }], lines: [] };
    // Results of hunts that nobody began, and of captures that nobody asked for, count nothing.
    expect(await here.store.hunts.settle([{ hunt: other, item: 'a.pcap', worker: 'w', outcome }])).toBe(0);
    expect(await here.store.hunts.settle([{ hunt, item: 'b.pcap', worker: 'w', outcome }])).toBe(0);
    expect(await here.store.hunts.hits(job)).toEqual([]);
    for (const bad of [{}, { hunt, item: 'a.pcap', worker: 'w' }, { hunt, item: 'a', worker: 'w', outcome: { ...outcome, hits: [{ sid: 'x' }] } }])
      expect(HuntResult.safeParse(bad).success).toBe(false);
    const task = { hunt, kind: 'hunt', store: '0123456789abcdef', items: ['a'], rules: 'f'.repeat(64), parts: 1 };
    expect(HuntTask.safeParse(task).success).toBe(true);
    for (const bad of [{ rules: '../x' }, { store: '*' }, { kind: 'shell' }, { items: [] }])
      expect(HuntTask.safeParse({ ...task, ...bad }).success).toBe(false);
    for (const path of ['../etc/passwd', '/etc/passwd', 'a/../../b', 'C:\\x', 'a\0b']) expect(staysInside(path), path).toBe(false);
    // Files of a job are written below their folder, or none of them is.
    const { packBundle, unpackBundle } = await import('@sigwright/workbench');
    const below = join(here.folder, 'below');
    const file = (path: string): { path: string; bytes: Uint8Array } => ({ path, bytes: new Uint8Array(1) });
    expect(() => unpackBundle(packBundle({ options: {}, files: [file('good'), file('../beside')] }), below)).toThrow('a path that leads out');
    expect([existsSync(join(below, 'good')), existsSync(join(here.folder, 'beside'))]).toEqual([false, false]);
    // Rules are those whose digest the task names, and unpack to a bounded size.
    const { digestOf, getRules } = await hunting();
    const { gzipSync } = await import('node:zlib');
    const holding = (data: Uint8Array): never => ({ manager: { streams: { getMessage: async () => ({ data }) } } }) as never;
    expect(await getRules(holding(gzipSync('alert')), digestOf('alert'), 1)).toBe('alert');
    await expect(getRules(holding(gzipSync('pass')), digestOf('alert'), 1)).rejects.toThrow();
    await expect(getRules(holding(new Uint8Array(10)), digestOf('alert'), 1)).rejects.toThrow();
    const bomb = ' '.repeat(10_000);
    expect(await getRules(holding(gzipSync(bomb)), digestOf(bomb), 1, 10_000)).toBe(bomb);
    await expect(getRules(holding(gzipSync(bomb)), digestOf(bomb), 1, 9_999)).rejects.toThrow();
  },
  async 'logs tell secrets'() {
    const logged = await trial();
    const { cookie } = await logged.signedIn('reader');
    await logged.ask(`/set-up/${logged.gate.setupSecret}`);
    await logged.ask('/alerts?words=secret-words', { cookie });
    await logged.ask('/sign-in', { form: { name: 'x', password: PASSWORD } });
    const refused = await logged.ask('/nope');
    expect(logged.requests.map(({ path, status, user }) => [path, status, user])).toEqual([
      ['/set-up/…', 200, ''],
      ['/alerts', 200, 'reader0'],
      ['/sign-in', 401, ''],
      ['/nope', 404, ''],
    ]);
    expect(refused.headers.get('x-request-id')).toBe(logged.requests[3].id);
    const all = JSON.stringify(logged.requests);
    for (const secret of [logged.gate.setupSecret, PASSWORD, 'secret-words', cookie.split('=')[1]]) expect(all).not.toContain(secret);
    await logged.close();
  },
  async 'a change leaves no trace'() {
    await everyChange();
    const before = (await here.store.people.audit(1000)).length;
    await here.ask('/settings/networks', { cookie: admin.cookie, form: { csrf: admin.csrf, networks: '10.3.8.0/24' } });
    await here.ask('/settings/users', { cookie: admin.cookie, form: { csrf: admin.csrf, name: 'new', password: PASSWORD, role: 'reader' } });
    await here.ask('/settings/tokens', { cookie: admin.cookie, form: { csrf: admin.csrf, name: 'n', scopes: 'read' } });
    await here.ask('/rules/1240301/decide', { cookie: admin.cookie, form: { csrf: admin.csrf, decision: 'keep', reason: '' } });
    await here.ask('/feedback', { cookie: admin.cookie, form: { csrf: admin.csrf, sid: '1240301', kind: 'miss', comment: '' } });
    const entries = await here.store.people.audit(1000);
    expect(entries.length - before).toBe(5);
    expect(JSON.stringify(entries)).not.toContain(PASSWORD);
  },
};

/** Refused before it is hashed, so that many tries take no time. */
const TOO_LONG = 'x'.repeat(1000);

/** Many names from one address, one name from many; and a name that nobody has costs as much work as one that is there. */
async function fromEverywhere(): Promise<void> {
  const tried = await trial({ isProxy: (address) => address === '' });
  await tried.store.people.addUser('ada', PASSWORD, 'reader');
  const signIn = async (name: string, from: string): Promise<number> =>
    (await tried.ask('/sign-in', { form: { name, password: TOO_LONG }, headers: { 'x-forwarded-for': from } })).status;
  const names = await Promise.all(Array.from({ length: 11 }, (_, at) => signIn(`name${at}`, '192.0.2.1')));
  const addresses = await Promise.all(Array.from({ length: 11 }, (_, at) => signIn('ada', `192.0.2.${100 + at}`)));
  for (const answers of [names, addresses]) expect(answers.sort()).toEqual([...Array(10).fill(401), 429]);
  const { scrypt } = crypto;
  let derived = 0;
  crypto.scrypt = ((...given: Parameters<typeof scrypt>) => {
    derived++;
    scrypt(...given);
  }) as typeof scrypt;
  syncBuiltinESMExports();
  try {
    for (const name of ['ada', 'nobody']) await tried.store.people.signIn(name, 'x');
    expect(derived).toBe(2);
    // What is longer than any password is refused before it costs work.
    await tried.store.people.signIn('ada', TOO_LONG);
    expect(derived).toBe(2);
  } finally {
    crypto.scrypt = scrypt;
    syncBuiltinESMExports();
    await tried.close();
  }
}

/** A session ends after twelve idle hours, and after seven days however often it is used. */
async function ofTime(): Promise<void> {
  const timed = await trial();
  const HOUR = 3_600_000;
  const { cookie: idle } = await timed.signedIn('reader');
  const { cookie: used } = await timed.signedIn('reader');
  const status = async (cookie: string): Promise<number> => (await timed.ask('/settings', { cookie })).status;
  for (let hour = 0; hour < 7 * 24; hour += 6) {
    expect(await status(used), `${hour} hours`).toBe(200);
    timed.clock += 6 * HOUR;
    if (hour === 12) expect(await status(idle)).toBe(302);
  }
  timed.clock += HOUR;
  expect(await status(used)).toBe(302);
  await timed.close();
}

/** Whatever a form changes, it is written down who did it. */
async function everyChange(): Promise<void> {
  const audited = await trial({ archive: () => [{ name: 'a.pcap', bytes: 1 }] });
  await audited.store.ingest([new TextEncoder().encode(alertLine())], 'sensor');
  const { cookie, csrf } = await audited.signedIn('admin');
  const { people } = audited.store;
  const rule = 'alert tcp any any -> any any (msg:"SW MALWARE Trace"; content:"long enough"; sid:1249999; rev:1;)';
  const changes: [string, Record<string, string>][] = [
    ['/releases', { version: '1' }],
    ['/verdicts', { scope: 'rule', sid: '1240301', verdict: 'expected' }],
    ['/verdicts/1/take-back', {}],
    ['/rules', { category: 'malware', rules: rule }],
    ['/hunts', { title: 't', rules: rule }],
    ['/hunts/1/cancel', {}],
    ['/settings/links', { links: 'Arkime https://arkime.example/?x={community_id}' }],
    ['/settings/users/1', { role: 'admin', disabled: 'no' }],
  ];
  for (const [path, fields] of changes) {
    const before = (await people.audit(1000)).length;
    const answer = await audited.ask(path, { cookie, form: { csrf, ...fields } });
    expect([path, answer.status]).toEqual([path, 303]);
    const [last] = await people.audit(1);
    expect([path, (await people.audit(1000)).length - before, last.who]).toEqual([path, 1, 'admin0']);
  }
  await audited.close();
}

/** Bodies that are understood, for asking without any right. */
const VALID: Record<string, unknown> = {
  '/hunts': { title: 't', rules: 'alert ip any any -> any any (sid:1;)' },
  '/verdicts': { scope: 'rule', sid: 1, verdict: 'true' },
  '/rules/{sid}/decisions': { decision: 'keep' },
  '/releases': { version: '9' },
  '/feedback': { sid: 1, kind: 'miss' },
  '/users': { name: 'x', password: PASSWORD, role: 'admin' },
  '/tokens': { name: 'x', scopes: ['read'] },
  '/webhooks': { name: 'x', url: 'https://hook.example/', events: ['alerts'] },
};

describe('threat model', () => {
  test.each(Object.entries(ROWS))('%s', (_, attack) => attack());

  test('the table in SECURITY.md has these rows', () => {
    const table = readFileSync(join(import.meta.dirname, '..', '..', 'SECURITY.md'), 'utf8').split('## The workbench')[1] ?? '';
    const rows = [...table.matchAll(/^\| ([^|]+?) \|/gm)].map((match) => match[1]).filter((row) => row !== 'attack' && row !== '---');
    expect(rows).toEqual(Object.keys(ROWS));
  });
});
