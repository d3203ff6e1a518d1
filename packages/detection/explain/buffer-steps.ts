/** What the payload, or a buffer with its transforms, says to conditions on bytes. */
import type { BufferWindow, BytesCondition } from '@sigwright/contracts';
import type { BufferTest } from '../compile/compiled-rule.ts';
import { applyTransforms } from '../scan/rule-evaluation.ts';
import { ConditionLog } from './condition-log.ts';
import { elsewhere, otherThing, type Unchanged } from './elsewhere.ts';
import type { AttemptInput, ExplainedRule } from './explained-rule.ts';
import type { ExplainedStep } from './explanation.ts';
import type { Failure } from './failure.ts';
import { nearnessOf } from './nearness.ts';
import { stepOf } from './step.ts';
import { reason } from './words.ts';

export function payloadSteps(rule: ExplainedRule, input: AttemptInput): ExplainedStep[] {
  const { compiled } = rule;
  const { packet, flow, evaluation } = input;
  const recorder = new ConditionLog(compiled.payload);
  evaluation.recorder = recorder;
  const held = evaluation.payloadHolds(compiled, packet, flow);
  evaluation.recorder = undefined;
  if (!recorder.any && !held)
    return [stepOf('payload', `${compiled.payload.length} conditions`, false, { why: 'this packet carries nothing to search', reason: 'buffer-empty' })];
  return recorder.steps('payload', held, (condition, failure) => ({
    ...(failure === undefined ? {} : elsewhere(rule, condition, 'payload', failure, input)),
    ...rule.optionOf(condition),
  }));
}

/** `read`: the buffer before its transforms. */
export function bufferSteps(rule: ExplainedRule, test: BufferTest<{ readonly name: string }>, read: BufferWindow, input: AttemptInput): ExplainedStep[] {
  const { packet, flow, transaction, direction, evaluation } = input;
  const { name } = test.buffer;
  const window: BufferWindow = { ...read };
  applyTransforms(test, window);
  const recorder = new ConditionLog(test.conditions);
  evaluation.recorder = recorder;
  const held = evaluation.windowHolds(test.conditions, window, packet, flow, transaction, direction);
  evaluation.recorder = undefined;
  const untransformed: Unchanged | undefined =
    test.transforms.length === 0 ? undefined : { window: read, names: test.transforms.map((one) => one.definition.name) };
  const about = (condition: BytesCondition, failure: Failure | undefined): Partial<ExplainedStep> => {
    const option = rule.optionOf(condition);
    if (failure === undefined) return option;
    const own = test.conditions.includes(condition);
    // What was decoded lies in a buffer that may hold it as it is.
    const around = own ? untransformed : { window, names: decodersOf(test.conditions) };
    const found = elsewhere(rule, condition, name, failure, input, around);
    if (!own || condition.kind !== 'test' || failure.measured?.value === undefined || transaction === undefined || flow === undefined)
      return { ...found, ...option };
    const other = otherThing(rule, test.conditions, name, failure.window, input);
    return other === undefined ? option : { why: `${reason(condition, failure)}${other.words}`, elsewhere: other.elsewhere, ...option };
  };
  return recorder.steps(keyWords(test.key), held, about);
}

/** Of several windows of one buffer, that which came nearest; undefined where there is none. A window may be filled anew once the next one is taken. */
export function nearestBufferSteps(
  rule: ExplainedRule,
  test: BufferTest<{ readonly name: string }>,
  windows: Iterable<BufferWindow>,
  input: AttemptInput,
): ExplainedStep[] | undefined {
  let best: ExplainedStep[] | undefined;
  for (const window of windows) {
    const steps = bufferSteps(rule, test, window, input);
    if (best === undefined || nearnessOf(steps) > nearnessOf(best)) best = steps;
  }
  return best;
}

/** A buffer with its transforms, without colons that no argument follows. */
function keyWords(key: string): string {
  return key.replace(/:(?=\||$)/g, '');
}

function decodersOf(conditions: readonly BytesCondition[]): readonly string[] {
  return conditions.flatMap((one) => (one.kind === 'decode' ? [one.keyword] : []));
}
