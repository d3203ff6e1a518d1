/** What the scripts of a rule answer. */
import type { AttemptInput, ExplainedRule } from './explained-rule.ts';
import type { ExplainedStep } from './explanation.ts';
import { stepOf } from './step.ts';

/** Scripts are asked where everything else (`before`) holds, as the engine does. */
export function scriptSteps(
  rule: ExplainedRule,
  { packet, flow, transaction, direction, evaluation }: AttemptInput,
  before: readonly ExplainedStep[],
): ExplainedStep[] {
  const steps: ExplainedStep[] = [];
  for (const script of rule.compiled.scripts) {
    const isAsked = [...before, ...steps].every(({ verdict }) => verdict === 'holds');
    const held = isAsked && evaluation.scriptHolds(rule.compiled, script, packet, flow, transaction, direction);
    const why = isAsked ? 'the script answers no, or failed' : 'the script is not asked before everything else holds';
    steps.push(stepOf(script.keyword, script.describes, held, { why, reason: 'condition' }, rule.optionOf(script)));
  }
  return steps;
}
