/** Steps that have no bytes to show. */
import type { Measured } from '@sigwright/contracts';
import type { ExplainedStep } from './explanation.ts';

/** `problem`: what is told where it does not hold. */
export function stepOf(
  where: string,
  condition: string,
  held: boolean,
  { why, ...problem }: Pick<ExplainedStep, 'why' | 'reason' | 'spoken'>,
  option: Pick<ExplainedStep, 'option'> = {},
): ExplainedStep {
  return { where, condition, verdict: held ? 'holds' : 'fails', why: held ? '' : why, found: undefined, ...(held ? {} : problem), ...option };
}

/** `measured`: what a condition that failed found in the place of what it asks for. */
export function measuredStep(
  where: string,
  condition: string,
  held: boolean,
  measured: Measured | undefined,
  otherwise: string,
  option: Pick<ExplainedStep, 'option'>,
): ExplainedStep {
  return { where, condition, verdict: held ? 'holds' : 'fails', ...(held ? { why: '' } : failedAs(measured, otherwise)), found: undefined, ...option };
}

function failedAs(measured: Measured | undefined, otherwise: string): Pick<ExplainedStep, 'why' | 'reason' | 'measured'> {
  const value = measured?.value;
  return { why: measured?.words ?? otherwise, reason: 'condition', ...(value === undefined ? {} : { measured: value }) };
}
