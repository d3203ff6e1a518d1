/** One capture that proves something about one rule, and the addresses that all of them use (RFC 5737 outside, 10.3.8.0/24 inside). */
import type { CaptureComposer, HttpRequest, HttpResponse } from '@sigwright/traffic';

export interface EvidenceCase {
  readonly sid: number;
  /** file name without its ending */
  readonly name: string;
  /** alerts of `sid` on it; 0: a near miss */
  readonly alerts: number;
  /** what the traffic is */
  readonly shows: string;
  /** near misses: the one condition that is not met */
  readonly broken?: string;
  /** other rules of this repository that rightly fire on it, with their number of alerts */
  readonly others?: Readonly<Record<number, number>>;
  compose(capture: CaptureComposer): void;
}

export const LOCAL_PREFIX = '10.3.8.';
export const RESOLVER = '10.3.8.2';
export const FILE_SERVER = '10.3.8.200';
/** the inside host of the evidence captures */
export const CLIENT = '10.3.8.31';

/** Outside hosts, one a role so that captures can be read at a glance. */
export const OUTSIDE = {
  web: '192.0.2.80',
  marioLoader: '203.0.113.11',
  pyration: '203.0.113.12',
  comebacker: '203.0.113.13',
  ducktail: '203.0.113.14',
  smartLoader: '203.0.113.15',
  andariel: '203.0.113.16',
  fakeExt: '203.0.113.17',
  toddlerShark: '203.0.113.18',
  bitter: '203.0.113.19',
  timeServer: '192.0.2.123',
} as const;

export const BROWSER = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36';

const EMPTY_ANSWER: HttpResponse = {
  status: 200,
  headers: [
    ['Server', 'nginx'],
    ['Content-Type', 'text/plain'],
  ],
  body: '',
};

/** One request and its answer on a connection of their own. */
export function http(
  capture: CaptureComposer,
  server: string,
  request: HttpRequest,
  response: HttpResponse = EMPTY_ANSWER,
  client = CLIENT,
  serverPort = 80,
): number {
  return capture.httpExchange({ client, server, serverPort, exchanges: [{ request, response }] });
}
