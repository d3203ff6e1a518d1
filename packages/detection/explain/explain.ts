/**
 * Why did a rule fire, or not? Every packet and transaction of a capture is held against every condition of one rule, without
 * prefilter and without stopping at the first condition that fails; the attempt that came furthest is kept.
 */
import { formatAddress } from '@sigwright/bytes';
import {
  type BufferWindow,
  type BytesCondition,
  type Direction,
  directionName,
  emptyWindow,
  type Flow,
  type Inspection,
  type Packet,
  type StateOperation,
  type Transaction,
} from '@sigwright/contracts';
import type { BufferTest, CompiledRule } from '../compile/compiled-rule.ts';
import { headerMatches } from '../compile/header.ts';
import type { InspectionRecorder } from '../scan/inspector.ts';
import { applyTransforms, flowHolds, type RuleEvaluation } from '../scan/rule-evaluation.ts';

export interface ExplainedBytes {
  /** the buffer as it was looked at, cut to what is worth showing */
  readonly bytes: Uint8Array;
  /** offset of bytes[0] in the buffer, and the match within the buffer */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  readonly length: number;
}

export interface ExplainedStep {
  /** `header`, `flow`, a keyword, or a buffer's name */
  readonly where: string;
  readonly condition: string;
  readonly verdict: 'holds' | 'fails' | 'not reached';
  readonly why: string;
  readonly found: ExplainedBytes | undefined;
}

export interface ExplainedAttempt {
  readonly packet: number;
  readonly flow: string;
  readonly direction: 'to_server' | 'to_client';
  readonly transaction: number | undefined;
  readonly steps: readonly ExplainedStep[];
  readonly holds: boolean;
}

export interface Explanation {
  readonly sid: number;
  readonly message: string;
  readonly alerts: number;
  /** where all conditions held, first occurrence */
  readonly fired: ExplainedAttempt | undefined;
  /** where it came furthest without */
  readonly nearest: ExplainedAttempt | undefined;
  readonly attempts: number;
  /** one sentence */
  readonly verdict: string;
}

/** Bytes shown around a match. */
const CONTEXT = 48;

export class Explainer {
  readonly #rule: CompiledRule;
  #fired: ExplainedAttempt | undefined = undefined;
  #nearest: ExplainedAttempt | undefined = undefined;
  #nearestScore = -1;
  #attempts = 0;
  alerts = 0;
  readonly #window: BufferWindow = emptyWindow();

  constructor(rule: CompiledRule) {
    this.#rule = rule;
  }

  /** Called for every packet, with the stream chunk that is inspected with it set in `evaluation`. */
  packet(packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): void {
    const rule = this.#rule;
    if (rule.ofTransaction) {
      // Only to say how far packets come while there is no transaction at all.
      if (this.#nearest === undefined || flow?.session === undefined)
        this.#keep(packet, flow, undefined, [...this.#frame(packet, flow, evaluation), this.#missingTransaction(flow)]);
      return;
    }
    const steps = this.#frame(packet, flow, evaluation);
    for (const test of rule.packetBufferTests) {
      if (test.buffer.read(packet, this.#window)) this.#bytes(steps, test, packet, flow, undefined, packet.direction, evaluation);
      else steps.push({ where: test.buffer.name, condition: '', verdict: 'fails', why: 'this packet does not have it', found: undefined });
    }
    if (rule.payload.length > 0) this.#payload(steps, packet, flow, evaluation);
    for (const { owner, name } of rule.anomalies) {
      const raised = packet.anomalies.includes(name) || packet.anomalies.includes(`${owner}.${name}`);
      steps.push({
        where: `${owner} anomaly`,
        condition: name,
        verdict: raised ? 'holds' : 'fails',
        why: raised ? '' : 'it was not raised on this packet',
        found: undefined,
      });
    }
    this.#keep(packet, flow, undefined, steps);
  }

  transaction(transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, evaluation: RuleEvaluation, payloadFound: boolean): void {
    const rule = this.#rule;
    if (!rule.ofTransaction) return;
    const steps = this.#frame(packet, flow, evaluation);
    // Buffers of another protocol can not be read from this transaction.
    if (rule.protocols !== undefined && !rule.protocols.includes(flow.applicationProtocol ?? '')) {
      this.#keep(packet, flow, transaction.id, steps, direction);
      return;
    }
    if (rule.payload.length > 0)
      steps.push({
        where: 'payload',
        condition: `${rule.payload.length} conditions`,
        verdict: payloadFound ? 'holds' : 'fails',
        why: payloadFound ? '' : 'they were not found in the stream',
        found: undefined,
      });
    for (const condition of rule.transactionConditions) {
      const held = condition.test(transaction, direction, flow);
      steps.push({ where: condition.keyword, condition: condition.describes, verdict: held ? 'holds' : 'fails', why: '', found: undefined });
    }
    for (const test of rule.bufferTests) {
      let best: ExplainedStep[] | undefined;
      for (let index = 0; test.buffer.directions.includes(direction) && test.buffer.read(transaction, direction, index, this.#window, flow); index++) {
        const attempt: ExplainedStep[] = [];
        this.#bytes(attempt, test, packet, flow, transaction, direction, evaluation);
        if (best === undefined || score(attempt) > score(best)) best = attempt;
        if (!test.buffer.multiple) break;
      }
      if (best !== undefined) steps.push(...best);
      else {
        const elsewhere = test.buffer.directions.includes(direction)
          ? 'it is not there in this transaction'
          : `it exists only ${test.buffer.directions.map(directionName).join(' and ')}`;
        for (const condition of test.conditions)
          steps.push({ where: test.key, condition: describe(condition), verdict: test.absent === 'no' ? 'fails' : 'holds', why: elsewhere, found: undefined });
      }
    }
    for (const { name } of rule.anomalies) {
      const raised = transaction.anomalies?.includes(name.slice(name.indexOf('.') + 1)) === true;
      steps.push({ where: 'anomaly', condition: name, verdict: raised ? 'holds' : 'fails', why: raised ? '' : 'it was not raised', found: undefined });
    }
    this.#keep(packet, flow, transaction.id, steps, direction);
  }

  result(): Explanation {
    const { message, sid } = this.#rule;
    const first = this.#nearest?.steps.find((step) => step.verdict === 'fails');
    const quiet = this.#rule.noAlert
      ? 'all conditions held, but the rule only changes state and never alerts'
      : 'all conditions held, but a threshold, a pass rule or the limit of alerts per packet kept it back';
    const verdict =
      this.alerts > 0
        ? `it fired ${this.alerts} ${this.alerts === 1 ? 'time' : 'times'}`
        : this.#fired !== undefined
          ? quiet
          : this.#attempts === 0
            ? 'nothing in the capture could be held against it'
            : first === undefined
              ? 'it did not fire'
              : `it did not fire: ${first.where}${first.condition === '' ? '' : ` (${first.condition})`} stood in the way${first.why === '' ? '' : `: ${first.why}`}`;
    return { sid, message, alerts: this.alerts, fired: this.#fired, nearest: this.#nearest, attempts: this.#attempts, verdict };
  }

  /** Header, flow, protocol, packet fields and state: what every rule asks first. */
  #frame(packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): ExplainedStep[] {
    const rule = this.#rule;
    const steps: ExplainedStep[] = [];
    const { fields } = rule.header;
    const headerHolds = headerMatches(rule.header, packet);
    const ends = `${end(packet.source, packet.sourcePort, packet.ipVersion)} -> ${end(packet.destination, packet.destinationPort, packet.ipVersion)}`;
    steps.push({
      where: 'header',
      condition: fields.join(' '),
      verdict: headerHolds ? 'holds' : 'fails',
      why: headerHolds ? '' : `this packet runs ${ends}; check variables, ports and direction`,
      found: undefined,
    });
    if (rule.flow.any) {
      const held = flowHolds({ ...rule, protocols: undefined }, packet, flow);
      const why =
        flow === undefined
          ? 'the packet belongs to no flow'
          : rule.flow.established && !packet.flowEstablished
            ? 'no handshake was seen, so the flow is not established'
            : rule.flow.direction !== undefined && packet.direction !== rule.flow.direction
              ? `this packet runs ${directionName(packet.direction)}`
              : '';
      steps.push({ where: 'flow', condition: flowWords(rule), verdict: held ? 'holds' : 'fails', why: held ? '' : why, found: undefined });
    }
    if (rule.protocols !== undefined) {
      const spoken = flow?.applicationProtocol;
      const held = spoken !== undefined && rule.protocols.includes(spoken);
      steps.push({
        where: 'protocol',
        condition: rule.protocols.join(' or '),
        verdict: held ? 'holds' : 'fails',
        why: held
          ? ''
          : spoken === undefined
            ? 'the protocol was not recognised (yet)'
            : spoken === 'failed'
              ? 'the protocol could not be recognised'
              : `the flow was taken for ${spoken}`,
        found: undefined,
      });
    }
    for (const condition of rule.packetConditions) {
      const held = condition.test(packet, flow);
      steps.push({ where: condition.keyword, condition: condition.describes, verdict: held ? 'holds' : 'fails', why: '', found: undefined });
    }
    for (const check of rule.checks) {
      const held = evaluation.checkHolds(check, packet, flow);
      steps.push({
        where: check.kind === 'bit' ? 'flow bit' : 'flow number',
        condition: stateWords(check),
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : 'no rule before it left it so',
        found: undefined,
      });
    }
    return steps;
  }

  #missingTransaction(flow: Flow | undefined): ExplainedStep {
    return {
      where: 'transaction',
      condition: this.#rule.bufferTests.map((test) => test.key).join(', '),
      verdict: 'fails',
      why: flow?.session === undefined ? 'no transaction of the protocol was read on this flow' : 'the buffers are looked at with the transaction',
      found: undefined,
    };
  }

  #payload(steps: ExplainedStep[], packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): void {
    const recorder = new ConditionLog(this.#rule.payload);
    evaluation.recorder = recorder;
    const held = evaluation.payloadHolds(this.#rule, packet, flow);
    evaluation.recorder = undefined;
    if (!recorder.any && !held)
      steps.push({
        where: 'payload',
        condition: `${this.#rule.payload.length} conditions`,
        verdict: 'fails',
        why: 'this packet carries nothing to search',
        found: undefined,
      });
    else steps.push(...recorder.steps('payload', held));
  }

  #bytes(
    steps: ExplainedStep[],
    test: BufferTest<unknown>,
    packet: Packet,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
    direction: Direction,
    evaluation: RuleEvaluation,
  ): void {
    applyTransforms(test, this.#window);
    const recorder = new ConditionLog(test.conditions);
    evaluation.recorder = recorder;
    const held = evaluation.windowHolds(test.conditions, this.#window, packet, flow, transaction, direction);
    evaluation.recorder = undefined;
    steps.push(...recorder.steps(test.key, held));
  }

  #keep(
    packet: Packet,
    flow: Flow | undefined,
    transaction: number | undefined,
    steps: readonly ExplainedStep[],
    direction: Direction = packet.direction,
  ): void {
    this.#attempts++;
    const holds = steps.every((step) => step.verdict === 'holds');
    const points = score(steps);
    if (holds ? this.#fired !== undefined : points <= this.#nearestScore) return;
    const attempt: ExplainedAttempt = {
      packet: packet.number,
      flow: flow === undefined ? '' : `${end(flow.source, flow.sourcePort, flow.ipVersion)} -> ${end(flow.destination, flow.destinationPort, flow.ipVersion)}`,
      direction: directionName(direction),
      transaction,
      steps,
      holds,
    };
    if (holds) this.#fired = attempt;
    else {
      this.#nearest = attempt;
      this.#nearestScore = points;
    }
  }
}

/** Conditions that hold, those before the first failure counting most. */
function score(steps: readonly ExplainedStep[]): number {
  let points = 0;
  let unbroken = true;
  for (const step of steps) {
    if (step.verdict === 'holds') points += unbroken ? 10 : 1;
    else unbroken = false;
  }
  return points;
}

/** What the inspector tells, condition by condition; a match that was seen once is not forgotten when it is retried. */
class ConditionLog implements InspectionRecorder {
  any = false;
  readonly #conditions: readonly BytesCondition[];
  readonly #matched = new Map<BytesCondition, ExplainedBytes>();
  readonly #failed = new Map<BytesCondition, ExplainedBytes>();

  constructor(conditions: readonly BytesCondition[]) {
    this.#conditions = conditions;
  }

  condition(condition: BytesCondition, _position: number, outcome: 'matched' | 'failed', start: number, stop: number, inspection: Inspection): void {
    this.any = true;
    const from = Math.max(inspection.start, start - CONTEXT);
    const to = Math.min(inspection.end, Math.max(stop, start) + CONTEXT);
    const found: ExplainedBytes = {
      bytes: inspection.bytes.slice(from, Math.min(to, from + CONTEXT * 4)),
      from: from - inspection.start,
      start: start - inspection.start,
      end: stop - inspection.start,
      length: inspection.end - inspection.start,
    };
    (outcome === 'matched' ? this.#matched : this.#failed).set(condition, found);
  }

  steps(where: string, held: boolean): ExplainedStep[] {
    let broken = false;
    return this.#conditions.map((condition) => {
      const matched = this.#matched.get(condition);
      const failed = this.#failed.get(condition);
      const verdict: ExplainedStep['verdict'] = held || (matched !== undefined && !broken) ? 'holds' : failed !== undefined ? 'fails' : 'not reached';
      if (verdict !== 'holds') broken = true;
      const found = matched ?? failed;
      const why = verdict === 'holds' ? '' : verdict === 'not reached' ? 'a condition before it failed' : failed === undefined ? '' : reason(condition, failed);
      return { where, condition: describe(condition), verdict, why, found };
    });
  }
}

function reason(condition: BytesCondition, failed: ExplainedBytes): string {
  if (condition.kind !== 'content') return `looked at ${failed.length} bytes`;
  if (condition.negated) return `it is there, at offset ${failed.start}`;
  if (failed.length < condition.bytes.length) return `the buffer has only ${failed.length} bytes`;
  return `not found between offset ${Math.max(0, failed.start)} and ${Math.max(0, failed.end)} of ${failed.length} bytes`;
}

/** A condition in words close to the rule's own. */
export function describe(condition: BytesCondition): string {
  switch (condition.kind) {
    case 'content': {
      let text = '';
      for (const byte of condition.bytes) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `|${byte.toString(16).padStart(2, '0')}|`;
      const extras: string[] = [];
      if (condition.nocase) extras.push('nocase');
      for (const key of ['offset', 'depth', 'distance', 'within'] as const) {
        const value = condition[key];
        if (value !== undefined) extras.push(`${key} ${typeof value === 'number' ? value : 'a variable'}`);
      }
      if (condition.startsWith) extras.push('startswith');
      if (condition.endsWith) extras.push('endswith');
      return `content ${condition.negated ? 'not ' : ''}"${text.replaceAll('||', ' ')}"${extras.length > 0 ? `, ${extras.join(', ')}` : ''}`;
    }
    case 'pattern':
      return `pcre ${condition.negated ? 'not ' : ''}/${condition.pattern.source}/${condition.relative ? 'R' : ''}`;
    default:
      return `${condition.keyword}: ${condition.describes}`;
  }
}

function flowWords(rule: CompiledRule): string {
  const words: string[] = [];
  if (rule.flow.established) words.push('established');
  if (rule.flow.notEstablished) words.push('not_established');
  if (rule.flow.direction !== undefined) words.push(directionName(rule.flow.direction));
  return words.join(',');
}

function stateWords(operation: StateOperation): string {
  return operation.kind === 'bit' ? `${operation.operation} ${operation.names.join('|')}` : `${operation.name} ${operation.operation} ${operation.operand}`;
}

function end(words: Uint32Array, port: number, version: number): string {
  const address = formatAddress(words, version);
  return version === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
