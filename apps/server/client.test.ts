/** The client says what the routes say: its file is not old, it works against a real workbench, and refusals are errors with their reason. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { RefusedRequest, SigwrightClient } from '../../packages/client/index.ts';
import { formatted, OPERATIONS, operationsText } from '../../tools/generate-client.ts';
import { alertLine, type Trial, trial } from './test-kit.ts';

let here: Trial;
let client: SigwrightClient;
const clientWith = (token: string): SigwrightClient =>
  new SigwrightClient({ url: 'http://127.0.0.1:8340', token, fetch: async (request) => here.hono.request(request) });
beforeAll(async () => {
  here = await trial();
  const user = (await here.store.people.addUser('ada', 'correct horse battery', 'admin'))!;
  client = clientWith((await here.store.people.addToken(user, 'all', ['read', 'ingest', 'triage', 'write', 'admin'])).token);
});
afterAll(() => here.close());

test('operations.ts is what the routes say today (else: node tools/generate-client.ts)', async () => {
  expect(formatted(await operationsText())).toBe(readFileSync(OPERATIONS, 'utf8'));
});

test('events go in, alerts come out page after page, a verdict is set and taken back', async () => {
  const lines = Array.from({ length: 12 }, (_, at) => alertLine({ flow_id: at })).join('');
  expect(await client.ingestEvents(lines, { sensor: 'edge' })).toEqual({ added: 12, known: 0, broken: 0, alerts: 12 });
  const ids = new Set<number>();
  for await (const alert of client.allAlerts({ sid: 1240301, limit: 5 })) ids.add(alert.id);
  expect(ids.size).toBe(12);
  const { record } = await client.getAlert([...ids][0]);
  expect(record).toMatchObject({ event_type: 'alert' });
  const { id } = await client.setVerdict({ scope: 'rule', sid: 1240301, verdict: 'expected', note: 'a test' });
  expect((await client.getHost('10.3.8.16')).setAside).toBe(12);
  expect(await client.takeBackVerdict(id)).toBeUndefined();
  expect((await client.listSensors()).sensors).toMatchObject([{ name: 'edge', events: 12 }]);
});

test('refusals carry status and reason', async () => {
  await expect(client.getHost('nobody/../x')).rejects.toThrow(new RefusedRequest(404, 'nothing was ever heard of that host'));
  await expect(client.setVerdict({ scope: 'rule', verdict: 'expected', note: '' })).rejects.toMatchObject({ status: 400 });
  await expect(clientWith('sw_wrong').listHosts()).rejects.toMatchObject({ status: 401, message: 'the token is not valid' });
});

test('the stream tells of new alerts and of work in the background', async () => {
  const ending = new AbortController();
  const seen: string[] = [];
  for await (const { event, data } of client.events(ending.signal)) {
    seen.push(event);
    if (event === 'hello') await client.ingestEvents(alertLine({ flow_id: 99 }));
    if (event === 'alerts') {
      expect(data).toMatchObject({ count: 1 });
      await here.store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules: '', items: ['a.pcap'] });
    }
    if (event === 'jobs' && (data as unknown[]).length > 0) {
      expect(data).toMatchObject([{ state: 'running', done: 0, total: 1 }]);
      break;
    }
  }
  expect(seen).toContain('alerts');
  ending.abort();
});

test('a stream ends, without a trace on the terminal, when the store is closed under it', async () => {
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
  const closing = await trial();
  const user = (await closing.store.people.addUser('ada', 'correct horse battery', 'admin'))!;
  const { token } = await closing.store.people.addToken(user, 'all', ['read']);
  const listener = new SigwrightClient({ url: 'http://127.0.0.1:8340', token, fetch: async (request) => closing.hono.request(request) });
  const seen: string[] = [];
  for await (const { event } of listener.events()) {
    seen.push(event);
    if (event === 'hello') await closing.close();
  }
  expect(seen[0]).toBe('hello');
  expect(complaint).not.toHaveBeenCalled();
  complaint.mockRestore();
});
