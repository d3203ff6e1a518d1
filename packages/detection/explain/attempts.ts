/** Keeps of all attempts the first at which everything held, and the one that came furthest without. */
import { directionName, type Flow } from '@sigwright/contracts';
import type { AttemptInput } from './explained-rule.ts';
import type { ExplainedAttempt, ExplainedStep } from './explanation.ts';
import { nearnessOf } from './nearness.ts';
import { end } from './words.ts';

export class Attempts {
  count = 0;
  /** at how many everything held */
  held = 0;
  fired: ExplainedAttempt | undefined = undefined;
  nearest: ExplainedAttempt | undefined = undefined;
  nearestFlow: Flow | undefined = undefined;
  #nearness = Number.NEGATIVE_INFINITY;

  /** `unasked`: how many conditions there was nothing to ask them of. */
  keep({ packet, flow, transaction, direction }: AttemptInput, steps: readonly ExplainedStep[], unasked = 0): void {
    this.count++;
    const holds = steps.every((step) => step.verdict === 'holds');
    if (holds) this.held++;
    const nearness = nearnessOf(steps, unasked);
    if (holds ? this.fired !== undefined : nearness <= this.#nearness) return;
    const attempt: ExplainedAttempt = {
      packet: packet.number,
      time: packet.time,
      flow: flow === undefined ? '' : `${end(flow.source, flow.sourcePort, flow.ipVersion)} -> ${end(flow.destination, flow.destinationPort, flow.ipVersion)}`,
      direction: directionName(direction),
      transaction: transaction?.id,
      steps,
      holds,
    };
    if (holds) this.fired = attempt;
    else {
      this.nearest = attempt;
      this.nearestFlow = flow;
      this.#nearness = nearness;
    }
  }
}
