/** Keeps what the inspector tells of one list of conditions on one buffer, and makes steps of it. */
import type { BytesCondition, Inspection } from '@sigwright/contracts';
import type { InspectionRecorder } from '../scan/inspector.ts';
import type { ExplainedBytes, ExplainedReason, ExplainedStep } from './explanation.ts';
import type { Failure } from './failure.ts';
import { describe, placeOf, positionsOf, reason } from './words.ts';

/** Bytes shown around a match. */
const CONTEXT = 48;

/** What the inspector tells, condition by condition; a match that was seen once is not forgotten when it is retried. */
export class ConditionLog implements InspectionRecorder {
  any = false;
  readonly #conditions: readonly BytesCondition[];
  readonly #matched = new Map<BytesCondition, ExplainedBytes>();
  readonly #failed = new Map<BytesCondition, Failure>();

  constructor(conditions: readonly BytesCondition[]) {
    this.#conditions = conditions;
  }

  condition(condition: BytesCondition, _position: number, outcome: 'matched' | 'failed', start: number, stop: number, inspection: Inspection): void {
    this.any = true;
    const shown = bytesAround(inspection, start, stop);
    if (outcome === 'matched') {
      this.#matched.set(condition, shown);
      return;
    }
    const { bytes, complete, start: first, end, streamOffset, variables, cursor } = inspection;
    this.#failed.set(condition, {
      searched: shown,
      window: { bytes, start: first, end, offset: streamOffset, complete },
      cursor: cursor - first,
      positions: condition.kind === 'content' ? positionsOf(condition, variables) : {},
      measured: condition.kind === 'test' ? condition.measured?.(inspection) : undefined,
      gaveUp: condition.kind === 'pattern' && condition.pattern.gaveUp === true,
    });
  }

  /** `about`: what else there is to say of a condition, with how it failed where it did. */
  steps(where: string, held: boolean, about: (condition: BytesCondition, failure: Failure | undefined) => Partial<ExplainedStep>): ExplainedStep[] {
    const steps: ExplainedStep[] = [];
    this.#steps(this.#conditions, where, held, about, steps);
    return steps;
  }

  /** A content that was not asked for, but is in the buffer that an earlier condition failed in. */
  #aheadOf(condition: BytesCondition): ExplainedBytes | undefined {
    const [failure] = this.#failed.values();
    if (condition.kind !== 'content' || condition.negated || failure === undefined) return undefined;
    const at = placeOf(condition, failure.window, condition.nocase);
    return at === -1 ? undefined : bytesAround(failure.window, failure.window.start + at, failure.window.start + at + condition.bytes.length);
  }

  #steps(
    conditions: readonly BytesCondition[],
    where: string,
    held: boolean,
    about: (condition: BytesCondition, failure: Failure | undefined) => Partial<ExplainedStep>,
    steps: ExplainedStep[],
  ): void {
    for (const condition of conditions) {
      const isBroken = steps.some(({ verdict }) => verdict !== 'holds');
      const matched = this.#matched.get(condition);
      const failure = this.#failed.get(condition);
      const verdict: ExplainedStep['verdict'] = held || (matched !== undefined && !isBroken) ? 'holds' : failure !== undefined ? 'fails' : 'not reached';
      const step: ExplainedStep = {
        where,
        condition: describe(condition, verdict === 'fails' ? failure?.positions : undefined),
        verdict,
        why: verdict === 'not reached' ? 'a condition before it failed' : '',
        found: matched ?? failure?.searched ?? (verdict === 'not reached' ? this.#aheadOf(condition) : undefined),
      };
      if (verdict === 'fails') steps.push({ ...step, ...failed(condition, failure!), ...about(condition, failure), ...gaveUp(failure!) });
      else {
        const { option } = about(condition, undefined);
        steps.push(option === undefined ? step : { ...step, option });
      }
      if (condition.kind === 'decode') this.#steps(condition.conditions, `${where}, decoded`, held, about, steps);
    }
  }
}

function failed(condition: BytesCondition, failure: Failure): Pick<ExplainedStep, 'reason' | 'why' | 'measured'> {
  const kind: ExplainedReason = condition.kind === 'content' || condition.kind === 'pattern' ? (condition.negated ? 'is-there' : 'not-there') : 'condition';
  const value = failure.measured?.value;
  return { reason: kind, why: reason(condition, failure), ...(value === undefined ? {} : { measured: value }) };
}

function gaveUp({ gaveUp, window }: Failure): Pick<ExplainedStep, 'reason' | 'why'> | undefined {
  if (!gaveUp) return undefined;
  return { reason: 'gave-up', why: `the regular expression was given up after too many steps on ${window.end - window.start} bytes` };
}

/** Bytes of a buffer around `start` to `stop`, which are absolute in what it lies in. */
export function bytesAround(window: { readonly bytes: Uint8Array; readonly start: number; readonly end: number }, start: number, stop: number): ExplainedBytes {
  const from = Math.max(window.start, start - CONTEXT);
  const to = Math.min(window.end, Math.max(stop, start) + CONTEXT);
  return {
    // A copy: what lies there is used again.
    bytes: Uint8Array.from(window.bytes.subarray(from, Math.min(to, from + CONTEXT * 4))),
    from: from - window.start,
    start: start - window.start,
    end: stop - window.start,
    length: window.end - window.start,
  };
}
