/** Keeps what the inspector tells of one list of conditions on one buffer, and makes steps of it. */
import type { BufferWindow, BytesCondition, Inspection } from '@sigwright/contracts';
import type { InspectionRecorder } from '../scan/inspector.ts';
import type { ExplainedBytes, ExplainedReason, ExplainedStep } from './explanation.ts';
import { describe, reason } from './words.ts';

/** Bytes shown around a match. */
const CONTEXT = 48;

/** What the inspector tells, condition by condition; a match that was seen once is not forgotten when it is retried. */
export class ConditionLog implements InspectionRecorder {
  any = false;
  readonly #conditions: readonly BytesCondition[];
  readonly #matched = new Map<BytesCondition, ExplainedBytes>();
  readonly #failed = new Map<BytesCondition, ExplainedBytes>();
  /** the buffer each condition failed in, whole */
  readonly #windows = new Map<BytesCondition, BufferWindow>();
  readonly #gaveUp = new Set<BytesCondition>();

  constructor(conditions: readonly BytesCondition[]) {
    this.#conditions = conditions;
  }

  condition(condition: BytesCondition, _position: number, outcome: 'matched' | 'failed', start: number, stop: number, inspection: Inspection): void {
    this.any = true;
    const from = Math.max(inspection.start, start - CONTEXT);
    const to = Math.min(inspection.end, Math.max(stop, start) + CONTEXT);
    const found: ExplainedBytes = {
      bytes: inspection.bytes.slice(from, Math.min(to, from + CONTEXT * 4)),
      from: from - inspection.start,
      start: start - inspection.start,
      end: stop - inspection.start,
      length: inspection.end - inspection.start,
    };
    (outcome === 'matched' ? this.#matched : this.#failed).set(condition, found);
    if (outcome === 'matched') return;
    const { bytes, complete } = inspection;
    this.#windows.set(condition, { bytes, start: inspection.start, end: inspection.end, offset: inspection.streamOffset, complete });
    if (condition.kind === 'pattern' && condition.pattern.gaveUp === true) this.#gaveUp.add(condition);
  }

  /** `about`: what else there is to say of a condition; asked with the buffer it failed in, and the part of that which was searched. */
  steps(
    where: string,
    held: boolean,
    about: (condition: BytesCondition, window: BufferWindow | undefined, searched: ExplainedBytes | undefined) => Partial<ExplainedStep>,
  ): ExplainedStep[] {
    let broken = false;
    return this.#conditions.map((condition) => {
      const matched = this.#matched.get(condition);
      const failed = this.#failed.get(condition);
      const verdict: ExplainedStep['verdict'] = held || (matched !== undefined && !broken) ? 'holds' : failed !== undefined ? 'fails' : 'not reached';
      if (verdict !== 'holds') broken = true;
      const found = matched ?? failed;
      const why = verdict === 'holds' ? '' : verdict === 'not reached' ? 'a condition before it failed' : failed === undefined ? '' : reason(condition, failed);
      const step: ExplainedStep = { where, condition: describe(condition), verdict, why, found };
      if (verdict !== 'fails') {
        const { option } = about(condition, undefined, undefined);
        return option === undefined ? step : { ...step, option };
      }
      if (this.#gaveUp.has(condition))
        return { ...step, ...about(condition, undefined, undefined), reason: 'gave-up', why: 'the regular expression was given up after too many steps' };
      const kind: ExplainedReason =
        condition.kind === 'content' ? (condition.negated ? 'is-there' : 'not-there') : condition.kind === 'pattern' ? 'not-there' : 'condition';
      return { ...step, reason: kind, ...about(condition, this.#windows.get(condition), failed) };
    });
  }
}
