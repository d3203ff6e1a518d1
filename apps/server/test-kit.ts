/** For tests: a workbench over a store in memory and a copy of the example's repository, asked without a network. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRepository, openStore, ruleFacts, type Store, type StorePlace, type UserRole } from '@sigwright/workbench';
import { proofRunner } from '../cli/shared/proof-runner.ts';
import type { DeskOptions } from './desk/options.ts';
import { Desk } from './desk.ts';
import type { RequestEntry } from './request-log.ts';
import { type App, appOf } from './server.ts';

export const WEEK = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
export const ORIGIN = 'http://127.0.0.1:8340';
export const PASSWORD = 'correct horse battery';

/** No test asks a resolver: every name is at an address that is public. */
const OUTSIDE = { resolve: async () => ['198.51.99.1'] };

export interface Trial extends App {
  readonly desk: Desk;
  readonly store: Store;
  readonly folder: string;
  readonly faults: string[];
  readonly requests: RequestEntry[];
  clock: number;
  ask(path: string, options?: Asked): Promise<Response>;
  /** the cookie and the token of a signed-in user */
  signedIn(role: UserRole): Promise<{ readonly cookie: string; readonly csrf: string }>;
  close(): Promise<void>;
}

export interface Asked {
  readonly method?: string;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly form?: Record<string, string>;
  readonly json?: unknown;
  readonly body?: string | FormData;
}

export async function trial(options: Partial<DeskOptions> & { readonly origin?: string; readonly place?: StorePlace } = {}): Promise<Trial> {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-server-'));
  for (const part of ['ruleset.yaml', 'rules', 'reports']) cpSync(join(WEEK, part), join(folder, part), { recursive: true });
  const opened = openRepository(folder);
  if (!opened.ok) throw new Error(opened.message);
  const made = { clock: Date.parse('2024-04-10T12:00:00Z') };
  const store = await openStore(options.place ?? { sqlite: ':memory:' }, { factsOf: ruleFacts(opened.value), now: () => made.clock });
  const desk = new Desk({ title: 'trial', store, folder, classifications: new Map(), runner: proofRunner, now: () => made.clock, dial: OUTSIDE, ...options });
  const faults: string[] = [];
  const requests: RequestEntry[] = [];
  const app = appOf(
    desk,
    () => options.origin ?? ORIGIN,
    (problem) => faults.push(problem.stack ?? problem.message),
    (entry) => requests.push(entry),
  );
  let users = 0;
  return Object.assign(made, app, {
    desk,
    store,
    folder,
    faults,
    requests,
    async ask(path: string, { method, cookie, headers = {}, form, json, body }: Asked = {}): Promise<Response> {
      const origin = options.origin ?? ORIGIN;
      return app.hono.request(`${origin}${path}`, {
        method: method ?? (form === undefined && json === undefined && body === undefined ? 'GET' : 'POST'),
        redirect: 'manual',
        headers: {
          host: new URL(origin).host,
          ...(cookie === undefined ? {} : { cookie }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(body === undefined ? {} : { body }),
      });
    },
    async signedIn(role: UserRole): Promise<{ cookie: string; csrf: string }> {
      const user = (await store.people.addUser(`${role}${users++}`, PASSWORD, role))!;
      const secret = await store.people.openSession(user);
      const name = (options.origin ?? ORIGIN).startsWith('https') ? '__Host-sigwright' : 'sigwright';
      return { cookie: `${name}=${secret}`, csrf: app.gate.csrf(await store.people.bySession(secret)) };
    },
    async close(): Promise<void> {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** An alert as a line of EVE. */
export function alertLine(fields: Record<string, unknown> = {}, alert: Record<string, unknown> = {}): string {
  return `${JSON.stringify({
    timestamp: '2024-03-08T09:03:00.038318+0000',
    flow_id: 251902708154381,
    event_type: 'alert',
    src_ip: '10.3.8.16',
    src_port: 51435,
    dest_ip: '203.0.113.11',
    dest_port: 80,
    proto: 'TCP',
    app_proto: 'http',
    alert: {
      action: 'allowed',
      gid: 1,
      signature_id: 1240301,
      rev: 1,
      signature: 'SW MALWARE Win32/MarioLoader CnC Check-in (POST data)',
      category: 'x',
      severity: 1,
      ...alert,
    },
    ...fields,
  })}\n`;
}
