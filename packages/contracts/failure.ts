/** Failure: file, disk, network or peer did not do what was asked. A typed result, told from success by `ok`. */
export interface Failure {
  readonly ok: false;
  /** stable word pair, for example `capture/not-a-capture` */
  readonly code: string;
  /** one sentence for a person, without final dot */
  readonly message: string;
  readonly path?: string;
  readonly cause?: unknown;
}

export interface Success<Value> {
  readonly ok: true;
  readonly value: Value;
}

export type Result<Value> = Success<Value> | Failure;

export function success<Value>(value: Value): Success<Value> {
  return { ok: true, value };
}

export function failure(code: string, message: string, more: { path?: string; cause?: unknown } = {}): Failure {
  return { ok: false, code, message, ...more };
}
