/**
 * Webhooks on both engines: signed, tried again for a day, told once, never to private addresses unless allowed, nothing lost when the
 * process ends anywhere. Receivers are servers on loopback.
 */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStore, type Store, type StorePlace } from '../store/index.ts';
import { type Postgres, startPostgres } from '../store/own-postgres.ts';
import { AGAIN_AFTER, type WebhookEvent } from '../store/webhooks.ts';
import { signatureOf, tellOnce } from './tell-webhooks.ts';

const folder = mkdtempSync(join(tmpdir(), 'sigwright-webhooks-'));
const postgres: Postgres | undefined = await startPostgres();
if (postgres === undefined) console.warn('left out: webhooks on PostgreSQL, which could not be started (Debian: apt-get install postgresql)');

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
let status = 200;
let got: Got[] = [];
let server: Server;
let address = '';
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(request.url === '/well' ? 200 : status, { location: `${address}/elsewhere` }).end('ignored'.repeat(10_000));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  address = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  server.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the signature is the one of the specification', () => {
  // The example of Standard Webhooks, "Signature scheme".
  expect(signatureOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

let clock = Date.parse('2024-03-08T09:00:00Z');
function alert(flow: number, { sid = 1, host = '10.0.0.5', message = 'ET MALWARE Thing CnC Checkin' } = {}): Uint8Array {
  const record = {
    timestamp: new Date(clock).toISOString(),
    flow_id: flow,
    event_type: 'alert',
    src_ip: host,
    src_port: 5,
    dest_ip: '203.0.113.1',
    dest_port: 80,
    proto: 'TCP',
  };
  return new TextEncoder().encode(`${JSON.stringify({ ...record, alert: { signature_id: sid, rev: 1, signature: message, category: 'x', severity: 1 } })}\n`);
}

const places: [string, () => StorePlace][] = [['SQLite', () => ({ sqlite: join(folder, `${Math.random()}.db`) })]];
if (postgres !== undefined) places.push(['PostgreSQL', () => ({ postgres: postgres.address })]);

describe.each(places)('%s', (_, placeOf) => {
  let place: StorePlace;
  let store: Store;
  beforeEach(async () => {
    place = placeOf();
    store = await openStore(place, { now: () => clock });
    for (const { id } of await store.webhooks.list()) await store.webhooks.end(id);
    got = [];
    status = 200;
  });
  afterEach(() => store.close());

  const allowed = { isAllowed: (one: string) => one === '127.0.0.1' };
  const round = (options: object = allowed): Promise<void> => tellOnce(store, { signal: new AbortController().signal, ...options });
  const add = async (...events: WebhookEvent[]): Promise<{ id: number; secret: string }> => store.webhooks.add('one', `${address}/hook`, events);
  const types = (): string[] => got.map(({ body }) => (JSON.parse(body) as { type: string }).type);

  test('new alerts are told once, signed, and what was there before is not', async () => {
    await store.ingest([alert(clock)], 'edge');
    const { secret } = await add('alerts');
    await store.ingest([alert(clock + 1), alert(clock + 2, { sid: 2, message: 'ET INFO Something seen' })], 'edge');
    await round();
    await round();
    expect(got).toHaveLength(1);
    const { headers, body } = got[0];
    expect(JSON.parse(body)).toMatchObject({
      type: 'alerts',
      text: expect.stringContaining('10.0.0.5'),
      data: { count: 1, alerts: [{ sid: 1, host: '10.0.0.5' }] },
    });
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signed = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signed}`);
  });

  test('a host is told of when it is to be checked, and not with every further alert', async () => {
    await add('host');
    await store.ingest([alert(clock + 10, { host: '10.0.0.77' })], 'edge');
    await round();
    await store.ingest([alert(clock + 11, { host: '10.0.0.77' })], 'edge');
    await round();
    expect(got.map(({ body }) => (JSON.parse(body) as { data: { host: string; judgement: string } }).data)).toMatchObject([
      { host: '10.0.0.77', judgement: 'check this host for compromise' },
    ]);
  });

  test('changes and ended jobs are told, sign-ins are not', async () => {
    await add('change', 'job');
    await store.people.note('ada', 'signed in', '127.0.0.1');
    await store.people.note('ada', 'release', '7', { rules: 3 });
    clock += 1000;
    await (await store.job('prove', 'ada', async () => 'all good')).done;
    clock += 1000;
    await round();
    await round();
    expect(types().sort()).toEqual(['change', 'job']);
    expect(got.map(({ body }) => (JSON.parse(body) as { text: string }).text).join()).toContain('ada: release 7');
  });

  test('what fails is tried again with the same id, ever more patiently, and given up in the end', async () => {
    const { id } = await add('change');
    status = 503;
    await store.webhooks.test(id);
    for (const wait of AGAIN_AFTER) {
      await round();
      clock += wait;
    }
    await round();
    expect(got).toHaveLength(AGAIN_AFTER.length + 1);
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await store.webhooks.list())[0]).toMatchObject({ state: 'failed', said: 'it answers with status 503', waiting: 0 });
    status = 200;
    expect(await store.webhooks.sendAgain(id)).toBe(1);
    await round();
    expect((await store.webhooks.list())[0]).toMatchObject({ state: 'done' });
  });

  test('a receiver that says it is gone is told nothing more, which is noted, until somebody enables it', async () => {
    const { id } = await add('change');
    const { id: other } = await store.webhooks.add('two', `${address}/well`, ['change']);
    status = 410;
    for (let at = 0; at < 3; at++) await store.webhooks.test(id);
    await round();
    clock += 86_400_000;
    await round();
    // Three were taken at once; then none.
    expect(types().filter((one) => one === 'test')).toHaveLength(3);
    status = 200;
    await store.people.note('ada', 'release', '7');
    for (let at = 0; at < 3; at++) {
      await round();
      clock += 60_000;
    }
    // The other receiver is told of the change, and of the webhook that was disabled.
    expect(got.slice(3).map(({ body }) => (JSON.parse(body) as { text: string }).text)).toEqual(['sigwright: webhook: disabled one', 'ada: release 7']);
    const [one, two] = await store.webhooks.list();
    expect(one).toMatchObject({ gone: expect.any(Number), state: 'failed', said: 'it says that it is gone (410)', waiting: 0 });
    expect(two).toMatchObject({ id: other, gone: null });
    expect((await store.people.audit(10)).filter(({ action }) => action === 'webhook: disabled')).toMatchObject([{ who: 'sigwright', target: 'one' }]);
    expect([await store.webhooks.test(id), await store.webhooks.sendAgain(id)]).toEqual([false, 0]);
    expect([await store.webhooks.enable(id), await store.webhooks.enable(id)]).toEqual([true, false]);
    got = [];
    await round();
    expect(got).toEqual([]);
    await store.webhooks.test(id);
    await round();
    expect(types()).toEqual(['test']);
  });

  test('a redirect is no success and is not followed', async () => {
    const { id } = await add('change');
    status = 307;
    await store.webhooks.test(id);
    await round();
    expect(got).toHaveLength(1);
    expect((await store.webhooks.list())[0].said).toBe('it answers with status 307');
  });

  test.each([
    ['an address inside', '127.0.0.1', undefined],
    ['a name that leads inside', 'hook.example', ['127.0.0.1']],
    ['a name with one foot inside', 'hook.example', ['198.51.99.1', '10.0.0.1']],
    ['the metadata service', '169.254.169.254', undefined],
  ] as const)('%s is not dialled unless allowed', async (__, host, resolved) => {
    const { port } = new URL(address);
    const { id } = await store.webhooks.add('inside', `http://${host}:${port}/`, ['change']);
    await store.webhooks.test(id);
    await round(resolved === undefined ? {} : { resolve: async () => resolved });
    expect(got).toHaveLength(0);
    expect((await store.webhooks.list())[0].said).toMatch(/is not public$/);
  });

  test('a message that was taken by a process that ended is sent by another', async () => {
    const { id } = await add('change');
    await store.webhooks.test(id);
    expect(await store.webhooks.take(10)).toHaveLength(1);
    await store.close();
    store = await openStore(place, { now: () => clock });
    await round();
    expect(got).toHaveLength(0);
    clock += 61_000;
    await round();
    expect(got).toHaveLength(1);
  });

  test('two that tell at the same time send each message once', async () => {
    const { id } = await add('change');
    for (let at = 0; at < 15; at++) await store.webhooks.test(id);
    await Promise.all([round(), round()]);
    await round();
    expect(got).toHaveLength(15);
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(15);
  });

  test('what is ended is told nothing more', async () => {
    const { id } = await add('change');
    await store.webhooks.test(id);
    expect([await store.webhooks.end(id), await store.webhooks.end(id), await store.webhooks.test(id)]).toEqual([true, false, false]);
    await round();
    expect(got).toHaveLength(0);
  });
});
