/** What the options of a rule say, one by one: collected by `rule-collector.ts`, judged together, then assembled to a compiled rule. */
import type { BufferDefinition, FlowDemand, FrameBuffer, Rule, StateOperation } from '@sigwright/contracts';
import type { BufferTest, CompiledRule } from './compiled-rule.ts';

/** They go into the compiled rule as they are. */
type TakenOver =
  | 'payload'
  | 'transactionConditions'
  | 'scripts'
  | 'anomalies'
  | 'thresholds'
  | 'tags'
  | 'effects'
  | 'config'
  | 'bypass'
  | 'target'
  | 'classtype'
  | 'references'
  | 'metadata'
  | 'variableCount';

export interface RuleParts extends Pick<CompiledRule, TakenOver | 'packetConditions'> {
  readonly rule: Rule;
  /** buffers that something is asked about, in the order written */
  readonly buffers: readonly BufferTest<BufferDefinition | FrameBuffer>[];
  readonly states: readonly StateOperation[];
  readonly flow: ReadonlySet<FlowDemand>;
  /** application protocols that options ask for */
  readonly protocols: ReadonlySet<string>;
  /** of those, which must be spoken themselves */
  readonly alone: readonly string[];
  /** looks at single packets, never at the stream */
  readonly packetOnly: boolean;
  /** looks at the stream, never at single packets */
  readonly streamOnly: boolean;
  readonly noAlert: boolean;
  /** alerts where its action would not */
  readonly alert: boolean;
  /** undefined: its classification says */
  readonly priority: number | undefined;
}
