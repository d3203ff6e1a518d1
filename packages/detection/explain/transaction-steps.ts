/** What a transaction says to a rule that asks of transactions: its fields, its buffers and its anomalies. */
import { type BufferWindow, directionName, emptyWindow, type Flow, type Transaction, type TransactionBuffer } from '@sigwright/contracts';
import type { BufferTest } from '../compile/compiled-rule.ts';
import { nearestBufferSteps } from './buffer-steps.ts';
import { insteadOfAbsent } from './elsewhere.ts';
import type { AttemptInput, ExplainedRule } from './explained-rule.ts';
import type { ExplainedStep } from './explanation.ts';
import { measuredStep, stepOf } from './step.ts';
import { describe } from './words.ts';

/** A transaction lies on a flow. */
export type TransactionInput = AttemptInput & { readonly transaction: Transaction; readonly flow: Flow };

/** `payloadFound`: the rule's conditions on the payload held somewhere in the stream. */
export function transactionSteps(rule: ExplainedRule, input: TransactionInput, payloadFound: boolean): ExplainedStep[] {
  const { payload, transactionConditions, bufferTests, anomalies } = rule.compiled;
  const { transaction, flow, direction } = input;
  const steps: ExplainedStep[] = [];
  if (payload.length > 0)
    steps.push(stepOf('payload', `${payload.length} conditions`, payloadFound, { why: 'they were not found in the stream', reason: 'not-there' }));
  for (const condition of transactionConditions) {
    const read = readFor(rule, condition.protocol, input);
    const held = read !== undefined && condition.test(read, direction, flow);
    const measured = held || read === undefined ? undefined : condition.measured?.(read, direction, flow);
    steps.push(measuredStep(condition.keyword, condition.describes, held, measured, 'it is not so in this transaction', rule.optionOf(condition)));
  }
  for (const test of bufferTests)
    steps.push(...(nearestBufferSteps(rule, test, instancesOf(rule, test.buffer, input), input) ?? absentSteps(rule, test, input)));
  for (const { name } of anomalies) {
    const raised = transaction.anomalies?.includes(name.slice(name.indexOf('.') + 1)) === true;
    steps.push(stepOf('anomaly', name, raised, { why: 'it was not raised', reason: 'condition' }));
  }
  return steps;
}

/** The transaction that buffers and conditions of `protocol` read: this one, or the one inside it. */
function readFor({ catalogue }: ExplainedRule, protocol: string | undefined, { transaction, flow, direction }: TransactionInput): Transaction | undefined {
  const spoken = catalogue?.protocols.get(flow.applicationProtocol ?? '');
  return protocol === undefined || spoken?.inner === undefined ? transaction : spoken.inner(transaction, protocol, direction);
}

/** The same window for all of them, filled anew. */
function* instancesOf(rule: ExplainedRule, buffer: TransactionBuffer, input: TransactionInput): Iterable<BufferWindow> {
  const { flow, direction } = input;
  const read = buffer.directions.includes(direction) ? readFor(rule, buffer.protocol, input) : undefined;
  if (read === undefined) return;
  const window = emptyWindow();
  for (let index = 0; buffer.read(read, direction, index, window, flow); index++) {
    yield window;
    if (!buffer.multiple) return;
  }
}

function absentSteps(rule: ExplainedRule, { buffer, key, conditions, absent }: BufferTest<TransactionBuffer>, input: TransactionInput): ExplainedStep[] {
  const why = buffer.directions.includes(input.direction)
    ? `the buffer is absent: this transaction has no \`${buffer.name}\``
    : `\`${buffer.name}\` exists only ${buffer.directions.map(directionName).join(' and ')}`;
  const fails = absent === 'no';
  return conditions.map((condition) => ({
    where: key,
    condition: describe(condition),
    verdict: fails ? 'fails' : 'holds',
    why,
    found: undefined,
    ...(fails ? { reason: 'buffer-absent', ...insteadOfAbsent(rule, condition, buffer.name, why, input) } : {}),
    ...rule.optionOf(condition),
  }));
}
