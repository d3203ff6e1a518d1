/** Every answered request, for the log: what was asked for and by whom, without secrets. */
import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { Env, Gate } from './security.ts';

/** Characters of a path in the log. */
const LONGEST_PATH = 500;

export interface RequestEntry {
  /** also in the answer's `x-request-id` */
  readonly id: string;
  readonly method: string;
  /** without what is asked after `?`, and without secrets */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly user: string;
  readonly address: string;
}

export function requestLog(gate: Gate, tell: (entry: RequestEntry) => void): MiddlewareHandler<Env> {
  return async (context, next) => {
    const began = performance.now();
    const id = randomUUID();
    context.header('x-request-id', id);
    await next();
    tell({
      id,
      method: context.req.method,
      path: context.req.path.replace(/^\/set-up\/.*/, '/set-up/…').slice(0, LONGEST_PATH),
      status: context.res.status,
      milliseconds: Math.round(performance.now() - began),
      user: context.get('who')?.name ?? '',
      address: gate.addressOf(context),
    });
  };
}
