/** What a rule's buffers are asked, by what the buffers are of, in the order of evaluation. */
import type { BufferDefinition, FrameBuffer, TransactionBuffer } from '@sigwright/contracts';
import type { BufferTest, CompiledRule } from './compiled-rule.ts';
import type { RuleParts } from './rule-parts.ts';

export type RuleTests = Pick<CompiledRule, 'bufferTests' | 'packetBufferTests' | 'frameTests' | 'ofTransaction'>;

type Tested = BufferDefinition | FrameBuffer;

const COST_BY_SHAPE: Readonly<Record<TransactionBuffer['shape'], number>> = { name: 0, text: 0, body: 1 };

export function testsOf(parts: RuleParts): RuleTests {
  const bufferTests = testsOfKind(parts.buffers, 'transaction');
  // Short buffers first: most rules fail there, and bodies need not be read. Variables tie buffers to the order written.
  if (parts.variableCount === 0) bufferTests.sort((a, b) => COST_BY_SHAPE[a.buffer.shape] - COST_BY_SHAPE[b.buffer.shape]);
  return {
    bufferTests,
    packetBufferTests: testsOfKind(parts.buffers, 'packet'),
    frameTests: testsOfKind(parts.buffers, 'frame'),
    ofTransaction:
      bufferTests.length > 0 ||
      parts.transactionConditions.length > 0 ||
      parts.anomalies.some((one) => one.owner === 'application') ||
      parts.states.some((one) => one.kind === 'bit' && one.scope === 'transaction'),
  };
}

function testsOfKind<Kind extends Tested['of']>(tests: readonly BufferTest<Tested>[], kind: Kind): BufferTest<Extract<Tested, { readonly of: Kind }>>[] {
  return tests.filter((test): test is BufferTest<Extract<Tested, { readonly of: Kind }>> => test.buffer.of === kind);
}
