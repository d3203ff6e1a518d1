/** Which attempt of several came nearest to hold. */
import type { ExplainedReason, ExplainedStep } from './explanation.ts';

const NEARNESS: Readonly<Partial<Record<ExplainedReason, number>>> = {
  'outside-window': 5,
  'other-case': 5,
  'other-buffer': 3,
  'before-normalisation': 3,
};

/**
 * Which of two attempts came nearer: the fewer conditions failed or could not be asked, and then, the more bytes were found, the
 * later the first one failed, and the closer that was. A packet that holds what is looked for and runs the wrong way, which header and
 * flow may both say, is nearer than one that runs the right way and is empty.
 */
export function nearnessOf(steps: readonly ExplainedStep[], unasked = 0): number {
  let failed = unasked;
  let found = 0;
  let unbroken = 0;
  let turned = false;
  let nearness: number | undefined;
  for (const step of steps) {
    // What a list has is found, whether or not a condition before it failed.
    if (step.found !== undefined && step.verdict !== 'fails') found++;
    if (step.verdict !== 'holds') {
      if (step.reason !== 'direction' || !turned) failed++;
      if (step.reason === 'direction') turned = true;
      nearness ??=
        (step.found === undefined || step.found.length === 0 ? 0 : 1) +
        ((step.reason === undefined ? undefined : NEARNESS[step.reason]) ?? (step.moves === undefined ? 0 : 3));
    } else {
      if (failed === unasked) unbroken++;
    }
  }
  return -1e6 * failed + 1e3 * found + 10 * unbroken + (nearness ?? 0);
}
