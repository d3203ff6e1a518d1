/** Requests that are refused, and what a failure of the workbench is in HTTP. */
import type { Result } from '@sigwright/contracts';

/** A refusal that says why; the edge turns it into a page or a JSON body. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 429 | 503;

  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** Codes of failures by what they are in HTTP; whatever else fails is the request's fault. */
const STATUSES: readonly (readonly [status: Refusal['status'], codes: RegExp])[] = [
  // The machine could not: the same request may do later.
  [503, /^(repository|release)\/(busy|hold|write)$|^desk\/commit$|^hunt\/archive$/],
  // What it is about is not here.
  [404, /\/(none|unknown|unknown-sid|no-repository|not-one|no-archive)$/],
  // What is here stands against it, or became another meanwhile.
  [409, /\/(conflict|exists|four-eyes|changed|answered|not-allowed|problems)$|^repository\/(lock|settings)$/],
];

/** The status of a failure of the workbench. */
export function statusOf(code: string): Refusal['status'] {
  return STATUSES.find(([, codes]) => codes.test(code))?.[0] ?? 400;
}

export function unwrap<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new Refusal(statusOf(result.code), result.message);
}
