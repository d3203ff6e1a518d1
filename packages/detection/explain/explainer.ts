/**
 * Why did a rule fire, or not? Every packet and transaction of a capture is held against every condition of one rule, without
 * prefilter and without stopping at the first condition that fails; the attempt that came furthest is kept.
 */
import type { BufferWindow, Direction, Flow, Packet, Transaction } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { RuleEvaluation } from '../scan/rule-evaluation.ts';
import { Attempts } from './attempts.ts';
import { nearestBufferSteps } from './buffer-steps.ts';
import { atEndOfFlow } from './end-of-flow.ts';
import { type AttemptInput, ExplainedRule, type ExplainerContext } from './explained-rule.ts';
import type { ExplainedAttempt, ExplainedStep, Explanation } from './explanation.ts';
import { FlowOpenings } from './flow-openings.ts';
import { packetSteps, stepsBeforeFrame, stepsBeforeTransaction } from './packet-steps.ts';
import { preconditionSteps } from './preconditions.ts';
import { scriptSteps } from './script-steps.ts';
import { Sightings } from './sightings.ts';
import { type TransactionInput, transactionSteps } from './transaction-steps.ts';

export class Explainer {
  readonly #rule: ExplainedRule;
  readonly #attempts = new Attempts();
  /** only for rules of a protocol, which may never be recognised */
  readonly #openings = new FlowOpenings();
  /** contents where the rule does not look for them */
  readonly #sightings: Sightings | undefined;
  alerts = 0;

  constructor(rule: CompiledRule, context?: ExplainerContext) {
    this.#rule = new ExplainedRule(rule, context);
    this.#sightings = context === undefined ? undefined : new Sightings(rule, context.catalogue);
  }

  get ruleIndex(): number {
    return this.#rule.compiled.index;
  }

  /** Called for every packet, with the stream chunk that is inspected with it set in `evaluation`. */
  packet(packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): void {
    const rule = this.#rule;
    const attempts = this.#attempts;
    const { protocols, ofTransaction, frameTests } = rule.compiled;
    if (protocols !== undefined && flow !== undefined) this.#openings.note(packet, flow);
    if (flow !== undefined) this.#sightings?.packet(packet, flow);
    const input: AttemptInput = { packet, flow, transaction: undefined, direction: packet.direction, evaluation };
    if (ofTransaction) {
      // Only to say how far packets come while there is no transaction at all.
      if (attempts.nearest === undefined || flow?.session === undefined)
        attempts.keep(input, stepsBeforeTransaction(rule, input), rule.conditionsOfTransaction);
    } else if (frameTests.length > 0) {
      if (attempts.nearest === undefined && attempts.fired === undefined) attempts.keep(input, stepsBeforeFrame(rule, input), rule.conditionsOfTransaction);
    } else {
      const { steps, unasked } = packetSteps(rule, input);
      attempts.keep(input, steps, unasked);
    }
  }

  /** A frame of the kind that the rule looks at; `windows`: its bytes, several where some are missing. */
  frame(
    windows: readonly BufferWindow[],
    packet: Packet,
    flow: Flow,
    transaction: Transaction | undefined,
    direction: Direction,
    evaluation: RuleEvaluation,
  ): void {
    const rule = this.#rule;
    const input: AttemptInput = { packet, flow, transaction, direction, evaluation };
    const steps = preconditionSteps(rule, input);
    for (const test of rule.compiled.frameTests) steps.push(...(nearestBufferSteps(rule, test, windows, input) ?? []));
    this.#attempts.keep(input, steps);
  }

  transaction(transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, evaluation: RuleEvaluation, payloadFound: boolean): void {
    const rule = this.#rule;
    const { ofTransaction, protocols, directions } = rule.compiled;
    this.#sightings?.transaction(transaction, packet, direction, flow);
    if (!ofTransaction) return;
    const input: TransactionInput = { packet, flow, transaction, direction, evaluation };
    const steps = preconditionSteps(rule, input);
    // Buffers of another protocol can not be read from this transaction.
    if (protocols !== undefined && !protocols.includes(flow.applicationProtocol ?? '')) {
      this.#tellMoves(steps, input);
      this.#attempts.keep(input, steps, rule.conditionsOfTransaction);
      return;
    }
    steps.push(...transactionSteps(rule, input, payloadFound));
    steps.push(...scriptSteps(rule, input, steps));
    // In a direction that it never looks at, nothing of it was asked.
    this.#attempts.keep(input, steps, directions.includes(direction) ? 0 : rule.conditionsOfTransaction);
  }

  /** What the rule looks for, in the words of what is spoken instead. */
  #tellMoves(steps: ExplainedStep[], { transaction, direction, flow }: TransactionInput): void {
    const at = steps.findIndex(({ reason }) => reason === 'other-protocol');
    const moves = at === -1 ? undefined : this.#sightings?.moves(transaction, direction, flow);
    if (moves === undefined) return;
    const words = moves.map(({ from, to }) => `\`${to}\`, not \`${from}\``).join(', and in ');
    steps[at] = { ...steps[at], moves, why: `${steps[at].why}; there, what the rule looks for is in ${words}` };
  }

  result(): Explanation {
    const { message, sid } = this.#rule.compiled;
    const { fired, held, count } = this.#attempts;
    const nearest = this.#nearest();
    const verdict = this.#verdict(nearest);
    return { sid, message, alerts: this.alerts, fired, held, nearest, attempts: count, verdict };
  }

  #nearest(): ExplainedAttempt | undefined {
    const { nearest, nearestFlow: flow } = this.#attempts;
    return nearest === undefined || flow === undefined ? nearest : atEndOfFlow(nearest, flow, this.#rule, this.#openings.of(flow), this.#sightings);
  }

  #verdict(nearest: ExplainedAttempt | undefined): string {
    if (this.alerts > 0) return `it fired ${this.alerts} ${this.alerts === 1 ? 'time' : 'times'}`;
    if (this.#attempts.fired !== undefined)
      return this.#rule.compiled.noAlert
        ? 'all conditions held, but the rule only changes state and never alerts'
        : 'all conditions held, but a threshold, a pass rule or the limit of alerts per packet kept it back';
    if (this.#attempts.count === 0) return 'nothing in the capture could be held against it';
    const first = nearest?.steps.find((step) => step.verdict === 'fails');
    if (first === undefined) return 'it did not fire';
    const { where, condition, why } = first;
    return `it did not fire: ${where}${condition === '' ? '' : ` (${condition})`} stood in the way${why === '' ? '' : `: ${why}`}`;
  }
}
