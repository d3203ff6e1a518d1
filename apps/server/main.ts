/** Serves the workbench: pages and API over one store and one ruleset repository. */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { tellWebhooks } from '@sigwright/workbench';
import type { DeskOptions } from './desk/options.ts';
import { Desk } from './desk.ts';
import type { RequestEntry } from './request-log.ts';
import { appOf } from './server.ts';

export type { DeskOptions, MatchWanted, SliceWanted } from './desk/options.ts';
export { Desk } from './desk.ts';
export type { Grader, GraderWanted } from './rule-costs.ts';
export { appOf } from './server.ts';

export interface ServeOptions {
  readonly port: number;
  /** 127.0.0.1 where left out */
  readonly host?: string;
  /** how people reach it, where a proxy stands in front; https makes cookies secure */
  readonly url?: string;
  /** told of what broke */
  readonly fault: (problem: Error, path: string) => void;
  /** told of every request that was answered */
  readonly request?: (entry: RequestEntry) => void;
}

export interface Serving {
  readonly desk: Desk;
  readonly url: string;
  /** makes the first admin; undefined where there is one */
  readonly setupLink: string | undefined;
  close(): Promise<void>;
}

/** Milliseconds for a request's head and for a whole request: an idle peer does not hold a socket. */
const HEAD_PATIENCE = 10_000;
const PATIENCE = 300_000;

/** Rejects where the port is taken. */
export async function serveWorkbench(options: DeskOptions, serving: ServeOptions): Promise<Serving> {
  const desk = new Desk(options);
  let url = serving.url?.replace(/\/+$/, '');
  const { hono, gate } = appOf(desk, () => url ?? 'http://127.0.0.1', serving.fault, serving.request);
  const server = await new Promise<Server>((resolve, reject) => {
    const made = serve(
      {
        fetch: hono.fetch,
        port: serving.port,
        hostname: serving.host ?? '127.0.0.1',
        serverOptions: { headersTimeout: HEAD_PATIENCE, requestTimeout: PATIENCE },
      },
      () => resolve(made as Server),
    );
    made.once('error', reject);
  });
  const at = server.address() as { port: number; address: string; family: string };
  url ??= `http://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`;
  const hasAdmin = (await desk.store.people.users()).some((user) => user.role === 'admin' && !user.disabled);
  const ending = new AbortController();
  const telling = tellWebhooks(desk.store, {
    signal: ending.signal,
    // What a receiver does is no fault of ours: there is no stack to show.
    tell: (words) => serving.fault(Object.assign(new Error(words), { stack: undefined }), 'webhooks'),
    ...options.dial,
  });
  return {
    desk,
    url,
    setupLink: hasAdmin ? undefined : `${url}/set-up/${gate.setupSecret}`,
    close: async () => {
      ending.abort();
      await telling;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
