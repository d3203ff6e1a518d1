/** What a packet says to a rule that is decided on packets. */
import { emptyWindow } from '@sigwright/contracts';
import { bufferSteps, payloadSteps } from './buffer-steps.ts';
import type { AttemptInput, ExplainedRule } from './explained-rule.ts';
import type { ExplainedStep } from './explanation.ts';
import { preconditionSteps } from './preconditions.ts';
import { scriptSteps } from './script-steps.ts';
import { stepOf } from './step.ts';

/** `unasked`: how many conditions there was nothing to ask them of. */
export function packetSteps(rule: ExplainedRule, input: AttemptInput): { readonly steps: readonly ExplainedStep[]; readonly unasked: number } {
  const { packetBufferTests, payload, anomalies } = rule.compiled;
  const { packet } = input;
  const steps = preconditionSteps(rule, input);
  const window = emptyWindow();
  for (const test of packetBufferTests) {
    if (test.buffer.read(packet, window)) steps.push(...bufferSteps(rule, test, window, input));
    else steps.push(stepOf(test.buffer.name, '', false, { why: 'this packet does not have it', reason: 'buffer-absent' }));
  }
  const ofPayload = payload.length === 0 ? [] : payloadSteps(rule, input);
  steps.push(...ofPayload);
  for (const { owner, name } of anomalies) {
    const raised = packet.anomalies.includes(name) || packet.anomalies.includes(`${owner}.${name}`);
    steps.push(stepOf(`${owner} anomaly`, name, raised, { why: 'it was not raised on this packet', reason: 'condition' }));
  }
  steps.push(...scriptSteps(rule, input, steps));
  // One step says that there is nothing to search.
  return { steps, unasked: Math.max(0, payload.length - ofPayload.length) };
}

/** A packet without a transaction, of which the rule asks. */
export function stepsBeforeTransaction(rule: ExplainedRule, input: AttemptInput): ExplainedStep[] {
  const buffers = rule.compiled.bufferTests.map((test) => test.key).join(', ');
  const why = input.flow?.session === undefined ? 'no transaction of the protocol was read on this flow' : 'the buffers are looked at with the transaction';
  return [...preconditionSteps(rule, input), stepOf('transaction', buffers, false, { why, reason: 'no-transaction' })];
}

/** A packet without a frame of the kind that the rule looks at. */
export function stepsBeforeFrame(rule: ExplainedRule, input: AttemptInput): ExplainedStep[] {
  const { name, type, protocol } = rule.compiled.frameTests[0].buffer;
  const why = `no frame \`${type}\` of ${protocol} was read yet`;
  return [...preconditionSteps(rule, input), stepOf(name, '', false, { why, reason: 'buffer-absent' })];
}
