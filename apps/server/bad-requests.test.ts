/**
 * Requests that nobody sends who means well, to every route that there is: wrong types, broken and huge bodies, odd encodings and
 * methods, no or another's rights. None is answered by a fault, none is left without an answer, and without rights nothing changes. The
 * same requests in every run; `SIGWRIGHT_BAD_REQUESTS=N` sends N times as many.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertLine, type Trial, trial } from './test-kit.ts';

const ROUNDS = Number(process.env['SIGWRIGHT_BAD_REQUESTS'] ?? 1);

let here: Trial;
let routes: readonly (readonly [method: string, path: string])[];
beforeAll(async () => {
  here = await trial({ archive: () => ['a.pcap'] });
  await here.store.ingest([new TextEncoder().encode(alertLine())], 'sensor');
  const all = here.hono.routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*')).map(({ method, path }) => `${method} ${path}`);
  routes = [...new Set(all)].map((one) => one.split(' ') as [string, string]);
});
afterAll(() => here.close());

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): <One>(list: readonly One[]) => One {
  let state = seed;
  return (list) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return list[((mixed ^ (mixed >>> 14)) >>> 0) % list.length];
  };
}

const LONG = 'x'.repeat(10_000);
const VALUES = [
  '',
  '0',
  '-1',
  '1',
  '1e3',
  '1e999',
  '99999999999999999999',
  'NaN',
  'null',
  'true',
  '\0',
  '\ud800',
  '\u202eabc',
  "' or 1=1 --",
  '../../etc/passwd',
];
const TEXTS = [
  ...VALUES,
  '<script>alert(1)</script>',
  '%s%n',
  '__proto__',
  'constructor',
  '2024-02-31',
  '9999-99-99',
  '[10.0.0.0/8',
  'alert tcp any',
  LONG,
  '\r\nset-cookie: a=b',
];
const TYPES: readonly unknown[] = [null, true, -1, 0, 1.5, 1e300, [], {}, [[[]]], [null], { a: { b: null } }, 'x', '', LONG, '\0', '\ud800', ['read'], [1, 2]];
const NAMES = [
  ...['scope', 'sid', 'host', 'story', 'verdict', 'note', 'days', 'back', 'report', 'kind', 'comment', 'slice', 'title', 'rules', 'networks'],
  ...['category', 'decision', 'reason', 'seen', 'version', 'day', 'text', 'name', 'password', 'role', 'disabled', 'scopes', 'url', 'events'],
  ...['issuer', 'client', 'secret', 'claim', 'groups', 'links', 'words', 'from', 'to', 'after', 'limit', 'format', 'address', 'flow', 'sensor'],
];
const JSONS = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '1e999',
  '{"__proto__":{"admin":true}}',
  `${'['.repeat(100_000)}`,
  '{"a":1}{"b":2}',
  '\ufeff{}',
  '{"sid":1,"sid":"2"}',
];
const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded; charset=nonsense',
  'image/png',
  '\u00ff/x',
];
const PARTS = [
  '1',
  '0',
  '-1',
  '1e3',
  '99999999999999999999',
  'x',
  '%00',
  '%ff',
  '%2e%2e%2f',
  '%F0%9F%92%A9',
  '__proto__',
  'a'.repeat(3000),
  '%',
  "'%20or%201=1",
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND'];
const BYTES = new Uint8Array([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x3d, 0x26, 0x25, 0x7b]);

interface Bad {
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

type Who = { readonly cookie: string; readonly csrf: string };

function badRequest(route: readonly [string, string], pick: ReturnType<typeof randomFrom>, who: Who | undefined): Bad {
  const method = pick([route[0], route[0], route[0], pick(METHODS)]);
  const filled = route[1].replace(/:\w+(?:\{[^}]*\})?/g, () => pick(PARTS));
  const query =
    pick([0, 0, 1]) === 1
      ? `?${Array.from({ length: 4 }, () => `${pick(NAMES)}=${encodeURIComponent(pick(TEXTS).toWellFormed())}`).join('&')}${pick(['', '&%ff=%', '&a[]=1'])}`
      : '';
  const headers: Record<string, string> = who === undefined ? {} : { cookie: who.cookie, ...(pick([true, false]) ? { 'x-csrf-token': who.csrf } : {}) };
  if (pick([0, 0, 0, 0, 1]) === 1)
    headers[pick(['authorization', 'origin', 'x-forwarded-for', 'content-encoding', 'range', 'accept'])] = pick([
      'Bearer x',
      'gzip',
      '\u00ff',
      'bytes=9-1',
      'null',
      'a'.repeat(5000),
    ]);
  const made: Bad = { path: `${filled}${query}`, method, headers };
  if (method === 'GET' || method === 'HEAD') return made;
  const type = pick(CONTENT_TYPES);
  if (pick([0, 0, 0, 0, 0, 1]) === 0) headers['content-type'] = type;
  const object = (): string => JSON.stringify(Object.fromEntries(Array.from({ length: 8 }, () => [pick(NAMES), pick(TYPES)])));
  const form = (): string =>
    new URLSearchParams([
      ...(who === undefined ? [] : [['csrf', who.csrf] satisfies [string, string]]),
      ...Array.from({ length: 8 }, (): [string, string] => [pick(NAMES), pick(TEXTS).toWellFormed()]),
    ]).toString();
  const multipart = `--x\r\ncontent-disposition: form-data; name="${pick(NAMES)}"; filename="\0"\r\n\r\n${pick(TEXTS)}`;
  const body = type.includes('json')
    ? pick([pick(JSONS), object(), object()])
    : type.includes('multipart')
      ? pick([multipart, `${multipart}\r\n--x--`])
      : pick([form(), form(), '%', 'a=%ff%00&&&=']);
  return { ...made, body: pick([body, body, body, body, BYTES]) };
}

/** The status; the body is taken in, streams are left. */
async function answerOf({ path, method, headers, body }: Bad): Promise<number> {
  const request = new Request(`http://127.0.0.1:8340${path}`, {
    method,
    headers: { host: '127.0.0.1:8340', ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  const answer = await here.hono.request(request);
  if (answer.headers.get('content-type')?.startsWith('text/event-stream')) await answer.body?.cancel();
  else await answer.arrayBuffer();
  // A minute later: limits are not what is tried here.
  here.clock += 60_000;
  return answer.status;
}

const CASES: readonly (readonly [who: string, role: 'reader' | 'admin' | undefined])[] = [
  ['a stranger', undefined],
  ['a reader', 'reader'],
  ['an admin', 'admin'],
];

test.each(CASES)('%s', { timeout: 120_000 * ROUNDS }, async (name, role) => {
  const pick = randomFrom(name.length);
  const statuses = new Map<number, number>();
  const users = role === undefined ? undefined : Number((await here.store.people.addUser(`bad ${role}`, 'correct horse battery', role))!);
  const changes = (await here.store.people.audit(100_000)).length;
  let sent = 0;
  const faults: string[] = [];
  for (const route of routes) {
    // Setting a password, and trying one, costs a tenth of a second: fewer of those.
    const times = /sign-in|set-up|users/.test(route[1]) ? 4 : 12;
    for (let at = 0; at < times * ROUNDS; at++) {
      let who: Who | undefined;
      if (users !== undefined) {
        const secret = await here.store.people.openSession(users);
        who = { cookie: `sigwright=${secret}`, csrf: pick([here.gate.csrf(await here.store.people.bySession(secret)), 'wrong', '']) };
      }
      const bad = badRequest(route, pick, who);
      let status: number;
      try {
        status = await answerOf(bad);
      } catch (problem) {
        // What the platform refuses to send can not arrive either.
        if (problem instanceof TypeError && /invalid|ByteString|method/i.test(problem.message)) continue;
        throw problem;
      }
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500) faults.push(`${bad.method} ${bad.path.slice(0, 200)} ${JSON.stringify(bad.headers).slice(0, 300)} ${String(bad.body).slice(0, 300)}`);
      sent++;
    }
  }
  console.log(
    `bad requests, ${name}: ${sent} to ${routes.length} routes; ${[...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${count} × ${status}`)
      .join(', ')}`,
  );
  expect(routes.length).toBeGreaterThan(60);
  expect(sent).toBeGreaterThan(500);
  expect(faults).toEqual([]);
  expect(here.faults).toEqual([]);
  if (role === 'admin') return;
  const after = (await here.store.people.audit(100_000)).slice(0, -changes || undefined);
  expect(after.filter(({ action }) => !/^sign-in|^signed/.test(action)).map(({ action }) => action)).toEqual([]);
});

test('huge bodies are refused by their size, whatever the route, and are not kept', { timeout: 120_000 }, async () => {
  const { cookie, csrf } = await here.signedIn('admin');
  const huge = `a=${'x'.repeat(20_000_000)}`;
  let refused = 0;
  for (const [method, path] of routes) {
    if (method === 'GET') continue;
    const filled = path.replace(/:\w+(?:\{[^}]*\})?/g, '1');
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const status = await answerOf({ path: filled, method, headers: { cookie, 'x-csrf-token': csrf, 'content-type': type }, body: huge });
      expect(status, `${method} ${filled} ${type}`).toBeLessThan(500);
      if (status === 413) refused++;
      // Lines of EVE are a stream without an end: a line that is too long is counted as broken.
      else expect(path === '/api/v1/events' ? [200] : [400, 401, 403, 404, 415], `${method} ${filled} ${type}`).toContain(status);
    }
  }
  expect(refused).toBeGreaterThan(20);
  expect(here.faults).toEqual([]);
});
