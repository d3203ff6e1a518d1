/**
 * Why did a rule fire, or not? Every packet and transaction of a capture is held against every condition of one rule, without
 * prefilter and without stopping at the first condition that fails; the attempt that came furthest is kept.
 */
import { find, findNocase, formatAddress } from '@sigwright/bytes';
import {
  type BufferWindow,
  type BytesCondition,
  type Catalogue,
  type ContentCondition,
  type Direction,
  directionName,
  emptyWindow,
  type Flow,
  type Inspection,
  type Packet,
  type RuleOption,
  type Span,
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

/** What kind of thing stood in the way, in a word that programs can ask for. */
export type ExplainedReason =
  | 'variables'
  | 'ports'
  | 'direction'
  | 'transport'
  | 'no-handshake'
  | 'flow'
  | 'not-recognised'
  | 'other-protocol'
  | 'no-transaction'
  | 'buffer-absent'
  | 'buffer-empty'
  | 'outside-window'
  | 'other-case'
  | 'other-buffer'
  | 'before-normalisation'
  | 'is-there'
  | 'not-there'
  | 'gave-up'
  | 'bit'
  | 'condition';

export interface ExplainedStep {
  /** `header`, `flow`, a keyword, or a buffer's name */
  readonly where: string;
  readonly condition: string;
  readonly verdict: 'holds' | 'fails' | 'not reached';
  readonly why: string;
  readonly found: ExplainedBytes | undefined;
  /** only where it fails */
  readonly reason?: ExplainedReason;
  /** other-buffer, before-normalisation: where it is */
  readonly elsewhere?: string;
  /** the option that asks for it, in the rule's own text; undefined for the header */
  readonly option?: Span;
  /** other-protocol: what was spoken */
  readonly spoken?: string;
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

/** Shorter contents stand in some buffer by chance. */
const LEAST_TELLING = 3;

/** Instances of one buffer that are searched for a content that is missing elsewhere. */
const MOST_INSTANCES = 64;
/** Bytes shown around a match. */
const CONTEXT = 48;

export interface ExplainerContext {
  /** to look for a content in other buffers */
  readonly catalogue: Catalogue;
  /** which option wrote which condition */
  readonly origins: ReadonlyMap<object, RuleOption>;
  /** where the rule's own text begins, which spans of options do not count from */
  readonly ruleStart: number;
}

export class Explainer {
  readonly #rule: CompiledRule;
  readonly #context: ExplainerContext | undefined;
  #fired: ExplainedAttempt | undefined = undefined;
  #nearest: ExplainedAttempt | undefined = undefined;
  #nearestScore = Number.NEGATIVE_INFINITY;
  #attempts = 0;
  alerts = 0;
  readonly #window: BufferWindow = emptyWindow();

  constructor(rule: CompiledRule, context?: ExplainerContext) {
    this.#rule = rule;
    this.#context = context;
  }

  get ruleIndex(): number {
    return this.#rule.index;
  }

  #optionOf(condition: object): Pick<ExplainedStep, 'option'> {
    const option = this.#context?.origins.get(condition);
    if (option === undefined) return {};
    const { ruleStart } = this.#context!;
    return { option: { start: option.span.start - ruleStart, end: option.span.end - ruleStart } };
  }

  /** Called for every packet, with the stream chunk that is inspected with it set in `evaluation`. */
  packet(packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): void {
    const rule = this.#rule;
    if (rule.ofTransaction) {
      // Only to say how far packets come while there is no transaction at all.
      if (this.#nearest === undefined || flow?.session === undefined)
        this.#keep(packet, flow, undefined, [...this.#frame(packet, flow, evaluation), this.#missingTransaction(flow)], packet.direction, this.#asked);
      return;
    }
    const steps = this.#frame(packet, flow, evaluation);
    for (const test of rule.packetBufferTests) {
      if (test.buffer.read(packet, this.#window)) this.#bytes(steps, test, packet, flow, undefined, packet.direction, evaluation);
      else
        steps.push({
          where: test.buffer.name,
          condition: '',
          verdict: 'fails',
          why: 'this packet does not have it',
          found: undefined,
          reason: 'buffer-absent',
        });
    }
    const before = steps.length;
    if (rule.payload.length > 0) this.#payload(steps, packet, flow, evaluation);
    // One step says that there is nothing to search.
    const unasked = Math.max(0, rule.payload.length - (steps.length - before));
    for (const { owner, name } of rule.anomalies) {
      const raised = packet.anomalies.includes(name) || packet.anomalies.includes(`${owner}.${name}`);
      steps.push({
        where: `${owner} anomaly`,
        condition: name,
        verdict: raised ? 'holds' : 'fails',
        why: raised ? '' : 'it was not raised on this packet',
        found: undefined,
        ...(raised ? {} : { reason: 'condition' as const }),
      });
    }
    this.#scripts(steps, packet, flow, undefined, packet.direction, evaluation);
    this.#keep(packet, flow, undefined, steps, packet.direction, unasked);
  }

  /** Programs are asked where everything else holds, as the engine does. */
  #scripts(
    steps: ExplainedStep[],
    packet: Packet,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
    direction: Direction,
    evaluation: RuleEvaluation,
  ): void {
    for (const script of this.#rule.scripts) {
      const isAsked = steps.every(({ verdict }) => verdict === 'holds');
      const held = isAsked && evaluation.scriptHolds(this.#rule, script, packet, flow, transaction, direction);
      steps.push({
        where: script.keyword,
        condition: script.describes,
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : isAsked ? 'the script answers no, or failed' : 'the script is not asked before everything else holds',
        found: undefined,
        ...(held ? {} : { reason: 'condition' as const }),
        ...this.#optionOf(script),
      });
    }
  }

  transaction(transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, evaluation: RuleEvaluation, payloadFound: boolean): void {
    const rule = this.#rule;
    if (!rule.ofTransaction) return;
    const steps = this.#frame(packet, flow, evaluation);
    // Buffers of another protocol can not be read from this transaction.
    if (rule.protocols !== undefined && !rule.protocols.includes(flow.applicationProtocol ?? '')) {
      this.#keep(packet, flow, transaction.id, steps, direction, this.#asked);
      return;
    }
    if (rule.payload.length > 0)
      steps.push({
        where: 'payload',
        condition: `${rule.payload.length} conditions`,
        verdict: payloadFound ? 'holds' : 'fails',
        why: payloadFound ? '' : 'they were not found in the stream',
        found: undefined,
        ...(payloadFound ? {} : { reason: 'not-there' as const }),
      });
    for (const condition of rule.transactionConditions) {
      const subject = this.#subject(transaction, condition.protocol, direction, flow);
      const held = subject !== undefined && condition.test(subject, direction, flow);
      steps.push({
        where: condition.keyword,
        condition: condition.describes,
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : 'it is not so in this transaction',
        found: undefined,
        ...(held ? {} : { reason: 'condition' as const }),
        ...this.#optionOf(condition),
      });
    }
    for (const test of rule.bufferTests) {
      let best: ExplainedStep[] | undefined;
      const subject = test.buffer.directions.includes(direction) ? this.#subject(transaction, test.buffer.protocol, direction, flow) : undefined;
      for (let index = 0; subject !== undefined && test.buffer.read(subject, direction, index, this.#window, flow); index++) {
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
          steps.push({
            where: test.key,
            condition: describe(condition),
            verdict: test.absent === 'no' ? 'fails' : 'holds',
            why: elsewhere,
            found: undefined,
            ...(test.absent === 'no' ? { reason: 'buffer-absent' as const } : {}),
            ...this.#elsewhere(condition, test.buffer.name, undefined, transaction, flow),
            ...this.#optionOf(condition),
          });
      }
    }
    for (const { name } of rule.anomalies) {
      const raised = transaction.anomalies?.includes(name.slice(name.indexOf('.') + 1)) === true;
      steps.push({
        where: 'anomaly',
        condition: name,
        verdict: raised ? 'holds' : 'fails',
        why: raised ? '' : 'it was not raised',
        found: undefined,
        ...(raised ? {} : { reason: 'condition' as const }),
      });
    }
    // In a direction that it never looks at, nothing of it was asked.
    this.#scripts(steps, packet, flow, transaction, direction, evaluation);
    this.#keep(packet, flow, transaction.id, steps, direction, rule.directions.includes(direction) ? 0 : this.#asked);
  }

  /** The transaction that buffers and conditions of `protocol` read. */
  #subject(transaction: Transaction, protocol: string | undefined, direction: Direction, flow: Flow): Transaction | undefined {
    const spoken = this.#context?.catalogue.protocols.get(flow.applicationProtocol ?? '');
    return protocol === undefined || spoken?.inner === undefined ? transaction : spoken.inner(transaction, protocol, direction);
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
      found: undefined,
      ...(headerHolds ? { why: '' } : headerProblem(rule, packet, ends)),
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
      const reason = why.startsWith('no handshake') ? 'no-handshake' : why.startsWith('this packet runs') ? 'direction' : 'flow';
      steps.push({
        where: 'flow',
        condition: flowWords(rule),
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : why,
        found: undefined,
        ...(held ? {} : { reason }),
      });
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
        ...(held ? {} : spoken === undefined || spoken === 'failed' ? { reason: 'not-recognised' } : { reason: 'other-protocol', spoken }),
      });
    }
    for (const condition of rule.packetConditions) {
      const held = condition.test(packet, flow);
      steps.push({
        where: condition.keyword,
        condition: condition.describes,
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : 'it is not so for this packet',
        found: undefined,
        ...(held ? {} : { reason: 'condition' as const }),
        ...this.#optionOf(condition),
      });
    }
    for (const check of rule.checks) {
      const held = evaluation.checkHolds(check, packet, flow, undefined);
      steps.push({
        where: check.kind === 'bit' ? 'flow bit' : 'flow number',
        condition: stateWords(check),
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : 'no rule before it left it so',
        found: undefined,
        ...(held ? {} : { reason: 'bit' as const }),
        ...this.#optionOf(check),
      });
    }
    return steps;
  }

  /** conditions that a transaction is asked for */
  get #asked(): number {
    const { bufferTests, transactionConditions, anomalies, payload, scripts } = this.#rule;
    return bufferTests.reduce((sum, test) => sum + test.conditions.length, transactionConditions.length + anomalies.length + payload.length + scripts.length);
  }

  #missingTransaction(flow: Flow | undefined): ExplainedStep {
    return {
      where: 'transaction',
      condition: this.#rule.bufferTests.map((test) => test.key).join(', '),
      verdict: 'fails',
      why: flow?.session === undefined ? 'no transaction of the protocol was read on this flow' : 'the buffers are looked at with the transaction',
      found: undefined,
      reason: 'no-transaction',
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
        reason: 'buffer-empty',
      });
    else
      steps.push(
        ...recorder.steps('payload', held, (condition, found) => ({
          ...this.#elsewhere(condition, 'payload', found, undefined, flow),
          ...this.#optionOf(condition),
        })),
      );
  }

  /**
   * Why a content was not found where it was looked for: outside its window, with other letters, or in another buffer of the same
   * transaction. Empty for what is no content, or is nowhere.
   */
  #elsewhere(
    condition: BytesCondition,
    where: string,
    window: BufferWindow | undefined,
    transaction: Transaction | undefined,
    flow: Flow | undefined,
  ): Partial<Pick<ExplainedStep, 'reason' | 'why' | 'elsewhere'>> {
    if (condition.kind !== 'content' || condition.negated) return {};
    if (window !== undefined) {
      if (window.start === window.end) return { reason: 'buffer-empty', why: 'the buffer is empty' };
      const same = placeOf(condition, window, condition.nocase);
      if (same !== -1) return { reason: 'outside-window', why: `it is there at offset ${same}, outside of where the rule looks` };
      const other = condition.nocase ? -1 : placeOf(condition, window, true);
      if (other !== -1) return { reason: 'other-case', why: `it is there at offset ${other} with capitals and small letters the other way` };
    }
    if (this.#context === undefined || transaction === undefined || flow === undefined) return {};
    const found = this.#bufferWith(condition, where, transaction, flow);
    if (found === undefined) return {};
    const raw = found === `${where}.raw` || found.startsWith(`${where}.raw`);
    return raw
      ? { reason: 'before-normalisation', elsewhere: found, why: `it is there only before normalisation: in \`${found}\`` }
      : { reason: 'other-buffer', elsewhere: found, why: `it is in another buffer: \`${found}\`` };
  }

  /** The buffer of the transaction that holds a content; its raw form first, then the protocol's own before those of any, then the shortest. */
  #bufferWith(content: ContentCondition, where: string, transaction: Transaction, flow: Flow): string | undefined {
    if (content.bytes.length < LEAST_TELLING) return undefined;
    const window = emptyWindow();
    let best: { name: string; general: number; size: number } | undefined;
    for (const buffer of this.#context!.catalogue.buffers.values()) {
      if (buffer.of !== 'transaction' || buffer.name === where) continue;
      if (buffer.protocol !== undefined && buffer.protocol !== flow.applicationProtocol) continue;
      for (const direction of buffer.directions) {
        for (let index = 0; index < MOST_INSTANCES && buffer.read(transaction, direction, index, window, flow); index++) {
          if (placeOf(content, window, content.nocase) !== -1) {
            if (buffer.name === `${where}.raw`) return buffer.name;
            const size = window.end - window.start;
            const general = buffer.protocol === undefined ? 1 : 0;
            if (best === undefined || general < best.general || (general === best.general && size < best.size)) best = { name: buffer.name, general, size };
          }
          if (!buffer.multiple) break;
        }
      }
    }
    return best?.name;
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
    const before: BufferWindow = { ...this.#window };
    applyTransforms(test, this.#window);
    const recorder = new ConditionLog(test.conditions);
    evaluation.recorder = recorder;
    const held = evaluation.windowHolds(test.conditions, this.#window, packet, flow, transaction, direction);
    evaluation.recorder = undefined;
    const name = (test.buffer as { readonly name: string }).name;
    const about = (condition: BytesCondition, window: BufferWindow): Partial<ExplainedStep> => {
      const found = this.#elsewhere(condition, name, window, transaction, flow);
      const transformed = test.transforms.length > 0 && condition.kind === 'content' && !condition.negated && found.reason === undefined;
      if (transformed && placeOf(condition, before, condition.nocase) !== -1)
        return {
          reason: 'before-normalisation',
          elsewhere: name,
          why: `it is there only before \`${test.transforms.map((one) => one.definition.name).join('`, `')}\``,
          ...this.#optionOf(condition),
        };
      return { ...found, ...this.#optionOf(condition) };
    };
    steps.push(...recorder.steps(test.key, held, about));
  }

  #keep(
    packet: Packet,
    flow: Flow | undefined,
    transaction: number | undefined,
    steps: readonly ExplainedStep[],
    direction: Direction = packet.direction,
    unasked = 0,
  ): void {
    this.#attempts++;
    const holds = steps.every((step) => step.verdict === 'holds');
    const points = score(steps, unasked);
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

/**
 * Which of two attempts came nearer: the fewer conditions failed or could not be asked, and then, the more bytes were found, and the
 * later the first one failed. A packet that holds what is looked for and runs the wrong way is nearer than one that runs the right way
 * and is empty.
 */
function score(steps: readonly ExplainedStep[], unasked = 0): number {
  let failed = unasked;
  let found = 0;
  let unbroken = 0;
  for (const step of steps) {
    if (step.verdict !== 'holds') failed++;
    else {
      if (step.found !== undefined) found++;
      if (failed === unasked) unbroken++;
    }
  }
  return -1e6 * failed + 1e3 * found + unbroken;
}

/** What the inspector tells, condition by condition; a match that was seen once is not forgotten when it is retried. */
class ConditionLog implements InspectionRecorder {
  any = false;
  readonly #conditions: readonly BytesCondition[];
  readonly #matched = new Map<BytesCondition, ExplainedBytes>();
  readonly #failed = new Map<BytesCondition, ExplainedBytes>();
  /** the buffer each condition failed in, whole */
  readonly #windows = new Map<BytesCondition, BufferWindow>();
  readonly #gaveUp = new Set<BytesCondition>();

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
    if (outcome === 'matched') return;
    const { bytes, complete } = inspection;
    this.#windows.set(condition, { bytes, start: inspection.start, end: inspection.end, offset: inspection.streamOffset, complete });
    if (condition.kind === 'pattern' && condition.pattern.gaveUp === true) this.#gaveUp.add(condition);
  }

  /** `about`: what else there is to say of a condition; asked with the buffer it failed in, or an empty one. */
  steps(where: string, held: boolean, about: (condition: BytesCondition, window: BufferWindow) => Partial<ExplainedStep>): ExplainedStep[] {
    let broken = false;
    return this.#conditions.map((condition) => {
      const matched = this.#matched.get(condition);
      const failed = this.#failed.get(condition);
      const verdict: ExplainedStep['verdict'] = held || (matched !== undefined && !broken) ? 'holds' : failed !== undefined ? 'fails' : 'not reached';
      if (verdict !== 'holds') broken = true;
      const found = matched ?? failed;
      const why = verdict === 'holds' ? '' : verdict === 'not reached' ? 'a condition before it failed' : failed === undefined ? '' : reason(condition, failed);
      const step: ExplainedStep = { where, condition: describe(condition), verdict, why, found };
      if (verdict !== 'fails') {
        const { option } = about(condition, emptyWindow());
        return option === undefined ? step : { ...step, option };
      }
      if (this.#gaveUp.has(condition))
        return { ...step, ...about(condition, emptyWindow()), reason: 'gave-up', why: 'the regular expression was given up after too many steps' };
      const kind: ExplainedReason =
        condition.kind === 'content' ? (condition.negated ? 'is-there' : 'not-there') : condition.kind === 'pattern' ? 'not-there' : 'condition';
      return { ...step, reason: kind, ...about(condition, this.#windows.get(condition) ?? emptyWindow()) };
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

/** Offset of a content anywhere in a window; -1 where it is not there. */
function placeOf({ bytes }: ContentCondition, { bytes: where, start, end }: BufferWindow, nocase: boolean): number {
  const lower = bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
  const at = nocase ? findNocase(where, start, end, lower) : find(where, start, end, bytes);
  return at === -1 ? -1 : at - start;
}

/** What of the header keeps a packet out: its direction, a variable or address, a port, or what carries it. */
function headerProblem({ header }: CompiledRule, packet: Packet, ends: string): Pick<ExplainedStep, 'why' | 'reason'> {
  const { source, destination, sourcePort, destinationPort, ipVersion } = packet;
  const { fields } = header;
  const fits = (turned: boolean): readonly [boolean, boolean, boolean, boolean] => [
    header.source === undefined || header.source.contains(turned ? destination : source, ipVersion),
    header.sourcePorts === undefined || header.sourcePorts.contains(turned ? destinationPort : sourcePort),
    header.destination === undefined || header.destination.contains(turned ? source : destination, ipVersion),
    header.destinationPorts === undefined || header.destinationPorts.contains(turned ? sourcePort : destinationPort),
  ];
  const [sourceFits, sourcePortFits, destinationFits, destinationPortFits] = fits(false);
  if (sourceFits && sourcePortFits && destinationFits && destinationPortFits)
    return { why: `this packet runs ${ends}, and is not carried in ${fields[0]}`, reason: 'transport' };
  if (fits(true).every((one) => one)) return { why: `this packet runs ${ends}: the other direction than the header asks for`, reason: 'direction' };
  const out = [
    ...(sourceFits ? [] : [`its source is not in ${fields[1]}`]),
    ...(destinationFits ? [] : [`its destination is not in ${fields[4]}`]),
    ...(sourcePortFits ? [] : [`its source port is not in ${fields[2]}`]),
    ...(destinationPortFits ? [] : [`its destination port is not in ${fields[5]}`]),
  ];
  return { why: `this packet runs ${ends}: ${out.join(', ')}`, reason: sourceFits && destinationFits ? 'ports' : 'variables' };
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
