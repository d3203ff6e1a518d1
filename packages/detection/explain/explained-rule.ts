/** The rule that is explained, with the places of its conditions in its text; and what it is held against at one moment of a capture. */
import type { Catalogue, Direction, Flow, Packet, RuleOption, Transaction } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { RuleEvaluation } from '../scan/rule-evaluation.ts';
import type { ExplainedStep } from './explanation.ts';

export interface ExplainerContext {
  /** to look for a content in other buffers */
  readonly catalogue: Catalogue;
  /** which option wrote which condition */
  readonly origins: ReadonlyMap<object, RuleOption>;
  /** where the rule's own text begins, which spans of options do not count from */
  readonly ruleStart: number;
}

/** What one attempt holds the rule against. */
export interface AttemptInput {
  readonly packet: Packet;
  readonly flow: Flow | undefined;
  readonly transaction: Transaction | undefined;
  readonly direction: Direction;
  readonly evaluation: RuleEvaluation;
}

export class ExplainedRule {
  readonly compiled: CompiledRule;
  readonly #context: ExplainerContext | undefined;

  constructor(compiled: CompiledRule, context: ExplainerContext | undefined) {
    this.compiled = compiled;
    this.#context = context;
  }

  get catalogue(): Catalogue | undefined {
    return this.#context?.catalogue;
  }

  /** The option that wrote a condition, as part of its step. */
  optionOf(condition: object): Pick<ExplainedStep, 'option'> {
    const option = this.#context?.origins.get(condition);
    if (option === undefined) return {};
    const { ruleStart } = this.#context!;
    return { option: { start: option.span.start - ruleStart, end: option.span.end - ruleStart } };
  }

  /** How many conditions a transaction is asked for. */
  get conditionsOfTransaction(): number {
    const { bufferTests, frameTests, transactionConditions, anomalies, payload, scripts } = this.compiled;
    return [...bufferTests, ...frameTests].reduce(
      (sum, test) => sum + test.conditions.length,
      transactionConditions.length + anomalies.length + payload.length + scripts.length,
    );
  }
}
