/** Requests that are refused, and what a failure of the workbench is in HTTP. */
import type { Result } from '@sigwright/contracts';

/** A refusal that says why; the edge turns it into a page or a JSON body. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 429;

  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** What a failure of the workbench is in HTTP. */
export function unwrap<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  const status = /\/(conflict|exists|four-eyes)$/.test(result.code) ? 409 : /\/(none|unknown-sid|no-repository)$/.test(result.code) ? 404 : 400;
  throw new Refusal(status, result.message);
}
